"""What encoder and decoder both do with a block of a predicted frame: reconstruct it, and record it in the maps."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.reconstruction import reconstruct_block, record_block
from vqcodec.blocks.layout import MODE, SUPERBLOCK_LOG, UNIT_LOG, Block
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.video.mc.layout import FIRST_REFERENCE, GRID_LOG, INTER_MODE, KIND, LOG_SIZE, MOTION, SHAPE


@inline_kernel
def transform_form(log_size):
    """Return the form of the coefficients of a square transform (see `blocks.syntax.contexts.coefficient_form`)."""
    return 2 * (log_size - UNIT_LOG)


@inline_kernel
def transform_log(log_size, luma):
    """Return log2 of the side of a block's luma transforms; `luma` is the part of luma in its residual's shape."""
    return log_size - 1 if luma > 1 or log_size > SUPERBLOCK_LOG else log_size


@inline_kernel
def is_part_coded(luma, part):
    """Return whether luma transform `part` of a block is coded; `luma` is the part of luma in its residual's shape."""
    return luma == 1 or (luma > 1 and ((luma - 1) >> part) & 1 == 1)


@inner_kernel
def place_transform(plane, y, x, log_size, total, used_width, used_height, tables, scratch):
    """Write prediction plus residual of a square with motion to the plane, and record the square in the maps.

    Args:
        total: sum of the quantised magnitudes.
        used_width, used_height: bounds of the nonzero coefficients.
        tables: any tables of the block engine with transforms.
        scratch: record of BLOCK_SCRATCH, which holds prediction and coefficients.
    """
    block = Block(y, x, log_size, log_size)
    reconstruct_block(
        plane,
        block,
        np.int64(INTER_MODE),
        np.int64(0),
        used_width,
        used_height,
        tables.small_transforms,
        tables.large_transforms,
        scratch,
    )
    record_block(plane.blocks, block, np.int64(INTER_MODE), np.int64(0), total)


@inner_kernel
def note_motion(motion_map, y, x, log_size, kind, motion, shape):
    """Record the kind of the block at (y, x), its motion (MOTION,), and the shape of its residual."""
    size = 1 << log_size
    for grid_row in range(y >> GRID_LOG, (y + size) >> GRID_LOG):
        for grid_column in range(x >> GRID_LOG, (x + size) >> GRID_LOG):
            motion_map[KIND, grid_row, grid_column] = kind
            motion_map[LOG_SIZE, grid_row, grid_column] = log_size
            motion_map[SHAPE, grid_row, grid_column] = shape
            for k in range(MOTION):
                motion_map[FIRST_REFERENCE + k, grid_row, grid_column] = motion[k]


@inner_kernel
def update_guides(frame, y, x, log_size):
    """Reduce the luma of the block at (y, x), and its modes, to the size of chroma; chroma is predicted from them."""
    luma, guide, modes = frame.luma.samples, frame.red.guides[0], frame.red.guide_modes
    half = 1 << log_size >> 1
    top, left = y >> 1, x >> 1
    for i in range(half):
        upper = luma[y + 2 * i, x : x + 2 * half]
        lower = luma[y + 2 * i + 1, x : x + 2 * half]
        target = guide[top + i, left : left + half]
        for j in range(half):
            total = np.int32(upper[2 * j]) + upper[2 * j + 1] + lower[2 * j] + lower[2 * j + 1]
            target[j] = (total + 2) >> 2
    for v in range(top >> UNIT_LOG, (top + half) >> UNIT_LOG):
        for u in range(left >> UNIT_LOG, (left + half) >> UNIT_LOG):
            modes[v, u] = frame.luma.blocks[MODE, 2 * v + 1, 2 * u + 1]
