"""Values of the range coder: what tells copies and palettes, in bytes of their own behind the Huffman codes of a tile.

The writer has tokens for them. Contexts have chances that adapt. A sample value of a palette is told beside a key, that
of another value: as one of the two that followed this key last, or by its bits.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.syntax.contexts import RAW_COPY, RAW_COPY_BITS, RAW_KEY, RAW_LEVEL, TOKEN_SHIFT
from vqcodec.blocks.syntax.palette_contexts import (
    FIRST_CHANCES,
    FIRST_FOLLOWER,
    FIRST_OF_PALETTES,
    KNOWN,
    VALUE_CONTEXTS,
)
from vqcodec.entropy.bits import PADDING, get_exp_golomb, put_exp_golomb
from vqcodec.entropy.range_coder import (
    ESTIMATES,
    EVEN,
    WHOLE,
    adapt,
    chance_of,
    end_values,
    first_code,
    get_value,
    put_value,
)
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.kernels.records import record_type

LENGTH_ORDER = 7  # of the Exp-Golomb code for the number of bytes
FIRST_OF_COPIES = 0
COPY_CONTEXTS = FIRST_OF_PALETTES
LEVEL_BITS = 10  # of a sample value, in quarters
KEYS = 1025  # of a plane: none, or a sample value
_PLANES = 3
_FOLLOWERS = 2

FINE, NOT_DECODED, TOO_LONG = 0, 1, 2  # what `close_values` returns

VALUE_STATE = record_type(
    chances=(np.int32, (VALUE_CONTEXTS, ESTIMATES)),
    trees=(np.int32, (_PLANES << LEVEL_BITS, ESTIMATES)),
    followers=(np.int16, (_PLANES * KEYS, _FOLLOWERS)),
    coder=(np.uint64, 2),
    where=(np.int64, 2),
    fault=(np.int64, 1),
)
"""What writer and reader keep.

Attributes:
    chances: of each context.
    trees: of the bits of sample values, by plane and bits before.
    followers: the sample values that came last beside each key, the last one first; -1 for none.
    coder: the reader's code and width.
    where: in the payload, the position of the next one and where they end.
    fault: FINE or NOT_DECODED.
"""


@inner_kernel
def _start_chances(state):
    """Set all chances to their beginning."""
    for context in range(VALUE_CONTEXTS):
        state.chances[context, 0] = FIRST_CHANCES[context]
        state.chances[context, 1] = FIRST_CHANCES[context]
        state.chances[context, 2] = 0 if FIRST_CHANCES[context] == EVEN else KNOWN
    for node in range(state.trees.shape[0]):
        state.trees[node, 0] = EVEN
        state.trees[node, 1] = EVEN
        state.trees[node, 2] = 0
    for key in range(state.followers.shape[0]):
        state.followers[key, 0] = -1
        state.followers[key, 1] = -1


@inline_kernel
def _follower_context(key, number):
    """Return the context of whether a sample value is follower `number` of its key."""
    plane = key // KEYS
    group = plane + 1 if key > 0 else 0  # the first value of a palette of luma
    return FIRST_FOLLOWER + group * _FOLLOWERS + number


@inline_kernel
def _keep_follower(state, key, level):
    """Note that a sample value came beside a key."""
    if state.followers[key, 0] != level:
        state.followers[key, 1] = state.followers[key, 0]
        state.followers[key, 0] = level


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
    for number in range(_FOLLOWERS):
        follower = np.int64(state.followers[key, number])
        if follower >= 0:
            same = np.int64(follower == level)
            place = _put(state.chances, _follower_context(key, number), same, buffer, place)
            if same:
                _keep_follower(state, key, level)
                return place
    first, node = (key // KEYS) << LEVEL_BITS, np.int64(1)
    for bit in range(LEVEL_BITS - 1, -1, -1):
        value = (level >> bit) & 1
        place = _put(state.trees, first + node, value, buffer, place)
        node = 2 * node + value
    _keep_follower(state, key, level)
    return place


@kernel
def write_values(tokens, state, buffer):
    """Write the tokens (uint32) of values by the range coder; return the number of bytes.

    Args:
        state: record of VALUE_STATE, zeroed.
        buffer: uint8, of 4 bytes for each bit and 8 more.
    """
    _start_chances(state)
    place = np.int64(0), np.uint64(0), WHOLE
    key = np.int64(0)
    for item in tokens:
        context, symbol = np.int64(item >> np.uint32(TOKEN_SHIFT)), np.int64(item & np.uint32(0xFFFF))
        if context == RAW_KEY:
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
    count, low, width = place
    return end_values(buffer, count, low, width)


@kernel
def start_values(length, buffer):
    """Write the number of bytes of values to the start of a payload; return the new position, in bits."""
    return put_exp_golomb(buffer, np.int64(0), length, LENGTH_ORDER)


@kernel
def open_values(buffer, scratch):
    """Begin to read a payload (padded uint8) that has values. It begins with the number of their bytes.

    Args:
        scratch: record whose `values` are of VALUE_STATE.

    Returns:
        Where the Huffman codes begin and end, in bits. The end is negative if there are fewer bytes than were told.
    """
    state = scratch.values
    size = np.int64(buffer.size - PADDING)
    length, position = get_exp_golomb(buffer, np.int64(0), LENGTH_ORDER)
    _start_chances(state)
    code, after = first_code(buffer, max(size - length, 0), size)
    state.coder[0], state.coder[1] = code, WHOLE
    state.where[0], state.where[1] = after, size
    state.fault[0] = FINE
    return position, 8 * (size - length)


@kernel
def close_values(scratch):
    """Return FINE, NOT_DECODED if a block was copied from where it may not be, TOO_LONG if bytes are left over.

    Args:
        scratch: as for `open_values`.
    """
    state = scratch.values
    if state.fault[0] != FINE:
        return np.int64(state.fault[0])
    return np.int64(TOO_LONG if state.where[0] < state.where[1] else FINE)


@inline_kernel
def _read(state, buffer, chance):
    """Read a value by its chance."""
    value, position, code, width = get_value(
        buffer, state.where[0], state.where[1], state.coder[0], state.coder[1], chance
    )
    state.where[0], state.coder[0], state.coder[1] = position, code, width
    return value


@inner_kernel
def read_even(state, buffer):
    """Read a value about which nothing is known."""
    return _read(state, buffer, np.int64(EVEN))


@inner_kernel
def read_value(state, buffer, context):
    """Read a value in its context."""
    value = _read(state, buffer, chance_of(state.chances, context))
    adapt(state.chances, context, value)
    return value


@inner_kernel
def read_level(state, buffer, key):
    """Read a sample value beside a key; the writer of it is `_put_level`."""
    for number in range(_FOLLOWERS):
        follower = np.int64(state.followers[key, number])
        if follower >= 0 and read_value(state, buffer, _follower_context(key, number)):
            _keep_follower(state, key, follower)
            return follower
    first, node = (key // KEYS) << LEVEL_BITS, np.int64(1)
    for _ in range(LEVEL_BITS):
        value = _read(state, buffer, chance_of(state.trees, first + node))
        adapt(state.trees, first + node, value)
        node = 2 * node + value
    level = min(node - (1 << LEVEL_BITS), np.int64(KEYS - 5))
    _keep_follower(state, key, level)
    return level
