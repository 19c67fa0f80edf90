"""Symbols by the array and fields by the list, through the kernels that the codecs call one symbol at a time."""

from __future__ import annotations

import numpy as np

from vqcodec.entropy import bits
from vqcodec.entropy.tables import TableSet, get_symbol, put_symbol
from vqcodec.kernels.jit import kernel


@kernel
def _encode(buffer, symbols, contexts, tables):
    position = np.int64(0)
    for i in range(symbols.size):
        position = put_symbol(buffer, position, contexts[i], symbols[i], tables.codes, tables.lengths)
    return position


@kernel
def _decode(buffer, position, symbols, contexts, tables):
    for i in range(symbols.size):
        symbols[i], position = get_symbol(buffer, position, contexts[i], tables)
    return position


@kernel
def put_field(buffer, position, value, count):
    return bits.put_bits(buffer, position, value, count)


@kernel
def get_field(buffer, position, count):
    return bits.get_bits(buffer, position, count)


@kernel
def put_golomb(buffer, position, value, k):
    return bits.put_exp_golomb(buffer, position, value, k)


@kernel
def get_golomb(buffer, position, k):
    return bits.get_exp_golomb(buffer, position, k)


def encode_symbols(symbols, table_set: TableSet, contexts=None) -> tuple[bytes, int]:
    """Symbols in their contexts (None: context 0) as bytes, the last one filled up with zeros, and how many bits."""
    flat = np.asarray(symbols, dtype=np.int64).reshape(-1)
    rows = np.zeros(flat.size, np.int64) if contexts is None else np.asarray(contexts, dtype=np.int64).reshape(-1)
    buffer = np.zeros(2 * flat.size + bits.PADDING, np.uint8)
    end = _encode(buffer, flat, rows, table_set.encoder)
    return buffer[: (end + 7) // 8].tobytes(), end


def decode_symbols(data: bytes, count: int, table_set: TableSet, contexts=None, start: int = 0):
    """`count` symbols from bit `start` of the data on, int64, and the position after them."""
    rows = np.zeros(count, np.int64) if contexts is None else np.asarray(contexts, dtype=np.int64).reshape(-1)
    symbols = np.empty(count, np.int64)
    return symbols, _decode(bits.padded(data), start, symbols, rows, table_set.decoder)
