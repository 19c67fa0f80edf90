"""The syntax of blocks and partitions: which modes are likely, and the tokens of a superblock.

A superblock is written as its change of step (where steps are modulated), then its partition depth first; a leaf as
its choice of mode joint with the presence of coefficients, the mode itself if it is none of the likely ones, the
transform and the coefficients. A node that crosses the plane's edge is cut into quarters without a symbol.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import (
    CODED,
    DC,
    FROM_FIRST,
    LEAF,
    LEFT_RIGHT,
    LOG_HEIGHT,
    LOG_WIDTH,
    MODE,
    PLANAR,
    QUARTERS,
    SUPERBLOCK,
    SUPERBLOCK_LOG,
    TRANSFORM,
    UNIT_LOG,
    UPPER_LOWER,
    VERTICAL,
)
from vqcodec.blocks.signal.secondary import alternatives
from vqcodec.blocks.syntax.coefficients import emit_coefficients
from vqcodec.blocks.syntax.contexts import (
    CHOOSE_FIRST,
    CHOOSE_FROM_FIRST,
    CHOOSE_OTHER,
    CHOOSE_SECOND,
    CHOOSE_THIRD,
    FIRST_STEP,
    TOKEN_SHIFT,
    choice_context,
    coefficient_form,
    mode_context,
    neighbour_mode,
    partition_context,
    size_class,
    surrounding_energy,
    transform_context,
)
from vqcodec.kernels.jit import inline_kernel, inner_kernel

MAX_TOKENS_PER_SAMPLE = 4  # bound on the tokens of a superblock, partition and modes included
STACK = 3 * (SUPERBLOCK_LOG - UNIT_LOG) + 1
STEP_CHANGES = 15  # symbols of the step element: change + 7
STEP_MIDDLE = 7


@inline_kernel
def likely_modes(plane, y, x, log_width, log_height):
    """Return (first, second, third, left, above): the three likely modes of the block at (y, x), all different.

    They are the modes of the left and upper blocks and, in a plane with guides, that of the luma block at the centre
    before these; gaps are filled with planar, DC, vertical, or the angles beside the one known (as in HEVC).
    """
    left = neighbour_mode(plane.blocks, y, x - 1) if x > 0 else DC
    above = neighbour_mode(plane.blocks, y - 1, x) if y > 0 else DC
    if plane.guides.shape[0] > 0:
        v, u = y + (1 << log_height >> 1), x + (1 << log_width >> 1)
        first = np.int64(plane.guide_modes[v >> UNIT_LOG, u >> UNIT_LOG])
        second = left if left != first else above
        third = above
    else:
        first, second, third = left, above, PLANAR
        if left == above and left > DC:
            return left, 2 + (left + 29) % 32, 2 + (left - 1) % 32, left, above
    if second == first:
        second = DC if first == PLANAR else PLANAR
    if third in (first, second):
        third = PLANAR
        if third in (first, second):
            third = DC
            if third in (first, second):
                third = VERTICAL
    return first, second, third, left, above


@inline_kernel
def choice_of(mode, first, second, third):
    """Return the choice symbol (without the flag for coefficients) of `mode`."""
    if mode >= FROM_FIRST:
        return CHOOSE_FROM_FIRST + mode - FROM_FIRST
    if mode == first:
        return CHOOSE_FIRST
    if mode == second:
        return CHOOSE_SECOND
    return CHOOSE_THIRD if mode == third else CHOOSE_OTHER


@inline_kernel
def partition_of(blocks, y, x, log_size):
    """Return the partition symbol of the square node at (y, x) that the maps record."""
    log_width = np.int64(blocks[LOG_WIDTH, y >> UNIT_LOG, x >> UNIT_LOG])
    log_height = np.int64(blocks[LOG_HEIGHT, y >> UNIT_LOG, x >> UNIT_LOG])
    if log_width == log_size:
        return LEAF if log_height == log_size else UPPER_LOWER
    return LEFT_RIGHT if log_height == log_size else QUARTERS


@inline_kernel
def crosses_edge(samples, y, x, log_size):
    """Whether the square node at (y, x) reaches beyond the plane."""
    return y + (1 << log_size) > samples.shape[0] or x + (1 << log_size) > samples.shape[1]


@inline_kernel
def token(context, symbol):
    """Return a symbol in its context as a token."""
    return (context << TOKEN_SHIFT) | symbol


@inner_kernel
def emit_leaf(plane, y, x, log_width, log_height, transforms, state, tokens, count):
    """Append the tokens of the recorded block at (y, x); return the new count.

    `transforms` are the small alternative transforms of the tables (of size 0 if there are none).
    """
    blocks = plane.blocks
    mode = np.int64(blocks[MODE, y >> UNIT_LOG, x >> UNIT_LOG])
    coded = np.int64(blocks[CODED, y >> UNIT_LOG, x >> UNIT_LOG])
    first, second, third, left, above = likely_modes(plane, y, x, log_width, log_height)
    energy = surrounding_energy(blocks, y, x)
    choice = choice_of(mode, first, second, third)
    context = choice_context(size_class(log_width, log_height), energy, left, above)
    tokens[count] = token(context, 2 * choice + coded)
    count += 1
    if choice == CHOOSE_OTHER:
        tokens[count] = token(mode_context(left, above), mode)
        count += 1
    if coded:
        transform = np.int64(blocks[TRANSFORM, y >> UNIT_LOG, x >> UNIT_LOG])
        if alternatives(transforms, log_width, log_height, mode) > 0:
            tokens[count] = token(transform_context(size_class(log_width, log_height), mode), transform)
            count += 1
        form = coefficient_form(log_width, log_height, mode, transform)
        count = emit_coefficients(plane.levels, y, x, log_width, log_height, form, energy, state, tokens, count)
    return count


@inner_kernel
def emit_superblock(plane, y, x, base_step, modulated, transforms, state, stack, tokens, count):
    """Append the tokens of the superblock at (y, x) as the plane's maps and levels record it; return the new count.

    Args:
        base_step: step index that the changes of modulated superblocks refer to.
        transforms: int8, the small alternative transforms.
        stack: int32 (STACK, 3) scratch: nodes to visit.
        tokens: uint32, with room for MAX_TOKENS_PER_SAMPLE a sample.
    """
    row, column = y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG
    if modulated:
        before = np.int64(plane.steps[row, column - 1]) - base_step if column > 0 else 0
        change = np.int64(plane.steps[row, column]) - base_step
        tokens[count] = token(FIRST_STEP + before + STEP_MIDDLE, change + STEP_MIDDLE)
        count += 1
    depth = 1
    stack[0, 0], stack[0, 1], stack[0, 2] = y, x, SUPERBLOCK_LOG
    while depth > 0:
        depth -= 1
        v, u, log_size = np.int64(stack[depth, 0]), np.int64(stack[depth, 1]), np.int64(stack[depth, 2])
        if v >= plane.samples.shape[0] or u >= plane.samples.shape[1]:
            continue
        half = 1 << log_size >> 1
        cut = QUARTERS
        if not crosses_edge(plane.samples, v, u, log_size):
            cut = partition_of(plane.blocks, v, u, log_size) if log_size > UNIT_LOG else LEAF
            if log_size > UNIT_LOG:
                tokens[count] = token(partition_context(plane.blocks, v, u, log_size), cut)
                count += 1
        if cut == QUARTERS:
            for quarter in range(3, -1, -1):
                stack[depth, 0] = v + half * (quarter >> 1)
                stack[depth, 1] = u + half * (quarter & 1)
                stack[depth, 2] = log_size - 1
                depth += 1
        else:
            for part in range(1 if cut == LEAF else 2):
                down = half * part if cut == UPPER_LOWER else 0
                right = half * part - down
                log_width, log_height = log_size - (cut == LEFT_RIGHT), log_size - (cut == UPPER_LOWER)
                count = emit_leaf(plane, v + down, u + right, log_width, log_height, transforms, state, tokens, count)
    return count


SUPERBLOCK_TOKENS = MAX_TOKENS_PER_SAMPLE * SUPERBLOCK * SUPERBLOCK
