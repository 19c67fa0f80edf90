"""A lenient model of `.vqc` files: taken apart, changed, and put together with right checksums, whatever the parts are.

It is independent of the program's writer, which refuses what is wrong.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

MAGIC = b"\x89VQC\r\n\x1a\n"
MEDIA = {"image": 1, "speech": 2, "video": 3}
IDENTITY = slice(20, 52)  # of a codebook file


def varint(number: int) -> bytes:
    """Return a number of at least 0 as a varint."""
    data = bytearray()
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    return bytes([*data, number])


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the varint at a place, and the place after it; IndexError if it is cut off."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at


def checked(data: bytes) -> bytes:
    """Return data with its CRC-32 behind it."""
    return data + zlib.crc32(data).to_bytes(4, "little")


def chunk(kind: bytes, payload: bytes) -> bytes:
    """Return a chunk."""
    return checked(kind + varint(len(payload)) + payload)


def split_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return type and payload of the chunks of a whole file."""
    at, chunks = 15, []
    while at < len(data):
        length, body = read_varint(data, at + 4)
        chunks.append((data[at : at + 4], data[body : body + length]))
        at = body + length + 4
    return chunks


def join_chunks(chunks: list[tuple[bytes, bytes]], medium: int, *, ended: bool = True, indexed: bool = True) -> bytes:
    """Return the file of these chunks; if `ended`, index and end are made anew."""
    data, rows = bytearray(checked(MAGIC + bytes([1, 0, medium]))), b""
    packets = end = 0
    for kind, payload in chunks:
        if ended and kind in (b"DONE", b"indx"):
            continue
        begin = len(data)
        data += chunk(kind, payload)
        if kind == b"DATA":
            try:
                stream, at = read_varint(payload, 0)
                start, _ = read_varint(payload, read_varint(payload, at)[1])
            except IndexError:
                stream = start = 0
            rows += varint(stream) + varint(start) + varint(begin - end) + varint(len(data) - begin)
            packets, end = packets + 1, len(data)
    if ended:
        index = len(data) if indexed and packets > 1 else 0
        if index:
            data += chunk(b"indx", varint(packets) + rows)
        data += chunk(b"DONE", packets.to_bytes(4, "little") + index.to_bytes(8, "little"))
    return bytes(data)


@dataclass
class Part:
    """A stream: its number, engine and header, and its packets as (number, start, bytes)."""

    number: int
    engine: str
    header: bytes
    packets: list[tuple[int, int, bytes]] = field(default_factory=list)


@dataclass
class Document:
    """A file as parts: its streams, other chunks, and the codebook: its identity, and its file if it is embedded."""

    streams: list[Part]
    others: list[tuple[bytes, bytes]]
    identity: bytes
    embedded: bytes | None = None

    @property
    def engine(self) -> str:
        """The engine of the first stream."""
        return self.streams[0].engine

    @property
    def medium(self) -> str:
        """The medium of the first stream."""
        return self.engine.partition("/")[0]

    def to_bytes(self, *, indexed: bool = True) -> bytes:
        """Return the chunked file."""
        chunks = [(b"CREF", b"\0\1x" + self.identity)]
        if self.embedded is not None:
            chunks = [(b"CEMB", b"\0" + self.embedded)]
        for part in self.streams:
            head = varint(part.number) + bytes([MEDIA[part.engine.partition("/")[0]], 0, len(part.engine)])
            chunks.append((b"STRM", head + part.engine.encode() + part.header))
        rows = sorted(
            ((start, part.number, number, data) for part in self.streams for number, start, data in part.packets),
            key=lambda row: row[:2],
        )
        chunks += self.others
        chunks += [
            (b"DATA", varint(stream) + varint(number) + varint(start) + data) for start, stream, number, data in rows
        ]
        return join_chunks(chunks, MEDIA[self.medium], indexed=indexed)


def parse(data: bytes) -> Document:
    """Take a good chunked file apart."""
    document = Document([], [], b"")
    for kind, payload in split_chunks(data):
        if kind == b"CREF":
            document.identity = payload[-32:]
        elif kind == b"CEMB":
            document.embedded = payload[1:]
            document.identity = document.embedded[IDENTITY]
        elif kind == b"STRM":
            number, at = read_varint(payload, 0)
            _, at = read_varint(payload, at + 1)
            end = at + 1 + payload[at]
            document.streams.append(Part(number, payload[at + 1 : end].decode(), payload[end:]))
        elif kind == b"DATA":
            stream, at = read_varint(payload, 0)
            number, at = read_varint(payload, at)
            start, at = read_varint(payload, at)
            next(p for p in document.streams if p.number == stream).packets.append((number, start, payload[at:]))
        elif kind not in (b"DONE", b"indx"):
            document.others.append((kind, payload))
    return document
