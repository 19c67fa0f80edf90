"""Coding of whole arrays of symbols whose contexts, if any, are known beforehand.

Without contexts, and for alphabets of up to 256 symbols, one look-up decodes as many symbols as its bits hold
(up to six), from a 64-bit reservoir that is refilled every few look-ups. The bits are those of `put_symbol`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.bits import PADDING, padded, peek_word
from vqcodec.entropy.tables import LENGTH_FIELD_BITS, TableSet, get_symbol, put_symbol, search_symbol
from vqcodec.entropy.words import store_word
from vqcodec.errors import CorruptFileError
from vqcodec.kernels.jit import kernel

_BYTE_ALPHABET = 256
_JOINT_BITS = 11  # of the look-up of several symbols: 16 KiB, half of a first-level cache
_JOINT_SYMBOLS = 6  # at most; an entry is six bytes of symbols, a byte with their number, one with their bits
_LOOKUPS_A_REFILL = 5  # 5 * 11 bits are within the 57 of a refill
_SYMBOLS_A_REFILL = _JOINT_SYMBOLS * _LOOKUPS_A_REFILL
_WORTH_JOINT_TABLE = 4096  # symbols; below, building the table takes longer than it saves


def encode_symbols(
    symbols: npt.ArrayLike, table_set: TableSet, contexts: npt.ArrayLike | None = None
) -> tuple[bytes, int]:
    """Return (data, bits): `symbols` in the codes of `table_set`, the last byte filled up with zeros.

    Args:
        symbols: integers, any shape, coded in C order.
        table_set: the codes.
        contexts: the context of each symbol, of the shape of `symbols`; None stands for context 0 throughout.

    Raises:
        ValueError: the shapes differ, a symbol or context is outside the table set, or a symbol has no code.
    """
    flat = _checked(symbols, table_set.symbols, "symbols")
    rows = _contexts_of(flat.size, contexts, table_set)
    bits = _measure(flat, rows, table_set.lengths)
    if bits < 0:
        raise ValueError("symbols: one has no code in its context; make the codes with smoothing")
    buffer = np.zeros((bits + 7) // 8 + PADDING, dtype=np.uint8)
    _encode(buffer, flat, rows, table_set.codes, table_set.lengths)
    return buffer[: (bits + 7) // 8].tobytes(), bits


def decode_symbols(
    data: bytes | bytearray | memoryview | npt.NDArray[np.uint8],
    count: int,
    table_set: TableSet,
    contexts: npt.ArrayLike | None = None,
) -> tuple[npt.NDArray[np.uint8] | npt.NDArray[np.uint16], int]:
    """Return (symbols, bits): the first `count` symbols of `data` and the number of bits they took.

    Args:
        data: as from `encode_symbols`, not trusted.
        count: number of symbols.
        table_set: the codes.
        contexts: as for `encode_symbols`, of `count` elements.

    Returns:
        The symbols as uint8 for alphabets of up to 256 symbols, else as uint16, shape (count,).

    Raises:
        CorruptFileError: `data` end before the last symbol does.
        ValueError: `contexts` are not `count` contexts of the table set.
    """
    buffer = padded(data)
    available = 8 * (buffer.size - PADDING)
    if not 0 <= count <= available:  # no code is shorter than a bit
        raise CorruptFileError(f"coded symbols: {available} bits cannot hold {count} symbols; data are missing")
    byte_alphabet = table_set.symbols <= _BYTE_ALPHABET
    if contexts is None and byte_alphabet and count >= _WORTH_JOINT_TABLE:
        spacious = np.empty(count + 8, dtype=np.uint8)
        joint = np.zeros(1 << _JOINT_BITS, dtype=np.uint64)
        _fill_joint_table(table_set.decoder_with(_JOINT_BITS), joint)
        position = _decode_jointly(buffer, spacious, joint, table_set.decoder)
        symbols: npt.NDArray = spacious[:count]
    else:
        symbols = np.empty(count, dtype=np.uint8 if byte_alphabet else np.uint16)
        position = _decode(buffer, symbols, _contexts_of(count, contexts, table_set), table_set.decoder)
    if position > available:
        raise CorruptFileError(f"coded symbols: {count} symbols do not end within {available} bits; data are missing")
    return symbols, position


def _checked(numbers: npt.ArrayLike, limit: int, name: str) -> npt.NDArray[np.uint16]:
    """Return `numbers` as a flat uint16 array, having checked that they are integers in 0..limit-1."""
    array = np.asarray(numbers)
    if array.size and array.dtype.kind not in "iu":
        raise ValueError(f"{name} are {array.dtype}; they must be integers")
    if array.size and (array.min() < 0 or array.max() >= limit):
        raise ValueError(f"{name} range from {array.min()} to {array.max()}; the table set has 0..{limit - 1}")
    return np.ascontiguousarray(array.reshape(-1), dtype=np.uint16)


def _contexts_of(count: int, contexts: npt.ArrayLike | None, table_set: TableSet) -> npt.NDArray[np.uint16]:
    """Return the contexts of `count` symbols, flat and checked; zeros for None."""
    if contexts is None:
        return np.zeros(count, dtype=np.uint16)
    rows = _checked(contexts, table_set.contexts, "contexts")
    if rows.size != count:
        raise ValueError(f"{rows.size} contexts do not fit {count} symbols")
    return rows


@kernel
def _measure(symbols, contexts, lengths):
    """Return the bits that the symbols take, or -1 if one has no code."""
    bits = np.int64(0)
    for index in range(symbols.size):
        length = np.int64(lengths[contexts[index], symbols[index]])
        if length == 0:
            return -1
        bits += length
    return bits


@kernel
def _encode(buffer, symbols, contexts, codes, lengths):
    """Write the codes of all symbols (uint16, like their contexts) to `buffer`, which has room for them."""
    position = 0
    for index in range(symbols.size):
        position = put_symbol(buffer, position, contexts[index], symbols[index], codes, lengths)


@kernel
def _decode(buffer, symbols, contexts, decoder):
    """Fill `symbols` from the padded `buffer`; return the bit position behind them."""
    position = np.int64(0)
    for index in range(symbols.size):
        symbols[index], position = get_symbol(buffer, position, contexts[index], decoder)
    return position


@kernel
def _fill_joint_table(decoder, joint):
    """Fill `joint` (uint64, zeroed, 2^_JOINT_BITS) from the look-up of context 0 in `decoder`."""
    for window in range(joint.size):
        used = np.int64(0)
        number = 0
        entry = np.uint64(0)
        while number < _JOINT_SYMBOLS:
            rest = (window << used) & (joint.size - 1)
            single = np.int64(decoder.lookup[0, rest >> (_JOINT_BITS - decoder.lookup_bits)])
            length = single & ((1 << LENGTH_FIELD_BITS) - 1)
            if length == 0 or used + length > _JOINT_BITS:
                break
            entry |= np.uint64(single >> LENGTH_FIELD_BITS) << np.uint64(56 - 8 * number)
            used += length
            number += 1
        joint[window] = entry | np.uint64(number << 8) | np.uint64(used)


@kernel
def _decode_jointly(buffer, symbols, joint, decoder):
    """Fill all but the last 8 of `symbols` (uint8) from the padded `buffer`; return the bit position then.

    Every entry is stored as the 8 bytes it has; those behind its symbols are overwritten by the next. That,
    and no check for the end between refills, is why the last symbols are decoded one by one.
    """
    count = symbols.size - 8
    position = np.int64(0)
    done = np.int64(0)
    while done + _SYMBOLS_A_REFILL <= count:
        word = peek_word(buffer, position)
        for _ in range(_LOOKUPS_A_REFILL):
            entry = joint[word >> np.uint64(64 - _JOINT_BITS)]
            if entry == 0:
                symbol, length = search_symbol(peek_word(buffer, position), 0, decoder)
                symbols[done] = symbol
                done += 1
                position += length
                word = peek_word(buffer, position)
            else:
                store_word(symbols, done, entry)
                done += np.int64((entry >> np.uint64(8)) & np.uint64(0xFF))
                position += np.int64(entry & np.uint64(0xFF))
                word <<= entry & np.uint64(0xFF)
    while done < count:
        symbols[done], position = get_symbol(buffer, position, 0, decoder)
        done += 1
    return position
