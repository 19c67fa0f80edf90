"""Neural gas: all codewords move towards each vector, the less the more others are nearer.

Source: Martinetz, Berkovich and Schulten 1993, "'Neural-gas' network for vector quantization and its application to
time-series prediction".
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, inline_kernel
from vqcodec.vq.design.online import AnnealedDesign, at_share, begin, check_schedule, errors_to_columns, learn
from vqcodec.vq.design.result import DesignResult, Progress
from vqcodec.vq.design.starts import FloatArray, Start

_REACH = 7.0  # ranges of the neighbourhood beyond which nothing moves: a weight of 0.1 %
_FEW = 24  # codewords that are ranked by insertion; more are sorted


class NeuralGas(AnnealedDesign):
    """The codeword of rank r (0: the nearest) moves by rate * exp(-r / range); rate and range fall geometrically.

    Args:
        codewords, horizon, rate: as for `AnnealedDesign`.
        range_: first and last range, in ranks.

    Raises:
        ValueError, LimitError: an argument is not as described.
    """

    def __init__(
        self,
        codewords: npt.ArrayLike,
        *,
        horizon: int,
        rate: tuple[float, float] = (0.3, 0.02),
        range_: tuple[float, float] = (10.0, 0.01),
    ) -> None:
        super().__init__(codewords, horizon=horizon, rate=rate)
        check_schedule("range_", range_, 65_536.0)
        self._range = range_

    def _learn(self, vectors: FloatArray) -> None:
        _diffuse(vectors, self._columns, self.counts, (self.seen, self.horizon), self.rate, self._range)


@inline_kernel
def _rank(errors, count, order):
    """Write the places of the `count` least errors, least first; ties to the lowest place."""
    kept = 0
    for k in range(errors.shape[0]):
        if kept == count and not errors[k] < errors[order[kept - 1]]:
            continue
        place = kept if kept < count else count - 1
        while place > 0 and errors[k] < errors[order[place - 1]]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = k
        kept = min(kept + 1, count)


@allocating_kernel
def _diffuse(vectors, columns, counts, shares, rate, range_):
    """Move the nearest columns towards each vector, each by its rank; as `_compete` (`competitive`) otherwise."""
    dimension, size = columns.shape
    errors = np.empty(size, np.float32)
    order = np.empty(size, np.int64)
    for i in range(vectors.shape[0]):
        errors_to_columns(vectors[i], columns, errors)
        share = (shares[0] + i) / shares[1]
        step = at_share(rate[0], rate[1], share)
        span = at_share(range_[0], range_[1], share)
        count = min(size, int(_REACH * span) + 1)
        if count <= _FEW:
            _rank(errors, count, order)
        else:
            order[:] = np.argsort(errors, kind="mergesort")
        counts[order[0]] += 1
        for rank in range(count):
            k = order[rank]
            weight = np.float32(step * math.exp(-rank / span))
            for d in range(dimension):
                columns[d, k] += weight * (vectors[i, d] - columns[d, k])


def neural_gas(
    training_sequence: npt.ArrayLike,
    size: int,
    *,
    start: Start = "random",
    epochs: int = 5,
    rate: tuple[float, float] = (0.3, 0.02),
    range_: tuple[float, float] = (10.0, 0.01),
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> DesignResult:
    """Design `size` codewords as a neural gas, `epochs` times over the training sequence in random order.

    Arguments and errors are those of `design`, `NeuralGas` and `lbg` (`start`).
    """
    data, codewords = begin(training_sequence, size, start, epochs, seed, threads)
    learner = NeuralGas(codewords, horizon=epochs * len(data), rate=rate, range_=range_)
    return learn(learner, data, epochs=epochs, seed=seed, threads=threads, progress=progress)
