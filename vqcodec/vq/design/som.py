"""The self-organizing map: codewords on a lattice, whose neighbours learn together.

Neighbours on the lattice end up alike. So neighbouring indices mean similar vectors: an entropy code in contexts gains
by that, and so does a channel that changes an index a little.

Source: Kohonen 1990, "The self-organizing map".
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel
from vqcodec.vq.design.online import AnnealedDesign, at_share, begin, check_schedule, errors_to_columns, learn
from vqcodec.vq.design.result import DesignResult, Progress
from vqcodec.vq.design.starts import FloatArray, Start

_REACH = 3.0  # standard deviations of the neighbourhood beyond which nothing moves: a weight of 1 %


class SelfOrganizingMap(AnnealedDesign):
    """Codewords on a lattice: those near the winner move with it, weighted by a Gaussian whose width falls.

    Args:
        codewords: (rows * columns, dimension), row by row of the lattice.
        lattice: (rows, columns); one row makes it a chain.
        horizon, rate: as for `AnnealedDesign`.
        width: first and last standard deviation of the neighbourhood, in steps of the lattice; None: from half of the
            longer side down to 0.4.

    Raises:
        ValueError, LimitError: an argument is not as described.
    """

    def __init__(
        self,
        codewords: npt.ArrayLike,
        lattice: tuple[int, int],
        *,
        horizon: int,
        rate: tuple[float, float] = (0.5, 0.01),
        width: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(codewords, horizon=horizon, rate=rate)
        if min(lattice) < 1 or lattice[0] * lattice[1] != len(self.counts):
            raise ValueError(f"lattice={lattice} has not {len(self.counts)} places, one for each codeword")
        self.lattice = lattice
        self._width = width or (max(0.8, max(lattice) / 2), 0.4)
        check_schedule("width", self._width, float(max(1, *lattice)))

    def _learn(self, vectors: FloatArray) -> None:
        shares = (self.seen, self.horizon)
        _organize(vectors, self._columns, self.counts, self.lattice, shares, self.rate, self._width)


@allocating_kernel
def _organize(vectors, columns, counts, lattice, shares, rate, width):
    """Move the nearest column and its neighbours on the lattice towards each vector; as `_compete` otherwise."""
    dimension, size = columns.shape
    rows, across = lattice
    errors = np.empty(size, np.float32)
    steps = np.empty(across, np.float32)
    for i in range(vectors.shape[0]):
        errors_to_columns(vectors[i], columns, errors)
        best = errors.argmin()
        counts[best] += 1
        share = (shares[0] + i) / shares[1]
        step = at_share(rate[0], rate[1], share)
        deviation = at_share(width[0], width[1], share)
        reach = int(_REACH * deviation)
        row, place = best // across, best % across
        left, right = max(0, place - reach), min(across, place + reach + 1)
        for r in range(max(0, row - reach), min(rows, row + reach + 1)):
            for c in range(left, right):
                distance = (r - row) ** 2 + (c - place) ** 2
                steps[c] = np.float32(step * math.exp(-distance / (2 * deviation * deviation)))
            for d in range(dimension):
                sample = vectors[i, d]
                for c in range(left, right):
                    columns[d, r * across + c] += steps[c] * (sample - columns[d, r * across + c])


def self_organizing_map(
    training_sequence: npt.ArrayLike,
    size: int,
    *,
    start: Start = "random",
    lattice: int = 2,
    epochs: int = 5,
    rate: tuple[float, float] = (0.5, 0.01),
    width: tuple[float, float] | None = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> DesignResult:
    """Design `size` codewords as a self-organizing map, `epochs` times over the training sequence in random order.

    Args:
        lattice: dimensions of the lattice: 1, a chain, or 2, a rectangle with sides as equal as `size` allows. A prime
            number of codewords gives a chain in any case.

    The other arguments and errors are those of `design`, `SelfOrganizingMap` and `lbg` (`start`).
    """
    if lattice not in (1, 2):
        raise ValueError(f"lattice={lattice}; 1 or 2 dimensions are wanted")
    data, codewords = begin(training_sequence, size, start, epochs, seed, threads)
    shape = (1, size) if lattice == 1 else sides_of(size)
    learner = SelfOrganizingMap(codewords, shape, horizon=epochs * len(data), rate=rate, width=width)
    return learn(learner, data, epochs=epochs, seed=seed, threads=threads, progress=progress)


def sides_of(size: int) -> tuple[int, int]:
    """The most equal pair of whole numbers whose product is `size`, the smaller one first."""
    rows = next(rows for rows in range(math.isqrt(size), 0, -1) if size % rows == 0)
    return rows, size // rows
