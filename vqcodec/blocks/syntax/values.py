"""Values of the range coder: what tells copies, palettes and flags, in bytes of their own behind the Huffman codes.

Their writer is `value_writing`. Contexts have chances that adapt. A sample value of a palette is told beside a key,
that of another value: as one of the two that followed this key last, or by its bits.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.syntax.flag_contexts import MIXING_STATE, OTHER_VALUES
from vqcodec.blocks.syntax.palette_contexts import (
    FIRST_CHANCES,
    FIRST_FOLLOWER,
    KNOWN,
    VALUE_CONTEXTS,
)
from vqcodec.entropy.bits import PADDING, get_exp_golomb
from vqcodec.entropy.mixing import start_weights
from vqcodec.entropy.range_coder import (
    ESTIMATES,
    EVEN,
    PRICE_UNIT,
    WHOLE,
    adapt,
    chance_of,
    first_code,
    get_value,
    price_of,
)
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.kernels.records import record_type

LENGTH_ORDER = 7  # of the Exp-Golomb code for the number of bytes
FIRST_OF_COPIES = 0
LEVEL_BITS = 10  # of a sample value, in quarters
KEYS = 1025  # of a plane: none, or a sample value
_PLANES = 3
FOLLOWERS = 2

FINE, NOT_DECODED, TOO_LONG = 0, 1, 2  # what `close_values` returns

VALUE_STATE = record_type(
    chances=(np.int32, (VALUE_CONTEXTS, ESTIMATES)),
    trees=(np.int32, (_PLANES << LEVEL_BITS, ESTIMATES)),
    followers=(np.int16, (_PLANES * KEYS, FOLLOWERS)),
    coder=(np.uint64, 2),
    where=(np.int64, 2),
    fault=(np.int64, 1),
    counting=(np.int64, 1),
    mixing=MIXING_STATE,
)
"""What writer and reader keep.

Attributes:
    chances: of each context.
    trees: of the bits of sample values, by plane and bits before.
    followers: the sample values that came last beside each key, the last one first; -1 for none.
    coder: the reader's code and width.
    where: in the payload, the position of the next one and where they end.
    fault: FINE or NOT_DECODED.
    counting: 1 if the reader counts bits in `mixing.spent`.
    mixing: of flags whose chances are mixed (`symbols`).
"""


@inner_kernel
def start_chances(state):
    """Set all chances to their beginning; the counters of flags must be zeros."""
    start_weights(state.mixing.weights)
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
def follower_context(key, number):
    """Return the context of whether a sample value is follower `number` of its key."""
    plane = key // KEYS
    group = plane + 1 if key > 0 else 0  # the first value of a palette of luma
    return FIRST_FOLLOWER + group * FOLLOWERS + number


@inline_kernel
def keep_follower(state, key, level):
    """Note that a sample value came beside a key."""
    if state.followers[key, 0] != level:
        state.followers[key, 1] = state.followers[key, 0]
        state.followers[key, 0] = level


@kernel
def open_values(buffer, scratch):
    """Begin to read a payload (padded uint8) that has values. It begins with the number of their bytes.

    Args:
        scratch: record whose `values` are of VALUE_STATE, zeroed.

    Returns:
        Where the Huffman codes begin and end, in bits. The end is negative if there are fewer bytes than were told.
    """
    length, position = get_exp_golomb(buffer, np.int64(0), LENGTH_ORDER)
    return position, open_last_values(buffer, length, scratch)


@inner_kernel
def open_last_values(buffer, length, scratch):
    """Begin to read data (padded uint8) whose last bytes, so many, are values; arguments as in `open_values`.

    Returns:
        Where they begin, in bits; negative if there are fewer bytes.
    """
    state = scratch.values
    size = np.int64(buffer.size - PADDING)
    start_chances(state)
    code, after = first_code(buffer, max(size - length, 0), size)
    state.coder[0], state.coder[1] = code, WHOLE
    state.where[0], state.where[1] = after, size
    state.fault[0] = FINE
    return 8 * (size - length)


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
def reader_of(state):
    """Return (position, end, code, width) of the range coder, for reading several values in registers."""
    return state.where[0], state.where[1], state.coder[0], state.coder[1]


@inline_kernel
def keep_reader(state, reader):
    """Store what `reader_of` returned, after values were read."""
    state.where[0], state.coder[0], state.coder[1] = reader[0], reader[2], reader[3]


@inline_kernel
def read_by_chance(state, buffer, chance):
    """Read a value by its chance. Arguments as in `read_value`."""
    position, end, code, width = reader_of(state)
    value, position, code, width = get_value(buffer, position, end, code, width, chance)
    keep_reader(state, (position, end, code, width))
    return value


@inner_kernel
def read_even(state, buffer):
    """Read a value about which nothing is known."""
    if state.counting[0]:
        state.mixing.spent[OTHER_VALUES] += PRICE_UNIT
    return read_by_chance(state, buffer, np.int64(EVEN))


@inline_kernel
def _read_adapting(state, buffer, chances, context):
    """Read a value in a context of `chances`, which adapt."""
    chance = chance_of(chances, context)
    value = read_by_chance(state, buffer, chance)
    adapt(chances, context, value)
    if state.counting[0]:
        state.mixing.spent[OTHER_VALUES] += price_of(chance, value)
    return value


@inner_kernel
def read_value(state, buffer, context):
    """Read a value in its context."""
    return _read_adapting(state, buffer, state.chances, context)


@inner_kernel
def read_level(state, buffer, key):
    """Read a sample value beside a key; the writer of it is `_put_level`."""
    for number in range(FOLLOWERS):
        follower = np.int64(state.followers[key, number])
        if follower >= 0 and read_value(state, buffer, follower_context(key, number)):
            keep_follower(state, key, follower)
            return follower
    first, node = (key // KEYS) << LEVEL_BITS, np.int64(1)
    for _ in range(LEVEL_BITS):
        value = _read_adapting(state, buffer, state.trees, first + node)
        node = 2 * node + value
    level = min(node - (1 << LEVEL_BITS), np.int64(KEYS - 5))
    keep_follower(state, key, level)
    return level
