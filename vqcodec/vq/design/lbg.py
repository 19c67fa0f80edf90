"""Codebook design by the generalized Lloyd algorithm with splitting.

Source: Linde, Buzo and Gray 1980, "An algorithm for vector quantizer design".
"""

from __future__ import annotations

import time
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vqcodec.vq.design.cells import Cells, DoubleArray, Partition, partition, principal_spread
from vqcodec.vq.design.result import DesignResult, Iteration, Progress
from vqcodec.vq.design.starts import (
    FloatArray,
    Start,
    check_stopping_rule,
    checked_training_sequence,
    initial_codewords,
)
from vqcodec.vq.search import SearchIndex


def lbg(
    training_sequence: npt.ArrayLike,
    size: int,
    *,
    start: Start = "split",
    threshold: float = 1e-3,
    perturbation: float = 0.1,
    max_iterations: int = 100,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
    divided: Divided | None = None,
) -> DesignResult:
    """Design `size` codewords that minimise the squared error of a training sequence.

    Args:
        training_sequence: (n, dimension) with n >= size, converted to float32; finite and within +-1e15.
        size: number of codewords, 1..65,536; need not be a power of two.
        start: how to begin:

            - "split": with the centroid of all vectors. The codebook is doubled again and again, with iterations at
              each size. Where fewer than all cells have to be split, those of greatest distortion are.
            - "k-means++": with codewords drawn from a sample, and iterations at the final size only. This is faster,
              and ends a little lower for large codebooks.
            - "random": with vectors of the sequence, each as likely as the others.
            - "pnn": with the codewords that `pnn` makes of a sample.
            - the initial codewords, (size, dimension).
        threshold: iterations at one size end when the distortion falls by less than this fraction of itself.
        perturbation: distance of the halves of a split codeword from their centroid, in standard deviations of the
            cell along its widest direction.
        max_iterations: the most iterations at one size, >= 1.
        seed: of the random sample that "k-means++" draws. Splitting is not random.
        threads: how many threads to use; None: as many as there are CPUs. The result does not depend on it.
        progress: called with each `Iteration`.
        divided: divides `training_sequence` among codewords elsewhere; None: on threads of this process.

    Returns:
        The codebook. A cell is empty only if the sequence has fewer distinct vectors than codewords.

    Raises:
        ValueError: an argument is not as described.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """
    begin = time.perf_counter()
    data = checked_training_sequence(training_sequence, size)
    check_stopping_rule(threshold, max_iterations)
    if not 0 < perturbation <= 2:
        raise ValueError(f"perturbation={perturbation}; 0..2 standard deviations are wanted, and not 0")
    divided = divided or _Here(data, threads)
    lloyd = _Lloyd(divided, threshold, perturbation, max_iterations, progress)
    if isinstance(start, str) and start == "split":
        codewords, cells = lloyd.grow(data.mean(axis=0, dtype=np.float64, keepdims=True), size)
    else:
        codewords, cells = lloyd.refine(initial_codewords(start, data, size, seed, threads))
    seconds = time.perf_counter() - begin
    return DesignResult(codewords, cells.counts, divided.indices(), cells.distortion, tuple(lloyd.history), seconds)


class Divided(Protocol):
    """A training sequence that can be divided among codewords."""

    def partition(self, index: SearchIndex) -> Cells:
        """Assign each vector to its nearest codeword."""

    def indices(self) -> npt.NDArray[np.int32]:
        """Return the cell of each vector in the last partition, int32 (n,)."""

    def principal_spread(self, cells: Cells, centroids: DoubleArray) -> DoubleArray:
        """Return the widest direction of each cell of the last partition; see `cells.principal_spread`."""


class _Here:
    """A training sequence in this process."""

    def __init__(self, data: FloatArray, threads: int | None) -> None:
        self._data = data
        self._threads = threads
        self._last: Partition | None = None

    def partition(self, index: SearchIndex) -> Partition:
        hint = None if self._last is None else self._last.indices
        self._last = partition(self._data, index, hint, self._threads)
        return self._last

    def indices(self) -> npt.NDArray[np.int32]:
        assert self._last is not None
        return self._last.indices

    def principal_spread(self, cells: Cells, centroids: DoubleArray) -> DoubleArray:
        assert cells is self._last
        return principal_spread(self._data, self._last, centroids, self._threads)


class _Lloyd:
    """Lloyd iterations on one training sequence, with their options and history."""

    def __init__(
        self,
        divided: Divided,
        threshold: float,
        perturbation: float,
        max_iterations: int,
        progress: Progress | None,
    ) -> None:
        self.divided = divided
        self.threshold = threshold
        self.perturbation = perturbation
        self.max_iterations = max_iterations
        self.progress = progress
        self.history: list[Iteration] = []

    def grow(self, mean: DoubleArray, size: int) -> tuple[FloatArray, Cells]:
        """Double a codebook from the mean of the sequence to `size` codewords, with iterations at each size."""
        codewords, cells = self.refine(mean.astype(np.float32))
        while len(codewords) < size:
            split = self._split(codewords, cells, min(2 * len(codewords), size))
            codewords, cells = self.refine(split)
        return codewords, cells

    def refine(self, codewords: FloatArray) -> tuple[FloatArray, Cells]:
        """Move codewords to the centroids of their cells until the distortion settles."""
        previous = np.inf
        for iteration in range(1, self.max_iterations + 1):
            cells = self.divided.partition(SearchIndex(codewords))
            self._record(Iteration(len(codewords), iteration, cells.distortion, 0.0, cells.distortion))
            settled = previous - cells.distortion <= self.threshold * cells.distortion
            empty = np.flatnonzero(cells.counts == 0)
            if (settled and (not empty.size or not cells.distortion)) or iteration == self.max_iterations:
                break
            centroids = cells.centroids(empty=codewords)
            if empty.size and cells.distortion:
                self._refill(centroids, cells, empty)
            codewords = centroids.astype(np.float32)
            previous = cells.distortion
        return codewords, cells

    def _record(self, entry: Iteration) -> None:
        self.history.append(entry)
        if self.progress is not None:
            self.progress(entry)

    def _split(self, codewords: FloatArray, cells: Cells, size: int) -> FloatArray:
        """Split the `size - len(codewords)` cells of greatest distortion; the second halves come last."""
        centroids = cells.centroids(empty=codewords)
        offsets = self.perturbation * self.divided.principal_spread(cells, centroids)
        widest = np.sort(np.argsort(-cells.distortions, kind="stable")[: size - len(codewords)])
        second_halves = centroids[widest] - offsets[widest]
        centroids[widest] += offsets[widest]
        return np.concatenate([centroids, second_halves]).astype(np.float32)

    def _refill(self, centroids: DoubleArray, cells: Cells, empty: npt.NDArray[np.intp]) -> None:
        """Put the codeword of each empty cell beside the centroid of the cell of greatest distortion.

        That centroid stays where it is, so the distortion cannot rise. A cell may be split several times: each time it
        counts for half its distortion, and the next codeword goes to the other side or farther out.
        """
        spread = self.divided.principal_spread(cells, centroids)
        distortions = cells.distortions.copy()
        times = np.zeros(len(centroids), np.int64)
        for k in empty:
            widest = int(distortions.argmax())
            times[widest] += 1
            side = (times[widest] + 1) // 2 * (1 if times[widest] % 2 else -1)
            centroids[k] = centroids[widest] + side * spread[widest]
            distortions[widest] /= 2
