"""What a page is made of: sections about media, with their tables, charts and data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import CodebookChoice
from vqcodec.files.endpoints import Source

_PALETTE = (
    "#3366a8",
    "#e08a1e",
    "#4f9d5d",
    "#b8483f",
    "#7d62a8",
    "#8a6250",
    "#d46ba8",
    "#7f7f7f",
    "#a8a432",
    "#3aa6b5",
)
_SMALLEST_SHARE = 0.004  # of the bits of a file: what takes less is counted with others


@dataclass(frozen=True)
class PageOptions:
    """What a page is to show.

    Attributes:
        qualities: at which originals are encoded, ascending; None for those of the medium.
        effort: 0 to 9; None for the medium's default.
        codebook: to encode with, or to decode with; None for the default, or the file's own.
        reference: the original of the `.vqc` files, or a folder of originals that have their names; None for none.
        peers: whether other codecs are shown beside.
        threads: how many to use; None for one a CPU.
    """

    qualities: Sequence[float] | None = None
    effort: int | None = None
    codebook: CodebookChoice | None = None
    reference: Source | None = None
    peers: bool = True
    threads: int | None = None

    def encoding(self, quality: float) -> dict[str, Any]:
        """Return the options of `vqcodec.encode`."""
        asked = {"quality": quality, "effort": self.effort, "codebook": self.codebook, "threads": self.threads}
        return {name: value for name, value in asked.items() if value is not None}


@dataclass(frozen=True)
class Subject:
    """One input of a page.

    Attributes:
        source: what it is read from. name: how messages call it.
        coded: whether it is a `.vqc` file.
        anchor: the beginning of the names of its elements in the page.
        original: what codings are measured against: the input itself, or the original of a `.vqc` file; None if there
            is none. original_name: how messages call it.
    """

    source: Source
    name: str
    coded: bool
    anchor: str
    original: Source | None = None
    original_name: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a table: a coding and its figures as text. `own` marks vqcodec's codings."""

    name: str
    cells: Sequence[str]
    own: bool = True


@dataclass(frozen=True)
class Table:
    """A table of codings; the first head is that of the names."""

    heads: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Share:
    """A part of a file: its bits, its share in per cent and as text, and its colour."""

    name: str
    bits: int
    width: float
    percent: str
    colour: str


@dataclass(frozen=True)
class Parts:
    """Where the bits of a file went. `of` says of which file."""

    of: str
    shares: Sequence[Share]

    @classmethod
    def from_bits(cls, of: str, bits: Mapping[str, int]) -> Parts:
        """Return the parts of a file by size; small ones are counted together."""
        total = max(1, sum(bits.values()))
        large = {name: count for name, count in bits.items() if count >= _SMALLEST_SHARE * total}
        rest = total - sum(large.values())
        ordered = sorted(large.items(), key=lambda item: -item[1]) + ([("all else", rest)] if rest > 0 else [])
        return cls(
            of,
            [
                Share(
                    name,
                    count,
                    round(100 * count / total, 3),
                    f"{100 * count / total:.1f}%",
                    _PALETTE[n % len(_PALETTE)],
                )
                for n, (name, count) in enumerate(ordered)
            ],
        )


@dataclass(frozen=True)
class Section:
    """What a page shows of one input.

    Attributes:
        kind: `picture`, `speech` or `video`: names the template and the script.
        anchor: its identifier in the page.
        title: its heading.
        facts: pairs of a name and a value.
        table: the codings. charts: for the chart library, as `charts` makes them.
        parts: where the bits of one file went; None if that is not known.
        data: for the script of the kind, as JSON holds it. shown: for the template of the kind alone.
        codebooks: those that its codings use.
        notes: what is left out or changed, one clause each.
    """

    kind: str
    anchor: str
    title: str
    facts: Sequence[tuple[str, str]]
    table: Table
    data: Mapping[str, Any]
    shown: Mapping[str, Any] = field(default_factory=dict)
    charts: Sequence[Mapping[str, Any]] = ()
    parts: Parts | None = None
    codebooks: Sequence[Codebook] = ()
    notes: Sequence[str] = ()


def decibels(value: float | None) -> str:
    """Return a measure in dB as text; an infinite one is exact."""
    if value is None:
        return "–"
    return "exact" if value == float("inf") else f"{value:.2f}"
