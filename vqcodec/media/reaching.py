"""Find the quality that gives a wanted fidelity, size or rate, in few encodings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

Result = TypeVar("Result")

_MAX_ENCODINGS = 14
_FIRST_STEP, _LEAST_STEP, _LARGEST_STEP = 15.0, 0.5, 45.0  # of quality, while the target is not yet enclosed
_FINEST_QUALITY = 0.02  # bracket of the quality below which the search ends
SIZE_TOLERANCE = 0.004  # of the wanted size


class Tolerance(NamedTuple):
    """How near to a wanted fidelity is near enough.

    Attributes:
        near: distance at which the search ends.
        shortfall: below the target, and still as good as reached.
    """

    near: float
    shortfall: float


PSNR_DB = Tolerance(0.02, 0.05)
SSIMULACRA2 = Tolerance(0.05, 0.1)


def reach_fidelity(
    encode: Callable[[float], Result],
    fidelity_of: Callable[[Result], float],
    target: float,
    tolerance: Tolerance = PSNR_DB,
) -> tuple[float, Result]:
    """Return the quality (0 to 100) whose fidelity is nearest to `target`, and its encoding.

    Its fidelity is at most `tolerance.shortfall` below the target, even if another one is nearer from below. If no
    quality reaches that, it is the best that was found. If quality 0 reaches it, it is that.

    Args:
        encode: encodes at a quality.
        fidelity_of: returns the PSNR in dB, or what else is asked for, of an encoding; it must grow with quality.
    """

    def excess(result: Result) -> float:
        return min(fidelity_of(result), 120.0) - target

    def loss(gap: float) -> float:
        return abs(gap) if gap >= -tolerance.shortfall else 1e6 - gap

    return _search(encode, excess, tolerance.near, loss, end=0.0)


def reach_size(
    encode: Callable[[float], Result], size_of: Callable[[Result], int], target_bytes: int
) -> tuple[float, Result]:
    """Return the highest quality that takes at most `target_bytes`, and its encoding; the smallest if none does.

    Args:
        encode: encodes at a quality.
        size_of: returns the bytes of an encoding; they must grow with quality.
    """

    def excess(result: Result) -> float:
        return math.log(size_of(result) / target_bytes)

    return _search(encode, excess, SIZE_TOLERANCE, lambda gap: -gap if gap <= 0 else math.inf, end=100.0)


def reach_rate(
    encode: Callable[[float], Result], size_of: Callable[[Result], int], wanted_bytes: int, tolerance: float
) -> tuple[float, Result]:
    """Return the quality whose size is near `wanted_bytes`, above or below, and its encoding.

    If none is, it is the nearest one below, or the smallest if all are above. If quality 100 takes less, it is that.

    Args:
        encode: encodes at a quality.
        size_of: returns the bytes of an encoding; they must grow with quality.
        tolerance: at which the search ends, as a part of the size. Twice that counts as near.
    """

    def excess(result: Result) -> float:
        return math.log(size_of(result) / wanted_bytes)

    def loss(gap: float) -> float:
        return abs(gap) if gap <= 2 * tolerance else math.inf

    return _search(encode, excess, tolerance, loss, end=100.0)


def _search(
    encode: Callable[[float], Result],
    excess: Callable[[Result], float],
    tolerance: float,
    loss: Callable[[float], float],
    *,
    end: float,
) -> tuple[float, Result]:
    """Find the root of `excess`: step outwards until both sides are known, then interpolate (regula falsi).

    Args:
        tolerance: of the loss, at which to stop.
        loss: of an excess; infinite, or 1e6 and more, if the target is not kept.
        end: the quality to take if the target leaves room even there.
    """
    tried: dict[float, tuple[float, Result]] = {}

    def gap_at(quality: float) -> float:
        if quality not in tried:
            result = encode(quality)
            tried[quality] = excess(result), result
        return tried[quality][0]

    low, high = 0.0, 100.0
    middle = 60.0  # most targets are met near here, which saves encodings at the ends
    while len(tried) < _MAX_ENCODINGS:
        gap = gap_at(middle)
        if loss(gap) <= tolerance or high - low < _FINEST_QUALITY:
            break
        low, high = (middle, high) if gap < 0 else (low, middle)
        ends_known = low in tried and high in tried
        if not ends_known:
            border = high if gap < 0 else low
            step = min(_outward(tried), abs(border - middle))
            middle = middle + step if gap < 0 else middle - step
            if middle in tried:
                break
            continue
        below, above = tried[low][0], tried[high][0]
        share = min(max(-below / (above - below), 0.1), 0.9) if above > below else 0.5
        middle = low + share * (high - low)
    if end in tried and loss(tried[end][0]) < 1e6:  # at the ends, sizes and PSNR may stay the same, or go back a little
        return end, tried[end][1]
    best = min(tried, key=lambda quality: (_finite(loss(tried[quality][0]), tried[quality][0]), quality))
    return best, tried[best][1]


def _outward(tried: Mapping[float, tuple[float, Result]]) -> float:
    """Return how far to step while all that was tried is on one side: to the root of the line through the last two."""
    if len(tried) < 2:
        return _FIRST_STEP
    (before, (gap_before, _)), (last, (gap, _)) = list(tried.items())[-2:]
    if (gap - gap_before) * (last - before) <= 0:
        return _FIRST_STEP
    return min(max(abs(gap * (last - before) / (gap - gap_before)), _LEAST_STEP), _LARGEST_STEP)


def _finite(loss: float, gap: float) -> float:
    """Return a finite loss: those that break the target rank behind all that keep it, the smallest excess first."""
    return loss if math.isfinite(loss) else 1e6 + gap
