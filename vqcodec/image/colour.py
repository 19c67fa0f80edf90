"""Colour transform and chroma resampling in integers, so that decoded pictures are the same on every machine.

The transform is that of JFIF (luma weights of ITU-R BT.601, full range). The constants are its coefficients times 2^16.
"""

from __future__ import annotations

import numpy as np

from vqcodec.kernels.jit import kernel


def to_ycbcr(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the luma and chroma planes, uint8 (height, width), of an RGB picture, uint8 (height, width, 3)."""
    height, width, _ = rgb.shape
    planes = np.empty((3, height, width), np.uint8)
    _rgb_to_ycbcr(np.ascontiguousarray(rgb), planes)
    return planes[0], planes[1], planes[2]


def to_rgb(luma: np.ndarray, cb: np.ndarray, cr: np.ndarray) -> np.ndarray:
    """Return the RGB picture, uint8 (height, width, 3), of three planes, uint8 (height, width).

    This function defines the colours of decoded pictures.
    """
    rgb = np.empty((*luma.shape, 3), np.uint8)
    _ycbcr_to_rgb(luma, cb, cr, rgb)
    return rgb


def halve(plane: np.ndarray) -> np.ndarray:
    """Return a plane of half the size, rounded up: its samples are the rounded means of 2x2 samples of `plane`."""
    height, width = plane.shape
    half = np.empty(((height + 1) // 2, (width + 1) // 2), plane.dtype)
    _halve(plane, half)
    return half


def double(half: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a plane of `height` x `width` samples, interpolated from one of half that size with weights 3/4 and 1/4.

    Samples of the half-size plane lie in the middle of 2x2 samples of the result. So each result is 9, 3, 3 and 1
    sixteenths of its four nearest neighbours. Beyond the border the border sample is repeated.
    """
    plane = np.empty((height, width), half.dtype)
    _double(half, plane)
    return plane


@kernel
def _rgb_to_ycbcr(rgb, planes):
    height, width, _ = rgb.shape
    for y in range(height):
        for x in range(width):
            r, g, b = np.int32(rgb[y, x, 0]), np.int32(rgb[y, x, 1]), np.int32(rgb[y, x, 2])
            planes[0, y, x] = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16
            planes[1, y, x] = min(255, (-11059 * r - 21709 * g + 32768 * b + 8421376) >> 16)
            planes[2, y, x] = min(255, (32768 * r - 27439 * g - 5329 * b + 8421376) >> 16)


@kernel
def _ycbcr_to_rgb(luma, cb, cr, rgb):
    height, width = luma.shape
    for y in range(height):
        for x in range(width):
            base, u, v = np.int32(luma[y, x]), np.int32(cb[y, x]) - 128, np.int32(cr[y, x]) - 128
            rgb[y, x, 0] = min(255, max(0, base + ((91881 * v + 32768) >> 16)))
            rgb[y, x, 1] = min(255, max(0, base + ((-22554 * u - 46802 * v + 32768) >> 16)))
            rgb[y, x, 2] = min(255, max(0, base + ((116130 * u + 32768) >> 16)))


@kernel
def _halve(plane, half):
    height, width = plane.shape
    for y in range(half.shape[0]):
        top, bottom = 2 * y, min(2 * y + 1, height - 1)
        for x in range(half.shape[1]):
            left, right = 2 * x, min(2 * x + 1, width - 1)
            total = np.int32(plane[top, left]) + plane[top, right] + plane[bottom, left] + plane[bottom, right]
            half[y, x] = (total + 2) >> 2


@kernel
def _double(half, plane):
    half_height, half_width = half.shape
    for y in range(plane.shape[0]):
        near_row = y >> 1
        far_row = min(max(near_row + (1 if y & 1 else -1), 0), half_height - 1)
        for x in range(plane.shape[1]):
            near = x >> 1
            far = min(max(near + (1 if x & 1 else -1), 0), half_width - 1)
            total = 9 * np.int32(half[near_row, near]) + 3 * np.int32(half[near_row, far])
            total += 3 * np.int32(half[far_row, near]) + np.int32(half[far_row, far])
            plane[y, x] = (total + 8) >> 4
