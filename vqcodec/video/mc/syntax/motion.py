"""The syntax of motion: the candidate that a block takes over, or its references and vectors.

The symbol of the node says which of both, and which candidate or which references. For each reference of explicit
motion a vector follows: a symbol for its predictor and the sizes of both differences, then the raw bits of each
difference, first the sign, then the bits below the highest.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.syntax.symbols import token
from vqcodec.entropy.bits import get_bits
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.video.mc.contexts import (
    CANDIDATES,
    FIRST_EXPLICIT,
    FIRST_MERGE,
    FIRST_SKIP,
    VECTOR_CLASSES,
    choice_of_references,
    references_of,
    vector_class,
    vector_context,
)
from vqcodec.video.mc.layout import EXPLICIT, FIRST_COUNT, LISTS, MOTION, SECOND_COUNT, SKIPPED, VECTOR_MAX
from vqcodec.video.mc.motion.candidates import list_candidates, list_predictors, same_motion, vector_bits
from vqcodec.video.mc.parts import VECTOR
from vqcodec.video.mc.syntax.mixed import VECTORS, get_element
from vqcodec.video.mc.syntax.symbols import FIRST_VECTOR_TOKEN, RAW_VECTOR

MOTION_ARRAYS: dict[str, tuple[type, int | tuple[int, ...]]] = {
    "candidates": (np.int64, (CANDIDATES + 1, MOTION)),
    "predictors": (np.int64, (2, 2)),
    "vector": (np.int64, 2),
    "current": (np.int64, MOTION),
}
"""Fields of the working arrays of writing and of reading; `current` is the motion that was read."""


@inner_kernel
def _emit_component(difference, tokens, count):
    """Append the raw bits of a component's difference; return the new count."""
    size = vector_class(difference)
    if size > 0:
        rest = abs(difference) & ((1 << (size - 1)) - 1)
        tokens[count] = token(RAW_VECTOR + size, (np.int64(difference < 0) << (size - 1)) | rest)
        count += 1
    return count


@inner_kernel
def _read_component(buffer, position, size):
    """Return (difference of a component whose class is `size`, new position)."""
    if size == 0:
        return np.int64(0), position
    bits, position = get_bits(buffer, position, size)
    magnitude = (bits & ((1 << (size - 1)) - 1)) | (1 << (size - 1))
    return -magnitude if bits >> (size - 1) != 0 else magnitude, position


@inline_kernel
def _context(motion, log_size):
    """Return the context of the vectors of a motion."""
    return vector_context(log_size, np.int64(motion[0] >= 0 and motion[1] >= 0))


@inner_kernel
def emit_vectors(frame, y, x, log_size, motion, lengths, scratch, tokens, count):
    """Append the tokens of the vectors of the explicit `motion` of the block at (y, x); return the new count.

    Args:
        lengths: uint8 (VECTOR_CONTEXTS, VECTOR_SYMBOLS), by which each vector's predictor is chosen.
        scratch: record with the MOTION_ARRAYS.
    """
    context = _context(motion, log_size)
    predictors = scratch.predictors
    for side in range(LISTS):
        if motion[side] < 0:
            continue
        entry = np.int64(motion[side])
        list_predictors(frame, y, x, np.int64(1) << log_size, np.int64(side), entry, scratch.vector, predictors)
        row, column = np.int64(motion[2 + 2 * side]), np.int64(motion[3 + 2 * side])
        _, number = vector_bits(row, column, predictors, lengths[context])
        down, across = row - predictors[number, 0], column - predictors[number, 1]
        symbol = (number * VECTOR_CLASSES + vector_class(down)) * VECTOR_CLASSES + vector_class(across)
        tokens[count] = token(FIRST_VECTOR_TOKEN + context, symbol)
        count = _emit_component(down, tokens, count + 1)
        count = _emit_component(across, tokens, count)
    return count


@inner_kernel
def _read_vectors(frame, buffer, position, y, x, log_size, tables, scratch):
    """Read the vectors of the references in `scratch.current` into it; return the new position.

    Args:
        tables: `adaptation.FrameDecoding`.
        scratch: record of `reading.FRAME_SCRATCH`.
    """
    current, predictors = scratch.current, scratch.predictors
    context = _context(current, log_size)
    for side in range(LISTS):
        if current[side] < 0:
            continue
        entry = current[side]
        list_predictors(frame, y, x, np.int64(1) << log_size, np.int64(side), entry, scratch.vector, predictors)
        symbol, position = get_element(buffer, position, VECTORS, context, tables.vectors, tables, scratch)
        number = symbol // (VECTOR_CLASSES * VECTOR_CLASSES)
        down, position = _read_component(buffer, position, symbol // VECTOR_CLASSES % VECTOR_CLASSES)
        across, position = _read_component(buffer, position, symbol % VECTOR_CLASSES)
        current[2 + 2 * side] = min(max(predictors[number, 0] + down, -VECTOR_MAX), VECTOR_MAX)
        current[3 + 2 * side] = min(max(predictors[number, 1] + across, -VECTOR_MAX), VECTOR_MAX)
    return position


@inner_kernel
def _candidate_number(frame, y, x, log_size, motion, scratch):
    """Return the number of the candidate that is equal to `motion`, the motion of the block at (y, x)."""
    list_candidates(frame, y, x, np.int64(1) << log_size, scratch.vector, scratch.candidates)
    for number in range(CANDIDATES):
        if same_motion(scratch.candidates[number], motion):
            return number
    return 0


@inner_kernel
def node_symbol(frame, y, x, log_size, kind, motion, shape, scratch):
    """Return the symbol of the node at (y, x), a block with motion.

    Args:
        kind: SKIPPED, MERGED or EXPLICIT; motion: (MOTION,); shape: of the residual.
        scratch: record with the MOTION_ARRAYS.
    """
    if kind == EXPLICIT:
        choice = choice_of_references(np.int64(motion[0]), np.int64(motion[1]))
        return np.int64(FIRST_EXPLICIT + 2 * choice + (shape != 0))
    number = _candidate_number(frame, y, x, log_size, motion, scratch)
    return np.int64((FIRST_SKIP if kind == SKIPPED else FIRST_MERGE) + number)


@inner_kernel
def read_motion(frame, buffer, position, y, x, log_size, symbol, tables, part_bits, scratch):
    """Find the motion of the block at (y, x) whose node has this `symbol`, into `scratch.current`.

    Args:
        symbol: FIRST_SKIP or above, below INTRA_BLOCK.
        tables: `adaptation.FrameDecoding`.
        part_bits: int64 (parts.GROUPS, parts), to which the bits of vectors are added.
        scratch: record of `reading.FRAME_SCRATCH`.

    Returns:
        The new position.
    """
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
    after = _read_vectors(frame, buffer, position, y, x, log_size, tables, scratch)
    part_bits[VECTOR, 0] += after - position
    return after
