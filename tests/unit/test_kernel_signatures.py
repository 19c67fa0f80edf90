"""The file of signatures: as the commands call kernels now, and the native kernels give numba's bits."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest

from vqcodec.kernels import native
from vqcodec.kernels.build.declared import FILE, declare, read_declared, text_of, without_covered
from vqcodec.kernels.build.record import type_of
from vqcodec.kernels.records import new_record, record_type
from vqcodec.kernels.signatures import Array, Scalar, Tuple

INNER = record_type(a=(np.int32, (2, 3)))
OUTER = record_type(inner=INNER, b=(np.float64, ()))


class Pair(NamedTuple):
    left: Any
    right: Any


def test_types_survive_being_written() -> None:
    arguments = (
        np.zeros((2, 3), np.uint8),
        np.frombuffer(bytes(8), np.int64),
        Pair(new_record(OUTER), (1, 2.0)),
        Pair(np.zeros(2, INNER), True),
        np.float32(1),
        None,
    )
    signature = tuple(map(type_of, arguments))
    declared = declare({"module.kernel": {signature}})
    definitions = declared.definitions()
    (texts,) = declared.kernels["module.kernel"]
    assert tuple(map(definitions.type_of, texts)) == signature
    assert texts == ["uint8[:, :]", "readonly int64[:]", "Pair 2", "Pair", "float32", "none"]


def test_names_do_not_depend_on_order() -> None:
    first = (type_of(Pair(1, 2)), type_of(Pair(1.0, 2)))
    found = {"a": {first}, "b": {first[::-1]}}
    again = {"b": {first[::-1]}, "a": {first}}
    assert text_of(declare(found)) == text_of(declare(again))


def test_variants_that_may_write_to_more_are_left_out() -> None:
    writable, readonly = Array(np.dtype(np.uint8), 1, False), Array(np.dtype(np.uint8), 1, True)
    number = Scalar("int64")
    pairs = {(Tuple(Pair, (kind, number)), writable) for kind in (writable, readonly)}
    assert without_covered(pairs) == {(Tuple(Pair, (readonly, number)), writable)}
    mixed = {(writable, readonly), (readonly, writable)}
    assert without_covered(mixed) == mixed


@pytest.mark.parametrize("value", ["text", np.zeros((3, 4)).T, [1]])
def test_what_kernels_do_not_take(value: Any) -> None:
    with pytest.raises(TypeError, match=r"kernels take no|in C order"):
        type_of(value)


@pytest.mark.skipif(native.native() is None, reason="there is no native object")
def test_the_file_is_what_the_commands_do() -> None:
    """Each kernel has exactly the variants that are called; `make signatures` writes them down anew."""
    program = (
        "from vqcodec.api.recording import record_all; from vqcodec.kernels.build.declared import text_of\n"
        "print(text_of(record_all()), end='')"
    )
    environment = {key: value for key, value in os.environ.items() if key != native.CHOICE}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout == FILE.read_text()


@pytest.mark.slow
@pytest.mark.skipif(native.native() is None, reason="there is no native object")
def test_native_kernels_give_numbas_bits() -> None:
    """Every kernel, called with what the commands give it, in both ways."""
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == sorted(read_declared().kernels)


KEPT_CALLS = 3  # of each kernel


def _compare() -> None:
    """Do what the commands do, with native kernels; print the names of those that numba's agree with."""
    from vqcodec.kernels import jit

    calls: dict[str, int] = {}

    class ComparedKernel(jit.Kernel):
        def __call__(self, *args: Any) -> Any:
            count = calls[self.name] = calls.get(self.name, 0) + 1
            if count > KEPT_CALLS:
                return super().__call__(*args)
            given = copied(args)
            result = super().__call__(*args)
            assert self.variants, self.name
            expected = self.dispatcher(*given)
            assert bits((expected, given)) == bits((result, args)), self.name
            return result

    jit.Kernel = ComparedKernel  # type: ignore[misc]
    from vqcodec.api.warming import all_steps

    for step in all_steps().values():
        step()
    print(*sorted(calls))


def copied(args: Any) -> Any:
    """Return a copy of arguments that share memory exactly where the originals do."""
    owners: dict[int, tuple[Any, Any]] = {}

    def copy_of(value: Any) -> Any:
        if isinstance(value, tuple):
            parts = map(copy_of, value)
            return type(value)._make(parts) if hasattr(value, "_fields") else tuple(parts)
        if not isinstance(value, (np.ndarray, np.void)):
            return value
        owner = value
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        _, twin = owners.setdefault(id(owner), (owner, owner.copy()))
        start, whole = (array.__array_interface__["data"][0] for array in (value, owner))
        view: Any = np.ndarray(value.shape, value.dtype, twin.data, start - whole, value.strides)
        if isinstance(value, np.void):
            return view[()]
        view.flags.writeable = value.flags.writeable
        return view

    return copy_of(args)


def bits(value: Any) -> Any:
    """Return what can be compared: the bytes of arrays and numbers."""
    if isinstance(value, tuple):
        return tuple(map(bits, value))
    if isinstance(value, np.void):
        return _fields(value)
    if isinstance(value, np.ndarray):
        return (value.shape, value.tobytes()) if value.dtype.names is None else tuple(map(_fields, value.ravel()))
    return np.float64(value).tobytes() if isinstance(value, float) else value


def _fields(record: Any) -> Any:
    """Return the fields of a record; what lies between them is nothing."""
    return tuple(
        bits(np.asarray(record[name]) if not isinstance(record[name], np.void) else record[name])
        for name in record.dtype.names
    )


if __name__ == "__main__":
    _compare()
