"""A pack that is read: items by name, by any thread, each without the others."""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from threading import Lock

from vqcodec.codebook import file as codebook_file
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.memory import Memory
from vqcodec.container import CodebookReference
from vqcodec.container.chunks import CODEBOOK_EMBEDDED, CODEBOOK_REFERENCE, ChunkSource, head_bytes
from vqcodec.container.metadata import KINDS, metadata_in, short_text
from vqcodec.container.varint import get_varint
from vqcodec.container.wrapping import find_codebook
from vqcodec.errors import CorruptFileError, UnreadableInputError, UnsupportedError, VQCodecError
from vqcodec.names import is_codebook_name, printable
from vqcodec.pack.access import Access
from vqcodec.pack.blocks import parse_block
from vqcodec.pack.items import file_of, medium_of_kind
from vqcodec.pack.parts import HEAD_BYTES, MAGIC, MAJOR, METADATA, NAMES, Entry, check_of
from vqcodec.pack.root import Block, Place, Root
from vqcodec.pack.scanning import chunk_at, chunks_of, last_root

_KEPT_BLOCKS = 64


class PackReader:
    """A pack, open for reading.

    Args:
        access: to the file.
        salvage: whether to find items also without a whole index, and behind the last whole one. The file is then read
            from its beginning to its end. Items that were removed may come back.

    Attributes:
        access: as given.
        root: of the index; with `salvage` and no whole index, an empty one.
        end: the position after the last whole index.

    Raises:
        UnreadableInputError: not a pack.
        CorruptFileError: it has no whole index.
        UnsupportedError: a later major version.
        LimitError: a size or number is beyond the limits.
    """

    def __init__(self, access: Access, *, salvage: bool = False) -> None:
        self.access = access
        _check_head(access.read(0, HEAD_BYTES), access.name)
        found = last_root(access)
        if found is None and not salvage:
            raise CorruptFileError(
                f"{access.name}: it has no whole index: cut off or damaged; `vqcodec unpack --salvage` gives what is "
                "intact"
            )
        self.root, self.end = found or (Root(), HEAD_BYTES)
        self._codebooks: dict[int, Place] = dict(enumerate(self.root.codebooks))
        self._metadata: dict[int, Place] = dict(enumerate(self.root.metadata))
        self._blocks: OrderedDict[int, list[Entry]] = OrderedDict()
        self._references: dict[int, CodebookReference] = {}
        self._loaded: dict[int, Codebook] = {}
        self._memories: dict[int, Sequence[bytes]] = {}
        self._sets: dict[int, dict[str, bytes]] = {}
        self._lock = Lock()
        self._salvaged = self._salvage() if salvage else None

    @property
    def torn_bytes(self) -> int:
        """Bytes after the last whole index: of a change that was cut off, or that goes on just now."""
        return self.access.size - self.end

    def __len__(self) -> int:
        return self.root.items if self._salvaged is None else len(self._salvaged)

    def entries(self) -> Iterator[Entry]:
        """Give all items in the order of their names.

        Raises:
            CorruptFileError: a block of the index is damaged.
        """
        if self._salvaged is not None:
            yield from self._salvaged.values()
            return
        for block in self.root.blocks:
            yield from self._parsed(block)

    def find(self, name: str) -> Entry | None:
        """Return the item of a name; None if there is none.

        Raises:
            CorruptFileError: the block of the index that would have it is damaged.
        """
        if self._salvaged is not None:
            return self._salvaged.get(name)
        if not self.root.blocks:
            return None
        entries = self.block(self.root.block_of(name))
        place = bisect_left(entries, name.encode("utf-8"), key=lambda entry: entry.name.encode("utf-8"))
        return entries[place] if place < len(entries) and entries[place].name == name else None

    def block(self, number: int) -> list[Entry]:
        """Return the items of a block; errors as `find`."""
        with self._lock:
            if number in self._blocks:
                self._blocks.move_to_end(number)
                return self._blocks[number]
        entries = self._parsed(self.root.blocks[number])
        with self._lock:
            self._blocks[number] = entries
            if len(self._blocks) > _KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        return entries

    def data(self, entry: Entry) -> bytes:
        """Return the own bytes of an item; of an item of a memory those that it has there.

        Raises:
            CorruptFileError: they are damaged, or cut off.
            CodebookError: the codebook that has it in its memory is not found.
        """
        if entry.kind.of_memory:
            memory = self._memory(entry.kind.codebook)
            if entry.offset >= len(memory):
                raise CorruptFileError(f"{self.called(entry.name)}: its codebook's memory has {len(memory)} items")
            return memory[entry.offset]
        data = self.access.read(entry.offset, entry.length) if entry.end <= self.access.size else b""
        identity = b"" if entry.kind.is_file else self.reference(entry.kind.codebook).identity_prefix
        if len(data) != entry.length or check_of(entry.kind, data, identity) != entry.check:
            raise CorruptFileError(f"{self.called(entry.name)}: damaged (wrong checksum)")
        return data

    def file(self, entry: Entry, *, alone: bool = False) -> bytes:
        """Return the `.vqc` file of an item.

        Args:
            alone: whether the file embeds a codebook that this pack embeds, if the item's form allows it. If not, the
                file names it only.

        Raises:
            CorruptFileError: it is damaged. UnsupportedError: its engine is not known here.
        """
        try:
            medium_of_kind(entry.kind)
        except UnsupportedError as error:
            raise UnsupportedError(f"{self.called(entry.name)}: {error}") from None
        data = self.data(entry)
        if entry.kind.is_file:
            return data
        reference = self.reference(entry.kind.codebook)
        if not alone:
            reference = CodebookReference(reference.identity_prefix, reference.name)
        metadata = self.metadata(entry.kind.metadata - 1) if entry.kind.metadata else {}
        return file_of(entry.kind, data, reference, metadata)

    def codebook(self, number: int) -> Codebook:
        """Return a codebook of the pack.

        Raises:
            CodebookError: it is not in the pack, nor in the library.
            CorruptFileError, LimitError, UnsupportedError: it cannot be read.
        """
        if number not in self._loaded:
            self._loaded[number] = find_codebook(self.reference(number))
        return self._loaded[number]

    def _memory(self, number: int) -> Sequence[bytes]:
        if number not in self._memories:
            self._memories[number] = Memory.from_arrays(self.codebook(number).arrays) or ()
        return self._memories[number]

    def references(self) -> list[CodebookReference]:
        """Return the references of all codebooks, by number; errors as `reference`."""
        return [self.reference(number) for number in sorted(self._codebooks)]

    def embedded(self) -> dict[int, CodebookReference]:
        """Return the references of the codebooks that the pack embeds, by number; without those that are damaged."""
        found = {}
        for number in sorted(self._codebooks):
            with suppress(CorruptFileError):  # what needs it says so
                reference = self.reference(number)
                if reference.embedded is not None:
                    found[number] = reference
        return found

    def reference(self, number: int) -> CodebookReference:
        """Return the name and identity of a codebook, and itself if the pack embeds it.

        Raises:
            CorruptFileError: it is missing or damaged.
        """
        if number not in self._references:
            self._references[number] = self._read_reference(number)
        return self._references[number]

    def metadata(self, number: int) -> dict[str, bytes]:
        """Return a set of metadata by key.

        Raises:
            CorruptFileError: it is missing or damaged.
        """
        if number not in self._sets:
            if number not in self._metadata:
                raise CorruptFileError(f"{self.access.name}: set {number} of metadata is missing")
            self._sets[number] = metadata_set(
                self._numbered(number, self._metadata[number], METADATA), self.access.name
            )
        return self._sets[number]

    def called(self, name: str) -> str:
        """Return how messages call an item."""
        return f"{self.access.name}: item '{printable(name, 400)}'"

    def _read_reference(self, number: int) -> CodebookReference:
        place = self._codebooks.get(number)
        where = f"{self.access.name}: codebook {number}"
        if place is None:
            raise CorruptFileError(f"{where} is missing")
        kind = self.access.read(place.offset, 4)
        if kind == CODEBOOK_EMBEDDED:
            body = self._numbered(number, place, kind)
            header = codebook_file.read_header(body[: codebook_file.MAX_HEADER_BYTES], where)
            return CodebookReference(header.digest, header.name, body)
        name, identity = short_text(self._numbered(number, place, CODEBOOK_REFERENCE), where)
        if not is_codebook_name(name) or len(identity) != 32:
            raise CorruptFileError(f"{where}: impossible name or identity")
        return CodebookReference(identity, name)

    def _numbered(self, number: int, place: Place, kind: bytes) -> bytes:
        """Return what follows the number in a chunk that begins with it."""
        payload = chunk_at(self.access, place, kind)
        where = f"{self.access.name}: chunk {kind.decode('ascii')} at byte {place.offset}"
        found, position = get_varint(payload, 0, where)
        if found != number:
            raise CorruptFileError(f"{where}: number {found} where {number} is due")
        return payload[position:]

    def _parsed(self, block: Block) -> list[Entry]:
        place = block.place
        where = f"{self.access.name}: chunk NAME at byte {place.offset}"
        payload = chunk_at(self.access, place, NAMES)
        entries = parse_block(payload, place.offset, place.offset + place.length, where)
        if len(entries) != block.count or entries[0].name != block.first:
            raise CorruptFileError(f"{where}: not the items that the root says")
        return entries

    def _salvage(self) -> Mapping[str, Entry]:
        """Return all items to be found: of the last whole index, of its damaged blocks, and of what follows it."""
        found: dict[str, Entry] = {}
        damaged: list[tuple[bytes, bytes | None]] = []
        firsts = [block.first.encode("utf-8") for block in self.root.blocks]
        for block, following in zip(self.root.blocks, [*firsts[1:], None]):
            try:
                found.update((entry.name, entry) for entry in self._parsed(block))
            except VQCodecError:
                damaged.append((block.first.encode("utf-8"), following))
        for kind, place, payload in chunks_of(self.access):
            try:
                if kind in (CODEBOOK_EMBEDDED, CODEBOOK_REFERENCE, METADATA):
                    table = self._metadata if kind == METADATA else self._codebooks
                    table.setdefault(get_varint(payload)[0], place)
                elif kind == NAMES:
                    entries = parse_block(payload, place.offset, place.offset + place.length, "")
                    later = place.offset >= self.root.place.offset
                    found.update((entry.name, entry) for entry in entries if later or _in_ranges(entry.name, damaged))
            except VQCodecError:
                continue
        return {name: found[name] for name in sorted(found, key=lambda name: name.encode("utf-8"))}


