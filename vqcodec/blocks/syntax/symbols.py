"""One symbol: as a token for the writer, from the bits for the reader, or by mixed chances as values."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.syntax.contexts import FIRST_MODE, RAW_COARSE, TOKEN_SHIFT
from vqcodec.blocks.syntax.flag_contexts import (
    ESCAPE_ROW,
    FLAG_BITS,
    MODE_BITS,
    MOST_ZEROS,
    PART_ROWS,
    coarse_place,
    escape_places,
    fine_place,
)
from vqcodec.blocks.syntax.values import keep_reader, reader_of
from vqcodec.entropy.mixing import (
    CERTAIN,
    counter_at,
    keep_weights,
    learned,
    mixed_chance,
    moved,
    odds_of,
    weights_of,
)
from vqcodec.entropy.range_coder import EVEN, get_value, price_of, put_value
from vqcodec.entropy.tables import get_symbol
from vqcodec.kernels.jit import inline_kernel, inner_kernel

_UNWRITABLE = np.int64(-1)


@inline_kernel
def token(context, symbol):
    """Return `symbol` in its `context` as a token."""
    return (context << TOKEN_SHIFT) | symbol


@inline_kernel
def put_flag(tokens, count, context, coarse, symbol):
    """Append a flag in its fine and its coarse context (`flag_contexts`); return the new count."""
    tokens[count] = token(RAW_COARSE, coarse)
    tokens[count + 1] = token(context, symbol)
    return count + 2


@inline_kernel
def count_symbol(buffer, position, table, tables, part_bits, part):
    """Return (symbol, new position), as `get_symbol` does, and add the bits read to `part_bits[part]`."""
    symbol, after = get_symbol(buffer, position, table, tables)
    part_bits[part] += after - position
    return symbol, after


@inline_kernel
def _note(counters, fine, coarse, first, second, value):
    """Count a value in both contexts."""
    counters[fine] = np.uint32(moved(first, value))
    counters[coarse] = np.uint32(moved(second, value))


@inline_kernel
def _put_mixed(mixing, fine, coarse, prior, weights, row, value, place, buffer):
    """Write a value; return (new place, new weights), and note what it took."""
    first, second = counter_at(mixing.counters, fine, prior), counter_at(mixing.counters, coarse, prior)
    odds = odds_of(prior, first, second)
    chance = mixed_chance(odds, weights)
    place = put_value(buffer, place[0], place[1], place[2], chance, value)
    _note(mixing.counters, fine, coarse, first, second, value)
    mixing.spent[row] += price_of(chance, value)
    return place, learned(odds, weights, chance, value)


@inline_kernel
def _read_mixed(mixing, buffer, reader, fine, coarse, prior, weights):
    """Read a value; return (value, its chance, new reader, new weights).

    Args:
        reader: (position, end, code, width) of the range coder, in registers.
    """
    first, second = counter_at(mixing.counters, fine, prior), counter_at(mixing.counters, coarse, prior)
    odds = odds_of(prior, first, second)
    chance = mixed_chance(odds, weights)
    value, position, code, width = get_value(buffer, reader[0], reader[1], reader[2], reader[3], chance)
    _note(mixing.counters, fine, coarse, first, second, value)
    return value, chance, (position, reader[1], code, width), learned(odds, weights, chance, value)


@inline_kernel
def put_mixed_symbol(mixing, fine, coarse, chances, bits, row, symbol, place, buffer):
    """Write a symbol by mixed chances; return the new place.

    Args:
        mixing: record with `counters`, `weights` and `spent`, as MIXING_STATE has them.
        fine, coarse: where the counters of its contexts begin.
        chances: int32 (nodes,), the priors of its table, as from `mixing.prior_chances`.
        bits: of a symbol; row: of the weights.
        place: (count, low, width) of the range coder. If the symbol has no code, the count becomes negative.
    """
    node, weights = np.int64(1), weights_of(mixing.weights, row)
    for bit in range(bits - 1, -1, -1):
        value, prior = (symbol >> bit) & 1, np.int64(chances[node])
        if prior > 0 and prior < CERTAIN:
            place, weights = _put_mixed(mixing, fine + node, coarse + node, prior, weights, row, value, place, buffer)
        elif value != (prior > 0):
            return _UNWRITABLE, place[1], place[2]
        node = 2 * node + value
    keep_weights(mixing.weights, row, weights)
    return place


@inline_kernel
def read_mixed_symbol(mixing, values, buffer, fine, coarse, chances, bits, row):
    """Return the symbol that `put_mixed_symbol` wrote; `values` is a record of VALUE_STATE."""
    node, weights, reader = np.int64(1), weights_of(mixing.weights, row), reader_of(values)
    spent = np.int64(0)
    for _ in range(bits):
        prior = np.int64(chances[node])
        value = np.int64(prior > 0)
        if prior > 0 and prior < CERTAIN:
            value, chance, reader, weights = _read_mixed(
                mixing, buffer, reader, fine + node, coarse + node, prior, weights
            )
            if values.counting[0]:
                spent += price_of(chance, value)
        node = 2 * node + value
    keep_weights(mixing.weights, row, weights)
    keep_reader(values, reader)
    mixing.spent[row] += spent
    return node - (1 << bits)


@inner_kernel
def put_mixed_flag(mixing, kind, context, coarse, chances, part, symbol, place, buffer):
    """Write a flag by mixed chances; return the new place. Other arguments as in `put_mixed_symbol`.

    Args:
        mixing: record of MIXING_STATE.
        kind: as for `fine_place`; `context` and `coarse` are those of the flag.
        part: of its element.
    """
    fine, other = fine_place(kind, context), coarse_place(kind, context, coarse)
    bits = MODE_BITS if context >= FIRST_MODE else FLAG_BITS
    return put_mixed_symbol(mixing, fine, other, chances, bits, kind * PART_ROWS + part, symbol, place, buffer)


@inner_kernel
def read_mixed_flag(values, buffer, kind, context, coarse, chances, part):
    """Return the flag that `put_mixed_flag` wrote; `values` is a record of VALUE_STATE."""
    fine, other = fine_place(kind, context), coarse_place(kind, context, coarse)
    bits = MODE_BITS if context >= FIRST_MODE else FLAG_BITS
    return read_mixed_symbol(values.mixing, values, buffer, fine, other, chances, bits, kind * PART_ROWS + part)


@inner_kernel
def put_mixed_zeros(mixing, kind, fine, coarse, zeros, place, buffer):
    """Write the zeros that tell the length of an escape; return the new place. Arguments as in `put_mixed_flag`."""
    first, second = escape_places(kind, fine, coarse)
    row, even = kind * PART_ROWS + ESCAPE_ROW, np.int64(EVEN)
    weights = weights_of(mixing.weights, row)
    for number in range(min(zeros + 1, MOST_ZEROS)):
        value = np.int64(number == zeros)
        place, weights = _put_mixed(mixing, first + number, second + number, even, weights, row, value, place, buffer)
    keep_weights(mixing.weights, row, weights)
    return place


@inner_kernel
def read_mixed_zeros(values, buffer, kind, fine, coarse):
    """Return how many zeros tell the length of an escape, 0 to MOST_ZEROS; the writer is `put_mixed_zeros`."""
    first, second = escape_places(kind, fine, coarse)
    mixing, row, even = values.mixing, kind * PART_ROWS + ESCAPE_ROW, np.int64(EVEN)
    weights, reader = weights_of(mixing.weights, row), reader_of(values)
    zeros = spent = value = np.int64(0)
    while zeros < MOST_ZEROS and not value:
        value, chance, reader, weights = _read_mixed(
            mixing, buffer, reader, first + zeros, second + zeros, even, weights
        )
        if values.counting[0]:
            spent += price_of(chance, value)
        zeros += 1 - value
    keep_weights(mixing.weights, row, weights)
    keep_reader(values, reader)
    mixing.spent[row] += spent
    return zeros


@inline_kernel
def read_flag(buffer, position, context, coarse, tables, part_bits, part, values):
    """Return (symbol, new position) of a flag that `put_flag` wrote, and count its bits.

    Args:
        buffer: padded uint8; `position` in bits.
        tables: `model.DecoderTables`, which say whether chances are mixed.
        part_bits: int64, to which the bits of Huffman codes are added; `part` is that of the flag.
        values: record of VALUE_STATE.
    """
    if tables.mixed:
        chances = tables.flag_chances[tables.rows[context]]
        return read_mixed_flag(values, buffer, tables.kind, context, coarse, chances, part), position
    return count_symbol(buffer, position, tables.rows[context], tables.flags, part_bits, part)


@inline_kernel
def read_mode(buffer, position, context, coarse, tables, part_bits, part, values):
    """Return (mode, new position); arguments as for `read_flag`."""
    if tables.mixed:
        chances = tables.mode_chances[tables.rows[context]]
        return read_mixed_flag(values, buffer, tables.kind, context, coarse, chances, part), position
    return count_symbol(buffer, position, tables.rows[context], tables.modes, part_bits, part)
