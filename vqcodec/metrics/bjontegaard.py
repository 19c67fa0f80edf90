"""Bjontegaard's comparison of two rate-distortion curves, with piecewise cubic interpolation.

The curves are interpolated by the monotone piecewise cubic of Fritsch and Butland (PCHIP), as is usual since HEVC's
common test conditions, instead of one cubic fitted to all points. It passes through the points, never overshoots, and
takes any number of them.

Sources: G. Bjontegaard, "Calculation of average PSNR differences between RD-curves", ITU-T SG16 VCEG-M33,
    2001. F. N. Fritsch and J. Butland, "A method for constructing local monotone piecewise cubic
    interpolants", SIAM J. Sci. Stat. Comput. 5 (1984). The slopes at the ends follow C. Moler,
    "Numerical Computing with MATLAB", 2004, section 3.6.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqcodec.errors import UsageError

Curve = NDArray[np.float64]


def bd_rate(rates: ArrayLike, qualities: ArrayLike, rates_ref: ArrayLike, qualities_ref: ArrayLike) -> float:
    """Return the mean difference of rate at equal quality, in percent of the reference's rate; negative is better.

    It is 100 (exp(mean of ln R(q) - ln R_ref(q)) - 1), with the mean over the qualities that both curves reach. Points
    that another point of the same curve beats in both rate and quality are ignored.

    Args:
        rates, rates_ref: shape (points,), any unit, the same for both, above 0.
        qualities, qualities_ref: shape (points,), finite, on a scale of decibels (`psnr`, `ssim_db`).

    Returns:
        NaN if the curves have no range of quality in common.

    Raises:
        UsageError: a curve has fewer than two points left, or the inputs do not fit together.
    """
    log_rate, quality = _curve(rates, qualities, "measured")
    log_rate_ref, quality_ref = _curve(rates_ref, qualities_ref, "reference")
    difference = _mean_difference(quality, log_rate, quality_ref, log_rate_ref)
    return 100 * (math.exp(difference) - 1)


def bd_quality(rates: ArrayLike, qualities: ArrayLike, rates_ref: ArrayLike, qualities_ref: ArrayLike) -> float:
    """Return the mean difference of quality at equal rate, in the unit of the qualities; positive means better.

    It is the mean of q(R) - q_ref(R) over the logarithm of the rates that both curves reach. Arguments and errors are
    as in `bd_rate`.
    """
    log_rate, quality = _curve(rates, qualities, "measured")
    log_rate_ref, quality_ref = _curve(rates_ref, qualities_ref, "reference")
    return _mean_difference(log_rate, quality, log_rate_ref, quality_ref)


def pchip_slopes(x: Curve, y: Curve) -> Curve:
    """Return the derivatives, shape (points,), of the monotone piecewise cubic through (x, y) at its points.

    Args:
        x: shape (points,), strictly increasing, at least two points.
        y: shape (points,).
    """
    width = np.diff(x)
    secant = np.diff(y) / width
    if x.size == 2:
        return np.repeat(secant, 2)
    slopes = np.zeros_like(x)
    before, after = secant[:-1], secant[1:]
    rising = before * after > 0  # a turning point has slope 0
    weight_before = (2 * width[1:] + width[:-1])[rising]
    weight_after = (width[1:] + 2 * width[:-1])[rising]
    harmonic = weight_before / before[rising] + weight_after / after[rising]
    slopes[1:-1][rising] = (weight_before + weight_after) / harmonic
    slopes[0] = _end_slope(width[0], width[1], secant[0], secant[1])
    slopes[-1] = _end_slope(width[-1], width[-2], secant[-1], secant[-2])
    return slopes


def pchip_integral(x: Curve, y: Curve, low: float, high: float) -> float:
    """Return the integral from `low` to `high`, both within x, of the monotone piecewise cubic through (x, y)."""
    width = np.diff(x)
    slopes = pchip_slopes(x, y)
    start = (np.clip(low, x[:-1], x[1:]) - x[:-1]) / width
    end = (np.clip(high, x[:-1], x[1:]) - x[:-1]) / width
    pieces = (width, y[:-1], y[1:], slopes[:-1], slopes[1:])
    return float(np.sum(_hermite_antiderivative(end, *pieces) - _hermite_antiderivative(start, *pieces)))


def _hermite_antiderivative(
    t: Curve, width: Curve, left: Curve, right: Curve, slope_left: Curve, slope_right: Curve
) -> Curve:
    """Return the integral from 0 to t (0 to 1 across a piece) of the cubic with these values and slopes at its ends."""
    t2, t3, t4 = t * t, t**3, t**4
    value = (t4 / 2 - t3 + t) * left + (t3 - t4 / 2) * right
    slope = (t4 / 4 - 2 * t3 / 3 + t2 / 2) * slope_left + (t4 / 4 - t3 / 3) * slope_right
    return width * (value + width * slope)


def _end_slope(width: float, next_width: float, secant: float, next_secant: float) -> float:
    """Return the three-point slope at an end, limited so that the curve keeps its shape."""
    slope = ((2 * width + next_width) * secant - width * next_secant) / (width + next_width)
    if slope * secant <= 0:
        return 0.0
    if secant * next_secant <= 0 and abs(slope) > 3 * abs(secant):
        return 3 * secant
    return slope


def _mean_difference(x: Curve, y: Curve, x_ref: Curve, y_ref: Curve) -> float:
    """Return the mean of y - y_ref over the range that x and x_ref share; NaN if they share none."""
    low, high = max(x[0], x_ref[0]), min(x[-1], x_ref[-1])
    if low >= high:
        return math.nan
    return (pchip_integral(x, y, low, high) - pchip_integral(x_ref, y_ref, low, high)) / (high - low)


def _curve(rates: ArrayLike, qualities: ArrayLike, subject: str) -> tuple[Curve, Curve]:
    """Return the logarithm of rate, and quality, both strictly increasing, of the points that no other point beats."""
    rate, quality = np.asarray(rates, np.float64), np.asarray(qualities, np.float64)
    if rate.ndim != 1 or rate.shape != quality.shape:
        raise UsageError(f"{subject} curve: {rate.shape} rates and {quality.shape} qualities do not pair up")
    if not (np.isfinite(rate).all() and np.isfinite(quality).all() and (rate > 0).all()):
        raise UsageError(f"{subject} curve: rates must be above 0, rates and qualities finite")
    order = np.lexsort((-quality, rate))
    rate, quality = rate[order], quality[order]
    best_before = np.concatenate([[-math.inf], np.maximum.accumulate(quality)[:-1]])
    kept = quality > best_before
    if np.count_nonzero(kept) < 2:
        raise UsageError(f"{subject} curve: needs two points that differ in rate and quality")
    return np.log(rate[kept]), quality[kept]
