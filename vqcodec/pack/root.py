"""The root of the index, and the foot of the file that leads to it (FORMAT.md, section 20.6)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from vqcodec.codebook import packing
from vqcodec.container.chunks import chunk_bytes
from vqcodec.container.media import MAX_CODEBOOKS
from vqcodec.container.varint import MAX_VALUE, put_varint
from vqcodec.errors import CorruptFileError
from vqcodec.pack.blocks import names_columns, names_in
from vqcodec.pack.parts import FOOT, MOST_ENTRIES, MOST_ITEMS, MOST_METADATA, MOST_ROOT_BYTES, ROOT, Fields


class Place(NamedTuple):
    """A whole chunk in the file."""

    offset: int
    length: int


@dataclass(frozen=True)
class Block:
    """A block of names: its first name, its chunk, and its number of items."""

    first: str
    place: Place
    count: int


@dataclass(frozen=True)
class Root:
    """What the index begins with.

    Attributes:
        blocks: of names, in the order of their names.
        codebooks, metadata: the chunks of the codebooks and of the sets of metadata, by number.
        unused: bytes of the file that this index does not lead to, about.
    """

    blocks: Sequence[Block] = ()
    codebooks: Sequence[Place] = ()
    metadata: Sequence[Place] = ()
    unused: int = 0
    place: Place = field(default=Place(0, 0), compare=False)

    @property
    def items(self) -> int:
        """The number of items."""
        return sum(block.count for block in self.blocks)

    @cached_property
    def _firsts(self) -> list[bytes]:
        return [block.first.encode("utf-8") for block in self.blocks]

    def block_of(self, name: str) -> int:
        """Return the number of the block that a name belongs to, whether it is there or not."""
        return max(0, bisect_right(self._firsts, name.encode("utf-8")) - 1)


def root_chunk(root: Root) -> bytes:
    """Return the chunk of a root."""
    columns = [put_varint(root.unused)]
    for places in (root.codebooks, root.metadata, [block.place for block in root.blocks]):
        columns.append(put_varint(len(places)))
        columns += [put_varint(place.offset) for place in places]
        columns += [put_varint(place.length) for place in places]
    columns += [put_varint(block.count) for block in root.blocks]
    columns += names_columns([block.first for block in root.blocks])
    raw = b"".join(columns)
    method, packed = packing.pack(raw)
    return chunk_bytes(ROOT, bytes([method]) + put_varint(len(raw)) + packed)


def foot_chunk(root_offset: int) -> bytes:
    """Return the chunk that ends a pack whose root begins at `root_offset`."""
    return chunk_bytes(FOOT, root_offset.to_bytes(8, "little"))


def parse_root(payload: bytes, place: Place, where: str) -> Root:
    """Return the root in the payload of the chunk at `place`.

    Raises:
        CorruptFileError: it contradicts itself or FORMAT.md.
        LimitError: a size or number is beyond the limits.
        UnsupportedError: packed by an unknown method.
    """
    fields = Fields(payload, where)
    (method,) = fields.take(1)
    raw_bytes = fields.number(MOST_ROOT_BYTES, "bytes of the root")
    packed = memoryview(fields.rest())
    columns = Fields(bytes(packing.unpack(method, packed, raw_bytes, where, "root")), where)
    unused = columns.number(MAX_VALUE, "unused bytes")
    codebooks = _places(columns, MAX_CODEBOOKS, "codebooks", place, where)
    metadata = _places(columns, MOST_METADATA, "sets of metadata", place, where)
    blocks = _places(columns, MOST_ITEMS, "blocks of names", place, where)
    counts = columns.numbers(len(blocks), MOST_ENTRIES, "items in a block")
    firsts = names_in(columns, len(blocks), where)
    columns.end()
    if 0 in counts:
        raise CorruptFileError(f"{where}: a block without items")
    return Root(list(map(Block, firsts, blocks, counts)), codebooks, metadata, unused, place)


def _places(columns: Fields, most: int, what: str, root: Place, where: str) -> list[Place]:
    count = columns.number(most, what)
    offsets = columns.numbers(count, MAX_VALUE, "as a position")
    places = list(map(Place, offsets, columns.numbers(count, MAX_VALUE, "as a length")))
    if any(offset + length > root.offset for offset, length in places):
        raise CorruptFileError(f"{where}: a chunk that would not lie before it")
    return places
