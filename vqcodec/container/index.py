"""The index and the end of a chunked file, and packets read through the index (FORMAT.md, section 4)."""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import BinaryIO, overload

from vqcodec.container import chunks
from vqcodec.container.varint import MAX_BYTES, get_varint, put_varint
from vqcodec.errors import CorruptFileError
from vqcodec.names import at

END_PAYLOAD_BYTES = 4 + 8
END_BYTES = 4 + 1 + END_PAYLOAD_BYTES + 4  # size of the end chunk, which ends every chunked file
_ROW = 4  # stream, start, offset, length


@dataclass(frozen=True)
class Packet:
    """A packet of a stream: its number, its first sample, frame or tile, and the engine's bytes."""

    stream: int
    number: int
    start: int
    payload: bytes


@dataclass(frozen=True)
class IndexEntry:
    """The place of a packet: `offset` of its chunk in the file, and `length` of the whole chunk."""

    stream: int
    number: int
    start: int
    offset: int
    length: int


def parse_packet_head(payload: bytes, where: str) -> tuple[int, int, int, int]:
    """Return (stream, number, start, position of the engine's bytes) of the payload of a packet chunk.

    Raises:
        CorruptFileError: it is cut off.
    """
    stream, position = get_varint(payload, 0, where)
    number, position = get_varint(payload, position, where)
    start, position = get_varint(payload, position, where)
    return stream, number, start, position


def end_payload(packets: int, index_offset: int) -> bytes:
    """Return the payload of the end chunk: the number of packets, and the position of the index (0: no index)."""
    return packets.to_bytes(4, "little") + index_offset.to_bytes(8, "little")


def parse_end(payload: bytes, where: str) -> tuple[int, int]:
    """Return the number of packets and the position of the index.

    Raises:
        CorruptFileError: not an end chunk's payload.
    """
    if len(payload) != END_PAYLOAD_BYTES:
        raise CorruptFileError(f"{where}: {len(payload)} bytes where an end chunk has {END_PAYLOAD_BYTES}")
    return int.from_bytes(payload[:4], "little"), int.from_bytes(payload[4:], "little")


