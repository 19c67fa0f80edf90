"""The predictive quantizer: what the last decoded vector does not predict is quantized.

Source: Cuperman and Gersho 1985, "Vector predictive coding of speech at 16 kbits/s".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel
from vqcodec.vq.checks import checked_index
from vqcodec.vq.quantizer import Quantizer
from vqcodec.vq.structures.parts import checked_part, checked_vectors, integers_of, no_rate

MATRIX_BITS = 14
"""Integer matrices are predictors times 2 to this power."""


class PredictiveQuantizer(Quantizer):
    """A codeword added to what a matrix predicts from the last decoded vector.

    The rows of one call follow each other. The first is predicted from zeros: remove the mean of the source before.

    Args:
        codewords: (size, dimension), of prediction errors.
        matrix: (dimension, dimension), which maps the last decoded vector to the prediction. If codewords and matrix
            are integers, it is a predictor times 2^14, and predictions are rounded to integers.

    Attributes:
        codewords, matrix: copies of them.

    Raises:
        ValueError: the arguments are not as described, or the predictor does not forget: its spectral radius is not
            below 1.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, codewords: npt.ArrayLike, matrix: npt.ArrayLike) -> None:
        self.codewords = checked_part("codewords", codewords)
        self.matrix = checked_part("matrix", matrix)
        dimension = self.codewords.shape[1]
        if self.matrix.shape != (dimension, dimension):
            raise ValueError(f"matrix has shape {self.matrix.shape}; ({dimension}, {dimension}) is wanted")
        if (self.codewords.dtype == np.int32) != (self.matrix.dtype == np.int32):
            raise ValueError("codewords and matrix are wanted both as integers or both as floating-point numbers")
        self._whole = self.codewords.dtype == np.int32
        self._predictor = self.matrix / (1 << MATRIX_BITS) if self._whole else self.matrix.astype(np.float64)
        if not np.abs(np.linalg.eigvals(self._predictor)).max() < 1:
            raise ValueError("matrix: its spectral radius is not below 1, so errors would never fade")

    @property
    def dimension(self) -> int:
        return int(self.codewords.shape[1])

    @property
    def size(self) -> int:
        return len(self.codewords)

    @property
    def index_shape(self) -> tuple[int, ...]:
        return ()

    def encode(
        self, vectors: npt.ArrayLike, *, lambda_: float = 0.0, threads: int | None = None
    ) -> npt.NDArray[np.int32]:
        """Return the codeword nearest to each prediction error, int32 (n,), one after another on one thread."""
        del threads
        no_rate(lambda_)
        data = checked_vectors(vectors, self.dimension)
        indices = np.zeros(len(data), np.int32)
        decoded = np.zeros(data.shape)
        _predict(data, self.codewords.astype(np.float64), self._predictor, self._whole, True, indices, decoded)
        return indices

    def decode(self, indices: npt.ArrayLike) -> npt.NDArray:
        """Return the sums of predictions and codewords; see `Quantizer.decode`."""
        checked = checked_index(indices, self.size).astype(np.int32)
        decoded = np.zeros((len(checked), self.dimension))
        _predict(
            decoded.astype(np.float32),
            self.codewords.astype(np.float64),
            self._predictor,
            self._whole,
            False,
            checked,
            decoded,
        )
        return decoded.astype(self.codewords.dtype)

    def rate_bits(self, indices: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the bits of indices of fixed length; see `Quantizer.rate_bits`."""
        return np.full(len(checked_index(indices, self.size)), float((self.size - 1).bit_length()))

    def rounded(self) -> Self:
        """The quantizer with codewords rounded to integers, and the matrix to 1 / 2^14."""
        if self._whole:
            return self
        matrix = np.rint(self.matrix * (1 << MATRIX_BITS)).astype(np.int32)
        return type(self)(np.rint(self.codewords).astype(np.int32), matrix)

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """Return `codewords` and `matrix`; see `Quantizer.to_arrays`."""
        return integers_of({"codewords": self.codewords, "matrix": self.matrix})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray]) -> Self:
        """Return the quantizer that `to_arrays` stored; see `Quantizer.from_arrays`."""
        return cls(arrays["codewords"], arrays["matrix"])


@allocating_kernel
def _predict(vectors, codewords, predictor, whole, choose, indices, decoded):
    """Decode indices, one after another, and choose them first if `choose`.

    Args:
        vectors: float32 (n, dimension); only read if `choose`.
        codewords: float64 (size, dimension).
        predictor: float64 (dimension, dimension).
        whole: whether predictions are rounded to integers.
        indices: int32 (n,), written if `choose`.
        decoded: float64 (n, dimension), written.
    """
    dimension = codewords.shape[1]
    predicted = np.zeros(dimension)
    for i in range(len(indices)):
        if i:
            for d in range(dimension):
                total = 0.0
                for e in range(dimension):
                    total += predictor[d, e] * decoded[i - 1, e]
                predicted[d] = np.floor(total + 0.5) if whole else total
        if choose:
            least = np.inf
            for k in range(codewords.shape[0]):
                error = 0.0
                for d in range(dimension):
                    difference = vectors[i, d] - predicted[d] - codewords[k, d]
                    error += difference * difference
                if error < least:
                    least, indices[i] = error, k
        for d in range(dimension):
            decoded[i, d] = predicted[d] + codewords[indices[i], d]
