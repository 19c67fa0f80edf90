"""Coefficient coding: which 2x2 groups of a block are significant, and the codeword of each.

A block's quantised coefficients are vectors of four neighbouring frequencies. Significance is coded as a quadtree,
level by level: one 4-bit mask for each node tells which children are significant. So a node's context knows its
neighbours on both sides. Then each significant group, along the diagonals, takes one of 256 codewords: the magnitudes 0
to 3 of its four components. Raw signs follow and, for each component of 3, an Exp-Golomb code of the excess over 3.

The writer `emit_coefficients` and the reader `parse_coefficients` stand side by side. `reconstruct_levels` lets the
encoder dequantise levels exactly as the reader does.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import COEFFICIENT_BITS, COEFFICIENT_MAX, SUPERBLOCK_LOG
from vqcodec.blocks.steps import STEP_BITS
from vqcodec.blocks.syntax.contexts import (
    FIRST_MASK,
    FIRST_PATTERN,
    MASK_LEVELS,
    MASK_PLACES,
    MASK_SURROUNDINGS,
    PATTERN_PLACES,
    PATTERN_SURROUNDINGS,
    RAW_ESCAPE,
    RAW_SIGNS,
    TOKEN_SHIFT,
    offset_cell,
    pattern_surroundings,
)
from vqcodec.blocks.syntax.parts import ESCAPE, MASK, PATTERN, SIGN
from vqcodec.entropy.bits import get_bits, get_exp_golomb
from vqcodec.entropy.tables import get_symbol
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.kernels.records import record_type

GROUPS = 1 << (SUPERBLOCK_LOG - 1)  # along a side of the largest block
DEPTHS = SUPERBLOCK_LOG
BORDER = 2
OFFSET_BITS = 6  # reconstruction offsets are int8 in 1/64 step
LARGE_OFFSET = -1  # of magnitudes above 3
MAX_MAGNITUDE = 8193  # 2 + (2^13 - 1): an escape of at most 25 bits
_GROUP_PLACES = np.array([0, 1, 2, 2, *[3] * (2 * GROUPS)], dtype=np.int32)


COEFFICIENT_STATE = record_type(
    significance=(np.uint8, (DEPTHS, GROUPS, GROUPS)),
    magnitudes=(np.int32, (GROUPS + 3, GROUPS + 3)),
    form_shifts=(np.uint8, (DEPTHS, GROUPS, GROUPS)),
)
"""Scratch for the coefficients of one block.

Attributes:
    significance: 1 if the node is significant, by depth, row and column of the node. Depth 0 is the root, and the last
        depth holds the groups themselves. If a side of a node is one group long, it is not cut further.
    magnitudes: the sum of magnitudes by group, with a border of 0: 2 above and to the left, 1 to the right.
    form_shifts: added to a node's form, for blocks that are coded with the knowledge of another block; 0 otherwise.
