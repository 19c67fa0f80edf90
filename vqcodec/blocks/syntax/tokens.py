"""Tokens of a plane: made from the searched plane, written as bits, counted for training."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import DONE
from vqcodec.blocks.syntax.contexts import (
    ALL_WITH_MEMORY,
    COUNT_STARTS,
    ELEMENTS,
    FIRST_MODE,
    FIRST_MOTION,
    FIRST_PATTERN,
    MEMORY_ELEMENTS,
    RAW_BITS,
    RAW_COPY,
    RAW_ESCAPE,
    RAW_LENGTH,
    RAW_SIGNS,
    RAW_VECTOR,
    TOKEN_SHIFT,
)
from vqcodec.blocks.syntax.partitions import emit_superblock
from vqcodec.blocks.syntax.parts import ESCAPE, MOTION, SIGN, VECTOR
from vqcodec.entropy.bits import put_bits
from vqcodec.entropy.tables import put_symbol
from vqcodec.kernels.jit import kernel

_PARTS = (*range(len(ELEMENTS)), MOTION, VECTOR, VECTOR)
PART_OF_CONTEXT = np.repeat(_PARTS, [e.contexts for e in (*ELEMENTS, *MEMORY_ELEMENTS)]).astype(np.int64)
MAX_TOKEN_BITS = 16


@kernel
def emit_plane(plane, base_step, modulated, transforms, state, tokens):
    """Write the tokens of a searched plane to `tokens` (uint32); return their number.

    Arguments as in `partitions.emit_superblock`.
    """
    rows, columns = plane.steps.shape
    count = np.int64(0)
    plane.blocks[DONE, :, :] = 0  # what a block may refer to is asked as its reader will ask
    for row in range(rows):
        for column in range(columns):
            count = emit_superblock(plane, row, column, base_step, modulated, transforms, state, tokens, count)
    return count


@kernel
def pack_tokens(tokens, tables, buffer, position, part_bits):
    """Write `tokens` (uint32) to `buffer` in the codes of `tables` (`model.PackTables`); return the new position.

    The caller passes that on to `entropy.tables.check_written`.

    Args:
        buffer: uint8, zeroed and long enough; `position` in bits.
        part_bits: int64, to which the bits of each part (`parts.PART_NAMES`) are added.
    """
    for item in tokens:
        context, symbol = np.int64(item >> np.uint32(TOKEN_SHIFT)), np.int64(item & np.uint32(0xFFFF))
        before = position
        if context >= RAW_COPY:
            continue  # `value_writing.write_values` writes it
        if context >= RAW_SIGNS:
            if tables.mixed and context & ~RAW_BITS == RAW_LENGTH:
                continue
            position = put_bits(buffer, position, symbol, context & RAW_BITS)
            part = VECTOR if context >= RAW_VECTOR else (ESCAPE if context >= RAW_ESCAPE else SIGN)
            part_bits[part] += position - before
            continue
        if tables.mixed and context < FIRST_PATTERN:
            continue
        row = tables.rows[context]
        if context >= FIRST_MOTION:
            position = put_symbol(buffer, position, row, symbol, tables.motions.codes, tables.motions.lengths)
        elif context >= FIRST_PATTERN:
            position = put_symbol(buffer, position, row, symbol, tables.patterns.codes, tables.patterns.lengths)
        elif context >= FIRST_MODE:
            position = put_symbol(buffer, position, row, symbol, tables.modes.codes, tables.modes.lengths)
        else:
            position = put_symbol(buffer, position, row, symbol, tables.flags.codes, tables.flags.lengths)
        part_bits[PART_OF_CONTEXT[context]] += position - before
    return position


@kernel
def count_tokens(tokens, counts):
    """Add the symbols among `tokens` (uint32) to the flat histogram `counts` (int64 (COUNT_SIZE,))."""
    for item in tokens:
        context, symbol = np.int64(item >> np.uint32(TOKEN_SHIFT)), np.int64(item & np.uint32(0xFFFF))
        if context < ALL_WITH_MEMORY:
            counts[COUNT_STARTS[context] + symbol] += 1
