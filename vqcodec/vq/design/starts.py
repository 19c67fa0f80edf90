"""What codebook design begins with: a checked training sequence, and codewords to start from."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from vqcodec import limits
from vqcodec.errors import LimitError
from vqcodec.kernels.jit import allocating_kernel, kernel
from vqcodec.vq.design.merging import merged_codewords
from vqcodec.vq.search import MAX_MAGNITUDE

FloatArray = npt.NDArray[np.float32]

Start = Literal["split", "k-means++", "random", "pnn"] | npt.ArrayLike
"""How a design begins: a name, see `lbg`, or the initial codewords."""

_SAMPLE_VECTORS = 65_536
_SAMPLES_PER_CODEWORD = 32
_LEAST_MERGED, _MERGED_PER_CODEWORD = 8_192, 8


@allocating_kernel
def _lower_distances(columns, centre, distances):
    """distances[i] = min(distances[i], squared error of column i and `centre`), lanes along the sample."""
    dimension, count = columns.shape
    errors = np.zeros(count, np.float32)
    for d in range(dimension):
        for i in range(count):
            difference = columns[d, i] - centre[d]
            errors[i] += difference * difference
    for i in range(count):
        if errors[i] < distances[i]:
            distances[i] = errors[i]


@kernel
def _draw(distances, uniform):
    """The index that a number `uniform` in 0..1 selects, with probabilities proportional to `distances`; -1: all 0."""
    total = 0.0
    for i in range(distances.shape[0]):
        total += np.float64(distances[i])
    remaining = uniform * total
    last = -1
    for i in range(distances.shape[0]):
        if distances[i] > 0:
            last = i
            remaining -= np.float64(distances[i])
            if remaining < 0:
                break
    return last


def checked_training_sequence(training_sequence: npt.ArrayLike, size: int) -> FloatArray:
    """`training_sequence` as a C-ordered float32 array (n, dimension), fit to train `size` codewords.

    Raises:
        ValueError: not two axes, fewer vectors than codewords, or values that are not finite or beyond +-1e15.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """
    data = np.ascontiguousarray(training_sequence, dtype=np.float32)
    if data.ndim != 2 or data.shape[1] < 1:
        raise ValueError(f"training sequence has shape {data.shape}; (n_vectors, dimension) is wanted")
    if size < 1:
        raise ValueError(f"size={size} codewords; at least 1 is wanted")
    if size > limits.MAX_CODEWORDS:
        raise LimitError(f"{size} codewords; at most {limits.MAX_CODEWORDS} are allowed")
    if data.shape[1] > limits.MAX_VECTOR_DIMENSION:
        raise LimitError(f"{data.shape[1]} dimensions; at most {limits.MAX_VECTOR_DIMENSION} are allowed")
    if len(data) < size:
        raise ValueError(
            f"n_vectors={len(data)} should be >= size={size}: give more vectors or ask for fewer codewords"
        )
    if not max(abs(float(data.min())), abs(float(data.max()))) <= MAX_MAGNITUDE:  # false for NaN, too
        raise ValueError(
            f"training sequence has values that are not finite, or exceed {MAX_MAGNITUDE:.0e} in magnitude"
        )
    return data


def check_stopping_rule(threshold: float, max_iterations: int) -> None:
    """Raise ValueError unless `threshold` is a fraction in 0..1 and `max_iterations` at least 1."""
    if not 0 <= threshold < 1:
        raise ValueError(f"threshold={threshold}; a fraction in 0..1 is wanted")
    if max_iterations < 1:
        raise ValueError(f"max_iterations={max_iterations}; at least 1 is wanted")


def initial_codewords(start: Start, data: FloatArray, size: int, seed: int, threads: int | None) -> FloatArray:
    """The codewords that a design begins with, float32 (size, dimension).

    Args:
        start: as for `lbg`, but "split".
        data: (n, dimension) with n >= size, checked.

    Raises:
        ValueError: there is no such start, or the initial codewords have another shape.
    """
    if isinstance(start, str):
        if start == "k-means++":
            return kmeans_plus_plus(data, size, seed)
        if start == "random":
            return data[np.random.default_rng(seed).choice(len(data), size, replace=False)]
        if start == "pnn":
            return merged_codewords(drawn_sample(data, size, seed), size, threads)[0]
        raise ValueError(f'start={start!r}; "k-means++", "random", "pnn" or an array of codewords is wanted')
    codewords = np.ascontiguousarray(start, dtype=np.float32)
    if codewords.shape != (size, data.shape[1]):
        raise ValueError(f"start has shape {codewords.shape}; ({size}, {data.shape[1]}) is wanted")
    return codewords


def drawn_sample(data: FloatArray, size: int, seed: int, count: int | None = None) -> FloatArray:
    """`count` vectors of `data` to merge `size` codewords from, or all if there are not so many.

    None: 8 for each codeword, at least 8,192.
    """
    count = min(len(data), count or max(_LEAST_MERGED, _MERGED_PER_CODEWORD * size))
    return data[np.sort(np.random.default_rng(seed).choice(len(data), count, replace=False))]


def kmeans_plus_plus(training_sequence: FloatArray, size: int, seed: int) -> FloatArray:
    """Draw `size` vectors far from one another, each with probability proportional to its squared error so far.

    They come from a random sample of the training sequence: 65,536 vectors, or 32 for each codeword if that is more.
    This costs little in distortion and keeps the time at O(sample * size * dimension).

    Returns:
        float32 (size, dimension), copies of vectors of the sequence. Vectors repeat only if the sample has fewer
        distinct ones than `size`.

    Source: Arthur and Vassilvitskii 2007, "k-means++: the advantages of careful seeding".
    """
    generator = np.random.default_rng(seed)
    count = min(len(training_sequence), max(_SAMPLE_VECTORS, _SAMPLES_PER_CODEWORD * size))
    rows = np.sort(generator.choice(len(training_sequence), count, replace=False))
    columns = np.ascontiguousarray(training_sequence[rows].T)
    distances = np.full(count, np.inf, np.float32)
    codewords = np.empty((size, columns.shape[0]), np.float32)
    chosen = int(generator.integers(count))
    for k in range(size):
        codewords[k] = columns[:, chosen]
        _lower_distances(columns, codewords[k], distances)
        drawn = _draw(distances, generator.random())
        chosen = drawn if drawn >= 0 else int(generator.integers(count))
    return codewords
