"""Where the samples of a plane repeat: for blocks of each size, places with the same samples before them.

Windows of samples have hashes. Windows of one bucket are a chain, from each back to the one before it in raster order.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SUPERBLOCK_LOG, UNIT, UNIT_LOG
from vqcodec.blocks.syntax.copies import is_coded_before
from vqcodec.blocks.syntax.motion import pack_place
from vqcodec.kernels.jit import inner_kernel, kernel

LEADS = 4  # places kept for a block
LEVELS = 3  # sides of windows: 4, 8, 16 samples
_LOOKS = 64  # windows of a chain that are looked at
_ACROSS, _DOWN = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


@kernel
def hash_windows(source, side, hashes):
    """Fill `hashes` (uint64, of the size of `source`, int16) at the first sample of each window that lies within."""
    rows, columns = source.shape
    for y in range(rows):
        for x in range(columns - side + 1):
            value = np.uint64(0)
            for j in range(side):
                value = value * _ACROSS + np.uint64(np.int64(source[y, x + j]) + 1)
            hashes[y, x] = value ^ (value >> np.uint64(29))
    for y in range(rows - side + 1):
        for x in range(columns - side + 1):
            value = np.uint64(0)
            for i in range(side):
                value = value * _DOWN + hashes[y + i, x]
            hashes[y, x] = value ^ (value >> np.uint64(32))


@inner_kernel
def _is_flat(source, y, x, side):
    """Whether all samples of a window are equal."""
    first = source[y, x]
    for i in range(side):
        for j in range(side):
            if source[y + i, x + j] != first:
                return False
    return True


@kernel
def find_leads(source, side, hashes, heads, before, leads):
    """Fill `leads` with places that blocks may be copied from; return how many squares that are not flat have any.

    Args:
        source: int16 (height, width).
        side: of the windows, 4, 8 or 16 samples.
        hashes: uint64, as `hash_windows` fills it.
        heads: int32 (a power of two,), filled with -1; before: int32 (height, width). Both are changed.
        leads: int64 (height / 4, width / 4, LEADS), filled with -1: places as `motion.pack_place` gives them, the
            nearest first in raster order, for windows that begin at a unit.

    Returns:
        Squares of `side` aligned to it are counted.
    """
    rows, columns = source.shape
    mask = np.uint64(heads.shape[0] - 1)
    repeated = np.int64(0)
    for y in range(rows - side + 1):
        for x in range(columns - side + 1):
            value = hashes[y, x]
            bucket = np.int64(value & mask)
            position = np.int64(heads[bucket])
            before[y, x] = position
            heads[bucket] = y * columns + x
            if y % UNIT or x % UNIT or position < 0 or _is_flat(source, y, x, side):
                continue
            count = np.int64(0)
            row, column = y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG
            for _ in range(_LOOKS):
                top, left = position // columns, position % columns
                if hashes[top, left] == value and (top + side <= y or left + side <= x):
                    last_row = (top + side - 1) >> SUPERBLOCK_LOG
                    last_column = (left + side - 1) >> SUPERBLOCK_LOG
                    own = last_row == row and last_column == column
                    if own or is_coded_before(last_row, last_column, row, column):
                        leads[y >> UNIT_LOG, x >> UNIT_LOG, count] = pack_place(0, top - y, left - x)
                        count += 1
                if count == LEADS:
                    break
                position = np.int64(before[top, left])
                if position < 0:
                    break
            if count > 0 and y % side == 0 and x % side == 0:
                repeated += 1
    return repeated
