"""Nodes, shapes and vectors of predicted frames by mixed chances (`vqcodec.entropy.mixing`), and all values of a frame.

The fine context of a symbol is the one that chooses its table, and the coarse one of nodes is their size. Frames of
each class have contexts of their own.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.syntax.contexts import (
    FIRST_MODE,
    FIRST_PATTERN,
    RAW_BITS,
    RAW_COARSE,
    RAW_COPY,
    RAW_FINE,
    RAW_LENGTH,
    TOKEN_SHIFT,
)
from vqcodec.blocks.syntax.flag_contexts import KINDS
from vqcodec.blocks.syntax.symbols import put_mixed_flag, put_mixed_symbol, put_mixed_zeros, read_mixed_symbol
from vqcodec.blocks.syntax.tokens import PART_OF_CONTEXT
from vqcodec.entropy.mixing import ESTIMATES, start_weights
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.mc.contexts import (
    NODE_BITS,
    NODE_CONTEXTS,
    NODE_SIZES,
    SHAPE_BITS,
    SHAPE_CONTEXTS,
    VECTOR_BITS,
    VECTOR_CONTEXTS,
)
from vqcodec.video.mc.parts import INTER_CHROMA, INTER_LUMA
from vqcodec.video.mc.syntax.symbols import FIRST_NODE_TOKEN, TABLES_TOKEN, get_counted

NODES, SHAPES, VECTORS = range(3)
_ELEMENTS = 3
_CLASSES = 4
_BITS = np.array([NODE_BITS, SHAPE_BITS, VECTOR_BITS], dtype=np.int64)
_SIZES = ((NODE_CONTEXTS, NODE_SIZES), (SHAPE_CONTEXTS, 1), (VECTOR_CONTEXTS, 1))  # fine and coarse contexts
_COUNTERS = [contexts << int(bits) for bits, pair in zip(_BITS, _SIZES) for contexts in pair]
_STARTS = np.cumsum([0, *_COUNTERS[:-1]]).reshape(_ELEMENTS, 2)
_OF_CLASS = sum(_COUNTERS)
_NODES_OF_A_SIZE = NODE_CONTEXTS // NODE_SIZES

MOTION_MIXING = record_type(
    counters=(np.uint32, _CLASSES * _OF_CLASS),
    weights=(np.int32, (_CLASSES * _ELEMENTS, ESTIMATES)),
    spent=(np.int64, _CLASSES * _ELEMENTS),
)
"""What writer and reader of a group keep; see `blocks.syntax.flag_contexts.MIXING_STATE`."""


@kernel
def start_motion_mixing(mixing):
    """Make a record of MOTION_MIXING, zeroed, ready for a group."""
    start_weights(mixing.weights)


@inner_kernel
def _places(frame_class, element, context):
    """Return where the counters of both contexts of a symbol begin."""
    first = frame_class * _OF_CLASS
    coarse = context // _NODES_OF_A_SIZE if element == NODES else np.int64(0)
    bits = _BITS[element]
    return first + _STARTS[element, 0] + (context << bits), first + _STARTS[element, 1] + (coarse << bits)


@inner_kernel
def read_mixed_element(mixing, values, buffer, frame_class, element, context, chances):
    """Return a symbol.

    Args:
        mixing: record of MOTION_MIXING; values: of VALUE_STATE.
        element: NODES, SHAPES or VECTORS; context: its own.
        chances: int32 (nodes,), the priors of its table.
    """
    fine, coarse = _places(frame_class, element, context)
    row = frame_class * _ELEMENTS + element
    return read_mixed_symbol(mixing, values, buffer, fine, coarse, chances, _BITS[element], row)


@inline_kernel
def get_element(buffer, position, element, context, counted, tables, scratch):
    """Return (symbol, new position): by mixed chances, or by a Huffman code, and then it is counted.

    Args:
        element, context: as for `read_mixed_element`.
        counted: `adaptation.CountedTables` of the element; tables: `adaptation.FrameDecoding`.
        scratch: record of `reading.FRAME_SCRATCH`.
    """
    if tables.mixed:
        chances, values = counted.chances[context], scratch.block.values
        symbol = read_mixed_element(
            scratch.mixing, values, buffer, tables.frame_class, np.int64(element), context, chances
        )
        return symbol, position
    return get_counted(buffer, position, context, counted)


@inner_kernel
def _put_element(mixing, frame_class, element, context, chances, symbol, place, buffer):
    """Write a symbol; return the new place."""
    fine, coarse = _places(frame_class, element, context)
    row = frame_class * _ELEMENTS + element
    return put_mixed_symbol(mixing, fine, coarse, chances, _BITS[element], row, symbol, place, buffer)


@kernel
def write_frame(tokens, chances, rows, intra, frame_class, mixing, state, buffer):
    """Write the values among the tokens of a predicted frame by the range coder, after those of the frames before it.

    Args:
        tokens: uint32, from `writing.emit_frame`.
        chances: `mc.model.chances.FrameChances`.
        rows: int32 (ALL_CONTEXTS,), the table in `chances` of each context of the block engine.
        intra: codes of the picture model (`blocks.model.tables.PackTables`) for luma and chroma, with chances.
        frame_class: 0 to 3.
        mixing: record of MOTION_MIXING; state: of VALUE_STATE (see `value_writing.write_values`).
        buffer: uint8, with room for 16 bytes for each token, and 64.
    """
    place = np.int64(state.where[0]), state.coder[0], state.coder[1]
    group = coarse = fine = np.int64(0)
    for item in tokens:
        context, symbol = np.int64(item >> np.uint32(TOKEN_SHIFT)), np.int64(item & np.uint32(0xFFFF))
        kind = group
        if group >= INTER_LUMA:
            kind = KINDS + 2 * frame_class + np.int64(group == INTER_CHROMA)
        if place[0] < 0:
            break
        if context == TABLES_TOKEN:
            group = symbol
        elif context == RAW_COARSE:
            coarse = symbol
        elif context == RAW_FINE:
            fine = symbol
        elif context >= RAW_COPY:
            continue
        elif context & ~RAW_BITS == RAW_LENGTH:
            zeros = (context & RAW_BITS) - 1
            place = put_mixed_zeros(state.mixing, kind, fine, coarse, zeros, place, buffer)
        elif context >= FIRST_NODE_TOKEN and context < TABLES_TOKEN:
            element, row = (context - FIRST_NODE_TOKEN) >> 8, context & 0xFF
            own = chances.nodes if element == NODES else (chances.shapes if element == SHAPES else chances.vectors)
            place = _put_element(mixing, frame_class, element, row, own[row], symbol, place, buffer)
        elif context < FIRST_PATTERN:
            if group >= INTER_LUMA:
                priors = chances.masks[1] if group == INTER_CHROMA else chances.masks[0]
                row = np.int64(rows[context])
            else:
                tables = intra[0] if group == 0 else intra[1]
                priors = tables.flag_chances if context < FIRST_MODE else tables.mode_chances
                row = np.int64(tables.rows[context])
            part = PART_OF_CONTEXT[context]
            place = put_mixed_flag(state.mixing, kind, context, coarse, priors[row], part, symbol, place, buffer)
    state.where[0], state.coder[0], state.coder[1] = place
