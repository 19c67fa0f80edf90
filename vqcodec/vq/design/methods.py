"""Codebook design by any of the training methods.

    >>> import numpy as np
    >>> from vqcodec import FlatQuantizer, design_codebook
    >>> vectors = np.random.default_rng(0).laplace(size=(5000, 2))
    >>> plain = design_codebook(vectors, 16)
    >>> plain.codewords.shape, plain.usage
    ((16, 2), 1.0)
    >>> constrained = design_codebook(vectors, 16, method="ecvq", lambda_=0.5)
    >>> constrained.rate_bits < plain.rate_bits, constrained.distortion > plain.distortion
    (True, True)
    >>> quantizer = FlatQuantizer(constrained.codewords, constrained.code_lengths)
    >>> indices = quantizer.encode(vectors, lambda_=0.5)

**How to add a training method**:

1. Write a module in this folder with a function (training_sequence, size, *, start, seed, threads, progress, and
   keywords of its own) that returns a `DesignResult`. It checks its input with `starts.checked_training_sequence`.
2. Use `cells.partition` to assign the vectors to codewords. Its sums are over fixed shards, so the result does not
   depend on the number of threads. Take random numbers from `np.random.default_rng(seed)` alone.
3. Call `progress` with each `Iteration`, and keep them for the result's `history`.
4. Add the function to `METHODS` below. `tests/unit/test_design.py` then checks what holds for all methods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from vqcodec.vq.design.annealing import deterministic_annealing
from vqcodec.vq.design.competitive import competitive, mini_batch
from vqcodec.vq.design.ecvq import ecvq
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.design.measure import Measure
from vqcodec.vq.design.neural_gas import neural_gas
from vqcodec.vq.design.pnn import pnn
from vqcodec.vq.design.relaxation import stochastic_relaxation
from vqcodec.vq.design.result import DesignResult, Progress
from vqcodec.vq.design.som import self_organizing_map

METHODS: dict[str, Callable[..., DesignResult]] = {
    "annealing": deterministic_annealing,
    "competitive": competitive,
    "ecvq": ecvq,
    "lbg": lbg,
    "mini-batch": mini_batch,
    "neural-gas": neural_gas,
    "pnn": pnn,
    "relaxation": stochastic_relaxation,
    "som": self_organizing_map,
}
"""The training methods by name."""


def design(
    vectors: npt.ArrayLike,
    size: int,
    *,
    method: str = "lbg",
    weights: npt.ArrayLike | None = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> DesignResult:
    """Design a codebook of `size` codewords on the training sequence `vectors`.

    Args:
        vectors: (n, dimension) with n >= size, converted to float32; finite and within +-1e15.
        size: number of codewords, 1..65,536. `ecvq` drops those that no vector chooses, so it may return fewer.
        method: one of `METHODS`:

            - `lbg`: Lloyd iterations, with splitting or from k-means++, from random vectors, from `pnn`;
            - `ecvq`: the least distortion + lambda * rate;
            - `pnn`: pairs of vectors merged until `size` are left;
            - `mini-batch`: k-means a batch at a time, with moving averages if asked for;
            - `competitive`: the nearest codeword moves towards each vector;
            - `som`: so do its neighbours on a lattice, and neighbouring indices become alike;
            - `neural-gas`: all codewords move, by their rank;
            - `relaxation`: Lloyd iterations whose codewords are shaken, less and less;
            - `annealing`: soft cells at a falling temperature; slow, and nearly independent of chance.
        weights: what the squared error is weighted with; `distortion` and `lambda_` are in this measure. None: nothing.
            (dimension,), above 0: the weight of each component. (dimension, dimension), symmetric and positive
            definite: the error is (x - y)' W (x - y); with the inverse covariance as W, the Mahalanobis distance.
        seed: of all that is random; the same seed gives the same codewords.
        threads: how many threads to use; None: as many as there are CPUs. The result does not depend on it.
        progress: called with each `Iteration`.
        options: keywords of the method, see its function. `ecvq` needs `lambda_`, the squared error that one bit is
            worth.

    Returns:
        The codewords and counts, with distortion, history, usage, perplexity and time.

    Raises:
        ValueError: there is no such method, or an argument is not as described.
        TypeError: the method has no such option, or needs one that is missing.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """
    if method not in METHODS:
        raise ValueError(f"there is no training method {method!r}; choose one of {', '.join(METHODS)}")
    if weights is None:
        return METHODS[method](vectors, size, seed=seed, threads=threads, progress=progress, **options)
    measure = Measure(weights)
    if "start" in options and not isinstance(options["start"], str):
        options["start"] = measure.to_plain(options["start"])
    found = METHODS[method](measure.to_plain(vectors), size, seed=seed, threads=threads, progress=progress, **options)
    return replace(found, codewords=measure.from_plain(found.codewords))
