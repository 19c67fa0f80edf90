"""Spatio-temporal VQ against 2-D VQ of the same frames, and against differences of frames, at equal quality.

python -m benchmarks.spatiotemporal [CLIP ...] [--frames 25]

All ways share one coder, codebook, quantizer, contexts and effort: with a depth of 1 each frame is coded alone, with 4
frames share a transform along time. Differences are those to the frame before as it was decoded, coded as frames.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import RESULTS, write_json
from benchmarks.datasets import MissingDataError
from benchmarks.video_data import CLIPS, Clip, find_clips
from vqcodec import metrics
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.st3d import engine

FRAMES = 25
QUALITIES = (35.0, 50.0, 65.0, 80.0)
DEFAULT_EFFORT = 5
REFERENCE = "2d"
WAYS: dict[str, tuple[str, Mapping[str, object]]] = {
    REFERENCE: ("2-D VQ, each frame alone", {"depth": 1}),
    "pairs": ("pairs of frames", {"depth": 2, "motion": False, "replenish": False}),
    "fours": ("four frames", {"depth": 4, "motion": False, "replenish": False}),
    "auto": ("depth by block", {"depth": "auto", "motion": False, "replenish": False}),
    "replenish": ("… with replenishment", {"depth": "auto", "motion": False}),
    "motion": ("… along motion", {}),
}
DIFFERENCES = "differences"
LABELS = {name: label for name, (label, _) in WAYS.items()} | {DIFFERENCES: "differences of frames"}
MEASURES = ("psnr_y", "psnr_611")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.spatiotemporal", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("clips", nargs="*", help="beginnings of names of clips; all without any")
    parser.add_argument("--folder", type=Path, default=CLIPS, help="of the clips")
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--effort", type=int, default=DEFAULT_EFFORT)
    parser.add_argument("--codebook", default="video-st3d")
    parser.add_argument("--json", type=Path, default=RESULTS / "spatiotemporal.json")
    options = parser.parse_args(arguments)
    try:
        clips = find_clips(options.folder, names=tuple(options.clips), frames=options.frames)
    except MissingDataError as error:
        print(f"spatiotemporal: skipped: {error}", file=sys.stderr)
        return 0
    results = measure_clips(clips, load_codebook(options.codebook), options.effort)
    write_json(options.json, "spatiotemporal", {"frames": options.frames, "effort": options.effort, **results})
    return 0


def measure_clips(clips: Sequence[Clip], codebook: Codebook, effort: int) -> dict[str, Any]:
    """Points of all ways on all clips, and the BD-rates of each way against 2-D VQ by clip and in the mean."""
    points: list[dict[str, Any]] = []
    rates: list[dict[str, Any]] = []
    for clip in clips:
        mine = [point for way in LABELS for point in _curve(clip, way, codebook, effort)]
        points += mine
        for way in LABELS:
            if way != REFERENCE:
                rates.append({"clip": clip.name, "way": way} | {m: _bd_rate(mine, way, m) for m in MEASURES})
                print(f"{clip.name} {way}: " + ", ".join(f"{m} {rates[-1][m]:+.1f} %" for m in MEASURES), flush=True)
    means = [
        {"way": way} | {m: round(float(np.mean([r[m] for r in rates if r["way"] == way])), 2) for m in MEASURES}
        for way in LABELS
        if way != REFERENCE
    ]
    return {"labels": LABELS, "points": points, "bd_rate": rates, "mean": means, "speed": _speeds(points)}


def _speeds(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Median speeds of each way over clips and qualities."""
    return [
        {"way": way}
        | {
            speed: round(float(np.median([p[speed] for p in points if p["way"] == way])), 1)
            for speed in ("encode_fps", "decode_fps")
        }
        for way in WAYS
    ]


def _bd_rate(points: Sequence[Mapping[str, Any]], way: str, measure: str) -> float:
    curves = [[p for p in points if p["way"] == name] for name in (way, REFERENCE)]
    mine, reference = ([[p["bytes"] for p in curve], [p[measure] for p in curve]] for curve in curves)
    return round(metrics.bd_rate(*mine, *reference), 2)


def _curve(clip: Clip, way: str, codebook: Codebook, effort: int) -> Iterator[dict[str, Any]]:
    """A point at each quality; seconds are of the processor."""
    frames = clip.frames()
    for quality in QUALITIES:
        start = time.process_time()
        if way == DIFFERENCES:
            size, shown = _code_differences(frames, codebook, quality, effort)
        else:
            coded = engine.encode_group(frames, codebook, Settings(quality, effort, 1, WAYS[way][1]))
            size, shown = len(coded.packet), list(coded.reconstruction)
        between = time.process_time()
        point = {"clip": clip.name, "way": way, "quality": quality, "bytes": size, **_quality(frames, shown)}
        point["encode_fps"] = round(len(frames) / (between - start), 1)
        if way != DIFFERENCES:
            for _ in engine.decode_group(coded.packet, clip.width, clip.height, codebook, 1):
                pass
            point["decode_fps"] = round(len(frames) / (time.process_time() - between), 1)
        yield point


def _code_differences(
    frames: Sequence[Frame], codebook: Codebook, quality: float, effort: int
) -> tuple[int, list[Frame]]:
    """Code each frame's difference from the decoded one before, around 128; return (bytes, frames)."""
    settings = Settings(quality, effort, 1, WAYS[REFERENCE][1])
    size, shown = 0, []
    for frame in frames:
        base = shown[-1] if shown else Frame(*(np.full_like(plane, 128) for plane in frame))
        change = Frame(*(_limited(128 + plane.astype(np.int16) - old) for plane, old in zip(frame, base)))
        coded = engine.encode_group([change], codebook, settings)
        size += len(coded.packet)
        decoded = coded.reconstruction[0]
        shown.append(Frame(*(_limited(plane.astype(np.int16) - 128 + old) for plane, old in zip(decoded, base))))
    return size, shown


def _limited(plane: np.ndarray) -> np.ndarray:
    return np.clip(plane, 0, 255).astype(np.uint8)


def _quality(frames: Sequence[Frame], shown: Sequence[Frame]) -> dict[str, float]:
    """Means over the frames of luma's PSNR, and of the planes' at 6:1:1, in dB."""
    planes = [
        float(np.mean([min(metrics.psnr(a[k], b[k]), 100.0) for a, b in zip(frames, shown, strict=True)]))
        for k in range(3)
    ]
    return {"psnr_y": round(planes[0], 4), "psnr_611": round((6 * planes[0] + planes[1] + planes[2]) / 8, 4)}


if __name__ == "__main__":
    raise SystemExit(main())
