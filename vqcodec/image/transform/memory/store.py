"""The memory of a picture codebook as the engine uses it: items decoded on demand, and kept within bounds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.model.tables import Model
from vqcodec.codebook.memory import Memory
from vqcodec.errors import CodebookError, CorruptFileError, VQCodecError
from vqcodec.image.alpha.chances import Chances
from vqcodec.image.shape import Shape
from vqcodec.image.transform.memory.items import Item, decode_item, items_needed

KEPT_BYTES = 1 << 28  # of decoded items
MOST_NEEDED = 32  # items that have to be decoded for one of them, itself included


class ItemStore:
    """The items of a memory, decoded on demand; threads may share it.

    Args:
        memory: the coded items.
        model, chances: of the codebook that holds them.
    """

    def __init__(self, memory: Memory, model: Model, chances: Chances | None = None) -> None:
        self._memory = memory
        self._model = model
        self._chances = chances
        self._kept: OrderedDict[int, Item] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._memory)

    def __getitem__(self, number: int) -> Item:
        """Return a decoded item.

        Raises:
            CodebookError: it is damaged.
        """
        kept = self._kept_item(number)
        if kept is not None:
            return kept
        found: dict[int, Item] = {}
        for needed in self.needed(number):
            item = self._kept_item(needed)
            if item is None:
                item = decode_item(
                    self._memory[needed], self._model, f"item {needed}", self._chances, found.__getitem__
                )
                self._keep(needed, item)
            found[needed] = item
        return found[number]

    def needed(self, number: int) -> list[int]:
        """Return the numbers of an item and of all that it is predicted from, itself or through others, ascending.

        Raises:
            CodebookError: they are more than MOST_NEEDED; one is damaged, or predicted from one that is not before it.
        """
        found, left = {number}, [number]
        while left:
            one = left.pop()
            new = set(items_needed(self._memory[one], one)) - found
            found |= new
            left += new
            if len(found) > MOST_NEEDED:
                raise CodebookError(f"codebook: item {number} of its memory needs more than {MOST_NEEDED} items")
        return sorted(found)

    def _kept_item(self, number: int) -> Item | None:
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
        return None

    def _keep(self, number: int, item: Item) -> None:
        with self._lock:
            if number not in self._kept:
                self._kept[number] = item
                self._bytes += item.bytes_held
            while self._bytes > KEPT_BYTES and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].bytes_held

    def size_of(self, number: int) -> tuple[int, int]:
        """Return height and width of an item, which is not decoded.

        Raises:
            CodebookError: it is damaged.
        """
        try:
            shape, _ = Shape.from_bytes(self._memory[number])
        except VQCodecError as error:
            raise CodebookError(f"codebook: item {number} of its memory cannot be used: {error}") from None
        return shape.height, shape.width

    def references(self, numbers: Sequence[int], subsampling: str) -> list[tuple[npt.NDArray[np.int16], ...]]:
        """Return the planes of items that a picture of this subsampling is predicted from.

        Raises:
            CorruptFileError: there is no such item.
            CodebookError: an item is damaged.
        """
        for number in numbers:
            if number >= len(self._memory):
                raise CorruptFileError(
                    f"the picture is predicted from item {number} of its codebook's memory, which has {len(self)} items"
                )
        return [self[number].planes_for(subsampling) for number in numbers]


def store_of(memory: Memory | None, model: Model, chances: Chances | None = None) -> ItemStore | None:
    """Return the store of a codebook's memory; None without a memory.

    Raises:
        CodebookError: there is a memory, but the model has no tables for pictures that are predicted from it.
    """
    if memory is None:
        return None
    if not model.remembers:
        raise CodebookError("codebook: it has a memory, but no tables for pictures that are predicted from it")
    return ItemStore(memory, model, chances)
