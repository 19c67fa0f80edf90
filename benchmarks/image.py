"""Rate-distortion and speed of vqcodec and of the general picture codecs, on photographs and on small
pictures.

    python -m benchmarks.image                        photographs in colour (PSNR, SSIM)
    python -m benchmarks.image --grey                 the same on their luma
    python -m benchmarks.image FOLDER -c mine.vqcb    your own pictures and codebook
    python -m benchmarks.image --small                tiles, faces, emoji: a codebook trained for each

Whole files are counted. Results go to benchmarks/results/image-*.json, curves to .svg beside them. The peers'
points are kept in a cache, by picture, library version and settings, so that only vqcodec is measured anew;
times are always measured in the run itself, codecs taking turns.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import platformdirs

from benchmarks import datasets, peers, plots
from benchmarks.candidate import LADDER, OWN, candidate, own_candidate, own_codebook
from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.peers import Codec
from benchmarks.rate_distortion import (
    QUALITIES,
    Point,
    PointCache,
    bd_rates,
    bd_rates_of_set,
    mean_curves,
)
from benchmarks.speed import measure_speed, nearest_setting
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import shipped_parent
from vqcodec.errors import VQCodecError

SHARED = "photo:tune=psnr"
CACHE = Path(platformdirs.user_cache_dir("vqcodec")) / "benchmarks" / "image-peers.json"
SMALL_PICTURE_PEERS = ("jpeg", "webp", "avif", "avif444", "jxl")
DEFAULT_CANDIDATES = ["photo:tune=psnr", "photo:tune=ssim", "photo:tune=visual"]
PLOT_AXES = {"psnr_rgb": "RGB PSNR (dB)", "psnr_luma": "luma PSNR (dB)", "ssim_db": "SSIM of luma (dB)"}


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.small:
        return _measure_small_pictures(options)
    return _measure_photographs(options)


def _parser() -> argparse.ArgumentParser:
    parser = described_parser("image", __doc__)
    add = parser.add_argument
    add("folder", nargs="?", type=Path, default=datasets.KODAK, help="pictures (default: Kodak's 24)")
    add(
        "-c",
        "--codebook",
        action="append",
        metavar="NAME[:OPTION=VALUE,...]",
        help="vqcodec as measured; repeat",
    )
    add("--peers-only", action="store_true", help="measure no vqcodec")
    add("--peers", default=",".join(peers.NAMES), help="comma-separated (default: %(default)s)")
    add(
        "--quality",
        default=",".join(f"{q:g}" for q in LADDER),
        help="ladder of vqcodec (default: %(default)s)",
    )
    add("--grey", action="store_true", help="code the luma plane alone")
    add("--limit", type=int, metavar="N", help="take N pictures, evenly spread over the folder")
    add(
        "--small",
        nargs="?",
        const=",".join(datasets.SMALL_PICTURE_SETS),
        metavar="SETS",
        help="small pictures",
    )
    add("--training", action="append", metavar="OPTION=VALUE", help="how the small pictures' codebooks are trained")
    add("--speed-pictures", type=int, default=4, metavar="N", help="pictures to time; 0: none (default: 4)")
    add("--cache", type=Path, default=CACHE, help="where the peers' points are kept (default: %(default)s)")
    add("--no-cache", dest="cache", action="store_const", const=None, help="measure the peers anew")
    add("--output", type=Path, default=RESULTS, metavar="FOLDER", help="where JSON and plots go (default: %(default)s)")
    return parser


def _measure_photographs(options: argparse.Namespace) -> int:
    name = "image-grey" if options.grey else "image-colour"
    try:
        pictures = datasets.photographs(options.folder, grey=options.grey, limit=options.limit)
        codecs = _photograph_codecs(options)
    except (datasets.MissingDataError, VQCodecError) as error:
        print(f"{name}: skipped: {error}", file=sys.stderr)
        return 0
    points = _measure_all(codecs, pictures, PointCache(options.cache))
    curves = mean_curves(points)
    labels = {codec.name: codec.label for codec in codecs}
    comparisons = _comparisons(points, codecs)
    results = {
        "pictures": f"{len(pictures)} of {options.folder.name}",
        "codecs": [_described(codec) for codec in codecs],
        "bd_rate": comparisons,
        "mean_curves": curves,
        "speed": _speed(codecs, points, pictures[: options.speed_pictures]),
        "points": points,
    }
    path = options.output / f"{name}.json"
    write_json(path, name, results)
    for quality, axis in PLOT_AXES.items():
        title = f"{len(pictures)} pictures of {options.folder.name}{', luma alone' if options.grey else ''}"
        plots.plot_curves(path.with_name(f"{path.stem}-{quality}.svg"), title, curves, labels, quality, axis)
    _print_comparisons(comparisons)
    print(f"written: {path}")
    return 0


def _photograph_codecs(options: argparse.Namespace) -> list[Codec]:
    codecs = _available_peers(tuple(options.peers.split(",")), options.grey)
    if not options.peers_only:
        codecs += [candidate(text, _ladder(options)) for text in options.codebook or DEFAULT_CANDIDATES]
    return codecs


def _ladder(options: argparse.Namespace) -> tuple[float, ...]:
    return tuple(float(quality) for quality in options.quality.split(","))


def _available_peers(names: tuple[str, ...], grey: bool) -> list[Codec]:
    found, missing = peers.find_peers(names, grey=grey)
    for reason in missing.values():
        print(reason, file=sys.stderr)
    return found


def _measure_all(codecs: Sequence[Codec], pictures: Sequence[datasets.Picture], cache: PointCache) -> list[Point]:
    """All points; a codec's first call, which may compile kernels, is made before any is timed."""
    for codec in codecs:
        if not codec.identity:
            codec.decode(codec.encode(pictures[0].samples, codec.ladder[0]))
    points = []
    for number, picture in enumerate(pictures, 1):
        _show_progress(f"{picture.name} ({number} of {len(pictures)})")
        points += [cache.point(codec, picture, setting) for codec in codecs for setting in codec.ladder]
        cache.save()
    _show_progress("")
    return points


