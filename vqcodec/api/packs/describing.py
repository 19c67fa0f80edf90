"""What packs say of themselves, and whether they are whole: what `info` and `verify` call."""

from __future__ import annotations

import os
import time
from bisect import bisect_right
from collections import Counter
from functools import partial

from vqcodec.api.packs.building import use_of
from vqcodec.api.packs.listing import described
from vqcodec.api.packs.opened import Pack
from vqcodec.codebook.codebook import Codebook
from vqcodec.container.chunks import chunk_payload
from vqcodec.container.varint import MAX_BYTES, get_varint
from vqcodec.errors import CorruptFileError, VQCodecError
from vqcodec.files.endpoints import Source
from vqcodec.markup import picture
from vqcodec.pack.parts import DATA, FOOT_BYTES, HEAD_BYTES, Entry
from vqcodec.pack.reader import PackReader
from vqcodec.pack.root import Place
from vqcodec.reports.pack import PackInfo, PackVerifyReport


def info(source: Source, name: str, _codebook: Codebook | None = None, *, bits: bool = False) -> PackInfo:
    """Return what a pack says of itself; arguments and errors as `vqcodec.api.info`. Its bytes are always counted."""
    del bits
    with Pack(source, name=name) as pack:
        reader = pack.reader
        entries = list(reader.entries())
        root = reader.root
        parts = {
            "items": sum({(entry.offset, entry.length): entry.length for entry in entries}.values()),
            "index": sum(block.place.length for block in root.blocks) + root.place.length + FOOT_BYTES,
            "codebooks": sum(place.length for place in root.codebooks),
            "metadata": sum(place.length for place in root.metadata),
        }
        return PackInfo(
            input=name,
            input_bytes=reader.access.size,
            items=len(entries),
            media=dict(Counter(item.medium for item in map(partial(described, reader), entries) if item.medium)),
            codebooks=tuple(map(use_of, reader.references())),
            bytes={**parts, "container": reader.access.size - sum(parts.values())},
            unused_bytes=root.unused,
            torn_bytes=reader.torn_bytes,
            preview=_Preview(source) if isinstance(source, (str, os.PathLike, bytes)) else None,
        )


def verify(source: Source, name: str, codebook: Codebook | None, threads: int | None) -> PackVerifyReport:
    """Check a pack in full: its chunks and their checksums, its index, its codebooks, and that each item decodes.

    Arguments and errors as `vqcodec.api.verify`; CorruptFileError also for bytes after the last whole index.
    """
    started = time.perf_counter()
    with Pack(source, name=name, codebook=codebook, threads=threads) as pack:
        reader = pack.reader
        if reader.torn_bytes:
            raise CorruptFileError(
                f"{name}: {reader.torn_bytes} bytes after its last whole index: a change was cut off. All items up to "
                "there can be read; the next change removes those bytes"
            )
        entries = list(reader.entries())
        _check_data(reader, entries)
        for entry in entries:
            found = reader.find(entry.name)
            if found != entry:
                raise CorruptFileError(f"{name}: the index does not lead to item '{entry.name}'")
            pack[entry.name]
        return PackVerifyReport(
            input=name,
            input_bytes=reader.access.size,
            items=len(entries),
            codebooks=tuple(map(use_of, reader.references())),
            checks=("structure", "checksums", "codebook", "decoding"),
            seconds=time.perf_counter() - started,
        )


def _check_data(reader: PackReader, entries: list[Entry]) -> None:
    """Check the chunks of data, of which a single item only needs its own check.

    Raises:
        CorruptFileError: one is damaged, or an item does not lie within one.
    """
    access = reader.access
    position, spans = HEAD_BYTES, []
    while position < access.size:
        head = access.read(position, 4 + MAX_BYTES)
        where = f"{access.name}: at byte {position}"
        length, body = get_varint(head, 4, where)
        place = Place(position, body + length + 4)
        payload = access.read(position, place.length)
        chunk_payload(payload, place.length, head[:4], where)
        if head[:4] == DATA:
            spans.append((position + body, position + body + length))
        position += place.length
    starts = [start for start, _ in spans]
    for entry in entries:
        if entry.kind.of_memory:
            continue
        number = bisect_right(starts, entry.offset) - 1
        if number < 0 or entry.end > spans[number][1]:
            raise CorruptFileError(f"{reader.called(entry.name)}: not within a chunk of {DATA.decode()}")


class _Preview:
    """Shows the first pictures of a pack in notebooks; one that is gone or damaged has no preview."""

    def __init__(self, source: str | os.PathLike[str] | bytes) -> None:
        self._source = source

    def png(self) -> bytes | None:
        """Return them side by side, as a PNG file."""
        try:
            with Pack(self._source) as pack:
                return pack._repr_png_()
        except VQCodecError:
            return None

    def html(self) -> str:
        """Return them as HTML."""
        png = self.png()
        return "" if png is None else picture(png, "its first pictures")