def index_payload(rows: Sequence[int]) -> bytes:
    """Return the payload of the index chunk.

    Args:
        rows: stream, start, offset and length of each packet chunk, in the order of the file.
    """
    payload = bytearray(put_varint(len(rows) // _ROW))
    previous_end = 0
    for row in range(0, len(rows), _ROW):
        stream, start, offset, length = rows[row : row + _ROW]
        for value in (stream, start, offset - previous_end, length):
            payload += put_varint(value)
        previous_end = offset + length
    return bytes(payload)


class IndexCheck:
    """What the index of a file has to be, from the chunks that a reader meets on its way through it."""

    def __init__(self) -> None:
        self._rows = array("Q")
        self._found: tuple[int, bytes] | None = None

    def packet(self, stream: int, start: int, offset: int, length: int) -> None:
        """Take note of a packet chunk: of its stream, its start, its place in the file and its bytes."""
        self._rows.extend((stream, start, offset, length))

    def index(self, offset: int, payload: bytes) -> None:
        """Take note of the index chunk at `offset`."""
        self._found = offset, payload

    def end(self, offset: int, where: str) -> None:
        """Check what the end chunk says: the index is at `offset`; 0 for no index.

        Raises:
            CorruptFileError: there is no index, or it is not that of the packets.
        """
        if offset and self._found != (offset, index_payload(self._rows)):
            problem = "there is no index" if self._found is None else "the index is not that of the file's packets"
            raise CorruptFileError(f"{where}: {problem}")


def read_index(file: BinaryIO, source: str = "") -> list[IndexEntry] | None:
    """Return the index of a seekable chunked file, found from its end; None if it has no index.

    The position in the file changes.

    Raises:
        CorruptFileError: the file is cut off, or its end or index is damaged.
    """
    size = file.seek(0, os.SEEK_END)
    if size < chunks.HEAD_BYTES + END_BYTES:
        raise CorruptFileError(f"{at(source)}cut off after {size} bytes")
    end = _chunk_at(file, size - END_BYTES, END_BYTES, chunks.END, source)
    packets, offset = parse_end(end, f"{at(source)}end chunk")
    if offset == 0:
        return None
    length = size - END_BYTES - offset
    if offset < chunks.HEAD_BYTES or length < 9:
        raise CorruptFileError(f"{at(source)}the index cannot be at byte {offset}")
    entries = _parse_index(_chunk_at(file, offset, length, chunks.INDEX, source), offset, f"{at(source)}index")
    if len(entries) != packets:
        raise CorruptFileError(f"{at(source)}an index of {len(entries)} packets in a file of {packets}")
    return entries


def read_packet(file: BinaryIO, entry: IndexEntry, source: str = "") -> Packet:
    """Return the packet of an index entry of a seekable file.

    Raises:
        CorruptFileError: it is damaged, or is not the packet in the index.
    """
    payload = _chunk_at(file, entry.offset, entry.length, chunks.PACKET, source)
    stream, number, start, position = parse_packet_head(payload, f"{at(source)}packet at byte {entry.offset}")
    if (stream, number, start) != (entry.stream, entry.number, entry.start):
        raise CorruptFileError(f"{at(source)}the packet at byte {entry.offset} is not the one that the index says")
    return Packet(stream, number, start, payload[position:])


class IndexedPackets(Sequence[bytes | None]):
    """The packets of one stream, read from the file on access, by any thread.

    Args:
        file: seekable, the chunked file.
        entries: index entries of the stream.
        lock: held while the file is sought and read.

    Raises:
        CorruptFileError: (on access) the packet is damaged.
    """

    def __init__(self, file: BinaryIO, entries: Sequence[IndexEntry], lock: Lock) -> None:
        self._file = file
        self._entries = entries
        self._lock = lock

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, number: int) -> bytes | None: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[bytes | None]: ...
    def __getitem__(self, number: int | slice) -> bytes | Sequence[bytes | None] | None:
        if isinstance(number, slice):
            return IndexedPackets(self._file, self._entries[number], self._lock)
        with self._lock:
            return read_packet(self._file, self._entries[number]).payload


def only_packets(file: BinaryIO, entries: Sequence[IndexEntry]) -> bool:
    """Whether only packets lie between the first packet and the index, so that the rest need not be read."""
    return tails_behind(file, entries) == {}


def tails_behind(file: BinaryIO, entries: Sequence[IndexEntry], source: str = "") -> dict[int, bytes] | None:
    """Return the headers in the tails of streams, by number, so that what lies between the packets need not be read.

    None if something else than packets and their tails lies between the first packet and the index.

    Raises:
        CorruptFileError: a tail is damaged.
    """
    if any(after.offset != before.offset + before.length for before, after in pairwise(entries)):
        return None
    tails: dict[int, bytes] = {}
    size = file.seek(0, os.SEEK_END)
    offset = entries[-1].offset + entries[-1].length
    while True:
        file.seek(offset)
        head = file.read(len(chunks.TAIL) + MAX_BYTES)
        if not head.startswith(chunks.TAIL):
            return tails if head.startswith(chunks.INDEX) else None
        where = f"{at(source)}chunk TAIL at byte {offset}"
        declared, position = get_varint(head, len(chunks.TAIL), where)
        length = position + declared + 4
        if length > size - offset:
            raise CorruptFileError(f"{where}: the file is cut off")
        payload = _chunk_at(file, offset, length, chunks.TAIL, source)
        number, position = get_varint(payload, 0, where)
        if number in tails:
            raise CorruptFileError(f"{where}: stream {number} has a second tail")
        tails[number] = payload[position:]
        offset += length


def _parse_index(payload: bytes, index_offset: int, where: str) -> list[IndexEntry]:
    """Return the entries of the payload of an index chunk at `index_offset`."""
    count, position = get_varint(payload, 0, where)
    entries: list[IndexEntry] = []
    numbers: dict[int, int] = {}
    previous_end = 0
    for _ in range(count):  # a false count ends with an error at the end of the payload
        stream, position = get_varint(payload, position, where)
        start, position = get_varint(payload, position, where)
        gap, position = get_varint(payload, position, where)
        length, position = get_varint(payload, position, where)
        offset = previous_end + gap
        previous_end = offset + length
        if previous_end > index_offset:
            raise CorruptFileError(f"{where}: a packet at byte {offset} would reach beyond the index")
        number = numbers.get(stream, 0)
        numbers[stream] = number + 1
        entries.append(IndexEntry(stream, number, start, offset, length))
    if position != len(payload):
        raise CorruptFileError(f"{where}: {len(payload) - position} bytes too many")
    return entries


def _chunk_at(file: BinaryIO, offset: int, length: int, kind: bytes, source: str) -> bytes:
    """Return the payload of the chunk of `length` bytes at `offset`. Both must lie within the file."""
    where = f"{at(source)}chunk {kind.decode('ascii')} at byte {offset}"
    file.seek(offset)
    return chunks.chunk_payload(file.read(length), length, kind, where)
