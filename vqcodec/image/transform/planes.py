"""Conversion between a picture and the planes of the block engine, without alpha."""

from __future__ import annotations

import numpy as np

from vqcodec.image import colour, fine_colour
from vqcodec.image.crop import Crop
from vqcodec.image.transform.chroma import halved

CHROMA_REACH = 2
"""Interpolation of half-size chroma reads this number of luma samples beyond a part of the picture."""


def planes_of(samples: np.ndarray, subsampling: str, sharp: bool = False) -> list[np.ndarray]:
    """Return the planes of a picture without alpha: [grey], uint8, or [Y, Cb, Cr], subsampled, int16 in 1/16.

    Args:
        samples: uint8 (height, width, 1 or 3).
        subsampling: "444" or "420"; "grey" for one channel.
        sharp: see `chroma.halved`.
    """
    if samples.shape[2] == 1:
        return [np.ascontiguousarray(samples[:, :, 0])]
    luma, cb, cr = fine_colour.to_ycbcr(samples)
    if subsampling == "420":
        return [luma, halved(cb, sharp), halved(cr, sharp)]
    return [luma, cb, cr]


def samples_of(planes: list[np.ndarray], crop: Crop | None = None) -> np.ndarray:
    """Return the picture of such planes, or a part of it: uint8 (height, width, 1 or 3).

    Chroma of half size is interpolated.
    """
    height, width = planes[0].shape
    part = crop or Crop(0, 0, width, height)
    luma = np.ascontiguousarray(part.of(planes[0]))
    if len(planes) == 1:
        return luma[:, :, None]
    if planes[1].shape == (height, width):
        cb, cr = (np.ascontiguousarray(part.of(plane)) for plane in planes[1:])
    else:
        cb, cr = (_double_part(plane, part) for plane in planes[1:])
    return fine_colour.to_rgb(luma, cb, cr)


def _double_part(half: np.ndarray, part: Crop) -> np.ndarray:
    """Return a part of the plane interpolated from `half`. It is read at most CHROMA_REACH samples beyond the part."""
    top, left = max((part.y >> 1) - 1, 0), max((part.x >> 1) - 1, 0)
    bottom = ((part.y + part.height + 1) >> 1) + 1
    right = ((part.x + part.width + 1) >> 1) + 1
    near = np.ascontiguousarray(half[top:bottom, left:right])
    shift = Crop(part.x - 2 * left, part.y - 2 * top, part.width, part.height)
    return np.ascontiguousarray(shift.of(colour.double(near, shift.y + part.height, shift.x + part.width)))


def sample_type(count: int) -> type[np.uint8] | type[np.int16]:
    """Return the type of the samples of a picture with `count` planes: uint8 for grey, int16 in 1/16 for colour."""
    return np.uint8 if count == 1 else np.int16


def plane_shapes(height: int, width: int, count: int, subsampling: str) -> list[tuple[int, int]]:
    """Return (height, width) of each of `count` planes."""
    half = ((height + 1) // 2, (width + 1) // 2) if subsampling == "420" else (height, width)
    return [(height, width), half, half][:count]
