"""The planes of a picture: their sizes, their tiles, and the guides that a plane may be predicted from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import (
    CHROMA,
    CODED,
    GUIDE_SIZE_SHIFT,
    LAST_ANGLE,
    LOG_HEIGHT,
    LOG_WIDTH,
    LUMA,
    MEMORY_BORDER,
    MODE,
    PLANAR,
    REMEMBERING,
    SAMPLE_BITS,
    UNIT,
    UNIT_LOG,
    Plane,
    new_plane,
    padded_size,
)
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.signal.interpolation import pad_reference
from vqcodec.blocks.steps import FREQUENCY_MATRIX
from vqcodec.blocks.syntax.motion import FLAVOUR_BITS, column_of, pack_place, reference_of, row_of

TILE_MAX = 1280  # larger pictures are cut into independent tiles of about equal size
TILE_ALIGNMENT = 64
_SHIFTS = {"444": (0, 0), "420": (1, 1), "422": (0, 1), "grey": (0, 0)}  # log2 subsampling: rows, columns

Shape = tuple[int, int]
References = Sequence[Sequence[npt.NDArray[np.int16]]]  # planes in 1/16 of each picture to predict from
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
    """Return the type of plane number `plane`, LUMA or CHROMA."""
    return LUMA if plane == 0 or subsampling == "grey" else CHROMA


def tables_type(plane: int, parameters: CodingParameters) -> int:
    """Return the type of plane number `plane`, which chooses its tables: REMEMBERING more with memory."""
    return plane_type(plane, parameters.subsampling) + (REMEMBERING if parameters.remembering else 0)


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


def open_plane(
    index: int, shape: Shape, before: Sequence[Plane], parameters: CodingParameters, references: References = ()
) -> Plane:
    """Return the empty plane number `index` of a tile, with guides made of the planes `before` it.

    Args:
        shape: (height, width) of the plane, before padding.
        references: what the tile is predicted from besides; any sizes.
    """
    rows, columns = padded_size(shape[0]), padded_size(shape[1])
    memory = _padded_references([planes[index] for planes in references], rows, columns)
    guide_motion = np.zeros((0, 0), dtype=np.int64)
    guides = np.zeros((0, 1, 1), dtype=np.int16)
    guide_modes = np.zeros((1, 1), dtype=np.uint8)
    if index > 0 and parameters.subsampling != "grey":
        down, across = _SHIFTS[parameters.subsampling]
        luma = _reduce(before[0].samples, down, across, rows, columns)
        guides = np.stack([luma, *(plane.samples for plane in before[1:index])])
        units = rows // UNIT, columns // UNIT
        modes = _reduce_map(before[0].blocks[MODE], down, across, *units)
        guide_modes = np.where(modes <= LAST_ANGLE, modes, np.uint8(PLANAR))
        if references:
            guide_modes |= _guiding_sizes(before[0], down, across, *units) << GUIDE_SIZE_SHIFT
            guide_motion = _guiding_motion(before[0], down, across, *units, 1)
        elif parameters.copying:
            guide_motion = _guiding_motion(before[0], down, across, *units, 0)
    step = parameters.plane_step(index)
    matrix = FREQUENCY_MATRIX if parameters.shaped else FREQUENCY_MATRIX[:0, :0]
    return new_plane(
        *shape,
        step,
        guides,
        guide_modes,
        memory,
        guide_motion,
        copying=parameters.copying,
        matrix=matrix.copy(),
        palettes=parameters.palettes,
    )


def _padded_references(planes: Sequence[npt.NDArray[np.int16]], rows: int, columns: int) -> npt.NDArray[np.int16]:
    """Return `planes` as `layout.Plane.memory` has them; they become as large as the largest and as rows x columns."""
    if not planes:
        return np.zeros((0, 0, 0), dtype=np.int16)
    height = max(rows, *(plane.shape[0] for plane in planes))
    width = max(columns, *(plane.shape[1] for plane in planes))
    memory = np.empty((len(planes), height + 2 * MEMORY_BORDER, width + 2 * MEMORY_BORDER), dtype=np.int16)
    for plane, target in zip(planes, memory):
        pad_reference(np.require(plane, requirements=["C", "W"]), MEMORY_BORDER, target)
    return memory


def _guiding_sizes(luma: Plane, down: int, across: int, rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """Return log2 of the shorter side of luma's blocks, in units of a plane of so many of them."""
    height = _reduce_map(luma.blocks[LOG_HEIGHT], down, across, rows, columns).astype(np.int64) - down
    width = _reduce_map(luma.blocks[LOG_WIDTH], down, across, rows, columns).astype(np.int64) - across
    return np.maximum(np.minimum(height, width) - UNIT_LOG, 0).astype(np.uint8)


def _guiding_motion(luma: Plane, down: int, across: int, rows: int, columns: int, finer: int) -> npt.NDArray[np.int64]:
    """Return `layout.Plane.guide_motion` for a plane of this many units.

    Args:
        finer: 1 if luma's displacements are in quarters of its samples, and these in eighths; 0 for whole samples.
    """
    motion = _reduce_map(luma.motion, down, across, rows, columns)
    coded = _reduce_map(luma.blocks[CODED], down, across, rows, columns)
    place = motion >> FLAVOUR_BITS
    row, column = (row_of(place) << finer) >> down, (column_of(place) << finer) >> across
    scaled = (pack_place(reference_of(place), row, column) << FLAVOUR_BITS) | coded
    return np.where(motion >= 0, scaled, np.int64(-1))


def _reduce(samples: npt.NDArray[np.int16], down: int, across: int, rows: int, columns: int) -> npt.NDArray[np.int16]:
    """Return the means of cells of 2^down x 2^across samples, int16 (rows, columns); the border is repeated."""
    height, width = rows << down, columns << across
    if samples.shape[0] < height or samples.shape[1] < width:
        extra = ((0, max(0, height - samples.shape[0])), (0, max(0, width - samples.shape[1])))
        samples = np.pad(samples, extra, mode="edge")
    samples = samples[:height, :width]
    if not down and not across:
        return samples
    wide = samples.astype(np.int32)
    sums = wide.reshape(rows, 1 << down, columns, 1 << across).sum(axis=(1, 3), dtype=np.int32)
    shift = down + across
    return ((sums + ((1 << shift) >> 1)) >> shift).astype(np.int16)


def _reduce_map(units: npt.NDArray[Any], down: int, across: int, rows: int, columns: int) -> npt.NDArray[Any]:
    """Return what a map of luma has at the centre of each unit of the smaller plane."""
    v = np.minimum((np.arange(rows) << down) + down, units.shape[0] - 1)
    u = np.minimum((np.arange(columns) << across) + across, units.shape[1] - 1)
    return np.ascontiguousarray(units[np.ix_(v, u)])


def rounded(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    """Return `samples`, 0 to 255 in 1/16, as uint8."""
    return ((samples + (1 << (SAMPLE_BITS - 1))) >> SAMPLE_BITS).astype(np.uint8)
