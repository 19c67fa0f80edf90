"""A pack that grows: items, then a new index. Nothing that is written is changed, and nothing is sought."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from vqcodec.container import CodebookReference
from vqcodec.container.chunks import CODEBOOK_EMBEDDED, CODEBOOK_REFERENCE, chunk_bytes
from vqcodec.container.media import MAX_CODEBOOKS, check_reference
from vqcodec.container.metadata import metadata_chunk
from vqcodec.container.varint import put_varint
from vqcodec.errors import LimitError
from vqcodec.limits import MAX_CHUNK_BYTES
from vqcodec.pack.blocks import USUAL_ENTRIES, block_payload
from vqcodec.pack.items import Item
from vqcodec.pack.parts import (
    DATA,
    FOOT_BYTES,
    METADATA,
    MOST_ITEMS,
    MOST_METADATA,
    NAMES,
    Entry,
    Kind,
    check_of,
    head_bytes,
)
from vqcodec.pack.reader import PackReader
from vqcodec.pack.root import Block, Place, Root, foot_chunk, root_chunk

_BATCH_BYTES = 1 << 20
_MOST_TRIALS = 8
_Key = tuple[Kind, bytes]


class _Pending(NamedTuple):
    name: str
    kind: Kind
    data: bytes
    check: int
    place: int

    def entry(self, offset: int) -> Entry:
        """Return its entry, if its bytes begin at `offset`."""
        if self.kind.of_memory:
            return Entry(self.name, self.kind, self.place, 0, 0)
        return Entry(self.name, self.kind, offset, len(self.data), self.check)


class PackWriter:
    """Adds items to a pack and takes them away. All of it counts once `commit` has written the new index.

    Args:
        file: open for writing, at the position where the pack ends; of a new pack, at its beginning.
        before: the pack as it is; None for a new one.

    Attributes:
        references: of the codebooks, by number.
        root: of the pack as it was, and after `prepare` of the new one.
    """

    def __init__(self, file: BinaryIO, before: PackReader | None = None) -> None:
        self._file = file
        self._before = before
        self.root = Root() if before is None else before.root
        self._position = 0 if before is None else before.end
        self.references = [] if before is None else before.references()
        self._codebooks = {reference.identity_prefix: number for number, reference in enumerate(self.references)}
        self._codebook_places = list(self.root.codebooks)
        self._metadata: dict[bytes, int] = {}
        self._metadata_places = list(self.root.metadata)
        self._pending: dict[str, _Pending] = {}
        self._pending_bytes = 0
        self._known: dict[_Key, Place] = {}  # data already there, by kind and SHA-256
        self._changes: dict[str, Entry | None] = {}
        self._written: list[Block] = []  # blocks of this change
        self._lasts: list[str] = []
        if before is None:
            self._put(head_bytes())

    @property
    def room_for_metadata(self) -> bool:
        """Whether another set of metadata has room."""
        return len(self._metadata_places) < MOST_METADATA

    @property
    def size(self) -> int:
        """The bytes of the pack so far."""
        return self._position

    def add(self, name: str, item: Item) -> None:
        """Add an item, or replace the one of that name.

        Args:
            name: as `names.item_name` gives it.

        Raises:
            LimitError: it is larger than a pack may hold, or there are too many codebooks.
            OutputError: the system refuses to write.
        """
        if len(item.data) > MAX_CHUNK_BYTES:
            raise LimitError(f"an item of {len(item.data)} bytes; at most {MAX_CHUNK_BYTES} are allowed")
        kind, identity = Kind(item.form), b""
        if item.codebook is not None:
            identity = item.codebook.identity_prefix
            number = self.codebook(item.codebook)
            kind = Kind(item.form, number, self._metadata_number(item.metadata), item.head)
        replaced = self._pending.pop(name, None)
        self._pending_bytes -= len(replaced.data) if replaced else 0
        self._pending[name] = _Pending(name, kind, item.data, check_of(kind, item.data, identity), item.place)
        self._pending_bytes += len(item.data)
        if len(self._pending) >= USUAL_ENTRIES or self._pending_bytes >= _BATCH_BYTES:
            self._write_pending()

    def __contains__(self, name: str) -> bool:
        """Whether the pack will have an item of that name; errors as `PackReader.find`."""
        if name in self._pending:
            return True
        if name in self._changes:
            return self._changes[name] is not None
        return self._before is not None and self._before.find(name) is not None

    def remove(self, name: str) -> None:
        """Take an item away."""
        replaced = self._pending.pop(name, None)
        self._pending_bytes -= len(replaced.data) if replaced else 0
        self._changes[name] = None

    def codebook(self, reference: CodebookReference) -> int:
        """Return the number of a codebook of the pack, which is written if it is not there yet; errors as `add`."""
        check_reference(reference)
        number = self._codebooks.get(reference.identity_prefix)
        if number is not None:
            return number
        number = len(self._codebook_places)
        if number >= MAX_CODEBOOKS:
            raise LimitError(f"more than {MAX_CODEBOOKS} codebooks in a pack")
        name = (reference.name or "").encode("ascii")
        kind, body = CODEBOOK_REFERENCE, bytes([len(name)]) + name + reference.identity_prefix
        if reference.embedded is not None:
            kind, body = CODEBOOK_EMBEDDED, reference.embedded
        self._codebook_places.append(self._chunk(kind, put_varint(number) + body))
        self._codebooks[reference.identity_prefix] = number
        self.references.append(reference)
        return number

    def prepare(self) -> None:
        """Write all but the root and the foot, so that these can wait until the rest is on the disk."""
        self._write_pending()
        self.root = self._new_root()

    def commit(self) -> None:
        """Write the root and the foot, after `prepare`; errors as `add`."""
        place = self._put(root_chunk(self.root))
        self._put(foot_chunk(place.offset))

    def _metadata_number(self, metadata: dict[str, bytes]) -> int:
        """Return 0 for no metadata, else 1 plus the number of the set, which is written if it is not there yet."""
        if not metadata:
            return 0
        body = b"".join(metadata_chunk(key, metadata[key]) for key in sorted(metadata))
        if not self._metadata and self._before is not None:
            for number in range(len(self.root.metadata)):
                old = self._before.metadata(number)
                self._metadata[b"".join(metadata_chunk(key, old[key]) for key in sorted(old))] = number
        if body not in self._metadata:
            number = self._metadata[body] = len(self._metadata_places)
            self._metadata_places.append(self._chunk(METADATA, put_varint(number) + body))
        return self._metadata[body] + 1

    def _write_pending(self) -> None:
        """Write a block of names, and the data of its items behind it: equal data once."""
        if not self._pending:
            return
        items = sorted(self._pending.values(), key=lambda item: item.name.encode("utf-8"))
        keys = [(item.kind, hashlib.sha256(item.data).digest()) for item in items]
        batch = _Batch(items, keys, self._known)
        chunk, end = batch.names_chunk(self._position)
        if end is None:  # no position of the data fits all references to earlier data: this batch does without
            batch = _Batch(items, keys, {})
            chunk, end = batch.names_chunk(self._position)
        assert end is not None
        found = batch.entries(end)
        block = Block(found[0].name, self._put(chunk), len(found))
        if batch.data:
            self._chunk(DATA, batch.data)
        stored = [(key, entry) for key, entry in zip(keys, found) if not entry.kind.of_memory]
        self._known.update((key, Place(entry.offset, entry.length)) for key, entry in stored)
        self._changes.update((entry.name, entry) for entry in found)
        self._written.append(block)
        self._lasts.append(found[-1].name)
        self._pending.clear()
        self._pending_bytes = 0

    def _new_root(self) -> Root:
        """Return the root with all changes; the blocks of names that they change are written anew."""
        before = self.root
        unused = before.unused + (before.place.length + FOOT_BYTES if self._before else 0)
        blocks: list[Block] = []
        if not before.blocks and self._in_order():
            blocks = self._written
        else:
            unused += sum(block.place.length for block in self._written)
            changes: dict[int, dict[str, Entry | None]] = {}
            for name, entry in self._changes.items():
                changes.setdefault(before.block_of(name), {})[name] = entry
            for number in range(max(1, len(before.blocks))):
                if number not in changes:
                    blocks += before.blocks[number : number + 1]
                    continue
                old = self._before.block(number) if self._before and before.blocks else []
                unused += sum(entry.length for entry in old if entry.name in changes[number])
                unused += before.blocks[number].place.length if old else 0
                merged = {**{entry.name: entry for entry in old}, **changes[number]}
                blocks += self._write_blocks([entry for entry in merged.values() if entry is not None])
        root = Root(blocks, self._codebook_places, self._metadata_places, unused)
        if root.items > MOST_ITEMS:
            raise LimitError(f"{root.items} items; at most {MOST_ITEMS} are allowed in a pack")
        return root

    def _in_order(self) -> bool:
        """Whether the blocks written so far are already those of an index: nothing but additions, in order."""
        firsts = [block.first.encode("utf-8") for block in self._written]
        ordered = all(last.encode("utf-8") < first for last, first in zip(self._lasts, firsts[1:]))
        return ordered and len(self._changes) == sum(block.count for block in self._written)

    def _write_blocks(self, entries: list[Entry]) -> list[Block]:
        """Write blocks of names whose data are all there, and return them."""
        entries.sort(key=lambda entry: entry.name.encode("utf-8"))
        count = -(-len(entries) // USUAL_ENTRIES)
        cuts = [number * len(entries) // max(1, count) for number in range(count + 1)]
        blocks = []
        for start, end in pairwise(cuts):
            piece = entries[start:end]
            place = self._chunk(NAMES, block_payload(piece, self._position, data_follows=False))
            blocks.append(Block(piece[0].name, place, len(piece)))
        return blocks

    def _chunk(self, kind: bytes, payload: bytes) -> Place:
        return self._put(chunk_bytes(kind, payload))

    def _put(self, data: bytes) -> Place:
        self._file.write(data)
        place = Place(self._position, len(data))
        self._position += len(data)
        return place


class _Batch:
    """Items that are written together: a block of names, then their data.

    Args:
        items: sorted. keys: what is the same of items whose data are equal.
        known: where data are that were written before.
    """

    def __init__(self, items: Sequence[_Pending], keys: Sequence[_Key], known: Mapping[_Key, Place]) -> None:
        self._items, self._keys = items, keys
        self._old = {key: known[key].offset for key in keys if key in known}
        new = {key: item.data for key, item in zip(keys, items) if key not in known and not item.kind.of_memory}
        self.data = b"".join(new.values())
        position = len(DATA) + len(put_varint(len(self.data)))
        self._new: dict[_Key, int] = {}  # from the end of the block of names on
        for key, piece in new.items():
            self._new[key] = position
            position += len(piece)

    def entries(self, end: int) -> list[Entry]:
        """Return the entries, if the block of names ends at `end`."""
        places = [self._old[key] if key in self._old else self._new.get(key, 0) + end for key in self._keys]
        return [item.entry(place) for item, place in zip(self._items, places)]

    def names_chunk(self, start: int) -> tuple[bytes, int | None]:
        """Return the chunk of names for position `start`, and where it ends; None if no end is found that holds."""
        end = start
        for _ in range(_MOST_TRIALS):
            chunk = chunk_bytes(NAMES, block_payload(self.entries(end), end, data_follows=True))
            if start + len(chunk) == end or not self._old:
                return chunk, start + len(chunk)
            end = start + len(chunk)
        return b"", None
