"""What is seen of pictures with transparency: they are measured as they look over black and over white.

A colour under alpha 0 cannot be seen, so it does not count; one under alpha 128 counts half as much as an opaque one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vqcodec.metrics.squared_error import PEAK, psnr_rgb, same_shape

BACKGROUNDS = (0.0, PEAK)
_ROWS = 256  # composited at once


def is_transparent(samples: NDArray[np.uint8]) -> bool:
    """Return whether a picture, uint8 (height, width, channels), has samples that are not opaque."""
    return samples.shape[2] in (2, 4) and bool((samples[..., -1] != PEAK).any())


def over(samples: NDArray[np.uint8], background: float) -> NDArray[np.float64]:
    """Return the colours of a picture with alpha over a grey of 0 to 255: float64 (height, width, 1 or 3)."""
    share = samples[..., -1:] / PEAK
    return samples[..., :-1] * share + background * (1 - share)


def psnr_seen(original: NDArray[np.uint8], decoded: NDArray[np.uint8]) -> float:
    """Return the PSNR in dB of what is seen: over all colour samples, over black and over white together.

    Without transparency it is the PSNR over all colour samples; infinite for pictures that look the same.

    Args:
        original, decoded: uint8 (height, width, 1 to 4 channels), of one shape.

    Raises:
        UsageError: the shapes differ.
    """
    same_shape(original, decoded)
    if not is_transparent(original) and not is_transparent(decoded):
        return psnr_rgb(original, decoded)
    total = 0.0
    for top in range(0, original.shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        for background in BACKGROUNDS:
            total += float(np.sum((over(original[rows], background) - over(decoded[rows], background)) ** 2))
    colours = original.shape[2] - 1
    mean = total / (len(BACKGROUNDS) * original.shape[0] * original.shape[1] * colours)
    return math.inf if mean == 0 else 10 * math.log10(PEAK**2 / mean)
