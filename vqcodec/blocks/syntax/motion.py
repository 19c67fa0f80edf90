"""The syntax of blocks that are predicted from memory: from which reference, displaced how far, in which flavour.

A motion symbol names a candidate, or a reference whose displacement follows, and the flavour. A displacement follows as
the class of the difference of its rows from those of a predictor, in whole samples, and likewise of its columns, each
with raw bits; then as one symbol for both fractions of a sample. Writer and reader stand side by side.

A place, from which a block is predicted, is one integer (see `pack_place`). A motion is 4 * place + flavour.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import MAX_REFERENCES, MEMORY, MODE, UNIT_LOG
from vqcodec.blocks.syntax import parts
from vqcodec.blocks.syntax.contexts import (
    FIRST_FRACTION,
    FIRST_MOTION,
    FIRST_VECTOR,
    RAW_VECTOR,
    choice_context,
    is_done,
    memory_choice_context,
    size_class,
)
from vqcodec.blocks.syntax.symbols import count_symbol, token
from vqcodec.entropy.bits import get_bits
from vqcodec.kernels.jit import inline_kernel, inner_kernel

# Flavours: the reference as it is, with gain and offset fitted to the decoded surroundings, or fitted together with
# another reference (in planes with guides: with the first guide)
COPY, FITTED, COMBINED = 0, 1, 2
FLAVOURS = 3
FLAVOUR_BITS = 2
CANDIDATES = 5
FIRST_EXPLICIT = FLAVOURS * CANDIDATES  # motion symbols: flavour * CANDIDATES + candidate, then explicit ones
LAST_MOTION = FIRST_EXPLICIT + FLAVOURS * MAX_REFERENCES - 1

FRACTION_LOG = 2  # displacements of luma are in quarters of a sample
MAX_DISPLACEMENT = (1 << 13) - 1  # of luma, in quarters of a sample
VECTOR_CLASSES = 13  # the number of bits of a magnitude in whole samples, 0 to 12
_OFFSET = 1 << 15
_NONE = -1


@inline_kernel
def pack_place(reference, row, column):
    """Return a place: the number of a reference, and a displacement, each of magnitude below 2^15."""
    return (reference << 32) | ((row + _OFFSET) << 16) | (column + _OFFSET)


@inline_kernel
def reference_of(place):
    """Return the number of the reference of a place."""
    return place >> 32


@inline_kernel
def row_of(place):
    """Return how far down a place is displaced."""
    return ((place >> 16) & 0xFFFF) - _OFFSET


@inline_kernel
def column_of(place):
    """Return how far to the right a place is displaced."""
    return (place & 0xFFFF) - _OFFSET


@inline_kernel
def place_at(motion, y, x):
    """Return the place that the block over (y, x) is predicted from; negative if it has none."""
    return motion[y >> UNIT_LOG, x >> UNIT_LOG] >> FLAVOUR_BITS


@inline_kernel
def with_place(candidates, place):
    """Return (count, five places) with `place` appended, unless it is negative or there or there is no room."""
    count, a, b, c, d, e = candidates
    if place < 0 or count == CANDIDATES:
        return candidates
    known = (count > 0 and a == place) or (count > 1 and b == place) or (count > 2 and c == place)
    if known or (count > 3 and d == place):
        return candidates
    if count == 0:
        a = place
    elif count == 1:
        b = place
    elif count == 2:
        c = place
    elif count == 3:
        d = place
    else:
        e = place
    return count + 1, a, b, c, d, e


@inline_kernel
def no_places():
    """Return (count, five places) without any."""
    none = np.int64(_NONE)
    return np.int64(0), none, none, none, none, none


@inline_kernel
def list_places(plane, block):
    """Return (count, five places): the different candidates of a block (`layout.Block`); the first `count` are set.

    In a plane with guides they begin with the place of luma at the block's centre. Then come those of the neighbours:
    to the left in the last row, above in the last column, above to the right. Then the references, not displaced.
    """
    y, x = block.y, block.x
    width, height = 1 << block.log_width, 1 << block.log_height
    found = no_places()
    if plane.guides.shape[0] > 0:
        found = with_place(found, place_at(plane.guide_motion, y + (height >> 1), x + (width >> 1)))
    if x > 0:
        found = with_place(found, place_at(plane.motion, y + height - 1, x - 1))
    if y > 0:
        found = with_place(found, place_at(plane.motion, y - 1, x + width - 1))
        if x + width < plane.samples.shape[1] and is_done(plane.blocks, y - 1, x + width):
            found = with_place(found, place_at(plane.motion, y - 1, x + width))
    for reference in range(plane.memory.shape[0]):
        found = with_place(found, np.int64(pack_place(reference, 0, 0)))
    return found


@inline_kernel
def place_number(places, number):
    """Return one of the places that `list_places` returned; `number` is below their count."""
    if number == 0:
        return places[1]
    if number == 1:
        return places[2]
    if number == 2:
        return places[3]
    return places[4] if number == 3 else places[5]


@inline_kernel
def predicted_place(places, reference):
    """Return what an explicit place of `reference` is told relative to: its first candidate, else not displaced."""
    for number in range(places[0]):
        place = place_number(places, number)
        if reference_of(place) == reference:
            return place
    return np.int64(pack_place(reference, 0, 0))


@inline_kernel
def remembering_neighbours(plane, block):
    """Return 0 to 2: how many of the blocks to the left of and above a block's corner are predicted from memory."""
    v, u = block.y >> UNIT_LOG, block.x >> UNIT_LOG
    count = np.int64(0)
    if u > 0 and plane.blocks[MODE, v, u - 1] == MEMORY:
        count += 1
    if v > 0 and plane.blocks[MODE, v - 1, u] == MEMORY:
        count += 1
    return count


