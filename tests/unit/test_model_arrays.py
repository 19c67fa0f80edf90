"""The arrays of a codebook are checked before a model is made of them."""

from __future__ import annotations

import numpy as np
import pytest

from vqcodec.blocks.model.model_arrays import ModelArrays, check_rows
from vqcodec.blocks.signal.restoration_kernels import CLASSES, TAPS
from vqcodec.errors import CodebookError


def arrays(**held: np.ndarray) -> ModelArrays:
    """Arrays of an engine called `this one`."""
    return ModelArrays(held, "this one")


def test_what_fits_is_copied() -> None:
    original = np.arange(6, dtype=np.uint8).reshape(2, 3)
    original.flags.writeable = False
    taken = arrays(a=original).take("a", np.uint8, (2, None))
    assert np.array_equal(taken, original)
    assert taken.flags.writeable
    assert not np.shares_memory(taken, original)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3), np.int8), r"'a' is int8\[2, 3\]"),
        (np.zeros((2, 4), np.uint8), r"'a' is uint8\[2, 4\]"),
        (np.zeros((0, 3), np.uint8), r"'a' is uint8\[0, 3\]"),
        (np.zeros(3, np.uint8), r"'a' is uint8\[3\]"),
    ],
)
def test_another_type_or_shape_is_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(CodebookError, match=message):
        arrays(a=array).take("a", np.uint8, (None, 3))


def test_a_missing_array_is_named_with_its_engine() -> None:
    with pytest.raises(CodebookError, match="array 'a' of this one is missing"):
        arrays().take("a", np.uint8, (1,))


@pytest.mark.parametrize("rungs", [[3, 3], [4, 3], [3, 255]])
def test_a_ladder_ascends_within_its_range(rungs: list[int]) -> None:
    assert arrays(rungs=np.array([3, 9], np.uint8)).take_rungs().tolist() == [3, 9]
    with pytest.raises(CodebookError, match="must be ascending step indices"):
        arrays(rungs=np.array(rungs, np.uint8)).take_rungs()


def test_filters_may_be_left_out_but_not_out_of_range() -> None:
    filters = np.zeros((2, CLASSES, TAPS), np.int16)
    assert arrays().take_restoration((2,)) is None
    taken = arrays(restoration=filters).take_restoration((2,))
    assert taken is not None
    assert taken.shape == filters.shape
    with pytest.raises(CodebookError):
        arrays(restoration=filters + 32767).take_restoration((2,))


def test_a_map_refers_to_tables_that_there_are() -> None:
    check_rows(np.array([0, 2]), 3, "rows")
    with pytest.raises(CodebookError, match="'rows' refers to table 3 of 3"):
        check_rows(np.array([0, 3]), 3, "rows")
