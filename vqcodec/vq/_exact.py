"""The definition of "nearest": float64 squared errors, term by term, for any dimension.

Every other search in this package is a filter that leaves a few codewords to these formulas. So all of them give the
same index on every machine: IEEE 754 fixes subtraction, multiplication and addition of float64, the order of summation
is the order of the dimensions, nothing is contracted, and ties go to the lowest index.
"""

from __future__ import annotations

import numpy as np

from vqcodec.kernels.jit import allocating_kernel, inline_kernel, kernel


@inline_kernel
def squared_error(vector, codeword):
    """Squared error of one float32 vector and codeword in float64, summed in the order of the dimensions."""
    total = 0.0
    for d in range(vector.shape[0]):
        difference = np.float64(vector[d]) - np.float64(codeword[d])
        total += difference * difference
    return total


@inline_kernel
def _first_least(bits):
    """Place of the least of numbers that are not negative, given by their bits as int64 (n,); the first if equal.

    The bits of such numbers are in the order of the numbers, and LLVM finds the least integer with vector instructions.
    """
    least = bits[0]
    for k in range(1, bits.shape[0]):
        least = min(least, bits[k])
    place = 0
    while bits[place] != least:
        place += 1
    return place


@allocating_kernel
def search_every_codeword(vectors, columns, penalties, indices, distortions):
    """Compare each vector with each codeword; the slow and plain search.

    Args:
        vectors: float32 (n, dimension), finite.
        columns: float32 (dimension, size), the codewords as columns.
        penalties: float64 (size,), added to the squared errors before they are compared.
        indices: int32 (n,), written.
        distortions: float32 (n,), written: squared errors without the penalty.
    """
    dimension, size = columns.shape
    errors = np.empty(size, np.float64)
    costs = np.empty(size, np.float64)
    bits = costs.view(np.int64)
    for i in range(vectors.shape[0]):
        errors[:] = 0.0
        for d in range(dimension):
            sample = np.float64(vectors[i, d])
            for k in range(size):
                difference = sample - np.float64(columns[d, k])
                errors[k] += difference * difference
        for k in range(size):
            costs[k] = errors[k] + penalties[k]
        best = _first_least(bits)
        indices[i] = best
        distortions[i] = np.float32(errors[best])


@allocating_kernel
def search_weighted(vectors, weights, columns, indices, distortions):
    """Like `search_every_codeword` with a weight (float32, >= 0, shaped like `vectors`) on each squared difference."""
    dimension, size = columns.shape
    errors = np.empty(size, np.float64)
    bits = errors.view(np.int64)
    for i in range(vectors.shape[0]):
        errors[:] = 0.0
        for d in range(dimension):
            sample = np.float64(vectors[i, d])
            weight = np.float64(weights[i, d])
            for k in range(size):
                difference = sample - np.float64(columns[d, k])
                errors[k] += weight * (difference * difference)
        best = _first_least(bits)
        indices[i] = best
        distortions[i] = np.float32(errors[best])


@kernel
def any_beyond(bits, bound):
    """Whether any float32, given by its bits as int32 (n,), is NaN or larger in magnitude than the one of bits `bound`.

    Without their signs, the bits of floating-point numbers are in the order of the numbers, and NaN comes last.
    """
    beyond = False
    for i in range(bits.shape[0]):
        beyond |= (bits[i] & np.int32(0x7FFFFFFF)) > bound
    return beyond
