"""The steps that encoder and decoder share for a block: predict it, add its residual, record the decisions."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.cross_plane import predict_from_planes
from vqcodec.blocks.decoding.memory_prediction import TAPS_SHAPE, copy_samples, predict_from_memory
from vqcodec.blocks.layout import (
    CODED,
    COEFFICIENT_MAX,
    DONE,
    ENERGY,
    LAST_ANGLE,
    LOG_HEIGHT,
    LOG_WIDTH,
    MEMORY,
    MODE,
    PALETTE,
    SAMPLE_MAX,
    SUPERBLOCK,
    SUPERBLOCK_LOG,
    TRANSFORM,
    UNIT_LOG,
)
from vqcodec.blocks.signal.prediction import LINE, REFERENCES, gather_references, predict_from_neighbours
from vqcodec.blocks.signal.secondary import invert_secondary
from vqcodec.blocks.signal.transforms import COSINE, SINE, transform_inverse
from vqcodec.blocks.steps import MATRIX_BITS
from vqcodec.blocks.syntax.palettes import PALETTE_STATE
from vqcodec.blocks.syntax.significance import COEFFICIENT_STATE
from vqcodec.blocks.syntax.values import VALUE_STATE
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.kernels.records import record_type

BLOCK_SCRATCH = record_type(
    references=(np.int32, (4, REFERENCES)),
    line=(np.int32, LINE),
    turned=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    prediction=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    coefficients=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    between=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    residual=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    secondary=(np.int32, (2, 64)),
    taps=(np.int32, TAPS_SHAPE),
    motion=(np.int64, 1),
    values=VALUE_STATE,
    palette=PALETTE_STATE,
    coefficient_state=COEFFICIENT_STATE,
)
"""Working arrays for one block, which lies in the top left corner of the (32, 32) ones; each thread has a set.

