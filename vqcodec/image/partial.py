"""Reading a picture file in part: with an index, only the packets that are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import BinaryIO

from vqcodec.container import ChunkReader, MediaFile, Stream, load_media
from vqcodec.container.chunks import INDEX, MAGIC
from vqcodec.container.index import IndexEntry, read_index, read_packet

Needed = Callable[[str, bytes], Sequence[int]]
"""Called with a stream's engine and header: the numbers of the packets to read."""


def load_packets(file: BinaryIO, needed: Needed) -> MediaFile:
    """The media file in the seekable `file`, in which packets that are not needed may be empty.

    All of it is read where there is no index, or where something else than the packets of one stream lies between
    the first packet and the index, since metadata may stand anywhere.

    Raises:
        UnreadableInputError, UnsupportedError, CorruptFileError, LimitError: as `load_media`, for what was read.
    """
    file.seek(0)
    chunked = file.read(len(MAGIC)) == MAGIC
    entries = read_index(file) if chunked else None
    file.seek(0)
    if not entries or not _only_packets(file, entries):
        file.seek(0)
        return load_media(file.read())
    file.seek(0)
    reader = ChunkReader(file)
    if len(reader.streams) != 1 or list(reader.codebooks) != [0]:
        file.seek(0)
        return load_media(file.read())
    declared = next(iter(reader.streams.values()))
    packets = [b""] * len(entries)
    for number in needed(declared.engine, declared.header):
        if number < len(packets):  # where it is not, the engine finds too few packets
            packets[number] = read_packet(file, entries[number]).payload
    starts = [entry.start for entry in entries]
    stream = Stream(declared.number, declared.medium, declared.engine, declared.header, packets, starts)
    return MediaFile(declared.medium, declared.engine, reader.codebooks[0], [stream], dict(reader.metadata))


def _only_packets(file: BinaryIO, entries: Sequence[IndexEntry]) -> bool:
    """Whether the packets follow one another without a gap, all of one stream, and the index follows them."""
    if any(after.offset != before.offset + before.length for before, after in pairwise(entries)):
        return False
    file.seek(entries[-1].offset + entries[-1].length)
    return file.read(len(INDEX)) == INDEX and len({entry.stream for entry in entries}) == 1
