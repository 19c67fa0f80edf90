"""Trained non-separable transforms: alternatives to the plain transform for the low frequencies of a block.

They act on the DCT coefficients of a 4x4 block, of an 8x8 block, or of the 8x8 lowest frequencies of a larger one.
Each group of intra modes has its own: the residual of a directional prediction has structure that no separable
transform captures (as the LFNST of VVC, Koo et al. 2019; trained as Sezer et al. 2015, "Approximation and compression
with sparse orthonormal transforms"). Modes beyond the diagonal use the transforms of their mirror images, with the
coefficients transposed. Outputs are ordered by energy along the diagonals of 2x2 groups.

Matrices are int8 in 1/128: `small` (groups, alternatives, 16, 16) and `large` (2, groups, alternatives, 64, 64), one
basis vector a row, in raster order of the frequencies. Arrays of size 0 mean that there are no alternatives.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import COEFFICIENT_MAX, DIAGONAL, FIRST_ANGLE, LAST_ANGLE
from vqcodec.errors import CodebookError
from vqcodec.kernels.jit import inline_kernel, kernel

BASIS_BITS = 7
_INVERSE_ERROR = 1e-6  # a basis times its inverse is the unit matrix up to this
MODE_GROUPS = 11
SMALL_SIDE, LARGE_SIDE = 4, 8


def _diagonal_order(side: int) -> npt.NDArray[np.int32]:
    """Return int32 (side * side, 2): rows and columns along the diagonals of 2x2 groups."""
    groups = side // 2
    return np.array(
        [
            (2 * gy + (k >> 1), 2 * (d - gy) + (k & 1))
            for d in range(2 * groups - 1)
            for gy in range(max(0, d - groups + 1), min(groups, d + 1))
            for k in range(4)
        ],
        dtype=np.int32,
    )


SMALL_ORDER, LARGE_ORDER = _diagonal_order(SMALL_SIDE), _diagonal_order(LARGE_SIDE)


@inline_kernel
def alternatives(small, log_width, log_height, mode):
    """Return the number of alternative transforms of a coded block of this size and mode."""
    if mode > LAST_ANGLE or small.shape[0] == 0:
        return np.int64(0)
    if min(log_width, log_height) >= 3 or log_width + log_height == 4:
        return np.int64(small.shape[1])
    return np.int64(0)


@inline_kernel
def transform_group(mode):
    """Return the group of a mode: planar, DC, then pairs of angles folded at the diagonal."""
    if mode < FIRST_ANGLE:
        return mode
    folded = 2 * DIAGONAL - mode if mode > DIAGONAL else mode
    return 2 + ((folded - 2) >> 1)


@inline_kernel
def is_transposed(mode):
    """Whether the mode uses the transforms of its mirror image."""
    return mode >= DIAGONAL


@kernel
def invert_secondary(coefficients, log_width, log_height, mode, alternative, small, large, scratch):
    """Replace the low frequencies of a block by the DCT coefficients that the coefficients of `alternative` stand for.

    Args:
        coefficients: int32 (32, 32), bounded by COEFFICIENT_MAX, of a block that has alternatives; changed in place.
        alternative: its number, from 0.
        small, large: int8, see the module's description.
        scratch: int32 (2, 64).

    Returns:
        The side of the square of low frequencies, 4 or 8.
    """
    group, turned = transform_group(mode), is_transposed(mode)
    if log_width + log_height == 4:
        side, order, basis = SMALL_SIDE, SMALL_ORDER, small[group, alternative]
    else:
        large_class = 0 if log_width + log_height == 6 else 1
        side, order, basis = LARGE_SIDE, LARGE_ORDER, large[large_class, group, alternative]
    dimension = side * side
    sums = scratch[1]
    for i in range(dimension):
        sums[i] = 1 << (BASIS_BITS - 1)
    for k in range(dimension):
        value = coefficients[order[k, 0], order[k, 1]]
        if value != 0:
            for i in range(dimension):
                sums[i] += value * basis[k, i]
    for i in range(side):
        for j in range(side):
            value = min(max(sums[i * side + j] >> BASIS_BITS, -COEFFICIENT_MAX), COEFFICIENT_MAX)
            if turned:
                coefficients[j, i] = value
            else:
                coefficients[i, j] = value
    return side


@kernel
def apply_secondary(spectrum, log_width, log_height, mode, alternative, small, large, scratch, values):
    """Fill `values` with the block's DCT `spectrum`, its low frequencies transformed by `alternative`.

    Args:
        spectrum, values: float32 (32, 32), in samples.
        alternative: its number, from 0.
        small, large: float32, the inverses of the integer matrices' transposes (see `forward_matrices`).
        scratch: float32 (2, 64).
    """
    group, turned = transform_group(mode), is_transposed(mode)
    if log_width + log_height == 4:
        side, order, basis = SMALL_SIDE, SMALL_ORDER, small[group, alternative]
    else:
        large_class = 0 if log_width + log_height == 6 else 1
        side, order, basis = LARGE_SIDE, LARGE_ORDER, large[large_class, group, alternative]
        for fy in range(1 << log_height):
            for fx in range(1 << log_width):
                values[fy, fx] = spectrum[fy, fx]
    dimension = side * side
    sums = scratch[1]
    for k in range(dimension):
        sums[k] = 0
    for i in range(side):
        for j in range(side):
            value = spectrum[j, i] if turned else spectrum[i, j]
            for k in range(dimension):
                sums[k] += value * basis[i * side + j, k]
    for k in range(dimension):
        values[order[k, 0], order[k, 1]] = sums[k]


def forward_matrices(matrices: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """Return the exact forward transforms of integer bases (..., d, d), transposed: one input a row.

    The decoder computes x = B'c with the rounded basis B, so the encoder needs c = (B')^-1 x; its transpose is B^-1.

    Raises:
        CodebookError: a basis has no inverse, or none that float64 can tell.
    """
    if not matrices.size:
        return np.zeros(matrices.shape, dtype=np.float32)
    bases = matrices / float(1 << BASIS_BITS)
    try:
        inverses = np.linalg.inv(bases)
    except np.linalg.LinAlgError:
        inverses = np.full_like(bases, np.nan)
    with np.errstate(all="ignore"):  # the inverse of an all but singular basis may be of any size
        whole = bool(np.all(np.abs(bases @ inverses - np.eye(bases.shape[-1])) < _INVERSE_ERROR))
    if not whole:
        raise CodebookError(
            "codebook: one of its transforms cannot be inverted, so it decodes but does not encode; choose another one"
        )
    return np.ascontiguousarray(inverses.astype(np.float32))
