"""Making packs of files, and changing them: what `vqcodec pack`, `add` and `remove` call."""

from __future__ import annotations

import io
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Unpack, cast

from vqcodec.api.codebooks import codebook_sources
from vqcodec.api.packs.choosing import Wish, codebook_for
from vqcodec.api.packs.coding import (
    CodedFile,
    Coding,
    NamedFile,
    coded_files,
    files_to_pack,
    in_memory,
    media_to_code,
    medium_of,
)
from vqcodec.api.packs.opened import Pack
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import chosen_codebook, find_entry, shipped_parent
from vqcodec.container import CodebookReference, is_media
from vqcodec.errors import UsageError, VQCodecError
from vqcodec.files.endpoints import Destination, Source, check_destination, name_of
from vqcodec.files.sniffing import with_head
from vqcodec.media.encoding import EncodeOptions
from vqcodec.media.keywords import EncodeKeywords
from vqcodec.media.progress import Progress, part_of_work
from vqcodec.names import printable
from vqcodec.pack.access import access_to
from vqcodec.pack.changing import changed_pack, compact, is_wasteful, new_pack
from vqcodec.pack.names import item_name
from vqcodec.pack.reader import PackReader
from vqcodec.pack.writer import PackWriter
from vqcodec.reports.base import CodebookUse
from vqcodec.reports.pack import PackReport

_SHOWN_NOTES = 3
_CHOOSING = 0.9  # part of the work until the codebook is chosen, if one is trained


def make_pack(
    sources: Source | Iterable[Source],
    destination: Destination | None = None,
    *,
    train: bool | None = None,
    memory_bytes: int | None = None,
    notice: Callable[[str], object] | None = None,
    **asked: Unpack[EncodeKeywords],
) -> PackReport:
    """Encode pictures, sound files and videos, and put them into one file, a pack.

    Args:
        sources: a folder, which stands for all media files in it and below it; a file; or several of these. Files that
            end in `.vqc` are put in as they are. Items are named as the paths from the folder on.
        destination: where the pack (`.vqp`) goes; None leaves the bytes in the report.
        train: True to code the pictures together, with a codebook trained on them whose memory has those that others
            are predicted from; False not to; None to do so where it pays, everything counted. Not beside `codebook` or
            a target. The pack embeds it, as the difference from a shipped one.
        memory_bytes: most bytes of its memory.
        notice: called with a line on what is done and why.
        asked: options of `vqcodec.encode`. `codebook` holds for its medium; without it the shipped codebook that suits
            a sample of the pictures best is taken. `embed_codebook` puts it into the pack, once.

    Raises:
        UsageError: an option is unknown, out of range or in conflict with another; two files would have one name; a
            name is not allowed in packs; the destination is a source.
        UnreadableInputError: a file cannot be read, or there is none; the pack is then not written.
        CodebookError, LimitError, OutputError: as `vqcodec.encode`.
    """
    started = time.perf_counter()
    options = EncodeOptions.of(asked)
    given = _sources(sources)
    notice = notice or (lambda _line: None)
    files, others = files_to_pack(given)
    check_destination(
        destination,
        [*(file.source for file in files), *codebook_sources(options.codebook)],
        overwrite=options.overwrite,
    )
    book = chosen_codebook(options.codebook)
    if book is not None and (train or memory_bytes is not None):
        raise UsageError("a codebook is given, so none is trained; leave out codebook, or train and memory_bytes")
    if train is False and memory_bytes is not None:
        raise UsageError("no codebook is trained, so none gets a memory; leave out memory_bytes, or have one trained")
    _tell_others(others, notice)
    books = {} if book is None else {book.engine.partition("/")[0]: book}
    embedded = _embedding(books.values()) if options.embed_codebook else {}
    coding = Coding(books, embedded, asked, options.work.threads)
    files = [in_memory(file) for file in files]
    pictures = _pictures(files, coding) if "image" not in coding.codebooks else []
    progress = options.progress
    known: Mapping[str, CodedFile] = {}
    if pictures:
        wish = Wish(train, memory_bytes)
        share = part_of_work(progress, 0.0, _CHOOSING)
        chosen = codebook_for(pictures, coding, wish, progress=share, notice=notice)
        coding, known = chosen.coding, chosen.coded
        progress = part_of_work(progress, _CHOOSING, 1.0)
        if options.embed_codebook and not coding.embedded:
            coding = replace(coding, embedded=_embedding(coding.codebooks.values()))
    buffer = io.BytesIO()
    tally = _Tally()
    with new_pack(buffer if destination is None else destination, overwrite=options.overwrite) as writer:
        tally.add_all(writer, _with_known(files, known, coding, progress))
    report = tally.report(writer, None if destination is None else name_of(destination), started)
    return report if destination is not None else replace(report, data=buffer.getvalue())


def add_to_pack(
    path: str | os.PathLike[str],
    sources: Source | Iterable[Source],
    *,
    as_name: str | None = None,
    notice: Callable[[str], object] | None = None,
    **asked: Unpack[EncodeKeywords],
) -> PackReport:
    """Encode files and add them to a pack; all of them or, if something fails, none.

    Args:
        path: of the pack.
        sources: as of `make_pack`.
        as_name: name of the item, if there is one source.
        notice: called with a line on what is left out.
        asked: options of `vqcodec.encode`; `overwrite` replaces items of the same names. Without `codebook`, pictures
            take the first codebook for pictures that the pack has.

    Raises:
        UsageError, UnreadableInputError, CodebookError, LimitError: as `make_pack`; also if a name is taken.
        OutputError: another process changes the pack, or the system refuses to write; the pack is as it was.
    """
    started = time.perf_counter()
    options = EncodeOptions.of(asked)
    files, others = files_to_pack(_sources(sources), as_name)
    _tell_others(others, notice or (lambda _line: None))
    files = [in_memory(file) for file in files]
    with Pack(path) as pack:
        coding = pack.coding(chosen_codebook(options.codebook), media_to_code(files, Coding(options=asked)))
        if options.embed_codebook:
            coding = replace(coding, embedded={**coding.embedded, **_embedding(coding.codebooks.values())})
    coding = replace(coding, options=asked, threads=options.work.threads)
    tally = _Tally()
    with changed_pack(path) as (writer, before):
        for file in files:
            if not options.overwrite and before.find(file.name) is not None:
                raise UsageError(f"{name_of(path)}: has an item '{printable(file.name)}' already; pass overwrite=True")
        tally.add_all(writer, coded_files(files, coding, options.progress))
    _compact_if_wasteful(path)
    return tally.report(writer, name_of(path), started)


