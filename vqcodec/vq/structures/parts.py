"""What structures share: their parts as arrays, and the checks of what they are given."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from vqcodec.vq.checks import checked_index
from vqcodec.vq.quantizer import Quantizer
from vqcodec.vq.search import check_codebook_shape, check_magnitude

MOST_REPRODUCTIONS = 1 << 22  # vectors that `reproductions` writes down at most


def checked_part(name: str, codewords: npt.ArrayLike) -> npt.NDArray:
    """One table of a structure, (size, dimension), C order: integers within +-2^24 as they are, all else float32.

    Raises:
        ValueError: another shape, or values that are not finite or too large.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """
    given = np.asarray(codewords)
    whole = given.dtype.kind in "iu"
    table = np.array(given, dtype=np.int32 if whole else np.float32, order="C")
    try:
        check_codebook_shape(table.shape)
        check_magnitude(table.astype(np.float32))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if whole and given.itemsize > 2 and max(-int(given.min()), int(given.max())) > 1 << 24:
        raise ValueError(f"{name} lie in {given.min()}..{given.max()}; integers must lie within +-2^24")
    return table


def checked_vectors(vectors: npt.ArrayLike, dimension: int) -> npt.NDArray[np.float32]:
    """Vectors to encode, float32 (n, dimension), finite.

    Raises:
        ValueError: they are not as described.
    """
    data = np.ascontiguousarray(vectors, dtype=np.float32)
    if data.ndim != 2 or data.shape[1] != dimension:
        raise ValueError(f"vectors have shape {data.shape}; (n, {dimension}) is wanted")
    if data.size:
        check_magnitude(data)
    return data


def checked_indices(indices: npt.ArrayLike, sizes: Sequence[int]) -> npt.NDArray[np.intp]:
    """Indices of several tables, intp (n, tables).

    Args:
        sizes: how many codewords each table has.

    Raises:
        ValueError: another shape, or an index out of range.
    """
    given = np.asarray(indices)
    if given.ndim != 2 or given.shape[1] != len(sizes):
        raise ValueError(f"indices have shape {given.shape}; (n, {len(sizes)}) is wanted")
    return np.stack([checked_index(given[:, number], size) for number, size in enumerate(sizes)], axis=1)


def no_rate(lambda_: float) -> None:
    """Raise ValueError unless `lambda_` is 0: the structure has no code lengths to weigh distortion against."""
    if lambda_ != 0:
        raise ValueError(f"lambda_={lambda_} needs code lengths, which only FlatQuantizer has")


def integers_of(arrays: dict[str, npt.NDArray]) -> dict[str, npt.NDArray[np.integer]]:
    """Copies of arrays in the smallest integer type that holds them, as a codebook stores them.

    Raises:
        ValueError: one of them holds no integers.
    """
    found: dict[str, npt.NDArray[np.integer]] = {}
    for name, array in arrays.items():
        if array.dtype.kind not in "iu":
            raise ValueError(f"{name} are {array.dtype}; a codebook holds integers: see `rounded`")
        low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
        kinds = (np.uint8, np.int16, np.int32) if low >= 0 else (np.int16, np.int32)
        kind = next(kind for kind in kinds if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
        found[name] = array.astype(kind)
    return found


def numbered_tables(arrays: Mapping[str, npt.NDArray], name: str) -> list[npt.NDArray]:
    """The arrays `name`0, `name`1 and so on, up to the first number that is missing.

    Raises:
        KeyError: there is no `name`0.
    """
    tables = [arrays[f"{name}0"]]
    while (following := f"{name}{len(tables)}") in arrays:
        tables.append(arrays[following])
    return tables


class CompositeQuantizer(Quantizer, abc.ABC):
    """A quantizer of several tables, which has an index for each.

    Attributes:
        sizes: how many codewords each table has.
    """

    sizes: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(np.prod(np.array(self.sizes, dtype=object)))

    @property
    def index_shape(self) -> tuple[int, ...]:
        return (len(self.sizes),)

    def rate_bits(self, indices: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the bits of indices of fixed length; see `Quantizer.rate_bits`."""
        bits = sum((size - 1).bit_length() for size in self.sizes)
        return np.full(len(checked_indices(indices, self.sizes)), float(bits))

    def reproductions(self) -> npt.NDArray:
        """All vectors that `decode` can return, (size, dimension), the index of the last table running fastest.

        Raises:
            ValueError: there are more than 2^22.
        """
        return self.decode(self.every_index())

    def every_index(self) -> npt.NDArray[np.intp]:
        """All indices in the order of `reproductions`, intp (size, tables).

        Raises:
            ValueError: there are more than 2^22.
        """
        if self.size > MOST_REPRODUCTIONS:
            raise ValueError(f"{self.size} vectors cannot be written down; at most {MOST_REPRODUCTIONS} can")
        return np.stack(np.unravel_index(np.arange(self.size), self.sizes), axis=1)

    @abc.abstractmethod
    def rounded(self) -> Self:
        """The quantizer with its numbers rounded to integers, as a codebook holds them."""
