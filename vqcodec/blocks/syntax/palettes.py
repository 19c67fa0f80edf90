"""The syntax of blocks of few sample values: a palette, and for each sample its index.

In planes with palettes, each block of luma begins with a value: whether it has a palette (mode PALETTE). It goes on
with the number of colours, the colours in ascending order, and the indices in raster order. An index is told as that to
the left, above, above to the right, above to the left, or by its bits. Samples outside the block count as the nearest
colour. A block of chroma may have a palette if the first guide has few values in it: one colour for each of these, and
no indices. Such blocks have no coefficients. All that are values of the range coder (`values`). Writer and reader stand
side by side.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import MODE, PALETTE, SUPERBLOCK, UNIT_LOG
from vqcodec.blocks.syntax.contexts import RAW_COPY, RAW_KEY, RAW_LEVEL, is_done, size_class
from vqcodec.blocks.syntax.palette_contexts import (
    COUNT_BITS,
    FIRST_COUNT,
    FIRST_LEFT,
    FIRST_REST,
    FIRST_TURN,
    MOST_COLOURS,
    PATTERNS,
    used_context,
)
from vqcodec.blocks.syntax.symbols import token
from vqcodec.blocks.syntax.values import KEYS, read_level, read_value
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.kernels.records import record_type

LEVEL_SHIFT = 2  # from samples in 1/16 to the sample values of palettes, in quarters
BORDER = 2  # indices above a block, and to the left
TOKENS_PER_SAMPLE = 12  # bound on those of a plane with palettes
_SMALL_AREA = 6  # log2 of samples
_TURNS = 3
_used_context = inline_kernel(used_context)

PALETTE_STATE = record_type(
    colours=(np.int16, MOST_COLOURS),
    guides=(np.int16, MOST_COLOURS),
    indices=(np.int32, (SUPERBLOCK + BORDER, SUPERBLOCK + BORDER + 1)),
    painted=(np.int16, (SUPERBLOCK, SUPERBLOCK)),
)
"""Working arrays for a block with a palette.

Attributes:
    colours: in 1/16. guides: for chroma, the values of the guide that they stand for.
    indices: of the block, behind a border above, to the left and to the right.
    painted: the samples of the block, in 1/16.
