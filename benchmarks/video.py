"""Rate against PSNR of vqcodec and of the video codecs that ffmpeg has, and their speed.

    python -m benchmarks.video                          all clips and peers, 97 frames
    python -m benchmarks.video -c mine.vqcb:distance=4  your own codebook, with options of its engine
    python -m benchmarks.video --quick                  33 frames of two clips beside four peers; writes no figures
    python -m benchmarks.video --peers-only

vqcodec is counted by its whole file, the peers by their elementary stream without a container; all have one intra
frame, one thread, and constant quality. Results go to benchmarks/results/video.json, curves to .svg beside it. The
peers' points are kept in benchmarks/results/video-peers.json by program, options and samples, so that only what is
missing is measured. Speed is frames a second of processor time; a peer's includes the start of its process.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import plots, video_data
from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import MissingDataError
from benchmarks.video_candidate import DEFAULT_EFFORT, LADDER, candidate, warm
from benchmarks.video_data import Clip, ffmpeg_version, find_clips
from benchmarks.video_peers import NAMES, OLD_VQ, VideoCodec, find_peers
from benchmarks.video_points import QUALITIES, Point, PointStore, bd_rates, mean_curves, measure_all
from vqcodec.errors import VQCodecError

REFERENCES = ("x264-medium", "x264-veryslow", "x265-veryslow", "mpeg4")
QUICK_CLIPS = "carphone,flower"
QUICK_FRAMES = 33
PLOT_AXES = {"psnr_y": "luma PSNR (dB)", "psnr_611": "6:1:1 PSNR (dB)"}
OLD_VQ_CLIP = "carphone_qcif"  # one that all of them can code


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    names = tuple(filter(None, (options.clips or (QUICK_CLIPS if options.quick else "")).split(",")))
    frames = options.frames or (QUICK_FRAMES if options.quick else video_data.FRAMES)
    try:
        clips = find_clips(options.folder, names, frames)
        codecs = _codecs(options)
        for codec in codecs:
            if not codec.identity:
                warm(codec, clips[0])
        points = measure_all(codecs, clips, PointStore(options.store, ffmpeg_version()), report_failure)
    except (MissingDataError, VQCodecError) as error:
        print(f"video: skipped: {error}", file=sys.stderr)
        return 0
    comparisons = compared(points)
    _print_comparisons(comparisons, clips, codecs)
    _print_points(points, codecs)
    if not options.quick:
        _write(options.output, clips, codecs, points, comparisons)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = described_parser("video", __doc__)
    add = parser.add_argument
    add("folder", nargs="?", type=Path, default=video_data.CLIPS, help="clips, .mkv or .y4m (default: the dev set)")
    add("-c", "--codebook", action="append", metavar="NAME[:OPTION=VALUE,...]", help="vqcodec as measured; repeat")
    add("--quality", default=",".join(f"{q:g}" for q in LADDER), help="ladder of vqcodec (default: %(default)s)")
    add("-e", "--effort", type=int, default=DEFAULT_EFFORT, help="of vqcodec (default: %(default)s)")
    add("--groups", action="store_true", help="vqcodec: the engine's packet of one group instead of a whole file")
    add("--peers", help="comma-separated (default: all; with --quick those compared with)")
    add("--peers-only", action="store_true", help="measure no vqcodec")
    add("--clips", help="beginnings of names, comma-separated (default: all)")
    add("--frames", type=int, metavar="N", help=f"the first N of each clip (default: {video_data.FRAMES})")
    add("--quick", action="store_true", help=f"{QUICK_FRAMES} frames of {QUICK_CLIPS}; only the peers' points are kept")
    add("--store", type=Path, default=RESULTS / "video-peers.json", help="the peers' points (default: %(default)s)")
    add("--output", type=Path, default=RESULTS, metavar="FOLDER", help="where JSON and plots go (default: %(default)s)")
    return parser


def _codecs(options: argparse.Namespace) -> list[VideoCodec]:
    peers = tuple(options.peers.split(",")) if options.peers else REFERENCES if options.quick else NAMES
    found, missing = find_peers(peers)
    for reason in missing:
        print(reason, file=sys.stderr)
    if options.peers_only:
        return found
    ladder = tuple(float(quality) for quality in options.quality.split(","))
    wanted = options.codebook or [""]
    return [*found, *(candidate(text, ladder, options.effort, groups=options.groups) for text in wanted)]


def report_failure(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def compared(points: Sequence[Point]) -> list[dict[str, Any]]:
    """A row for every quality measure, reference and codec: BD-rate by clip, and the mean."""
    return [
        {"quality": quality, "reference": reference, "codec": codec} | difference
        for quality in QUALITIES
        for reference in REFERENCES
        for codec, difference in bd_rates(points, reference, quality).items()
    ]


def _write(
    folder: Path,
    clips: Sequence[Clip],
    codecs: Sequence[VideoCodec],
    points: Sequence[Point],
    comparisons: list[dict[str, Any]],
) -> None:
    curves = mean_curves(points, len(clips))
    results = {
        "clips": [described_clip(clip) for clip in clips],
        "codecs": [described_codec(codec) for codec in codecs],
        "bd_rate": comparisons,
        "mean_curves": curves,
        "points": list(points),
    }
    path = folder / "video.json"
    write_json(path, "video", results, ffmpeg_version())
    whole = {row["codec"] for row in curves}
    labels = {codec.name: codec.label for codec in codecs if codec.name in whole}
    for quality, axis in PLOT_AXES.items():
        title = f"{len(clips)} clips, up to {max(len(clip.raw) for clip in clips)} frames"
        _plot(path.with_name(f"video-{quality}.svg"), title, curves, labels, quality, axis)
    old = [point for point in points if point["clip"] == OLD_VQ_CLIP]
    shown = {codec.name: codec.label for codec in codecs if codec.name in (*OLD_VQ, "mpeg4") or not codec.identity}
    if old:
        title = f"Vector quantization of video, {OLD_VQ_CLIP}"
        _plot(path.with_name("video-vq.svg"), title, old, shown, "psnr_y", PLOT_AXES["psnr_y"])
    print(f"written: {path}")


def _plot(path: Path, title: str, curves: Sequence[Point], labels: dict[str, str], quality: str, axis: str) -> None:
    plots.plot_curves(path, title, curves, labels, quality, axis, rate="kbps", rate_axis="kbit/s")


def described_codec(codec: VideoCodec) -> dict[str, str]:
    return {"codec": codec.name, "label": codec.label, "options": codec.options, "identity": codec.identity}


def described_clip(clip: Clip) -> dict[str, Any]:
    rate = round(float(clip.rate), 3)
    return {"clip": clip.name, "width": clip.width, "height": clip.height, "frames": len(clip.raw), "rate": rate}


def _print_comparisons(rows: Sequence[dict[str, Any]], clips: Sequence[Clip], codecs: Sequence[VideoCodec]) -> None:
    own = {codec.name for codec in codecs if not codec.identity}
    for row in rows:
        if row["codec"] in own or not own:
            by_clip = " ".join(
                f"{clip.name[:12]}:{row['clips'][clip.name]:+.1f}" for clip in clips if clip.name in row["clips"]
            )
            against = f"{row['codec']} against {row['reference']}, {QUALITIES[row['quality']]}"
            print(f"{against}: mean {row['mean']:+.2f} %  {by_clip}")


def _print_points(points: Sequence[Point], codecs: Sequence[VideoCodec]) -> None:
    own = {codec.name for codec in codecs if not codec.identity}
    for point in points:
        if point["codec"] in own:
            print(
                f"{point['clip']:24} {point['setting']:5g} {point['kbps']:9.2f} kbit/s  Y {point['psnr_y']:.2f} dB  "
                f"6:1:1 {point['psnr_611']:.2f} dB  {point['encode_fps']:.1f} / {point['decode_fps']:.1f} fps"
            )


if __name__ == "__main__":
    sys.exit(main())