def _show_progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _comparisons(points: Sequence[Point], codecs: Sequence[Codec]) -> list[dict[str, Any]]:
    """A row for every quality measure, reference and codec."""
    return [
        {"quality": quality, "reference": reference.name, "codec": codec} | difference
        for quality in QUALITIES
        for reference in codecs
        if reference.identity
        for codec, difference in bd_rates(points, reference.name, quality).items()
    ]


def _speed(
    codecs: Sequence[Codec], points: Sequence[Point], pictures: Sequence[datasets.Picture]
) -> list[dict[str, Any]]:
    if not pictures:
        return []
    settings = {codec.name: nearest_setting(points, codec.name) for codec in codecs}
    return measure_speed(codecs, settings, pictures)


def _described(codec: Codec) -> dict[str, str]:
    return {"codec": codec.name, "label": codec.label, "options": codec.options, "identity": codec.identity}


def _print_comparisons(rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        if row["reference"] == peers.REFERENCE:
            print(f"{QUALITIES[row['quality']]:12} {row['codec']:28} {row['mean']:+7.2f} % against JPEG")


def _measure_small_pictures(options: argparse.Namespace) -> int:
    cache = PointCache(options.cache)
    for name in options.small.split(","):
        own = None
        try:
            small = datasets.SMALL_PICTURE_SETS[name]()
            codecs = _available_peers(SMALL_PICTURE_PEERS, small.test[0].samples.ndim == 2)
            if not options.peers_only:
                ladder = _ladder(options)
                own = own_codebook(small.training, options.training or ())
                codecs += [own_candidate(own, ladder), candidate(SHARED, ladder)]
                codecs += [candidate(text, ladder) for text in options.codebook or ()]
        except (datasets.MissingDataError, VQCodecError) as error:
            print(f"image-{name}: skipped: {error}", file=sys.stderr)
            continue
        _report_small_pictures(small, codecs, own, cache, options.output)
    return 0


def _report_small_pictures(
    small: datasets.SmallPictures, codecs: Sequence[Codec], own: Codebook | None, cache: PointCache, folder: Path
) -> None:
    curves = mean_curves(_measure_all(codecs, small.test, cache))
    rows: list[dict[str, Any]] = [
        {"quality": quality, "reference": reference.name, "codec": codec, "mean": difference}
        for quality in ("psnr_rgb", "psnr_pooled", "ssim_db")
        for reference in codecs
        if reference.identity
        for codec, difference in bd_rates_of_set(curves, reference.name, quality).items()
    ]
    results = {
        "set": small.label,
        "split": small.split,
        "codecs": [_described(codec) for codec in codecs],
        "bd_rate": rows,
        "own_codebook": _worth(own, curves, len(small.test)) if own else None,
        "mean_curves": curves,
    }
    path = folder / f"image-{small.name}.json"
    write_json(path, f"image-{small.name}", results)
    labels = {codec.name: codec.label for codec in codecs}
    plots.plot_curves(path.with_suffix(".svg"), small.label, curves, labels, "psnr_rgb", PLOT_AXES["psnr_rgb"])
    for row in rows:
        if row["quality"] == "psnr_rgb" and not row["codec"].startswith(SMALL_PICTURE_PEERS):
            difference = "no common quality" if row["mean"] is None else f"{row['mean']:+.2f} %"
            print(f"{small.label}: {row['codec']} against {row['reference']}: {difference}")
    print(f"written: {path}")


def _worth(own: Codebook, curves: Sequence[dict[str, Any]], pictures: int) -> dict[str, Any]:
    """Size of the codebook as a file and as it is embedded, and from how many pictures on it saves more than that.

    The saving is that against the shared codebook at equal RGB PSNR, at the middle of its ladder.
    """
    embedded = len(own.to_bytes(shipped_parent(own)))
    difference = bd_rates_of_set(curves, f"vqcodec {SHARED}", "psnr_rgb")[OWN]
    sizes = sorted(row["bytes"] for row in curves if row["codec"] == f"vqcodec {SHARED}")
    saved = -(difference or 0.0) / 100 * sizes[len(sizes) // 2] / pictures
    return {
        "file_bytes": len(own.to_bytes()),
        "embedded_bytes": embedded,
        "bd_rate_against_shared": difference,
        "saved_bytes_a_picture": round(saved, 1),
        "pays_from_pictures": math.ceil(embedded / saved) if saved > 0 else None,
    }


if __name__ == "__main__":
    sys.exit(main())