def metadata_set(data: bytes, where: str) -> dict[str, bytes]:
    """Return the metadata in chunks that follow one another.

    Raises:
        CorruptFileError: other chunks, or damage.
    """
    found: dict[str, bytes] = {}
    for chunk in ChunkSource(BytesIO(head_bytes("image") + data), source=where):
        if chunk.kind not in KINDS:
            raise CorruptFileError(f"{where}: chunk {chunk.kind.decode('ascii')} among metadata")
        key, value = metadata_in(chunk.kind, chunk.payload, where)
        if key in found:
            raise CorruptFileError(f"{where}: metadata '{printable(key)}' a second time")
        found[key] = value
    return found


def is_pack(head: bytes) -> bool:
    """Return whether a file that begins with `head` is a pack."""
    return head.startswith(MAGIC)


def _in_ranges(name: str, ranges: list[tuple[bytes, bytes | None]]) -> bool:
    coded = name.encode("utf-8")
    return any(first <= coded and (end is None or coded < end) for first, end in ranges)


def _check_head(head: bytes, source: str) -> None:
    if not head.startswith(MAGIC):
        if MAGIC.startswith(head[: len(MAGIC)]):
            raise CorruptFileError(f"{source}: cut off after {len(head)} bytes")
        if head.startswith(MAGIC[:4]):
            raise CorruptFileError(f"{source}: damaged by a transfer as text; copy it again in binary mode")
        raise UnreadableInputError(f"{source}: not a pack (.vqp)")
    if len(head) < HEAD_BYTES:
        raise CorruptFileError(f"{source}: cut off after {len(head)} bytes")
    if zlib.crc32(head[:-4]) != int.from_bytes(head[-4:], "little") or head[8] == 0:
        raise CorruptFileError(f"{source}: the head of the pack is damaged (wrong checksum)")
    if head[8] > MAJOR:
        raise UnsupportedError(
            f"{source}: pack version {head[8]}.{head[9]}; this program reads {MAJOR}.x: a newer one is needed"
        )
