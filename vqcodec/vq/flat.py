"""The flat quantizer: codewords without structure, and the exact search among all of them.

    >>> import numpy as np
    >>> from vqcodec import FlatQuantizer
    >>> quantizer = FlatQuantizer([[0, 0], [8, 0], [8, 8]])
    >>> indices = quantizer.encode([[1, 2], [7, 5], [9, -1]])
    >>> indices
    array([0, 2, 1], dtype=int32)
    >>> quantizer.decode(indices)
    array([[0, 0],
           [8, 8],
           [8, 0]])
    >>> quantizer.rate_bits(indices)
    array([2., 2., 2.])

With the code lengths of an entropy code, the choice can weigh distortion against rate:

    >>> coded = FlatQuantizer(quantizer.codewords, code_lengths=[1, 2, 2])
    >>> coded.encode([[1, 2], [7, 5], [5, 0]], lambda_=40.0)
    array([0, 2, 0], dtype=int32)
    >>> coded.rate_bits([0, 2, 0])
    array([1., 2., 1.])
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Self

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, inline_kernel
from vqcodec.threads import map_shards
from vqcodec.vq.checks import checked_index
from vqcodec.vq.quantizer import Quantizer
from vqcodec.vq.search import SearchIndex, check_codebook_shape, check_magnitude, shards

LARGEST_INTEGER = 1 << 24  # float32, in which the search compares, holds every integer up to here
_MOST_WORK = 1 << 38  # components compared: half a minute; numba takes as long to compile the faster searches


class FlatQuantizer(Quantizer):
    """A list of codewords; the index of a vector is the number of the nearest one, the lowest if several are.

    Args:
        codewords: (size, dimension), 1..65,536 codewords of 1..4,096 dimensions. Integers, within +-2^24, keep their
            type; everything else becomes float32, finite and within +-1e15.
        code_lengths: (size,), bits of each index, 0..1e6, whole or not. None: indices of fixed length.

    Attributes:
        codewords: a copy of the codewords; not to be changed.
        code_lengths: a copy of the code lengths, or None.

    Raises:
        ValueError: the arguments do not have these shapes and ranges.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, codewords: npt.ArrayLike, code_lengths: npt.ArrayLike | None = None) -> None:
        given = np.asarray(codewords)
        whole = given.dtype.kind in "iu"
        self.codewords: npt.NDArray = np.array(given, dtype=given.dtype if whole else np.float32, order="C")
        check_codebook_shape(given.shape)
        if not whole:
            check_magnitude(self.codewords)
        elif given.itemsize > 2 and max(-int(given.min()), int(given.max())) > LARGEST_INTEGER:
            raise ValueError(f"codewords lie in {given.min()}..{given.max()}; integers must lie within +-2^24")
        self.code_lengths = None if code_lengths is None else _checked_lengths(code_lengths, self.size)
        self._searches: dict[float, SearchIndex] = {}

    @property
    def dimension(self) -> int:
        return self.codewords.shape[1]

    @property
    def size(self) -> int:
        return self.codewords.shape[0]

    @property
    def index_shape(self) -> tuple[int, ...]:
        return ()

    @functools.cached_property
    def columns(self) -> npt.NDArray[np.int32]:
        """Integer codewords as columns, int32 (dimension, size), for the kernel `integer_errors`."""
        if self.codewords.dtype.kind not in "iu":
            raise ValueError(f"codewords are {self.codewords.dtype}; integers are wanted")
        return np.ascontiguousarray(self.codewords.T, dtype=np.int32)

    def encode(
        self, vectors: npt.ArrayLike, *, lambda_: float = 0.0, threads: int | None = None
    ) -> npt.NDArray[np.int32]:
        """Return the nearest codeword of each vector, int32 (n,); see `Quantizer.encode`."""
        data = np.asarray(vectors)
        whole = self.codewords.dtype == data.dtype == np.uint8 and data.shape[1:] == (self.dimension,)
        if whole and lambda_ == 0 and len(data) * self.codewords.size <= _MOST_WORK:
            return self._encode_bytes(np.ascontiguousarray(data), threads)
        return self._search(lambda_).nearest(vectors, threads=threads)[0]

    def _encode_bytes(self, vectors: npt.NDArray[np.uint8], threads: int | None) -> npt.NDArray[np.int32]:
        """Return what the search gives, found in integers: no kernel has to be compiled for the dimension."""
        indices = np.empty(len(vectors), np.int32)

        def search_shard(rows: slice) -> None:
            _find_nearest(vectors[rows], self.columns, indices[rows])

        map_shards(search_shard, shards(len(vectors)), threads)
        return indices

    def decode(self, indices: npt.ArrayLike) -> npt.NDArray:
        """Return the codewords of indices; see `Quantizer.decode`."""
        return np.take(self.codewords, checked_index(indices, self.size), axis=0)

    def rate_bits(self, indices: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the bits of each index; see `Quantizer.rate_bits`. One of fixed length has ceil(log2(size)) bits."""
        checked = checked_index(indices, self.size)
        if self.code_lengths is None:
            return np.full(len(checked), float((self.size - 1).bit_length()))
        return self.code_lengths[checked].astype(np.float64)

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """Return `codewords`, and `code_lengths` if there are any; see `Quantizer.to_arrays`."""
        arrays = {"codewords": self.codewords}
        if self.code_lengths is not None:
            arrays["code_lengths"] = self.code_lengths
        for name, array in arrays.items():
            if array.dtype.kind not in "iu":
                raise ValueError(f"{name} are {array.dtype}; a codebook holds integers, so scale and round them first")
        return {name: array.copy() for name, array in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray]) -> Self:
        """Return the quantizer that `to_arrays` stored; see `Quantizer.from_arrays`."""
        return cls(arrays["codewords"], arrays.get("code_lengths"))

    def _search(self, lambda_: float) -> SearchIndex:
        """The search at this `lambda_`; the last one is kept."""
        found = self._searches.get(lambda_)
        if found is None:
            found = SearchIndex(self.codewords, self._penalties(lambda_))
            self._searches = {lambda_: found}
        return found

    def _penalties(self, lambda_: float) -> npt.NDArray[np.float64] | None:
        if not 0 <= lambda_ <= 1e9:
            raise ValueError(f"lambda_={lambda_}; a number in 0..1e9 is wanted")
        if lambda_ == 0:
            return None
        if self.code_lengths is None:
            raise ValueError(f"lambda_={lambda_} needs code lengths: FlatQuantizer(codewords, code_lengths)")
        return lambda_ * self.code_lengths


def _checked_lengths(code_lengths: npt.ArrayLike, size: int) -> npt.NDArray:
    lengths = np.array(code_lengths, order="C")
    if lengths.dtype.kind not in "iu":
        lengths = lengths.astype(np.float64)
    if lengths.shape != (size,):
        raise ValueError(f"code_lengths have shape {lengths.shape}; ({size},) is wanted, one for each codeword")
    if not np.all((lengths >= 0) & (lengths <= 1e6)):
        raise ValueError("code_lengths must lie in 0..1e6 bits")
    return lengths


@inline_kernel
def integer_errors(vector, columns, errors):
    """Write the squared error of one vector and each codeword, exact in integers.

    A choice that is no plain search, such as one by code lengths in contexts, starts from these.

    Args:
        vector: integers (dimension,).
        columns: int32 (dimension, size), `FlatQuantizer.columns`.
        errors: int32 (size,), written. No squared error may exceed 2^31 - 1; those of uint8 never do below 33,000
            dimensions.
    """
    for k in range(columns.shape[1]):
        errors[k] = 0
    for d in range(columns.shape[0]):
        sample = np.int32(vector[d])
        for k in range(columns.shape[1]):
            difference = sample - columns[d, k]
            errors[k] += difference * difference


@allocating_kernel
def _find_nearest(vectors, columns, indices):
    """Write into `indices`, int32 (n,), the codeword of least squared error of each vector; the first if equal.

    Args:
        vectors: uint8 (n, dimension). columns: as for `integer_errors`.
    """
    errors = np.empty(columns.shape[1], np.int32)
    for i in range(vectors.shape[0]):
        integer_errors(vectors[i], columns, errors)
        least = errors[0]
        for k in range(1, errors.shape[0]):
            least = min(least, errors[k])
        place = 0
        while errors[place] != least:
            place += 1
        indices[i] = place
