"""From bits to a reconstructed frame, before its edges are smoothed; node by node in coding order."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.reconstruction import BLOCK_SCRATCH
from vqcodec.blocks.syntax.values import close_values, open_last_values
from vqcodec.entropy.mixing import start_weights
from vqcodec.kernels.jit import inner_kernel, kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.mc.contexts import CUT, FIRST_EXPLICIT, FIRST_MERGE, FIRST_SKIP, INTRA_BLOCK, node_context
from vqcodec.video.mc.layout import EXPLICIT, GRID_LOG, INTRA, MERGED, MOTION, SKIPPED
from vqcodec.video.mc.motion.prediction import MOTION_SCRATCH, predict_chroma_motion, predict_luma_motion
from vqcodec.video.mc.motion.reconstruction import (
    is_part_coded,
    note_motion,
    place_transform,
    transform_log,
    update_guides,
)
from vqcodec.video.mc.parts import INTER_CHROMA, INTER_LUMA, NODE
from vqcodec.video.mc.syntax.intra import decode_intra
from vqcodec.video.mc.syntax.mixed import MOTION_MIXING, NODES, get_element
from vqcodec.video.mc.syntax.motion import MOTION_ARRAYS, read_motion
from vqcodec.video.mc.syntax.partitions import WALK, cut_node, lies_inside, next_node, start_walk
from vqcodec.video.mc.syntax.residual import read_shape, read_square

FRAME_SCRATCH = record_type(
    walk=WALK, motion=MOTION_SCRATCH, block=BLOCK_SCRATCH, mixing=MOTION_MIXING, **MOTION_ARRAYS
)
"""Working arrays of reading."""


@kernel
def open_frame_values(buffer, length, scratch):
    """Begin to read the values of a group, the last bytes of its packet. Return where they begin, in bits.

    Args:
        buffer: padded uint8; length: of the values, in bytes.
        scratch: record of FRAME_SCRATCH, zeroed.
    """
    start_weights(scratch.mixing.weights)
    return open_last_values(buffer, length, scratch.block)


@kernel
def close_frame_values(scratch):
    """Return FINE, or what is wrong with the values of a group; see `blocks.syntax.values.close_values`."""
    return close_values(scratch.block)


@inner_kernel
def _decode_square(plane, buffer, position, y, x, log_size, coded, tables, part_bits, scratch):
    """Add the residual of the square at (y, x) to the prediction in `scratch`; return the new position.

    Args:
        coded: whether the square has coefficients, which are read.
        scratch: record of BLOCK_SCRATCH.
    """
    total = used_width = used_height = np.int64(0)
    if coded:
        position, total, used_width, used_height = read_square(
            plane, buffer, position, y, x, log_size, tables, part_bits, scratch
        )
    place_transform(plane, y, x, log_size, total, used_width, used_height, tables, scratch)
    return position


@inner_kernel
def _decode_squares(frame, buffer, position, y, x, log_size, shape, tables, part_bits, scratch):
    """Predict the squares of the block at (y, x) and add their residuals; return the new position."""
    motion, prediction = scratch.current, scratch.block.prediction
    luma = shape >> 2
    small_log = transform_log(log_size, luma)
    small = np.int64(1) << small_log
    for part in range(1 if small_log == log_size else 4):
        top, left = y + small * (part >> 1), x + small * (part & 1)
        predict_luma_motion(frame, top, left, small, small, motion, scratch.motion, prediction)
        coded = is_part_coded(luma, part)
        bits = part_bits[INTER_LUMA]
        position = _decode_square(
            frame.luma, buffer, position, top, left, small_log, coded, tables.luma, bits, scratch.block
        )
    half = np.int64(1) << log_size >> 1
    top, left = y >> 1, x >> 1
    for number in range(2):
        plane = frame.blue if number == 0 else frame.red
        predict_chroma_motion(frame, number, top, left, half, half, motion, scratch.motion, prediction)
        coded = (shape >> (1 - number)) & 1 == 1
        bits = part_bits[INTER_CHROMA]
        position = _decode_square(
            plane, buffer, position, top, left, log_size - 1, coded, tables.chroma, bits, scratch.block
        )
    return position


@inner_kernel
def _decode_block(frame, buffer, position, y, x, log_size, symbol, tables, part_bits, scratch):
    """Read and reconstruct the block at (y, x), whose node has this `symbol`; return the new position."""
    motion = scratch.current
    if symbol >= INTRA_BLOCK:
        for k in range(MOTION):
            motion[k] = -1 if k < 2 else 0
        note_motion(frame.motion, y, x, log_size, np.int64(INTRA), motion, np.int64(0))
        return decode_intra(frame, buffer, position, y, x, log_size, tables.intra, part_bits, scratch.block)
    position = read_motion(frame, buffer, position, y, x, log_size, symbol, tables, part_bits, scratch)
    shape = np.int64(0)
    kind = np.int64(SKIPPED)
    if symbol >= FIRST_MERGE:
        explicit = np.int64(symbol >= FIRST_EXPLICIT)
        kind = np.int64(EXPLICIT if explicit else MERGED)
        if not explicit or (symbol - FIRST_EXPLICIT) & 1 == 1:
            shape, position = read_shape(frame, buffer, position, y, x, log_size, explicit, tables, part_bits, scratch)
    note_motion(frame.motion, y, x, log_size, kind, motion, shape)
    position = _decode_squares(frame, buffer, position, y, x, log_size, shape, tables, part_bits, scratch)
    update_guides(frame, y, x, log_size)
    return position


@kernel
def decode_frame(frame, buffer, position, end, tables, part_bits, scratch):
    """Read and reconstruct a predicted frame.

    Args:
        frame: `layout.InterFrame`; its planes and motion are empty.
        buffer: padded uint8 of the packet; position, end: in bits.
        tables: `adaptation.FrameDecoding`.
        part_bits: int64 (parts.GROUPS, parts), to which the bits of each part are added.
        scratch: record of FRAME_SCRATCH.

    Returns:
        The new position. If it is beyond `end`, the packet is too short and the frame is not complete.
    """
    rows, columns = frame.luma.samples.shape
    walk = scratch.walk
    start_walk(walk)
    y, x, log_size = next_node(walk, rows, columns)
    while log_size > 0 and position <= end:
        symbol = np.int64(CUT)
        if lies_inside(y, x, log_size, rows, columns):
            context = node_context(frame.motion, frame.colocated, y, x, log_size)
            symbol, after = get_element(buffer, position, NODES, context, tables.nodes, tables, scratch)
            part_bits[NODE, 0] += after - position
            position = after
            if symbol == CUT and log_size == GRID_LOG:
                symbol = np.int64(FIRST_SKIP)
        if symbol == CUT:
            cut_node(walk, y, x, log_size)
        else:
            position = _decode_block(frame, buffer, position, y, x, log_size, symbol, tables, part_bits, scratch)
        y, x, log_size = next_node(walk, rows, columns)
    return position
