"""The results of `vqcodec.make_report`: what a page shows of each input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vqcodec.reports.base import Report, raw_data


@dataclass(frozen=True)
class Coding(Report):
    """One coding of an input.

    Attributes:
        codec: `vqcodec`, or another codec that it is measured beside.
        setting: of the codec, such as `quality 60`.
        output_bytes: size of the coded file.
        rate: bits per pixel for pictures; kbit/s for speech and video, of the whole file.
        scores: measures against the original, by name as in `vqcodec.compare`; None for one that cannot be taken.
    """

    codec: str
    setting: str
    output_bytes: int
    rate: float
    scores: Mapping[str, float | None]


@dataclass(frozen=True)
class InputReport(Report):
    """An input that a page shows.

    Attributes:
        input: its name.
        medium: `image`, `speech` or `video`.
        coded: whether it is a `.vqc` file.
        codings: how it was coded, in the order of the page.
        notes: what the page leaves out or changes, one clause each.
    """

    input: str
    medium: str
    coded: bool
    codings: tuple[Coding, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PageReport(Report):
    """A page.

    Attributes:
        output: name of the destination, or None if the page is in `data`.
        output_bytes: size of the page.
        inputs: those that it shows.
        skipped: those that could not be shown: by name why not, in one line.
        data: the page in UTF-8, if no destination was given.
    """

    output: str | None
    output_bytes: int
    inputs: tuple[InputReport, ...]
    skipped: Mapping[str, str]
    data: bytes | None = raw_data()
