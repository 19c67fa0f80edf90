"""Rate against PSNR of vqcodec on clips of screens, beside x264 veryslow and SVT-AV1 in its mode for screens.

    python -m benchmarks.video_screen                   the six clips of benchmarks.screen_clips
    python -m benchmarks.video_screen --clips ticker --json ticker.json
    python -m benchmarks.video_screen -c video:distance=4

All is counted as in benchmarks.video. Then it says what interruptions and speed cost: how many times the bytes a page
that scrolls fast takes of one that scrolls slowly, and a clip with flashes of the clip without, at equal luma PSNR.
These four clips are read from `--cases`. Results go to benchmarks/results/video-screen.json, the points of the peers to
video-peers.json beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import DATA, MissingDataError
from benchmarks.screen_clips import screen_clips
from benchmarks.video import described_clip, described_codec, report_failure
from benchmarks.video_candidate import DEFAULT_EFFORT, LADDER, candidate, warm
from benchmarks.video_data import ffmpeg_version, find_ffmpeg, read_clip
from benchmarks.video_peers import VideoCodec, find_peers
from benchmarks.video_points import Point, PointStore, bd_rates, measure_all
from vqcodec.errors import VQCodecError

REFERENCES = ("x264-veryslow", "svt-av1-screen")
CASES = DATA.parent / "cases" / "video"
PAIRS = {  # label: the clip, and the one that its bytes are divided by
    "text that scrolls 4 samples a frame, against 1 sample": ("scroll_text/scroll4", "scroll_text/scroll1"),
    "a scene with flashes, against the scene without": ("flash/flash", "flash/plain"),
}


def main(arguments: list[str] | None = None) -> int:
    parser = described_parser("video_screen", __doc__)
    add = parser.add_argument
    add("-c", "--codebook", action="append", metavar="NAME[:OPTION=VALUE,...]", help="vqcodec as measured; repeat")
    add("--quality", default=",".join(f"{q:g}" for q in LADDER), help="ladder of vqcodec (default: %(default)s)")
    add("-e", "--effort", type=int, default=DEFAULT_EFFORT, help="of vqcodec (default: %(default)s)")
    add("--clips", default="", help="beginnings of names, comma-separated (default: all)")
    add("--cases", type=Path, default=CASES, metavar="FOLDER", help="of scroll_text and flash (default: %(default)s)")
    add("--store", type=Path, default=RESULTS / "video-peers.json", help="the peers' points (default: %(default)s)")
    add("--json", type=Path, default=RESULTS / "video-screen.json")
    options = parser.parse_args(arguments)
    ladder = tuple(float(quality) for quality in options.quality.split(","))
    try:
        clips = screen_clips(tuple(filter(None, options.clips.split(","))))
        peers, missing = find_peers(REFERENCES)
        own = [candidate(text, ladder, options.effort) for text in options.codebook or ["video", "screen"]]
        for reason in missing:
            report_failure(reason)
        warm(own[0], clips[0])
        points = measure_all([*peers, *own], clips, PointStore(options.store, ffmpeg_version()), report_failure)
        cases = measured_cases(options.cases, own)
    except (MissingDataError, VQCodecError) as error:
        print(f"video_screen: skipped: {error}", file=sys.stderr)
        return 0
    results = {
        "clips": [described_clip(clip) for clip in clips],
        "codecs": [described_codec(codec) for codec in (*peers, *own)],
        "bd_rate": compared(points),
        "cases": cases,
        "points": points,
    }
    write_json(options.json, "video_screen", results, ffmpeg_version())
    for row in results["bd_rate"]:
        by_clip = " ".join(f"{name}:{value:+.1f}" for name, value in row["clips"].items())
        print(f"{row['codec']} against {row['reference']}: mean {row['mean']:+.1f} %  {by_clip}")
    for row in cases:
        print(f"{row['codec']}, {row['case']}: {row['times']:.2f} times the bytes")
    return 0


def compared(points: Sequence[Point]) -> list[dict[str, Any]]:
    """A row for every reference and codec: BD-rate at equal luma PSNR by clip, and the mean."""
    return [
        {"reference": reference, "codec": codec} | difference
        for reference in REFERENCES
        for codec, difference in bd_rates(points, reference, "psnr_y").items()
    ]


def measured_cases(folder: Path, codecs: Sequence[VideoCodec]) -> list[dict[str, Any]]:
    """How many times the bytes of its second clip the first of each of PAIRS takes; none if a file is missing."""
    rows = []
    for label, names in PAIRS.items():
        paths = [folder / f"{name}.mkv" for name in names]
        absent = [path for path in paths if not path.is_file()]
        if absent:
            report_failure(f"{label}: skipped: {absent[0]} is missing")
            continue
        clips = [read_clip(find_ffmpeg(), path) for path in paths]
        for codec in codecs:
            first, second = (measure_all([codec], [clip], PointStore(None), report_failure) for clip in clips)
            rows.append({"case": label, "codec": codec.name, "times": times(first, second), "points": first + second})
    return rows


def times(first: Sequence[Point], second: Sequence[Point]) -> float:
    """How many times the rate of the second curve the first takes at equal luma PSNR, in the mean over it."""
    joined = [point | {"clip": "", "codec": name} for name, curve in (("a", first), ("b", second)) for point in curve]
    return round(1 + bd_rates(joined, "b", "psnr_y")["a"]["mean"] / 100, 3)


if __name__ == "__main__":
    sys.exit(main())