def remove_from_pack(path: str | os.PathLike[str], names: Sequence[str], *, compacted: bool = False) -> PackReport:
    """Remove items from a pack; all of them or, if something fails, none.

    Their bytes stay in the file until it is compacted. That happens when most of it is unused.

    Args:
        path: of the pack.
        names: of the items; with none, the pack is only compacted.
        compacted: whether to compact it in any case.

    Raises:
        UsageError: there is no item of a name.
        OutputError: another process changes the pack, or the system refuses to write; the pack is as it was.
        UnreadableInputError, CorruptFileError, UnsupportedError: it is not a pack, damaged, or of a later version.
    """
    started = time.perf_counter()
    tally = _Tally()
    with changed_pack(path) as (writer, before):
        for name in dict.fromkeys(map(item_name, names)):
            if before.find(name) is None:
                raise UsageError(f"{name_of(path)}: no item '{printable(name)}'")
            writer.remove(name)
            tally.removed += 1
    report = tally.report(writer, name_of(path), started)
    sizes = compact(path) if compacted else _compact_if_wasteful(path)
    if sizes is None:
        return report
    return replace(report, output_bytes=sizes[1], unused_bytes=0, seconds=time.perf_counter() - started)


def _with_known(
    files: Sequence[NamedFile], known: Mapping[str, CodedFile], coding: Coding, progress: Progress | None
) -> Iterator[CodedFile]:
    """Give files as items in their order: those that are coded already, and the others as they are coded."""
    others = coded_files([file for file in files if file.name not in known], coding, progress)
    for file in files:
        yield known[file.name] if file.name in known else next(others)


class _Tally:
    """What is counted while files are added."""

    def __init__(self) -> None:
        self.removed = 0
        self._added = 0
        self._input_bytes = 0
        self._psnr: list[float] = []
        self._notes: Counter[str] = Counter()

    def add_all(self, writer: PackWriter, coded: Iterable[CodedFile]) -> None:
        """Add all files to a pack."""
        for one in coded:
            writer.add(one.name, one.item)
            self._added += 1
            self._input_bytes += one.input_bytes
            self._psnr += [] if one.psnr_db is None else [one.psnr_db]
            self._notes.update(one.notes)

    def report(self, writer: PackWriter, output: str | None, started: float) -> PackReport:
        """Return the report on a pack whose index is written."""
        notes = list(self._notes)
        if len(notes) > _SHOWN_NOTES:
            notes = [*notes[:_SHOWN_NOTES], f"{len(notes) - _SHOWN_NOTES} more such notes"]
        return PackReport(
            output=output,
            items=writer.root.items,
            added=self._added,
            removed=self.removed,
            input_bytes=self._input_bytes,
            output_bytes=writer.size,
            psnr_db=sum(self._psnr) / len(self._psnr) if self._psnr else None,
            codebooks=tuple(map(use_of, writer.references)),
            unused_bytes=writer.root.unused,
            seconds=time.perf_counter() - started,
            notes=tuple(notes),
        )


def use_of(reference: CodebookReference) -> CodebookUse:
    """Return what reports say of a codebook of a pack."""
    embedded = reference.embedded is not None
    return CodebookUse(reference.name, reference.identity_prefix.hex(), embedded, embedded or is_found(reference))


def is_found(reference: CodebookReference) -> bool:
    """Return whether the library has a codebook."""
    try:
        find_entry(reference.identity_prefix, reference.name)
    except VQCodecError:
        return False
    return True


def _sources(sources: Source | Iterable[Source]) -> list[Source]:
    if isinstance(sources, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(sources, "read"):
        return [cast(Source, sources)]
    return list(sources)


def _pictures(files: Sequence[NamedFile], coding: Coding) -> list[NamedFile]:
    """Return the pictures among files, as far as these are not coded yet."""
    plain = [file for file in files if not is_media(with_head(file.source, file.called)[1])]
    return [file for file in plain if medium_of(file, coding) == "image"]


def _embedding(books: Iterable[Codebook]) -> dict[bytes, CodebookReference]:
    return {book.digest: CodebookReference.embedding(book, shipped_parent(book)) for book in books}


def _compact_if_wasteful(path: str | os.PathLike[str]) -> tuple[int, int] | None:
    """Compact a pack of which most is unused; return its bytes before and after, None if it is not."""
    access = access_to(path)
    try:
        wasteful = is_wasteful(PackReader(access))
    finally:
        access.close()
    return compact(path) if wasteful else None


def _tell_others(others: Sequence[str], notice: Callable[[str], object]) -> None:
    if others:
        notice(f"left out, because they are no media: {_some(others)}")


def _some(paths: Sequence[str]) -> str:
    shown = ", ".join(printable(path, 200) for path in paths[:_SHOWN_NOTES])
    return shown + (f" and {len(paths) - _SHOWN_NOTES} more" if len(paths) > _SHOWN_NOTES else "")
