"""Types of kernels' arguments, as the file of signatures writes them.

A type is a text: `int64`, `float64` or `bool` for a number, `uint8[:, :]` for an array in C order, `readonly uint8[:]`
for one that the kernel does not write, a name for a record or a tuple that `Definitions` defines, `none` for nothing.
"""

from __future__ import annotations

import importlib
import re
from typing import Any, NamedTuple

import numpy as np

from vqcodec.kernels.records import record_of

_ARRAY = re.compile(r"(readonly )?([^\[]+)\[([:, ]*)\]")
_FIELD = re.compile(r"([^\[]+)(?:\[([\d, ]+)\])?")


class Scalar(NamedTuple):
    """A number: the name of its NumPy type, or `none`."""

    name: str


class Record(NamedTuple):
    """A NumPy record of a structured type."""

    dtype: np.dtype


class Array(NamedTuple):
    """An array in C order.

    Attributes:
        dtype: type of the elements.
        ndim: number of axes.
        readonly: whether the kernel leaves the array as it is, and so takes read-only arrays too.
    """

    dtype: np.dtype
    ndim: int
    readonly: bool


class Tuple(NamedTuple):
    """A tuple.

    Attributes:
        kind: `tuple`, or the class of a named tuple.
        parts: types of the elements.
    """

    kind: type
    parts: tuple[Type, ...]


Type = Scalar | Record | Array | Tuple
"""The type of an argument or of a result."""


class Definitions:
    """Records and tuples by name.

    Args:
        records: by name, the fields of a record: `int32`, `int32[4, 4]`, or the name of another record.
        tuples: by name, the class of a tuple (`module:Class`, or an empty text for a plain tuple), then its elements.
    """

    def __init__(self, records: dict[str, dict[str, str]], tuples: dict[str, list[str]]) -> None:
        self._records = records
        self._tuples = tuples
        self._known: dict[str, Type] = {}

    def type_of(self, text: str) -> Type:
        """Return the type that `text` stands for; KeyError, ImportError or TypeError where it stands for none."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._parse(text)
        return known

    def _parse(self, text: str) -> Type:
        array = _ARRAY.fullmatch(text)
        if array is not None:
            readonly, item, axes = array.groups()
            return Array(self._item(item), axes.count(":"), readonly is not None)
        if text in self._records:
            return Record(self._item(text))
        if text in self._tuples:
            name, *parts = self._tuples[text]
            return Tuple(_class_named(name), tuple(map(self.type_of, parts)))
        if text != "none":
            np.dtype(text)
        return Scalar(text)

    def _item(self, name: str) -> np.dtype:
        if name not in self._records:
            return np.dtype(name)
        members: list[Any] = []
        for field, text in self._records[name].items():
            match = _FIELD.fullmatch(text)
            if match is None:
                raise KeyError(text)
            item, shape = match.groups()
            members.append((field, self._item(item)) if shape is None else (field, self._item(item), _shape_of(shape)))
        return record_of(members)


def _shape_of(text: str) -> tuple[int, ...]:
    return tuple(int(length) for length in text.split(","))


def _class_named(name: str) -> type:
    if not name:
        return tuple
    module, _, qualified = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in qualified.split("."):
        found = getattr(found, part)
    return found
