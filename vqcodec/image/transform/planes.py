"""A picture's planes for the block engine, and the picture of planes; alpha apart from colour."""

from __future__ import annotations

import numpy as np

from vqcodec.image import colour


def planes_of(samples: np.ndarray, subsampling: str) -> list[np.ndarray]:
    """Planes of a picture without alpha, uint8 (height, width, 1 or 3): [grey], or [Y, Cb, Cr] subsampled."""
    if samples.shape[2] == 1:
        return [np.ascontiguousarray(samples[:, :, 0])]
    luma, cb, cr = colour.to_ycbcr(samples)
    if subsampling == "420":
        return [luma, colour.halve(cb), colour.halve(cr)]
    return [luma, cb, cr]


def samples_of(planes: list[np.ndarray]) -> np.ndarray:
    """The picture of such planes: uint8 (height, width, 1 or 3); half-size chroma is interpolated."""
    if len(planes) == 1:
        return planes[0][:, :, None]
    luma, cb, cr = planes
    if cb.shape != luma.shape:
        height, width = luma.shape
        cb, cr = colour.double(cb, height, width), colour.double(cr, height, width)
    return colour.to_rgb(luma, cb, cr)


def plane_shapes(height: int, width: int, count: int, subsampling: str) -> list[tuple[int, int]]:
    """(height, width) of each of `count` planes."""
    half = ((height + 1) // 2, (width + 1) // 2) if subsampling == "420" else (height, width)
    return [(height, width), half, half][:count]
