"""The syntax of superblocks: their change of step and their partition. Each writer stands beside its reader.

A superblock is written as its change of step, if steps are modulated, then its nodes depth first. A node is written
as one symbol that tells how it is cut, then its leaves. A node that crosses the plane's edge is cut into quarters
without a symbol, and a node of 4x4 samples is a leaf without a symbol.

Writer, reader and statistics walk over the nodes alike:

    place, log_size = 0, SUPERBLOCK_LOG
    while place < PLACES:
        y, x = node_corner(top, left, place)
        cut = ...  # written, read or looked up
        for part in range(leaf_count(cut)):
            ...  # with leaf_of(y, x, log_size, cut, part)
        place, log_size = next_node(place, log_size, cut)

The partition search has a walk of its own: it returns to a node after its quarters, to compare their cost.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import (
    LEAF,
    LEFT_RIGHT,
    LOG_HEIGHT,
    LOG_WIDTH,
    OUTSIDE,
    QUARTERS,
    SUPERBLOCK_LOG,
    UNIT_LOG,
    UPPER_LOWER,
    Block,
)
from vqcodec.blocks.steps import MAX_STEP_INDEX
from vqcodec.blocks.syntax import parts
from vqcodec.blocks.syntax.contexts import FIRST_STEP, guided_partition_context, mark_done, partition_context
from vqcodec.blocks.syntax.flag_contexts import COARSE_STEP, coarse_partition
from vqcodec.blocks.syntax.leaves import emit_leaf
from vqcodec.blocks.syntax.symbols import put_flag, read_flag
from vqcodec.kernels.jit import inline_kernel, inner_kernel

MAX_TOKENS_PER_SAMPLE = 5  # a copied block of 4x4 samples with escapes has 73, its partition included
PLACES = 1 << 2 * (SUPERBLOCK_LOG - UNIT_LOG)  # units of a superblock
STEP_MIDDLE = 7  # the symbol of the step element that changes nothing
_FREE = -1  # the cut of a node that a symbol tells


@inline_kernel
def node_corner(top, left, place):
    """Return (y, x) of the node that begins at unit number `place`, in Z-order, of the superblock at (top, left)."""
    v = (place >> 1 & 1) | (place >> 2 & 2) | (place >> 3 & 4)
    u = (place & 1) | (place >> 1 & 2) | (place >> 2 & 4)
    return top + (v << UNIT_LOG), left + (u << UNIT_LOG)


@inline_kernel
def next_node(place, log_size, cut):
    """Return (place, log2 size) of the node that comes after one with this `cut`; PLACES after the last node."""
    if cut == QUARTERS:
        return place, log_size - 1
    place += 1 << 2 * (log_size - UNIT_LOG)
    log_size = np.int64(UNIT_LOG)
    while log_size < SUPERBLOCK_LOG and place >> 2 * (log_size - UNIT_LOG) & 3 == 0:
        log_size += 1
    return place, log_size


@inline_kernel
def leaf_count(cut):
    """Return the number of leaves that a node with this `cut` has itself, 0 to 2."""
    if cut == LEAF:
        return 1
    return 2 if cut in (UPPER_LOWER, LEFT_RIGHT) else 0


@inline_kernel
def leaf_of(y, x, log_size, cut, part):
    """Return leaf number `part` of the node of this size at (y, x), as a `layout.Block`."""
    half = 1 << log_size >> 1
    down = half * part if cut == UPPER_LOWER else 0
    right = half * part if cut == LEFT_RIGHT else 0
    return Block(y + down, x + right, log_size - (cut == LEFT_RIGHT), log_size - (cut == UPPER_LOWER))


@inline_kernel
def crosses_edge(samples, y, x, log_size):
    """Whether the square node at (y, x) reaches beyond the plane."""
    return y + (1 << log_size) > samples.shape[0] or x + (1 << log_size) > samples.shape[1]


@inline_kernel
def _given_cut(samples, y, x, log_size):
    """Return how the node at (y, x) is cut by the syntax alone; _FREE if a symbol tells."""
    if y >= samples.shape[0] or x >= samples.shape[1]:
        return OUTSIDE
    if crosses_edge(samples, y, x, log_size):
        return QUARTERS
    return LEAF if log_size == UNIT_LOG else _FREE


@inline_kernel
def recorded_cut(plane, y, x, log_size):
    """Return the cut of the square node at (y, x) that the plane's maps record."""
    cut = np.int64(_given_cut(plane.samples, y, x, log_size))
    if cut != _FREE:
        return cut
    log_width = np.int64(plane.blocks[LOG_WIDTH, y >> UNIT_LOG, x >> UNIT_LOG])
    log_height = np.int64(plane.blocks[LOG_HEIGHT, y >> UNIT_LOG, x >> UNIT_LOG])
    if log_width == log_size:
        return np.int64(LEAF if log_height == log_size else UPPER_LOWER)
    return np.int64(LEFT_RIGHT if log_height == log_size else QUARTERS)


