"""Section 4.12 of FORMAT.md, plainly: what is whole of a damaged file in the chunked form."""

from __future__ import annotations

from reference_codebook import FindCodebook, decode_codebook, shared_codebook
from reference_container import CHUNKED_MAGIC, MOST_CHUNK_BYTES, ChunkedState, MediaFile
from reference_elements import FormatError, Reader, crc32, require

KNOWN = ("CREF", "CEMB", "STRM", "DATA", "TAIL", "iccp", "exif", "xmpd", "text", "cicp", "dens", "indx", "DONE")
HEAD_BYTES = 15


def salvage_file(data: bytes, find: FindCodebook) -> MediaFile:
    """The streams with None for packets that are missing before the last one found; metadata is left out."""
    require(data[:8] == CHUNKED_MAGIC and len(data) >= HEAD_BYTES)
    state = ChunkedState()
    found: dict[int, dict[int, bytes]] = {}
    position = HEAD_BYTES
    while position < len(data):
        chunk = whole_chunk(data, position)
        if chunk is None:
            position += 1
            continue
        kind, payload, position = chunk
        contents = Reader(payload)
        if kind in ("CREF", "CEMB"):
            state.codebook(kind, contents)
        elif kind == "STRM":
            state.stream(contents)
        elif kind == "TAIL":
            state.tail(contents)
        elif kind == "DATA":
            stream, packet, _ = contents.varint(), contents.varint(), contents.varint()
            found.setdefault(stream, {})[packet] = contents.rest()
    codebooks = []
    for number in range(len(state.codebooks)):
        identity, embedded = state.codebooks[number]
        codebooks.append(shared_codebook(identity, find) if embedded is None else decode_codebook(embedded, find))
    for number, stream in state.streams.items():
        packets = found.get(number, {})
        stream.packets = [packets.get(packet) for packet in range(max(packets, default=-1) + 1)]
    return MediaFile(codebooks, state.streams, {})


def whole_chunk(data: bytes, position: int) -> tuple[str, bytes, int] | None:
    """The chunk that begins at `position`, and where it ends; None if there is none, or not a whole one."""
    kind = data[position : position + 4].decode("latin-1")
    if kind not in KNOWN:
        return None
    reader = Reader(data)
    reader.position = position + 4
    try:
        length = reader.varint()
        if length > MOST_CHUNK_BYTES:
            return None
        payload = reader.take(length)
        body = data[position : reader.position]
        return (kind, payload, reader.position) if reader.number(4) == crc32(body) else None
    except FormatError:
        return None
