"""Chunks: the head of a file, then type, length, payload and checksum; and the search for chunks after damage.

`reader` and `writer` know what the chunks mean (FORMAT.md, sections 4.1 and 4.2).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from vqcodec.container.registry import MEDIA, MEDIUM_OF_NUMBER
from vqcodec.container.varint import MAX_BYTES, get_varint, put_varint
from vqcodec.errors import CorruptFileError, LimitError, UnreadableInputError, UnsupportedError
from vqcodec.limits import MAX_CHUNK_BYTES
from vqcodec.names import at, printable

MAGIC = b"\x89VQC\r\n\x1a\n"
MAJOR, MINOR = 1, 0
HEAD_BYTES = len(MAGIC) + 3 + 4

CODEBOOK_REFERENCE = b"CREF"
CODEBOOK_EMBEDDED = b"CEMB"
STREAM = b"STRM"
PACKET = b"DATA"
TAIL = b"TAIL"
ITEM = b"ITEM"
END = b"DONE"
INDEX = b"indx"
ICC, EXIF, XMP, TEXT = b"iccp", b"exif", b"xmpd", b"text"
COLOURS, DENSITY = b"cicp", b"dens"

KNOWN = (
    CODEBOOK_REFERENCE, CODEBOOK_EMBEDDED, STREAM, PACKET, TAIL, ITEM, END, INDEX, ICC, EXIF, XMP, TEXT, COLOURS,
    DENSITY,
)  # fmt: skip

_READ_BYTES = 1 << 16
_SALVAGE_CHUNK_BYTES = 1 << 27  # a longer chunk counts as damage, so that a false length takes bounded memory
_SALVAGE_WORK = 16  # salvage gives up after checksumming this number of bytes for each byte read
_CANDIDATE_WORK = 1 << 12  # each false beginning counts as this number of further bytes
_TYPE = re.compile(rb"[A-Za-z]{4}")
_KNOWN_TYPE = re.compile(b"|".join(KNOWN))


@dataclass(frozen=True)
class Chunk:
    """An intact chunk. `offset` is the position of its type in the file, and `end` the position of the next chunk."""

    kind: bytes
    payload: bytes
    offset: int
    end: int

    @property
    def ancillary(self) -> bool:
        """Whether a reader that does not know this type may skip it."""
        return self.kind[:1].islower()


@dataclass(frozen=True)
class Damage:
    """Bytes of a file that could not be used: from `start` up to, but not including, `end`."""

    start: int
    end: int
    reason: str


def head_bytes(medium: str) -> bytes:
    """Return the 15 bytes at the beginning of a chunked file."""
    head = MAGIC + bytes([MAJOR, MINOR, MEDIA[medium]])
    return head + zlib.crc32(head).to_bytes(4, "little")


def chunk_bytes(kind: bytes, payload: bytes) -> bytes:
    """Return a chunk: type, length, payload, CRC-32 of all three.

    Raises:
        LimitError: the payload is larger than MAX_CHUNK_BYTES.
    """
    if len(payload) > MAX_CHUNK_BYTES:
        raise LimitError(f"chunk {kind.decode()} of {len(payload)} bytes; at most {MAX_CHUNK_BYTES} are allowed")
    body = kind + put_varint(len(payload)) + payload
    return body + zlib.crc32(body).to_bytes(4, "little")


def chunk_payload(data: bytes, length: int, kind: bytes, where: str) -> bytes:
    """Return the payload of a whole chunk of a type, of which an index says how long it is.

    Args:
        data: the bytes that are there.

    Raises:
        CorruptFileError: it is cut off, damaged, of another type or of another length.
    """
    if len(data) != length or length < 9 or data[:4] != kind:
        raise CorruptFileError(f"{where}: not there")
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise CorruptFileError(f"{where}: damaged (wrong checksum)")
    declared, position = get_varint(data, 4, where)
    if position + declared + 4 != length:
        raise CorruptFileError(f"{where}: {declared} bytes where there is room for {length - position - 4}")
    return data[position:-4]


class ChunkSource:
    """The chunks of a binary file, from its current position on. The file is only read, never sought.

    Iterate to get each `Chunk`. A damaged chunk raises an error. With `salvage` it is noted in `damage` instead, and
    reading continues at the next chunk of a known type with a correct checksum.

    Args:
        file: a binary file open for reading.
        salvage: whether to pass over damage.
        source: the name of the file in errors.

    Attributes:
        medium: as the head says; None if the head is damaged and `salvage` is set.
        minor: minor version of the format.
        damage: the bytes that salvage passed over, in the order of the file.

    Raises:
        UnreadableInputError: not a vqcodec file.
        UnsupportedError: a later major version, or an unknown medium.
        CorruptFileError: truncated or damaged.
        LimitError: a chunk is larger than allowed.
    """

    def __init__(self, file: BinaryIO, *, salvage: bool = False, source: str = ""):
        self.damage: list[Damage] = []
        self.medium: str | None = None
        self.minor = 0
        self._file = file
        self._salvage = salvage
        self._source = source
        self._buffer = bytearray()
        self._offset = 0  # position of the buffer's first byte in the file
        self._checked = 0  # bytes checksummed so far
        self._read_head()

    def __iter__(self) -> Iterator[Chunk]:
        while self._fill(1):
            try:
                chunk = self._parse(MAX_CHUNK_BYTES if not self._salvage else _SALVAGE_CHUNK_BYTES)
            except (CorruptFileError, LimitError) as error:
                if not self._salvage:
                    raise
                self._resynchronise(str(error))
                continue
            self._drop(chunk.end - chunk.offset)
            yield chunk

    def at_end(self) -> bool:
        """Whether nothing follows."""
        return not self._fill(1)

    def _read_head(self) -> None:
        """Read and check the head of the file."""
        self._fill(HEAD_BYTES)
        head = bytes(self._buffer[:HEAD_BYTES])
        check_magic(head, self._source)
        if len(head) < HEAD_BYTES:
            raise CorruptFileError(f"{at(self._source)}cut off after {len(head)} bytes")
        self._drop(HEAD_BYTES)
        if zlib.crc32(head[:-4]) != int.from_bytes(head[-4:], "little"):
            reason = f"{at(self._source)}the head of the file is damaged (wrong checksum)"
            if not self._salvage:
                raise CorruptFileError(reason)
            self.damage.append(Damage(0, HEAD_BYTES, reason))
            return
        major, self.minor, medium = head[8:11]
        if major == 0:
            raise CorruptFileError(f"{at(self._source)}a file of the impossible version 0")
        if major > MAJOR:
            raise UnsupportedError(
                f"{at(self._source)}format version {major}.{self.minor}; this program reads {MAJOR}.x: "
                "a newer one is needed"
            )
        if medium not in MEDIUM_OF_NUMBER:
            raise UnsupportedError(f"{at(self._source)}unknown medium {medium}; a newer version of vqcodec is needed")
        self.medium = MEDIUM_OF_NUMBER[medium]

    def _parse(self, most: int, start: int = 0) -> Chunk:
        """Return the chunk at position `start` of the buffer; the buffer keeps it."""
        where = f"{at(self._source)}at byte {self._offset + start}"
        self._fill(start + 4 + MAX_BYTES)
        kind = bytes(self._buffer[start : start + 4])
        if len(kind) < 4:
            raise CorruptFileError(f"{where}: the file is cut off")
        if not _TYPE.fullmatch(kind):
            raise CorruptFileError(f"{where}: '{printable(kind)}' where a chunk should begin")
        name = kind.decode("ascii")
        length, body = get_varint(self._buffer, start + 4, f"{where}: chunk {name}")
        if length > most:
            raise LimitError(f"{where}: chunk {name} of {length} bytes; at most {most} are allowed")
        end = body + length + 4
        if not self._fill(end):
            missing = end - len(self._buffer)
            raise CorruptFileError(f"{where}: the file is cut off, {missing} bytes of chunk {name} are missing")
        with memoryview(self._buffer) as view:
            checksum = zlib.crc32(view[start : end - 4])
        self._checked += end - start
        if checksum != int.from_bytes(self._buffer[end - 4 : end], "little"):
            raise CorruptFileError(f"{where}: chunk {name} is damaged (wrong checksum)")
        payload = bytes(self._buffer[body : end - 4])
        return Chunk(kind, payload, self._offset + start, self._offset + end)

    def _resynchronise(self, reason: str) -> None:
        """Skip bytes until an intact chunk of a known type, or until the end, and note them as damage."""
        begin = self._offset
        while True:
            self._drop(1)
            match = _KNOWN_TYPE.search(self._buffer)
            while match is None:
                self._drop(max(0, len(self._buffer) - 3))  # the first bytes of a type may be at the end of the buffer
                before = len(self._buffer)
                self._fill(before + _READ_BYTES)
                if len(self._buffer) == before:
                    self._drop(before)
                    self.damage.append(Damage(begin, self._offset, reason))
                    return
                match = _KNOWN_TYPE.search(self._buffer)
            self._drop(match.start())
            if self._checked > _SALVAGE_WORK * (self._offset + len(self._buffer)) + _SALVAGE_CHUNK_BYTES:
                raise CorruptFileError(f"{at(self._source)}too damaged to find what is intact")
            try:
                self._parse(_SALVAGE_CHUNK_BYTES)
            except (CorruptFileError, LimitError):
                self._checked += _CANDIDATE_WORK
                continue
            self.damage.append(Damage(begin, self._offset, reason))
            return

    def _fill(self, count: int) -> bool:
        """Read pieces until the buffer holds `count` bytes; return False if the file ends before."""
        while len(self._buffer) < count:
            piece = self._file.read(max(_READ_BYTES, min(count - len(self._buffer), 1 << 20)))
            if not piece:
                return False
            self._buffer += piece
        return True

    def _drop(self, count: int) -> None:
        """Remove the first `count` bytes from the buffer."""
        del self._buffer[:count]
        self._offset += count


def check_magic(head: bytes, source: str) -> None:
    """Check that `head`, the first bytes of a file, begins a chunked file.

    Raises:
        CorruptFileError: it ends within the magic, or a transfer as text damaged it.
        UnreadableInputError: it is a file of another kind.
    """
    if head.startswith(MAGIC):
        return
    if MAGIC.startswith(head[: len(MAGIC)]):
        what = f"cut off after {len(head)} bytes" if head else "the file is empty"
        raise CorruptFileError(f"{at(source)}{what}")
    if head.startswith(MAGIC[:4]):
        raise CorruptFileError(f"{at(source)}damaged by a transfer as text; copy it again in binary mode")
    raise UnreadableInputError(f"{at(source)}not a vqcodec file (.vqc)")
