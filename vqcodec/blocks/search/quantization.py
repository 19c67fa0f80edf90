"""Rate-distortion optimised quantisation of a block's coefficients into patterns of 2x2 groups.

For each group the quantizer compares up to 16 patterns, which round its components down or up, by D + lambda R with the
true code lengths. Then it drops whole nodes of the significance tree, from small to large, if that is cheaper.
The context of a group depends on the significance of the groups after it, which the first pass does not know: a second
pass uses the result of the first.

Distortions are in squared steps, so lambda is `lambda_factor` at every step. Bits are the code lengths of the tables.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SUPERBLOCK
from vqcodec.blocks.syntax.coefficients import LARGE_OFFSET, MAX_MAGNITUDE, OFFSET_BITS, escape_bits, pattern_context
from vqcodec.blocks.syntax.contexts import offset_cell
from vqcodec.blocks.syntax.significance import (
    BORDER,
    COEFFICIENT_STATE,
    DEPTHS,
    GROUPS,
    clear_magnitudes,
    mask_context,
    node_form,
    node_mask,
    summarise_significance,
    tree_depth,
)
from vqcodec.entropy.tables import bits_of
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.kernels.records import record_type

ZERO_BELOW = np.float32(0.4)  # steps: a group is not coded if all its components are smaller
LIKELY_ABOVE = np.float32(0.66)  # steps: before the first pass a group with a larger component counts as significant
ROUND_UP_FROM = np.float32(0.3)
ROUND_DOWN_TO = np.float32(0.8)
GROUP_OVERHEAD = np.float32(1.0)  # estimated bits of a group in the masks, before these are known
NODE_SAVING = np.float32(0.7)  # bits that a node's absence saves in its parent's mask
HUGE_LEAF_COST = np.float32(1e30)  # above the cost of any group or leaf, which are float32


QUANTIZER_SCRATCH = record_type(
    values=(np.float32, (SUPERBLOCK, SUPERBLOCK)),
    levels=(np.int16, (SUPERBLOCK, SUPERBLOCK)),
    zero=(np.float32, (DEPTHS, GROUPS, GROUPS)),
    best=(np.float32, (DEPTHS, GROUPS, GROUPS)),
    options=(np.float32, (4, 2, 2)),
    guess=(np.uint8, (GROUPS, GROUPS)),
    state=COEFFICIENT_STATE,
)
"""Working arrays of the quantizer.

Attributes:
    values: coefficients in steps.
    levels: the result, signed.
    zero, best: by tree node: cost without coefficients, and least cost found, in squared steps.
    options: for each component, rounded down and up: its magnitude, and the bits of its sign and escape.
    guess: the significance at the start of a pass.
    state: significance and magnitudes of the result.
