"""Sums of the vectors of each cell, in float64 and in the order of the vectors."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from vqcodec.kernels.jit import kernel

_MOST_UNROLLED = 64  # dimensions


@functools.cache
def sum_kernel(dimension: int) -> Any:
    """The summation for vectors of `dimension` components.

    The kernel's arguments: vectors float32 (n, dimension); indices int32 (n,), the cell of each; errors float32 (n,);
    and what they are added to: sums float64 (size, dimension), counts int64 (size,), distortions float64 (size,).
    """
    if dimension > _MOST_UNROLLED:
        return _add_rows

    from vqcodec.vq._simd import add_row  # which imports numba

    @kernel
    def add_short_rows(vectors, indices, errors, sums, counts, distortions):
        for i in range(vectors.shape[0]):
            k = np.int64(indices[i])
            counts[k] += 1
            distortions[k] += np.float64(errors[i])
            add_row(dimension, vectors, i, sums, k)

    return add_short_rows


@kernel
def _add_rows(vectors, indices, errors, sums, counts, distortions):
    for i in range(vectors.shape[0]):
        k = indices[i]
        counts[k] += 1
        distortions[k] += np.float64(errors[i])
        for d in range(vectors.shape[1]):
            sums[k, d] += np.float64(vectors[i, d])
