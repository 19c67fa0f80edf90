"""Whole media files in memory, in either form."""

from __future__ import annotations

import io

from vqcodec.codebook.codebook import Codebook
from vqcodec.container import chunks, compact, short
from vqcodec.container.media import MediaFile, Stream, check_reference, check_stream
from vqcodec.container.reader import ChunkReader
from vqcodec.container.registry import MEDIUM_OF_NUMBER, engine_numbered, medium_of
from vqcodec.container.writer import ChunkWriter
from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.names import at


def dump_media(media: MediaFile) -> bytes:
    """Return the bytes of a media file: in the short or the compact form if it fits, else in the chunked form.

    Raises:
        UsageError: the parts contradict each other.
        LimitError: a packet is too large.
    """
    if not media.streams:
        raise UsageError("a file needs at least one stream")
    first = media.streams[0]
    if (media.medium, media.engine) != (first.medium, first.engine):
        raise UsageError(f"a file of {media.engine} whose first stream is of {first.engine}")
    check_stream(first.number, first.medium, first.engine)
    check_reference(media.codebook)
    if not compact.fits(media):
        return _dump_chunked(media)
    return short.dump(media) or compact.dump(media)


def load_media(data: bytes, *, source: str = "", codebook: Codebook | None = None) -> MediaFile:
    """Read a media file.

    The checksum of a compact file involves its codebook: call `MediaFile.check_codebook` once the codebook is found. A
    file of the short form cannot be read without its codebook.

    Args:
        data: the whole file.
        source: its name in errors.
        codebook: to read a file of the short form with; None to look for it.

    Raises:
        UnreadableInputError: not a vqcodec file.
        UnsupportedError: a later version, an unknown engine in the compact form, an unknown critical chunk.
        CorruptFileError: truncated, damaged or inconsistent.
        LimitError: a size or number is beyond the limits.
        CodebookError: the file has the short form, and its codebook is not found or not the right one.
    """
    if data[: len(compact.MAGIC)] == compact.MAGIC:
        if data[2:3] and data[2] >> 4 == short.VERSION:
            return short.load(data, source, codebook)
        return compact.load(data, source)
    if data == compact.MAGIC[:1]:
        raise CorruptFileError(f"{at(source)}cut off after 1 byte")
    reader = ChunkReader(io.BytesIO(data), source=source)
    packets: dict[int, list[bytes]] = {number: [] for number in reader.streams}
    starts: dict[int, list[int]] = {number: [] for number in reader.streams}
    for packet in reader:
        packets.setdefault(packet.stream, []).append(packet.payload)
        starts.setdefault(packet.stream, []).append(packet.start)
    streams = [
        Stream(
            declared.number,
            declared.medium,
            declared.engine,
            declared.header,
            packets.get(declared.number, []),
            starts.get(declared.number, []),
            declared.codebook,
        )
        for declared in reader.streams.values()
    ]
    count = len(reader.codebooks)
    if sorted(reader.codebooks) != list(range(count)):
        raise CorruptFileError(f"{at(source)}{count} codebooks whose numbers are not 0 to {count - 1}")
    codebooks = [reader.codebooks[number] for number in range(count)]
    return MediaFile(
        streams[0].medium,
        streams[0].engine,
        codebooks[0],
        streams,
        dict(reader.metadata),
        tuple(codebooks[1:]),
    )


def is_media(head: bytes) -> bool:
    """Whether a file that begins with `head` (8 bytes, or the whole of a shorter file) is a media file."""
    return head.startswith((chunks.MAGIC, compact.MAGIC))


def _dump_chunked(media: MediaFile) -> bytes:
    """Return the bytes of a media file in the chunked form."""
    buffer = io.BytesIO()
    with ChunkWriter(buffer, media.medium) as writer:
        for number, reference in enumerate((media.codebook, *media.further_codebooks)):
            writer.codebook(reference, number)
        for stream in media.streams:
            writer.stream(stream.number, stream.medium, stream.engine, stream.header, stream.codebook)
        for key in sorted(media.metadata):
            writer.metadata(key, media.metadata[key])
        for stream in media.streams:
            starts = stream.starts or range(len(stream.packets))
            if len(starts) != len(stream.packets):
                raise UsageError(f"stream {stream.number} has {len(stream.packets)} packets and {len(starts)} starts")
            for payload, start in zip(stream.packets, starts):
                writer.packet(stream.number, payload, start)
    return buffer.getvalue()


def medium_of_media(head: bytes) -> str:
    """Return the medium of a `.vqc` file that begins with `head`; "" for another file or an unknown medium."""
    if head.startswith(chunks.MAGIC):
        return MEDIUM_OF_NUMBER.get(head[10], "") if len(head) > 10 else ""
    if head.startswith(compact.MAGIC):
        return medium_of(engine_numbered(head[2] & 15) or "") if len(head) > 2 else ""
    return ""