`motion` is that of the block, if its mode is MEMORY.
"""


@inline_kernel
def transform_kind(log_width, log_height, mode, transform):
    """Return the kind of the separable transform of a block.

    It is SINE for 4x4 blocks that are predicted from their neighbours and use no alternative, else COSINE.
    """
    small = log_width + log_height == 2 * UNIT_LOG
    return np.int64(SINE if small and mode <= LAST_ANGLE and transform == 0 else COSINE)


@kernel
def predict_block(plane, block, mode, scratch):
    """Predict a block (`layout.Block`) into `scratch.prediction`.

    `scratch.references` are gathered already; `scratch.motion` is set if the mode is MEMORY, and
    `scratch.palette.painted` if it is PALETTE.
    """
    if mode <= LAST_ANGLE:
        predict_from_neighbours(
            scratch.references,
            block.log_width,
            block.log_height,
            mode,
            scratch.line,
            scratch.turned,
            scratch.prediction,
        )
    elif mode == PALETTE:
        for i in range(1 << block.log_height):
            for j in range(1 << block.log_width):
                scratch.prediction[i, j] = scratch.palette.painted[i, j]
    elif mode == MEMORY and plane.memory.shape[0] == 0:
        copy_samples(plane, block, scratch.motion[0], scratch.prediction)
    elif mode == MEMORY:
        predict_from_memory(plane, block, scratch.motion[0], scratch)
    else:
        predict_from_planes(plane, block, mode, scratch.prediction)


@inline_kernel
def gather_block_references(plane, block, scratch):
    """Fill `scratch.references` for a block (`layout.Block`)."""
    width, height = 1 << block.log_width, 1 << block.log_height
    gather_references(plane.samples, plane.blocks[DONE], block.y, block.x, width, height, scratch.references)


@inner_kernel
def scale_coefficients(matrix, log_width, log_height, used_width, used_height, coefficients):
    """Multiply the coefficients of a block by the factors of their frequencies, in place.

    Args:
        matrix: as `steps.FREQUENCY_MATRIX`.
        used_width, used_height: bounds of the nonzero coefficients.
        coefficients: int32 (32, 32), as `coefficients.dequantize` returns them; they stay within its bounds.
    """
    down, across = SUPERBLOCK_LOG - log_height, SUPERBLOCK_LOG - log_width
    for fy in range(used_height):
        for fx in range(used_width):
            value = np.int64(coefficients[fy, fx])
            factor = np.int64(matrix[fy << down, fx << across])
            scaled = min((abs(value) * factor + (1 << (MATRIX_BITS - 1))) >> MATRIX_BITS, COEFFICIENT_MAX)
            coefficients[fy, fx] = scaled if value > 0 else -scaled


@inner_kernel
def reconstruct_block(plane, block, mode, transform, used_width, used_height, small, large, scratch):
    """Write prediction plus the inverse of `scratch.coefficients` to the plane's samples, and clear the coefficients.

    If the plane has a quantization matrix, the coefficients are brought to their size by it first.

    Args:
        plane: `layout.Plane`; block: `layout.Block`.
        transform: 0, or 1 plus the number of an alternative.
        used_width, used_height: bounds of the nonzero coefficients; both are 0 if there are none.
        small, large: int8, the alternative transforms (see `secondary`).
        scratch: record of BLOCK_SCRATCH, with prediction and coefficients.
    """
    y, x, log_width, log_height = block
    width, height = 1 << log_width, 1 << log_height
    prediction, residual = scratch.prediction, scratch.residual
    target = plane.samples[y : y + height, x : x + width]
    if used_width == 0:
        for i in range(height):
            for j in range(width):
                target[i, j] = min(max(prediction[i, j], 0), SAMPLE_MAX)
        return
    if plane.matrix.shape[0] > 0:
        scale_coefficients(plane.matrix, log_width, log_height, used_width, used_height, scratch.coefficients)
    if transform > 0:
        side = invert_secondary(
            scratch.coefficients,
            log_width,
            log_height,
            mode,
            transform - 1,
            small,
            large,
            scratch.secondary,
        )
        used_width, used_height = max(used_width, side), max(used_height, side)
    kind = transform_kind(log_width, log_height, mode, transform)
    transform_inverse(
        scratch.coefficients, log_width, log_height, kind, used_width, used_height, scratch.between, residual
    )
    for i in range(used_height):
        for j in range(used_width):
            scratch.coefficients[i, j] = 0
    for i in range(height):
        for j in range(width):
            target[i, j] = min(max(prediction[i, j] + residual[i, j], 0), SAMPLE_MAX)


@inner_kernel
def record_block(blocks, block, mode, transform, total):
    """Note a decoded block (`layout.Block`) in the maps; `total` is the sum of its quantised magnitudes."""
    y, x, log_width, log_height = block
    area_log = log_width + log_height
    energy = min(8, ((total << 4) + (1 << area_log) - 1) >> area_log)
    for v in range(y >> UNIT_LOG, (y + (1 << log_height)) >> UNIT_LOG):
        for u in range(x >> UNIT_LOG, (x + (1 << log_width)) >> UNIT_LOG):
            blocks[DONE, v, u] = 1
            blocks[LOG_WIDTH, v, u] = log_width
            blocks[LOG_HEIGHT, v, u] = log_height
            blocks[MODE, v, u] = mode
            blocks[ENERGY, v, u] = energy
            blocks[TRANSFORM, v, u] = transform
            blocks[CODED, v, u] = total > 0


@inline_kernel
def load_motion(plane, block, scratch):
    """Set `scratch.motion` to what the plane records of a block (`layout.Block`)."""
    if plane.motion.shape[0] > 0:
        scratch.motion[0] = plane.motion[block.y >> UNIT_LOG, block.x >> UNIT_LOG]


@inline_kernel
def record_motion(plane, block, mode, scratch):
    """Note the motion of a decoded block (`layout.Block`) in its plane, if that has references or copies itself."""
    if plane.motion.shape[0] > 0:
        motion = scratch.motion[0] if mode == MEMORY else np.int64(-1)
        for v in range(block.y >> UNIT_LOG, (block.y + (1 << block.log_height)) >> UNIT_LOG):
            for u in range(block.x >> UNIT_LOG, (block.x + (1 << block.log_width)) >> UNIT_LOG):
                plane.motion[v, u] = motion
