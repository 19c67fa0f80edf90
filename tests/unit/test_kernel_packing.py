"""Calls of native kernels: what fits a variant is packed exactly, and everything else is left to numba."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from vqcodec.kernels import native, packing
from vqcodec.kernels.native import description_of
from vqcodec.kernels.records import new_record, record_type
from vqcodec.kernels.signatures import Array, Definitions, Record, Scalar, Tuple, Type

PACKERS = [packing] if native.Entry is packing.Entry else [packing, native._PACKER]
FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.POINTER(ctypes.c_int64))

POINT = record_type(x=(np.int64, (2,)), y=(np.float32, ()))
OTHER_POINT = record_type(x=(np.int64, (2,)), z=(np.float32, ()))


class Pair(NamedTuple):
    left: Any
    right: Any


class OtherPair(NamedTuple):
    left: Any
    right: Any


@pytest.fixture(params=PACKERS, ids=lambda packer: packer.__name__)
def call(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Call a kernel that returns the slots it was given, as integers; "otherwise" if the arguments do not fit."""

    def call(kinds: list[Type], *args: Any, returned: int = 8, status: int = 0) -> Any:
        seen: list[int] = []

        @FUNCTION
        def function(slots: Any) -> int:
            seen.extend(slots[i] for i in range(returned))
            return status

        address = ctypes.cast(function, ctypes.c_void_p).value
        result = ("T", tuple, (("S", "i", 8, np.int64),) * returned)
        described = tuple(map(description_of, kinds))
        entry = request.param.Entry(address, described, result, 64 if len(kinds) < 10 else 400, "kernel")

        class Kernel(request.param.Caller):
            def otherwise(self, *args: Any) -> str:
                return "otherwise"

        kernel = Kernel()
        kernel.variants = (entry,)
        got = kernel(*args)
        if got != "otherwise":
            assert list(got) == seen
        return got

    return call


def test_arrays_are_addresses_and_shapes(call) -> None:
    array = np.zeros((3, 5), np.uint8)
    assert call([Array(array.dtype, 2, False)], array, returned=3) == (array.ctypes.data, 3, 5)


def test_tuples_and_records_are_their_parts(call) -> None:
    record = new_record(POINT)
    array = np.zeros(7)
    kinds: list[Type] = [Tuple(Pair, (Record(POINT), Array(array.dtype, 1, True))), Scalar("bool")]
    address = record.__array_interface__["data"][0]
    assert call(kinds, Pair(record, array), True, returned=4) == (address, array.ctypes.data, 7, 1)


@pytest.mark.parametrize(
    ("name", "value", "slot"),
    [
        ("int64", -3, -3),
        ("int64", np.int64(1 << 40), 1 << 40),
        ("int32", np.int32(-7), -7),
        ("uint8", np.uint8(200), 200),
        ("uint64", np.uint64((1 << 64) - 1), -1),
        ("bool", True, 1),
        ("bool", np.bool_(False), 0),
        ("float64", 1.0, 0x3FF0000000000000),
        ("float64", np.float64(-2.0), -0x4000000000000000),
        ("float32", np.float32(1.0), 0x3FF0000000000000),
    ],
)
def test_numbers(call, name: str, value: Any, slot: int) -> None:
    assert call([Scalar(name)], value, returned=1) == (slot,)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Scalar("int64"), 1 << 63),
        (Scalar("int64"), True),
        (Scalar("int64"), np.int32(1)),
        (Scalar("int64"), 1.0),
        (Scalar("float64"), 1),
        (Scalar("float64"), np.float32(1)),
        (Scalar("float32"), 1.0),
        (Scalar("bool"), 1),
        (Scalar("none"), 0),
        (Array(np.dtype(np.int16), 1, False), np.zeros(3, np.uint16)),
        (Array(np.dtype(np.int16), 1, False), np.zeros(3, ">i2")),
        (Array(np.dtype(np.int16), 1, False), np.zeros((3, 1), np.int16)),
        (Array(np.dtype(np.int16), 1, False), np.zeros(6, np.int16)[::2]),
        (Array(np.dtype(np.int16), 2, False), np.zeros((3, 4), np.int16).T),
        (Array(np.dtype(np.int16), 1, False), [1, 2]),
        (Array(np.dtype(np.int16), 1, False), np.frombuffer(bytes(4), np.int16)),  # read-only
        (Array(np.dtype(np.int16), 1, True), np.frombuffer(bytes(5), np.int16, 2, 1)),  # not aligned
        (Array(np.dtype(np.int16), 1, False), np.zeros(3, np.int16).view(np.matrix)),
        (Record(POINT), new_record(OTHER_POINT)),
        (Record(POINT), np.zeros((), POINT)),
        (Tuple(Pair, (Scalar("int64"), Scalar("int64"))), OtherPair(1, 2)),
        (Tuple(Pair, (Scalar("int64"), Scalar("int64"))), (1, 2)),
        (Tuple(tuple, (Scalar("int64"), Scalar("int64"))), Pair(1, 2)),
        (Tuple(tuple, (Scalar("int64"), Scalar("int64"))), (1, 2, 3)),
        (Tuple(tuple, (Scalar("int64"), Scalar("int64"))), (1, 2.0)),
    ],
)
def test_what_differs_is_left_to_numba(call, kind: Type, value: Any) -> None:
    assert call([kind], value) == "otherwise"


def test_read_only_arrays_fit_kernels_that_do_not_write(call) -> None:
    readonly, writable = np.frombuffer(bytes(4), np.int16), np.zeros(2, np.int16)
    kind = Array(np.dtype(np.int16), 1, True)
    for array in (readonly, writable):
        assert call([kind], array, returned=2) == (array.__array_interface__["data"][0], 2)


def test_equal_types_of_records_are_one(call) -> None:
    again = new_record(record_type(x=(np.int64, (2,)), y=(np.float32, ())))
    for _ in range(2):
        assert call([Record(POINT)], again, returned=1) == (again.__array_interface__["data"][0],)


def test_the_number_of_arguments_counts(call) -> None:
    assert call([Scalar("int64")], 1, 2) == "otherwise"
    assert call([Scalar("int64")] * 2, 1) == "otherwise"


@pytest.mark.parametrize(
    ("status", "error"), [(1, RuntimeError), (2, MemoryError), (3, IndexError), (-1, RuntimeError)]
)
def test_a_kernel_that_fails_raises(call, status: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="kernel"):
        call([Scalar("int64")], 1, returned=1, status=status)


def test_many_slots(call) -> None:
    """More than the stack has room for."""
    array = np.zeros((1, 2, 3))
    kinds: list[Type] = [Array(array.dtype, 3, False)] * 15
    got = call(kinds, *[array] * 15, returned=60)
    assert got == (array.ctypes.data, 1, 2, 3) * 15


def test_texts_of_types() -> None:
    definitions = Definitions(
        {"Inner": {"a": "int32[2, 3]"}, "Outer": {"inner": "Inner", "b": "float64"}},
        {"Pair": [f"{__name__}:Pair", "Outer", "readonly uint8[:, :]"], "(int64, bool)": ["", "int64", "bool"]},
    )
    inner = record_type(a=(np.int32, (2, 3)))
    outer = record_type(inner=inner, b=(np.float64, ()))
    assert definitions.type_of("Pair") == Tuple(Pair, (Record(outer), Array(np.dtype(np.uint8), 2, True)))
    assert definitions.type_of("Inner[:]") == Array(inner, 1, False)
    assert definitions.type_of("(int64, bool)") == Tuple(tuple, (Scalar("int64"), Scalar("bool")))
    with pytest.raises(TypeError):
        definitions.type_of("Unknown")
