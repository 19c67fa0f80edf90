"""Where blocks of a frame stand in a reference, sample for sample; the vector search starts from there, too.

On screens most of what is new was seen before: a letter, a word, a window that moved. A search that goes downhill does
not find it, and a whole frame has no such displacement. So windows of the reference are found by their hashes.

Source: W. Zhu, W. Ding, J. Xu, Y. Shi and B. Yin, "Hash-based block matching for screen content coding", IEEE
Transactions on Multimedia, 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.search.repeats import hash_windows
from vqcodec.kernels.jit import inline_kernel, kernel
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.layout import GRID, SLOTS, VECTOR_MAX

MATCHES = 3  # kept for a block
_LOOKS = 64  # blocks of a chain that are looked at
_MOST = VECTOR_MAX // 4  # samples

Matches = npt.NDArray[np.int16]


class ExactMatches:
    """Finds blocks of frames of a group in other frames of it.

    Args:
        frames: of the group, in display order, of one size.
    """

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = frames
        self._hashed = lru_cache(SLOTS)(self._hash)

    def vectors(self, time: int, reference: int) -> Matches:
        """Return the vectors from blocks of the frame at `time` to where they stand in the frame at `reference`.

        Returns:
            int16 (height // GRID, width // GRID, 2 MATCHES): (row, column) of one after the other in quarters of a
            sample, filled up with zeros. Blocks of equal samples, and those that have not changed, have none.
        """
        own, other = self._hashed(time), self._hashed(reference)
        height, width = own.shape
        found = np.zeros((height // GRID, width // GRID, 2 * MATCHES), np.int16)
        blocks = np.s_[: height // GRID * GRID : GRID, : width // GRID * GRID : GRID]
        changed = (own[blocks] != other[blocks]).astype(np.uint8)
        if changed.any():
            luma = self._frames[time].luma.astype(np.int16)
            heads = np.full(1 << changed.size.bit_length(), -1, np.int32)
            match_blocks(luma, own, other, changed, heads, np.full(changed.size, -1, np.int32), found)
        return found

    def _hash(self, time: int) -> npt.NDArray[np.uint64]:
        """Return the hashes of all windows of a frame's luma."""
        luma = self._frames[time].luma.astype(np.int16)
        hashes = np.zeros(luma.shape, np.uint64)
        hash_windows(luma, GRID, hashes)
        return hashes


@inline_kernel
def _is_flat(source, y, x):
    """Whether all samples of the block at (y, x) are equal."""
    for i in range(GRID):
        for j in range(GRID):
            if source[y + i, x + j] != source[y, x]:
                return False
    return True


@inline_kernel
def _offer(found, row, column):
    """Put a match of a block among those kept, the nearest first."""
    new_row, new_column = row, column
    for number in range(MATCHES):
        old_row, old_column = np.int64(found[2 * number]) >> 2, np.int64(found[2 * number + 1]) >> 2
        empty = old_row == 0 and old_column == 0
        if empty or abs(new_row) + abs(new_column) < abs(old_row) + abs(old_column):
            found[2 * number], found[2 * number + 1] = 4 * new_row, 4 * new_column
            new_row, new_column = old_row, old_column
            if empty:
                return


@kernel
def match_blocks(source, own, other, changed, heads, following, found):
    """Fill `found` with the nearest matches of blocks, and first that of the block to the left or above if it fits.

    Args:
        source: int16 (height, width), the frame.
        own, other: uint64 (height, width), hashes of the windows of the frame and of the reference.
        changed: uint8 (height // GRID, width // GRID), 1 for the blocks to match.
        heads: int32 (a power of two,), filled with -1; following: int32, one for each block. Both are changed.
        found: int16 (height // GRID, width // GRID, 2 MATCHES), filled with zeros.
    """
    rows, columns = changed.shape
    mask = np.uint64(heads.shape[0] - 1)
    for v in range(rows):
        for u in range(columns):
            y, x = v * GRID, u * GRID
            if changed[v, u] and not _is_flat(source, y, x):
                bucket = np.int64(own[y, x] & mask)
                following[v * columns + u] = heads[bucket]
                heads[bucket] = v * columns + u
    for top in range(source.shape[0] - GRID + 1):
        for left in range(source.shape[1] - GRID + 1):
            value = other[top, left]
            number = np.int64(heads[np.int64(value & mask)])
            for _ in range(_LOOKS):
                if number < 0:
                    break
                v, u = number // columns, number % columns
                row, column = top - v * GRID, left - u * GRID
                if own[v * GRID, u * GRID] == value and abs(row) <= _MOST and abs(column) <= _MOST:
                    _offer(found[v, u], row, column)
                number = np.int64(following[number])
    for v in range(rows):
        for u in range(columns):
            for side in range(2):
                if found[v, u, 0] == 0 and found[v, u, 1] == 0:
                    continue
                other_v, other_u = v - side, u - (1 - side)
                if other_v < 0 or other_u < 0:
                    continue
                row, column = np.int64(found[other_v, other_u, 0]) >> 2, np.int64(found[other_v, other_u, 1]) >> 2
                same = 4 * row == found[v, u, 0] and 4 * column == found[v, u, 1]
                if (row == 0 and column == 0) or same:
                    continue
                top, left = v * GRID + row, u * GRID + column
                inside = top >= 0 and left >= 0 and top + GRID <= source.shape[0] and left + GRID <= source.shape[1]
                if inside and other[top, left] == own[v * GRID, u * GRID]:
                    for k in range(2 * MATCHES - 1, 1, -1):
                        found[v, u, k] = found[v, u, k - 2]
                    found[v, u, 0], found[v, u, 1] = 4 * row, 4 * column
