"""The mean-removed quantizer: the mean of a vector's components has a codebook, and what is left has another.

Source: Baker and Gray 1983, "Image compression using non-adaptive spatial vector quantization".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import numpy.typing as npt

from vqcodec.vq.search import SearchIndex
from vqcodec.vq.structures.parts import (
    CompositeQuantizer,
    checked_indices,
    checked_part,
    checked_vectors,
    integers_of,
    no_rate,
)


class MeanRemovedQuantizer(CompositeQuantizer):
    """A mean, added to every component of a residual.

    Args:
        means: (means, 1).
        residuals: (residuals, dimension). Integers stay integers.

    Attributes:
        means, residuals: copies of them.

    Raises:
        ValueError: the arguments are not as described.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, means: npt.ArrayLike, residuals: npt.ArrayLike) -> None:
        self.means = checked_part("means", means)
        self.residuals = checked_part("residuals", residuals)
        if self.means.shape[1] != 1:
            raise ValueError(f"means have shape {self.means.shape}; (means, 1) is wanted")
        self.sizes = (len(self.means), len(self.residuals))

    @property
    def dimension(self) -> int:
        return int(self.residuals.shape[1])

    def encode(
        self, vectors: npt.ArrayLike, *, lambda_: float = 0.0, threads: int | None = None
    ) -> npt.NDArray[np.int32]:
        """Return the mean and the residual of each vector, int32 (n, 2); see `Quantizer.encode`.

        The residual is searched after the decoded mean is removed, so it makes up for the error of the mean.
        """
        no_rate(lambda_)
        data = checked_vectors(vectors, self.dimension)
        averages = data.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
        means = SearchIndex(self.means).nearest(averages, threads=threads)[0]
        rests = data - self.means[means].astype(np.float32)
        residuals = SearchIndex(self.residuals).nearest(rests, threads=threads)[0]
        return np.stack([means, residuals], axis=1)

    def decode(self, indices: npt.ArrayLike) -> npt.NDArray:
        """Return the sums of means and residuals; see `Quantizer.decode`."""
        checked = checked_indices(indices, self.sizes)
        return self.means[checked[:, 0]] + self.residuals[checked[:, 1]]

    def rounded(self) -> Self:
        """The quantizer with its numbers rounded to integers."""
        return type(self)(np.rint(self.means).astype(np.int32), np.rint(self.residuals).astype(np.int32))

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """Return `means` and `residuals`; see `Quantizer.to_arrays`."""
        return integers_of({"means": self.means, "residuals": self.residuals})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray]) -> Self:
        """Return the quantizer that `to_arrays` stored; see `Quantizer.from_arrays`."""
        return cls(arrays["means"], arrays["residuals"])