@inline_kernel
def luma_at_centre(plane, block):
    """Return 0 if luma at a block's centre is not predicted from memory, 1 if it is and is not coded, else 2."""
    y, x = block.y + (1 << block.log_height >> 1), block.x + (1 << block.log_width >> 1)
    motion = plane.guide_motion[y >> UNIT_LOG, x >> UNIT_LOG]
    return np.int64(0) if motion < 0 else 1 + (motion & 1)


@inline_kernel
def leaf_choice_context(plane, block, energy, left, above):
    """Return the context of the choice symbol of a leaf (`layout.Block`).

    Args:
        energy: see `contexts.surrounding_energy`; left, above: modes of the neighbours.
    """
    size = size_class(block.log_width, block.log_height)
    if plane.memory.shape[0] == 0:
        return choice_context(size, energy, left, above)
    luma = luma_at_centre(plane, block) if plane.guides.shape[0] > 0 else np.int64(0)
    return memory_choice_context(size, energy, luma, remembering_neighbours(plane, block))


@inline_kernel
def motion_context(plane, block):
    """Return the context of the motion symbol of a block (`layout.Block`)."""
    size = size_class(block.log_width, block.log_height)
    if plane.guides.shape[0] > 0:
        return FIRST_MOTION + size * 3 + luma_at_centre(plane, block)
    v, u = block.y >> UNIT_LOG, block.x >> UNIT_LOG
    left = plane.motion[v, u - 1] if u > 0 else np.int64(_NONE)
    above = plane.motion[v - 1, u] if v > 0 else np.int64(_NONE)
    kind = np.int64(0)
    if left >= 0 or above >= 0:
        flavours = (1 << FLAVOUR_BITS) - 1
        fitted = (left >= 0 and left & flavours != COPY) or (above >= 0 and above & flavours != COPY)
        kind = np.int64(2 if fitted else 1)
    return FIRST_MOTION + size * 3 + kind


@inline_kernel
def motion_symbol(places, motion):
    """Return the symbol of a motion: that of a candidate if it is one, else that of an explicit place."""
    place, flavour = motion >> FLAVOUR_BITS, motion & ((1 << FLAVOUR_BITS) - 1)
    for number in range(places[0]):
        if place_number(places, number) == place:
            return flavour * CANDIDATES + number
    return FIRST_EXPLICIT + flavour * MAX_REFERENCES + reference_of(place)


@inline_kernel
def magnitude_class(difference):
    """Return the number of bits of the magnitude of `difference`."""
    bits, rest = np.int64(0), abs(difference)
    while rest > 0:
        bits += 1
        rest >>= 1
    return bits


@inline_kernel
def whole_difference(position, predicted):
    """Return the difference of two displacements in whole samples, both rounded down."""
    return (position >> FRACTION_LOG) - (predicted >> FRACTION_LOG)


