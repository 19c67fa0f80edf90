"""Kernels that read a predicted frame and reconstruct it, before its edges are smoothed."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.plane_decoding import decode_leaf
from vqcodec.blocks.decoding.reconstruction import BLOCK_SCRATCH
from vqcodec.blocks.layout import SUPERBLOCK_LOG, Block
from vqcodec.blocks.steps import STEPS
from vqcodec.blocks.syntax.coefficients import parse_coefficients
from vqcodec.blocks.syntax.contexts import surrounding_energy
from vqcodec.entropy.bits import get_bits
from vqcodec.entropy.tables import get_symbol
from vqcodec.kernels.jit import inner_kernel, kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.mc.contexts import (
    CANDIDATES,
    CUT,
    FIRST_EXPLICIT,
    FIRST_MERGE,
    FIRST_SKIP,
    INTRA_BLOCK,
    VECTOR_CLASSES,
    node_context,
    references_of,
    shape_context,
    vector_context,
)
from vqcodec.video.mc.layout import (
    EXPLICIT,
    FIRST_COUNT,
    GRID_LOG,
    INTRA,
    MERGED,
    MOTION,
    ROOT,
    ROOT_LOG,
    SECOND_COUNT,
    SKIPPED,
    VECTOR_MAX,
)
from vqcodec.video.mc.motion.candidates import list_candidates, list_predictors
from vqcodec.video.mc.motion.prediction import MOTION_SCRATCH, predict_chroma_motion, predict_luma_motion
from vqcodec.video.mc.motion.reconstruction import (
    is_part_coded,
    note_motion,
    place_transform,
    transform_form,
    transform_log,
    update_guides,
)
from vqcodec.video.mc.parts import INTER_CHROMA, INTER_LUMA, INTRA_CHROMA, INTRA_LUMA, NODE, SHAPE, VECTOR

STACK = 3 * (ROOT_LOG - GRID_LOG) + 1

FRAME_SCRATCH = record_type(
    stack=(np.int32, (STACK, 3)),
    candidates=(np.int64, (CANDIDATES + 1, MOTION)),
    predictors=(np.int64, (2, 2)),
    vector=(np.int64, 2),
    current=(np.int64, MOTION),
    motion=MOTION_SCRATCH,
    block=BLOCK_SCRATCH,
)
"""Working arrays of the decoder of predicted frames: nodes to visit, motions, and those of a block."""


@inner_kernel
def decode_intra_block(plane, buffer, position, y, x, log_size, tables, part_bits, scratch):
    """Read and reconstruct a square without motion, as the block engine does; return the new position."""
    return decode_leaf(plane, buffer, position, Block(y, x, log_size, log_size), tables, part_bits, scratch)


@inner_kernel
def _read_component(buffer, position, size):
    """Return (component of a vector's difference of this class, new position)."""
    if size == 0:
        return np.int64(0), position
    bits, position = get_bits(buffer, position, size)
    magnitude = (bits & ((1 << (size - 1)) - 1)) | (1 << (size - 1))
    return -magnitude if bits >> (size - 1) != 0 else magnitude, position


@inner_kernel
def _read_vector(frame, buffer, position, y, x, log_size, side, both, tables, counts, scratch):
    """Read the vector of the block's reference in list `side` into `scratch.current`; return the new position."""
    entry = scratch.current[side]
    list_predictors(frame, y, x, np.int64(1) << log_size, side, entry, scratch.vector, scratch.predictors)
    context = vector_context(log_size, both)
    symbol, position = get_symbol(buffer, position, context, tables.vectors)
    counts.vectors[context, symbol] += 1
    predictor = scratch.predictors[symbol // (VECTOR_CLASSES * VECTOR_CLASSES)]
    rows, position = _read_component(buffer, position, symbol // VECTOR_CLASSES % VECTOR_CLASSES)
    columns, position = _read_component(buffer, position, symbol % VECTOR_CLASSES)
    scratch.current[2 + 2 * side] = min(max(predictor[0] + rows, -VECTOR_MAX), VECTOR_MAX)
    scratch.current[3 + 2 * side] = min(max(predictor[1] + columns, -VECTOR_MAX), VECTOR_MAX)
    return position


@inner_kernel
def _read_motion(frame, buffer, position, y, x, log_size, symbol, tables, counts, part_bits, scratch):
    """Find out the motion of a block, into `scratch.current`; return the new position."""
    current = scratch.current
    if symbol < FIRST_EXPLICIT:
        list_candidates(frame, y, x, np.int64(1) << log_size, scratch.vector, scratch.candidates)
        number = (symbol - FIRST_SKIP) % CANDIDATES
        for k in range(MOTION):
            current[k] = scratch.candidates[number, k]
        return position
    first, second = references_of((symbol - FIRST_EXPLICIT) >> 1)
    current[0] = min(first, frame.numbers[FIRST_COUNT] - 1)
    current[1] = min(second, frame.numbers[SECOND_COUNT] - 1)
    for k in range(2, MOTION):
        current[k] = 0
    both = np.int64(first >= 0 and second >= 0)
    before = position
    for side in range(2):
        if current[side] >= 0:
            position = _read_vector(
                frame, buffer, position, y, x, log_size, np.int64(side), both, tables, counts, scratch
            )
    part_bits[VECTOR, 0] += position - before
    return position


@inner_kernel
def _decode_square(plane, buffer, position, y, x, log_size, coded, tables, step, part_bits, scratch):
    """Add the residual, read if the square is `coded`, to the prediction in `scratch`; return the new position."""
    total = used_width = used_height = np.int64(0)
    if coded:
        energy = surrounding_energy(plane.blocks, y, x)
        position, total, used_width, used_height = parse_coefficients(
            buffer,
            position,
            Block(y, x, log_size, log_size),
            transform_form(log_size),
            energy,
            step,
            tables,
            scratch.coefficient_state,
            part_bits,
            scratch.coefficients,
        )
    place_transform(plane, y, x, log_size, total, used_width, used_height, tables, scratch)
    return position


@inner_kernel
def _decode_motion_block(frame, buffer, position, y, x, log_size, shape, tables, steps, part_bits, scratch):
    """Predict the block at (y, x) along `scratch.current` and add its residual; return the new position."""
    luma = shape >> 2
    small_log = transform_log(log_size, luma)
    small = 1 << small_log
    for part in range(1 if small_log == log_size else 4):
        v, u = y + small * (part >> 1), x + small * (part & 1)
        predict_luma_motion(frame, v, u, small, small, scratch.current, scratch.motion, scratch.block.prediction)
        position = _decode_square(
            frame.luma,
            buffer,
            position,
            v,
            u,
            small_log,
            is_part_coded(luma, part),
            tables.luma,
            steps[0],
            part_bits[INTER_LUMA],
            scratch.block,
        )
    half = 1 << log_size >> 1
    for number in range(2):
        plane = frame.blue if number == 0 else frame.red
        predict_chroma_motion(
            frame,
            number,
            y >> 1,
            x >> 1,
            half,
            half,
            scratch.current,
            scratch.motion,
            scratch.block.prediction,
        )
        position = _decode_square(
            plane,
            buffer,
            position,
            y >> 1,
            x >> 1,
            log_size - 1,
            (shape >> (1 - number)) & 1 == 1,
            tables.chroma,
            steps[1],
            part_bits[INTER_CHROMA],
            scratch.block,
        )
    return position


@inner_kernel
def _decode_block(frame, buffer, position, y, x, log_size, symbol, tables, intra, counts, steps, part_bits, scratch):
    """Read and reconstruct the block at (y, x), whose node symbol is read already; return the new position."""
    if symbol >= INTRA_BLOCK:
        for k in range(MOTION):
            scratch.current[k] = -1 if k < 2 else 0
        note_motion(frame.motion, y, x, log_size, np.int64(INTRA), scratch.current, np.int64(0))
        small_log = min(log_size, SUPERBLOCK_LOG)
        small = 1 << small_log
        for part in range(1 if small_log == log_size else 4):
            v, u = y + small * (part >> 1), x + small * (part & 1)
            position = decode_intra_block(
                frame.luma, buffer, position, v, u, small_log, intra[0], part_bits[INTRA_LUMA], scratch.block
            )
        update_guides(frame, y, x, log_size)
        for number in range(2):
            plane = frame.blue if number == 0 else frame.red
            position = decode_intra_block(
                plane,
                buffer,
                position,
                y >> 1,
                x >> 1,
                log_size - 1,
                intra[1],
                part_bits[INTRA_CHROMA],
                scratch.block,
            )
        return position
    position = _read_motion(frame, buffer, position, y, x, log_size, symbol, tables, counts, part_bits, scratch)
    shape = np.int64(0)
    kind = np.int64(SKIPPED)
    if symbol >= FIRST_MERGE:
        explicit = symbol >= FIRST_EXPLICIT
        kind = np.int64(EXPLICIT if explicit else MERGED)
        if not explicit or (symbol - FIRST_EXPLICIT) & 1 == 1:
            context = shape_context(frame.luma.blocks, y, x, log_size, np.int64(explicit))
            before = position
            shape, position = get_symbol(buffer, position, context, tables.shapes)
            counts.shapes[context, shape] += 1
            part_bits[SHAPE, 0] += position - before
            if shape >> 2 == 1 and log_size > SUPERBLOCK_LOG:
                shape = np.int64(16 << 2) | (shape & 3)
    note_motion(frame.motion, y, x, log_size, kind, scratch.current, shape)
    position = _decode_motion_block(frame, buffer, position, y, x, log_size, shape, tables, steps, part_bits, scratch)
    update_guides(frame, y, x, log_size)
    return position


@kernel
def decode_frame(frame, buffer, position, end, tables, intra, counts, part_bits, scratch):
    """Read and reconstruct a predicted frame.

    Args:
        frame: `layout.InterFrame`, its planes and motion empty.
        buffer: padded uint8 of the packet; `position` and `end` in bits.
        tables: `adaptation.FrameDecoding`.
        intra: decoding tables of the picture model for luma and chroma.
        counts: `adaptation.FrameCounts`, to which nodes, shapes and vectors that are read are added.
        part_bits: int64 (parts.GROUPS, parts), to which the bits of each part are added.
        scratch: record of FRAME_SCRATCH.

    Returns:
        The new position; beyond `end` if the packet is too short, and then the frame is not complete.
    """
    rows, columns = frame.luma.samples.shape
    steps = (np.int64(STEPS[frame.luma.steps[0, 0]]), np.int64(STEPS[frame.blue.steps[0, 0]]))
    across = (columns + ROOT - 1) >> ROOT_LOG
    stack = scratch.stack
    for root in range(((rows + ROOT - 1) >> ROOT_LOG) * across):
        stack[0, 0], stack[0, 1], stack[0, 2] = root // across * ROOT, root % across * ROOT, ROOT_LOG
        depth = 1
        while depth > 0:
            depth -= 1
            y, x, log_size = np.int64(stack[depth, 0]), np.int64(stack[depth, 1]), np.int64(stack[depth, 2])
            if y >= rows or x >= columns:
                continue
            size = 1 << log_size
            symbol = np.int64(CUT)
            if y + size <= rows and x + size <= columns:
                context = node_context(frame.motion, frame.colocated, y, x, log_size)
                before = position
                symbol, position = get_symbol(buffer, position, context, tables.nodes)
                counts.nodes[context, symbol] += 1
                part_bits[NODE, 0] += position - before
                if symbol == CUT and log_size == GRID_LOG:
                    symbol = np.int64(FIRST_SKIP)
            if symbol == CUT:
                for quarter in range(3, -1, -1):
                    stack[depth, 0] = y + (size >> 1) * (quarter >> 1)
                    stack[depth, 1] = x + (size >> 1) * (quarter & 1)
                    stack[depth, 2] = log_size - 1
                    depth += 1
                continue
            position = _decode_block(
                frame, buffer, position, y, x, log_size, symbol, tables, intra, counts, steps, part_bits, scratch
            )
        if position > end:
            break
    return position
