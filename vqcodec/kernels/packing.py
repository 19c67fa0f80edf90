"""Calls of native kernels through ctypes, where the extension `_packer` cannot be loaded: slower, the same results.

`Entry` and `Caller` are those of `build/packer.c`, which says how types are described.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

_ERRORS: dict[int, tuple[type[Exception], str]] = {
    2: (MemoryError, "no memory"),
    3: (IndexError, "an index is out of bounds"),
}
_SMALLEST, _GREATEST = -(1 << 63), (1 << 63) - 1


class Differs(Exception):
    """The arguments are not those that a variant takes."""


class Entry:
    """One compiled variant of a kernel.

    Args:
        address: of a function `int32 f(int64 *slots)`.
        arguments: a description of the type of each argument.
        result: a description of the result's type.
        slots: number of slots that arguments and results take.
        name: the kernel's name, for messages.
    """

    def __init__(
        self, address: int, arguments: tuple[Any, ...], result: tuple[Any, ...], slots: int, name: str
    ) -> None:
        self._call = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(address)
        self._arguments = arguments
        self._result = result
        self._slots = slots
        self._name = name

    def call(self, args: tuple[Any, ...]) -> Any:
        """Call the kernel; raises `Differs` if it does not take `args`."""
        values: list[int | float] = []
        _pack(("T", tuple, self._arguments), args, values)
        slots = (ctypes.c_int64 * max(self._slots, 1))()
        for number, value in enumerate(values):
            if isinstance(value, float):
                ctypes.c_double.from_buffer(slots, 8 * number).value = value
            else:
                slots[number] = value
        status = self._call(ctypes.addressof(slots))
        if status:
            error, reason = _ERRORS.get(status, (RuntimeError, "failed"))
            raise error(f"{self._name}: {reason}")
        return _unpack(self._result, slots, 0)[0]


class Caller:
    """A callable that calls the first of its variants that takes the arguments, or else its method `otherwise`."""

    variants: tuple[Entry, ...] = ()

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Call the kernel."""
        if not named:
            for entry in self.variants:
                try:
                    return entry.call(args)
                except Differs:
                    continue
        return self.otherwise(*args, **named)

    def otherwise(self, *args: Any, **named: Any) -> Any:
        """Do what the kernel does in another way."""
        raise NotImplementedError


def _pack(kind: tuple[Any, ...], value: Any, values: list[int | float]) -> None:
    """Append the slots of a value."""
    letter = kind[0]
    if letter == "A":
        _, dtype, ndim, writable = kind
        if type(value) is not np.ndarray or value.ndim != ndim or value.dtype != dtype:
            raise Differs
        flags = value.flags
        if not (flags.c_contiguous and flags.aligned and (flags.writeable or not writable)):
            raise Differs
        values.append(value.__array_interface__["data"][0])
        values.extend(value.shape)
    elif letter == "T":
        _, wanted, parts = kind
        if type(value) is not wanted or len(value) != len(parts):
            raise Differs
        for part, element in zip(parts, value):
            _pack(part, element, values)
    elif letter == "R":
        if not isinstance(value, np.void) or value.dtype != kind[1]:
            raise Differs
        values.append(value.__array_interface__["data"][0])
    elif letter == "S":
        values.append(_number(kind, value))
    elif value is not None:
        raise Differs


def _number(kind: tuple[Any, ...], value: Any) -> int | float:
    """Return the slot of a number."""
    _, letter, size, wanted = kind
    plain = {"i": int, "f": float}.get(letter) if size == 8 else bool if letter == "b" else None
    if type(value) is not wanted and type(value) is not plain:
        raise Differs
    if letter == "f":
        return float(value)
    number = int(value)
    if letter == "u":
        return number - (1 << 64) if number > _GREATEST else number
    if not _SMALLEST <= number <= _GREATEST:
        raise Differs
    return number


def _unpack(kind: tuple[Any, ...], slots: Any, at: int) -> tuple[Any, int]:
    """Return a result from slot `at` on, and the slot after it."""
    letter = kind[0]
    if letter == "N":
        return None, at
    if letter == "T":
        parts = []
        for part in kind[2]:
            value, at = _unpack(part, slots, at)
            parts.append(value)
        return tuple(parts), at
    number = kind[1]
    if number == "f":
        return ctypes.c_double.from_buffer(slots, 8 * at).value, at + 1
    value = slots[at]
    if number == "b":
        return bool(value), at + 1
    return value % (1 << 64) if number == "u" else value, at + 1
