"""The syntax of blocks that are copied from the samples of their own plane that are decoded already.

In planes that copy, each block begins with a value: whether it is copied. A copied block (mode MEMORY) goes on with
whether it has coefficients, and with its displacement: that of a candidate, or one that is told. All that are values of
the range coder (`values`). Writer and reader stand side by side.

A displacement is in whole samples. It is kept as the place of reference 0 (`motion.pack_place`).
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import DONE, ENERGY, SIZE_CLASSES, SUPERBLOCK_LOG, UNIT_LOG
from vqcodec.blocks.syntax.contexts import RAW_COPY, RAW_COPY_BITS, is_done, size_class
from vqcodec.blocks.syntax.motion import (
    CANDIDATES,
    FLAVOUR_BITS,
    column_of,
    luma_at_centre,
    magnitude_class,
    no_places,
    pack_place,
    place_at,
    place_number,
    remembering_neighbours,
    row_of,
    with_place,
)
from vqcodec.blocks.syntax.symbols import token
from vqcodec.blocks.syntax.values import FIRST_OF_COPIES, NOT_DECODED, read_even, read_value
from vqcodec.kernels.jit import inline_kernel, inner_kernel

_KINDS = 4  # of planes and places: luma; chroma where luma is not copied, is copied, is copied and coded
_NEAR = 3
_ENERGIES = 3
_CLASSES_LOG = 4  # log2 of the classes of magnitudes
_EXACT = 2  # bits of a magnitude, after the highest, that have chances of their own
_MAX_CLASS = 12
_AXES = 3  # rows; columns of blocks that are displaced within their rows; other columns
_AXIS = 2 + (1 << _CLASSES_LOG) + (_MAX_CLASS + 1 << _EXACT)

FIRST_COPIED = FIRST_OF_COPIES
FIRST_CODED = FIRST_COPIED + _KINDS * _NEAR * SIZE_CLASSES
FIRST_CANDIDATE = FIRST_CODED + _KINDS * _ENERGIES * SIZE_CLASSES
FIRST_AXIS = FIRST_CANDIDATE + _KINDS * CANDIDATES


@inline_kernel
def copies_itself(plane):
    """Whether blocks of a plane may be copied from it."""
    return plane.memory.shape[0] == 0 and plane.motion.shape[0] > 0


@inline_kernel
def is_coded_before(row, column, other_row, other_column):
    """Whether a superblock (row, column) is coded before another one, also if they are searched along diagonals."""
    return row <= other_row and column + 2 * row < other_column + 2 * other_row


@inline_kernel
def may_copy(plane, block, place):
    """Whether a block (`layout.Block`) may be copied from a place: all samples there must be decoded."""
    top, left = block.y + row_of(place), block.x + column_of(place)
    bottom, right = top + (1 << block.log_height) - 1, left + (1 << block.log_width) - 1
    if top < 0 or left < 0 or bottom >= plane.samples.shape[0] or right >= plane.samples.shape[1]:
        return False
    row, column = block.y >> SUPERBLOCK_LOG, block.x >> SUPERBLOCK_LOG
    last_row, last_column = bottom >> SUPERBLOCK_LOG, right >> SUPERBLOCK_LOG
    if last_row != row or last_column != column:
        return is_coded_before(last_row, last_column, row, column)
    for v in range(max(top, row << SUPERBLOCK_LOG) >> UNIT_LOG, (bottom >> UNIT_LOG) + 1):
        for u in range(max(left, column << SUPERBLOCK_LOG) >> UNIT_LOG, (right >> UNIT_LOG) + 1):
            if plane.blocks[DONE, v, u] == 0:
                return False
    return True


@inline_kernel
def _with_copy(plane, block, found, place):
    """Return places with one more, if the block may be copied from there."""
    if place < 0 or not may_copy(plane, block, place):
        return found
    return with_place(found, place)


@inline_kernel
def list_copies(plane, block):
    """Return (count, five places): the different candidates of a block (`layout.Block`); the first `count` are set.

    In a plane with guides they begin with the place of luma at the block's centre. Then come those of the neighbours:
    to the left in the last row, above in the last column, above to the right, to the left in the first row, above in
    the first column. What the block may not be copied from is no candidate.
    """
    y, x = block.y, block.x
    width, height = 1 << block.log_width, 1 << block.log_height
    found = no_places()
    if plane.guides.shape[0] > 0:
        found = _with_copy(plane, block, found, place_at(plane.guide_motion, y + (height >> 1), x + (width >> 1)))
    if x > 0:
        found = _with_copy(plane, block, found, place_at(plane.motion, y + height - 1, x - 1))
    if y > 0:
        found = _with_copy(plane, block, found, place_at(plane.motion, y - 1, x + width - 1))
        if x + width < plane.samples.shape[1] and is_done(plane.blocks, y - 1, x + width):
            found = _with_copy(plane, block, found, place_at(plane.motion, y - 1, x + width))
    if x > 0:
        found = _with_copy(plane, block, found, place_at(plane.motion, y, x - 1))
    if y > 0:
        found = _with_copy(plane, block, found, place_at(plane.motion, y - 1, x))
    return found


@inline_kernel
def copy_kind(plane, block):
    """Return 0 in luma, 1 to 3 in chroma: whether luma is copied at the block's centre, and coded."""
    return 1 + luma_at_centre(plane, block) if plane.guides.shape[0] > 0 else np.int64(0)