@inline_kernel
def fraction_symbol(place):
    """Return the symbol of both fractions of a displacement."""
    mask = (1 << FRACTION_LOG) - 1
    return ((row_of(place) & mask) << FRACTION_LOG) | (column_of(place) & mask)


@inline_kernel
def _emit_difference(context, difference, tokens, count):
    """Append the tokens of one component; return the new count."""
    kind = magnitude_class(difference)
    tokens[count] = token(context, kind)
    count += 1
    if kind > 0:
        rest = abs(difference) - (1 << (kind - 1))
        tokens[count] = token(RAW_VECTOR + kind, (rest << 1) | (difference < 0))
        count += 1
    return count


@inner_kernel
def emit_motion(plane, block, tokens, count):
    """Append the tokens of the motion of a block (`layout.Block`), as the plane records it; return the new count."""
    motion = np.int64(plane.motion[block.y >> UNIT_LOG, block.x >> UNIT_LOG])
    places = list_places(plane, block)
    symbol = motion_symbol(places, motion)
    tokens[count] = token(motion_context(plane, block), symbol)
    count += 1
    if symbol >= FIRST_EXPLICIT:
        place = motion >> FLAVOUR_BITS
        predicted = predicted_place(places, reference_of(place))
        down = whole_difference(row_of(place), row_of(predicted))
        across = whole_difference(column_of(place), column_of(predicted))
        count = _emit_difference(FIRST_VECTOR, down, tokens, count)
        count = _emit_difference(FIRST_VECTOR + (1 if down == 0 else 2), across, tokens, count)
        tokens[count] = token(np.int64(FIRST_FRACTION), fraction_symbol(place))
        count += 1
    return count


@inner_kernel
def _parse_difference(buffer, position, context, tables, part_bits):
    """Read one component; return (difference in whole samples, new position)."""
    kind, position = count_symbol(buffer, position, tables.rows[context], tables.motions, part_bits, parts.VECTOR)
    kind = min(kind, VECTOR_CLASSES - 1)
    if kind == 0:
        return np.int64(0), position
    bits, position = get_bits(buffer, position, kind)
    part_bits[parts.VECTOR] += kind
    magnitude = (1 << (kind - 1)) + (bits >> 1)
    return np.int64(-magnitude if bits & 1 else magnitude), position


@inline_kernel
def _displaced(predicted, difference, fraction):
    """Return a displacement in quarters, within the bounds."""
    position = (((predicted >> FRACTION_LOG) + difference) << FRACTION_LOG) + fraction
    return min(max(position, -MAX_DISPLACEMENT), MAX_DISPLACEMENT)


@inner_kernel
def parse_motion(plane, buffer, position, block, tables, part_bits):
    """Read the motion of a block (`layout.Block`); return (motion, new position). Arguments as in `parse_leaf`."""
    places = list_places(plane, block)
    table = tables.rows[motion_context(plane, block)]
    symbol, position = count_symbol(buffer, position, table, tables.motions, part_bits, parts.MOTION)
    symbol = min(symbol, LAST_MOTION)
    if symbol < FIRST_EXPLICIT:
        place = place_number(places, min(symbol % CANDIDATES, places[0] - 1))
        return (np.int64(place) << FLAVOUR_BITS) | (symbol // CANDIDATES), position
    reference = min((symbol - FIRST_EXPLICIT) % MAX_REFERENCES, plane.memory.shape[0] - 1)
    predicted = predicted_place(places, reference)
    down, position = _parse_difference(buffer, position, FIRST_VECTOR, tables, part_bits)
    context = FIRST_VECTOR + (1 if down == 0 else 2)
    across, position = _parse_difference(buffer, position, context, tables, part_bits)
    table = tables.rows[FIRST_FRACTION]
    fractions, position = count_symbol(buffer, position, table, tables.motions, part_bits, parts.VECTOR)
    mask = (1 << FRACTION_LOG) - 1
    row = _displaced(row_of(predicted), down, (fractions >> FRACTION_LOG) & mask)
    column = _displaced(column_of(predicted), across, fractions & mask)
    flavour = (symbol - FIRST_EXPLICIT) // MAX_REFERENCES
    return (np.int64(pack_place(reference, row, column)) << FLAVOUR_BITS) | flavour, position
