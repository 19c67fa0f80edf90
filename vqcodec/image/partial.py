"""Partial reading of picture files: with an index, only the needed packets are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

from vqcodec.codebook.codebook import Codebook
from vqcodec.container import ChunkReader, MediaFile, Stream, load_media
from vqcodec.container.chunks import MAGIC
from vqcodec.container.index import only_packets, read_index, read_packet

Needed = Callable[[str, bytes], Sequence[int]]
"""Takes a stream's engine and header; returns the numbers of the packets to read."""


def load_packets(file: BinaryIO, needed: Needed, codebook: Codebook | None = None) -> MediaFile:
    """Return the media file in the seekable `file`. Packets that are not needed may be empty.

    The whole file is read if it has no index. It is also read if anything else than the packets of one stream lies
    between the first packet and the index, because that may be metadata.

    Args:
        codebook: as for `load_media`.

    Raises:
        UnreadableInputError, UnsupportedError, CorruptFileError, LimitError, CodebookError: as `load_media`, for the
        bytes that were read.
    """
    file.seek(0)
    chunked = file.read(len(MAGIC)) == MAGIC
    entries = read_index(file) if chunked else None
    file.seek(0)
    if not entries or len({entry.stream for entry in entries}) != 1 or not only_packets(file, entries):
        file.seek(0)
        return load_media(file.read(), codebook=codebook)
    file.seek(0)
    reader = ChunkReader(file)
    if len(reader.streams) != 1 or list(reader.codebooks) != [0]:
        file.seek(0)
        return load_media(file.read(), codebook=codebook)
    declared = next(iter(reader.streams.values()))
    packets = [b""] * len(entries)
    for number in needed(declared.engine, declared.header):
        if number < len(packets):  # otherwise the engine finds too few packets
            packets[number] = read_packet(file, entries[number]).payload
    starts = [entry.start for entry in entries]
    stream = Stream(declared.number, declared.medium, declared.engine, declared.header, packets, starts)
    return MediaFile(declared.medium, declared.engine, reader.codebooks[0], [stream], dict(reader.metadata))
