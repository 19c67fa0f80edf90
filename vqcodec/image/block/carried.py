"""A training sequence whose shards are kept where a carrier works on them; the cells are those of `cells.partition`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.carriers.carrier import Carrier
from vqcodec.vq.design.cells import (
    Cells,
    DoubleArray,
    FloatArray,
    ShardSums,
    dominant_of,
    measure,
    shards_of,
    slope_of,
    spread_of,
    spread_with,
    summed,
)
from vqcodec.vq.search import SearchIndex

Indices = npt.NDArray[np.int32]


class CarriedSequence:
    """A training sequence in shards, which stay with those that work on them. It is a `lbg.Divided`.

    The shards are those of `cells.partition` at this size, and their sums are added in the same order. So a design
    whose size stays the same gives the same codewords.

    Args:
        carrier: brings the shards to where they are worked on.
        vectors: float32 (n, dimension), the training sequence.
        size: number of codewords that it will be divided among.
    """

    def __init__(self, carrier: Carrier, vectors: FloatArray, size: int) -> None:
        self._carrier = carrier
        shards = (vectors[rows] for rows in shards_of(vectors, size))
        self._vectors = [handle for _, handle in carrier.keep(_kept, shards)]
        self._cells: Sequence[Any] = [None] * len(self._vectors)  # handles of the indices of the last partition

    def partition(self, index: SearchIndex) -> Cells:
        """Assign each vector to its nearest codeword. The cells stay with the shards, as hints for the next time."""
        parts = zip(self._vectors, self._cells)
        found = list(self._carrier.keep(_assigned, parts, index.codewords))
        self._cells = [handle for _, handle in found]
        return summed([sums for sums, _ in found])

    def indices(self) -> Indices:
        """Return the cell of each vector in the last partition, int32 (n,)."""
        return np.concatenate(list(self._carrier.map(_same, self._cells)))

    def principal_spread(self, cells: Cells, centroids: DoubleArray) -> DoubleArray:
        """Return the widest direction of each cell of the last partition; see `cells.principal_spread`."""
        spread = self._added(spread_of, centroids)
        slope = self._added(slope_of, centroids, dominant_of(spread))
        return spread_with(spread, slope, cells)

    def _added(self, function: Callable[..., DoubleArray], *common: Any) -> DoubleArray:
        """Return the sum of what a function returns of the vectors and the cells of each shard."""
        first, *others = self._carrier.map(_of_cells, zip(self._vectors, self._cells), function, *common)
        return sum(others, start=first)


def _kept(vectors: FloatArray) -> tuple[None, FloatArray]:
    return None, vectors


def _same(indices: Indices) -> Indices:
    return indices


def _assigned(part: tuple[FloatArray, Indices | None], codewords: FloatArray) -> tuple[ShardSums, Indices]:
    vectors, hint = part
    return measure(vectors, SearchIndex(codewords), hint)


def _of_cells(part: tuple[FloatArray, Indices], function: Callable[..., DoubleArray], *common: Any) -> DoubleArray:
    return function(*part, *common)
