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
from typing import Any

import numpy.typing as npt

from vqcodec.vq.design.ecvq import ecvq
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.design.result import DesignResult, Progress

METHODS: dict[str, Callable[..., DesignResult]] = {"ecvq": ecvq, "lbg": lbg}
"""The training methods by name."""


def design(
    vectors: npt.ArrayLike,
    size: int,
    *,
    method: str = "lbg",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> DesignResult:
    """Design a codebook of `size` codewords on the training sequence `vectors`.

    Args:
        vectors: (n, dimension) with n >= size, converted to float32; finite and within +-1e15.
        size: number of codewords, 1..65,536. `ecvq` drops those that no vector chooses, so it may return fewer.
        method: `lbg` (least distortion) or `ecvq` (least distortion + lambda * rate).
        seed: of all that is random; the same seed gives the same codewords.
        threads: how many threads to use; None: as many as there are CPUs. The result does not depend on it.
        progress: called with each `Iteration`.
        options: keywords of the method, see `vqcodec.vq.design.lbg.lbg` and `vqcodec.vq.design.ecvq.ecvq`. `ecvq` needs
            `lambda_`, the squared error that one bit is worth.

    Returns:
        The codewords and counts, with distortion, history, usage, perplexity and time.

    Raises:
        ValueError: there is no such method, or an argument is not as described.
        TypeError: the method has no such option, or needs one that is missing.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """
    if method not in METHODS:
        raise ValueError(f"there is no training method {method!r}; choose one of {', '.join(METHODS)}")
    return METHODS[method](vectors, size, seed=seed, threads=threads, progress=progress, **options)
