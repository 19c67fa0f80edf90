"""Separable transforms: float32 forward for the encoder, exact integer inverse for encoder and decoder.

DCT-II, and DST-VII for 4x4 blocks predicted from their neighbours (Han et al. 2012, "Jointly optimized spatial
prediction and block transform for video and image coding"), orthonormal. The inverse multiplies by matrices rounded to
1/2048 and rounds after each pass, so its result is the same on every machine.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import COEFFICIENT_BITS, COEFFICIENT_MAX, SAMPLE_BITS, SUPERBLOCK, SUPERBLOCK_LOG
from vqcodec.kernels.jit import inline_kernel, kernel

MATRIX_BITS = 11
COSINE, SINE = 0, 1  # kinds of transform


def cosine_matrix(size: int) -> np.ndarray:
    """Return the orthonormal DCT-II as float64 (size, size), one basis function a row."""
    k, x = np.mgrid[0:size, 0:size]
    matrix = np.cos(np.pi * (2 * x + 1) * k / (2 * size)) * np.sqrt(2 / size)
    matrix[0] /= np.sqrt(2)
    return matrix


def sine_matrix(size: int) -> np.ndarray:
    """Return the orthonormal DST-VII as float64 (size, size), one basis function a row."""
    k, x = np.mgrid[0:size, 0:size]
    return np.sin(np.pi * (2 * k + 1) * (x + 1) / (2 * size + 1)) * 2 / np.sqrt(2 * size + 1)


def _stack(transposed: bool) -> np.ndarray:
    """Return float64 (kinds, SUPERBLOCK_LOG + 1, 32, 32): by kind and log2 size, in the corner."""
    stack = np.zeros((2, SUPERBLOCK_LOG + 1, SUPERBLOCK, SUPERBLOCK))
    for log_size in range(2, SUPERBLOCK_LOG + 1):
        size = 1 << log_size
        for kind, matrix in ((COSINE, cosine_matrix(size)), (SINE, sine_matrix(size))):
            stack[kind, log_size, :size, :size] = matrix.T if transposed else matrix
    return stack


FORWARD = _stack(False).astype(np.float32)
FORWARD_TRANSPOSED = _stack(True).astype(np.float32)
INVERSE = np.rint(_stack(False) * (1 << MATRIX_BITS)).astype(np.int32)
INVERSE_TRANSPOSED = np.rint(_stack(True) * (1 << MATRIX_BITS)).astype(np.int32)


@inline_kernel
def _weigh_rows(weights, rows, height, width, target):
    """Fill `target` with the weighted sum of `rows`, added in their order; `height` is a multiple of 4."""
    for j in range(width):
        target[j] = np.float32(0)
    for i in range(0, height, 4):
        a, b, c, d = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
        first, second, third, fourth = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
        for j in range(width):
            target[j] = (((target[j] + a * first[j]) + b * second[j]) + c * third[j]) + d * fourth[j]


@kernel
def transform_forward(residual, log_width, log_height, kind, between, coefficients):
    """Transform `residual` into `coefficients` by the orthonormal transform of this `kind`.

    Args:
        residual, coefficients: float32 (32, 32), the block in the top left corner, in samples.
        kind: COSINE or SINE.
        between: float32 (32, 32) scratch.
    """
    width, height = 1 << log_width, 1 << log_height
    rows, columns = FORWARD[kind, log_height], FORWARD_TRANSPOSED[kind, log_width]
    for fy in range(height):
        _weigh_rows(rows[fy], residual, height, width, between[fy])
    for fy in range(height):
        _weigh_rows(between[fy], columns, width, width, coefficients[fy])


@kernel
def transform_inverse(coefficients, log_width, log_height, kind, used_width, used_height, between, residual):
    """Invert the transform of integer `coefficients` into `residual`, in 1/2^SAMPLE_BITS.

    Args:
        coefficients: int32 (32, 32), the block in the top left corner, in 1/2^COEFFICIENT_BITS, at most
            COEFFICIENT_MAX in magnitude.
        kind: COSINE or SINE.
        used_width, used_height: bounds of the nonzero coefficients.
        between: int32 (32, 32) scratch. It is clipped, so that no stream makes a sum exceed 31 bits.
        residual: int32 (32, 32).
    """
    width, height = 1 << log_width, 1 << log_height
    rows, columns = INVERSE_TRANSPOSED[kind, log_height], INVERSE[kind, log_width]
    half = np.int32(1 << (MATRIX_BITS - 1))
    limit = np.int32(2 * COEFFICIENT_MAX)
    for i in range(height):
        for fx in range(used_width):
            between[i, fx] = half
        for fy in range(used_height):
            factor = rows[i, fy]
            for fx in range(used_width):
                between[i, fx] += factor * coefficients[fy, fx]
        for fx in range(used_width):
            between[i, fx] = min(max(between[i, fx] >> MATRIX_BITS, -limit), limit)
    shift = MATRIX_BITS + COEFFICIENT_BITS - SAMPLE_BITS
    for i in range(height):
        for j in range(width):
            residual[i, j] = 1 << (shift - 1)
        for fx in range(used_width):
            factor = between[i, fx]
            for j in range(width):
                residual[i, j] += factor * columns[fx, j]
        for j in range(width):
            residual[i, j] >>= shift
