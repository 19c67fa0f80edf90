"""Cells of a training sequence: partition it among codewords, and measure the cells.

All sums are float64 over fixed shards of the training sequence, combined in their order. So any number of threads gives
the same bytes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import kernel
from vqcodec.threads import map_shards
from vqcodec.vq._sums import sum_kernel
from vqcodec.vq.search import SearchIndex, shards

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
ShardSums = tuple[DoubleArray, npt.NDArray[np.int64], DoubleArray]
"""Sums, counts and distortions of the cells of a shard, as of `Cells`."""

_MOST_SHARDS = 32
_LEAST_SHARD_VECTORS = 8_192
_MOST_SUMS = 1 << 22  # float64 numbers that the partial sums of all shards may hold together


@kernel
def _accumulate_spread(vectors, indices, centroids, spread):
    for i in range(vectors.shape[0]):
        k = indices[i]
        for d in range(vectors.shape[1]):
            difference = np.float64(vectors[i, d]) - centroids[k, d]
            spread[k, d] += difference * difference


@kernel
def _accumulate_slope(vectors, indices, centroids, dominant, slope):
    for i in range(vectors.shape[0]):
        k = indices[i]
        lever = np.float64(vectors[i, dominant[k]]) - centroids[k, dominant[k]]
        for d in range(vectors.shape[1]):
            slope[k, d] += lever * (np.float64(vectors[i, d]) - centroids[k, d])


@dataclass(frozen=True)
class Cells:
    """What the cells of a training sequence add up to.

    Attributes:
        counts: int64 (size,), vectors in each cell.
        sums: float64 (size, dimension), sum of the vectors of each cell.
        distortions: float64 (size,), sum of the squared errors in each cell.
    """

    counts: npt.NDArray[np.int64]
    sums: DoubleArray
    distortions: DoubleArray

    @property
    def distortion(self) -> float:
        """Mean squared error per vector."""
        return float(self.distortions.sum() / self.counts.sum())

    def centroids(self, empty: npt.NDArray[np.floating]) -> DoubleArray:
        """The mean of each cell, float64 (size, dimension); the row of `empty` where a cell has no vector."""
        counts = np.maximum(self.counts, 1)[:, np.newaxis]
        return np.where(self.counts[:, np.newaxis] > 0, self.sums / counts, empty)


@dataclass(frozen=True)
class Partition(Cells):
    """A training sequence divided among the codewords of an index.

    Attributes:
        indices: int32 (n,), the cell of each vector.
    """

    indices: npt.NDArray[np.int32]


def partition(
    training_sequence: FloatArray,
    index: SearchIndex,
    hint: npt.NDArray[np.int32] | None = None,
    threads: int | None = None,
) -> Partition:
    """Assign each vector of `training_sequence`, float32 (n, dimension), to its nearest codeword.

    `hint` is as in `SearchIndex.nearest`; usually it is the indices of the last partition.
    """
    indices = np.empty(len(training_sequence), np.int32)

    def measure_rows(rows: slice) -> ShardSums:
        sums, indices[rows] = measure(training_sequence[rows], index, None if hint is None else hint[rows])
        return sums

    cells = summed(map_shards(measure_rows, shards_of(training_sequence, index.size), threads))
    return Partition(cells.counts, cells.sums, cells.distortions, indices)


def measure(
    vectors: FloatArray, index: SearchIndex, hint: npt.NDArray[np.int32] | None
) -> tuple[ShardSums, npt.NDArray[np.int32]]:
    """Assign the vectors of a shard; return the sums of its cells, and the cell of each vector, int32."""
    cells = np.empty(len(vectors), np.int32)
    sums, counts, distortions = np.zeros(index.codewords.shape), np.zeros(index.size, np.int64), np.zeros(index.size)
    accumulate = sum_kernel(index.dimension)
    for rows in shards(len(vectors)):  # in which vectors are still in the cache when they are added up
        some = np.ascontiguousarray(vectors[rows], dtype=np.float32)  # as the sums read them
        cells[rows], errors = index.nearest(some, hint=None if hint is None else hint[rows], threads=1)
        accumulate(some, cells[rows], errors, sums, counts, distortions)
    return (sums, counts, distortions), cells


def summed(parts: Sequence[ShardSums]) -> Cells:
    """Return what the cells add up to, of the sums of all shards in their order."""
    sums, counts, distortions = (sum(column[1:], start=column[0]) for column in zip(*parts))
    return Cells(counts, sums, distortions)


def principal_spread(
    training_sequence: FloatArray, cells: Partition, centroids: DoubleArray, threads: int | None = None
) -> DoubleArray:
    """The direction in which each cell is widest, as long as one standard deviation; float64 (size, dimension).

    It is the regression of all dimensions on the dimension of largest variance. That is one step of the power method
    from that unit vector, so no cell needs an eigenvalue problem. A cell without extent gives zeros.
    """

    def added(function: Callable[..., DoubleArray], *common: Any) -> DoubleArray:
        shards = shards_of(training_sequence, len(centroids))
        parts = map_shards(
            lambda rows: function(training_sequence[rows], cells.indices[rows], *common), shards, threads
        )
        return sum(parts[1:], start=parts[0])

    spread = added(spread_of, centroids)
    return spread_with(spread, added(slope_of, centroids, dominant_of(spread)), cells)


def spread_of(vectors: FloatArray, indices: npt.NDArray[np.int32], centroids: DoubleArray) -> DoubleArray:
    """Return the squared differences of the vectors of a shard from their centroids, added up by cell."""
    spread = np.zeros(centroids.shape)
    _accumulate_spread(vectors, indices, centroids, spread)
    return spread


def dominant_of(spread: DoubleArray) -> npt.NDArray[np.intp]:
    """Return the dimension in which each cell spreads most."""
    return spread.argmax(axis=1)


def slope_of(
    vectors: FloatArray, indices: npt.NDArray[np.int32], centroids: DoubleArray, dominant: npt.NDArray[np.intp]
) -> DoubleArray:
    """Return the products of the differences with those in the dominant dimension, added up by cell."""
    slope = np.zeros(centroids.shape)
    _accumulate_slope(vectors, indices, centroids, dominant, slope)
    return slope


def spread_with(spread: DoubleArray, slope: DoubleArray, cells: Cells) -> DoubleArray:
    """Return the principal spread of cells, of the sums over all shards."""
    scale = np.sqrt(spread.max(axis=1) * np.maximum(cells.counts, 1))
    return np.divide(slope, scale[:, np.newaxis], out=np.zeros_like(slope), where=scale[:, np.newaxis] > 0)


def shards_of(training_sequence: FloatArray, size: int) -> list[slice]:
    """Cut the training sequence into shards of equal length: few, since each has sums for all codewords."""
    count, dimension = training_sequence.shape
    most = max(1, min(_MOST_SHARDS, _MOST_SUMS // (size * dimension), count // _LEAST_SHARD_VECTORS))
    bounds = np.linspace(0, count, most + 1).astype(int).tolist()
    return [slice(start, stop) for start, stop in itertools.pairwise(bounds)]
