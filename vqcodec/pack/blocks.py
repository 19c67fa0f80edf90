"""A block of names: consecutive items of the index in columns, packed (FORMAT.md, section 20.4)."""

from __future__ import annotations

from collections.abc import Sequence

from vqcodec.codebook import packing
from vqcodec.codebook.memory import MAX_ITEMS
from vqcodec.container.media import MAX_CODEBOOKS
from vqcodec.container.varint import put_signed_varint, put_varint
from vqcodec.errors import CorruptFileError, LimitError
from vqcodec.limits import MAX_CHUNK_BYTES
from vqcodec.names import printable
from vqcodec.pack.names import MAX_NAME_BYTES, fault_of
from vqcodec.pack.parts import (
    MOST_ENTRIES,
    MOST_HEAD_BYTES,
    MOST_INDEX_BYTES,
    MOST_METADATA,
    Entry,
    Fields,
    Kind,
    check_bytes,
)

USUAL_ENTRIES = 512
_DATA_FOLLOWS = 1


def block_payload(entries: Sequence[Entry], base: int, *, data_follows: bool) -> bytes:
    """Return the payload of the chunk of some items.

    Args:
        entries: 1 to MOST_ENTRIES, sorted by the bytes of their names.
        base: position in the file from which the first item's is counted: the end of the chunk if `data_follows`, else
            its beginning.
    """
    kinds = list(dict.fromkeys(entry.kind for entry in entries))
    number_of = {kind: number for number, kind in enumerate(kinds)}
    stored = [entry for entry in entries if not entry.kind.of_memory]
    low_bits = _low_bits([entry.length for entry in stored])
    columns = [put_varint(len(kinds)), *map(_kind_bytes, kinds)]
    columns += names_columns([entry.name for entry in entries])
    columns += [put_varint(number_of[entry.kind]) for entry in entries]
    end = base
    for entry in entries:
        of_memory = entry.kind.of_memory
        columns.append(put_varint(entry.offset) if of_memory else put_signed_varint(entry.offset - end))
        end = end if entry.kind.of_memory else entry.end
    columns += [put_varint(entry.length >> low_bits) for entry in stored]
    raw = b"".join(columns)
    method, packed = packing.pack(raw)
    low = 0
    for entry in stored:
        low = low << low_bits | entry.length & ((1 << low_bits) - 1)
    unused = -low_bits * len(stored) % 8
    return b"".join(
        [
            put_varint(len(entries)),
            bytes([_DATA_FOLLOWS if data_follows else 0, low_bits, method]),
            put_varint(len(raw)),
            put_varint(len(packed)),
            packed,
            (low << unused).to_bytes((low_bits * len(stored) + unused) // 8, "big"),
            *(entry.check.to_bytes(check_bytes(entry.length), "little") for entry in stored),
        ]
    )


def parse_block(payload: bytes, start: int, end: int, where: str) -> list[Entry]:
    """Return the items of a block whose chunk reaches from `start` to `end` in the file.

    Raises:
        CorruptFileError: it contradicts itself or FORMAT.md.
        LimitError: a size or number is beyond the limits.
        UnsupportedError: packed by an unknown method.
    """
    fields = Fields(payload, where)
    count = fields.number(MOST_ENTRIES, "items in a block")
    flags, low_bits, method = fields.take(3)
    if count == 0 or flags & ~_DATA_FOLLOWS or low_bits > 30:
        raise CorruptFileError(f"{where}: impossible head")
    raw_bytes = fields.number(MOST_INDEX_BYTES, "bytes of names")
    packed = fields.take(fields.number(MOST_INDEX_BYTES, "bytes of packed names"))
    columns = Fields(bytes(packing.unpack(method, memoryview(packed), raw_bytes, where, "index")), where)
    kinds = [_kind_in(columns) for _ in range(columns.number(count, "kinds of items"))]
    names = names_in(columns, count, where)
    kind_of = [kinds[number] for number in columns.numbers(count, len(kinds) - 1, "as the number of a kind")]
    places = [columns.number(MAX_ITEMS - 1, "as an item") if kind.of_memory else columns.signed() for kind in kind_of]
    stored = sum(not kind.of_memory for kind in kind_of)
    high = iter(columns.numbers(stored, MAX_CHUNK_BYTES >> low_bits, "as a length"))
    columns.end()
    low_bytes = fields.take((low_bits * stored + 7) // 8)
    low = int.from_bytes(low_bytes, "big") >> (-low_bits * stored % 8)
    mask = (1 << low_bits) - 1
    entries = []
    position = end if flags & _DATA_FOLLOWS else start
    for name, kind, place in zip(names, kind_of, places):
        if kind.of_memory:
            entries.append(Entry(name, kind, place, 0, 0))
            continue
        stored -= 1
        length = next(high) << low_bits | low >> low_bits * stored & mask
        offset = position + place
        position = offset + length
        if length > MAX_CHUNK_BYTES:
            raise LimitError(f"{where}: an item of {length} bytes; at most {MAX_CHUNK_BYTES} are allowed")
        if offset < 0:
            raise CorruptFileError(f"{where}: item '{printable(name)}' before the beginning of the file")
        check = int.from_bytes(fields.take(check_bytes(length)), "little")
        entries.append(Entry(name, kind, offset, length, check))
    fields.end()
    return entries


def names_columns(names: Sequence[str]) -> list[bytes]:
    """Return sorted names as columns: bytes shared with the name before, bytes of the rest, and all the rests."""
    coded = [name.encode("utf-8") for name in names]
    shared = [_shared_bytes(before, name) for before, name in zip([b"", *coded], coded)]
    rests = [name[same:] for name, same in zip(coded, shared)]
    return [*map(put_varint, shared), *(put_varint(len(rest)) for rest in rests), *rests]


def names_in(columns: Fields, count: int, where: str) -> list[str]:
    """Return names stored as `names_columns`.

    Raises:
        CorruptFileError: they are not sorted, or one is not allowed. LimitError: one is too long.
    """
    shared = columns.numbers(count, MAX_NAME_BYTES, "shared bytes of a name")
    rests = columns.numbers(count, MAX_NAME_BYTES, "bytes of a name")
    names, before = [], b""
    for same, rest in zip(shared, rests):
        coded = before[:same] + columns.take(rest)
        try:
            name = coded.decode("utf-8")
        except UnicodeDecodeError:
            raise CorruptFileError(f"{where}: a name that is not UTF-8") from None
        fault = fault_of(name)
        if same > len(before) or coded <= before or fault:
            raise CorruptFileError(f"{where}: name '{printable(name)}': {fault or 'out of order'}")
        names.append(name)
        before = coded
    return names


def _shared_bytes(one: bytes, other: bytes) -> int:
    """Return how many first bytes two names share."""
    for number, (mine, its) in enumerate(zip(one, other)):
        if mine != its:
            return number
    return min(len(one), len(other))


def _kind_bytes(kind: Kind) -> bytes:
    if kind.is_file:
        return bytes([kind.form])
    numbers = put_varint(kind.codebook) + put_varint(kind.metadata) + put_varint(len(kind.head))
    return bytes([kind.form]) + numbers + kind.head


def _kind_in(fields: Fields) -> Kind:
    (form,) = fields.take(1)
    if Kind(form).is_file:
        return Kind(form)
    codebook = fields.number(MAX_CODEBOOKS - 1, "as the number of a codebook")
    metadata = fields.number(MOST_METADATA, "as the number of metadata")
    return Kind(form, codebook, metadata, fields.take(fields.number(MOST_HEAD_BYTES, "bytes of a stream header")))


def _low_bits(lengths: Sequence[int]) -> int:
    """Return how many low bits of lengths are best stored as they are; the rest, small numbers, packs well."""

    def cost(bits: int) -> float:
        high = [length >> bits for length in lengths]
        return bits * len(lengths) + sum(2 * value.bit_length() for value in high) + 4 * len(set(high))

    return min(range(31), key=cost)
