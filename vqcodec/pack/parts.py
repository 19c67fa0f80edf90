"""What a pack is made of: kinds and entries of items, the types of chunks, and fields in bounds."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from vqcodec.container.chunks import CODEBOOK_EMBEDDED, CODEBOOK_REFERENCE
from vqcodec.container.varint import get_signed_varint, get_varint
from vqcodec.errors import CorruptFileError, LimitError

SUFFIX = ".vqp"
MAGIC = b"\x89VQP\r\n\x1a\n"
MAJOR, MINOR = 1, 0
HEAD_BYTES = len(MAGIC) + 2 + 4

METADATA = b"META"
NAMES = b"NAME"
DATA = b"BULK"
ROOT = b"ROOT"
FOOT = b"FOOT"
KNOWN = (CODEBOOK_REFERENCE, CODEBOOK_EMBEDDED, METADATA, NAMES, DATA, ROOT, FOOT)
FOOT_BYTES = 4 + 1 + 8 + 4

WHOLE_FILE = 16
"""Forms from here on are whole files: this plus the number of the medium. Those below are numbers of engines."""
OF_MEMORY = 32
"""Forms from here on are items of the memory of their codebook: this plus the number of the engine."""

MOST_ENTRIES = 4_096  # of a block of names
MOST_INDEX_BYTES = 1 << 22  # of a block of names, packed or not
MOST_ROOT_BYTES = 1 << 26
MOST_ITEMS = 1 << 32
MOST_METADATA = 4_096  # sets of metadata
MOST_HEAD_BYTES = 1 << 12
LONG_ITEM = 256
"""Bytes from which on an item has a check of 4 bytes; others have 2."""


class Kind(NamedTuple):
    """What items of a pack have in common.

    Attributes:
        form: number of the engine, or WHOLE_FILE and the number of the medium, or OF_MEMORY and that of the engine.
        codebook: number of the codebook.
        metadata: 0 for none, else 1 plus the number of a set of metadata.
        head: the first bytes of the stream, which the item itself leaves out.
    """

    form: int
    codebook: int = 0
    metadata: int = 0
    head: bytes = b""

    @property
    def is_file(self) -> bool:
        """Whether items are whole files, which have nothing in common but their form."""
        return WHOLE_FILE <= self.form < OF_MEMORY

    @property
    def of_memory(self) -> bool:
        """Whether items are in the memory of their codebook, and have no bytes of their own."""
        return self.form >= OF_MEMORY


class Entry(NamedTuple):
    """An item in the index: its name, and where its bytes are.

    Attributes:
        offset: where its bytes begin in the file; of an item of a memory its number there.
        length: of its own bytes; 0 of an item of a memory.
        check: of its bytes, as `check_of` gives it; 0 of an item of a memory, which its codebook's identity covers.
    """

    name: str
    kind: Kind
    offset: int
    length: int
    check: int

    @property
    def end(self) -> int:
        """The position after its bytes."""
        return self.offset + self.length


def check_bytes(length: int) -> int:
    """Return the bytes of the check of an item of `length` bytes."""
    return 4 if length >= LONG_ITEM else 2


def check_of(kind: Kind, data: bytes, identity: bytes) -> int:
    """Return the check of an item: of its codebook's identity (empty for a whole file), its head and its own bytes."""
    checksum = zlib.crc32(data, zlib.crc32(kind.head, zlib.crc32(identity)))
    return checksum & ((1 << 8 * check_bytes(len(data))) - 1)


def head_bytes() -> bytes:
    """Return the first bytes of a pack."""
    head = MAGIC + bytes([MAJOR, MINOR])
    return head + zlib.crc32(head).to_bytes(4, "little")


class Fields:
    """Fields read one after another from bytes, within bounds.

    Args:
        where: what is read, in errors.
    """

    def __init__(self, data: bytes, where: str) -> None:
        self._data = data
        self._where = where
        self.position = 0

    def number(self, most: int, what: str) -> int:
        """Return a varint.

        Raises:
            CorruptFileError: it is cut off. LimitError: it is above `most`.
        """
        value, self.position = get_varint(self._data, self.position, self._where)
        if value > most:
            raise LimitError(f"{self._where}: {value} {what}; at most {most} are allowed")
        return value

    def numbers(self, count: int, most: int, what: str) -> list[int]:
        """Return a column of varints; errors as `number`."""
        return [self.number(most, what) for _ in range(count)]

    def signed(self) -> int:
        """Return a signed number."""
        value, self.position = get_signed_varint(self._data, self.position, self._where)
        return value

    def take(self, count: int) -> bytes:
        """Return the next bytes.

        Raises:
            CorruptFileError: they are cut off.
        """
        piece = self._data[self.position : self.position + count]
        if len(piece) < count:
            raise CorruptFileError(f"{self._where}: cut off")
        self.position += count
        return piece

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._data) - self.position)

    def end(self) -> None:
        """Raise CorruptFileError if something is left."""
        if self.position != len(self._data):
            raise CorruptFileError(f"{self._where}: {len(self._data) - self.position} bytes too many")
