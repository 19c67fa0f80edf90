"""Search of where a block is predicted from in the references of a memory: candidates, then displacements."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.memory_prediction import clamped, predict_from_memory
from vqcodec.blocks.layout import MEMORY_BORDER, SAMPLE_BITS
from vqcodec.blocks.search.hadamard import hadamard_cost
from vqcodec.blocks.search.quantization import HUGE_LEAF_COST
from vqcodec.blocks.syntax.contexts import FIRST_FRACTION, FIRST_VECTOR
from vqcodec.blocks.syntax.motion import (
    FIRST_EXPLICIT,
    FLAVOUR_BITS,
    FLAVOURS,
    FRACTION_LOG,
    MAX_DISPLACEMENT,
    column_of,
    fraction_symbol,
    list_places,
    magnitude_class,
    motion_context,
    motion_symbol,
    pack_place,
    place_number,
    predicted_place,
    reference_of,
    row_of,
    whole_difference,
)
from vqcodec.entropy.tables import bits_of
from vqcodec.kernels.jit import inline_kernel, inner_kernel

MOTIONS = 4  # most motions tried in full
_GRID = 4  # samples between the displacements looked at first
_SMALLEST_AREA = 6  # log2 of the samples of the smallest blocks whose displacements are searched


@inline_kernel
def _vector_bits(place, predicted, tables):
    """Return the bits of an explicit place beside its motion symbol."""
    down = whole_difference(row_of(place), row_of(predicted))
    across = whole_difference(column_of(place), column_of(predicted))
    row_kind, column_kind = magnitude_class(down), magnitude_class(across)
    bits = bits_of(tables.motions[tables.rows[FIRST_VECTOR], row_kind]) + row_kind
    bits += bits_of(tables.motions[tables.rows[FIRST_VECTOR + (1 if down == 0 else 2)], column_kind]) + column_kind
    return bits + bits_of(tables.motions[tables.rows[FIRST_FRACTION], fraction_symbol(place)])


@inner_kernel
def motion_bits(plane, block, motion, tables):
    """Return the bits of the motion of a block (`layout.Block`), without its choice symbol."""
    places = list_places(plane, block)
    symbol = motion_symbol(places, motion)
    bits = bits_of(tables.motions[tables.rows[motion_context(plane, block)], symbol])
    if symbol >= FIRST_EXPLICIT:
        place = motion >> FLAVOUR_BITS
        bits += _vector_bits(place, predicted_place(places, reference_of(place)), tables)
    return bits


@inner_kernel
def _difference(source, reference, block, row, column, limit):
    """Return the sum of the absolute differences of a block from its reference, in 1/16; above `limit` a part of it.

    `row` and `column` are whole samples.
    """
    rows, columns = reference.shape[0] - 2 * MEMORY_BORDER, reference.shape[1] - 2 * MEMORY_BORDER
    width, height = 1 << block.log_width, 1 << block.log_height
    top, left = clamped(block.y + row, rows), clamped(block.x + column, columns)
    total = np.int64(0)
    for i in range(height):
        line, other = source[block.y + i], reference[top + i]
        part = np.int32(0)
        for j in range(width):
            part += abs(np.int32(line[block.x + j]) - np.int32(other[left + j]))
        total += part
        if total > limit:
            break
    return total


@inner_kernel
def _search_whole(plane, source, block, places, reference, weight, tables, settings):
    """Return the place of `reference`, in whole samples, of the least difference + weight * bits."""
    samples = plane.memory[reference]
    predicted = predicted_place(places, reference)
    scale = np.float32(1 << SAMPLE_BITS)
    best_cost = HUGE_LEAF_COST * scale
    best_row = best_column = np.int64(0)
    reach = settings.memory_reach if block.log_width + block.log_height >= _SMALLEST_AREA else 0
    side = 2 * (reach // _GRID) + 1
    for number in range(-places[0] - 1, side * side):
        if number >= 0:
            row, column = (number // side) * _GRID - reach, (number % side) * _GRID - reach
        elif number == -1:
            row = column = np.int64(0)
        else:
            place = place_number(places, number + places[0] + 1)
            if reference_of(place) != reference:
                continue
            row, column = (row_of(place) + 2) >> FRACTION_LOG, (column_of(place) + 2) >> FRACTION_LOG
        place = np.int64(pack_place(reference, row << FRACTION_LOG, column << FRACTION_LOG))
        side_cost = scale * weight * _vector_bits(place, predicted, tables)
        if side_cost < best_cost:
            cost = side_cost + np.float32(_difference(source, samples, block, row, column, best_cost - side_cost))
            if cost < best_cost:
                best_cost, best_row, best_column = cost, row, column
    step = np.int64(_GRID >> 1 if reach > 0 else 1)
    while step > 0:
        centre_row, centre_column = best_row, best_column
        for k in range(4):
            row = centre_row + (step if k == 0 else -step if k == 1 else 0)
            column = centre_column + (step if k == 2 else -step if k == 3 else 0)
            place = np.int64(pack_place(reference, row << FRACTION_LOG, column << FRACTION_LOG))
            side_cost = scale * weight * _vector_bits(place, predicted, tables)
            if side_cost < best_cost:
                cost = side_cost + np.float32(_difference(source, samples, block, row, column, best_cost - side_cost))
                if cost < best_cost:
                    best_cost, best_row, best_column = cost, row, column
        if best_row == centre_row and best_column == centre_column:
            step >>= 1
        elif max(abs(best_row), abs(best_column)) >= MAX_DISPLACEMENT >> (FRACTION_LOG + 1):
            break
    return np.int64(pack_place(reference, best_row << FRACTION_LOG, best_column << FRACTION_LOG))


@inner_kernel
def _motion_cost(plane, source, block, motion, weight, tables, scratch):
    """Return the Hadamard cost of a motion + `weight` * its bits."""
    predict_from_memory(plane, block, motion, scratch.block)
    cost = hadamard_cost(source, block, scratch.block.prediction, scratch.hadamard)
    return cost + weight * motion_bits(plane, block, motion, tables)


@inline_kernel
def offer_motion(motion, cost, most, count, scratch):
    """Put a motion among the `most` of least cost in `scratch`; return their new number."""
    for i in range(count):
        if scratch.motions[i] == motion:
            return count
    place = count
    while place > 0 and scratch.motion_costs[place - 1] > cost:
        place -= 1
    if place >= most:
        return count
    for i in range(min(count, most - 1), place, -1):
        scratch.motions[i], scratch.motion_costs[i] = scratch.motions[i - 1], scratch.motion_costs[i - 1]
    scratch.motions[place], scratch.motion_costs[place] = motion, cost
    return min(count + 1, most)


@inner_kernel
def _search_fractions(plane, source, block, place, weight, tables, scratch):
    """Return the best of a place and those around it, at half and then at quarter samples."""
    best_cost = _motion_cost(plane, source, block, place << FLAVOUR_BITS, weight, tables, scratch)
    step = np.int64(1 << (FRACTION_LOG - 1))
    while step > 0:
        row, column = row_of(place), column_of(place)
        for k in range(9):
            other = np.int64(pack_place(reference_of(place), row + (k // 3 - 1) * step, column + (k % 3 - 1) * step))
            if k == 4:
                continue
            cost = _motion_cost(plane, source, block, other << FLAVOUR_BITS, weight, tables, scratch)
            if cost < best_cost:
                best_cost, place = cost, other
        step >>= 1
    return place


@inner_kernel
def rank_motions(plane, source, block, weight, tables, settings, scratch):
    """Fill `scratch.motions` with the most promising motions of a block, the best first; return their number.

    Args:
        plane: `layout.Plane` with references; block: `layout.Block`.
        source: int16 plane in 1/16.
        weight: cost of a bit in samples.
        tables: `model.SearchTables`; settings: `effort.LeafSettings`.
        scratch: record of LEAF_SCRATCH.
    """
    count, most = np.int64(0), np.int64(settings.memory_trials)
    flavours = FLAVOURS if plane.guides.shape[0] + plane.memory.shape[0] > 1 else FLAVOURS - 1
    places = list_places(plane, block)
    for number in range(places[0]):
        for flavour in range(flavours):
            motion = (np.int64(place_number(places, number)) << FLAVOUR_BITS) | flavour
            cost = _motion_cost(plane, source, block, motion, weight, tables, scratch)
            count = offer_motion(motion, cost, most, count, scratch)
    if plane.guides.shape[0] == 0 and settings.memory_explicit:
        least, leader = HUGE_LEAF_COST, np.int64(0)
        for reference in range(plane.memory.shape[0]):
            place = _search_whole(plane, source, block, places, np.int64(reference), weight, tables, settings)
            cost = _motion_cost(plane, source, block, place << FLAVOUR_BITS, weight, tables, scratch)
            count = offer_motion(place << FLAVOUR_BITS, cost, most, count, scratch)
            if cost < least:
                least, leader = cost, place
        if settings.memory_fractions:
            leader = _search_fractions(plane, source, block, leader, weight, tables, scratch)
        for flavour in range(flavours):
            motion = (leader << FLAVOUR_BITS) | flavour
            cost = _motion_cost(plane, source, block, motion, weight, tables, scratch)
            count = offer_motion(motion, cost, most, count, scratch)
    return count