"""


@inline_kernel
def tree_depth(log_width, log_height):
    """Return the number of mask levels; groups are the nodes at this depth."""
    return max(log_width, log_height) - 1


@inline_kernel
def node_form(form, state, depth, row, column):
    """Return the form of a node of a block with this `form`. Groups are the nodes at the last depth."""
    return form + np.int64(state.form_shifts[depth, row, column])


@inline_kernel
def clear_magnitudes(magnitudes, group_rows, group_columns):
    """Zero the groups of a block and the border around them."""
    for gy in range(group_rows + 3):
        for gx in range(group_columns + 3):
            magnitudes[gy, gx] = 0


@inline_kernel
def mask_context(significance, depth, row, column, rows, columns, tall, wide, form, energy):
    """Return the context of the mask of a node.

    It counts the significant children of the left and the upper node that touch this node, and the significant nodes
    to the right and below, whose masks come later. At the root it is the energy of the surrounding blocks.
    """
    if depth == 0:
        place, surroundings = 0, energy
    else:
        children = significance[depth + 1]
        top, left = row * tall, column * wide
        near = 0
        if column > 0:
            near += children[top, left - 1]
            if tall > 1:
                near += children[top + 1, left - 1]
        if row > 0:
            near += children[top - 1, left]
            if wide > 1:
                near += children[top - 1, left + 1]
        coming = 0
        if column + 1 < columns:
            coming += significance[depth, row, column + 1]
        if row + 1 < rows:
            coming += significance[depth, row + 1, column]
        place = 0 if row + column == 0 else (1 if row + column <= 2 else 2)
        surroundings = near * 3 + coming
    return FIRST_MASK + ((form * MASK_LEVELS + depth) * MASK_PLACES + place) * MASK_SURROUNDINGS + surroundings


@inline_kernel
def node_mask(significance, depth, row, column, tall, wide):
    """Return the mask of a node: bit 2 i + j for the child in row i < `tall` and column j < `wide`.

    There is no loop over the children: LLVM would unroll and vectorise it in each caller.
    """
    children = significance[depth + 1]
    top, left = row * tall, column * wide
    mask = np.int64(children[top, left])
    if wide > 1:
        mask |= np.int64(children[top, left + 1]) << 1
    if tall > 1:
        mask |= np.int64(children[top + 1, left]) << 2
        if wide > 1:
            mask |= np.int64(children[top + 1, left + 1]) << 3
    return mask


@inline_kernel
def pattern_context(magnitudes, groups, gy, gx, group_rows, group_columns, form):
    """Return the context of a group's codeword: form, frequency, magnitudes before it, significance after it.

    `groups` is the significance of the groups, the last depth of the tree.
    """
    y, x = gy + BORDER, gx + BORDER
    total = 2 * (magnitudes[y, x - 1] + magnitudes[y - 1, x]) + magnitudes[y - 1, x - 1]
    total += magnitudes[y, x - 2] + magnitudes[y - 2, x] + magnitudes[y - 1, x + 1]
    coming = 0
    if gx + 1 < group_columns:
        coming += groups[gy, gx + 1]
    if gy + 1 < group_rows:
        coming += groups[gy + 1, gx]
    surroundings = pattern_surroundings(total) * 3 + coming
    return FIRST_PATTERN + (form * PATTERN_PLACES + _GROUP_PLACES[gy + gx]) * PATTERN_SURROUNDINGS + surroundings


@inline_kernel
def escape_bits(magnitude):
    """Return the number of bits of the Exp-Golomb code of a component, 0 if `magnitude` is below 3."""
    if magnitude < 3:
        return 0
    bits, rest = 1, magnitude - 2
    while rest > 1:
        bits += 2
        rest >>= 1
    return bits


@inline_kernel
def dequantize(level, offset, step):
    """Return the coefficient of a nonzero `level`: int in 1/2^COEFFICIENT_BITS, at most COEFFICIENT_MAX in magnitude.

    Args:
        offset: reconstruction offset of the magnitude, in 1/64 of the step.
        step: fixed-point step (see `steps.STEPS`).
    """
    shift = OFFSET_BITS + STEP_BITS - COEFFICIENT_BITS
    magnitude = ((abs(level) << OFFSET_BITS) + offset) * step
    value = min((magnitude + (1 << (shift - 1))) >> shift, COEFFICIENT_MAX)
    return value if level > 0 else -value


@inline_kernel
def group_offset(offsets, row, pattern, component, magnitude):
    """Return the reconstruction offset of a component in 1/64 step."""
    return np.int64(offsets[row, pattern, component]) if magnitude <= 3 else np.int64(LARGE_OFFSET)


@inner_kernel
def load_significance(levels, block, state):
    """Fill `state.significance` and clear the magnitudes for the levels of a block (`layout.Block`)."""
    y, x, log_width, log_height = block
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    significance = state.significance
    depth = tree_depth(log_width, log_height)
    for gy in range(group_rows):
        for gx in range(group_columns):
            r, c = y + 2 * gy, x + 2 * gx
            any_level = levels[r, c] | levels[r, c + 1] | levels[r + 1, c] | levels[r + 1, c + 1]
            significance[depth, gy, gx] = any_level != 0
    clear_magnitudes(state.magnitudes, group_rows, group_columns)
    summarise_significance(significance, depth, group_rows, group_columns)


@inner_kernel
def summarise_significance(significance, depth, group_rows, group_columns):
    """Fill the depths above the groups."""
    for d in range(depth - 1, -1, -1):
        rows, columns = min(group_rows, 1 << d), min(group_columns, 1 << d)
        tall, wide = min(group_rows, 2 << d) // rows, min(group_columns, 2 << d) // columns
        for row in range(rows):
            for column in range(columns):
                significance[d, row, column] = node_mask(significance, d, row, column, tall, wide) != 0


@kernel
def emit_coefficients(levels, block, form, energy, state, tokens, count):
    """Append the tokens of the levels of a block, which are not all 0; return the new count.

    Args:
        levels: int16 (rows, columns), of the plane; block: `layout.Block`.
        form: see `contexts.coefficient_form`; energy: see `contexts.surrounding_energy`.
        state: record of COEFFICIENT_STATE.
        tokens: uint32; the first `count` are filled.
    """
    y, x, log_width, log_height = block
    load_significance(levels, block, state)
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    depth = tree_depth(log_width, log_height)
    significance, magnitudes = state.significance, state.magnitudes
    groups = significance[depth]
    for d in range(depth):
        rows, columns = min(group_rows, 1 << d), min(group_columns, 1 << d)
        tall, wide = min(group_rows, 2 << d) // rows, min(group_columns, 2 << d) // columns
        for row in range(rows):
            for column in range(columns):
                if significance[d, row, column]:
                    own = node_form(form, state, d, row, column)
                    context = mask_context(significance, d, row, column, rows, columns, tall, wide, own, energy)
                    mask = node_mask(significance, d, row, column, tall, wide)
                    tokens[count] = (context << TOKEN_SHIFT) | mask
                    count += 1
    for diagonal in range(group_rows + group_columns - 1):
        for gy in range(max(0, diagonal - group_columns + 1), min(group_rows, diagonal + 1)):
            gx = diagonal - gy
            if not groups[gy, gx]:
                continue
            own = node_form(form, state, depth, gy, gx)
            context = pattern_context(state.magnitudes, groups, gy, gx, group_rows, group_columns, own)
            pattern = total = signs = sign_count = 0
            for k in range(4):
                level = np.int64(levels[y + 2 * gy + (k >> 1), x + 2 * gx + (k & 1)])
                pattern = pattern * 4 + min(abs(level), 3)
                total += abs(level)
                if level != 0:
                    signs = 2 * signs + (level < 0)
                    sign_count += 1
            magnitudes[gy + BORDER, gx + BORDER] = total
            tokens[count] = (context << TOKEN_SHIFT) | pattern
            tokens[count + 1] = ((RAW_SIGNS + sign_count) << TOKEN_SHIFT) | signs
            count += 2
            for k in range(4):
                magnitude = abs(np.int64(levels[y + 2 * gy + (k >> 1), x + 2 * gx + (k & 1)]))
                if magnitude >= 3:
                    width = (escape_bits(magnitude) + 1) >> 1
                    tokens[count] = ((RAW_ESCAPE + width) << TOKEN_SHIFT) | 1
                    tokens[count + 1] = ((RAW_ESCAPE + width - 1) << TOKEN_SHIFT) | (
                        (magnitude - 2) - (1 << (width - 1))
                    )
                    count += 2
    return count


@inner_kernel
def _parse_masks(buffer, position, log_width, log_height, form, energy, tables, state):
    """Read the significance tree of a block that has coefficients; return the new position."""
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    significance = state.significance
    significance[0, 0, 0] = 1
    for d in range(tree_depth(log_width, log_height)):
        rows, columns = min(group_rows, 1 << d), min(group_columns, 1 << d)
        tall, wide = min(group_rows, 2 << d) // rows, min(group_columns, 2 << d) // columns
        for row in range(rows):
            for column in range(columns):
                mask = np.int64(0)
                if significance[d, row, column]:
                    own = node_form(form, state, d, row, column)
                    context = mask_context(significance, d, row, column, rows, columns, tall, wide, own, energy)
                    table = tables.rows[context]
                    mask, position = get_symbol(buffer, position, table, tables.flags)
                    if tables.mask_counts.shape[0] > 0:
                        tables.mask_counts[table, mask] += 1
                for i in range(tall):
                    for j in range(wide):
                        significance[d + 1, row * tall + i, column * wide + j] = (mask >> (2 * i + j)) & 1
    return position


@kernel
def parse_coefficients(buffer, position, block, form, energy, step, tables, state, part_bits, coefficients):
    """Read a block's coefficients, dequantised, into `coefficients` (int32 (32, 32), zeroed by the caller).

    Args:
        buffer: padded uint8; `position` in bits.
        block: `layout.Block`.
        form: see `contexts.coefficient_form`; energy: see `contexts.surrounding_energy`.
        step: fixed-point quantizer step.
        tables: `model.DecoderTables`.
        state: record of COEFFICIENT_STATE.
        part_bits: int64, to which the bits of each part (`parts.PART_NAMES`) are added.

    Returns:
        (new position, sum of magnitudes, bounds of the nonzero coefficients: width and height).
    """
    log_width, log_height = block.log_width, block.log_height
    first = _parse_masks(buffer, position, log_width, log_height, form, energy, tables, state)
    part_bits[MASK] += first - position
    position = first
    in_signs = in_escapes = 0
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    clear_magnitudes(state.magnitudes, group_rows, group_columns)
    depth = tree_depth(log_width, log_height)
    groups = state.significance[depth]
    total = used_width = used_height = 0
    for diagonal in range(group_rows + group_columns - 1):
        for gy in range(max(0, diagonal - group_columns + 1), min(group_rows, diagonal + 1)):
            gx = diagonal - gy
            if not groups[gy, gx]:
                continue
            own = node_form(form, state, depth, gy, gx)
            context = pattern_context(state.magnitudes, groups, gy, gx, group_rows, group_columns, own)
            table = tables.rows[context]
            pattern, position = get_symbol(buffer, position, table, tables.patterns)
            if tables.pattern_counts.shape[0] > 0:
                tables.pattern_counts[table, pattern] += 1
            sign_count = np.int64(0)
            for k in range(4):
                sign_count += (pattern >> (2 * k)) & 3 != 0
            signs, position = get_bits(buffer, position, sign_count)
            in_signs += sign_count
            row = offset_cell(context)
            group_total = 0
            for k in range(4):
                magnitude = (pattern >> (6 - 2 * k)) & 3
                if magnitude == 0:
                    continue
                if magnitude == 3:
                    before = position
                    rest, position = get_exp_golomb(buffer, position, 0)
                    in_escapes += position - before
                    magnitude = min(3 + rest, MAX_MAGNITUDE)
                sign_count -= 1
                level = -magnitude if (signs >> sign_count) & 1 else magnitude
                offset = group_offset(tables.offsets, row, pattern, k, magnitude)
                coefficients[2 * gy + (k >> 1), 2 * gx + (k & 1)] = dequantize(level, offset, step)
                group_total += magnitude
            state.magnitudes[gy + BORDER, gx + BORDER] = group_total
            total += group_total
            used_width = max(used_width, 2 * gx + 2)
            used_height = max(used_height, 2 * gy + 2)
    part_bits[PATTERN] += position - first - in_signs - in_escapes
    part_bits[SIGN] += in_signs
    part_bits[ESCAPE] += in_escapes
    return position, total, used_width, used_height


@kernel
def reconstruct_levels(levels, block, form, step, tables, state, coefficients):
    """Dequantise the levels of a block into `coefficients`, as `parse_coefficients` does with the levels it reads.

    Args:
        levels: int16 (rows, columns), of the plane; block: `layout.Block`.
        form: see `contexts.coefficient_form`.
        step: fixed-point quantizer step.
        tables: anything with `offsets`.
        state: record of COEFFICIENT_STATE.
        coefficients: int32 (32, 32), zeroed by the caller.

    Returns:
        (sum of magnitudes, bounds of the nonzero coefficients: width and height).
    """
    y, x, log_width, log_height = block
    load_significance(levels, block, state)
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    groups = state.significance[tree_depth(log_width, log_height)]
    total = used_width = used_height = 0
    for diagonal in range(group_rows + group_columns - 1):
        for gy in range(max(0, diagonal - group_columns + 1), min(group_rows, diagonal + 1)):
            gx = diagonal - gy
            if not groups[gy, gx]:
                continue
            # The cell of offsets does not depend on the form
            row = offset_cell(pattern_context(state.magnitudes, groups, gy, gx, group_rows, group_columns, form))
            pattern = group_total = np.int64(0)
            for k in range(4):
                magnitude = abs(np.int64(levels[y + 2 * gy + (k >> 1), x + 2 * gx + (k & 1)]))
                pattern = pattern * 4 + min(magnitude, 3)
                group_total += magnitude
            for k in range(4):
                level = np.int64(levels[y + 2 * gy + (k >> 1), x + 2 * gx + (k & 1)])
                if level != 0:
                    offset = group_offset(tables.offsets, row, pattern, k, abs(level))
                    coefficients[2 * gy + (k >> 1), 2 * gx + (k & 1)] = dequantize(level, offset, step)
            state.magnitudes[gy + BORDER, gx + BORDER] = group_total
            total += group_total
            used_width = max(used_width, 2 * gx + 2)
            used_height = max(used_height, 2 * gy + 2)
    return total, used_width, used_height
