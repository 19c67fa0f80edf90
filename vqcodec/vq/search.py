"""Exact nearest-codeword search.

The index found is the argmin over k of sum_d (x_d - c_kd)^2, evaluated in float64 in the order of the dimensions
on the float32 data, ties to the lowest index. It depends on nothing else: not on the method, the hint, the number of
threads or the machine. The fast methods find candidates by scores in float32, with proven bounds on their error, and
leave the decision to the float64 formula (see `_bounds.py`).

The size of the work decides on the method:

- plain (`_exact.py`): all codewords in float64, one vector after the other; for small jobs, and above 64 dimensions;
- tiles (`_tiles.py`): 16 or 32 vectors at once in vector registers, for up to 1,000 codewords, with a hint up to 5,000,
  and for data without a main axis;
- boxes (`_boxes.py`): one vector after the other, elimination of most codewords, for larger codebooks.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec import limits
from vqcodec.errors import LimitError
from vqcodec.threads import map_shards
from vqcodec.vq import _exact, _tree

MAX_MAGNITUDE = np.float32(1e15)  # squares of sums of 4,096 such components are far below the largest float32

_SHARD_VECTORS = 16_384
_SMALL_WORK = 1 << 22  # components compared: below about a millisecond of the plain search
_MAX_VECTOR_KERNEL_DIMENSION = 64
_MOST_TILED_CODEWORDS = 1_000
_MOST_TILED_CODEWORDS_WITH_HINT = 5_000
_LEAST_MAIN_AXIS_SHARE = 1 / 3  # of the codewords' variance; boxes exclude little without a main axis

FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.int32]


class SearchIndex:
    """A set of codewords prepared for repeated searches.

        >>> index = SearchIndex([[0, 0], [4, 0]])
        >>> index.nearest([[1, 1], [3, 0]])
        (array([0, 1], dtype=int32), array([2., 1.], dtype=float32))

    Args:
        codewords: (size, dimension), converted to float32; 1..65,536 codewords of 1..4,096 dimensions, finite and
            within +-1e15.
        penalties: (size,), 0..1e15, added to the squared errors before they are compared: lambda times the code
            length in bits makes the search rate-aware (Chou, Lookabaugh and Gray 1989). None: no penalty.

    Raises:
        ValueError: the arguments do not have these shapes and ranges.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, codewords: npt.ArrayLike, penalties: npt.ArrayLike | None = None) -> None:
        self.codewords = _checked_codewords(codewords)
        self.penalties = _checked_penalties(penalties, self.size)
        self._offset = self.codewords.mean(axis=0, dtype=np.float64).astype(np.float32)

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
            hint: (n,) indices that are likely to be right or close, such as the answers for the neighbouring
                vectors or for a slightly different codebook. They save time and never change the result.
            threads: how many threads to use; None: as many as there are CPUs.

        Returns:
            The indices, int32 (n,), and the squared errors (without the penalty), float32 (n,).

        Raises:
            ValueError: a shape, value or hint is not as described.
        """
        data = _checked_vectors(vectors, self.dimension)
        hints = np.empty(0, np.int32) if hint is None else _checked_hint(hint, len(data), self.size)
        search = self._method(len(data), hint is not None)
        indices = np.empty(len(data), np.int32)
        distortions = np.empty(len(data), np.float32)

        def search_shard(rows: slice) -> None:
            vectors_of_shard = _as_floats(data[rows], rows.start)
            search(vectors_of_shard, hints[rows], indices[rows], distortions[rows])

        map_shards(search_shard, shards(len(data)), threads)
        return indices, distortions

    def _method(self, count: int, hinted: bool) -> Any:
        """The fastest search for `count` vectors: a function of (vectors, hint, indices, distortions)."""
        if self.dimension > _MAX_VECTOR_KERNEL_DIMENSION or count * self.size * self.dimension <= _SMALL_WORK:
            return self._plain_search
        most_tiled = _MOST_TILED_CODEWORDS_WITH_HINT if hinted else _MOST_TILED_CODEWORDS
        if self.size > most_tiled and self._main_axis[1] >= _LEAST_MAIN_AXIS_SHARE:
            return self._box_search
        return self._tile_search

    @functools.cached_property
    def _main_axis(self) -> tuple[FloatArray, float]:
        return _tree.main_axis(self.codewords - self._offset)

    @functools.cached_property
    def _plain_search(self) -> Any:
        columns = np.ascontiguousarray(self.codewords.T)

        def search(vectors, hint, indices, distortions):
            _exact.search_every_codeword(vectors, columns, self.penalties, indices, distortions)

        return search

    @functools.cached_property
    def _box_tree(self) -> _tree.BoxTree:
        return _tree.build_tree(self.codewords, self._offset, self._main_axis[0], self.penalties)

    @functools.cached_property
    def _tile_search(self) -> Any:
        from vqcodec.vq import _tiles  # which imports numba

        tree = self._box_tree
        kernel = _tiles.search_kernel(self.dimension)

        def search(vectors, hint, indices, distortions):
            kernel(vectors, tree, self._offset, hint, indices, distortions)

        return search

    @functools.cached_property
    def _box_search(self) -> Any:
        from vqcodec.vq import _boxes  # which imports numba

        tree = self._box_tree
        kernel = _boxes.search_kernel(self.dimension)

        def search(vectors, hint, indices, distortions):
            kernel(vectors, tree, self.codewords, self.penalties, self._offset, hint, indices, distortions)

        return search


def nearest(
    vectors: npt.ArrayLike,
    codewords: npt.ArrayLike,
    *,
    hint: npt.ArrayLike | None = None,
    threads: int | None = None,
) -> tuple[IndexArray, FloatArray]:
    """Find the codeword of least squared error for each vector: `SearchIndex(codewords).nearest(vectors)`.

    For repeated searches, prepare the `SearchIndex` yourself.
    """
    return SearchIndex(codewords).nearest(vectors, hint=hint, threads=threads)


def nearest_weighted(
    vectors: npt.ArrayLike, codewords: npt.ArrayLike, weights: npt.ArrayLike, *, threads: int | None = None
) -> tuple[IndexArray, FloatArray]:
    """Find the codeword of least weighted squared error, sum_d w_d (x_d - c_kd)^2, for each vector.

    Every vector has weights of its own, as line spectral frequencies do. The search is a plain one, over all codewords.

        >>> nearest_weighted([[2, 2], [2, 2]], [[0, 2], [2, 5]], weights=[[1, 1], [9, 1]])
        (array([0, 1], dtype=int32), array([4., 9.], dtype=float32))

    Args:
        vectors: (n, dimension), converted to float32; finite and within +-1e15.
        codewords: (size, dimension), as for `SearchIndex`.
        weights: (n, dimension), 0..1e15, converted to float32.
        threads: how many threads to use; None: as many as there are CPUs.

    Returns:
        The indices, int32 (n,), and the weighted squared errors, float32 (n,), inf where they exceed the largest
        float32. As in the other searches, float64 formulas decide and ties go to the lowest index.

    Raises:
        ValueError: a shape or value is not as described.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """
    books = _checked_codewords(codewords)
    columns = np.ascontiguousarray(books.T)
    data = _checked_vectors(vectors, books.shape[1])
    factors = _checked_vectors(weights, books.shape[1])
    if factors.shape != data.shape:
        raise ValueError(f"weights have shape {factors.shape}; {data.shape} is wanted, as the vectors have")
    indices = np.empty(len(data), np.int32)
    distortions = np.empty(len(data), np.float32)

    def search_shard(rows: slice) -> None:
        vectors_of_shard = _as_floats(data[rows], rows.start)
        weights_of_shard = np.ascontiguousarray(factors[rows], dtype=np.float32)
        if not np.all((weights_of_shard >= 0) & (weights_of_shard <= MAX_MAGNITUDE)):
            raise ValueError(f"weights must lie in 0..{MAX_MAGNITUDE:.0e}")
        _exact.search_weighted(vectors_of_shard, weights_of_shard, columns, indices[rows], distortions[rows])

    map_shards(search_shard, shards(len(data)), threads)
    return indices, distortions


def nearest_mahalanobis(
    vectors: npt.ArrayLike,
    codewords: npt.ArrayLike,
    matrix: npt.ArrayLike,
    *,
    hint: npt.ArrayLike | None = None,
    threads: int | None = None,
) -> tuple[IndexArray, FloatArray]:
    """Find the codeword of least (x - c)^T M (x - c) for each vector; M = `matrix` is the same for all.

    With the Cholesky factor M = L L^T the distance is the squared error of L^T x and L^T c. These are computed in
    float64 and rounded to float32; the search among the rounded ones is exact.

        >>> nearest_mahalanobis([[1, 1]], [[3, 1], [1, 2]], matrix=[[1, 0], [0, 9]])
        (array([0], dtype=int32), array([4.], dtype=float32))

    Args:
        vectors: (n, dimension).
        codewords: (size, dimension).
        matrix: (dimension, dimension), symmetric and positive definite: the inverse of a covariance matrix gives the
            Mahalanobis distance.
        hint: as for `SearchIndex.nearest`.
        threads: as for `SearchIndex.nearest`.

    Returns:
        The indices, int32 (n,), and the distances (not their square roots), float32 (n,).

    Raises:
        ValueError: a shape or value is not as described.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """
    books = _checked_codewords(codewords)
    dimension = books.shape[1]
    data = _checked_vectors(vectors, dimension)
    metric = np.asarray(matrix, dtype=np.float64)
    if metric.shape != (dimension, dimension):
        raise ValueError(f"matrix has shape {metric.shape}; ({dimension}, {dimension}) is wanted")
    if not np.allclose(metric, metric.T, rtol=1e-6, atol=1e-9 * np.abs(metric).max()):
        raise ValueError("matrix is not symmetric")
    try:
        factor = np.linalg.cholesky(metric)
    except np.linalg.LinAlgError:
        raise ValueError("matrix is not positive definite") from None
    return SearchIndex(books @ factor).nearest(data @ factor, hint=hint, threads=threads)


def shards(count: int) -> list[slice]:
    """Return the shards of a search for `count` vectors."""
    return [slice(start, min(start + _SHARD_VECTORS, count)) for start in range(0, count, _SHARD_VECTORS)]


def _checked_vectors(vectors: npt.ArrayLike, dimension: int) -> npt.NDArray:
    """`vectors` as an array (n, dimension) of whatever numbers: shards of it become float32, one at a time."""
    data = np.asarray(vectors)
    if data.ndim != 2 or data.shape[1] != dimension:
        raise ValueError(f"an array of shape {data.shape} is not one of vectors (n, {dimension})")
    return data


def _as_floats(vectors: npt.NDArray, first_row: int) -> FloatArray:
    """Some vectors as float32; refuse those out of range. `first_row` is the number of the first one."""
    data = np.ascontiguousarray(vectors, dtype=np.float32)
    if _exact.any_beyond(data.reshape(-1).view(np.int32), MAX_MAGNITUDE.view(np.int32)):
        row = first_row + int(np.argmin((np.abs(data) <= MAX_MAGNITUDE).all(axis=1)))
        raise ValueError(f"vector {row} is not finite, or exceeds {MAX_MAGNITUDE:.0e} in magnitude")
    return data


def check_codebook_shape(shape: tuple[int, ...]) -> None:
    """Make sure that this is a shape (size, dimension) of codewords.

    Raises:
        ValueError: it has not two axes, or one of them is 0.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"codewords have shape {shape}; (size, dimension) is wanted, neither of them 0")
    size, dimension = shape
    if size > limits.MAX_CODEWORDS:
        raise LimitError(f"{size} codewords; at most {limits.MAX_CODEWORDS} are allowed")
    if dimension > limits.MAX_VECTOR_DIMENSION:
        raise LimitError(f"{dimension} dimensions; at most {limits.MAX_VECTOR_DIMENSION} are allowed")


def check_magnitude(codewords: FloatArray) -> None:
    """Raise ValueError unless all codewords are finite and within +-MAX_MAGNITUDE."""
    if not np.all(np.abs(codewords) <= MAX_MAGNITUDE):
        raise ValueError(f"codewords that are not finite, or exceed {MAX_MAGNITUDE:.0e} in magnitude")


def _checked_codewords(codewords: npt.ArrayLike) -> FloatArray:
    data = np.ascontiguousarray(codewords, dtype=np.float32)
    check_codebook_shape(np.shape(codewords))
    check_magnitude(data)
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
        raise ValueError(f"hint is {data.dtype} {data.shape}; ({count},) integers are wanted, one for each vector")
    if count and (int(data.min()) < 0 or int(data.max()) >= size):
        raise ValueError(f"hint has values {data.min()}..{data.max()}; indices are 0..{size - 1}")
    return np.ascontiguousarray(data, dtype=np.int32)