"""


@inner_kernel
def list_levels(samples, block, levels):
    """Fill `levels` with the different samples (int16) in a block, ascending; return their number, 0 if too many."""
    count = np.int64(0)
    last = np.int64(-1)
    for i in range(1 << block.log_height):
        row = samples[block.y + i]
        for j in range(1 << block.log_width):
            sample = np.int64(row[block.x + j])
            if sample == last:
                continue
            last = sample
            place = count
            while place > 0 and levels[place - 1] > sample:
                place -= 1
            if place > 0 and levels[place - 1] == sample:
                continue
            if count == MOST_COLOURS:
                return np.int64(0)
            for k in range(count, place, -1):
                levels[k] = levels[k - 1]
            levels[place] = sample
            count += 1
    return count


@inline_kernel
def nearest(levels, count, sample):
    """Return the index of the nearest of some levels to a sample, the first one if several are."""
    best, least = np.int64(0), abs(np.int64(levels[0]) - sample)
    for k in range(1, count):
        distance = abs(np.int64(levels[k]) - sample)
        if distance < least:
            best, least = np.int64(k), distance
    return best


@inline_kernel
def index_at(levels, count, sample):
    """Return the index of a sample among levels that hold it."""
    for k in range(count - 1):
        if levels[k] == sample:
            return np.int64(k)
    return np.int64(count - 1)


@inner_kernel
def load_border(plane, block, colours, count, indices):
    """Fill the border of `indices` above and to the left of a block; what is not decoded counts as index 0."""
    width, height = 1 << block.log_width, 1 << block.log_height
    for i in range(-BORDER, height):
        for j in range(-BORDER, width + 1 if i < 0 else 0):
            y, x = block.y + i, block.x + j
            index = np.int64(0)
            inside = y >= 0 and 0 <= x < plane.samples.shape[1]
            if inside and is_done(plane.blocks, y, x):
                index = nearest(colours, count, np.int64(plane.samples[y, x]))
            indices[i + BORDER, j + BORDER] = index


@inline_kernel
def begin_row(indices, row, width):
    """Give the row above a row of indices, both with the border, its right neighbour if that is in the block."""
    if row > BORDER:
        indices[row - 1, width + BORDER] = indices[row - 1, width + BORDER - 1]


@inline_kernel
def surroundings(indices, row, column):
    """Return (left, above, above right, above left, pattern of which of them and of those beyond are equal)."""
    left, above = np.int64(indices[row, column - 1]), np.int64(indices[row - 1, column])
    right, corner = np.int64(indices[row - 1, column + 1]), np.int64(indices[row - 1, column - 1])
    pattern = np.int64(above == left) | np.int64(corner == left) << 1 | np.int64(right == left) << 2
    pattern |= np.int64(corner == above) << 3 | np.int64(right == above) << 4
    pattern |= np.int64(indices[row, column - 2] == left) << 5 | np.int64(indices[row - 2, column] == above) << 6
    return left, above, right, corner, pattern


@inline_kernel
def left_context(count, pattern):
    """Return the context of whether an index is that to the left."""
    kind = 0 if count == 2 else (1 if count <= 4 else 2)
    return FIRST_LEFT + kind * PATTERNS + pattern


@inline_kernel
def turn_context(count, pattern, turn):
    """Return the context of whether an index is that above, above right, above left (`turn` 0 to 2)."""
    kind = 0 if count <= 4 else 1
    return FIRST_TURN + ((turn * 2 + kind) << 5) + (pattern & 31)


@inline_kernel
def index_size(count):
    """Return how many bits an index of a palette of 3 colours or more takes."""
    return 2 if count <= 4 else (3 if count <= 8 else COUNT_BITS)


@inline_kernel
def rest_context(count, left):
    """Return the first context of the bits of an index, by the index to the left."""
    place = 0 if left == 0 else (1 if left == count - 1 else (2 if 2 * left < count else 3))
    return FIRST_REST + ((place * (COUNT_BITS + 1) + index_size(count)) << COUNT_BITS)


@inline_kernel
def turn_index(turn, left, above, right, corner):
    """Return the index of a turn, -1 if it was asked before."""
    if turn == 0:
        return above if above != left else np.int64(-1)
    if turn == 1:
        return right if right != left and right != above else np.int64(-1)
    return corner if corner != left and corner != above and corner != right else np.int64(-1)


@inline_kernel
def palette_kind(plane, levels):
    """Return the kind of a block for contexts; `levels` is the number of values of the guide, for chroma."""
    if plane.guides.shape[0] == 0:
        return np.int64(0)
    return np.int64(1 if levels == 1 else (2 if levels <= 4 else 3))


@inline_kernel
def palette_neighbours(plane, block):
    """Return 0 to 2: how many of the blocks to the left of and above a block's corner have a palette."""
    v, u = block.y >> UNIT_LOG, block.x >> UNIT_LOG
    left = u > 0 and plane.blocks[MODE, v, u - 1] == PALETTE
    above = v > 0 and plane.blocks[MODE, v - 1, u] == PALETTE
    return np.int64(left) + np.int64(above)


@inline_kernel
def palette_context(plane, block, levels):
    """Return the context of whether a block has a palette."""
    near = palette_neighbours(plane, block)
    return _used_context(palette_kind(plane, levels), near, size_class(block.log_width, block.log_height))


@inline_kernel
def _count_context(block):
    """Return the first context of the number of colours."""
    return FIRST_COUNT + (np.int64(block.log_width + block.log_height > _SMALL_AREA) << COUNT_BITS)


@inner_kernel
def guide_levels(plane, block, state):
    """Fill `state.guides`; return the number of different values of the first guide, 0 if too many, or in luma."""
    if plane.guides.shape[0] == 0:
        return np.int64(0)
    return list_levels(plane.guides[0], block, state.guides)


@inner_kernel
def _emit_index(indices, row, column, count, tokens, filled):
    """Append the tokens of an index; return the new count of tokens."""
    left, above, right, corner, pattern = surroundings(indices, row, column)
    index = np.int64(indices[row, column])
    same = np.int64(index == left)
    tokens[filled] = token(RAW_COPY + left_context(count, pattern), same)
    filled += 1
    if same or count == 2:
        return filled
    for turn in range(_TURNS):
        other = turn_index(turn, left, above, right, corner)
        if other >= 0:
            same = np.int64(index == other)
            tokens[filled] = token(RAW_COPY + turn_context(count, pattern, turn), same)
            filled += 1
            if same:
                return filled
    size, first = index_size(count), rest_context(count, left)
    node = np.int64(1)
    for bit in range(size - 1, -1, -1):
        value = (index >> bit) & 1
        tokens[filled] = token(RAW_COPY + first + node, value)
        filled += 1
        node = 2 * node + value
    return filled


@inner_kernel
def _emit_level(key, sample, tokens, filled):
    """Append the tokens of a colour; return the new count."""
    tokens[filled] = token(RAW_KEY, key)
    tokens[filled + 1] = token(RAW_LEVEL, sample >> LEVEL_SHIFT)
    return filled + 2