@inline_kernel
def _copied_context(plane, block, kind):
    """Return the context of whether a block is copied."""
    near = remembering_neighbours(plane, block)
    return FIRST_COPIED + (kind * _NEAR + near) * SIZE_CLASSES + size_class(block.log_width, block.log_height)


@inline_kernel
def _coded_context(plane, block, kind):
    """Return the context of whether a copied block has coefficients."""
    v, u = block.y >> UNIT_LOG, block.x >> UNIT_LOG
    energies = np.int64(0)
    if u > 0 and plane.blocks[ENERGY, v, u - 1] > 0:
        energies += 1
    if v > 0 and plane.blocks[ENERGY, v - 1, u] > 0:
        energies += 1
    return FIRST_CODED + (kind * _ENERGIES + energies) * SIZE_CLASSES + size_class(block.log_width, block.log_height)


@inline_kernel
def _emit_axis(axis, displacement, tokens, count):
    """Append the tokens of one component of a displacement; return the new count."""
    first = FIRST_AXIS + axis * _AXIS
    kind = magnitude_class(displacement)
    node = np.int64(1)
    for bit in range(_CLASSES_LOG - 1, -1, -1):
        value = (kind >> bit) & 1
        tokens[count] = token(RAW_COPY + first + 1 + node, value)
        count += 1
        node = 2 * node + value
    if kind > 0:
        tokens[count] = token(RAW_COPY + first, np.int64(displacement < 0))
        count += 1
        node = np.int64(1)
        left = kind - 1
        magnitude = abs(displacement)
        while left > 0 and node < 1 << _EXACT:
            left -= 1
            value = (magnitude >> left) & 1
            tokens[count] = token(RAW_COPY + first + 2 + (1 << _CLASSES_LOG) + (kind << _EXACT) + node, value)
            count += 1
            node = 2 * node + value
        if left > 0:
            tokens[count] = token(RAW_COPY_BITS + left, magnitude & ((1 << left) - 1))
            count += 1
    return count


@inner_kernel
def emit_copied(plane, block, copied, coded, tokens, count):
    """Append the tokens that tell whether and from where a block (`layout.Block`) is copied; return the new count."""
    kind = copy_kind(plane, block)
    tokens[count] = token(RAW_COPY + _copied_context(plane, block, kind), np.int64(copied))
    count += 1
    if not copied:
        return count
    tokens[count] = token(RAW_COPY + _coded_context(plane, block, kind), coded)
    count += 1
    place = np.int64(plane.motion[block.y >> UNIT_LOG, block.x >> UNIT_LOG]) >> FLAVOUR_BITS
    places = list_copies(plane, block)
    for number in range(places[0]):
        same = np.int64(place_number(places, number) == place)
        tokens[count] = token(RAW_COPY + FIRST_CANDIDATE + kind * CANDIDATES + number, same)
        count += 1
        if same:
            return count
    row, column = row_of(place), column_of(place)
    count = _emit_axis(np.int64(0), row, tokens, count)
    return _emit_axis(np.int64(1 if row == 0 else 2), column, tokens, count)


@inner_kernel
def _read_axis(axis, buffer, state):
    """Read one component of a displacement."""
    first = FIRST_AXIS + axis * _AXIS
    node = np.int64(1)
    for _ in range(_CLASSES_LOG):
        node = 2 * node + read_value(state, buffer, first + 1 + node)
    kind = min(node - (1 << _CLASSES_LOG), _MAX_CLASS)
    if kind == 0:
        return np.int64(0)
    negative = read_value(state, buffer, first)
    magnitude = node = np.int64(1)
    left = kind - 1
    while left > 0 and node < 1 << _EXACT:
        left -= 1
        node = 2 * node + read_value(state, buffer, first + 2 + (1 << _CLASSES_LOG) + (kind << _EXACT) + node)
    magnitude = node
    while left > 0:
        left -= 1
        magnitude = 2 * magnitude + read_even(state, buffer)
    return np.int64(-magnitude if negative else magnitude)


@inner_kernel
def parse_copied(plane, buffer, block, state):
    """Read whether a block (`layout.Block`) is copied; return (motion, whether it has coefficients).

    The motion is -1 if the block is not copied. If it may not be copied from where it is told to be, `state.fault` is
    set, and the motion has a place 0, 0.

    Args:
        buffer: padded uint8; state: record of VALUE_STATE.
    """
    kind = copy_kind(plane, block)
    if not read_value(state, buffer, _copied_context(plane, block, kind)):
        return np.int64(-1), np.int64(0)
    coded = read_value(state, buffer, _coded_context(plane, block, kind))
    places = list_copies(plane, block)
    for number in range(places[0]):
        if read_value(state, buffer, FIRST_CANDIDATE + kind * CANDIDATES + number):
            return np.int64(place_number(places, number)) << FLAVOUR_BITS, coded
    row = _read_axis(np.int64(0), buffer, state)
    column = _read_axis(np.int64(1 if row == 0 else 2), buffer, state)
    place = np.int64(pack_place(0, row, column))
    if not may_copy(plane, block, place):
        state.fault[0] = NOT_DECODED
        place = np.int64(pack_place(0, 0, 0))
    return place << FLAVOUR_BITS, coded
