"""vqcodec's default beside JPEG, AVIF and JPEG XL by what people see: SSIMULACRA2, Butteraugli and ColorVideoVDP.

    python -m benchmarks.image_seen                    Kodak's 24 pictures (an hour of one processor)
    python -m benchmarks.image_seen FOLDER --limit 4   your own

These measures take seconds a picture, so there are fewer codecs than in benchmarks.image, at five settings that span
what is in use: SSIMULACRA2 of about 30 to 90. A measure whose program is not at hand is left out;
`benchmarks.seen` says how to get it. Whole files are counted. Results go to benchmarks/results/image-seen.json.

What was measured is kept, so a run that was stopped goes on where it was: the peers' points, and the measures of
vqcodec's pictures, which are only coded anew.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import platformdirs
from PIL import features

from benchmarks import datasets, seen
from benchmarks.candidate import candidate
from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.peers import Codec, find_peers
from benchmarks.rate_distortion import Point, PointCache, bd_rates
from vqcodec.errors import VQCodecError

CACHE = Path(platformdirs.user_cache_dir("vqcodec")) / "benchmarks" / "image-seen.json"
QUALITIES = {**seen.LABELS, "psnr_rgb": "RGB PSNR"}
DEFAULT = "photo:tune=visual"
LADDER = (32.0, 45.0, 58.0, 72.0, 85.0)
PEERS = {
    "jpeg": (20, 38, 60, 80, 92),
    "avif": (28, 42, 58, 73, 86),
    "avif-iq": (28, 42, 58, 73, 86),
    "avif-ssim": (28, 42, 58, 73, 86),
    "jxl": (28, 48, 66, 80, 91),
}
REFERENCES = ("avif", "avif-iq", "avif-ssim", "jxl", "jpeg")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    for name, reason in seen.MISSING.items():
        if name not in seen.versions():
            print(reason, file=sys.stderr)
    try:
        if not seen.versions():
            raise datasets.MissingDataError("there is no measure of what people see")
        pictures = datasets.photographs(options.folder, limit=options.limit)
        codecs, reasons = _codecs(options.codebook or [DEFAULT])
    except (datasets.MissingDataError, VQCodecError) as error:
        print(f"image-seen: skipped: {error}", file=sys.stderr)
        return 0
    points = _measure_all(codecs, pictures, PointCache(options.cache, perceptual=True))
    results = {
        "pictures": f"{len(pictures)} of {options.folder.name}",
        "codecs": [{"codec": codec.name, "label": codec.label, "options": codec.options} for codec in codecs],
        "left_out": reasons,
        "bd_rate": compared(points),
        "points": points,
    }
    write_json(options.json, "image_seen", results, {"libavif": str(features.version("avif")), **seen.versions()})
    print(f"written: {options.json}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = described_parser("image_seen", __doc__)
    add = parser.add_argument
    add("folder", nargs="?", type=Path, default=datasets.KODAK, help="pictures (default: Kodak's 24)")
    add("-c", "--codebook", action="append", metavar="NAME[:OPTION=VALUE,...]", help=f"repeat (default: {DEFAULT})")
    add("--limit", type=int, metavar="N", help="take N pictures, evenly spread over the folder")
    add("--cache", type=Path, default=CACHE, help="where measurements are kept (default: %(default)s)")
    add("--json", type=Path, default=RESULTS / "image-seen.json", help="where to write (default: %(default)s)")
    return parser


def _codecs(specifications: Sequence[str]) -> tuple[list[Codec], list[str]]:
    """The codecs with their ladders, and a line of reason for each peer that is left out."""
    found, missing = find_peers(tuple(PEERS))
    for reason in missing.values():
        print(reason, file=sys.stderr)
    peers = [dataclasses.replace(codec, ladder=tuple(map(float, PEERS[codec.name]))) for codec in found]
    return [*peers, *(candidate(text, LADDER) for text in specifications)], list(missing.values())


def _measure_all(codecs: Sequence[Codec], pictures: Sequence[datasets.Picture], cache: PointCache) -> list[Point]:
    points = []
    for number, picture in enumerate(pictures, 1):
        for codec in codecs:
            points += [cache.point(codec, picture, setting) for setting in codec.ladder]
            cache.save()
        print(f"{picture.name} ({number} of {len(pictures)})", file=sys.stderr, flush=True)
    return points


def compared(points: Sequence[Point]) -> list[dict[str, Any]]:
    """A row for every quality measure, reference and other codec: its BD-rate over the pictures."""
    return [
        {"quality": quality, "reference": reference, "codec": codec} | difference
        for quality in QUALITIES
        for reference in REFERENCES
        for codec, difference in bd_rates(points, reference, quality).items()
    ]


if __name__ == "__main__":
    sys.exit(main())
