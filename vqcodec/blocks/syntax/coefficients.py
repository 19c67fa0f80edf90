"""Coefficient coding: which 2x2 groups of a block are significant, and the codeword of each.

A block's quantised coefficients are vectors of four neighbouring frequencies. Significance is coded as a quadtree,
level by level (`significance`). Then each significant group, along the diagonals, takes one of 256 codewords: the
magnitudes 0 to 3 of its four components. Raw signs follow and, for each component of 3, an Exp-Golomb code of the
excess over 3.

The writer `emit_coefficients` and the reader `parse_coefficients` stand side by side. `reconstruct_levels` lets the
encoder dequantise levels exactly as the reader does.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import COEFFICIENT_BITS, COEFFICIENT_MAX
from vqcodec.blocks.steps import STEP_BITS
from vqcodec.blocks.syntax.contexts import (
    FIRST_PATTERN,
    PATTERN_PLACES,
    PATTERN_SURROUNDINGS,
    RAW_COARSE,
    RAW_ESCAPE,
    RAW_FINE,
    RAW_LENGTH,
    RAW_SIGNS,
    offset_cell,
    pattern_surroundings,
)
from vqcodec.blocks.syntax.flag_contexts import coarse_escape, fine_escape
from vqcodec.blocks.syntax.parts import ESCAPE, PATTERN, SIGN
from vqcodec.blocks.syntax.significance import (
    BORDER,
    GROUPS,
    clear_magnitudes,
    emit_masks,
    load_significance,
    node_form,
    parse_masks,
    tree_depth,
)
from vqcodec.blocks.syntax.symbols import read_mixed_zeros, token
from vqcodec.entropy.bits import get_bits, get_exp_golomb
from vqcodec.entropy.tables import get_symbol
from vqcodec.kernels.jit import inline_kernel, kernel

OFFSET_BITS = 6  # reconstruction offsets are int8 in 1/64 step
LARGE_OFFSET = -1  # of magnitudes above 3
MAX_MAGNITUDE = 8193  # 2 + (2^13 - 1): an escape of at most 25 bits
_GROUP_PLACES = np.array([0, 1, 2, 2, *[3] * (2 * GROUPS)], dtype=np.int32)


@inline_kernel
def magnitudes_around(magnitudes, gy, gx):
    """Return the weighted sum of the magnitudes that are coded around a group."""
    y, x = gy + BORDER, gx + BORDER
    total = 2 * (magnitudes[y, x - 1] + magnitudes[y - 1, x]) + magnitudes[y - 1, x - 1]
    return total + magnitudes[y, x - 2] + magnitudes[y - 2, x] + magnitudes[y - 1, x + 1]


@inline_kernel
def _read_escape(buffer, position, tables, fine, coarse, values):
    """Return (what a component is beyond 3, new position)."""
    if tables.mixed:
        zeros = read_mixed_zeros(values, buffer, tables.kind, fine, coarse)
        rest, position = get_bits(buffer, position, zeros)
        return (np.int64(1) << zeros) + rest - 1, position
    return get_exp_golomb(buffer, position, 0)


@inline_kernel
def pattern_context(magnitudes, groups, gy, gx, group_rows, group_columns, form):
    """Return the context of a group's codeword: form, frequency, magnitudes before it, significance after it.

    `groups` is the significance of the groups, the last depth of the tree.
    """
    total = magnitudes_around(magnitudes, gy, gx)
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


@kernel
def emit_coefficients(levels, block, look, state, tokens, count):
    """Append the tokens of the levels of a block, which are not all 0; return the new count.

    Args:
        levels: int16 (rows, columns), of the plane; block: `layout.Block`.
        look: `contexts.Look`.
        state: record of COEFFICIENT_STATE.
        tokens: uint32; the first `count` are filled.
    """
    y, x, log_width, log_height = block
    load_significance(levels, block, state)
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    depth = tree_depth(log_width, log_height)
    count = emit_masks(state, block, look, tokens, count)
    magnitudes, groups = state.magnitudes, state.significance[depth]
    for diagonal in range(group_rows + group_columns - 1):
        for gy in range(max(0, diagonal - group_columns + 1), min(group_rows, diagonal + 1)):
            gx = diagonal - gy
            if not groups[gy, gx]:
                continue
            own = node_form(look.form, state, depth, gy, gx)
            context = pattern_context(state.magnitudes, groups, gy, gx, group_rows, group_columns, own)
            pattern = total = signs = sign_count = largest = 0
            for k in range(4):
                level = np.int64(levels[y + 2 * gy + (k >> 1), x + 2 * gx + (k & 1)])
                pattern = pattern * 4 + min(abs(level), 3)
                total += abs(level)
                largest = max(largest, abs(level))
                if level != 0:
                    signs = 2 * signs + (level < 0)
                    sign_count += 1
            around = magnitudes_around(magnitudes, gy, gx)
            magnitudes[gy + BORDER, gx + BORDER] = total
            tokens[count] = token(context, pattern)
            tokens[count + 1] = token(RAW_SIGNS + sign_count, signs)
            count += 2
            if largest >= 3:
                tokens[count] = token(RAW_COARSE, coarse_escape(log_width, log_height, gy, gx))
                tokens[count + 1] = token(RAW_FINE, fine_escape(gy, gx, around))
                count += 2
            for k in range(4):
                magnitude = abs(np.int64(levels[y + 2 * gy + (k >> 1), x + 2 * gx + (k & 1)]))
                if magnitude >= 3:
                    width = (escape_bits(magnitude) + 1) >> 1
                    tokens[count] = token(RAW_LENGTH + width, 1)
                    tokens[count + 1] = token(RAW_ESCAPE + width - 1, (magnitude - 2) - (1 << (width - 1)))
                    count += 2
    return count


@kernel
def parse_coefficients(buffer, position, block, look, step, tables, part_bits, state, coefficients, values):
    """Read a block's coefficients, dequantised, into `coefficients` (int32 (32, 32), zeroed by the caller).

    Args:
        buffer: padded uint8; `position` in bits.
        block: `layout.Block`; look: `contexts.Look`.
        step: fixed-point quantizer step.
        tables: `model.DecoderTables`.
        part_bits: int64, to which the bits of each part (`parts.PART_NAMES`) are added.
        state: record of COEFFICIENT_STATE.
        values: record of VALUE_STATE.

    Returns:
        (new position, sum of magnitudes, bounds of the nonzero coefficients: width and height).
    """
    log_width, log_height = block.log_width, block.log_height
    position = parse_masks(buffer, position, block, look, tables, part_bits, state, values)
    first = position
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
            own = node_form(look.form, state, depth, gy, gx)
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
            fine = fine_escape(gy, gx, magnitudes_around(state.magnitudes, gy, gx))
            coarse = coarse_escape(log_width, log_height, gy, gx)
            group_total = 0
            for k in range(4):
                magnitude = (pattern >> (6 - 2 * k)) & 3
                if magnitude == 0:
                    continue
                if magnitude == 3:
                    before = position
                    rest, position = _read_escape(buffer, position, tables, fine, coarse, values)
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
