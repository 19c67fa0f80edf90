"""What the sections of all media share: vqcodec's codings of an input, and the frame that they stand in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from vqcodec import api
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import beside, chosen_codebook
from vqcodec.container import load_media
from vqcodec.container.wrapping import codebook_of
from vqcodec.files.endpoints import naming, read_all
from vqcodec.media.progress import Progress, part_of_work
from vqcodec.report_page.sections import PageOptions, Parts, Section, Subject, Table
from vqcodec.reports import AnyComparison


@dataclass
class Coded:
    """A coding of an input; each medium adds what it shows.

    Attributes:
        key: by which the page knows it. setting: of its codec.
        data: the file.
        codebook: that of vqcodec's codings.
        codec: what made it.
    """

    key: str
    setting: str
    data: bytes
    codebook: Codebook | None
    codec: str = field(default="vqcodec", kw_only=True)

    @property
    def label(self) -> str:
        """How the page calls it."""
        return f"{self.codec}, {self.setting}"

    @property
    def own(self) -> bool:
        """Whether it is vqcodec's."""
        return self.codec == "vqcodec"


AnyCoded = TypeVar("AnyCoded", bound=Coded)


def own_codings(
    subject: Subject,
    options: PageOptions,
    usual: Sequence[float],
    make: Callable[[str, str, bytes, Codebook], AnyCoded],
    progress: Progress | None,
    **asked: Any,
) -> list[AnyCoded]:
    """Return vqcodec's codings of an input: a `.vqc` file as it is, or an original at the qualities of the page.

    Args:
        usual: the qualities if the page's options do not say them.
        make: returns a coding of a key, a setting, a file and its codebook.
        progress: called with the part of this that is done; None if nobody is to be told.
        asked: options of `vqcodec.encode` for the medium.
    """

    def coding(key: str, setting: str, data: bytes) -> AnyCoded:
        with naming(subject.name):
            given = chosen_codebook(options.codebook)
            return make(key, setting, data, codebook_of(load_media(data, codebook=given), given))

    if subject.coded:
        with beside(subject.source):
            return [coding("file", "the file", read_all(subject.source, subject.name))]
    found = []
    qualities = options.qualities or usual
    for number, quality in enumerate(qualities):
        part = part_of_work(progress, number / len(qualities), (number + 1) / len(qualities))
        made = api.encode(
            subject.source,
            name=subject.name,
            strip_metadata=True,
            progress=part,
            **options.encoding(quality),
            **asked,
        )
        assert made.data is not None
        found.append(coding(f"q{quality:g}", f"quality {quality:g}", made.data))
    return found


def compared(subject: Subject, coded: Coded, options: PageOptions) -> AnyComparison | None:
    """Return how far a coding is from the original; None without one."""
    if subject.original is None:
        return None
    names = (subject.original_name, subject.name)
    return api.compare(subject.original, coded.data, codebook=coded.codebook, threads=options.threads, names=names)


def middle_of(own: Sequence[AnyCoded]) -> AnyCoded:
    """Return the coding that is shown first."""
    return own[len(own) // 2]


def nearest_of(curve: Sequence[AnyCoded], to: AnyCoded, size: Callable[[AnyCoded], float]) -> AnyCoded:
    """Return the coding whose size is nearest to that of another, as a ratio."""
    return min(curve, key=lambda one: abs(math.log(max(1e-9, size(one)) / max(1e-9, size(to)))))


def section_of(
    kind: str,
    subject: Subject,
    own: Sequence[Coded],
    *,
    facts: Sequence[tuple[str, str]],
    bits: Mapping[str, int] | None,
    table: Table,
    data: Mapping[str, Any],
    **more: Any,
) -> Section:
    """Return a section with what sections of all kinds say.

    Args:
        own: vqcodec's codings.
        facts: those that the kind adds, which come first.
        bits: where those of the middle coding went; None if that is not known.
        kind, table, data, more: as of `Section`.
    """
    books = {coded.codebook.identity: coded.codebook for coded in own if coded.codebook is not None}
    said = [*facts, *(("Engine", book.engine) for book in books.values())]
    said += [("Codebook", book.name) for book in books.values()]
    if subject.coded:
        said.append(("Original", subject.original_name or "not given: what is lost is not known"))
    middle = middle_of(own)
    return Section(
        kind=kind,
        anchor=subject.anchor,
        title=subject.name,
        facts=said,
        table=table,
        parts=Parts.from_bits(f"{middle.label}, {len(middle.data):,} bytes", bits) if bits else None,
        data=data,
        codebooks=list(books.values()),
        **more,
    )
