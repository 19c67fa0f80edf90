"""Competitive learning: the nearest codeword moves towards each vector; and its form in batches.

Sources: MacQueen 1967, "Some methods for classification and analysis of multivariate observations" (rate 1 / n);
Ahalt, Krishnamurthy, Chen and Melton 1990, "Competitive learning algorithms for vector quantization" (winners pay for
their frequency); Sculley 2010, "Web-scale k-means clustering" (batches); van den Oord, Vinyals and Kavukcuoglu 2017,
"Neural discrete representation learning", appendix A.1 (moving averages).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel
from vqcodec.vq.design.cells import partition
from vqcodec.vq.design.online import AnnealedDesign, OnlineDesign, at_share, begin, errors_to_columns, learn
from vqcodec.vq.design.result import DesignResult, Progress
from vqcodec.vq.design.starts import FloatArray, Start
from vqcodec.vq.search import SearchIndex


class CompetitiveLearning(AnnealedDesign):
    """The nearest codeword moves towards each vector, by a rate that falls.

    Args:
        codewords, horizon, rate: as for `AnnealedDesign`. Without a rate it is 1 / n for the n-th vector of a codeword,
            which makes the codeword the mean of its vectors (MacQueen).
        frequency_sensitive: multiply the error to each codeword by the number of vectors it has won, so that no
            codeword is left without any (Ahalt et al.). The codewords are then used more equally, at some distortion.

    Raises:
        ValueError, LimitError: an argument is not as described.
    """

    def __init__(
        self,
        codewords: npt.ArrayLike,
        *,
        horizon: int,
        rate: tuple[float, float] | None = (0.5, 0.005),
        frequency_sensitive: bool = False,
    ) -> None:
        super().__init__(codewords, horizon=horizon, rate=rate or (1.0, 1.0))
        self._rate = rate or (0.0, 0.0)
        self._frequency_sensitive = frequency_sensitive

    def _learn(self, vectors: FloatArray) -> None:
        shares = (self.seen, self.horizon)
        _compete(vectors, self._columns, self.counts, shares, self._rate, self._frequency_sensitive)


@allocating_kernel
def _compete(vectors, columns, counts, shares, rate, frequency_sensitive):
    """Move the nearest column towards each vector.

    Args:
        vectors: float32 (n, dimension).
        columns: float32 (dimension, size), changed.
        counts: int64 (size,), vectors won by each; raised.
        shares: (vectors seen before, horizon).
        rate: first and last rate; (0, 0) for 1 / n.
        frequency_sensitive: whether errors count the more, the more vectors a column has won.
    """
    dimension, size = columns.shape
    errors = np.empty(size, np.float32)
    for i in range(vectors.shape[0]):
        errors_to_columns(vectors[i], columns, errors)
        if frequency_sensitive:
            for k in range(size):
                errors[k] *= np.float32(counts[k] + 1)
        best = errors.argmin()
        counts[best] += 1
        if rate[0] > 0:
            step = np.float32(at_share(rate[0], rate[1], (shares[0] + i) / shares[1]))
        else:
            step = np.float32(1 / counts[best])
        for d in range(dimension):
            columns[d, best] += step * (vectors[i, d] - columns[d, best])


def competitive(
    training_sequence: npt.ArrayLike,
    size: int,
    *,
    start: Start = "random",
    epochs: int = 5,
    rate: tuple[float, float] | None = (0.5, 0.005),
    frequency_sensitive: bool = False,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> DesignResult:
    """Design `size` codewords by competitive learning, `epochs` times over the training sequence in random order.

    Arguments and errors are those of `design`, `CompetitiveLearning` and `lbg` (`start`).
    """
    data, codewords = begin(training_sequence, size, start, epochs, seed, threads)
    learner = CompetitiveLearning(
        codewords, horizon=epochs * len(data), rate=rate, frequency_sensitive=frequency_sensitive
    )
    return learn(learner, data, epochs=epochs, seed=seed, threads=threads, progress=progress)


class MiniBatch(OnlineDesign):
    """Vectors are assigned a batch at a time; then each codeword moves towards the mean of its vectors.

    Args:
        codewords: as for `OnlineDesign`.
        batch: vectors of a batch, >= 1. Vectors that do not fill one wait for more, or for `finish`.
        decay: None: a codeword is the mean of all its vectors, old and new (Sculley). 0..1: it is a moving average, in
            which what was seen before counts this much after each batch (van den Oord et al.).
        restart: with a `decay`: a codeword whose moving count falls below this many vectors a batch is dead, and is put
            on a random vector of the batch; 0 for never.
        seed: of the vectors that dead codewords are put on.

    Attributes:
        restarts: how many codewords were put elsewhere so far.

    Raises:
        ValueError, LimitError: an argument is not as described.
    """

    def __init__(
        self,
        codewords: npt.ArrayLike,
        *,
        batch: int = 4096,
        decay: float | None = None,
        restart: float = 0.0,
        seed: int = 0,
        threads: int | None = None,
    ) -> None:
        super().__init__(codewords)
        if batch < 1:
            raise ValueError(f"batch={batch}; at least 1 vector is wanted")
        if decay is not None and not 0 <= decay < 1:
            raise ValueError(f"decay={decay}; a number in 0..1 is wanted, and not 1")
        if not restart >= 0 or (restart and decay is None):
            raise ValueError(f"restart={restart}; a number of vectors, 0 or more, is wanted, and a decay with it")
        self.restarts = 0
        self._batch = batch
        self._decay = decay
        self._restart = restart
        self._generator = np.random.default_rng((seed, 2))
        self._threads = threads
        self._waiting: list[FloatArray] = []
        size = len(self.counts)
        self._weights = np.full(size, 0.0 if decay is None else batch / size)
        self._means = self._columns.T.astype(np.float64)

    def _learn(self, vectors: FloatArray) -> None:
        waiting = np.concatenate([*self._waiting, vectors])
        whole = len(waiting) - len(waiting) % self._batch
        for first in range(0, whole, self._batch):
            self._learn_batch(waiting[first : first + self._batch])
        self._waiting = [waiting[whole:].copy()] if whole < len(waiting) else []

    def finish(self) -> None:
        """Learn the vectors that still wait for a full batch."""
        if self._waiting:
            self._learn_batch(np.concatenate(self._waiting))
            self._waiting = []

    def _learn_batch(self, vectors: FloatArray) -> None:
        cells = partition(vectors, SearchIndex(self._means.astype(np.float32)), None, self._threads)
        self.counts += cells.counts
        kept = self._weights if self._decay is None else self._decay * self._weights
        fresh = cells.counts.astype(np.float64)
        if self._decay is not None:
            fresh *= 1 - self._decay
        weights = kept + fresh
        moved = (weights > 0) & (fresh > 0)
        steps = np.divide(fresh, weights, out=np.zeros_like(weights), where=moved)
        self._means += steps[:, np.newaxis] * (cells.centroids(empty=self._means) - self._means)
        self._weights = weights
        if self._restart:
            self._revive(vectors)
        self._columns = np.ascontiguousarray(self._means.T, dtype=np.float32)

    def _revive(self, vectors: FloatArray) -> None:
        """Put dead codewords on random vectors, with the count of one that is used as often as the mean."""
        dead = np.flatnonzero(self._weights < self._restart)
        if dead.size:
            self._means[dead] = vectors[self._generator.integers(len(vectors), size=dead.size)]
            self._weights[dead] = max(self._restart, float(self._weights.mean()))
            self.restarts += int(dead.size)


def mini_batch(
    training_sequence: npt.ArrayLike,
    size: int,
    *,
    start: Start = "k-means++",
    epochs: int = 5,
    batch: int = 4096,
    decay: float | None = None,
    restart: float = 0.0,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> DesignResult:
    """Design `size` codewords by mini-batch k-means, `epochs` times over the training sequence in random order.

    Arguments and errors are those of `design`, `MiniBatch` and `lbg` (`start`).
    """
    data, codewords = begin(training_sequence, size, start, epochs, seed, threads)
    learner = MiniBatch(
        codewords, batch=min(batch, len(data)), decay=decay, restart=restart, seed=seed, threads=threads
    )
    return learn(learner, data, epochs=epochs, seed=seed, threads=threads, progress=progress)
