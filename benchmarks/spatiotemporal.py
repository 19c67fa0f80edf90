"""What vectors in space and time save over vectors in space alone: the engine video/st3d against itself.

    python -m benchmarks.spatiotemporal                 all clips, 97 frames
    python -m benchmarks.spatiotemporal -c mine.vqcb    your own codebook
    python -m benchmarks.spatiotemporal --frames 33 --clips carphone,flower --output FOLDER

The same codebook codes the same frames in three ways: each frame alone (two-dimensional vectors), with vectors that
reach over frames at the same place, and with such vectors along motion. Whole files are compared at equal PSNR.
Results go to benchmarks/results/spatiotemporal.json.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks import video_data
from benchmarks.common import RESULTS, write_json
from benchmarks.datasets import MissingDataError
from benchmarks.video import described_clip, described_codec, report_failure
from benchmarks.video_candidate import DEFAULT_EFFORT, candidate, warm
from benchmarks.video_data import find_clips
from benchmarks.video_points import QUALITIES, PointStore, bd_rates, measure_all
from vqcodec.errors import VQCodecError

CODEBOOK = "video-st3d"
ALONE = "depth=1"
WAYS = {  # options of the engine, and what they make of it
    ALONE: "each frame alone",
    "motion=false": "in space and time",
    "motion=true": "in space and time, along motion",
}
LADDER = (35.0, 47.0, 59.0, 71.0)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    names = tuple(filter(None, options.clips.split(",")))
    ladder = tuple(float(quality) for quality in options.quality.split(","))
    reference = f"{options.codebook}:{ALONE}"
    try:
        clips = find_clips(options.folder, names, options.frames)
        codecs = [candidate(f"{options.codebook}:{way}", ladder, options.effort, groups=options.groups) for way in WAYS]
        for codec in codecs:
            warm(codec, clips[0])
        points = measure_all(codecs, clips, PointStore(None), report_failure)
    except (MissingDataError, VQCodecError) as error:
        print(f"spatiotemporal: skipped: {error}", file=sys.stderr)
        return 0
    rows: list[dict[str, Any]] = [
        {"quality": quality, "reference": f"vqcodec {reference}", "codec": codec} | difference
        for quality in QUALITIES
        for codec, difference in bd_rates(points, f"vqcodec {reference}", quality).items()
    ]
    described = [described_codec(codec) | {"label": label} for codec, label in zip(codecs, WAYS.values(), strict=True)]
    results = {
        "clips": [described_clip(clip) for clip in clips],
        "codecs": described,
        "bd_rate": rows,
        "points": points,
    }
    path = options.output / "spatiotemporal.json"
    write_json(path, "spatiotemporal", results)
    for row in rows:
        by_clip = " ".join(f"{name[:12]}:{value:+.1f}" for name, value in row["clips"].items())
        print(f"{row['codec']}, {QUALITIES[row['quality']]}: mean {row['mean']:+.2f} %  {by_clip}")
    print(f"written: {path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.spatiotemporal",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("folder", nargs="?", type=Path, default=video_data.CLIPS, help="clips, .mkv or .y4m (default: the dev set)")
    add("-c", "--codebook", default=CODEBOOK, help="one of the engine video/st3d (default: %(default)s)")
    add("--quality", default=",".join(f"{q:g}" for q in LADDER), help="ladder (default: %(default)s)")
    add("-e", "--effort", type=int, default=DEFAULT_EFFORT, help="(default: %(default)s)")
    add("--groups", action="store_true", help="the engine's packet of one group instead of a whole file")
    add("--clips", default="", help="beginnings of names, comma-separated (default: all)")
    add("--frames", type=int, default=video_data.FRAMES, help="the first N of each clip (default: %(default)s)")
    add("--output", type=Path, default=RESULTS, metavar="FOLDER", help="where the JSON goes (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
