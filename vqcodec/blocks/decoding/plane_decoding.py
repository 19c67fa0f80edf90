"""Kernels that read a plane's bits and reconstruct it."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.cross_plane import allowed_mode
from vqcodec.blocks.decoding.reconstruction import (
    BLOCK_SCRATCH,
    gather_block_references,
    predict_block,
    reconstruct_block,
    record_block,
)
from vqcodec.blocks.layout import (
    FROM_FIRST,
    FROM_SECOND,
    LAST_ANGLE,
    LEAF,
    LEFT_RIGHT,
    QUARTERS,
    SUPERBLOCK,
    SUPERBLOCK_LOG,
    UNIT_LOG,
    UPPER_LOWER,
)
from vqcodec.blocks.signal.secondary import alternatives
from vqcodec.blocks.steps import MAX_STEP_INDEX, STEPS
from vqcodec.blocks.syntax.coefficients import parse_coefficients
from vqcodec.blocks.syntax.contexts import (
    CHOOSE_FROM_FIRST,
    CHOOSE_OTHER,
    CHOOSE_SECOND,
    CHOOSE_THIRD,
    FIRST_STEP,
    choice_context,
    coefficient_form,
    mode_context,
    partition_context,
    size_class,
    surrounding_energy,
    transform_context,
)
from vqcodec.blocks.syntax.partitions import STACK, STEP_MIDDLE, crosses_edge, likely_modes
from vqcodec.blocks.syntax.parts import CHOICE, MODE, PARTITION, STEP, TRANSFORM
from vqcodec.entropy.tables import get_symbol
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.kernels.records import record_type

DECODER_SCRATCH = record_type(stack=(np.int32, (STACK, 3)), block=BLOCK_SCRATCH)
"""Working arrays of the decoder: nodes to visit, and those of a block."""


@inline_kernel
def count_symbol(buffer, position, table, tables, part_bits, part):
    """Return (symbol, new position), as `get_symbol` does; add the bits between to those of its `part`."""
    symbol, after = get_symbol(buffer, position, table, tables)
    part_bits[part] += after - position
    return symbol, after


@inner_kernel
def decode_leaf(plane, buffer, position, y, x, log_width, log_height, tables, part_bits, scratch):
    """Read and reconstruct the block at (y, x); return the new position."""
    first, second, third, left, above = likely_modes(plane, y, x, log_width, log_height)
    energy = surrounding_energy(plane.blocks, y, x)
    context = choice_context(size_class(log_width, log_height), energy, left, above)
    symbol, position = count_symbol(buffer, position, tables.rows[context], tables.flags, part_bits, CHOICE)
    choice = symbol >> 1
    mode = first
    if choice == CHOOSE_SECOND:
        mode = second
    elif choice == CHOOSE_THIRD:
        mode = third
    elif choice == CHOOSE_OTHER:
        table = tables.rows[mode_context(left, above)]
        mode, position = count_symbol(buffer, position, table, tables.modes, part_bits, MODE)
        mode = min(mode, LAST_ANGLE)
    elif choice >= CHOOSE_FROM_FIRST:
        mode = allowed_mode(min(FROM_FIRST + choice - CHOOSE_FROM_FIRST, FROM_SECOND), plane.guides.shape[0])
    gather_block_references(plane, y, x, log_width, log_height, scratch)
    predict_block(plane, y, x, log_width, log_height, mode, scratch)
    total = used_width = used_height = transform = np.int64(0)
    if symbol & 1:
        choices = alternatives(tables.small_transforms, log_width, log_height, mode)
        if choices > 0:
            table = tables.rows[transform_context(size_class(log_width, log_height), mode)]
            transform, position = count_symbol(buffer, position, table, tables.flags, part_bits, TRANSFORM)
            transform = min(transform, choices)
        step = np.int64(STEPS[plane.steps[y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG]])
        position, total, used_width, used_height = parse_coefficients(
            buffer,
            position,
            log_width,
            log_height,
            coefficient_form(log_width, log_height, mode, transform),
            energy,
            step,
            tables,
            scratch.coefficient_state,
            part_bits,
            scratch.coefficients,
        )
    reconstruct_block(
        plane,
        y,
        x,
        log_width,
        log_height,
        mode,
        transform,
        used_width,
        used_height,
        tables.small_transforms,
        tables.large_transforms,
        scratch,
    )
    record_block(plane.blocks, y, x, log_width, log_height, mode, transform, total)
    return position


@inline_kernel
def _decode_step(plane, buffer, position, row, column, base_step, tables, part_bits):
    """Read the change of step of a superblock; return the new position."""
    before = np.int64(plane.steps[row, column - 1]) - base_step if column > 0 else 0
    context = FIRST_STEP + min(max(before + STEP_MIDDLE, 0), 2 * STEP_MIDDLE)
    symbol, position = count_symbol(buffer, position, tables.rows[context], tables.flags, part_bits, STEP)
    plane.steps[row, column] = min(max(base_step + symbol - STEP_MIDDLE, 0), MAX_STEP_INDEX)
    return position


@kernel
def decode_plane(plane, buffer, position, end, base_step, modulated, tables, part_bits, scratch):
    """Read and reconstruct a whole plane.

    Args:
        plane: `layout.Plane`, empty.
        buffer: padded uint8 of the payload; `position` and `end` in bits.
        modulated: whether superblocks change their step.
        tables: `model.DecoderTables`.
        part_bits: int64, to which the bits of each part (`parts.PART_NAMES`) are added.
        scratch: record of DECODER_SCRATCH.

    Returns:
        The new position; beyond `end` if the payload is too short, and then the plane is not complete.
    """
    rows, columns = plane.steps.shape
    stack = scratch.stack
    for superblock in range(rows * columns):
        row, column = superblock // columns, superblock % columns
        if modulated:
            position = _decode_step(plane, buffer, position, row, column, base_step, tables, part_bits)
        stack[0, 0], stack[0, 1], stack[0, 2] = row * SUPERBLOCK, column * SUPERBLOCK, SUPERBLOCK_LOG
        depth = 1
        while depth > 0:
            depth -= 1
            y, x, log_size = np.int64(stack[depth, 0]), np.int64(stack[depth, 1]), np.int64(stack[depth, 2])
            if y >= plane.samples.shape[0] or x >= plane.samples.shape[1]:
                continue
            half = 1 << log_size >> 1
            cut = np.int64(QUARTERS)
            if not crosses_edge(plane.samples, y, x, log_size):
                cut = np.int64(LEAF)
                if log_size > UNIT_LOG:
                    table = tables.rows[partition_context(plane.blocks, y, x, log_size)]
                    cut, position = count_symbol(buffer, position, table, tables.flags, part_bits, PARTITION)
            if cut == QUARTERS:
                for quarter in range(3, -1, -1):
                    stack[depth, 0] = y + half * (quarter >> 1)
                    stack[depth, 1] = x + half * (quarter & 1)
                    stack[depth, 2] = log_size - 1
                    depth += 1
                continue
            log_height = log_size - (cut == UPPER_LOWER)
            log_width = log_size - (cut >= LEFT_RIGHT)
            for part in range(1 if cut == LEAF else 2):
                down = half * part if cut == UPPER_LOWER else 0
                right = half * part - down
                position = decode_leaf(
                    plane,
                    buffer,
                    position,
                    y + down,
                    x + right,
                    log_width,
                    log_height,
                    tables,
                    part_bits,
                    scratch.block,
                )
        if position > end:
            break
    return position
