"""What encoder and decoder do alike with the blocks of a macroblock: condition, predict, add, record."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SAMPLE_MIDDLE, SUPERBLOCK
from vqcodec.blocks.signal.transforms import COSINE, transform_inverse
from vqcodec.blocks.syntax.coefficients import BORDER, COEFFICIENT_STATE
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.st3d.contexts import band_class
from vqcodec.video.st3d.layout import (
    BAND_LIMIT,
    CONDITION_WEIGHTS,
    MAX_BANDS,
    MODE,
    PAIR_HIGH,
    PAIR_WEIGHTS,
    PIXEL_LIKE,
    SKIPPED,
)

_FEW = 4  # halves of magnitudes up to which a codeword before counts as small

BLOCK_SCRATCH = record_type(
    state=COEFFICIENT_STATE,
    coefficients=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    between=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    residual=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    magnitudes=(np.int32, (3, MAX_BANDS, 8, 8)),
)
"""Working arrays for one macroblock: `magnitudes` of its groups by plane (luma, blue, red), band, row and column.

An 8x8 block of luma has a quarter of the (8, 8) groups to itself, where it lies; a chroma block the first quarter.
"""


@inline_kernel
def condition_weights(bands, mode, band):
    """Return the weights, int64 (MAX_BANDS,), of the bands that a band's codewords are conditioned on."""
    if bands == 4:
        return CONDITION_WEIGHTS[mode, band]
    if band_class(bands, mode, band) == PAIR_HIGH:
        return PAIR_WEIGHTS
    return CONDITION_WEIGHTS[0, 0]


@inner_kernel
def condition(magnitudes, state, plane, bands, mode, band, top, left, log_size):
    """Fill the form shifts of a block's nodes from the codewords at the same frequencies of the bands before.

    A group's shift is 0, 2 or 4: where those codewords are zero, small or large; that of a node above is so by its
    children.

    Args:
        magnitudes: as in BLOCK_SCRATCH; state: whose shifts are filled.
        top, left: of the block's groups in `magnitudes`.
    """
    weights = condition_weights(bands, mode, band)
    shifts = state.form_shifts
    depth = log_size - 1
    side = 1 << depth
    any_weight = 0
    for b in range(band):
        any_weight += weights[b]
    for gy in range(side):
        for gx in range(side):
            total = 0
            if any_weight > 0:
                for b in range(band):
                    total += weights[b] * magnitudes[plane, b, top + gy, left + gx]
            shifts[depth, gy, gx] = 0 if total == 0 else (2 if total <= _FEW else 4)
    for d in range(depth - 1, -1, -1):
        for row in range(1 << d):
            for column in range(1 << d):
                total = np.int64(0)
                for k in range(4):
                    total += shifts[d + 1, 2 * row + (k >> 1), 2 * column + (k & 1)]
                shifts[d, row, column] = 0 if total == 0 else (2 if total <= _FEW else 4)


@inner_kernel
def store_magnitudes(magnitudes, state, plane, band, top, left, log_size, coded):
    """Keep the magnitudes of a block's groups for the bands after it; zeros if it is not coded."""
    side = 1 << (log_size - 1)
    for gy in range(side):
        for gx in range(side):
            value = np.int32(0)
            if coded:
                value = state.magnitudes[gy + BORDER, gx + BORDER]
            magnitudes[plane, band, top + gy, left + gx] = value


@inner_kernel
def mean_around(samples, y, x, size):
    """Return the rounded mean of the row above and the column to the left of a block, SAMPLE_MIDDLE without any."""
    total, count = np.int64(0), 0
    if y > 0:
        for j in range(size):
            total += samples[y - 1, x + j]
        count += size
    if x > 0:
        for i in range(size):
            total += samples[y + i, x - 1]
        count += size
    if count == 0:
        return np.int64(SAMPLE_MIDDLE)
    return (total + (count >> 1)) // count


@inner_kernel
def mean_within(samples, y, x, size):
    """Return the rounded mean of a block."""
    total = np.int64(0)
    for i in range(size):
        for j in range(size):
            total += samples[y + i, x + j]
    area = size * size
    return (total + (area >> 1)) // area


@inner_kernel
def predict_block(samples, last, maps, row, column, band, y, x, size, prediction):
    """Predict the block at (y, x) of a band: the last frame if it is skipped, the mean around or below it, or nothing.

    Args:
        samples: int16 (bands, height, width), the bands of one component.
        last: int16 (height, width), its last frame before the slab.
        prediction: int32 (32, 32), filled in its corner.
    """
    bands = samples.shape[0]
    if maps[SKIPPED, row, column] and band == 0:
        for i in range(size):
            for j in range(size):
                prediction[i, j] = last[y + i, x + j]
        return
    value = np.int64(0)
    if PIXEL_LIKE[band_class(bands, np.int64(maps[MODE, row, column]), band)]:
        value = mean_around(samples[0], y, x, size) if band == 0 else mean_within(samples[0], y, x, size)
    for i in range(size):
        for j in range(size):
            prediction[i, j] = value


@inner_kernel
def reconstruct_block(target, y, x, log_size, used_width, used_height, prediction, scratch):
    """Write prediction plus the inverse of `scratch.coefficients` to `target`, and clear the coefficients.

    Args:
        used_width, used_height: bounds of the nonzero coefficients; 0 means that there are none.
    """
    size = 1 << log_size
    residual = scratch.residual
    if used_width > 0:
        transform_inverse(
            scratch.coefficients,
            log_size,
            log_size,
            np.int64(COSINE),
            used_width,
            used_height,
            scratch.between,
            residual,
        )
        for i in range(used_height):
            for j in range(used_width):
                scratch.coefficients[i, j] = 0
    for i in range(size):
        for j in range(size):
            value = prediction[i, j]
            if used_width > 0:
                value += residual[i, j]
            target[y + i, x + j] = min(max(value, -BAND_LIMIT), BAND_LIMIT)


@inline_kernel
def block_energy(total, log_size):
    """Return 0 to 8 for the sum of magnitudes of a block."""
    area_log = 2 * log_size
    return min(8, ((total << 4) + (1 << area_log) - 1) >> area_log)


@inner_kernel
def record_energy(energy, y, x, log_size, total):
    """Note the energy of the block at (y, x) in a map by blocks of 8x8."""
    value = block_energy(total, log_size)
    for v in range(y >> 3, (y + (1 << log_size)) >> 3):
        for u in range(x >> 3, (x + (1 << log_size)) >> 3):
            energy[v, u] = value
