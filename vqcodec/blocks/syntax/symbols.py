"""One symbol: as a token for the writer, from the bits for the reader."""

from __future__ import annotations

from vqcodec.blocks.syntax.contexts import TOKEN_SHIFT
from vqcodec.entropy.tables import get_symbol
from vqcodec.kernels.jit import inline_kernel


@inline_kernel
def token(context, symbol):
    """Return `symbol` in its `context` as a token."""
    return (context << TOKEN_SHIFT) | symbol


@inline_kernel
def count_symbol(buffer, position, table, tables, part_bits, part):
    """Return (symbol, new position), as `get_symbol` does, and add the bits read to `part_bits[part]`."""
    symbol, after = get_symbol(buffer, position, table, tables)
    part_bits[part] += after - position
    return symbol, after
