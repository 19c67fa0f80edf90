"""Merging of codewords: the pair that costs least becomes one, again and again.

Sources: Equitz 1989, "A new vector quantization clustering algorithm" (pairwise nearest neighbour); Franti, Kaukoranta,
Shen and Chang 2000, "Fast and memory efficient implementation of the exact PNN" (each codeword knows its nearest one).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, inline_kernel
from vqcodec.threads import map_shards

FloatArray = npt.NDArray[np.float32]

_SHARD = 512


@inline_kernel
def _costs_of(k, columns, counts, costs):
    """Write what it adds to the squared error to merge column k with each other one: n m / (n + m) |c - d|^2."""
    costs[:] = 0.0
    for d in range(columns.shape[0]):
        sample = columns[d, k]
        for other in range(columns.shape[1]):
            difference = sample - columns[d, other]
            costs[other] += difference * difference
    for other in range(columns.shape[1]):
        both = counts[k] + counts[other]
        costs[other] = costs[other] * (counts[k] * counts[other] / both) if counts[other] > 0 else np.inf
    costs[k] = np.inf


@allocating_kernel
def _find_partners(first, last, columns, counts, partners, losses):
    """Write the cheapest partner of columns `first` to `last` - 1, and what the merge costs."""
    costs = np.empty(columns.shape[1])
    for k in range(first, last):
        _costs_of(k, columns, counts, costs)
        partners[k] = costs.argmin()
        losses[k] = costs[partners[k]]


@allocating_kernel
def _merge(columns, counts, partners, losses, size):
    """Merge the cheapest pair until `size` columns have a count above 0.

    A merge can make only those partners wrong that were one of the two: all others' costs stand, and the merged column
    lies no nearer to anyone than the nearer of the two did (Franti et al.).

    Args:
        columns: float64 (dimension, n), changed.
        counts: float64 (n,), vectors of each; 0 for a column that was merged into another.
        partners, losses: from `_find_partners`, changed.
    """
    dimension, count = columns.shape
    costs = np.empty(count)
    for _ in range(count - size):
        kept = losses.argmin()
        gone = partners[kept]
        both = counts[kept] + counts[gone]
        for d in range(dimension):
            columns[d, kept] = (counts[kept] * columns[d, kept] + counts[gone] * columns[d, gone]) / both
        counts[kept], counts[gone] = both, 0.0
        losses[gone] = np.inf
        for k in range(count):
            if counts[k] > 0 and (k == kept or partners[k] == kept or partners[k] == gone):
                _costs_of(k, columns, counts, costs)
                partners[k] = costs.argmin()
                losses[k] = costs[partners[k]]


def merged_codewords(
    vectors: FloatArray, size: int, threads: int | None = None
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Merge vectors until `size` remain, each time the two whose merger adds least to the squared error.

    The time is about n^2 * dimension * 5 operations.

    Args:
        vectors: float32 (n, dimension), n >= size, checked.

    Returns:
        Codewords, float32 (size, dimension), and how many vectors each stands for, int64 (size,).
    """
    columns = np.ascontiguousarray(vectors.T, dtype=np.float64)
    counts = np.ones(len(vectors))
    partners = np.zeros(len(vectors), np.int64)
    losses = np.full(len(vectors), np.inf)
    if size < len(vectors):
        shards = range(0, len(vectors), _SHARD)
        map_shards(
            lambda first: _find_partners(first, min(first + _SHARD, len(vectors)), columns, counts, partners, losses),
            shards,
            threads,
        )
        _merge(columns, counts, partners, losses, size)
    alive = counts > 0
    return np.ascontiguousarray(columns[:, alive].T, dtype=np.float32), counts[alive].astype(np.int64)
