"""Writing of what `values` and `symbols` read: the tokens that are values, through the range coder."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.syntax.contexts import (
    FIRST_MODE,
    FIRST_PATTERN,
    RAW_BITS,
    RAW_COARSE,
    RAW_COPY,
    RAW_COPY_BITS,
    RAW_FINE,
    RAW_KEY,
    RAW_LENGTH,
    RAW_LEVEL,
    TOKEN_SHIFT,
)
from vqcodec.blocks.syntax.symbols import put_mixed_flag, put_mixed_zeros
from vqcodec.blocks.syntax.tokens import PART_OF_CONTEXT
from vqcodec.blocks.syntax.values import (
    FOLLOWERS,
    KEYS,
    LENGTH_ORDER,
    LEVEL_BITS,
    follower_context,
    keep_follower,
    start_chances,
)
from vqcodec.entropy.bits import put_exp_golomb
from vqcodec.entropy.range_coder import EVEN, WHOLE, adapt, chance_of, end_values, put_value
from vqcodec.kernels.jit import inner_kernel, kernel


@inner_kernel
def _put(chances, context, value, buffer, place):
    """Write a value in its context; `place` is (count, low, width) of the range coder, and the new one is returned."""
    count, low, width = place
    count, low, width = put_value(buffer, count, low, width, chance_of(chances, context), value)
    adapt(chances, context, value)
    return count, low, width


@inner_kernel
def _put_level(state, key, level, buffer, place):
    """Write a sample value beside a key; `place` as for `_put`."""
    for number in range(FOLLOWERS):
        follower = np.int64(state.followers[key, number])
        if follower >= 0:
            same = np.int64(follower == level)
            place = _put(state.chances, follower_context(key, number), same, buffer, place)
            if same:
                keep_follower(state, key, level)
                return place
    first, node = (key // KEYS) << LEVEL_BITS, np.int64(1)
    for bit in range(LEVEL_BITS - 1, -1, -1):
        value = (level >> bit) & 1
        place = _put(state.trees, first + node, value, buffer, place)
        node = 2 * node + value
    keep_follower(state, key, level)
    return place


@kernel
def begin_writing(state):
    """Make a record of VALUE_STATE, zeroed, ready for the values of a tile."""
    start_chances(state)
    state.coder[0], state.coder[1] = np.uint64(0), WHOLE
    state.where[0] = 0


@kernel
def write_values(tokens, tables, kind, state, buffer):
    """Write the values among the tokens of a plane by the range coder, after those of the planes before it.

    Args:
        tokens: uint32.
        tables: `model.PackTables`, which say whether flags are values.
        kind: 0 in luma, 1 in chroma.
        state: record of VALUE_STATE. If a symbol has no code, the number of its bytes becomes negative.
        buffer: uint8, with room for 16 bits for each bit of the tokens, and 8 bytes.
    """
    place = np.int64(state.where[0]), state.coder[0], state.coder[1]
    key = coarse = fine = np.int64(0)
    for item in tokens:
        context, symbol = np.int64(item >> np.uint32(TOKEN_SHIFT)), np.int64(item & np.uint32(0xFFFF))
        if context < FIRST_PATTERN:
            if tables.mixed and place[0] >= 0:
                row = tables.rows[context]
                chances = tables.flag_chances[row] if context < FIRST_MODE else tables.mode_chances[row]
                part = PART_OF_CONTEXT[context]
                place = put_mixed_flag(state.mixing, kind, context, coarse, chances, part, symbol, place, buffer)
        elif context < RAW_COPY or place[0] < 0:
            if tables.mixed and context & ~RAW_BITS == RAW_LENGTH and place[0] >= 0:
                zeros = (context & RAW_BITS) - 1
                place = put_mixed_zeros(state.mixing, kind, fine, coarse, zeros, place, buffer)
        elif context == RAW_COARSE:
            coarse = symbol
        elif context == RAW_FINE:
            fine = symbol
        elif context == RAW_KEY:
            key = symbol
        elif context == RAW_LEVEL:
            place = _put_level(state, key, symbol, buffer, place)
        elif context >= RAW_COPY_BITS:
            count, low, width = place
            for bit in range(context - RAW_COPY_BITS - 1, -1, -1):
                count, low, width = put_value(buffer, count, low, width, np.int64(EVEN), (symbol >> bit) & 1)
            place = count, low, width
        else:
            place = _put(state.chances, context - RAW_COPY, symbol, buffer, place)
    state.where[0], state.coder[0], state.coder[1] = place


@kernel
def finish_writing(state, buffer):
    """End the values of a tile; return the number of their bytes, negative if a symbol had no code."""
    count = np.int64(state.where[0])
    return end_values(buffer, count, state.coder[0], state.coder[1]) if count >= 0 else count


@kernel
def start_values(length, buffer):
    """Write the number of bytes of values to the start of a payload; return the new position, in bits."""
    return put_exp_golomb(buffer, np.int64(0), length, LENGTH_ORDER)
