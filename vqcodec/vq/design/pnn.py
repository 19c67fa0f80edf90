"""Codebook design by pairwise nearest neighbour: from every vector being a codeword, by merging, to `size` of them."""

from __future__ import annotations

import time

import numpy.typing as npt

from vqcodec.vq.design.cells import partition
from vqcodec.vq.design.merging import merged_codewords
from vqcodec.vq.design.result import DesignResult, Iteration, Progress
from vqcodec.vq.design.starts import checked_training_sequence, drawn_sample
from vqcodec.vq.search import SearchIndex


def pnn(
    training_sequence: npt.ArrayLike,
    size: int,
    *,
    sample: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> DesignResult:
    """Design `size` codewords by merging the vectors of a sample, the cheapest pair first (Equitz 1989).

    Lloyd iterations lower the distortion further: `lbg(..., start="pnn")`.

    Args:
        sample: number of vectors to merge, drawn by `seed`; at least `size`. None: 8 for each codeword, at least 8,192.
            The time grows with its square: 16,384 vectors of 16 dimensions take about 20 seconds.

    The other arguments and errors are those of `design`. The history has one entry, with the distortion of the whole
    training sequence.
    """
    begin = time.perf_counter()
    data = checked_training_sequence(training_sequence, size)
    if sample is not None and sample < size:
        raise ValueError(f"sample={sample} vectors; at least size={size} are wanted")
    codewords, _ = merged_codewords(drawn_sample(data, size, seed, sample), size, threads)
    cells = partition(data, SearchIndex(codewords), None, threads)
    history = Iteration(size, 1, cells.distortion, 0.0, cells.distortion)
    if progress is not None:
        progress(history)
    seconds = time.perf_counter() - begin
    return DesignResult(codewords, cells.counts, cells.indices, cells.distortion, (history,), seconds)
