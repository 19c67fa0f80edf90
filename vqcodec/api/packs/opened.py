"""A pack that is open: a mapping of its items, each decoded when it is asked for."""

from __future__ import annotations

import io
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from vqcodec.api.packs.coding import Coding, coded_files, files_to_pack, in_memory, media_to_code
from vqcodec.api.packs.listing import described, known_medium
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import CodebookChoice, at_hand, beside, chosen_codebook
from vqcodec.errors import CodebookError, CorruptFileError, UsageError, VQCodecError
from vqcodec.files.endpoints import Source, naming
from vqcodec.markup import picture, table
from vqcodec.names import printable
from vqcodec.pack.access import access_to
from vqcodec.pack.changing import changed_pack, compact, is_wasteful
from vqcodec.pack.items import medium_of_kind
from vqcodec.pack.names import item_name
from vqcodec.pack.parts import Entry
from vqcodec.pack.reader import PackReader
from vqcodec.pack.writer import PackWriter
from vqcodec.reports.pack import PackedItem

if TYPE_CHECKING:
    from PIL import Image

NOTEBOOK_SIZE = 384
"""Pixels of a side of what a notebook shows."""
_MOST_SHOWN, _MOST_NAMED = 9, 12


class Pack(Mapping[str, Any]):
    """A pack as a mapping from names to decoded items.

        with vqcodec.Pack("icons.vqp") as icons:
            cat = icons["animals/cat.png"]

    A picture is an array as `vqcodec.decode_image` returns it, speech and video are what `decode_speech` and
    `decode_video` return. An item is read and decoded when it is asked for, without the others; nothing decoded is
    kept. Any number of threads may read one `Pack`. Names are in the order of their bytes in UTF-8.

    A pack in a file can be changed: `add` and `remove` count when `save` is called, or when the `with` block ends
    without an error. Until then reading shows the pack as it was.

    Args:
        source: a path; a URL that fsspec knows, such as `https://host/icons.vqp` (pip install 'vqcodec[remote]');
            bytes; a seekable binary file, which stays open. Of a file or a URL only what is needed is read.
        codebook: a codebook, or the name or path of one, that the pack names and that is not in the library.
        salvage: whether to find items also without a whole index, by going through the whole file.
        threads: how many decode an item; None for one a CPU. One is best for small items.
        name: how messages call the pack.

    Raises:
        UnreadableInputError: it cannot be read, or is not a pack.
        CorruptFileError: it has no whole index.
        UnsupportedError: a later version.
        UsageError: an argument is of the wrong type; a URL, and fsspec is not installed.
    """

    def __init__(
        self,
        source: Source,
        *,
        codebook: CodebookChoice | None = None,
        salvage: bool = False,
        threads: int | None = 1,
        name: str | None = None,
    ) -> None:
        self._source = source
        self._salvage = salvage
        self._threads = threads
        self._given = chosen_codebook(codebook)
        self._stack = ExitStack()
        self._writer: PackWriter | None = None
        self._reader = PackReader(access_to(source, name), salvage=salvage)

    @property
    def name(self) -> str:
        """How messages call the pack."""
        return self._reader.access.name

    @property
    def reader(self) -> PackReader:
        """What reads the file."""
        return self._reader

    def _repr_html_(self) -> str:
        """Return its first pictures and the names of its first items, for notebooks."""
        names = list(islice(self, _MOST_NAMED))
        more = [f"and {len(self) - len(names)} more"] if len(self) > len(names) else []
        png = self._repr_png_()
        shown = "" if png is None else picture(png, "its first pictures")
        return shown + table(f"pack {self.name}", {"items": len(self), "names": ", ".join([*names, *more])})

    def _repr_png_(self) -> bytes | None:
        """Return its first pictures side by side; None if it has no items, or they cannot be decoded."""
        from vqcodec.api.previews.thumbnails import as_png

        try:
            return as_png(self.contact_sheet(NOTEBOOK_SIZE))
        except VQCodecError:
            return None

    def contact_sheet(self, size: int) -> Image.Image:
        """Return its first nine pictures side by side; if it has none, its first nine items as `thumbnail_of` has them.

        Args:
            size: most pixels of a side.

        Raises:
            UsageError: the pack is empty.
            CorruptFileError, UnsupportedError, CodebookError, LimitError: as `pack[name]`.
        """
        from vqcodec.api.previews.thumbnails import side_by_side, thumbnail_of

        kinds = [(entry.name, known_medium(entry.kind)) for entry in self._reader.entries()]
        media = [(name, medium) for name, medium in kinds if medium is not None]
        chosen = [one for one in media if one[1] == "image"][:_MOST_SHOWN] or media[:_MOST_SHOWN]
        if not chosen:
            raise UsageError(f"{self.name}: the pack is empty, so there is nothing to show")
        pictures = []
        for name, medium in chosen:
            with naming(self._reader.called(name)), self.codebooks_at_hand(name):
                pictures.append(thumbnail_of(self.read(name), medium, size, threads=self._threads))
        return side_by_side(pictures, size)

    def __len__(self) -> int:
        return len(self._reader)

    def __iter__(self) -> Iterator[str]:
        return (entry.name for entry in self._reader.entries())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._found(name) is not None

    def __getitem__(self, name: str) -> Any:
        """Return a decoded item.

        Raises:
            KeyError: there is none of that name.
            CorruptFileError, UnsupportedError, LimitError: it is damaged, of a later version, or beyond a limit set.
            CodebookError: its codebook is neither in the pack nor in the library.
        """
        entry = self._entry(name)
        data = self._reader.file(entry)
        decode = _decoder(medium_of_kind(entry.kind))
        with naming(self._reader.called(entry.name)), self.codebooks_at_hand(name):
            return decode(data, threads=self._threads)

    @contextmanager
    def codebooks_at_hand(self, name: str) -> Iterator[None]:
        """Within the block, the codebook of an item is found in the pack or beside it; others may be missing.

        Raises:
            CodebookError: it is found nowhere. KeyError, CorruptFileError, UnsupportedError: as `pack[name]`.
        """
        entry = self._entry(name)
        whole = entry.kind.is_file
        books = self._embedded() if whole else [self._codebook(entry.kind.codebook)]
        with at_hand(books), beside(self._source):
            yield

    def read(self, name: str) -> bytes:
        """Return the `.vqc` file of an item; it embeds the codebook if the pack does, and decodes anywhere.

        Clips and speech name a codebook that the pack embeds, which `codebooks` gives.

        Raises:
            KeyError, CorruptFileError, UnsupportedError: as `pack[name]`.
        """
        return self._reader.file(self._entry(name), alone=True)

    def open(self, name: str) -> BinaryIO:
        """Return the `.vqc` file of an item as a file: for `open_video`, `open_speech`, `decode`. Errors as `read`."""
        file = io.BytesIO(self.read(name))
        file.name = f"{self.name}/{name}"
        return file

    def item(self, name: str) -> PackedItem:
        """Return what the index says of an item; errors as `read`."""
        return described(self._reader, self._entry(name))

    def items_in_index(self) -> Iterator[PackedItem]:
        """Give what the index says of all items, without reading them.

        Raises:
            CorruptFileError: a part of the index is damaged.
        """
        return (described(self._reader, entry) for entry in self._reader.entries())

    def codebooks(self) -> list[Codebook]:
        """Return the codebooks of the pack.

        Raises:
            CodebookError: one is not found. CorruptFileError: one is damaged.
        """
        return [self._codebook(number) for number in range(len(self._reader.references()))]

    def add(self, name: str, source: Source, **asked: Any) -> None:
        """Encode a picture, sound or video and add it; a `.vqc` file is added as it is.

        Args:
            name: of the item: a relative path with `/`.
            source: as of `vqcodec.encode`.
            asked: options of `vqcodec.encode`; `overwrite` replaces an item of that name. Without `codebook`, a
                picture takes the first codebook for pictures that the pack has.

        Raises:
            UsageError: the pack is not in a file, the name is not allowed or taken, or as `vqcodec.encode`.
            OutputError: another process changes the pack, or the system refuses to write.
            UnreadableInputError, CodebookError, LimitError: as `vqcodec.encode`.
        """
        (file,), _ = files_to_pack([source], item_name(name))
        file = in_memory(file)
        writer = self._changing()
        if not asked.get("overwrite") and file.name in writer:
            raise UsageError(f"{self.name}: has an item '{printable(name)}' already; pass overwrite=True")
        coding = self.coding(chosen_codebook(asked.pop("codebook", None)), media_to_code([file], Coding(options=asked)))
        coding = Coding(coding.codebooks, coding.embedded, asked, self._threads)
        for coded in coded_files([file], coding, with_metadata=writer.room_for_metadata):
            writer.add(coded.name, coded.item)

    def remove(self, name: str) -> None:
        """Remove an item. Its bytes stay in the file until it is compacted.

        Raises:
            KeyError: there is none of that name. UsageError, OutputError: as `add`.
        """
        entry = self._entry(name)
        self._changing().remove(entry.name)

    def save(self) -> None:
        """Write what was added and removed. If that fails, the file stays as it was.

        A pack of which most is unused is compacted.

        Raises:
            OutputError: the system refuses to write.
        """
        if self._writer is None:
            return
        self._writer = None
        self._stack.close()
        self._reopen()
        if is_wasteful(self._reader):
            self.compact()

    def compact(self) -> None:
        """Write the pack anew without what is unused; errors as `save`, and CorruptFileError for a damaged item."""
        self.save()
        self._reader.access.close()
        try:
            compact(self._path())
        finally:
            self._reopen()

    def close(self) -> None:
        """Save, and close the file. A second call does nothing."""
        try:
            self.save()
        finally:
            self._reader.access.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: Any) -> None:
        if kind is None:
            self.close()
            return
        self._writer = None
        self._stack.__exit__(kind, error, traceback)
        self._reader.access.close()

    def coding(self, codebook: Codebook | None, media: Collection[str]) -> Coding:
        """Return how new items are coded: with a codebook, or with the first one of their medium that the pack has.

        Args:
            codebook: for its medium; None for those of the pack.
            media: that new items have. Codebooks of others may be missing.

        Raises:
            CodebookError, CorruptFileError: a codebook that items of these media have is missing or damaged.
        """
        embedded = {one.identity_prefix: one for one in self._reader.embedded().values()}
        if codebook is not None:
            return Coding({codebook.engine.partition("/")[0]: codebook}, embedded)
        books = {}
        for medium in media:
            found = None if medium == "speech" else self._first_of(medium)  # speech: by the band of each recording
            if found is not None:
                books[medium] = found
        return Coding(books, embedded)

    def _first_of(self, medium: str) -> Codebook | None:
        """Return the first codebook of a medium; errors as `coding`."""
        for number in range(len(self._reader.root.codebooks)):
            try:
                book = self._codebook(number)
            except (CodebookError, CorruptFileError):
                if medium in self._media_with(number):
                    raise
                continue
            if book.engine.startswith(f"{medium}/"):
                return book
        return None

    def _media_with(self, number: int) -> set[str | None]:
        """Return the media of the items that have a codebook."""
        kinds = {entry.kind for entry in self._reader.entries()}
        return {known_medium(kind) for kind in kinds if not kind.is_file and kind.codebook == number}

    def _codebook(self, number: int) -> Codebook:
        reference = self._reader.reference(number)
        if self._given is not None and self._given.digest == reference.identity_prefix:
            return self._given
        with beside(self._source):
            return self._reader.codebook(number)

    def _embedded(self) -> list[Codebook]:
        """Return the codebooks that a whole file may name and only the pack has."""
        return [*map(self._codebook, self._reader.embedded()), *([self._given] if self._given else [])]

    def _found(self, name: str) -> Entry | None:
        return self._reader.find(_normalised(name))

    def _entry(self, name: str) -> Entry:
        entry = self._found(name) if isinstance(name, str) else None
        if entry is None:
            raise KeyError(name)
        return entry

    def _path(self) -> str | os.PathLike[str]:
        if not isinstance(self._source, (str, os.PathLike)) or not os.path.exists(self._source):
            raise UsageError(f"{self.name}: only a pack in a file can be changed")
        if self._salvage:
            raise UsageError(f"{self.name}: what was salvaged cannot be changed; unpack it, and pack it anew")
        return self._source

    def _changing(self) -> PackWriter:
        if self._writer is None:
            self._writer, _ = self._stack.enter_context(changed_pack(self._path()))
        return self._writer

    def _reopen(self) -> None:
        name = self.name
        self._reader.access.close()
        self._reader = PackReader(access_to(self._source, name))


def _normalised(name: str) -> str:
    try:
        return item_name(name)
    except UsageError:  # then there is none of that name
        return name


def _decoder(medium: str) -> Any:
    if medium == "image":
        from vqcodec.image import decode_image

        return decode_image
    if medium == "speech":
        from vqcodec.speech.reader import decode_speech

        return decode_speech
    from vqcodec.video.arrays import decode_video

    return decode_video
