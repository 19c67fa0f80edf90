"""Pages from inputs: what each input is, its section, and the page that holds all sections."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from vqcodec.api.media import side_to_compare
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import CodebookChoice
from vqcodec.errors import UsageError, VQCodecError
from vqcodec.files.endpoints import Destination, Source, check_destination, name_of, read_all, write_all
from vqcodec.files.folders import is_media_name
from vqcodec.media.progress import Progress
from vqcodec.media.target import EFFORT, QUALITY, THREADS
from vqcodec.report_page import charts, rendering
from vqcodec.report_page.atlas import atlas_of
from vqcodec.report_page.pictures import picture_section
from vqcodec.report_page.sections import PageOptions, Section, Subject
from vqcodec.report_page.speech import speech_section
from vqcodec.report_page.video import video_section
from vqcodec.reports.page import Coding, InputReport, PageReport

_SECTIONS: Mapping[str, Callable[[Subject, PageOptions, Progress], tuple[Section, list[Coding]]]] = {
    "image": picture_section,
    "speech": speech_section,
    "video": video_section,
}
"""By medium: what makes the section of an input, and says which codings it shows."""


class PageBuilder:
    """A page that is being made.

    Args:
        options: what it is to show.

    Raises:
        UsageError: Bokeh is not installed.
        UnreadableInputError, LimitError: the reference is a stream that cannot be read.
    """

    def __init__(self, options: PageOptions) -> None:
        charts.require()
        self._options = options
        reference = options.reference  # of several inputs
        self._reference = None if reference is None else _at_rest(reference, name_of(reference))
        self._sections: list[Section] = []
        self._skipped: dict[str, str] = {}

    @property
    def is_empty(self) -> bool:
        """Whether the page shows nothing yet."""
        return not self._sections

    def add(self, source: Source, name: str | None = None, progress: Progress | None = None) -> InputReport:
        """Add the section of an input, and return what it shows.

        Args:
            source: a picture, a recording, a video, or a `.vqc` file.
            name: how messages and the page call it; None for the source's own.
            progress: called with the part of the work that is done, 0 to 1.

        Raises:
            VQCodecError: it cannot be read or shown; the page is as it was before.
        """
        name = name or name_of(source)
        side, medium = side_to_compare(source, name)
        read = _at_rest(side.source, name)
        original, original_name = self._original_of(name) if side.coded else (read, name)
        anchor = f"input-{len(self._sections) + 1}"
        subject = Subject(read, name, side.coded, anchor, original, original_name)
        progress = progress or (lambda _: None)
        section, codings = _SECTIONS[medium](subject, self._options, progress)
        progress(1.0)
        self._sections.append(section)
        return InputReport(name, medium, side.coded, tuple(codings), tuple(section.notes))

    def _original_of(self, name: str) -> tuple[Source | None, str]:
        """Return the original of the `.vqc` file of that name, and how messages call it.

        If the reference is a folder, it is the file in it that has the name.
        """
        reference = self._options.reference
        if reference is None:
            return None, ""
        if not isinstance(reference, (str, os.PathLike)) or not os.path.isdir(reference):
            return self._reference, name_of(reference)
        stem = Path(name).stem
        found = sorted(path for path in Path(reference).iterdir() if path.stem == stem and is_media_name(path.name))
        if len(found) > 1:
            raise UsageError(f"{name}: several files in {name_of(reference)} have its name; name its original")
        return (found[0], name_of(found[0])) if found else (None, "")

    def skip(self, name: str, message: str) -> None:
        """Say in the page that an input is left out, and why."""
        self._skipped[name] = message

    def html(self) -> bytes:
        """Return the page in UTF-8.

        Raises:
            UsageError: it would show nothing.
        """
        if self.is_empty:
            raise UsageError("a report needs an input that can be read; there is none")
        alone = len(self._sections) == 1
        title = os.path.basename(self._sections[0].title) if alone else f"{len(self._sections)} files"
        books: dict[str, Codebook] = {}
        for section in self._sections:
            books.update((book.identity, book) for book in section.codebooks)
        atlases = [atlas_of(book, f"codebook-{number}") for number, book in enumerate(books.values(), 1)]
        return rendering.page(f"{title}: vqcodec report", self._sections, atlases, self._skipped)


def make_report(
    sources: Sequence[Source],
    destination: Destination | None = None,
    *,
    qualities: Sequence[float] | None = None,
    effort: int | None = None,
    codebook: CodebookChoice | None = None,
    reference: Source | None = None,
    peers: bool = True,
    threads: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> PageReport:
    """Make one page of HTML that shows what coding does to pictures, recordings and videos. It loads nothing else.

    An original is encoded at several qualities. A `.vqc` file is shown as it is. An input that cannot be read is left
    out, and the page and the report say so.

    Args:
        sources: files, or bytes.
        destination: where the page goes; None leaves it in the report.
        qualities: at which originals are encoded, 0 to 100, ascending; None for several.
        effort: 0 to 9; None for the medium's default.
        codebook: to encode with, and to decode `.vqc` files with; None for the default, and for the files' own.
        reference: the original of the `.vqc` files among the sources, or a folder of originals that are named as they
            are, with another extension. Without it the page shows of them what it can.
        peers: whether the other codecs that are installed are shown beside.
        threads: how many to use; None for one a CPU.
        overwrite: replace a destination that exists.
        progress: called with the part of the work that is done, 0 to 1.

    Raises:
        UsageError: Bokeh is not installed (`pip install 'vqcodec[report]'`), there is no source, or an argument is of
            the wrong type or out of range.
        OutputError: the destination exists or cannot be written.
        VQCodecError: no source can be shown; the error is that of the first.
    """
    options = page_options(
        qualities=qualities, effort=effort, codebook=codebook, reference=reference, peers=peers, threads=threads
    )
    builder = PageBuilder(options)
    check_destination(destination, sources, overwrite=overwrite)
    shown, skipped = [], {}
    first_error: VQCodecError | None = None
    for number, source in enumerate(sources):

        def advance(done: float, number: int = number) -> None:
            if progress is not None:
                progress((number + done) / len(sources))

        try:
            shown.append(builder.add(source, progress=advance))
        except VQCodecError as error:
            first_error = first_error or error
            skipped[name_of(source)] = str(error)
            builder.skip(name_of(source), str(error))
    if first_error is not None and builder.is_empty:
        raise first_error
    data = builder.html()
    if destination is not None:
        write_all(data, destination, overwrite=overwrite)
    return PageReport(
        output=None if destination is None else name_of(destination),
        output_bytes=len(data),
        inputs=tuple(shown),
        skipped=skipped,
        data=data if destination is None else None,
    )


def page_options(**asked: Any) -> PageOptions:
    """Return options of a page, checked; they are named as those of `make_report`.

    Raises:
        UsageError: one is of the wrong type or out of range, or the qualities do not ascend.
    """
    given = {**asked, "effort": EFFORT.value_in(asked), "threads": THREADS.value_in(asked)}
    if asked.get("qualities") is not None:
        qualities = [QUALITY.check(quality) for quality in asked["qualities"]]
        if not qualities or any(later <= earlier for earlier, later in pairwise(qualities)):
            raise UsageError("qualities must be given in ascending order, each once")
        given["qualities"] = qualities
    return PageOptions(**given)


def _at_rest(source: Source, name: str) -> Source:
    """Return a source that can be read several times."""
    return read_all(source, name) if hasattr(source, "read") else source
