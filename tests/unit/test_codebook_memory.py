"""Memories of codebooks: items in, arrays out, and what is refused."""

import numpy as np
import pytest

from vqcodec.codebook.memory import ITEM_BYTES, ITEM_SIZES, MAX_ITEMS, Memory
from vqcodec.errors import CodebookError

ITEMS = [b"first", b"2", b"the third one"]


def test_items_come_back_from_the_arrays():
    arrays = Memory(ITEMS).to_arrays()
    assert arrays[ITEM_BYTES].dtype == np.uint8
    assert arrays[ITEM_SIZES].tolist() == [5, 1, 13]
    back = Memory.from_arrays(arrays)
    assert list(back) == ITEMS
    assert len(back) == 3
    assert back[1:] == (b"2", b"the third one")


def test_a_codebook_without_memory_has_none():
    assert Memory.from_arrays({"rungs": np.zeros(3, np.uint8)}) is None


@pytest.mark.parametrize("items", [[], [b"a", b""], [b"a"] * (MAX_ITEMS + 1)], ids=["none", "empty", "too many"])
def test_what_is_no_memory_is_refused(items):
    with pytest.raises(CodebookError):
        Memory(items)


@pytest.mark.parametrize(
    "change",
    [
        {ITEM_SIZES: None},
        {ITEM_BYTES: None},
        {ITEM_SIZES: np.array([5, 1, 12], np.uint32)},
        {ITEM_SIZES: np.array([0, 6, 13], np.uint32)},
        {ITEM_SIZES: np.array([5, 1, 13], np.int32)},
        {ITEM_SIZES: np.array([[5, 1, 13]], np.uint32)},
        {ITEM_SIZES: np.full(MAX_ITEMS + 1, 1 << 31, np.uint32)},
    ],
)
def test_arrays_that_disagree_are_refused(change):
    arrays = {name: array for name, array in {**Memory(ITEMS).to_arrays(), **change}.items() if array is not None}
    with pytest.raises(CodebookError, match="memory"):
        Memory.from_arrays(arrays)
