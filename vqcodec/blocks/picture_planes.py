"""The planes of a picture: their sizes, their tiles, and the guides that a plane may be predicted from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import CHROMA, LUMA, MODE, SAMPLE_BITS, UNIT, Plane, new_plane, padded_size
from vqcodec.blocks.parameters import CodingParameters

TILE_MAX = 1280  # larger pictures are cut into independent tiles of about equal size
TILE_ALIGNMENT = 64
_SHIFTS = {"444": (0, 0), "420": (1, 1), "422": (0, 1), "grey": (0, 0)}  # log2 subsampling: rows, columns

Shape = tuple[int, int]
Samples = npt.NDArray[np.uint8] | npt.NDArray[np.int16]  # 0 to 255, or 0 to 4080 in 1/16


class Rectangle(NamedTuple):
    """Part of a plane, in samples."""

    top: int
    left: int
    height: int
    width: int

    def of(self, plane: npt.NDArray) -> npt.NDArray:
        """Return this part of `plane`."""
        return plane[self.top : self.top + self.height, self.left : self.left + self.width]


def plane_shape(luma: Shape, plane: int, subsampling: str) -> Shape:
    """Return (height, width) of plane number `plane` of a picture whose luma has shape `luma`."""
    if plane == 0:
        return luma
    down, across = _SHIFTS[subsampling]
    return -(-luma[0] >> down), -(-luma[1] >> across)


def plane_type(plane: int, subsampling: str) -> int:
    """Return the type of plane number `plane`, LUMA or CHROMA, which chooses its tables."""
    return LUMA if plane == 0 or subsampling == "grey" else CHROMA


def _cuts(size: int) -> list[int]:
    """Return the borders of the tiles along a side of `size` luma samples, 0 and `size` included."""
    count = -(-size // TILE_MAX)
    length = -(-size // count // TILE_ALIGNMENT) * TILE_ALIGNMENT
    return [*range(0, size, max(length, 1)), size]


def tile_rectangles(luma: Shape) -> list[Rectangle]:
    """Return the tiles of a picture, in raster order, in luma samples."""
    rows, columns = _cuts(luma[0]), _cuts(luma[1])
    return [
        Rectangle(top, left, bottom - top, right - left)
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]


def plane_rectangle(tile: Rectangle, luma: Shape, plane: int, subsampling: str) -> Rectangle:
    """Return the part of plane number `plane` that belongs to `tile` (which is in luma samples)."""
    if plane == 0:
        return tile
    down, across = _SHIFTS[subsampling]
    height, width = plane_shape(luma, plane, subsampling)
    top, left = tile.top >> down, tile.left >> across
    bottom = min(-(-(tile.top + tile.height) >> down), height)
    right = min(-(-(tile.left + tile.width) >> across), width)
    return Rectangle(top, left, bottom - top, right - left)


def padded_source(plane: Samples) -> npt.NDArray[np.int16]:
    """Return `plane` in 1/16, its last row and column repeated up to whole units, C-ordered."""
    if plane.dtype == np.uint8:
        plane = plane.astype(np.int16) << SAMPLE_BITS
    height, width = plane.shape
    extra = ((0, padded_size(height) - height), (0, padded_size(width) - width))
    return np.ascontiguousarray(np.pad(plane, extra, mode="edge"))


def open_plane(index: int, shape: Shape, before: Sequence[Plane], parameters: CodingParameters) -> Plane:
    """Return the empty plane number `index` of a tile, with guides made of the planes `before` it.

    Args:
        shape: (height, width) of the plane, before padding.
    """
    guides = np.zeros((0, 1, 1), dtype=np.int16)
    guide_modes = np.zeros((1, 1), dtype=np.uint8)
    if index > 0 and parameters.subsampling != "grey":
        down, across = _SHIFTS[parameters.subsampling]
        rows, columns = padded_size(shape[0]), padded_size(shape[1])
        luma = _reduce(before[0].samples, down, across, rows, columns)
        guides = np.stack([luma, *(plane.samples for plane in before[1:index])])
        guide_modes = _reduce_modes(before[0].blocks[MODE], down, across, rows // UNIT, columns // UNIT)
    return new_plane(*shape, parameters.plane_step(index), guides, guide_modes)


def _reduce(samples: npt.NDArray[np.int16], down: int, across: int, rows: int, columns: int) -> npt.NDArray[np.int16]:
    """Return the means of cells of 2^down x 2^across samples, int16 (rows, columns); the border is repeated."""
    extra = (
        (0, max(0, (rows << down) - samples.shape[0])),
        (0, max(0, (columns << across) - samples.shape[1])),
    )
    wide = np.pad(samples, extra, mode="edge")[: rows << down, : columns << across].astype(np.int32)
    sums = wide.reshape(rows, 1 << down, columns, 1 << across).sum(axis=(1, 3), dtype=np.int32)
    shift = down + across
    return ((sums + ((1 << shift) >> 1)) >> shift).astype(np.int16)


def _reduce_modes(
    modes: npt.NDArray[np.uint8], down: int, across: int, rows: int, columns: int
) -> npt.NDArray[np.uint8]:
    """Return the mode at the centre of each unit of the smaller plane."""
    v = np.minimum((np.arange(rows) << down) + down, modes.shape[0] - 1)
    u = np.minimum((np.arange(columns) << across) + across, modes.shape[1] - 1)
    return np.ascontiguousarray(modes[np.ix_(v, u)])


def rounded(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    """Return `samples`, 0 to 255 in 1/16, as uint8."""
    return ((samples + (1 << (SAMPLE_BITS - 1))) >> SAMPLE_BITS).astype(np.uint8)