@inner_kernel
def emit_palette(plane, block, used, state, tokens, filled):
    """Append the tokens that tell whether a block (`layout.Block`) has a palette, and which; return the new count.

    Args:
        used: whether it has; then the plane has its samples.
        state: record of PALETTE_STATE.
        tokens: uint32; the first `filled` are filled.
    """
    levels = guide_levels(plane, block, state)
    if levels == 0 and plane.guides.shape[0] > 0:
        return filled
    tokens[filled] = token(RAW_COPY + palette_context(plane, block, levels), np.int64(used))
    filled += 1
    if not used:
        return filled
    width, height = 1 << block.log_width, 1 << block.log_height
    if levels > 0:
        for k in range(levels):
            guide = np.int64(state.guides[k])
            colour = np.int64(0)
            for i in range(height):
                for j in range(width):
                    if plane.guides[0, block.y + i, block.x + j] == guide:
                        colour = np.int64(plane.samples[block.y + i, block.x + j])
            filled = _emit_level(plane.guides.shape[0] * KEYS + 1 + (guide >> LEVEL_SHIFT), colour, tokens, filled)
        return filled
    count = list_levels(plane.samples, block, state.colours)
    first, node = _count_context(block), np.int64(1)
    for bit in range(COUNT_BITS - 1, -1, -1):
        value = ((count - 1) >> bit) & 1
        tokens[filled] = token(RAW_COPY + first + node, value)
        filled += 1
        node = 2 * node + value
    key = np.int64(0)
    for k in range(count):
        colour = np.int64(state.colours[k])
        filled = _emit_level(key, colour, tokens, filled)
        key = 1 + (colour >> LEVEL_SHIFT)
    if count == 1:
        return filled
    indices = state.indices
    load_border(plane, block, state.colours, count, indices)
    for i in range(height):
        begin_row(indices, i + BORDER, width)
        for j in range(width):
            sample = np.int64(plane.samples[block.y + i, block.x + j])
            indices[i + BORDER, j + BORDER] = index_at(state.colours, count, sample)
            filled = _emit_index(indices, i + BORDER, j + BORDER, count, tokens, filled)
    return filled


@inner_kernel
def _read_index(indices, row, column, count, buffer, state):
    """Read an index; `state` is of VALUE_STATE."""
    left, above, right, corner, pattern = surroundings(indices, row, column)
    if read_value(state, buffer, left_context(count, pattern)):
        return left
    if count == 2:
        return 1 - left
    for turn in range(_TURNS):
        other = turn_index(turn, left, above, right, corner)
        if other >= 0 and read_value(state, buffer, turn_context(count, pattern, turn)):
            return other
    size, first = index_size(count), rest_context(count, left)
    node = np.int64(1)
    for _ in range(size):
        node = 2 * node + read_value(state, buffer, first + node)
    return np.int64(min(node - (1 << size), count - 1))


@inner_kernel
def parse_palette(plane, buffer, block, values, state):
    """Read whether a block (`layout.Block`) has a palette; if so, fill `state.painted`, and return True.

    Args:
        buffer: padded uint8; values: record of VALUE_STATE.
        state: record of PALETTE_STATE.
    """
    levels = guide_levels(plane, block, state)
    if levels == 0 and plane.guides.shape[0] > 0:
        return False
    if not read_value(values, buffer, palette_context(plane, block, levels)):
        return False
    width, height = 1 << block.log_width, 1 << block.log_height
    if levels > 0:
        for k in range(levels):
            key = plane.guides.shape[0] * KEYS + 1 + (np.int64(state.guides[k]) >> LEVEL_SHIFT)
            state.colours[k] = read_level(values, buffer, key) << LEVEL_SHIFT
        for i in range(height):
            for j in range(width):
                guide = np.int64(plane.guides[0, block.y + i, block.x + j])
                state.painted[i, j] = state.colours[index_at(state.guides, levels, guide)]
        return True
    first, node = _count_context(block), np.int64(1)
    for _ in range(COUNT_BITS):
        node = 2 * node + read_value(values, buffer, first + node)
    count = node - (1 << COUNT_BITS) + 1
    key = np.int64(0)
    for k in range(count):
        colour = read_level(values, buffer, key)
        state.colours[k] = colour << LEVEL_SHIFT
        key = 1 + colour
    indices = state.indices
    if count > 1:
        load_border(plane, block, state.colours, count, indices)
    for i in range(height):
        begin_row(indices, i + BORDER, width)
        for j in range(width):
            index = np.int64(0)
            if count > 1:
                index = _read_index(indices, i + BORDER, j + BORDER, count, buffer, values)
                indices[i + BORDER, j + BORDER] = index
            state.painted[i, j] = state.colours[index]
    return True
