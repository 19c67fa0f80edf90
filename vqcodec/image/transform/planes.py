"""A picture's planes for the block engine, and the picture of planes; alpha apart from colour."""

from __future__ import annotations

import numpy as np

from vqcodec.image import colour, fine_colour
from vqcodec.image.crop import Crop

CHROMA_REACH = 2
"""How many samples beyond a part of the picture half-size chroma is interpolated from, counted in luma samples."""


def planes_of(samples: np.ndarray, subsampling: str) -> list[np.ndarray]:
    """Planes of a picture without alpha: [grey] as it is, uint8, or [Y, Cb, Cr], subsampled, int16 in 1/16."""
    if samples.shape[2] == 1:
        return [np.ascontiguousarray(samples[:, :, 0])]
    luma, cb, cr = fine_colour.to_ycbcr(samples)
    if subsampling == "420":
        return [luma, colour.halve(cb), colour.halve(cr)]
    return [luma, cb, cr]


def samples_of(planes: list[np.ndarray], crop: Crop | None = None) -> np.ndarray:
    """The picture of such planes, or a part of it: uint8 (height, width, 1 or 3); half-size chroma is interpolated."""
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
    """Part of the plane that `half` is interpolated to, from no more of `half` than CHROMA_REACH beyond the part."""
    top, left = max((part.y >> 1) - 1, 0), max((part.x >> 1) - 1, 0)
    bottom = ((part.y + part.height + 1) >> 1) + 1
    right = ((part.x + part.width + 1) >> 1) + 1
    near = np.ascontiguousarray(half[top:bottom, left:right])
    shift = Crop(part.x - 2 * left, part.y - 2 * top, part.width, part.height)
    return np.ascontiguousarray(shift.of(colour.double(near, shift.y + part.height, shift.x + part.width)))


def sample_type(count: int) -> type[np.uint8] | type[np.int16]:
    """Type of the samples of a picture's planes: uint8 for grey, int16 in 1/16 for three planes of colour."""
    return np.uint8 if count == 1 else np.int16


def plane_shapes(height: int, width: int, count: int, subsampling: str) -> list[tuple[int, int]]:
    """(height, width) of each of `count` planes."""
    half = ((height + 1) // 2, (width + 1) // 2) if subsampling == "420" else (height, width)
    return [(height, width), half, half][:count]
