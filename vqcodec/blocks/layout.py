"""Sizes, fixed-point formats and the arrays that describe a plane while it is coded.

Everything is counted in samples unless it says so. A plane is padded to a multiple of `UNIT` samples a side by
replication, cut into superblocks in raster order, and each superblock is partitioned by a quadtree whose leaves may be
cut once more into halves. What was decided about a block is kept in maps with one entry a unit of 4x4 samples, from
which the syntax can be written, contexts formed and availability told.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SAMPLE_BITS = 4  # fractional bits of reconstructed samples: they are int16 in 1/16, 0 to SAMPLE_MAX
SAMPLE_MAX = 255 << SAMPLE_BITS
SAMPLE_MIDDLE = 128 << SAMPLE_BITS
COEFFICIENT_BITS = 3  # fractional bits of dequantised coefficients of the orthonormal transform
COEFFICIENT_MAX = (1 << 16) - 1  # 32 * 255 * 8 fits

LUMA, CHROMA = 0, 1
PLANE_TYPES = ("luma", "chroma")

UNIT_LOG = 2
UNIT = 1 << UNIT_LOG
SUPERBLOCK_LOG = 5
SUPERBLOCK = 1 << SUPERBLOCK_LOG
SIZE_CLASSES = 2 * SUPERBLOCK_LOG - 3  # log2 width + log2 height - 4

# Rows of `Plane.blocks`
DONE, LOG_WIDTH, LOG_HEIGHT, MODE, ENERGY, TRANSFORM, CODED = range(7)
BLOCK_FIELDS = 7

# Partition symbols of a square node
LEAF, QUARTERS, UPPER_LOWER, LEFT_RIGHT = range(4)

# Intra modes: planar, DC, 33 angles, then prediction from other planes of the picture
PLANAR, DC, FIRST_ANGLE, HORIZONTAL, DIAGONAL, VERTICAL, LAST_ANGLE = 0, 1, 2, 10, 18, 26, 34
PLANE_MODES = 35
FROM_FIRST, FROM_BOTH, FROM_SECOND = 35, 36, 37
ALL_MODES = 38


class Plane(NamedTuple):
    """A plane while it is coded, as kernels take it.

    Attributes:
        samples: int16 (height, width), the reconstruction so far in 1/16.
        levels: int16 (height, width), signed quantisation indices at the position of their block's coefficients.
        blocks: uint8 (BLOCK_FIELDS, height / 4, width / 4), the decisions by unit.
        guides: int16 (guides, height, width), planes decoded before this one and brought to its size, in 1/16.
        guide_modes: uint8 (height / 4, width / 4), the luma plane's modes at this plane's size; zeros for luma.
        steps: uint8 (superblock rows, superblock columns), step index of each superblock.
    """

    samples: npt.NDArray[np.int16]
    levels: npt.NDArray[np.int16]
    blocks: npt.NDArray[np.uint8]
    guides: npt.NDArray[np.int16]
    guide_modes: npt.NDArray[np.uint8]
    steps: npt.NDArray[np.uint8]


def padded_size(size: int) -> int:
    """Return `size` rounded up to whole units."""
    return -(-size // UNIT) * UNIT


def superblock_count(size: int) -> int:
    """Return the number of superblocks that cover `size` samples."""
    return -(-size // SUPERBLOCK)


def new_plane(
    height: int, width: int, step_index: int, guides: npt.NDArray[np.int16], guide_modes: npt.NDArray[np.uint8]
) -> Plane:
    """Return an empty plane of `height` x `width` samples (before padding), every superblock at `step_index`.

    Args:
        guides: int16 (guides, padded height, padded width); none for the first plane of a picture.
        guide_modes: uint8 by unit; ignored without guides.
    """
    rows, columns = padded_size(height), padded_size(width)
    units = (rows // UNIT, columns // UNIT)
    return Plane(
        samples=np.zeros((rows, columns), dtype=np.int16),
        levels=np.zeros((rows, columns), dtype=np.int16),
        blocks=np.zeros((BLOCK_FIELDS, *units), dtype=np.uint8),
        guides=guides if len(guides) else np.zeros((0, rows, columns), dtype=np.int16),
        guide_modes=guide_modes if len(guides) else np.zeros(units, dtype=np.uint8),
        steps=np.full((superblock_count(rows), superblock_count(columns)), step_index, dtype=np.uint8),
    )
