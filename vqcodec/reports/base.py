"""What every record has: conversion to JSON, and the codebook that a file was coded with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

_NOT_IN_JSON = "not_in_json"


class Report:
    """Base of the records: conversion to a dictionary that `json.dumps` takes."""

    def as_dict(self) -> dict[str, Any]:
        """The fields in order; infinite decibels (no error at all) become None, raw data is left out."""
        return {
            item.name: _plain(getattr(self, item.name))
            for item in fields(self)  # type: ignore[arg-type]
            if not item.metadata.get(_NOT_IN_JSON)
        }


def _plain(value: Any) -> Any:
    if isinstance(value, Report):
        return value.as_dict()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def raw_data() -> Any:
    """A field for the bytes themselves, which JSON leaves out."""
    return field(default=None, repr=False, compare=False, metadata={_NOT_IN_JSON: True})


class Record(Report, Mapping[str, Any]):
    """A report that is readable as a mapping too."""

    def __getitem__(self, key: str) -> Any:
        if key not in set(self):
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return (item.name for item in fields(self))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(fields(self))  # type: ignore[arg-type]


@dataclass(frozen=True)
class CodebookUse(Report):
    """The codebook that a file was coded with.

    Attributes:
        name: the name it was published under, or None where the file does not say.
        identity: SHA-256 of its canonical bytes in hexadecimal; where only the file is at hand, the leading
            digits that the file holds.
        embedded: whether the file carries the codebook within itself.
        found: whether it is at hand, embedded or in the library, so that the file can be decoded here.
    """

    name: str | None
    identity: str
    embedded: bool
    found: bool
