"""Structural similarity (SSIM)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqcodec.errors import UsageError
from vqcodec.metrics.squared_error import PEAK, same_shape

WINDOW = 11
WINDOW_SIGMA = 1.5
K1, K2 = 0.01, 0.03
BAND_ROWS = 64  # rows of the SSIM map computed at a time: few, to bound memory and stay in the cache


def ssim(original: ArrayLike, decoded: ArrayLike, peak: float = PEAK) -> float:
    """Return the mean structural similarity of two planes, at most 1; only identical planes reach 1.

    With means, variances and covariance of a window weighted by a Gaussian (11x11, sigma 1.5), SSIM = (2 mx my + c1)(2
    cov + c2) / ((mx^2 + my^2 + c1)(vx + vy + c2)), c1 = (0.01 peak)^2, c2 = (0.03 peak)^2. It is averaged over the
    windows that lie wholly inside the plane. Along a side shorter than 11 samples the window is as long as the side.

    Args:
        original, decoded: shape (height, width), any numbers; for a colour picture pass `luma` of both.
        peak: the largest possible sample.

    Source: Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error
        visibility to structural similarity", IEEE Trans. Image Processing 13 (2004), section III.B-C.

    Raises:
        UsageError: the shapes differ, or do not have two axes.
    """
    first, second = same_shape(original, decoded)
    if first.ndim != 2:
        raise UsageError(f"SSIM is a measure on one plane (height, width): got shape {first.shape}")
    column, row = (gaussian_window(side) for side in first.shape)
    map_rows = first.shape[0] - column.size + 1
    total = 0.0
    for start in range(0, map_rows, BAND_ROWS):
        rows = slice(start, min(start + BAND_ROWS, map_rows) + column.size - 1)
        band = first[rows].astype(np.float64), second[rows].astype(np.float64)
        total += float(np.sum(_ssim_map(*band, column, row, peak)))
    return total / (map_rows * (first.shape[1] - row.size + 1))


def ssim_db(similarity: float) -> float:
    """Return SSIM on a scale of decibels, -10 log10(1 - SSIM): infinite at 1; 0.9 is 10 dB, 0.99 is 20 dB."""
    return math.inf if similarity >= 1 else -10 * math.log10(1 - similarity)


def gaussian_window(side: int) -> NDArray[np.float64]:
    """Return the weights of the window along a side of `side` samples: min(11, side) weights that sum to 1."""
    taps = min(WINDOW, side)
    distance = np.arange(taps) - (taps - 1) / 2
    weights = np.exp(-0.5 * (distance / WINDOW_SIGMA) ** 2)
    return weights / weights.sum()


def _ssim_map(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    column: NDArray[np.float64],
    row: NDArray[np.float64],
    peak: float,
) -> NDArray[np.float64]:
    """Return the SSIM of each window that lies wholly inside the planes."""
    mean_1, mean_2, square_1, square_2, product = (
        _weighted_mean(plane, column, row) for plane in (first, second, first * first, second * second, first * second)
    )
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    variances = square_1 - mean_1 * mean_1 + square_2 - mean_2 * mean_2
    covariance = product - mean_1 * mean_2
    likeness = (2 * mean_1 * mean_2 + c1) * (2 * covariance + c2)
    return likeness / ((mean_1 * mean_1 + mean_2 * mean_2 + c1) * (variances + c2))


def _weighted_mean(
    plane: NDArray[np.float64], column: NDArray[np.float64], row: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the weighted means of the windows that lie wholly inside the plane, by separable filtering."""
    height = plane.shape[0] - column.size + 1
    width = plane.shape[1] - row.size + 1
    down = np.zeros((height, plane.shape[1]))
    for offset, weight in enumerate(column):
        down += weight * plane[offset : offset + height]
    across = np.zeros((height, width))
    for offset, weight in enumerate(row):
        across += weight * down[:, offset : offset + width]
    return across
