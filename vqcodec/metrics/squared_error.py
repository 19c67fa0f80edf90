"""Mean squared error, and peak signal-to-noise ratios.

All sums are in float64, where sums of squared differences of 8-bit samples are exact up to 10^11 samples. They are
taken over runs of bounded length, so that memory does not grow with the picture.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqcodec.errors import UsageError

PEAK = 255.0
EXACT_PLANE_DB = 100.0  # PSNR of a plane without error in the 6:1:1 mean, if another plane has errors
ROUNDING = 1e-25  # of the signal: far below one wrong sample of 10^11, far above what YCbCr of equal samples differ by
RUN_SAMPLES = 1 << 18  # samples in a partial sum

# ITU-R BT.601-7, section 2.5.1: luma of R'G'B', here at full range as in JFIF.
LUMA_WEIGHTS = (0.299, 0.587, 0.114)


def mse(original: ArrayLike, decoded: ArrayLike) -> float:
    """Return the mean squared error over all samples: sum((x - y)^2) / n.

    Args:
        original, decoded: any numbers, of one shape, at least one sample.

    Raises:
        UsageError: the shapes differ, or there is no sample.
    """
    first, second = same_shape(original, decoded)
    first, second = first.reshape(-1), second.reshape(-1)
    total = 0.0
    for start in range(0, first.size, RUN_SAMPLES):
        run = slice(start, start + RUN_SAMPLES)
        difference = first[run].astype(np.float64) - second[run]
        total += float(np.sum(difference * difference))
    return total / first.size


def psnr(original: ArrayLike, decoded: ArrayLike, peak: float = PEAK) -> float:
    """Return the peak signal-to-noise ratio in dB: 10 log10(peak^2 / MSE); infinite for identical arrays.

    Args:
        original, decoded: any numbers, of one shape.
        peak: the largest possible sample.

    Raises:
        UsageError: the shapes differ, or there is no sample.
    """
    return _decibels(peak * peak, mse(original, decoded))


def plane_psnr(original: ArrayLike, decoded: ArrayLike, peak: float = PEAK) -> tuple[float, ...]:
    """Return the PSNR in dB of each channel.

    Args:
        original, decoded: shape (height, width, channels), or (height, width) for a single plane.
        peak: the largest possible sample.

    Raises:
        UsageError: the shapes differ, or are not those of a picture.
    """
    first, second = _pictures(original, decoded)
    return tuple(psnr(first[..., plane], second[..., plane], peak) for plane in range(first.shape[2]))


def psnr_rgb(original: ArrayLike, decoded: ArrayLike, peak: float = PEAK) -> float:
    """Return the PSNR in dB over all samples of the colour channels together (one MSE over R, G and B), without alpha.

    Args:
        original, decoded: shape (height, width, 1 to 4 channels) or (height, width). The result for a grey picture is
            its PSNR.
        peak: the largest possible sample.

    Raises:
        UsageError: the shapes differ, or are not those of a picture.
    """
    first, second = _pictures(original, decoded)
    colours = _colour_channels(first)
    return psnr(first[..., :colours], second[..., :colours], peak)


def luma(samples: ArrayLike) -> NDArray[np.float64]:
    """Return luma by BT.601 at full range, 0.299 R + 0.587 G + 0.114 B, not rounded; alpha is ignored.

    Args:
        samples: shape (height, width, 1 to 4 channels) or (height, width).

    Returns:
        float64 (height, width), in the units of the samples.

    Raises:
        UsageError: the shape is not that of a picture.
    """
    picture = _picture(samples)
    if _colour_channels(picture) == 1:
        return picture[..., 0].astype(np.float64)
    red, green, blue = LUMA_WEIGHTS
    return red * picture[..., 0] + green * picture[..., 1] + blue * picture[..., 2]


def ycbcr(samples: ArrayLike) -> NDArray[np.float64]:
    """Return YCbCr by BT.601 at full range, as in JFIF but without the offset of 128 and without rounding.

    Cb = (B - Y) / 1.772 and Cr = (R - Y) / 1.402, so that each spans -127.5 to 127.5.

    Args:
        samples: shape (height, width, 3 or 4); a fourth channel (alpha) is ignored.

    Returns:
        float64 (height, width, 3).

    Raises:
        UsageError: the shape is not that of a colour picture.
    """
    picture = _picture(samples)
    if _colour_channels(picture) != 3:
        raise UsageError(f"YCbCr needs a colour picture: the samples have shape {picture.shape}")
    y = luma(picture)
    return np.stack([y, (picture[..., 2] - y) / 1.772, (picture[..., 0] - y) / 1.402], axis=-1)


def psnr_611(original: ArrayLike, decoded: ArrayLike, peak: float = PEAK) -> float:
    """Return the weighted PSNR in dB of a colour picture in YCbCr: (6 PSNR_Y + PSNR_Cb + PSNR_Cr) / 8.

    A plane without error counts as 100 dB, so that a grey picture stored as RGB has a finite result. If all three
    planes are without error, the result is infinite. The result for a grey picture is its PSNR.

    Args:
        original, decoded: RGB samples, shape (height, width, 3 or 4), or a grey picture; alpha is ignored.
        peak: the largest possible sample.

    Source: J.-R. Ohm, G. J. Sullivan, H. Schwarz, T. K. Tan, T. Wiegand, "Comparison of the coding efficiency
        of video coding standards", IEEE Trans. CSVT 22 (2012), section III.A.

    Raises:
        UsageError: the shapes differ, or are not those of a picture.
    """
    first, second = _pictures(original, decoded)
    if _colour_channels(first) == 1:
        return psnr(first[..., :1], second[..., :1], peak)
    planes = plane_psnr(ycbcr(first), ycbcr(second), peak)
    if all(math.isinf(plane) for plane in planes):
        return math.inf
    y, cb, cr = (min(plane, EXACT_PLANE_DB) for plane in planes)
    return (6 * y + cb + cr) / 8


def same_shape(original: ArrayLike, decoded: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both as arrays, after a check that they can be compared sample by sample.

    Raises:
        UsageError: the shapes differ, or there is no sample.
    """
    first, second = np.asarray(original), np.asarray(decoded)
    if first.shape != second.shape:
        raise UsageError(f"cannot compare arrays of different shapes: {first.shape} and {second.shape}")
    if first.size == 0:
        raise UsageError(f"cannot compare empty arrays: shape {first.shape}")
    return first, second


def _decibels(signal: float, noise: float) -> float:
    """Return the ratio of two energies in dB; infinite without noise, or if it is only the rounding of float64."""
    return math.inf if noise <= ROUNDING * signal else 10 * math.log10(signal / noise)


def _picture(samples: ArrayLike) -> NDArray[Any]:
    """Return a picture as (height, width, channels)."""
    picture = np.asarray(samples)
    if picture.ndim == 2:
        picture = picture[..., np.newaxis]
    if picture.ndim != 3 or not 1 <= picture.shape[2] <= 4:
        raise UsageError(f"a picture is (height, width) or (height, width, 1 to 4): got shape {picture.shape}")
    return picture


def _pictures(original: ArrayLike, decoded: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both pictures as (height, width, channels), after a check that they can be compared."""
    first, second = same_shape(original, decoded)
    return _picture(first), _picture(second)


def _colour_channels(picture: NDArray[Any]) -> int:
    """Return 1 for grey, 3 for colour: of an even number of channels the last is alpha."""
    return 3 if picture.shape[2] >= 3 else 1
