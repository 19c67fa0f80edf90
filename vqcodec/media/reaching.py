"""Finding the quality that gives a wanted PSNR or size, in few encodings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

Result = TypeVar("Result")

_MAX_ENCODINGS = 14
_FIRST_STEP, _LEAST_STEP, _LARGEST_STEP = 15.0, 0.5, 45.0  # of quality, while the target is not yet enclosed
_FINEST_QUALITY = 0.02  # bracket of the quality below which the search ends
PSNR_TOLERANCE_DB = 0.02
SIZE_TOLERANCE = 0.004  # of the wanted size


def reach_psnr(
    encode: Callable[[float], Result], psnr_of: Callable[[Result], float], target_db: float
) -> tuple[float, Result]:
    """The quality (0 to 100) whose PSNR comes nearest to `target_db`, and its encoding; the highest if none reaches it.

    Args:
        encode: encodes at a quality.
        psnr_of: the PSNR of an encoding, growing with quality.
    """

    def excess(result: Result) -> float:
        return min(psnr_of(result), 120.0) - target_db

    return _search(encode, excess, PSNR_TOLERANCE_DB, lambda gap: abs(gap))


def reach_size(
    encode: Callable[[float], Result], size_of: Callable[[Result], int], target_bytes: int
) -> tuple[float, Result]:
    """The highest quality that takes at most `target_bytes`, and its encoding; quality 0 if none does.

    Args:
        encode: encodes at a quality.
        size_of: the size of an encoding in bytes, growing with quality.
    """

    def excess(result: Result) -> float:
        return math.log(size_of(result) / target_bytes)

    return _search(encode, excess, SIZE_TOLERANCE, lambda gap: -gap if gap <= 0 else math.inf)


def reach_rate(
    encode: Callable[[float], Result], size_of: Callable[[Result], int], wanted_bytes: int, tolerance: float
) -> tuple[float, Result]:
    """The quality whose size comes near `wanted_bytes` from either side, and its encoding; the nearest if none does.

    Args:
        encode: encodes at a quality.
        size_of: the size of an encoding in bytes, growing with quality.
        tolerance: part of the wanted size by which it may be missed.
    """

    def excess(result: Result) -> float:
        return math.log(size_of(result) / wanted_bytes)

    return _search(encode, excess, tolerance, abs)


def _search(
    encode: Callable[[float], Result],
    excess: Callable[[Result], float],
    tolerance: float,
    loss: Callable[[float], float],
) -> tuple[float, Result]:
    """Root of `excess` by the Illinois variant of regula falsi with bisection when it stalls."""
    tried: dict[float, tuple[float, Result]] = {}

    def gap_at(quality: float) -> float:
        if quality not in tried:
            result = encode(quality)
            tried[quality] = excess(result), result
        return tried[quality][0]

    low, high = 0.0, 100.0
    middle = 60.0  # most wishes are met near here, so it saves encodings at the ends
    while len(tried) < _MAX_ENCODINGS:
        gap = gap_at(middle)
        if loss(gap) <= tolerance or high - low < _FINEST_QUALITY:
            break
        low, high = (middle, high) if gap < 0 else (low, middle)
        ends_known = low in tried and high in tried
        if not ends_known:
            end = high if gap < 0 else low
            step = min(_outward(tried), abs(end - middle))
            middle = middle + step if gap < 0 else middle - step
            if middle in tried:
                break
            continue
        below, above = tried[low][0], tried[high][0]
        share = min(max(-below / (above - below), 0.1), 0.9) if above > below else 0.5
        middle = low + share * (high - low)
    best = min(tried, key=lambda quality: (_finite(loss(tried[quality][0]), tried[quality][0]), quality))
    return best, tried[best][1]


def _outward(tried: Mapping[float, tuple[float, Result]]) -> float:
    """How far to go on where all that was tried lies on one side: to where the line through the last two crosses."""
    if len(tried) < 2:
        return _FIRST_STEP
    (before, (gap_before, _)), (last, (gap, _)) = list(tried.items())[-2:]
    if (gap - gap_before) * (last - before) <= 0:
        return _FIRST_STEP
    return min(max(abs(gap * (last - before) / (gap - gap_before)), _LEAST_STEP), _LARGEST_STEP)


def _finite(loss: float, gap: float) -> float:
    """Losses that break the target rank behind all that keep it, the smallest excess first."""
    return loss if math.isfinite(loss) else 1e6 + gap
