"""Packs in files: new ones, changes that count whole or not at all, and compaction."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

from vqcodec.errors import OutputError, UnreadableInputError
from vqcodec.files.atomic import writing
from vqcodec.files.endpoints import Destination, reading_errors, writable
from vqcodec.files.streams import WholeWriter, write_failure
from vqcodec.names import printable
from vqcodec.pack.access import access_to
from vqcodec.pack.items import Item
from vqcodec.pack.reader import PackReader
from vqcodec.pack.writer import PackWriter

_WASTE_BYTES = 1 << 16
"""Unused bytes up to which a pack is not compacted unasked."""


@contextmanager
def new_pack(destination: Destination, *, overwrite: bool = False) -> Iterator[PackWriter]:
    """Give the writer of a new pack. A path gets it when the block ends without an error; a stream as it is written.

    Raises:
        OutputError: it exists and `overwrite` is not set, or the system refuses to write.
    """
    with writable(destination, overwrite=overwrite) as file:
        writer = PackWriter(file)
        yield writer
        writer.prepare()
        writer.commit()
        file.flush()


@contextmanager
def changed_pack(path: str | os.PathLike[str]) -> Iterator[tuple[PackWriter, PackReader]]:
    """Give the writer for changes of the pack at a path, and the pack as it is; nobody else changes it meanwhile.

    When the block ends without an error, the changes are on the disk. If it ends with one, the file is as it was. If
    the machine stops, the pack as it was is there, with bytes behind it that the next change removes.

    Raises:
        OutputError: another process changes it; the system refuses to write.
        UnreadableInputError, CorruptFileError, UnsupportedError, LimitError: as `PackReader`.
    """
    shown = printable(os.fspath(path), 400)
    with _locked(path, shown) as file:
        reader = PackReader(access_to(path))
        try:
            end = reader.end
            try:
                yield from _appended(file, reader, shown)
            except BaseException:
                with suppress(OSError):  # the old index is whole in any case
                    os.ftruncate(file.fileno(), end)
                raise
        finally:
            reader.access.close()


def compact(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Write a pack anew without what its index does not lead to; return its bytes before and after.

    The old file stays until the new one is whole. Equal items are stored once. Damaged items are refused.

    Raises:
        OutputError, UnreadableInputError, CorruptFileError, UnsupportedError, LimitError: as `changed_pack`.
    """
    shown = printable(os.fspath(path), 400)
    with _locked(path, shown):
        reader = PackReader(access_to(path))
        try:
            with writing(path, overwrite=True, durable=True) as file:
                writer = PackWriter(file)
                for entry in reader.entries():
                    writer.add(entry.name, stored_item(reader, entry.name))
                writer.prepare()
                writer.commit()
        finally:
            reader.access.close()
        return reader.access.size, writer.size


def stored_item(reader: PackReader, name: str) -> Item:
    """Return an item of a pack as it can be added to another.

    Raises:
        CorruptFileError: it is missing or damaged.
    """
    entry = reader.find(name)
    assert entry is not None
    kind = entry.kind
    data = b"" if kind.of_memory else reader.data(entry)
    if kind.is_file:
        return Item(kind.form, data)
    metadata = reader.metadata(kind.metadata - 1) if kind.metadata else {}
    place = entry.offset if kind.of_memory else 0
    return Item(kind.form, data, reader.reference(kind.codebook), kind.head, metadata, place)


def is_wasteful(reader: PackReader) -> bool:
    """Return whether most of a pack is unused, so that it is compacted without being asked."""
    return reader.root.unused > max(_WASTE_BYTES, reader.access.size // 2)


def _appended(file: BinaryIO, reader: PackReader, shown: str) -> Iterator[tuple[PackWriter, PackReader]]:
    """Give the writer; afterwards write the index, and wait for the disk before and after the foot."""
    try:
        os.ftruncate(file.fileno(), reader.end)  # what a change that was cut off has left
        file.seek(reader.end)
        writer = PackWriter(cast(BinaryIO, WholeWriter(file, shown)), reader)
        yield writer, reader
        writer.prepare()
        _to_disk(file)
        writer.commit()
        _to_disk(file)
    except OSError as error:
        raise write_failure(shown, error) from None


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _locked(path: str | os.PathLike[str], shown: str) -> Iterator[BinaryIO]:
    """Open a file for changing, and hold the lock that says so.

    Raises:
        UnreadableInputError: it does not exist. OutputError: it cannot be changed, or another process holds the lock.
    """
    while True:
        try:
            with reading_errors(shown):
                mode = os.stat(path).st_mode
            if not stat.S_ISREG(mode):
                raise UnreadableInputError(f"{shown}: is not a file; a pack is changed in its file only")
            file = open(path, "r+b", buffering=0)  # noqa: SIM115  it is closed below
        except OSError as error:
            raise write_failure(shown, error) from None
        with file:
            _lock(file, shown)
            try:
                same = os.path.samestat(os.fstat(file.fileno()), os.stat(path))
            except FileNotFoundError:
                same = False
            if same:  # else another process has just replaced it by a compacted one
                yield cast(BinaryIO, file)
                return


def _lock(file: object, shown: str) -> None:
    """Take the lock of a file, which ends with the file; refuse if another holds it."""
    number = file.fileno()  # type: ignore[attr-defined]
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(1 << 62)  # type: ignore[attr-defined]  # locks of Windows also keep others from reading
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
            return
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise OutputError(f"{shown}: another process is changing it; try again when that has ended") from None
