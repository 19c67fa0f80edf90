"""The colour transform of `colour` on planes in 1/16. It avoids the error of rounding YCbCr to 8 bits twice.

That error costs 0.17 dB of RGB PSNR at 38 dB, and 0.35 dB at 41 dB. Samples are int16, 0 to 4080.
"""

from __future__ import annotations

import numpy as np

from vqcodec.kernels.jit import kernel

FRACTION_BITS = 4
_HIGHEST = 255 << FRACTION_BITS
_MIDDLE = 128 << FRACTION_BITS


def to_ycbcr(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the luma and chroma planes in 1/16, int16 (height, width), of an RGB picture, uint8 (height, width, 3)."""
    height, width, _ = rgb.shape
    planes = np.empty((3, height, width), np.int16)
    _rgb_to_ycbcr(np.ascontiguousarray(rgb), planes)
    return planes[0], planes[1], planes[2]


def to_rgb(luma: np.ndarray, cb: np.ndarray, cr: np.ndarray) -> np.ndarray:
    """Return the RGB picture, uint8 (height, width, 3), of planes in 1/16, int16 (height, width).

    This function defines the colours of decoded pictures.
    """
    rgb = np.empty((*luma.shape, 3), np.uint8)
    _ycbcr_to_rgb(luma, cb, cr, rgb)
    return rgb


@kernel
def _rgb_to_ycbcr(rgb, planes):
    height, width, _ = rgb.shape
    shift = 16 - FRACTION_BITS
    half = 1 << (shift - 1)
    middle = 128 << 16
    for y in range(height):
        for x in range(width):
            r, g, b = np.int32(rgb[y, x, 0]), np.int32(rgb[y, x, 1]), np.int32(rgb[y, x, 2])
            planes[0, y, x] = (19595 * r + 38470 * g + 7471 * b + half) >> shift
            planes[1, y, x] = min(_HIGHEST, (-11059 * r - 21709 * g + 32768 * b + middle + half) >> shift)
            planes[2, y, x] = min(_HIGHEST, (32768 * r - 27439 * g - 5329 * b + middle + half) >> shift)


@kernel
def _ycbcr_to_rgb(luma, cb, cr, rgb):
    height, width = luma.shape
    shift = 16 + FRACTION_BITS
    half = np.int32(1 << (shift - 1))
    for y in range(height):
        for x in range(width):
            base = (np.int32(luma[y, x]) << 16) + half
            u, v = np.int32(cb[y, x]) - _MIDDLE, np.int32(cr[y, x]) - _MIDDLE
            rgb[y, x, 0] = min(255, max(0, (base + 91881 * v) >> shift))
            rgb[y, x, 1] = min(255, max(0, (base - 22554 * u - 46802 * v) >> shift))
            rgb[y, x, 2] = min(255, max(0, (base + 116130 * u) >> shift))
