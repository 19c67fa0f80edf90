"""Entropy-constrained codebook design: the least distortion plus lambda times rate.

Source: Chou, Lookabaugh and Gray 1989, "Entropy-constrained vector quantization".
"""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

from vqcodec.vq.design.cells import DoubleArray, Partition, partition
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.design.result import DesignResult, Iteration, Progress, ideal_lengths
from vqcodec.vq.design.starts import FloatArray, Start, check_stopping_rule, checked_training_sequence
from vqcodec.vq.search import SearchIndex


def ecvq(
    training_sequence: npt.ArrayLike,
    size: int,
    lambda_: float,
    *,
    start: Start = "k-means++",
    start_counts: npt.ArrayLike | None = None,
    threshold: float = 1e-3,
    max_iterations: int = 100,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> DesignResult:
    """Design at most `size` codewords that minimise distortion + `lambda_` * rate on a training sequence.

    Args:
        training_sequence: (n, dimension) with n >= size, converted to float32; finite and within +-1e15.
        size: number of codewords to begin with, 1..65,536.
        lambda_: squared error (of a whole vector) that one bit is worth, >= 0; 0 gives the codebook of LBG.
        start: the initial codewords, (size, dimension), or how `lbg` makes them. To walk along the rate-distortion
            curve, pass the codewords and counts of the result at the next smaller lambda.
        start_counts: (size,), >= 1, relative counts that give the first code lengths; only together with initial
            codewords. None: the counts of their cells.
        threshold: iterations end when distortion + lambda rate falls by less than this fraction of itself.
        max_iterations: the most iterations, >= 1.
        seed, threads, progress: as for `lbg`.

    Returns:
        The codebook, its codewords in the order of decreasing counts; `code_lengths` is the entropy code that belongs
        to it. A codeword that no vector chooses has no code and is dropped, so there may be fewer than `size`. The
        history has the iterations at `lambda_`.

    Raises:
        ValueError: an argument is not as described.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """
    begin = time.perf_counter()
    data = checked_training_sequence(training_sequence, size)
    if not 0 <= lambda_ <= 1e12:
        raise ValueError(f"lambda_={lambda_}; a number in 0..1e12 is wanted")
    check_stopping_rule(threshold, max_iterations)
    codewords, counts = _begin(data, size, start, start_counts, seed, threads)
    history: list[Iteration] = []
    hint = None
    for iteration in range(1, max_iterations + 1):
        lengths = ideal_lengths(counts)
        cells = partition(data, SearchIndex(codewords, lambda_ * lengths), hint, threads)
        rate_bits = float(cells.counts @ lengths / len(data))
        cost = cells.distortion + lambda_ * rate_bits
        history.append(Iteration(len(codewords), iteration, cells.distortion, rate_bits, cost))
        if progress is not None:
            progress(history[-1])
        settled = iteration > 1 and history[-2].cost - cost <= threshold * cost
        if settled or iteration == max_iterations:
            break
        used = cells.counts > 0
        codewords = cells.centroids(empty=codewords)[used].astype(np.float32)
        counts = cells.counts[used].astype(np.float64)
        hint = (np.cumsum(used, dtype=np.int32) - 1)[cells.indices]
    return _finish(codewords, cells, history, begin)


def _begin(
    data: FloatArray,
    size: int,
    start: Start,
    start_counts: npt.ArrayLike | None,
    seed: int,
    threads: int | None,
) -> tuple[FloatArray, DoubleArray]:
    """Initial codewords and the counts that give their first code lengths."""
    if start_counts is None:
        first = lbg(data, size, start=start, seed=seed, threads=threads, max_iterations=10)
        used = first.counts > 0
        return first.codewords[used], first.counts[used].astype(np.float64)
    counts = np.asarray(start_counts, dtype=np.float64)
    if isinstance(start, str) or np.shape(start) != (size, data.shape[1]) or counts.shape != (size,):
        raise ValueError(f"start_counts need start as codewords, ({size}, {data.shape[1]}), and as many counts")
    if not np.all((counts >= 1) & np.isfinite(counts)):
        raise ValueError("start_counts must be finite and at least 1")
    return np.ascontiguousarray(start, dtype=np.float32), counts


def _finish(codewords: FloatArray, cells: Partition, history: list[Iteration], begin: float) -> DesignResult:
    order = np.argsort(-cells.counts, kind="stable")[: np.count_nonzero(cells.counts)]
    rank = np.zeros(len(codewords), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    found = codewords[order], cells.counts[order], rank[cells.indices], cells.distortion
    return DesignResult(*found, tuple(history), time.perf_counter() - begin)
