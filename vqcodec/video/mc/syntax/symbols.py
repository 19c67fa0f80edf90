"""Symbols of predicted frames: as tokens on the way to bits, and read from bits.

The writer first makes tokens: a context and a symbol, or raw bits. They are those of the block engine
(`blocks.syntax.contexts`), with numbers above its own for the elements of this engine, and one that says which tables
the coefficients after it use.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import Plane
from vqcodec.blocks.syntax.contexts import (
    FIRST_MODE,
    FIRST_PATTERN,
    RAW_BITS,
    RAW_COPY,
    RAW_ESCAPE,
    RAW_LENGTH,
    RAW_SIGNS,
    TOKEN_SHIFT,
)
from vqcodec.blocks.syntax.parts import ESCAPE, MASK, PATTERN, SIGN
from vqcodec.blocks.syntax.tokens import PART_OF_CONTEXT
from vqcodec.entropy.bits import put_bits
from vqcodec.entropy.tables import get_symbol, put_symbol
from vqcodec.kernels.jit import inline_kernel, kernel
from vqcodec.video.mc.parts import INTER_LUMA, INTRA_LUMA, NODE, VECTOR

FIRST_NODE_TOKEN, FIRST_SHAPE_TOKEN, FIRST_VECTOR_TOKEN = 0xD000, 0xD100, 0xD200
RAW_VECTOR = 0xF200  # raw bits of vectors; their number is added
TABLES_TOKEN = 0xE000  # its symbol is one of the first four groups of `parts`
MAX_TOKENS_PER_SAMPLE = 4


def most_tokens(luma: Plane) -> int:
    """Return the largest number of tokens that a frame with this plane of luma can have."""
    return 2 * MAX_TOKENS_PER_SAMPLE * luma.samples.size + 64


@inline_kernel
def _is_value(context):
    """Whether a token is a value of the range coder if chances are mixed."""
    if context >= RAW_SIGNS:
        return context & ~RAW_BITS == RAW_LENGTH
    return context < FIRST_PATTERN or (context >= FIRST_NODE_TOKEN and context < TABLES_TOKEN)


@kernel
def pack_frame(tokens, codes, rows, intra, counts, buffer, position, part_bits):
    """Write tokens to `buffer` as bits; return the new position.

    Args:
        tokens: uint32, from `writing.emit_frame`.
        codes: `adaptation.FrameCodes`.
        rows: int32 (ALL_CONTEXTS,), the table in `codes` of each context of the block engine.
        intra: codes of the picture model (`blocks.model.tables.PackTables`) for luma and chroma.
        counts: `adaptation.FrameCounts`, to which the symbols are added.
        buffer: uint8, with room for the tokens; position: in bits.
        part_bits: int64 (parts.GROUPS, parts), to which the bits of each part are added.
    """
    group = np.int64(0)
    for item in tokens:
        context, symbol = np.int64(item >> np.uint32(TOKEN_SHIFT)), np.int64(item & np.uint32(0xFFFF))
        before = position
        if context >= RAW_COPY:
            continue  # contexts of what may be coded by mixed chances
        if codes.mixed and _is_value(context):
            continue  # `mixed.write_frame` writes it
        if context >= RAW_SIGNS:
            position = put_bits(buffer, position, symbol, context & RAW_BITS)
            if context >= RAW_VECTOR:
                part_bits[VECTOR, 0] += position - before
            else:
                part_bits[group, ESCAPE if context >= RAW_ESCAPE else SIGN] += position - before
        elif context == TABLES_TOKEN:
            group = symbol
        elif context >= FIRST_NODE_TOKEN:
            kind = (context - FIRST_NODE_TOKEN) >> 8
            row = context & 0xFF
            if kind == 0:
                position = put_symbol(buffer, position, row, symbol, codes.nodes.codes, codes.nodes.lengths)
                counts.nodes[row, symbol] += 1
            elif kind == 1:
                position = put_symbol(buffer, position, row, symbol, codes.shapes.codes, codes.shapes.lengths)
                counts.shapes[row, symbol] += 1
            else:
                position = put_symbol(buffer, position, row, symbol, codes.vectors.codes, codes.vectors.lengths)
                counts.vectors[row, symbol] += 1
            part_bits[NODE + kind, 0] += position - before
        elif group < INTER_LUMA:
            tables = intra[0] if group == INTRA_LUMA else intra[1]
            row = np.int64(tables.rows[context])
            if context >= FIRST_PATTERN:
                position = put_symbol(buffer, position, row, symbol, tables.patterns.codes, tables.patterns.lengths)
            elif context >= FIRST_MODE:
                position = put_symbol(buffer, position, row, symbol, tables.modes.codes, tables.modes.lengths)
            else:
                position = put_symbol(buffer, position, row, symbol, tables.flags.codes, tables.flags.lengths)
            part_bits[group, PART_OF_CONTEXT[context]] += position - before
        else:
            row = np.int64(rows[context])
            luma = group == INTER_LUMA
            if context >= FIRST_PATTERN:
                table = codes.luma_patterns if luma else codes.chroma_patterns
                counted = counts.luma_patterns if luma else counts.chroma_patterns
            else:
                table = codes.luma_masks if luma else codes.chroma_masks
                counted = counts.luma_masks if luma else counts.chroma_masks
            position = put_symbol(buffer, position, row, symbol, table.codes, table.lengths)
            counted[row, symbol] += 1
            part_bits[group, PATTERN if context >= FIRST_PATTERN else MASK] += position - before
    return position


@inline_kernel
def get_counted(buffer, position, context, counted):
    """Return (symbol, new position) as `get_symbol` does, and count the symbol; `counted`: `CountedTables`."""
    symbol, position = get_symbol(buffer, position, context, counted.tables)
    counted.counts[context, symbol] += 1
    return symbol, position
