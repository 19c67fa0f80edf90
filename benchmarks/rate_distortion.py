"""Measuring codecs on pictures: points of rate and quality, cached for the peers, and their comparison.

A point is a dictionary that goes into the JSON as it is: `picture`, `codec`, `setting`, `bytes` (the whole
file), `bpp`, `psnr_rgb` and `psnr_luma` (dB), `ssim_luma`, `encode_s`, `decode_s` (wall clock, one run), and where
it is asked for what `seen.measures` finds.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import seen
from benchmarks.datasets import Picture, Samples
from benchmarks.peers import Codec
from benchmarks.stored_points import Point, StoredPoints
from vqcodec import metrics

QUALITIES = {"psnr_rgb": "RGB PSNR", "psnr_luma": "luma PSNR", "ssim_luma": "SSIM (luma)"}
EXACT_DB = 60.0  # what a picture decoded without error counts in the mean PSNR of a set


class PointCache(StoredPoints):
    """Points of the peers from earlier runs, kept by picture, library version, options and setting.

    Args:
        path: the file that keeps them; None keeps nothing.
        perceptual: whether points hold what `seen.measures` finds. These values are kept by what they compare, so that
            a run that was stopped measures none twice, not even of a codec without an identity.
    """

    def __init__(self, path: Path | None, *, perceptual: bool = False) -> None:
        super().__init__(path)
        self._perceptual = perceptual

    def point(self, codec: Codec, picture: Picture, setting: float) -> Point:
        """The stored point, or a new measurement; a codec without an identity is always measured."""
        shape = "x".join(map(str, picture.samples.shape))
        key = f"@ {setting:g} / {shape} {_digest(picture.samples)}"
        if self._perceptual:
            key += f" / {seen.available()}"
        further = self._seen if self._perceptual else None
        measured = self.recall(codec.identity, key, lambda: measure(codec, picture, setting, further))
        return measured | {"picture": picture.name}

    def _seen(self, original: Samples, decoded: Samples) -> Point:
        key = f"/ {_digest(original)} {_digest(decoded)}"
        return self.recall(seen.available(), key, lambda: seen.measures(original, decoded))


def _digest(samples: Samples) -> str:
    return hashlib.sha256(samples.tobytes()).hexdigest()[:32]


def measure(
    codec: Codec, picture: Picture, setting: float, further: Callable[[Samples, Samples], Point] | None = None
) -> Point:
    """Encode and decode one picture at one setting; `further` measures more of the original and decoded samples."""
    start = time.perf_counter()
    data = codec.encode(picture.samples, setting)
    encoded = time.perf_counter()
    decoded = codec.decode(data)
    end = time.perf_counter()
    decoded = like(decoded, picture.samples)
    luma, decoded_luma = metrics.luma(picture.samples), metrics.luma(decoded)
    return {
        "picture": picture.name,
        "codec": codec.name,
        "setting": setting,
        "bytes": len(data),
        "bpp": round(8 * len(data) / luma.size, 5),
        "psnr_rgb": round(metrics.psnr_rgb(picture.samples, decoded), 4),
        "psnr_luma": round(metrics.psnr(luma, decoded_luma), 4),
        "ssim_luma": round(metrics.ssim(luma, decoded_luma), 6),
        "encode_s": round(encoded - start, 5),
        "decode_s": round(end - encoded, 5),
        **(further(picture.samples, decoded) if further else {}),
    }


def like(decoded: Samples, original: Samples) -> Samples:
    """A decoded picture in the shape of its original: formats that know no grey give RGB."""
    if original.ndim == decoded.ndim:
        return decoded
    if decoded.shape[2] == 1:
        return decoded[..., 0]
    return np.round(metrics.luma(decoded)).astype(np.uint8)


def quality_db(point: Point, quality: str) -> float:
    """A point's quality on the scale that Bjontegaard's comparison needs: of SSIM decibels, of others as it is."""
    value = point[quality]
    return metrics.ssim_db(value) if quality == "ssim_luma" else value


def bd_rates(points: Sequence[Point], reference: str, quality: str) -> dict[str, dict[str, Any]]:
    """BD-rate in percent of every codec against a reference codec: per picture, then the mean over the
    pictures.

    Returns:
        For each codec the `mean`, `best` and `worst` over the pictures whose curves overlap, and their
        number.
    """
    curves = _curves(points, quality)
    by_codec: dict[str, list[float]] = {}
    for (codec, picture), curve in curves.items():
        if codec == reference or (reference, picture) not in curves:
            continue
        difference = metrics.bd_rate(*curve, *curves[reference, picture])
        if not math.isnan(difference):
            by_codec.setdefault(codec, []).append(difference)
    return {
        codec: {
            "mean": round(float(np.mean(values)), 2),
            "best": round(min(values), 2),
            "worst": round(max(values), 2),
            "pictures": len(values),
        }
        for codec, values in by_codec.items()
    }


def _curves(points: Iterable[Point], quality: str) -> dict[tuple[str, str], tuple[list[float], list[float]]]:
    """Rates (bpp) and qualities (dB) by codec and picture; exact points have no place on the scale."""
    curves: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    for point in points:
        if quality not in point:
            continue
        value = quality_db(point, quality)
        if math.isfinite(value):
            rates, qualities = curves.setdefault((point["codec"], point["picture"]), ([], []))
            rates.append(point["bpp"])
            qualities.append(value)
    return curves


def mean_curves(points: Iterable[Point]) -> list[dict[str, Any]]:
    """One row a codec and setting: total bytes, mean bpp, and the qualities' means over the pictures.

    Means are of decibels. `psnr_pooled` is the PSNR of the mean squared error over all pictures of the set
    (they are of one size); a picture without error counts 60 dB in the mean PSNR.
    """
    groups: dict[tuple[str, float], list[Point]] = {}
    for point in points:
        groups.setdefault((point["codec"], point["setting"]), []).append(point)
    return [_mean_point(codec, setting, group) for (codec, setting), group in groups.items()]


def _mean_point(codec: str, setting: float, group: list[Point]) -> dict[str, Any]:
    def mean(values: Iterable[float]) -> float:
        return round(float(np.mean(list(values))), 4)

    squared_error = np.mean([10 ** (-point["psnr_rgb"] / 10) for point in group])
    return {
        "codec": codec,
        "setting": setting,
        "bytes": sum(point["bytes"] for point in group),
        "bpp": mean(point["bpp"] for point in group),
        "psnr_rgb": mean(min(point["psnr_rgb"], EXACT_DB) for point in group),
        "psnr_pooled": round(-10 * math.log10(squared_error), 4) if squared_error > 0 else EXACT_DB,
        "psnr_luma": mean(min(point["psnr_luma"], EXACT_DB) for point in group),
        "ssim_db": mean(min(quality_db(point, "ssim_luma"), EXACT_DB) for point in group),
    }


def bd_rates_of_set(curves: Sequence[dict[str, Any]], reference: str, quality: str) -> dict[str, float | None]:
    """BD-rate in percent of every codec against a reference on the mean curves of a set: total bytes, mean
    quality.

    Returns:
        None for a codec whose curve has no quality in common with the reference's.
    """
    by_codec: dict[str, tuple[list[float], list[float]]] = {}
    for row in curves:
        rates, qualities = by_codec.setdefault(row["codec"], ([], []))
        rates.append(row["bytes"])
        qualities.append(row[quality])
    differences = {
        codec: metrics.bd_rate(*curve, *by_codec[reference])
        for codec, curve in by_codec.items()
        if codec != reference and reference in by_codec
    }
    return {codec: None if math.isnan(value) else round(value, 2) for codec, value in differences.items()}
