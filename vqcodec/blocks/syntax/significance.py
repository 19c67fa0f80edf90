"""Which 2x2 groups of a block's coefficients are significant: a quadtree, coded level by level.

One 4-bit mask for each significant node tells which children are significant. So a node's context knows its neighbours
on both sides. The writer `emit_masks` and the reader `parse_masks` stand side by side.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SUPERBLOCK_LOG
from vqcodec.blocks.syntax.contexts import FIRST_MASK, MASK_LEVELS, MASK_PLACES, MASK_SURROUNDINGS
from vqcodec.blocks.syntax.flag_contexts import coarse_mask
from vqcodec.blocks.syntax.parts import MASK
from vqcodec.blocks.syntax.symbols import put_flag, read_flag
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.kernels.records import record_type

GROUPS = 1 << (SUPERBLOCK_LOG - 1)  # along a side of the largest block
DEPTHS = SUPERBLOCK_LOG
BORDER = 2

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


@inner_kernel
def emit_masks(state, block, look, tokens, count):
    """Append the tokens of the significance tree of a block that has coefficients; return the new count.

    Args:
        state: record of COEFFICIENT_STATE, whose significance is known.
        block: `layout.Block`; look: `contexts.Look`.
        tokens: uint32; the first `count` are filled.
    """
    log_width, log_height = block.log_width, block.log_height
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    significance = state.significance
    for d in range(tree_depth(log_width, log_height)):
        rows, columns = min(group_rows, 1 << d), min(group_columns, 1 << d)
        tall, wide = min(group_rows, 2 << d) // rows, min(group_columns, 2 << d) // columns
        for row in range(rows):
            for column in range(columns):
                if significance[d, row, column]:
                    own = node_form(look.form, state, d, row, column)
                    context = mask_context(significance, d, row, column, rows, columns, tall, wide, own, look.energy)
                    mask = node_mask(significance, d, row, column, tall, wide)
                    coarse = coarse_mask(log_width, log_height, d, row, column, columns)
                    count = put_flag(tokens, count, context, coarse, mask)
    return count


@inner_kernel
def parse_masks(buffer, position, block, look, tables, part_bits, state, values):
    """Read the significance tree of a block that has coefficients; return the new position.

    Arguments as in `coefficients.parse_coefficients`.
    """
    log_width, log_height = block.log_width, block.log_height
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
                    own = node_form(look.form, state, d, row, column)
                    context = mask_context(significance, d, row, column, rows, columns, tall, wide, own, look.energy)
                    coarse = coarse_mask(log_width, log_height, d, row, column, columns)
                    mask, position = read_flag(buffer, position, context, coarse, tables, part_bits, MASK, values)
                    if tables.mask_counts.shape[0] > 0:
                        tables.mask_counts[tables.rows[context], mask] += 1
                for i in range(tall):
                    for j in range(wide):
                        significance[d + 1, row * tall + i, column * wide + j] = (mask >> (2 * i + j)) & 1
    return position
