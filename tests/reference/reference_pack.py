"""Section 20 of FORMAT.md, plainly: packs."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from reference_codebook import FindCodebook, codebook_header, decode_codebook, memory_items, shared_codebook, unpack
from reference_container import METADATA
from reference_elements import Corrupt, Limit, Reader, Unsupported, check_magic, codebook_name, crc32, require

# 20.2 The file

MAGIC = bytes([0x89, 0x56, 0x51, 0x50, 0x0D, 0x0A, 0x1A, 0x0A])
FOOT_BYTES = 17


@dataclass
class Item:
    """An item: its kind, its own bytes (or those that it has in a memory), and the identity of its codebook."""

    form: int
    head: bytes
    data: bytes
    identity: bytes
    metadata: dict[str, bytes]


def decode_pack(data: bytes, find: FindCodebook) -> dict[str, Item]:
    """All items by name; every check is verified."""
    check_magic(data, MAGIC)
    reader = Reader(data)
    head = reader.take(10)
    require(reader.number(4) == crc32(head))
    require(head[8] != 0)
    require(head[8] == 1, Unsupported)
    columns, root = find_root(data)
    columns.varint()
    codebooks = [decode_reference(data, number, place, find) for number, place in enumerate(places(columns, root, 256))]
    sets = [decode_set(data, number, place) for number, place in enumerate(places(columns, root, 4096))]
    blocks = places(columns, root, 2**32)
    counts = [columns.varint() for _ in blocks]
    firsts = names(columns, len(blocks))
    require(columns.at_end())
    items: dict[str, Item] = {}
    before = b""
    for place, count, first in zip(blocks, counts, firsts):
        found = decode_block(data, place, codebooks, sets)
        require(len(found) == count and next(iter(found)) == first)
        for name in found:
            require(name.encode() > before)
            before = name.encode()
        items.update(found)
    return items


def chunk(data: bytes, place: tuple[int, int], kind: bytes) -> Reader:
    offset, length = place
    require(offset + length <= len(data))
    reader = Reader(data[offset : offset + length])
    require(reader.take(4) == kind)
    payload = reader.take(reader.varint())
    body = reader.data[: reader.position]
    require(reader.number(4) == crc32(body))
    require(reader.at_end())
    return Reader(payload)


# 20.3 Codebooks and metadata


def decode_reference(data: bytes, number: int, place: tuple[int, int], find: FindCodebook) -> tuple[bytes, list[bytes]]:
    """The identity, and the items of the memory."""
    kind = data[place[0] : place[0] + 4]
    require(kind in (b"CREF", b"CEMB"))
    contents = chunk(data, place, kind)
    require(contents.varint() == number)
    if kind == b"CEMB":
        embedded = contents.rest()
        return codebook_header(embedded)[0].identity, memory_items(decode_codebook(embedded, find))
    codebook_name(contents.short_text())
    identity = contents.take(32)
    require(contents.at_end())
    return identity, memory_items(shared_codebook(identity, find))


def decode_set(data: bytes, number: int, place: tuple[int, int]) -> dict[str, bytes]:
    contents = chunk(data, place, b"META")
    require(contents.varint() == number)
    found: dict[str, bytes] = {}
    while not contents.at_end():
        start = contents.position
        kind = contents.take(4)
        payload = contents.take(contents.varint())
        body = contents.data[start : contents.position]
        require(contents.number(4) == crc32(body))
        if kind == b"text":
            text = Reader(payload)
            key, value = "text:" + text.short_text().decode(), text.rest()
        else:
            require(kind.decode() in METADATA)
            key, value = METADATA[kind.decode()], payload
        require(key not in found)
        found[key] = value
    return found


# 20.4, 20.5 A block of names, and items


def decode_block(data: bytes, place: tuple[int, int], codebooks: list, sets: list) -> dict[str, Item]:
    contents = chunk(data, place, b"NAME")
    count = contents.varint()
    require(count <= 4096, Limit)
    require(count > 0)
    flags, low_bits, method = contents.take(3)
    require(flags in (0, 1) and low_bits <= 30)
    size, packed = contents.varint(), contents.varint()
    require(size <= 2**22 and packed <= 2**22, Limit)
    columns = Reader(unpack(method, contents.take(packed), size))
    kinds = []
    number_of_kinds = columns.varint()
    require(number_of_kinds <= count, Limit)
    for _ in range(number_of_kinds):
        form = columns.number(1)
        if form in range(16, 32):
            require(form in (17, 18, 19), Unsupported)
            kinds.append((form, 0, 0, b""))
        else:
            require(form % 32 in range(1, 9) and form < 48, Unsupported)
            kinds.append((form, columns.varint(), columns.varint(), columns.take(columns.varint())))
    texts = names(columns, count)
    of_kind = [columns.varint() for _ in range(count)]
    require(all(kind < len(kinds) for kind in of_kind), Limit)
    gaps = [columns.varint() for _ in range(count)]
    stored = [index for index in range(count) if kinds[of_kind[index]][0] < 32]
    high = {index: columns.varint() for index in stored}
    require(columns.at_end())
    bits = iter("".join(f"{byte:08b}" for byte in contents.take((len(stored) * low_bits + 7) // 8)))
    end = place[0] + (place[1] if flags == 1 else 0)
    found = {}
    for index in range(count):
        form, codebook, metadata, head = kinds[of_kind[index]]
        identity, memory = b"", []
        if form not in range(16, 32):
            require(codebook < len(codebooks) and metadata <= len(sets))
            identity, memory = codebooks[codebook]
        known = sets[metadata - 1] if metadata else {}
        if form >= 32:
            require(head == b"" and gaps[index] < len(memory))
            found[texts[index]] = Item(form, head, memory[gaps[index]], identity, known)
            continue
        low = "".join(next(bits) for _ in range(low_bits))
        length = high[index] * 2**low_bits + (int(low, 2) if low else 0)
        gap = gaps[index] // 2 if gaps[index] % 2 == 0 else -(gaps[index] + 1) // 2
        start = end + gap
        end = start + length
        require(start >= 0 and end <= len(data))
        width = 4 if length >= 256 else 2
        check = contents.number(width)
        own = data[start:end]
        require(crc32(identity + head + own) % 256**width == check)
        found[texts[index]] = Item(form, head, own, identity, known)
    require(contents.at_end())
    return found


def names(columns: Reader, count: int) -> list[str]:
    shared = [columns.varint() for _ in range(count)]
    rests = [columns.varint() for _ in range(count)]
    found, before = [], b""
    for same, rest in zip(shared, rests):
        name = before[:same] + columns.take(rest)
        require(same <= len(before) and name > before)
        try:
            text = name.decode("utf-8")
        except UnicodeDecodeError:
            raise Corrupt from None
        require(len(name) <= 1024 and unicodedata.normalize("NFC", text) == text)
        require(all(part not in ("", ".", "..") for part in text.split("/")))
        require(not any(letter in "\\:" or unicodedata.category(letter) == "Cc" for letter in text))
        found.append(text)
        before = name
    return found


# 20.6, 20.8 Root and foot


def find_root(data: bytes) -> tuple[Reader, int]:
    """The columns of the last whole root, and where it begins."""
    for position in range(len(data) - FOOT_BYTES, 13, -1):
        if data[position : position + 4] != b"FOOT":
            continue
        try:
            offset = chunk(data, (position, FOOT_BYTES), b"FOOT").number(8)
            contents = chunk(data, (offset, position - offset), b"ROOT")
        except Corrupt:
            continue
        method = contents.number(1)
        size = contents.varint()
        require(size <= 2**26, Limit)
        return Reader(unpack(method, contents.rest(), size)), offset
    raise Corrupt


def places(columns: Reader, root: int, most: int) -> list[tuple[int, int]]:
    count = columns.varint()
    require(count <= most, Limit)
    offsets = [columns.varint() for _ in range(count)]
    found = [(offset, columns.varint()) for offset in offsets]
    require(all(offset + length <= root for offset, length in found))
    return found
