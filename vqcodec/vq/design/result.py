"""What a training method returns, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.rates import entropy_bits

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]


class Iteration(NamedTuple):
    """One entry of a convergence history.

    Attributes:
        size: number of codewords.
        iteration: number of the iteration at that size, or of the epoch, from 1.
        distortion: mean squared error per vector.
        rate_bits: mean code length per vector that the vectors were assigned with; 0 if the method knows no rate.
        cost: what the method minimises: distortion + lambda * rate_bits, in annealing the free energy. With `lbg` and
            `ecvq` it never rises at one size. Elsewhere it can, where chance or a temperature moves codewords.
    """

    size: int
    iteration: int
    distortion: float
    rate_bits: float
    cost: float


Progress = Callable[[Iteration], None]
"""Called with each iteration when it is done."""


@dataclass(frozen=True, eq=False)
class DesignResult:
    """A designed codebook, and how the training sequence is divided among its codewords.

    Attributes:
        codewords: float32 (size, dimension).
        counts: int64 (size,), vectors of the training sequence in each cell.
        indices: int32 (n,), the cell of each vector.
        distortion: mean squared error per vector of the training sequence.
        history: all iterations, in order.
        seconds: time that the design took, by the clock.
    """

    codewords: FloatArray
    counts: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    distortion: float
    history: tuple[Iteration, ...] = field(repr=False)
    seconds: float

    @property
    def usage(self) -> float:
        """Share of the codewords that at least one vector of the training sequence chooses, 0 to 1."""
        return float(np.count_nonzero(self.counts) / len(self.counts))

    @property
    def rate_bits(self) -> float:
        """Mean ideal code length per vector, in bits: the entropy of the relative counts."""
        return entropy_bits(self.counts) / len(self.indices)

    @property
    def perplexity(self) -> float:
        """2 to the power of `rate_bits`: how many codewords, equally used, would have the same entropy."""
        return float(np.exp2(self.rate_bits))

    @property
    def code_lengths(self) -> DoubleArray:
        """Lengths of an ideal entropy code, in bits, float64 (size,); inf for a codeword that no vector chooses."""
        return ideal_lengths(self.counts)


def ideal_lengths(counts: npt.ArrayLike) -> DoubleArray:
    """Return -log2 of the relative counts, float64 of the same shape; inf where a count is 0."""
    relative = np.asarray(counts, dtype=np.float64)
    seen = relative > 0
    lengths = np.full(relative.shape, np.inf)
    lengths[seen] = np.log2(relative.sum()) - np.log2(relative[seen])
    return lengths
