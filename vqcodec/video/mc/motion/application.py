"""Write the encoder's decision about a block into the predicted frame, with the decoder's functions."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import DONE, UNIT_LOG, Block
from vqcodec.blocks.steps import STEPS
from vqcodec.blocks.syntax.coefficients import reconstruct_levels
from vqcodec.kernels.jit import inner_kernel
from vqcodec.video.mc.layout import GRID_LOG, KIND, UNDECODED
from vqcodec.video.mc.motion.prediction import predict_chroma_motion, predict_luma_motion
from vqcodec.video.mc.motion.reconstruction import (
    is_part_coded,
    note_motion,
    place_transform,
    transform_form,
    transform_log,
    update_guides,
)


@inner_kernel
def clear_block(frame, y, x, log_size):
    """Mark the block at (y, x) as not decoded, in the maps of all planes and in the motion map."""
    for number in range(3):
        plane = frame.luma if number == 0 else (frame.blue if number == 1 else frame.red)
        half = 0 if number == 0 else 1
        units = max(1, 1 << (log_size - half) >> UNIT_LOG)
        top, left = y >> (half + UNIT_LOG), x >> (half + UNIT_LOG)
        for v in range(top, min(top + units, plane.blocks.shape[1])):
            for u in range(left, min(left + units, plane.blocks.shape[2])):
                plane.blocks[DONE, v, u] = 0
    units = 1 << log_size >> GRID_LOG
    for grid_row in range(y >> GRID_LOG, min((y >> GRID_LOG) + units, frame.motion.shape[1])):
        for grid_column in range(x >> GRID_LOG, min((x >> GRID_LOG) + units, frame.motion.shape[2])):
            frame.motion[KIND, grid_row, grid_column] = UNDECODED


@inner_kernel
def _apply_square(plane, y, x, log_size, coded, levels, top, left, tables, scratch):
    """Store the levels of the square at (y, x) and reconstruct it.

    Args:
        coded: whether the square has coefficients.
        levels: int16; those of the square begin at (top, left).
        scratch: record of BLOCK_SCRATCH, which holds the prediction.
    """
    size = 1 << log_size
    for i in range(size):
        for j in range(size):
            plane.levels[y + i, x + j] = levels[top + i, left + j] if coded else 0
    total = used_width = used_height = np.int64(0)
    if coded:
        step = np.int64(STEPS[plane.steps[0, 0]])
        total, used_width, used_height = reconstruct_levels(
            plane.levels,
            Block(y, x, log_size, log_size),
            transform_form(log_size),
            step,
            tables,
            scratch.coefficient_state,
            scratch.coefficients,
        )
    place_transform(plane, y, x, log_size, total, used_width, used_height, tables, scratch)


@inner_kernel
def apply_motion(frame, y, x, log_size, kind, shape, tables, trial, scratch):
    """Reconstruct the block at (y, x) with the motion `scratch.best` and the levels of `trial`.

    Args:
        kind: SKIPPED, MERGED or EXPLICIT; shape: of its residual.
        tables: `adaptation.FrameLengths`.
        trial: number of the trial in `scratch.residual`.
        scratch: record of BLOCK_SEARCH_SCRATCH.
    """
    motion, residual = scratch.best, scratch.residual
    block = residual.leaf.block
    note_motion(frame.motion, y, x, log_size, kind, motion, shape)
    luma = shape >> 2
    small_log = transform_log(log_size, luma)
    small = np.int64(1) << small_log
    for part in range(1 if small_log == log_size else 4):
        top, left = small * (part >> 1), small * (part & 1)
        predict_luma_motion(frame, y + top, x + left, small, small, motion, residual.motion, block.prediction)
        coded = is_part_coded(luma, part)
        _apply_square(
            frame.luma,
            y + top,
            x + left,
            small_log,
            coded,
            residual.luma_levels[trial],
            top,
            left,
            tables.luma,
            block,
        )
    half = np.int64(1) << log_size >> 1
    for number in range(2):
        plane = frame.blue if number == 0 else frame.red
        predict_chroma_motion(
            frame, np.int64(number), y >> 1, x >> 1, half, half, motion, residual.motion, block.prediction
        )
        coded = (shape >> (1 - number)) & 1 == 1
        levels = residual.chroma_levels[trial, number]
        _apply_square(
            plane, y >> 1, x >> 1, log_size - 1, coded, levels, np.int64(0), np.int64(0), tables.chroma, block
        )
    update_guides(frame, y, x, log_size)
