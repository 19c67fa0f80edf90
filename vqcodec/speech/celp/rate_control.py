"""Search of the lambda that gives a recording the wanted size, and mixtures of two for when no single one does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

LEAST_LAMBDA, MOST_LAMBDA = 1e-6, 30.0
_SLOPE = -0.55  # of log rate over log lambda, until it has been measured
_LEAST_SLOPE, _MOST_SLOPE = -1.5, -0.15
_LONGEST_STEP = 3.0  # of log lambda
_LEAST_STEP = 1e-4

Measure = Callable[[float], float]


class Aim(NamedTuple):
    """The lambdas of an encoding: `coarse` in a `share` of the frames, `fine` in the others.

    If `spread`, the coarse frames are spread evenly. Otherwise they are the last ones of each group.
    """

    fine: float
    coarse: float
    share: float = 0.0
    spread: bool = True

    @classmethod
    def of(cls, lambda_: float) -> Aim:
        """Return the aim with one lambda for all frames."""
        return cls(lambda_, lambda_)

    @property
    def mean(self) -> float:
        """The geometric mean of lambda over the frames."""
        return self.fine ** (1 - self.share) * self.coarse**self.share

    def lambdas(self, first: int, count: int) -> npt.NDArray[np.float64]:
        """Return lambda of each of the `count` frames of a group that begins with frame `first`, float64 (count,)."""
        if not self.spread:
            return np.where(np.arange(count) < round((1 - self.share) * count), self.fine, self.coarse)
        turns = np.floor(np.arange(first, first + count + 1) * self.share)
        return np.where(np.diff(turns) > 0, self.coarse, self.fine)


def find_lambda(measure: Measure, wanted: float, start: float, passes: int, tolerance: float) -> float:
    """Return the tried lambda whose rate is nearest to `wanted`.

    The search follows the secant of the logarithms, between the lambdas known to give too much and too little.

    Args:
        measure: encodes at a lambda and returns the rate, which mostly falls with lambda.
        wanted: rate, positive.
        start: lambda to begin with.
        passes: most calls of `measure`.
        tolerance: relative error at which to stop.
    """
    goal = math.log(wanted)
    low, high = math.log(LEAST_LAMBDA), math.log(MOST_LAMBDA)  # of too high a rate, of too low a rate
    log_lambda = min(max(math.log(start), low), high)
    tried: list[tuple[float, float]] = []  # (error of log rate, log lambda)
    for _ in range(passes):
        error = math.log(max(measure(math.exp(log_lambda)), 1e-9)) - goal
        tried.append((error, log_lambda))
        if abs(error) <= tolerance:
            break
        if error > 0:
            low = max(low, log_lambda)
        else:
            high = min(high, log_lambda)
        following = log_lambda + min(max(-error / _slope(tried), -_LONGEST_STEP), _LONGEST_STEP)
        if not low < following < high or len(tried) > 3:
            following = (low + high) / 2 if len(tried) > 1 else min(max(following, low), high)
        if abs(following - log_lambda) < _LEAST_STEP:
            break
        log_lambda = following
    return math.exp(min(tried, key=lambda item: abs(item[0]))[1])


def find_share(
    measure: Measure, wanted: float, larger: float, smaller: float, passes: int, tolerance: float
) -> tuple[float, float]:
    """Return (share, size): the tried share, 0 to 1, whose size is nearest to `wanted`.

    The search alternates between bisection and the place where a line through the sizes at both ends has `wanted`.

    Args:
        measure: encodes with a share of coarser frames and returns the size.
        wanted: size, between `larger` and `smaller`.
        larger, smaller: sizes at share 0 and at share 1.
        passes: most calls of `measure`, 1 or more.
        tolerance: relative error at which to stop.
    """
    low, high = 0.0, 1.0
    tried: list[tuple[float, float, float]] = []  # (relative error, share, size)
    for number in range(passes):
        across = (larger - wanted) / max(larger - smaller, 1e-9)
        share = low + (high - low) * (min(max(across, 0.1), 0.9) if number % 2 == 0 else 0.5)
        size = measure(share)
        tried.append((abs(size / wanted - 1), share, size))
        if tried[-1][0] <= tolerance:
            break
        if size > wanted:
            low, larger = share, size
        else:
            high, smaller = share, size
    _, share, size = min(tried)
    return share, size


def _slope(tried: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the log rate over log lambda, from the last two of the passes."""
    if len(tried) < 2 or abs(tried[-1][1] - tried[-2][1]) < _LEAST_STEP:
        return _SLOPE
    measured = (tried[-1][0] - tried[-2][0]) / (tried[-1][1] - tried[-2][1])
    return min(max(measured, _LEAST_SLOPE), _MOST_SLOPE)


def mix(larger: Sequence[int], smaller: Sequence[int], wanted: float) -> list[bool]:
    """Return which groups to take from the larger of two encodings to come nearest to `wanted`, spread evenly.

    Args:
        larger, smaller: sizes of the groups in two encodings of the same recording.
        wanted: total size, between the sums.
    """
    surplus = [more - less for more, less in zip(larger, smaller)]
    missing = wanted - sum(smaller)
    share = missing / max(sum(surplus), 1)
    chosen = []
    due = 0.0
    for extra in surplus:
        due += share * extra
        chosen.append(due >= extra / 2)
        due -= extra if chosen[-1] else 0
    return chosen
