"""The memory of a codebook: coded pictures that an engine predicts from (FORMAT.md, 6.6).

The codebook holds them as bytes. Only its engine knows how to decode them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from vqcodec.errors import CodebookError

ITEM_BYTES, ITEM_SIZES = "memory_bytes", "memory_sizes"  # names of the arrays
REST_BYTES, REST_SIZES = "memory_rest_bytes", "memory_rest_sizes"  # in their place, of items without their heads
HEADS, HEAD_NUMBERS = "memory_heads", "memory_head_numbers"
MAX_ITEMS = 1 << 16
MAX_HEADS, MAX_HEAD_BYTES = 256, 64
_ARRAY_BYTES = 40  # about, of the names and shapes of the arrays of heads


class Memory(Sequence[bytes]):
    """The items of a memory, each as its engine coded it; immutable.

    Args:
        items: 1 to MAX_ITEMS coded items, none empty.

    Raises:
        CodebookError: there is no item or there are too many, or an item is empty.
    """

    def __init__(self, items: Sequence[bytes]) -> None:
        if not 1 <= len(items) <= MAX_ITEMS:
            raise CodebookError(f"codebook: a memory of {len(items)} items; it holds 1 to {MAX_ITEMS}")
        if not all(items):
            raise CodebookError("codebook: an item of its memory is empty")
        self._items = tuple(items)

    @overload
    def __getitem__(self, number: int) -> bytes: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[bytes, ...]: ...

    def __getitem__(self, number: int | slice) -> bytes | tuple[bytes, ...]:
        return self._items[number]

    def __len__(self) -> int:
        return len(self._items)

    def to_arrays(self, head_bytes: int = 0) -> dict[str, npt.NDArray[np.uint8] | npt.NDArray[np.uint32]]:
        """Return the arrays of a codebook that hold the memory.

        Args:
            head_bytes: so many first bytes of the items are stored once where they are equal; 0 to MAX_HEAD_BYTES.

        Raises:
            CodebookError: an item has no more bytes than that, or there are more than MAX_HEADS heads.
        """
        rests = [item[head_bytes:] for item in self._items]
        data = np.frombuffer(b"".join(rests), np.uint8)
        sizes = np.array([len(rest) for rest in rests], np.uint32)
        if not head_bytes:
            return {ITEM_BYTES: data, ITEM_SIZES: sizes}
        heads = sorted({item[:head_bytes] for item in self._items})
        if not all(rests) or len(heads) > MAX_HEADS or head_bytes > MAX_HEAD_BYTES:
            raise CodebookError(f"codebook: the items of its memory have no {MAX_HEADS} heads of {head_bytes} bytes")
        number_of = {head: number for number, head in enumerate(heads)}
        return {
            REST_BYTES: data,
            REST_SIZES: sizes,
            HEADS: np.frombuffer(b"".join(heads), np.uint8).reshape(len(heads), head_bytes),
            HEAD_NUMBERS: np.array([number_of[item[:head_bytes]] for item in self._items], np.uint8),
        }

    def shared_bytes(self) -> int:
        """Return for how many first bytes of the items storing equal ones once saves most; 0 for none."""
        return min(range(min(MAX_HEAD_BYTES, min(map(len, self._items)) - 1) + 1), key=self._size_with)

    def _size_with(self, head_bytes: int) -> float:
        """Return about the bytes of the items if so many first bytes of each are stored apart."""
        counts = np.array(list(Counter(item[:head_bytes] for item in self._items).values()))
        if len(counts) > MAX_HEADS:
            return float("inf")
        numbers = float(-(counts * np.log2(counts / counts.sum())).sum()) / 8
        arrays = _ARRAY_BYTES if head_bytes else 0
        return len(counts) * head_bytes - len(self._items) * head_bytes + numbers + arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Memory | None:
        """Return the memory that a codebook's arrays hold; None if they hold none.

        Raises:
            CodebookError: only one of the two arrays is there, one has another type or shape, or their sizes disagree.
        """
        if REST_BYTES in arrays or REST_SIZES in arrays:
            return cls(_with_heads(_cut(arrays, REST_BYTES, REST_SIZES), arrays))
        if ITEM_BYTES not in arrays and ITEM_SIZES not in arrays:
            return None
        return cls(_cut(arrays, ITEM_BYTES, ITEM_SIZES))


def _cut(arrays: Mapping[str, np.ndarray], of_bytes: str, of_sizes: str) -> list[bytes]:
    """Return the pieces of one array whose sizes are in another; errors as `Memory.from_arrays`."""
    data = _array(arrays, of_bytes, np.uint8, 1).tobytes()
    sizes = _array(arrays, of_sizes, np.uint32, 1).astype(np.int64)
    if len(sizes) > MAX_ITEMS:
        raise CodebookError(f"codebook: a memory of {len(sizes)} items; it holds 1 to {MAX_ITEMS}")
    if sizes.min() < 1:
        raise CodebookError("codebook: an item of its memory is empty")
    if int(sizes.sum()) != len(data):
        raise CodebookError(f"codebook: its memory has {len(data)} bytes, and its items {int(sizes.sum())}")
    ends = np.cumsum(sizes)
    return [data[end - size : end] for size, end in zip(sizes.tolist(), ends.tolist())]


def _with_heads(rests: Sequence[bytes], arrays: Mapping[str, np.ndarray]) -> list[bytes]:
    """Return items: their heads, and what follows these; errors as `Memory.from_arrays`."""
    heads = _array(arrays, HEADS, np.uint8, 2)
    numbers = _array(arrays, HEAD_NUMBERS, np.uint8, 1)
    if len(heads) > MAX_HEADS or heads.shape[1] > MAX_HEAD_BYTES:
        raise CodebookError(f"codebook: '{HEADS}' has at most {MAX_HEADS} heads of at most {MAX_HEAD_BYTES} bytes")
    if len(numbers) != len(rests) or numbers.max() >= len(heads):
        raise CodebookError(f"codebook: '{HEAD_NUMBERS}' must name a head for each item of its memory")
    texts = [head.tobytes() for head in heads]
    return [texts[number] + rest for number, rest in zip(numbers.tolist(), rests)]


def _array(arrays: Mapping[str, np.ndarray], name: str, dtype: npt.DTypeLike, axes: int) -> np.ndarray:
    if name not in arrays:
        raise CodebookError(f"codebook: array '{name}' of its memory is missing; train it anew")
    if arrays[name].dtype != dtype or arrays[name].ndim != axes:
        kind = "a row" if axes == 1 else "rows"
        raise CodebookError(f"codebook: array '{name}' must be {kind} of {np.dtype(dtype)}")
    return arrays[name]
