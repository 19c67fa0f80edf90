"""Files as items of a pack: found, named, and coded on all threads."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from vqcodec.api import encode
from vqcodec.api.media import medium_of_source
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import find_identity
from vqcodec.container import CodebookReference, is_media
from vqcodec.errors import UnreadableInputError, UsageError
from vqcodec.files.endpoints import Source, name_of, naming, read_all
from vqcodec.files.folders import files_below, is_coded_name, is_media_name
from vqcodec.files.sniffing import with_head
from vqcodec.media.progress import Progress
from vqcodec.names import printable
from vqcodec.pack.items import Item, item_of
from vqcodec.pack.names import item_name
from vqcodec.threads import default_threads, map_ahead

MOST_PSNR_DB = 100.0  # for which an exact picture counts in a mean


_OWN = ("codebook", "embed_codebook", "medium", "name", "overwrite", "progress", "threads")
"""Options of `vqcodec.encode` that a pack has for all its items together."""


@dataclass(frozen=True)
class NamedFile:
    """A file to pack, and what its item is called."""

    name: str
    source: Source

    @property
    def called(self) -> str:
        """How messages call the file."""
        return name_of(self.source)


@dataclass(frozen=True)
class CodedFile:
    """A file as an item.

    Attributes:
        input_bytes: of the file; 0 if it is not known.
        psnr_db: of a picture that was encoded here; else None.
        notes: one clause each, with the name of the file.
    """

    name: str
    item: Item
    input_bytes: int
    psnr_db: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Coding:
    """How files are coded.

    Attributes:
        codebooks: by medium; a medium without one takes its default.
        embedded: the identities of codebooks that the pack embeds, with their references.
        options: of `vqcodec.encode`, by name.
        threads: None for one a CPU.
    """

    codebooks: Mapping[str, Codebook] = field(default_factory=dict)
    embedded: Mapping[bytes, CodebookReference] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    threads: int | None = None


def files_to_pack(sources: Iterable[Source], name: str | None = None) -> tuple[list[NamedFile], list[str]]:
    """Return the files that sources stand for, sorted by the names of their items; and what was left out.

    A folder stands for the pictures, sound files, videos and `.vqc` files in it and below it, named from it on. Any
    other file is called as its path ends.

    Args:
        name: of the item, if there is one file.

    Raises:
        UsageError: two have one name; a name is not allowed in packs; several files, and `name` is given.
        UnreadableInputError: a folder cannot be read, or there is no file of use.
    """
    files: list[NamedFile] = []
    others: list[str] = []
    for source in sources:
        if isinstance(source, (str, os.PathLike)) and os.path.isdir(source):
            folder = os.fspath(source)
            found = files_below(folder, lambda name: is_media_name(name) or is_coded_name(name))
            for path, reason in found.unreadable:
                raise UnreadableInputError(f"{path}: cannot be read: {reason}")
            others += [os.path.join(folder, path) for path in found.others]
            files += [_named(path.replace(os.sep, "/"), os.path.join(folder, path)) for path in found.paths]
        else:
            files.append(_named(name or os.path.basename(name_of(source)), source))
    if not files:
        raise UnreadableInputError("there are no pictures, sound files or videos to pack; name files or folders")
    if name is not None and len(files) > 1:
        raise UsageError(f"{len(files)} files cannot all be called {printable(name)}; name one")
    taken: dict[str, NamedFile] = {}
    for file in files:
        other = taken.setdefault(file.name, file)
        if other is not file:
            raise UsageError(
                f"{file.called}: would be called '{printable(file.name)}' in the pack, as {other.called} is; "
                "rename one, or pack the folder above both"
            )
    return sorted(files, key=lambda file: file.name.encode("utf-8")), others


def coded_files(
    files: Sequence[NamedFile], coding: Coding, progress: Progress | None = None, *, with_metadata: bool = True
) -> Iterator[CodedFile]:
    """Give the files as items, in their order; several are coded at the same time.

    Args:
        progress: told of the part of the files that is done.
        with_metadata: as of `items.item_of`.

    Raises:
        VQCodecError: a file cannot be read or coded; the message names it.
    """
    cpus = coding.threads or default_threads()
    jobs = min(cpus, max(1, len(files)))
    work = partial(_coded, coding=coding, threads=max(1, cpus // jobs), with_metadata=with_metadata)
    for number, coded in enumerate(map_ahead(work, files, jobs)):
        yield coded
        if progress is not None:
            progress((number + 1) / len(files))


def medium_of(file: NamedFile, coding: Coding) -> str:
    """Return the medium of a file; errors as `medium_of_source`."""
    asked = coding.options.get("medium")
    return str(asked) if asked else medium_of_source(file.source, file.called)[1]


def in_memory(file: NamedFile) -> NamedFile:
    """Return a file that can be read several times."""
    if isinstance(file.source, (str, os.PathLike)):
        return file
    return replace(file, source=read_all(file.source, file.called))


def media_to_code(files: Iterable[NamedFile], coding: Coding) -> set[str]:
    """Return the media of the files that are not coded yet; errors as `medium_of_source`."""
    plain = [file for file in files if not is_media(with_head(file.source, file.called)[1])]
    return {medium_of(file, coding) for file in plain}


def _named(text: str, source: Source) -> NamedFile:
    with naming(name_of(source)):
        return NamedFile(item_name(text), source)


def _coded(
    file: NamedFile, stopped: threading.Event, *, coding: Coding, threads: int, with_metadata: bool
) -> CodedFile:
    def going_on(_done: float) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt

    going_on(0.0)
    source, head = with_head(file.source, file.called)
    if is_media(head):
        data = read_all(source, file.called)
        with naming(file.called):
            item = item_of(data, with_metadata=with_metadata)
        return CodedFile(file.name, _embedding(item, coding), len(data))
    file = replace(file, source=source)
    medium = medium_of(file, coding)
    book = coding.codebooks.get(medium)
    options = {key: value for key, value in coding.options.items() if key not in _OWN}
    report = encode(
        source,
        None,
        medium=medium,
        codebook=book,
        threads=threads,
        progress=going_on,
        name=file.called,
        **options,
    )
    assert report.data is not None
    with naming(file.called):
        used = book or find_identity(bytes.fromhex(report.codebook.identity))
        item = item_of(report.data, used, with_metadata=with_metadata)
    psnr = min(MOST_PSNR_DB, report.psnr_db) if report.MEDIUM == "image" else None  # type: ignore[union-attr]
    if psnr is not None and math.isnan(psnr):
        psnr = None
    notes = tuple(f"{file.called}: {note}" for note in report.notes)
    return CodedFile(file.name, _embedding(item, coding), report.input_bytes or 0, psnr, notes)


def _embedding(item: Item, coding: Coding) -> Item:
    """Return an item whose codebook is embedded if the pack embeds it."""
    if item.codebook is None:
        return item
    return replace(item, codebook=coding.embedded.get(item.codebook.identity_prefix, item.codebook))
