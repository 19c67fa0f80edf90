"""Exact nearest-codeword search.

The index found is the argmin over k of sum_d (x_d - c_kd)^2, evaluated in float64 in the order of the dimensions on
the float32 data, ties to the lowest index. Neither the method chosen, the hint, the number of threads nor the machine
has any influence on it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec import limits
from vqcodec.errors import LimitError
from vqcodec.jit import map_shards
from vqcodec.vq import _exact

MAX_MAGNITUDE = np.float32(1e15)  # squares of sums of 4,096 such components stay far from overflow in float32
SHARD_VECTORS = 16_384

FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.int32]


class SearchIndex:
    """A set of codewords prepared for repeated searches.

    Args:
        codewords: (size, dimension), converted to float32; 1..65,536 codewords of 1..4,096 dimensions, finite and
            within +-1e15.
        penalties: (size,), >= 0, added to the squared errors before they are compared: lambda times the code length
            in bits makes the search rate-aware (Chou, Lookabaugh and Gray 1989). None: no penalty.

    Raises:
        ValueError: the arguments do not have these shapes and ranges.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, codewords: npt.ArrayLike, penalties: npt.ArrayLike | None = None) -> None:
        self.codewords = _checked_codewords(codewords)
        self.penalties = _checked_penalties(penalties, self.size)
        self._columns = np.ascontiguousarray(self.codewords.T)

    @property
    def size(self) -> int:
        return self.codewords.shape[0]

    @property
    def dimension(self) -> int:
        return self.codewords.shape[1]

    def nearest(
        self, vectors: npt.ArrayLike, *, hint: npt.ArrayLike | None = None, threads: int | None = None
    ) -> tuple[IndexArray, FloatArray]:
        """Find the codeword of least squared error (plus penalty) for each vector.

        Args:
            vectors: (n, dimension), converted to float32; finite and within +-1e15.
            hint: (n,) indices that are likely to be right or close, such as the answers for the neighbouring vectors
                or for a slightly different codebook: they save time and never change the result.
            threads: how many threads to use; None: as many as there are CPUs.

        Returns:
            The indices, int32 (n,), and the squared errors (without the penalty), float32 (n,).

        Raises:
            ValueError: a shape, value or hint is not as described.
        """
        data = checked_vectors(vectors, self.dimension)
        if hint is not None:
            _checked_hint(hint, len(data), self.size)
        indices = np.empty(len(data), np.int32)
        distortions = np.empty(len(data), np.float32)

        def search(rows: slice) -> None:
            _refuse_outliers(data[rows], rows.start)
            self._search(data[rows], indices[rows], distortions[rows])

        map_shards(search, _shards(len(data)), threads)
        return indices, distortions

    def _search(self, vectors: FloatArray, indices: IndexArray, distortions: FloatArray) -> None:
        _exact.search_every_codeword(vectors, self._columns, self.penalties, indices, distortions)


def nearest(
    vectors: npt.ArrayLike,
    codewords: npt.ArrayLike,
    *,
    hint: npt.ArrayLike | None = None,
    threads: int | None = None,
) -> tuple[IndexArray, FloatArray]:
    """Find the codeword of least squared error for each vector: `SearchIndex(codewords).nearest(vectors)`."""
    return SearchIndex(codewords).nearest(vectors, hint=hint, threads=threads)


def _shards(count: int) -> list[slice]:
    return [slice(start, min(start + SHARD_VECTORS, count)) for start in range(0, count, SHARD_VECTORS)]


def checked_vectors(vectors: npt.ArrayLike, dimension: int) -> FloatArray:
    """`vectors` as a C-ordered float32 array of shape (n, dimension); values are not looked at.

    Raises:
        ValueError: another number of axes or columns.
    """
    data = np.ascontiguousarray(vectors, dtype=np.float32)
    if data.ndim != 2 or data.shape[1] != dimension:
        raise ValueError(
            f"vectors have shape {data.shape}; (n, {dimension}) is wanted, as the codewords have"
        )
    return data


def _refuse_outliers(vectors: FloatArray, first_row: int) -> None:
    row = _exact.first_outlier(vectors, MAX_MAGNITUDE)
    if row >= 0:
        raise ValueError(
            f"vector {first_row + row} is not finite, or exceeds {MAX_MAGNITUDE:.0e} in magnitude"
        )


def _checked_codewords(codewords: npt.ArrayLike) -> FloatArray:
    data = np.ascontiguousarray(codewords, dtype=np.float32)
    if data.ndim != 2 or 0 in data.shape:
        raise ValueError(f"codewords have shape {data.shape}; (size, dimension) is wanted, neither of them 0")
    size, dimension = data.shape
    if size > limits.MAX_CODEWORDS:
        raise LimitError(f"{size} codewords; at most {limits.MAX_CODEWORDS} are allowed")
    if dimension > limits.MAX_VECTOR_DIMENSION:
        raise LimitError(
            f"codewords of {dimension} dimensions; at most {limits.MAX_VECTOR_DIMENSION} are allowed"
        )
    if not np.all(np.abs(data) <= MAX_MAGNITUDE):
        raise ValueError(f"codewords that are not finite, or exceed {MAX_MAGNITUDE:.0e} in magnitude")
    return data


def _checked_penalties(penalties: npt.ArrayLike | None, size: int) -> npt.NDArray[np.float64]:
    if penalties is None:
        return np.zeros(size)
    data = np.ascontiguousarray(penalties, dtype=np.float64)
    if data.shape != (size,):
        raise ValueError(f"penalties have shape {data.shape}; ({size},) is wanted, one for each codeword")
    if not np.all((data >= 0) & (data <= float(MAX_MAGNITUDE))):
        raise ValueError(f"penalties must lie in 0..{MAX_MAGNITUDE:.0e}")
    return data


def _checked_hint(hint: npt.ArrayLike, count: int, size: int) -> IndexArray:
    data = np.asarray(hint)
    if data.shape != (count,) or data.dtype.kind not in "iu":
        raise ValueError(
            f"hint is {data.dtype} {data.shape}; ({count},) integers are wanted, one for each vector"
        )
    if count and not (0 <= int(data.min()) and int(data.max()) < size):
        raise ValueError(f"hint has values {data.min()}..{data.max()}; indices are 0..{size - 1}")
    return np.ascontiguousarray(data, dtype=np.int32)
