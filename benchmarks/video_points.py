"""Measuring video codecs on clips: points of rate and quality, kept for the peers, and their comparison.

A point is a dictionary that goes into the JSON as it is: `clip`, `codec`, `setting`, `frames`, `bytes` (of the
elementary stream of a peer, of the whole file of vqcodec), `kbps`, `psnr_y`, `psnr_u`, `psnr_v` (dB, means over the
frames), `psnr_611`, `encode_fps`, `decode_fps` (frames a second of processor time).
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import write_json
from benchmarks.video_data import Clip, Raw, split_planes
from benchmarks.video_peers import Outcome, VideoCodec
from vqcodec import metrics
from vqcodec.errors import UsageError

Point = dict[str, Any]
Curve = tuple[list[float], list[float]]  # rates, qualities

QUALITIES = {"psnr_y": "luma", "psnr_611": "6:1:1"}
EXACT_DB = 100.0  # what a plane without error counts in a mean


class PointStore:
    """Points of the peers from earlier runs, kept in a JSON of results by codec, setting and samples."""

    def __init__(self, path: Path | None, versions: Mapping[str, str] | None = None) -> None:
        """Keep points at a path, which is written with the versions of programs that measured them."""
        self._path = path
        self._versions = versions
        self._points = self._stored()

    def point(self, codec: VideoCodec, clip: Clip, setting: float) -> Point:
        """The stored point, or a new measurement; a codec without an identity is always measured.

        Raises:
            ChildProcessError: the codec fails.
        """
        identifiers = {"identity": codec.identity, "samples": clip.digest}
        key = _key({"setting": setting} | identifiers)
        if codec.identity and key in self._points:
            return self._points[key]
        point = measure(codec, clip, setting)
        if codec.identity:
            point |= identifiers
            self._points[key] = point
            self.save()
        return point

    def save(self) -> None:
        """Write the points, if there is a place for them, beside those that another run has written meanwhile."""
        if self._path is not None:
            self._points = self._stored() | self._points
            points = sorted(self._points.values(), key=lambda p: (p["codec"], p["clip"], p["frames"], p["setting"]))
            write_json(self._path, "video-peers", {"points": points}, self._versions)

    def _stored(self) -> dict[tuple[Any, ...], Point]:
        if self._path is None or not self._path.is_file():
            return {}
        return {_key(point): point for point in json.loads(self._path.read_text("utf-8"))["results"]["points"]}


def _key(point: Point) -> tuple[Any, ...]:
    return tuple(point[name] for name in ("identity", "samples", "setting"))


def measure(codec: VideoCodec, clip: Clip, setting: float) -> Point:
    """Encode and decode one clip at one setting."""
    return {"clip": clip.name, "codec": codec.name, "setting": setting} | described(codec.run(clip, setting), clip)


def described(outcome: Outcome, clip: Clip) -> Point:
    """Rate, qualities and speeds of a clip coded once.

    Raises:
        ChildProcessError: not as many frames came out as went in.
    """
    frames = len(clip.raw)
    if len(outcome.decoded) != frames:
        raise ChildProcessError(f"{clip.name}: {len(outcome.decoded)} of {frames} frames came out")
    y, u, v = plane_psnrs(clip.raw, outcome.decoded, clip.width, clip.height)
    return {
        "frames": frames,
        "bytes": outcome.size,
        "kbps": round(8 * outcome.size * float(clip.rate) / frames / 1000, 3),
        "psnr_y": round(y, 4),
        "psnr_u": round(u, 4),
        "psnr_v": round(v, 4),
        "psnr_611": round((6 * y + u + v) / 8, 4),
        "encode_fps": round(frames / max(outcome.encode_cpu_s, 1e-3), 2),
        "decode_fps": round(frames / max(outcome.decode_cpu_s, 1e-3), 2),
    }


def plane_psnrs(original: Raw, decoded: Raw, width: int, height: int) -> tuple[float, float, float]:
    """For each plane the mean over the frames of its PSNR in dB."""

    def mean_psnr(plane: Raw, other: Raw) -> float:
        return float(np.mean([min(metrics.psnr(*pair), EXACT_DB) for pair in zip(plane, other, strict=True)]))

    y, u, v = map(mean_psnr, split_planes(original, width, height), split_planes(decoded, width, height))
    return y, u, v


def measure_all(
    codecs: Sequence[VideoCodec],
    clips: Sequence[Clip],
    store: PointStore,
    report: Callable[[str], None],
) -> list[Point]:
    """All points, codec by codec; one that fails is reported and left out."""
    points = []
    for codec in codecs:
        for clip in filter(codec.takes, clips):
            for setting in codec.ladder:
                try:
                    points.append(store.point(codec, clip, setting))
                except ChildProcessError as error:
                    report(f"{codec.label} {setting:g} {clip.name}: left out: {error}")
    return points


def bd_rates(points: Iterable[Point], reference: str, quality: str) -> dict[str, dict[str, Any]]:
    """BD-rate in percent of every codec against a reference, clip by clip.

    Returns:
        For each codec `clips`: the difference by clip, where both curves have qualities in common, and `mean`
        over them.
    """
    curves: dict[tuple[str, str], Curve] = {}
    for point in points:
        rates, qualities = curves.setdefault((point["codec"], point["clip"]), ([], []))
        rates.append(point["kbps"])
        qualities.append(point[quality])
    by_codec: dict[str, dict[str, float]] = {}
    for (codec, clip), curve in curves.items():
        against = curves.get((reference, clip))
        difference = math.nan if codec == reference or against is None else _bd_rate(curve, against)
        if math.isfinite(difference):
            by_codec.setdefault(codec, {})[clip] = round(difference, 2)
    return {
        codec: {"mean": round(float(np.mean(list(values.values()))), 2), "clips": values}
        for codec, values in by_codec.items()
    }


def _bd_rate(curve: Curve, reference: Curve) -> float:
    """BD-rate in percent; NaN where a curve has no two points that differ, or there is no common quality."""
    try:
        return metrics.bd_rate(*curve, *reference)
    except UsageError:
        return math.nan


def mean_curves(points: Iterable[Point], clips: int) -> list[dict[str, Any]]:
    """One row a codec and setting that has a point for every clip: geometric mean of the rates, mean qualities."""
    groups: dict[tuple[str, float], list[Point]] = {}
    for point in points:
        groups.setdefault((point["codec"], point["setting"]), []).append(point)
    return [
        {
            "codec": codec,
            "setting": setting,
            "kbps": round(statistics.geometric_mean(point["kbps"] for point in group), 3),
            **{name: round(statistics.fmean(point[name] for point in group), 4) for name in QUALITIES},
        }
        for (codec, setting), group in groups.items()
        if len(group) == clips
    ]
