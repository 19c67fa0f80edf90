"""The syntax of predicted frames: from what was decided to tokens, and from tokens to bits.

A frame is written superblock by superblock, each as its nodes depth first; a node that crosses the frame's edge is cut
without a symbol. Tokens are those of the block engine (`blocks.contexts`), with numbers beyond theirs for this engine's
elements and for the choice of the tables that the coefficients after use.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.reconstruction import BLOCK_SCRATCH
from vqcodec.blocks.layout import Block, Plane
from vqcodec.blocks.syntax.coefficients import emit_coefficients
from vqcodec.blocks.syntax.contexts import (
    FIRST_MODE,
    FIRST_PATTERN,
    RAW_ESCAPE,
    RAW_SIGNS,
    TOKEN_SHIFT,
    surrounding_energy,
)
from vqcodec.blocks.syntax.leaves import emit_leaf
from vqcodec.blocks.syntax.parts import ESCAPE, MASK, PATTERN, SIGN
from vqcodec.blocks.syntax.tokens import PART_OF_CONTEXT
from vqcodec.entropy.bits import get_bits, get_exp_golomb, put_bits, put_exp_golomb
from vqcodec.entropy.tables import put_symbol
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.mc.contexts import (
    CANDIDATES,
    CUT,
    FIRST_EXPLICIT,
    FIRST_MERGE,
    FIRST_SKIP,
    INTRA_BLOCK,
    VECTOR_CLASSES,
    choice_of_references,
    node_context,
    shape_context,
    vector_class,
    vector_context,
)
from vqcodec.video.mc.layout import (
    EXPLICIT,
    FIRST_REFERENCE,
    GRID_LOG,
    INTRA,
    KIND,
    LISTS,
    LOG_SIZE,
    MOTION,
    ROOT,
    ROOT_LOG,
    SHAPE,
    SKIPPED,
    UNDECODED,
)
from vqcodec.video.mc.motion.candidates import list_candidates, list_predictors, vector_bits
from vqcodec.video.mc.motion.reconstruction import is_part_coded, transform_form, transform_log
from vqcodec.video.mc.parts import INTER_CHROMA, INTER_LUMA, INTRA_CHROMA, INTRA_LUMA, NODE, VECTOR

FIRST_NODE_TOKEN, FIRST_SHAPE_TOKEN, FIRST_VECTOR_TOKEN = 0xD000, 0xD100, 0xD200
RAW_VECTOR = 0xF200  # raw bits of vectors, their number added
TABLES_TOKEN = 0xE000  # its symbol: which tables the tokens after use, one of the first four groups of `parts`
MAX_TOKENS_PER_SAMPLE = 4

EMIT_SCRATCH = record_type(
    stack=(np.int32, (3 * (ROOT_LOG - GRID_LOG) + 1, 3)),
    candidates=(np.int64, (CANDIDATES + 1, MOTION)),
    predictors=(np.int64, (2, 2)),
    vector=(np.int64, 2),
    block=BLOCK_SCRATCH,
)
"""Working arrays of writing."""


@inner_kernel
def _emit_intra(plane, y, x, log_size, transforms, state, tokens, count):
    """Append the tokens of a square without motion, as the block engine does; return the new count."""
    return emit_leaf(plane, Block(y, x, log_size, log_size), transforms, state, tokens, count)


@inline_kernel
def _token(context, symbol):
    return np.uint32((context << TOKEN_SHIFT) | symbol)


@inner_kernel
def _emit_component(value, tokens, count):
    size = vector_class(value)
    if size > 0:
        rest = abs(value) & ((1 << (size - 1)) - 1)
        tokens[count] = _token(RAW_VECTOR + size, (np.int64(value < 0) << (size - 1)) | rest)
        count += 1
    return count


@inner_kernel
def _emit_motion(frame, y, x, log_size, motion, lengths, scratch, tokens, count):
    """Append the tokens of the vectors of an explicit motion; return the new count."""
    size = np.int64(1) << log_size
    both = np.int64(motion[0] >= 0 and motion[1] >= 0)
    context = vector_context(log_size, both)
    for side in range(LISTS):
        if motion[side] < 0:
            continue
        row, column = np.int64(motion[2 + 2 * side]), np.int64(motion[3 + 2 * side])
        list_predictors(frame, y, x, size, np.int64(side), np.int64(motion[side]), scratch.vector, scratch.predictors)
        _, number = vector_bits(row, column, scratch.predictors, lengths[context])
        down, across = row - scratch.predictors[number, 0], column - scratch.predictors[number, 1]
        symbol = (number * VECTOR_CLASSES + vector_class(down)) * VECTOR_CLASSES + vector_class(across)
        tokens[count] = _token(FIRST_VECTOR_TOKEN + context, symbol)
        count = _emit_component(down, tokens, count + 1)
        count = _emit_component(across, tokens, count)
    return count


@inner_kernel
def _emit_square(plane, y, x, log_size, group, state, tokens, count):
    """Append the tokens of the coefficients of a square; return the new count."""
    tokens[count] = _token(TABLES_TOKEN, group)
    energy = surrounding_energy(plane.blocks, y, x)
    block = Block(y, x, log_size, log_size)
    return emit_coefficients(plane.levels, block, transform_form(log_size), energy, state, tokens, count + 1)


@inner_kernel
def _candidate_number(frame, y, x, log_size, motion, scratch):
    """Return which candidate a merged or skipped block takes."""
    list_candidates(frame, y, x, np.int64(1) << log_size, scratch.vector, scratch.candidates)
    for number in range(CANDIDATES):
        same = True
        for k in range(MOTION):
            same = same and scratch.candidates[number, k] == motion[k]
        if same:
            return number
    return 0


@inner_kernel
def _emit_block(frame, y, x, log_size, kind, lengths, transforms, scratch, tokens, count):
    """Append the tokens of the block at (y, x) as the maps and levels record it; return the new count."""
    v, u = y >> GRID_LOG, x >> GRID_LOG
    shape = np.int64(frame.motion[SHAPE, v, u])
    motion = frame.motion[FIRST_REFERENCE : FIRST_REFERENCE + MOTION, v, u]
    context = FIRST_NODE_TOKEN + node_context(frame.motion, frame.colocated, y, x, log_size)
    state = scratch.block.coefficient_state
    if kind == INTRA:
        tokens[count] = _token(context, INTRA_BLOCK)
        tokens[count + 1] = _token(TABLES_TOKEN, INTRA_LUMA)
        count = _emit_intra(frame.luma, y, x, log_size, transforms[0], state, tokens, count + 2)
        for number in range(2):
            plane = frame.blue if number == 0 else frame.red
            tokens[count] = _token(TABLES_TOKEN, INTRA_CHROMA)
            count = _emit_intra(plane, y >> 1, x >> 1, log_size - 1, transforms[1], state, tokens, count + 1)
        return count
    explicit = np.int64(kind == EXPLICIT)
    if explicit:
        choice = choice_of_references(np.int64(motion[0]), np.int64(motion[1]))
        tokens[count] = _token(context, FIRST_EXPLICIT + 2 * choice + (shape != 0))
        count = _emit_motion(frame, y, x, log_size, motion, lengths, scratch, tokens, count + 1)
    else:
        number = _candidate_number(frame, y, x, log_size, motion, scratch)
        tokens[count] = _token(context, (FIRST_SKIP if kind == SKIPPED else FIRST_MERGE) + number)
        count += 1
    if shape == 0:
        return count
    tokens[count] = _token(FIRST_SHAPE_TOKEN + shape_context(frame.luma.blocks, y, x, log_size, explicit), shape)
    count += 1
    luma = shape >> 2
    small_log = transform_log(log_size, luma)
    small = np.int64(1) << small_log
    for part in range(1 if small_log == log_size else 4):
        if is_part_coded(luma, part):
            top, left = y + small * (part >> 1), x + small * (part & 1)
            count = _emit_square(frame.luma, top, left, small_log, np.int64(INTER_LUMA), state, tokens, count)
    for number in range(2):
        if (shape >> (1 - number)) & 1:
            plane = frame.blue if number == 0 else frame.red
            count = _emit_square(plane, y >> 1, x >> 1, log_size - 1, np.int64(INTER_CHROMA), state, tokens, count)
    return count


@kernel
def emit_frame(frame, kinds, lengths, transforms, scratch, tokens):
    """Write the tokens of a searched frame to `tokens` (uint32); return their number.

    What a block is written with depends on the blocks before it and not on those after: the kinds in the motion map
    start as UNDECODED and are set again block by block.

    Args:
        kinds: int16, a copy of the kinds in the motion map.
        lengths: uint8 (VECTOR_CONTEXTS, VECTOR_SYMBOLS), by which each vector's predictor is chosen.
        transforms: int8, the small alternative transforms of the picture model for luma and chroma.
        scratch: record of EMIT_SCRATCH.
    """
    rows, columns = frame.luma.samples.shape
    across = (columns + ROOT - 1) >> ROOT_LOG
    stack = scratch.stack
    count = np.int64(0)
    frame.motion[KIND, :, :] = UNDECODED
    for root in range(((rows + ROOT - 1) >> ROOT_LOG) * across):
        stack[0, 0], stack[0, 1], stack[0, 2] = root // across * ROOT, root % across * ROOT, ROOT_LOG
        depth = 1
        while depth > 0:
            depth -= 1
            y, x, log_size = np.int64(stack[depth, 0]), np.int64(stack[depth, 1]), np.int64(stack[depth, 2])
            if y >= rows or x >= columns:
                continue
            size = 1 << log_size
            inside = y + size <= rows and x + size <= columns
            if inside and frame.motion[LOG_SIZE, y >> GRID_LOG, x >> GRID_LOG] == log_size:
                kind = np.int64(kinds[y >> GRID_LOG, x >> GRID_LOG])
                count = _emit_block(frame, y, x, log_size, kind, lengths, transforms, scratch, tokens, count)
                for v in range(y >> GRID_LOG, (y + size) >> GRID_LOG):
                    for u in range(x >> GRID_LOG, (x + size) >> GRID_LOG):
                        frame.motion[KIND, v, u] = kind
                continue
            if inside:
                context = node_context(frame.motion, frame.colocated, y, x, log_size)
                tokens[count] = _token(FIRST_NODE_TOKEN + context, CUT)
                count += 1
            for quarter in range(3, -1, -1):
                stack[depth, 0] = y + (size >> 1) * (quarter >> 1)
                stack[depth, 1] = x + (size >> 1) * (quarter & 1)
                stack[depth, 2] = log_size - 1
                depth += 1
    return count


@kernel
def pack_frame(tokens, codes, rows, intra, counts, buffer, position, part_bits):
    """Write tokens to `buffer`; return the new position.

    Args:
        tokens: uint32, of `emit_frame`.
        codes: `adaptation.FrameCodes`.
        rows: int32 (ALL_CONTEXTS,), the table of each context of the block engine in `codes`.
        intra: codes of the picture model (`blocks.model.PackTables`) for luma and chroma.
        counts: `adaptation.FrameCounts`, to which the symbols are added.
        part_bits: int64 (parts.GROUPS, parts), to which the bits of each part are added.
    """
    group = np.int64(0)
    for item in tokens:
        context, symbol = np.int64(item >> np.uint32(TOKEN_SHIFT)), np.int64(item & np.uint32(0xFFFF))
        before = position
        if context >= RAW_SIGNS:
            position = put_bits(buffer, position, symbol, context & 0xFF)
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


@kernel
def put_frame_header(buffer, position, change, flags):
    """Write what a predicted frame begins with; return the new position.

    Args:
        change: of the step, beside what its level says.
        flags: 2 bits, whether luma and chroma are filtered; -1 where the model has no filter.
    """
    position = put_exp_golomb(buffer, position, 2 * abs(change) - (change > 0), 0)
    if flags >= 0:
        position = put_bits(buffer, position, flags, 2)
    return position


@kernel
def get_frame_header(buffer, position, filters):
    """Return (change of the step, filter flags, new position); with `filters` false the flags are 0."""
    code, position = get_exp_golomb(buffer, position, 0)
    change = (code + 1) >> 1 if code & 1 else -(code >> 1)
    flags = np.int64(0)
    if filters:
        flags, position = get_bits(buffer, position, 2)
    return change, flags, position


def token_room(luma: Plane) -> int:
    """Return how many tokens a frame can take."""
    return 2 * MAX_TOKENS_PER_SAMPLE * luma.samples.size + 64
