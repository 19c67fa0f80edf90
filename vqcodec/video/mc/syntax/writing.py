"""From a searched frame to tokens, node by node in coding order."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.syntax.leaves import EMIT_STATE
from vqcodec.blocks.syntax.symbols import token
from vqcodec.kernels.jit import inner_kernel, kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.mc.contexts import CUT, INTRA_BLOCK, node_context
from vqcodec.video.mc.layout import (
    EXPLICIT,
    FIRST_REFERENCE,
    GRID_LOG,
    INTRA,
    KIND,
    LOG_SIZE,
    MOTION,
    SHAPE,
    UNDECODED,
)
from vqcodec.video.mc.syntax.intra import emit_intra
from vqcodec.video.mc.syntax.motion import MOTION_ARRAYS, emit_vectors, node_symbol
from vqcodec.video.mc.syntax.partitions import WALK, cut_node, lies_inside, next_node, start_walk
from vqcodec.video.mc.syntax.residual import emit_residual
from vqcodec.video.mc.syntax.symbols import FIRST_NODE_TOKEN

EMIT_SCRATCH = record_type(walk=WALK, state=EMIT_STATE, **MOTION_ARRAYS)
"""Working arrays of writing."""


@inner_kernel
def _emit_block(frame, y, x, log_size, kind, lengths, transforms, scratch, tokens, count):
    """Append the tokens of the block at (y, x) as the maps and levels record it; return the new count."""
    context = FIRST_NODE_TOKEN + node_context(frame.motion, frame.colocated, y, x, log_size)
    if kind == INTRA:
        tokens[count] = token(context, INTRA_BLOCK)
        return emit_intra(frame, y, x, log_size, transforms, scratch.state, tokens, count + 1)
    grid_row, grid_column = y >> GRID_LOG, x >> GRID_LOG
    shape = np.int64(frame.motion[SHAPE, grid_row, grid_column])
    motion = frame.motion[FIRST_REFERENCE : FIRST_REFERENCE + MOTION, grid_row, grid_column]
    explicit = np.int64(kind == EXPLICIT)
    tokens[count] = token(context, node_symbol(frame, y, x, log_size, kind, motion, shape, scratch))
    count += 1
    if explicit:
        count = emit_vectors(frame, y, x, log_size, motion, lengths, scratch, tokens, count)
    if shape != 0:
        count = emit_residual(frame, y, x, log_size, shape, explicit, scratch.state.coefficients, tokens, count)
    return count


@kernel
def emit_frame(frame, kinds, lengths, transforms, scratch, tokens):
    """Write the tokens of a searched frame to `tokens`; return their number.

    The syntax of a block depends on the blocks before it, not on those after it. So the kinds in the motion map are
    first set to UNDECODED, and then set again block by block.

    Args:
        frame: `layout.InterFrame`.
        kinds: int16 (height / 8, width / 8), a copy of the kinds in the motion map.
        lengths: uint8 (VECTOR_CONTEXTS, VECTOR_SYMBOLS), by which each vector's predictor is chosen.
        transforms: int8, the small alternative transforms of the picture model for luma and chroma.
        scratch: record of EMIT_SCRATCH.
        tokens: uint32, `symbols.most_tokens` of them.
    """
    rows, columns = frame.luma.samples.shape
    walk = scratch.walk
    count = np.int64(0)
    frame.motion[KIND, :, :] = UNDECODED
    start_walk(walk)
    y, x, log_size = next_node(walk, rows, columns)
    while log_size > 0:
        inside = lies_inside(y, x, log_size, rows, columns)
        grid_row, grid_column = y >> GRID_LOG, x >> GRID_LOG
        if inside and frame.motion[LOG_SIZE, grid_row, grid_column] == log_size:
            kind = np.int64(kinds[grid_row, grid_column])
            count = _emit_block(frame, y, x, log_size, kind, lengths, transforms, scratch, tokens, count)
            units = 1 << log_size >> GRID_LOG
            for i in range(grid_row, grid_row + units):
                for j in range(grid_column, grid_column + units):
                    frame.motion[KIND, i, j] = kind
        else:
            if inside:
                context = node_context(frame.motion, frame.colocated, y, x, log_size)
                tokens[count] = token(FIRST_NODE_TOKEN + context, CUT)
                count += 1
            cut_node(walk, y, x, log_size)
        y, x, log_size = next_node(walk, rows, columns)
    return count
