"""Sizes, fixed-point formats and the arrays that describe a plane while it is coded.

A plane is padded to a multiple of `UNIT` samples a side by repeating its last row and column. It is cut into
superblocks in raster order. A quadtree cuts each superblock into square nodes, and a node may be cut once more into
two halves. Maps with one entry for each unit of 4x4 samples hold the decisions about the blocks. The syntax, the
contexts and the availability of samples follow from these maps.

Coordinates have one name for each unit throughout `vqcodec.blocks`:

- `y, x`: samples, from the top left corner of the plane;
- `v, u`: units of 4x4 samples;
- `fy, fx`: vertical and horizontal frequency of a coefficient within its block;
- `gy, gx`: groups of 2x2 coefficients within a block;
- `i, j`: samples within a block.
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
REMEMBERING = len(PLANE_TYPES)  # added to the type of a plane that is predicted from memory, for tables of its own

UNIT_LOG = 2
UNIT = 1 << UNIT_LOG
SUPERBLOCK_LOG = 5
SUPERBLOCK = 1 << SUPERBLOCK_LOG
SIZE_CLASSES = 2 * SUPERBLOCK_LOG - 3  # log2 width + log2 height - 4

# Rows of `Plane.blocks`
DONE, LOG_WIDTH, LOG_HEIGHT, MODE, ENERGY, TRANSFORM, CODED = range(7)
BLOCK_FIELDS = 7

# Partition symbols of a square node; OUTSIDE is no symbol: the node lies beyond the plane
LEAF, QUARTERS, UPPER_LOWER, LEFT_RIGHT, OUTSIDE = range(5)

# Intra modes: planar, DC, 33 angles, then prediction from other planes of the picture
PLANAR, DC, FIRST_ANGLE, HORIZONTAL, DIAGONAL, VERTICAL, LAST_ANGLE = 0, 1, 2, 10, 18, 26, 34
PLANE_MODES = 35
FROM_FIRST, FROM_BOTH, FROM_SECOND = 35, 36, 37
MEMORY = 38  # prediction from pictures of the codebook's memory, in planes that have such references
PALETTE = 39  # few sample values, in planes that have palettes
ALL_MODES = 40

GUIDE_SIZE_SHIFT = 6  # of the size of luma's blocks in `Plane.guide_modes`
MAX_REFERENCES = 3  # pictures of a memory that one picture is predicted from
MEMORY_BORDER = 40  # samples around the references of a plane: a block, and the taps of the interpolation


class Block(NamedTuple):
    """The place of a block in its plane, and its size. For kernels it is four integers in registers.

    Attributes:
        y, x: row and column of its first sample.
        log_width, log_height: log2 of its sides in samples, UNIT_LOG to SUPERBLOCK_LOG.
    """

    y: int
    x: int
    log_width: int
    log_height: int


class Plane(NamedTuple):
    """A plane while it is coded, as kernels take it.

    Attributes:
        samples: int16 (height, width), the reconstruction so far in 1/16.
        levels: int16 (height, width), signed quantisation indices at the position of their block's coefficients.
        blocks: uint8 (BLOCK_FIELDS, height / 4, width / 4), the decisions by unit.
        guides: int16 (guides, height, width), planes decoded before this one and brought to its size, in 1/16.
        guide_modes: uint8 (height / 4, width / 4), the luma plane's modes at this plane's size; zeros for luma. In
            planes with references, from bit GUIDE_SIZE_SHIFT on, log2 of the shorter side of luma's block, in units.
        steps: uint8 (superblock rows, superblock columns), step index of each superblock.
        memory: int16 (references, rows + 2 MEMORY_BORDER, columns + 2 MEMORY_BORDER), pictures of a memory in 1/16,
            their edges repeated. Sample (0, 0) of a reference lies where that of the plane does. Of length 0 without.
        motion: int64 (height / 4, width / 4), where the blocks of mode MEMORY are predicted from, as `pack_motion`
            returns it, and -1 for other blocks; of size 0 without references. If there is one and no reference, blocks
            of mode MEMORY are copied from the plane itself.
        guide_motion: int64, likewise: the luma plane's motion at this plane's size, with whether luma is coded in place
            of the flavour; of size 0 for luma.
        matrix: int32 (SUPERBLOCK, SUPERBLOCK), the quantization matrix as `steps.FREQUENCY_MATRIX` has it; of size 0
            if all frequencies have the same step.
        palettes: 1 if blocks may have palettes, else 0.
    """

    samples: npt.NDArray[np.int16]
    levels: npt.NDArray[np.int16]
    blocks: npt.NDArray[np.uint8]
    guides: npt.NDArray[np.int16]
    guide_modes: npt.NDArray[np.uint8]
    steps: npt.NDArray[np.uint8]
    memory: npt.NDArray[np.int16]
    motion: npt.NDArray[np.int64]
    guide_motion: npt.NDArray[np.int64]
    matrix: npt.NDArray[np.int32]
    palettes: int


_NO_REFERENCES = np.zeros((0, 0, 0), dtype=np.int16)
_NO_MOTION = np.zeros((0, 0), dtype=np.int64)
_NO_MATRIX = np.zeros((0, 0), dtype=np.int32)


def padded_size(size: int) -> int:
    """Return `size` rounded up to whole units."""
    return -(-size // UNIT) * UNIT


def superblock_count(size: int) -> int:
    """Return the number of superblocks that cover `size` samples."""
    return -(-size // SUPERBLOCK)


def new_plane(
    height: int,
    width: int,
    step_index: int,
    guides: npt.NDArray[np.int16],
    guide_modes: npt.NDArray[np.uint8],
    memory: npt.NDArray[np.int16] = _NO_REFERENCES,
    guide_motion: npt.NDArray[np.int64] = _NO_MOTION,
    copying: bool = False,
    matrix: npt.NDArray[np.int32] = _NO_MATRIX,
    palettes: bool = False,
) -> Plane:
    """Return an empty plane of `height` x `width` samples (before padding), every superblock at `step_index`.

    Args:
        guides: int16 (guides, padded height, padded width), in 1/16; an array of length 0 for the first plane of a
            picture.
        guide_modes: uint8 by unit; ignored without guides.
        memory: the references, as in `Plane`; guide_motion: int64 by unit, of the luma plane.
        copying: whether blocks may be copied from the plane itself.
        matrix: the quantization matrix, as in `Plane`.
        palettes: whether blocks may have palettes.
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
        memory=memory,
        motion=np.full(units, -1, dtype=np.int64) if len(memory) or copying else _NO_MOTION,
        guide_motion=guide_motion,
        matrix=matrix,
        palettes=int(palettes),
    )
