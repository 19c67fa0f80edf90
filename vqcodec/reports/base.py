"""The base of all records: conversion to JSON, and the codebook that a file was coded with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NamedTuple, Protocol, get_type_hints

from vqcodec.markup import table

_NOT_IN_JSON = "not_in_json"
NOT_IN_JSON: Mapping[str, bool] = {_NOT_IN_JSON: True}
"""Metadata of the fields that JSON leaves out."""


class Label(NamedTuple):
    """How the command line prints a measure on a line of its own: an annotation of the field of a report.

    Attributes:
        text: beginning of the line.
        digits: number of digits after the decimal point, unless the measure is in decibels.
        decibels: whether the measure is in dB.
    """

    text: str
    digits: int = 3
    decibels: bool = False


class Report:
    """Base of the records: conversion to a dictionary that `json.dumps` takes.

    Attributes:
        MEDIUM: the medium that it is about; empty for parts of reports.
    """

    MEDIUM: ClassVar[str] = ""

    def _repr_html_(self) -> str:
        """Return the fields as a table, for notebooks, below a preview of the file if there is one."""
        preview: Preview | None = getattr(self, "preview", None)
        shown = "" if preview is None else preview.html()
        about = [getattr(self, name, None) for name in ("input", "reference", "test", "output")]
        title = " ".join([self.MEDIUM, ", ".join(name for name in about if name)]).strip()
        return shown + table(title, self.as_dict()) + self._more_html()

    def _repr_png_(self) -> bytes | None:
        """Return a picture of the file for notebooks that show no HTML; None if there is none."""
        preview: Preview | None = getattr(self, "preview", None)
        return None if preview is None else preview.png()

    def _more_html(self) -> str:
        """Return what stands below the table."""
        return ""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields in order, for `json.dumps`. Infinite decibels become None; raw data is left out."""
        return {
            item.name: _plain(getattr(self, item.name))
            for item in fields(self)  # type: ignore[arg-type]
            if not item.metadata.get(_NOT_IN_JSON)
        }


def _plain(value: Any) -> Any:
    """Return `value` in the types of JSON."""
    if isinstance(value, Report):
        return value.as_dict()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def labelled_values(report: Report) -> Iterator[tuple[Label, float | None]]:
    """Yield the `Label` and the value of each field of `report` that is annotated with one."""
    for name, hint in get_type_hints(type(report), include_extras=True).items():
        for note in getattr(hint, "__metadata__", ()):
            if isinstance(note, Label):
                yield note, getattr(report, name)


class Preview(Protocol):
    """Makes a preview of a file when it is asked for."""

    def png(self) -> bytes | None:
        """Return it as a PNG file; None if there is none."""

    def html(self) -> str:
        """Return it as HTML; nothing if there is none."""


def raw_data() -> Any:
    """Return a field for the bytes themselves, which JSON leaves out."""
    return field(default=None, repr=False, compare=False, metadata=NOT_IN_JSON)


class Record(Report, Mapping[str, Any]):
    """A report that can also be read as a mapping."""

    def __getitem__(self, key: str) -> Any:
        if key not in set(self):
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return (item.name for item in fields(self) if not item.metadata.get(_NOT_IN_JSON))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True)
class CodebookUse(Report):
    """The codebook that a file was coded with.

    Attributes:
        name: its published name, or None if the file does not hold it.
        identity: SHA-256 of its canonical bytes in hexadecimal; only the leading digits, which the file holds, if the
            codebook itself is not known.
        embedded: whether the file holds the codebook.
        found: whether the codebook is embedded or in the library, so that the file can be decoded here.
    """

    name: str | None
    identity: str
    embedded: bool
    found: bool
