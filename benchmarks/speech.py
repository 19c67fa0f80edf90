"""Rate against PESQ, STOI and ViSQOL of vqcodec and of the speech codecs one can install, and their speed.

    python -m benchmarks.speech                       both bands, LibriSpeech sentences of 20 unheard speakers
    python -m benchmarks.speech --band nb             narrowband (8 kHz) alone
    python -m benchmarks.speech -c mine.vqcb:effort=9 your own codebook, with options of `encode_speech`
    python -m benchmarks.speech --peers-only

Codecs are compared by payload: their own bits, without what a container adds. Results go to
benchmarks/results/speech.json, curves to .svg beside it, and times to speech-speed.json. The peers' points are kept in
a cache, by clip, program and settings, so that only vqcodec is measured anew; times are always measured in the run
itself, codecs taking turns. With --speed-rounds 0 the times of an earlier run stay.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import platformdirs

from benchmarks import plots, speech_data
from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import MissingDataError
from benchmarks.speech_candidate import LADDER, candidate, textbook_coders
from benchmarks.speech_data import Clip
from benchmarks.speech_peers import SpeechCodec, find_peers
from benchmarks.speech_points import QUALITIES, Point, PointCache, bits_needed, mean_rows, quality_at
from benchmarks.speech_speed import measure_speed
from vqcodec.errors import VQCodecError
from vqcodec.metrics import perceptual

CACHE = Path(platformdirs.user_cache_dir("vqcodec")) / "benchmarks" / "speech-peers.json"
FLOORS = (  # band, kbit/s, PESQ and STOI to reach at least
    ("nb", 2.4, 2.9, 0.89),
    ("nb", 3.2, 3.3, 0.915),
    ("nb", 4.8, 3.7, 0.94),
    ("nb", 6.3, 3.9, 0.955),
    ("nb", 8.0, 4.1, 0.967),
    ("nb", 12.0, 4.29, 0.98),
    ("wb", 8.0, 3.25, 0.96),
    ("wb", 11.0, 3.72, 0.976),
    ("wb", 15.0, 4.1, 0.983),
)
PLOT_AXES = {"pesq": "PESQ (MOS-LQO)", "stoi": "STOI", "visqol": "ViSQOL (MOS-LQO)"}
BAND_NAMES = {"nb": "narrowband", "wb": "wideband"}


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    missing = set(perceptual.MODULES) - set(perceptual.available())
    if missing:
        print(f"speech: skipped: {', '.join(sorted(missing))} missing: pip install '.[metrics]'", file=sys.stderr)
        return 0
    cache = PointCache(options.cache)
    codecs: list[SpeechCodec] = []
    points: list[Point] = []
    speed: list[dict[str, Any]] = []
    try:
        for band in options.band.split(","):
            clips = speech_data.clips(band, options.folder, options.pattern, options.limit)
            found = _codecs(band, options)
            measured = _measure_all(found, clips, cache)
            codecs += found
            points += measured
            if options.speed_rounds:
                speed += measure_speed(found, measured, clips, options.speed_rounds)
    except (MissingDataError, VQCodecError) as error:
        print(f"speech: skipped: {error}", file=sys.stderr)
        return 0
    _report(options, codecs, points, speed)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = described_parser("speech", __doc__)
    add = parser.add_argument
    add("folder", nargs="?", type=Path, default=speech_data.CLIPS, help="clips (default: the sentences of the dev set)")
    add("--pattern", default=speech_data.PATTERN, help="names of the clips (default: %(default)s)")
    add("--band", default="nb,wb", help="comma-separated (default: %(default)s)")
    add("-c", "--codebook", action="append", metavar="NAME[:OPTION=VALUE,...]", help="vqcodec as measured; repeat")
    add("--peers-only", action="store_true", help="measure no vqcodec")
    add("--quality", default=",".join(f"{q:g}" for q in LADDER), help="ladder of vqcodec (default: %(default)s)")
    add("--limit", type=int, metavar="N", help="take N clips, evenly spread over the folder")
    add("--speed-rounds", type=int, default=2, metavar="N", help="rounds of timing; 0: keep the times (default: 2)")
    add("--cache", type=Path, default=CACHE, help="where the peers' points are kept (default: %(default)s)")
    add("--no-cache", dest="cache", action="store_const", const=None, help="measure the peers anew")
    add("--output", type=Path, default=RESULTS, metavar="FOLDER", help="where JSON and plots go (default: %(default)s)")
    return parser


def _codecs(band: str, options: argparse.Namespace) -> list[SpeechCodec]:
    found, missing = find_peers(band)
    for reason in missing:
        print(reason, file=sys.stderr)
    if options.peers_only:
        return found
    ladder = tuple(options.quality.split(","))
    own = [candidate(specification, band, ladder) for specification in options.codebook or [""]]
    return [*found, *textbook_coders(band), *(codec for codec in own if codec is not None)]


def _measure_all(codecs: Sequence[SpeechCodec], clips: Sequence[Clip], cache: PointCache) -> list[Point]:
    points = []
    for codec in codecs:
        for setting in codec.ladder:
            if sys.stderr.isatty():
                print(f"\r\x1b[K{codec.label} {codec.band} {setting}", end="", file=sys.stderr, flush=True)
            points += cache.points(codec, clips, setting)
            cache.save()
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    return points


def _report(
    options: argparse.Namespace, codecs: Sequence[SpeechCodec], points: Sequence[Point], speed: list[dict[str, Any]]
) -> None:
    rows = mean_rows(points)
    own = [codec.name for codec in codecs if codec.name.startswith("vqcodec")]
    needed = [
        {"candidate": name, "group": group} | row
        for name in dict.fromkeys(own)
        for group in ("all", "men", "women")
        for row in bits_needed(rows, name, group)
    ]
    clips = {point["clip"]: point["sex"] for point in points}
    results = {
        "clips": len(clips),
        "men": sum(sex == "men" for sex in clips.values()),
        "women": sum(sex == "women" for sex in clips.values()),
        "codecs": [_described(codec) for codec in codecs],
        "mean": rows,
        "bits_needed": needed,
        "floors": [floor for name in dict.fromkeys(own) for floor in floors_reached(rows, name)],
        "points": list(points),
    }
    path = options.output / "speech.json"
    write_json(path, "speech", results)
    if speed:
        times = {"codecs": results["codecs"], "speed": speed}
        write_json(options.output / "speech-speed.json", "speech", times)
    for band in options.band.split(","):
        _plot(path, band, codecs, rows)
    for row in needed:
        if row["group"] == "all":
            shown = ", ".join(f"{QUALITIES[quality]} {_share(row[f'{quality}_percent'])}" for quality in QUALITIES)
            print(f"{row['band']} {row['codec']:9} {row['payload_kbps']:6.2f} kbit/s: {row['candidate']} needs {shown}")
    print(f"written: {path}")


def floors_reached(rows: Sequence[dict[str, Any]], candidate: str) -> list[dict[str, Any]]:
    """What a candidate reaches at the rates of `FLOORS`, all together and men and women apart."""
    reached = []
    for band, kbps, pesq, stoi in FLOORS:
        row: dict[str, Any] = {
            "candidate": candidate,
            "band": band,
            "kbps": kbps,
            "pesq_floor": pesq,
            "stoi_floor": stoi,
        }
        for group in ("all", "men", "women"):
            own = [r for r in rows if (r["codec"], r["band"], r["group"]) == (candidate, band, group)]
            for quality in QUALITIES:
                value = quality_at(own, quality, kbps)
                row[quality if group == "all" else f"{quality}_{group}"] = None if value is None else round(value, 4)
        reached.append(row)
    return reached


def _plot(path: Path, band: str, codecs: Sequence[SpeechCodec], rows: Sequence[dict[str, Any]]) -> None:
    labels = {codec.name: codec.label for codec in codecs if codec.band == band}
    curves = [row for row in rows if row["band"] == band and row["group"] == "all"]
    for quality, axis in PLOT_AXES.items():
        plots.plot_curves(
            path.with_name(f"speech-{band}-{quality}.svg"),
            f"{BAND_NAMES[band]} speech".capitalize(),
            curves,
            labels,
            quality,
            axis,
            rate="payload_kbps",
            rate_axis="kbit/s (payload)",
        )


def _described(codec: SpeechCodec) -> dict[str, str]:
    return {
        "codec": codec.name,
        "label": codec.label,
        "band": codec.band,
        "options": codec.options,
        "identity": codec.identity,
    }


def _share(percent: float | None) -> str:
    return "–" if percent is None else f"{percent:.0f} %"


if __name__ == "__main__":
    sys.exit(main())
