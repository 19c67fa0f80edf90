"""What encoder and decoder do alike with a block: predict it, add its residual, record what was decided."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.coefficients import CoefficientState, new_coefficient_state
from vqcodec.blocks.cross_plane import predict_from_planes
from vqcodec.blocks.layout import (
    CODED,
    DONE,
    ENERGY,
    LAST_ANGLE,
    LOG_HEIGHT,
    LOG_WIDTH,
    MODE,
    SAMPLE_MAX,
    SUPERBLOCK,
    TRANSFORM,
    UNIT_LOG,
)
from vqcodec.blocks.prediction import LINE, REFERENCES, gather_references, predict_from_neighbours
from vqcodec.blocks.secondary import invert_secondary
from vqcodec.blocks.transforms import COSINE, SINE, transform_inverse
from vqcodec.jit import inline_kernel, kernel


class BlockScratch(NamedTuple):
    """Working arrays for one block, which lies in the corner of the (32, 32) ones; one set a thread."""

    references: npt.NDArray[np.int32]
    line: npt.NDArray[np.int32]
    turned: npt.NDArray[np.int32]
    prediction: npt.NDArray[np.int32]
    coefficients: npt.NDArray[np.int32]
    between: npt.NDArray[np.int32]
    residual: npt.NDArray[np.int32]
    secondary: npt.NDArray[np.int32]
    coefficient_state: CoefficientState


def new_block_scratch() -> BlockScratch:
    """Return a cleared set of working arrays."""
    return BlockScratch(
        references=np.zeros((4, REFERENCES), dtype=np.int32),
        line=np.zeros(LINE, dtype=np.int32),
        turned=np.zeros((SUPERBLOCK, SUPERBLOCK), dtype=np.int32),
        prediction=np.zeros((SUPERBLOCK, SUPERBLOCK), dtype=np.int32),
        coefficients=np.zeros((SUPERBLOCK, SUPERBLOCK), dtype=np.int32),
        between=np.zeros((SUPERBLOCK, SUPERBLOCK), dtype=np.int32),
        residual=np.zeros((SUPERBLOCK, SUPERBLOCK), dtype=np.int32),
        secondary=np.zeros((2, 64), dtype=np.int32),
        coefficient_state=new_coefficient_state(),
    )


@inline_kernel
def transform_kind(log_width, log_height, mode, transform):
    """Return the kind of transform: the sine for 4x4 blocks predicted from their neighbours, without an alternative."""
    small = log_width + log_height == 2 * UNIT_LOG
    return np.int64(SINE if small and mode <= LAST_ANGLE and transform == 0 else COSINE)


@kernel
def predict_block(plane, y, x, log_width, log_height, mode, scratch):
    """Predict the block at (y, x) into `scratch.prediction`; `scratch.references` are gathered already."""
    if mode <= LAST_ANGLE:
        predict_from_neighbours(
            scratch.references, log_width, log_height, mode, scratch.line, scratch.turned, scratch.prediction
        )
    else:
        predict_from_planes(plane, y, x, log_width, log_height, mode, scratch.prediction)


@inline_kernel
def gather_block_references(plane, y, x, log_width, log_height, scratch):
    """Fill `scratch.references` for the block at (y, x)."""
    gather_references(plane.samples, plane.blocks[DONE], y, x, 1 << log_width, 1 << log_height, scratch.references)


@kernel
def reconstruct_block(plane, y, x, log_width, log_height, mode, transform, used_width, used_height, tables, scratch):
    """Write prediction plus the inverse of `scratch.coefficients` to the plane's samples, and clear the coefficients.

    Args:
        transform: 0, or 1 plus the number of an alternative.
        used_width, used_height: bounds of the nonzero coefficients; 0 means that there are none.
        tables: anything with `small_transforms` and `large_transforms`.
    """
    width, height = 1 << log_width, 1 << log_height
    prediction, residual = scratch.prediction, scratch.residual
    target = plane.samples[y : y + height, x : x + width]
    if used_width == 0:
        for i in range(height):
            for j in range(width):
                target[i, j] = min(max(prediction[i, j], 0), SAMPLE_MAX)
        return
    if transform > 0:
        side = invert_secondary(
            scratch.coefficients,
            log_width,
            log_height,
            mode,
            transform - 1,
            tables.small_transforms,
            tables.large_transforms,
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


@kernel
def record_block(blocks, y, x, log_width, log_height, mode, transform, total):
    """Note a decoded block in the maps; `total` is the sum of its quantised magnitudes."""
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
