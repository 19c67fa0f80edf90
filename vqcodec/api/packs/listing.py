"""What the index of a pack says of its items, also of those that only a newer version knows."""

from __future__ import annotations

from vqcodec.errors import CorruptFileError, UnsupportedError, VQCodecError
from vqcodec.pack.items import engine_of, medium_of_kind
from vqcodec.pack.parts import Entry, Kind
from vqcodec.pack.reader import PackReader
from vqcodec.reports.pack import PackedItem


def described(reader: PackReader, entry: Entry) -> PackedItem:
    """Return what the index says of an item."""
    whole = entry.kind.is_file
    medium = known_medium(entry.kind)
    if medium is None:  # decoding the item says so; other items can be read
        return PackedItem(entry.name, None, None, entry.length, None)
    return PackedItem(
        entry.name,
        medium,
        None if whole else engine_of(entry.kind),
        _bytes_of(reader, entry),
        None if whole else _codebook_name(reader, entry.kind.codebook),
    )


def known_medium(kind: Kind) -> str | None:
    """Return the medium of items; None if a newer version wrote them."""
    try:
        return medium_of_kind(kind)
    except UnsupportedError:
        return None


def _bytes_of(reader: PackReader, entry: Entry) -> int:
    if not entry.kind.of_memory:
        return entry.length
    try:
        return len(reader.data(entry))
    except VQCodecError:  # as for the name of the codebook
        return 0


def _codebook_name(reader: PackReader, number: int) -> str | None:
    try:
        return reader.reference(number).name
    except CorruptFileError:  # decoding the item says so; other items do not need it
        return None