"""


@inline_kernel
def _list_options(group, options):
    """Fill `options` with the ways to round the four components.

    Return two sets of components, as 4 bits each: those that may be rounded up, and those that must be.
    """
    may = must = 0
    for k in range(4):
        value = abs(group[k >> 1, k & 1])
        floor = min(np.int64(value), MAX_MAGNITUDE - 1)
        rest = value - np.float32(floor)
        may |= (1 if rest >= ROUND_UP_FROM else 0) << k
        must |= (1 if rest > ROUND_DOWN_TO else 0) << k
        for up in range(2):
            magnitude = floor + up
            options[k, up, 0] = magnitude
            options[k, up, 1] = (1 if magnitude > 0 else 0) + escape_bits(magnitude)
    return may, must


@inner_kernel
def _choose_pattern(group, prices, offsets, lambda_factor, options, levels):
    """Store the best nonzero pattern of a group in `levels`; return (its cost in squared steps, sum of magnitudes).

    Args:
        group: float32 (2, 2), coefficients in steps; `levels` int16, likewise.
        prices: uint8 (256,), of the patterns in the group's context.
        offsets: int8 (256, 4), reconstruction offsets.
    """
    may, must = _list_options(group, options)
    best, best_choice = HUGE_LEAF_COST, 0
    scale = np.float32(1.0 / (1 << OFFSET_BITS))
    for choice in range(16):
        if (choice & ~may) | (~choice & must):
            continue
        pattern = 0
        bits = np.float32(0)
        for k in range(4):
            up = (choice >> k) & 1
            pattern = pattern * 4 + min(np.int64(options[k, up, 0]), 3)
            bits += options[k, up, 1]
        if pattern == 0:
            continue
        distortion = np.float32(0)
        for k in range(4):
            magnitude = options[k, (choice >> k) & 1, 0]
            if magnitude > 3:
                magnitude += LARGE_OFFSET * scale
            elif magnitude > 0:
                magnitude += np.float32(offsets[pattern, k]) * scale
            error = abs(group[k >> 1, k & 1]) - magnitude
            distortion += error * error
        cost = distortion + lambda_factor * (bits + bits_of(prices[pattern]))
        if cost < best:
            best, best_choice = cost, choice
    total = 0
    if best < HUGE_LEAF_COST:
        for k in range(4):
            magnitude = np.int64(options[k, (best_choice >> k) & 1, 0])
            levels[k >> 1, k & 1] = -magnitude if group[k >> 1, k & 1] < 0 else magnitude
            total += magnitude
    return best, total


@inner_kernel
def quantize_groups(log_width, log_height, form, tables, lambda_factor, scratch):
    """Choose the pattern of each group by the significance in `scratch.state`, and replace that significance."""
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    depth = tree_depth(log_width, log_height)
    values, state = scratch.values, scratch.state
    groups = state.significance[depth]
    clear_magnitudes(state.magnitudes, group_rows, group_columns)
    for diagonal in range(group_rows + group_columns - 1):
        for gy in range(max(0, diagonal - group_columns + 1), min(group_rows, diagonal + 1)):
            gx = diagonal - gy
            group = values[2 * gy : 2 * gy + 2, 2 * gx : 2 * gx + 2]
            zero = largest = np.float32(0)
            for k in range(4):
                value = group[k >> 1, k & 1]
                zero += value * value
                largest = max(largest, abs(value))
            scratch.zero[depth, gy, gx] = zero
            scratch.best[depth, gy, gx] = zero
            if largest <= ZERO_BELOW:
                continue
            own = node_form(form, state, depth, gy, gx)
            context = pattern_context(state.magnitudes, groups, gy, gx, group_rows, group_columns, own)
            row = offset_cell(context)
            cost, total = _choose_pattern(
                group,
                tables.patterns[tables.rows[context]],
                tables.offsets[row],
                lambda_factor,
                scratch.options,
                scratch.levels[2 * gy : 2 * gy + 2, 2 * gx : 2 * gx + 2],
            )
            if cost + lambda_factor * GROUP_OVERHEAD < zero:
                state.magnitudes[gy + BORDER, gx + BORDER] = total
                scratch.best[depth, gy, gx] = cost
    for gy in range(group_rows):
        for gx in range(group_columns):
            groups[gy, gx] = state.magnitudes[gy + BORDER, gx + BORDER] != 0
    summarise_significance(state.significance, depth, group_rows, group_columns)


@inline_kernel
def _drop_node(significance, depth, row, column, last, group_rows, group_columns):
    """Clear the significance of a node and all below it."""
    significance[depth, row, column] = 0
    rows, columns = min(group_rows, 1 << depth), min(group_columns, 1 << depth)
    for d in range(depth + 1, last + 1):
        tall, wide = min(group_rows, 1 << d) // rows, min(group_columns, 1 << d) // columns
        for r in range(row * tall, (row + 1) * tall):
            for c in range(column * wide, (column + 1) * wide):
                significance[d, r, c] = 0


@inner_kernel
def prune_tree(log_width, log_height, form, tables, lambda_factor, energy, scratch):
    """Drop the nodes that cost more than they gain, from the smallest up, by the true code lengths of the masks."""
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    last = tree_depth(log_width, log_height)
    significance, magnitudes = scratch.state.significance, scratch.state.magnitudes
    for d in range(last - 1, -1, -1):
        rows, columns = min(group_rows, 1 << d), min(group_columns, 1 << d)
        tall, wide = min(group_rows, 2 << d) // rows, min(group_columns, 2 << d) // columns
        for row in range(rows):
            for column in range(columns):
                zero = cost = np.float32(0)
                for i in range(tall):
                    for j in range(wide):
                        zero += scratch.zero[d + 1, row * tall + i, column * wide + j]
                        cost += scratch.best[d + 1, row * tall + i, column * wide + j]
                scratch.zero[d, row, column] = zero
                mask = node_mask(significance, d, row, column, tall, wide)
                significance[d, row, column] = mask != 0
                if mask != 0:
                    own = node_form(form, scratch.state, d, row, column)
                    context = mask_context(significance, d, row, column, rows, columns, tall, wide, own, energy)
                    cost += lambda_factor * bits_of(tables.flags[tables.rows[context], mask])
                    if zero - lambda_factor * NODE_SAVING <= cost:
                        _drop_node(significance, d, row, column, last, group_rows, group_columns)
                        cost = zero
                scratch.best[d, row, column] = cost
    groups = significance[last]
    for gy in range(group_rows):
        for gx in range(group_columns):
            if not groups[gy, gx]:
                magnitudes[gy + BORDER, gx + BORDER] = 0


@inner_kernel
def measure_levels(log_width, log_height, form, tables, energy, scratch):
    """Return (bits, distortion in squared steps, sum of magnitudes) of the block with its final contexts."""
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    last = tree_depth(log_width, log_height)
    significance, magnitudes = scratch.state.significance, scratch.state.magnitudes
    bits = distortion = np.float32(0)
    for d in range(last):
        rows, columns = min(group_rows, 1 << d), min(group_columns, 1 << d)
        tall, wide = min(group_rows, 2 << d) // rows, min(group_columns, 2 << d) // columns
        for row in range(rows):
            for column in range(columns):
                if significance[d, row, column]:
                    own = node_form(form, scratch.state, d, row, column)
                    context = mask_context(significance, d, row, column, rows, columns, tall, wide, own, energy)
                    mask = node_mask(significance, d, row, column, tall, wide)
                    bits += bits_of(tables.flags[tables.rows[context], mask])
    groups = significance[last]
    total = 0
    scale = np.float32(1.0 / (1 << OFFSET_BITS))
    for gy in range(group_rows):
        for gx in range(group_columns):
            if not groups[gy, gx]:
                distortion += scratch.zero[last, gy, gx]
                continue
            group = scratch.values[2 * gy : 2 * gy + 2, 2 * gx : 2 * gx + 2]
            levels = scratch.levels[2 * gy : 2 * gy + 2, 2 * gx : 2 * gx + 2]
            own = node_form(form, scratch.state, last, gy, gx)
            context = pattern_context(magnitudes, groups, gy, gx, group_rows, group_columns, own)
            row = offset_cell(context)
            pattern = 0
            for k in range(4):
                pattern = pattern * 4 + min(abs(np.int64(levels[k >> 1, k & 1])), 3)
            bits += bits_of(tables.patterns[tables.rows[context], pattern])
            for k in range(4):
                magnitude = abs(np.int64(levels[k >> 1, k & 1]))
                value = np.float32(magnitude)
                if magnitude > 0:
                    bits += np.float32(1 + escape_bits(magnitude))
                    total += magnitude
                    offset = np.float32(tables.offsets[row, pattern, k]) if magnitude <= 3 else LARGE_OFFSET
                    value += offset * scale
                error = abs(group[k >> 1, k & 1]) - value
                distortion += error * error
    return bits, distortion, total


@inline_kernel
def _differ(groups, guess, group_rows, group_columns):
    """Whether the significance found differs from the guess, so that another pass may do better."""
    for gy in range(group_rows):
        for gx in range(group_columns):
            if groups[gy, gx] != guess[gy, gx]:
                return True
    return False


@inline_kernel
def _copy_groups(groups, guess, group_rows, group_columns):
    """Copy the significance of the groups to `guess`."""
    for gy in range(group_rows):
        for gx in range(group_columns):
            guess[gy, gx] = groups[gy, gx]


@inner_kernel
def quantize_block(log_width, log_height, form, tables, lambda_factor, energy, passes, scratch):
    """Quantise `scratch.values` into `scratch.levels` and `scratch.state`.

    The levels of a group are defined only if `scratch.state.significance` says that it is significant.

    Args:
        form: see `contexts.coefficient_form`; energy: see `contexts.surrounding_energy`.
        tables: `model.SearchTables`.
        lambda_factor: float32, distortion per bit in squared steps.
        passes: most passes over the groups, at least 1.
        scratch: record of QUANTIZER_SCRATCH.

    Returns:
        (bits of the coefficients, distortion, sum of magnitudes, distortion without coefficients). Distortions are in
        squared steps. If the sum is 0, the block has no coefficients and bits are 0.
    """
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    last = tree_depth(log_width, log_height)
    values, groups = scratch.values, scratch.state.significance[last]
    energy_sum = np.float32(0)
    overall = np.float32(0)
    for gy in range(group_rows):
        for gx in range(group_columns):
            largest = np.float32(0)
            for k in range(4):
                value = values[2 * gy + (k >> 1), 2 * gx + (k & 1)]
                energy_sum += value * value
                largest = max(largest, abs(value))
            groups[gy, gx] = largest > LIKELY_ABOVE
            overall = max(overall, largest)
    if overall <= ZERO_BELOW:
        return np.float32(0), energy_sum, 0, energy_sum
    for number in range(passes):
        if number > 0 and not _differ(groups, scratch.guess, group_rows, group_columns):
            break
        _copy_groups(groups, scratch.guess, group_rows, group_columns)
        quantize_groups(log_width, log_height, form, tables, lambda_factor, scratch)
        prune_tree(log_width, log_height, form, tables, lambda_factor, energy, scratch)
        if not scratch.state.significance[0, 0, 0]:
            return np.float32(0), energy_sum, 0, energy_sum
    bits, distortion, total = measure_levels(log_width, log_height, form, tables, energy, scratch)
    return bits, distortion, total, energy_sum
