"""How unlike pictures are, by means of their parts."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import kernel

_SAME = 0.25  # of the step: means that differ by less are about the same
_AT_ONCE = 32  # factors whose product is below the greatest float64


def unlikeness(means: npt.NDArray, others: npt.NDArray, step: float) -> npt.NDArray[np.float64]:
    """Return how unlike sets of means are, about in bits, summed over each set: float64 (others,).

    Where they differ much it matters little how much, since such parts are not predicted from each other. So a few
    large differences count less than in a squared error.

    Args:
        means: a set of means, in samples; others: several such sets.
        step: quantizer step.
    """
    count = len(others)
    totals = np.empty(count, np.float64)
    mine = np.ascontiguousarray(means, np.float32).reshape(-1)
    theirs = np.ascontiguousarray(others, np.float32).reshape(count, -1)
    _unlikeness(mine, theirs, np.float32(1 / (_SAME * step)), totals)
    return totals


@kernel
def _unlikeness(means, others, scale, totals):
    """Fill `totals` (float64 (others,)): means are float32 (size,), others float32 (others, size)."""
    size = means.shape[0]
    for number in range(others.shape[0]):
        total = np.float64(0)
        for first in range(0, size, _AT_ONCE):
            product = np.float64(1)
            for i in range(first, min(first + _AT_ONCE, size)):
                difference = (means[i] - others[number, i]) * scale
                product *= np.float64(1 + difference * difference)
            total += math.log(product)
        totals[number] = total / math.log(2)
