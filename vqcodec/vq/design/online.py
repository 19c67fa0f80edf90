"""Online codebook design: codewords that learn from one vector after another, in any number of pieces.

    >>> import numpy as np
    >>> from vqcodec.vq.design import NeuralGas
    >>> generator = np.random.default_rng(0)
    >>> gas = NeuralGas(generator.normal(size=(16, 2)), horizon=20_000)
    >>> for _ in range(10):
    ...     gas = gas.partial_fit(generator.laplace(size=(2_000, 2)))
    >>> gas.seen, gas.codewords.shape
    (20000, (16, 2))

A learner keeps its codewords as columns, (dimension, size): the errors of a vector to all codewords then come eight and
more at a time. Its updates follow each other, so one thread does them. The result depends on the order of the vectors,
not on how they are cut into calls.
"""

from __future__ import annotations

import abc
import time
from typing import Self

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel
from vqcodec.vq.design.cells import partition
from vqcodec.vq.design.result import DesignResult, Iteration, Progress
from vqcodec.vq.design.starts import FloatArray, Start, checked_training_sequence, initial_codewords
from vqcodec.vq.search import SearchIndex, check_codebook_shape, check_magnitude

_PIECE = 65_536  # vectors that are put in order at once


class OnlineDesign(abc.ABC):
    """Codewords that learn from vectors as they come.

    Args:
        codewords: (size, dimension), to start from; converted to float32.

    Attributes:
        seen: number of vectors learned so far.
        counts: int64 (size,), how often each codeword was the nearest one.

    Raises:
        ValueError: an argument is not as described.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, codewords: npt.ArrayLike) -> None:
        rows = np.ascontiguousarray(codewords, dtype=np.float32)
        check_codebook_shape(rows.shape)
        check_magnitude(rows)
        self.seen = 0
        self.counts = np.zeros(len(rows), np.int64)
        self._columns = np.ascontiguousarray(rows.T)

    @property
    def codewords(self) -> FloatArray:
        """A copy of the codewords as they stand, float32 (size, dimension)."""
        return np.ascontiguousarray(self._columns.T)

    def partial_fit(self, vectors: npt.ArrayLike) -> Self:
        """Learn from vectors, one after another.

        Args:
            vectors: (n, dimension), converted to float32; finite and within +-1e15.

        Returns:
            The learner itself.

        Raises:
            ValueError: the vectors are not as described. Nothing is learned then.
        """
        data = np.ascontiguousarray(vectors, dtype=np.float32)
        if data.ndim != 2 or data.shape[1] != len(self._columns):
            raise ValueError(f"vectors have shape {data.shape}; (n, {len(self._columns)}) is wanted")
        if len(data):
            check_magnitude(data)
            self._learn(data)
            self.seen += len(data)
        return self

    def finish(self) -> None:  # noqa: B027 (most have nothing to do)
        """Learn what still waits for more vectors, if anything does."""

    @abc.abstractmethod
    def _learn(self, vectors: FloatArray) -> None:
        """Move the columns by vectors that were checked; `seen` is the number of those before."""


class AnnealedDesign(OnlineDesign):
    """An online design whose rates and neighbourhoods shrink.

    Args:
        codewords: as for `OnlineDesign`.
        horizon: number of vectors over which they shrink from their first value to their last one. Vectors beyond it
            are learned at the last value.
        rate: first and last rate, 0..1 and not 0; the rate is the part of the way to a vector that its nearest codeword
            moves.

    Raises:
        ValueError, LimitError: an argument is not as described.
    """

    def __init__(self, codewords: npt.ArrayLike, *, horizon: int, rate: tuple[float, float]) -> None:
        super().__init__(codewords)
        if horizon < 1:
            raise ValueError(f"horizon={horizon}; at least 1 vector is wanted")
        check_schedule("rate", rate, 1.0)
        self.horizon = horizon
        self.rate = rate


@inline_kernel
def errors_to_columns(vector, columns, errors):
    """Write the squared error of a vector and each column, float32 (size,)."""
    errors[:] = np.float32(0)
    for d in range(columns.shape[0]):
        sample = vector[d]
        for k in range(columns.shape[1]):
            difference = sample - columns[d, k]
            errors[k] += difference * difference


@inline_kernel
def at_share(first, last, share):
    """The value between two positive ones that a geometric schedule has at a share of its length, 0 to 1."""
    return first * (last / first) ** min(1.0, share)


def check_schedule(name: str, values: tuple[float, float], most: float) -> None:
    """Raise ValueError unless the first and last value of a schedule lie within 0..`most`, and are not 0."""
    if len(values) != 2 or not all(0 < value <= most for value in values):
        raise ValueError(f"{name}={values}; two numbers in 0..{most:g} are wanted, and not 0")


def begin(
    training_sequence: npt.ArrayLike, size: int, start: Start, epochs: int, seed: int, threads: int | None
) -> tuple[FloatArray, FloatArray]:
    """Return the training sequence, checked, and the codewords that a learner starts from.

    Raises:
        ValueError, LimitError: an argument is not as `design` describes it.
    """
    data = checked_training_sequence(training_sequence, size)
    if epochs < 1:
        raise ValueError(f"epochs={epochs}; at least 1 is wanted")
    return data, initial_codewords(start, data, size, seed, threads)


def learn(
    learner: OnlineDesign,
    data: FloatArray,
    *,
    epochs: int,
    seed: int,
    threads: int | None,
    progress: Progress | None,
) -> DesignResult:
    """Teach a learner the training sequence `epochs` times, each time in another random order.

    Returns:
        The codebook after the last epoch. The history has the distortion after each.
    """
    begun = time.perf_counter()
    generator = np.random.default_rng((seed, 1))
    history: list[Iteration] = []
    hint = None
    for epoch in range(1, epochs + 1):
        order = generator.permutation(len(data))
        for first in range(0, len(order), _PIECE):
            learner.partial_fit(data[order[first : first + _PIECE]])
        if epoch == epochs:
            learner.finish()
        codewords = learner.codewords
        cells = partition(data, SearchIndex(codewords), hint, threads)
        hint = cells.indices
        history.append(Iteration(len(codewords), epoch, cells.distortion, 0.0, cells.distortion))
        if progress is not None:
            progress(history[-1])
    seconds = time.perf_counter() - begun
    return DesignResult(codewords, cells.counts, cells.indices, cells.distortion, tuple(history), seconds)