@inline_kernel
def node_context(plane, y, x, log_size):
    """Return the context of the partition of the square node at (y, x) of a plane."""
    if plane.memory.shape[0] > 0 and plane.guides.shape[0] > 0:
        return guided_partition_context(plane.blocks, plane.guide_modes, y, x, log_size)
    return partition_context(plane.blocks, y, x, log_size)


@inline_kernel
def _emit_cut(plane, y, x, log_size, tokens, count):
    """Append the token of the recorded cut of the node at (y, x), if it has one; return (cut, new count)."""
    cut = recorded_cut(plane, y, x, log_size)
    if _given_cut(plane.samples, y, x, log_size) == _FREE:
        context = node_context(plane, y, x, log_size)
        count = put_flag(tokens, count, context, coarse_partition(plane, log_size), cut)
    return cut, count


@inline_kernel
def parse_cut(plane, buffer, position, y, x, log_size, tables, part_bits, values):
    """Return (cut of the node at (y, x), new position); the symbol is read if the node has one."""
    cut = np.int64(_given_cut(plane.samples, y, x, log_size))
    if cut == _FREE:
        context, coarse = node_context(plane, y, x, log_size), coarse_partition(plane, log_size)
        cut, position = read_flag(buffer, position, context, coarse, tables, part_bits, parts.PARTITION, values)
        cut = min(cut, LEFT_RIGHT)
    return cut, position


@inline_kernel
def _emit_step(plane, row, column, base_step, tokens, count):
    """Append the token of a superblock's change of step; return the new count."""
    before = np.int64(plane.steps[row, column - 1]) - base_step if column > 0 else 0
    change = np.int64(plane.steps[row, column]) - base_step
    return put_flag(tokens, count, FIRST_STEP + before + STEP_MIDDLE, COARSE_STEP, change + STEP_MIDDLE)


@inline_kernel
def parse_step(plane, buffer, position, row, column, base_step, tables, part_bits, values):
    """Read a superblock's change of step into `plane.steps`; return the new position."""
    before = np.int64(plane.steps[row, column - 1]) - base_step if column > 0 else 0
    context = FIRST_STEP + min(max(before + STEP_MIDDLE, 0), 2 * STEP_MIDDLE)
    symbol, position = read_flag(buffer, position, context, COARSE_STEP, tables, part_bits, parts.STEP, values)
    plane.steps[row, column] = min(max(base_step + symbol - STEP_MIDDLE, 0), MAX_STEP_INDEX)
    return position


@inner_kernel
def emit_superblock(plane, row, column, base_step, modulated, transforms, state, tokens, count):
    """Append the tokens of a superblock, as the plane's maps and levels record it; return the new count.

    The units are marked as decoded one block after another, as the reader finds them.

    The reader of a superblock is `plane_decoding.decode_plane`.

    Args:
        plane: `layout.Plane`.
        row, column: number of the superblock.
        base_step: step index that the changes of modulated superblocks refer to.
        modulated: whether superblocks change their step.
        transforms: int8, the small alternative transforms.
        state: record of EMIT_STATE (`leaves`).
        tokens: uint32, with room for MAX_TOKENS_PER_SAMPLE a sample, in planes with palettes for
            `palettes.TOKENS_PER_SAMPLE`; the first `count` are filled.
    """
    if modulated:
        count = _emit_step(plane, row, column, base_step, tokens, count)
    place, log_size = np.int64(0), np.int64(SUPERBLOCK_LOG)
    while place < PLACES:
        y, x = node_corner(row << SUPERBLOCK_LOG, column << SUPERBLOCK_LOG, place)
        cut, count = _emit_cut(plane, y, x, log_size, tokens, count)
        for part in range(leaf_count(cut)):
            block = leaf_of(y, x, log_size, cut, part)
            count = emit_leaf(plane, block, transforms, state, tokens, count)
            mark_done(plane.blocks, block)
        place, log_size = next_node(place, log_size, cut)
    return count
