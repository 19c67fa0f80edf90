"""Rates of histograms in bits: what an ideal code needs, and what given Huffman codes need."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def entropy_bits(counts: npt.ArrayLike) -> float:
    """Return the empirical entropy of `counts` times the number of symbols, in bits.

    Args:
        counts: non-negative, shape (symbols,) or (contexts, symbols). Each row has a distribution of its own, so this
            is the least that codes of single symbols, chosen by context, can spend.
    """
    histogram = np.atleast_2d(np.asarray(counts, dtype=np.float64))
    totals = np.broadcast_to(histogram.sum(axis=1, keepdims=True), histogram.shape)
    seen = histogram > 0
    return float(np.sum(histogram[seen] * np.log2(totals[seen] / histogram[seen])))


def huffman_bits(counts: npt.ArrayLike, lengths: npt.ArrayLike) -> int:
    """Return the bits that codes of `lengths` spend on `counts`, integer arrays of one shape.

    Raises:
        ValueError: the shapes differ, or a symbol that occurs has no code (length 0).
    """
    histogram = np.asarray(counts, dtype=np.int64)
    code_lengths = np.asarray(lengths, dtype=np.int64)
    if histogram.shape != code_lengths.shape:
        raise ValueError(f"counts of shape {histogram.shape} do not fit lengths of shape {code_lengths.shape}")
    if np.any((histogram > 0) & (code_lengths == 0)):
        raise ValueError("a symbol that occurs has no code; make the codes with smoothing")
    return int(np.sum(histogram * code_lengths))
