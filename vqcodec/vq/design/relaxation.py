"""Stochastic relaxation: Lloyd iterations whose codewords are shaken, less and less.

Source: Zeger, Vaisey and Gersho 1992, "Globally optimal vector quantizer design by stochastic relaxation" (SR-C).
"""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

from vqcodec.vq.design.cells import partition
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.design.result import DesignResult, Iteration, Progress
from vqcodec.vq.design.starts import Start, checked_training_sequence, initial_codewords
from vqcodec.vq.search import SearchIndex


def stochastic_relaxation(
    training_sequence: npt.ArrayLike,
    size: int,
    *,
    start: Start = "k-means++",
    iterations: int = 60,
    temperature: float = 1.0,
    threshold: float = 1e-4,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> DesignResult:
    """Design `size` codewords by stochastic relaxation, which is simulated annealing of the codewords.

    After each Lloyd iteration m, every codeword moves by Gaussian noise whose variance in each dimension is
    `temperature` * (1 - m / iterations)^3 times the mean squared error of that dimension. So the codewords can leave a
    poor local minimum. Lloyd iterations without noise end the design.

    Args:
        start: as for `lbg`, but "split".
        iterations: how many are noisy, >= 1.
        temperature: variance of the noise at first, relative to the quantizer's error; 0 or more. At 0 this is `lbg`.
        threshold: as for `lbg`, of the iterations at the end.

    The other arguments and errors are those of `design`. In the history the distortion of noisy iterations can rise.
    """
    begin = time.perf_counter()
    data = checked_training_sequence(training_sequence, size)
    if iterations < 1:
        raise ValueError(f"iterations={iterations}; at least 1 is wanted")
    if not 0 <= temperature <= 1e6:
        raise ValueError(f"temperature={temperature}; a number in 0..1e6 is wanted")
    generator = np.random.default_rng((seed, 1))
    codewords = initial_codewords(start, data, size, seed, threads)
    history: list[Iteration] = []

    def record(entry: Iteration) -> None:
        history.append(entry)
        if progress is not None:
            progress(entry)

    hint = None
    for number in range(1, iterations + 1):
        cells = partition(data, SearchIndex(codewords), hint, threads)
        hint = cells.indices
        record(Iteration(size, number, cells.distortion, 0.0, cells.distortion))
        deviation = np.sqrt(temperature * (1 - number / iterations) ** 3 * cells.distortion / data.shape[1])
        noise = generator.normal(scale=deviation, size=codewords.shape)
        codewords = (cells.centroids(empty=codewords) + noise).astype(np.float32)
    settled = lbg(data, size, start=codewords, threshold=threshold, threads=threads, progress=record)
    seconds = time.perf_counter() - begin
    return DesignResult(settled.codewords, settled.counts, settled.indices, settled.distortion, tuple(history), seconds)
