"""Finding the lambda that makes a recording as large as wished."""

from __future__ import annotations

import math
from collections.abc import Callable

TOLERANCE = 0.006  # of the rate, at which the search ends
MAX_PASSES = 5
MAX_QUICK_PASSES = 5
LEAST_LAMBDA, MOST_LAMBDA = 1e-6, 30.0
_SLOPE = -0.55  # of log rate over log lambda, before it is known
_LEAST_SLOPE, _MOST_SLOPE = -1.5, -0.15
_LONGEST_STEP = 3.0  # of log lambda

Measure = Callable[[float], float]


def find_lambda(measure: Measure, wanted: float, start: float, passes: int, tolerance: float) -> tuple[float, float]:
    """Return (lambda, rate) of the pass whose rate is nearest to `wanted`, by the secant of logarithms.

    Args:
        measure: encodes at a lambda and returns the rate, which falls with lambda.
        wanted: rate, positive.
        start: lambda to begin with.
        passes: at most so many calls of `measure`.
        tolerance: relative error at which to stop.
    """
    goal = math.log(wanted)
    log_lambda = math.log(start)
    slope = _SLOPE
    tried: list[tuple[float, float]] = []
    for _ in range(passes):
        error = math.log(max(measure(math.exp(log_lambda)), 1e-9)) - goal
        tried.append((error, log_lambda))
        if abs(error) <= tolerance:
            break
        if len(tried) > 1 and abs(tried[-1][1] - tried[-2][1]) > 1e-9:
            measured = (tried[-1][0] - tried[-2][0]) / (tried[-1][1] - tried[-2][1])
            slope = min(max(measured, _LEAST_SLOPE), _MOST_SLOPE)
        step = min(max(-error / slope, -_LONGEST_STEP), _LONGEST_STEP)
        log_lambda = min(max(log_lambda + step, math.log(LEAST_LAMBDA)), math.log(MOST_LAMBDA))
        if any(abs(log_lambda - other) < 1e-6 for _, other in tried):
            break
    error, log_lambda = min(tried, key=lambda item: abs(item[0]))
    return math.exp(log_lambda), wanted * math.exp(error)
