"""The memory of a codebook: coded pictures that an engine predicts from (FORMAT.md, 6.6).

The codebook holds them as bytes. Only its engine knows how to decode them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from vqcodec.errors import CodebookError

ITEM_BYTES, ITEM_SIZES = "memory_bytes", "memory_sizes"  # names of the arrays
MAX_ITEMS = 1 << 16


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

    def to_arrays(self) -> dict[str, npt.NDArray[np.uint8] | npt.NDArray[np.uint32]]:
        """Return the arrays of a codebook that hold the memory."""
        return {
            ITEM_BYTES: np.frombuffer(b"".join(self._items), np.uint8),
            ITEM_SIZES: np.array([len(item) for item in self._items], np.uint32),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Memory | None:
        """Return the memory that a codebook's arrays hold; None if they hold none.

        Raises:
            CodebookError: only one of the two arrays is there, one has another type or shape, or their sizes disagree.
        """
        if ITEM_BYTES not in arrays and ITEM_SIZES not in arrays:
            return None
        for name, dtype in ((ITEM_BYTES, np.uint8), (ITEM_SIZES, np.uint32)):
            if name not in arrays:
                raise CodebookError(f"codebook: array '{name}' of its memory is missing; train it anew")
            if arrays[name].dtype != dtype or arrays[name].ndim != 1:
                raise CodebookError(f"codebook: array '{name}' must be a row of {np.dtype(dtype)}")
        data, sizes = arrays[ITEM_BYTES].tobytes(), arrays[ITEM_SIZES].astype(np.int64)
        if len(sizes) > MAX_ITEMS:
            raise CodebookError(f"codebook: a memory of {len(sizes)} items; it holds 1 to {MAX_ITEMS}")
        if int(sizes.sum()) != len(data):
            raise CodebookError(f"codebook: its memory has {len(data)} bytes, and its items {int(sizes.sum())}")
        ends = np.cumsum(sizes)
        return cls([data[end - size : end] for size, end in zip(sizes.tolist(), ends.tolist())])
