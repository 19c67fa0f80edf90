"""The syntax of a leaf: its mode, its transform and its coefficients. The writer and the reader stand side by side.

A leaf is written as one symbol for the choice of its mode and the presence of coefficients. The mode itself follows if
it is none of the likely ones, and the motion if the block is predicted from memory. In planes that copy, whether the
block is copied comes first (`copies`), and takes the place of all that if it is. The transform follows if the block
has coefficients and its size and mode have alternative transforms, and then the coefficients.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import (
    CODED,
    DC,
    FROM_FIRST,
    FROM_SECOND,
    GUIDE_SIZE_SHIFT,
    LAST_ANGLE,
    MEMORY,
    MODE,
    PALETTE,
    PLANAR,
    SUPERBLOCK_LOG,
    TRANSFORM,
    UNIT_LOG,
    VERTICAL,
)
from vqcodec.blocks.signal.secondary import alternatives
from vqcodec.blocks.steps import STEPS
from vqcodec.blocks.syntax import parts
from vqcodec.blocks.syntax.coefficients import emit_coefficients, parse_coefficients
from vqcodec.blocks.syntax.contexts import (
    CHOOSE_FIRST,
    CHOOSE_FROM_FIRST,
    CHOOSE_MEMORY,
    CHOOSE_OTHER,
    CHOOSE_SECOND,
    CHOOSE_THIRD,
    Look,
    coefficient_form,
    mode_context,
    neighbour_mode,
    size_class,
    surrounding_energy,
    transform_context,
)
from vqcodec.blocks.syntax.copies import copies_itself, emit_copied, parse_copied
from vqcodec.blocks.syntax.flag_contexts import COARSE_MODE, coarse_choice, coarse_transform
from vqcodec.blocks.syntax.motion import emit_motion, leaf_choice_context, parse_motion
from vqcodec.blocks.syntax.palettes import PALETTE_STATE, emit_palette, parse_palette
from vqcodec.blocks.syntax.significance import COEFFICIENT_STATE
from vqcodec.blocks.syntax.symbols import put_flag, read_flag, read_mode
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.kernels.records import record_type

_GUIDE_MODES = (1 << GUIDE_SIZE_SHIFT) - 1

EMIT_STATE = record_type(coefficients=COEFFICIENT_STATE, palette=PALETTE_STATE)
"""Working arrays of the writer."""


@inline_kernel
def likely_modes(plane, block):
    """Return (first, second, third, left, above): the three likely modes of a block, all different.

    They are the modes of the left and the upper block. In a plane with guides, the mode of luma at the block's centre
    comes before these. Planar, DC, vertical, or the angles beside the only known one, fill the gaps (as in HEVC).
    """
    y, x = block.y, block.x
    left = neighbour_mode(plane.blocks, y, x - 1) if x > 0 else DC
    above = neighbour_mode(plane.blocks, y - 1, x) if y > 0 else DC
    if plane.guides.shape[0] > 0:
        centre_y, centre_x = y + (1 << block.log_height >> 1), x + (1 << block.log_width >> 1)
        first = np.int64(plane.guide_modes[centre_y >> UNIT_LOG, centre_x >> UNIT_LOG]) & _GUIDE_MODES
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
    """Return the choice symbol of `mode`, without the flag for coefficients."""
    if mode >= FROM_FIRST:
        return CHOOSE_FROM_FIRST + mode - FROM_FIRST
    if mode == first:
        return CHOOSE_FIRST
    if mode == second:
        return CHOOSE_SECOND
    return CHOOSE_THIRD if mode == third else CHOOSE_OTHER


@inline_kernel
def _allowed_mode(mode, guides):
    """Return `mode`, or the mode that replaces it if the plane has fewer guides than `mode` needs."""
    if mode < FROM_FIRST or guides >= 2:
        return mode
    return FROM_FIRST if guides == 1 else PLANAR


@inner_kernel
def emit_leaf(plane, block, transforms, state, tokens, count):
    """Append the tokens of a leaf, as the plane's maps and levels record it; return the new count.

    Args:
        plane: `layout.Plane`; block: `layout.Block`.
        transforms: the small alternative transforms of the tables (of size 0 if there are none).
        state: record of EMIT_STATE.
        tokens: uint32; the first `count` are filled.
    """
    y, x, log_width, log_height = block
    blocks = plane.blocks
    mode = np.int64(blocks[MODE, y >> UNIT_LOG, x >> UNIT_LOG])
    coded = np.int64(blocks[CODED, y >> UNIT_LOG, x >> UNIT_LOG])
    first, second, third, left, above = likely_modes(plane, block)
    energy = surrounding_energy(blocks, y, x)
    if plane.palettes:
        count = emit_palette(plane, block, mode == PALETTE, state.palette, tokens, count)
        if mode == PALETTE:
            return count
    copied = copies_itself(plane) and mode == MEMORY
    if copies_itself(plane):
        count = emit_copied(plane, block, copied, coded, tokens, count)
    if not copied:
        choice = choice_of(mode, first, second, third)
        context = leaf_choice_context(plane, block, energy, left, above)
        coarse = coarse_choice(plane, size_class(log_width, log_height))
        count = put_flag(tokens, count, context, coarse, 2 * choice + coded)
        if choice == CHOOSE_OTHER:
            count = put_flag(tokens, count, mode_context(left, above), COARSE_MODE, mode)
        if mode == MEMORY:
            count = emit_motion(plane, block, tokens, count)
    if coded:
        transform = np.int64(blocks[TRANSFORM, y >> UNIT_LOG, x >> UNIT_LOG])
        if alternatives(transforms, log_width, log_height, mode) > 0:
            context = transform_context(size_class(log_width, log_height), mode)
            count = put_flag(tokens, count, context, coarse_transform(mode), transform)
        form = coefficient_form(log_width, log_height, mode, transform, plane.memory.shape[0])
        count = emit_coefficients(plane.levels, block, Look(form, energy), state.coefficients, tokens, count)
    return count


@inline_kernel  # into its only caller: as a call of its own it makes decoding a twentieth slower
def parse_leaf(plane, buffer, position, block, tables, part_bits, scratch):
    """Read a leaf; its dequantised coefficients go to `scratch.coefficients`.

    Args:
        plane: `layout.Plane`; block: `layout.Block`.
        buffer: padded uint8; `position` in bits.
        tables: `model.DecoderTables`.
        part_bits: int64, to which the bits of each part (`parts.PART_NAMES`) are added.
        scratch: record of `reconstruction.BLOCK_SCRATCH`.

    Returns:
        (new position, mode, transform, sum of magnitudes, bounds of the nonzero coefficients: width and height).
    """
    y, x, log_width, log_height = block
    first, second, third, left, above = likely_modes(plane, block)
    energy = surrounding_energy(plane.blocks, y, x)
    symbol, motion = np.int64(0), np.int64(-1)
    painted = False
    if plane.palettes:
        painted = parse_palette(plane, buffer, block, scratch.values, scratch.palette)
    if copies_itself(plane) and not painted:
        motion, symbol = parse_copied(plane, buffer, block, scratch.values)
        scratch.motion[0] = motion
    if motion < 0 and not painted:
        context = leaf_choice_context(plane, block, energy, left, above)
        coarse = coarse_choice(plane, size_class(log_width, log_height))
        symbol, position = read_flag(buffer, position, context, coarse, tables, part_bits, parts.CHOICE, scratch.values)
    choice = symbol >> 1
    mode = first
    if painted:
        mode = np.int64(PALETTE)
    elif motion >= 0:
        mode = np.int64(MEMORY)
    elif choice == CHOOSE_SECOND:
        mode = second
    elif choice == CHOOSE_THIRD:
        mode = third
    elif choice == CHOOSE_OTHER:
        context = mode_context(left, above)
        mode, position = read_mode(
            buffer, position, context, COARSE_MODE, tables, part_bits, parts.MODE, scratch.values
        )
        mode = min(mode, LAST_ANGLE)
    elif choice == CHOOSE_MEMORY and plane.memory.shape[0] > 0:
        mode = np.int64(MEMORY)
        scratch.motion[0], position = parse_motion(plane, buffer, position, block, tables, part_bits)
    elif choice >= CHOOSE_FROM_FIRST:
        mode = _allowed_mode(min(FROM_FIRST + choice - CHOOSE_FROM_FIRST, FROM_SECOND), plane.guides.shape[0])
    total = used_width = used_height = transform = np.int64(0)
    if symbol & 1:
        choices = alternatives(tables.small_transforms, log_width, log_height, mode)
        if choices > 0:
            context = transform_context(size_class(log_width, log_height), mode)
            coarse = coarse_transform(mode)
            transform, position = read_flag(
                buffer, position, context, coarse, tables, part_bits, parts.TRANSFORM, scratch.values
            )
            transform = min(transform, choices)
        step = np.int64(STEPS[plane.steps[y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG]])
        position, total, used_width, used_height = parse_coefficients(
            buffer,
            position,
            block,
            Look(coefficient_form(log_width, log_height, mode, transform, plane.memory.shape[0]), energy),
            step,
            tables,
            part_bits,
            scratch.coefficient_state,
            scratch.coefficients,
            scratch.values,
        )
    return position, mode, transform, total, used_width, used_height
