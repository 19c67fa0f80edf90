"""Sections 5 and 6 of FORMAT.md, plainly: finding and reading codebook files."""

from __future__ import annotations

import json
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reference_elements import (
    CodebookMissing,
    Corrupt,
    Limit,
    Reader,
    Unsupported,
    array_name,
    check_magic,
    codebook_name,
    engine_name,
    require,
    sha256,
)


@dataclass
class Codebook:
    engine: str
    name: str
    identity: bytes
    arrays: dict[str, Array]
    provenance: Any


@dataclass
class Array:
    """6.1: elements in C order."""

    kind: int
    shape: list[int]
    elements: list[int]


FindCodebook = Callable[[bytes], list[bytes]]
"""Section 5: the codebook files whose header says an identity that begins with the given bytes."""


# 5 Finding the codebook


def shared_codebook(beginning: bytes, find: FindCodebook, may_differ: bool = True) -> Codebook:
    files = find(beginning)
    require(len({codebook_header(file)[0].identity for file in files}) == 1, CodebookMissing)
    return decode_codebook(files[0], find, may_differ)


# 6 The codebook file

CODEBOOK_MAGIC = bytes([0x89, 0x56, 0x51, 0x42, 0x0D, 0x0A, 0x1A, 0x0A])
MOST_CODEBOOK_BYTES = 2**26
MOST_PROVENANCE_BYTES = 2**20
MOST_DEPTH = 32
WIDTHS = [1, 1, 2, 2, 4, 4, 8]
SIGNED = [True, False, True, False, True, False, True]


@dataclass
class CodebookHeader:
    method: int
    raw_size: int
    payload_size: int
    identity: bytes
    engine: str
    name: str


def codebook_header(data: bytes) -> tuple[CodebookHeader, bytes]:
    """6.3: the header, and what follows it."""
    check_magic(data, CODEBOOK_MAGIC)
    reader = Reader(data)
    reader.take(8)
    version = reader.number(1)
    require(version != 0)
    require(version == 1, Unsupported)
    method, engine_length, name_length = reader.number(1), reader.number(1), reader.number(1)
    raw_size, payload_size = reader.number(4), reader.number(4)
    identity = reader.take(32)
    raw_engine, raw_name = reader.take(engine_length), reader.take(name_length)
    engine, name = engine_name(raw_engine), codebook_name(raw_name)
    require(raw_size <= min(MOST_CODEBOOK_BYTES, 2**22 + 256 * payload_size), Limit)
    return CodebookHeader(method, raw_size, payload_size, identity, engine, name), reader.rest()


def decode_codebook(data: bytes, find: FindCodebook, may_differ: bool = True) -> Codebook:
    header, payload = codebook_header(data)
    require(len(payload) == header.payload_size)
    if header.method == 16:
        canonical = undo_difference(header, Reader(payload), find, may_differ)
    else:
        canonical = unpack(header.method, payload, header.raw_size)
    require(sha256(canonical) == header.identity)
    codebook = parse_canonical(canonical)
    require(codebook.engine == header.engine and codebook.name == header.name)
    return codebook


def unpack(method: int, packed: bytes, size: int) -> bytes:
    """6.4"""
    if method == 0:
        require(len(packed) == size)
        return packed
    require(method in (1, 2), Unsupported)
    try:
        if method == 1:
            filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 2**22}]
            inflater: Any = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
        else:
            inflater = zlib.decompressobj(-15)
        raw = inflater.decompress(packed, size + 1)
    except (lzma.LZMAError, zlib.error):
        raise Corrupt from None
    require(len(raw) == size and inflater.eof and not inflater.unused_data)
    return raw


def parse_canonical(data: bytes) -> Codebook:
    """6.1"""
    reader = Reader(data)
    require(reader.take(5) == b"vqcb\x01")
    engine = engine_name(reader.short_text())
    name = codebook_name(reader.short_text())
    count = reader.number(2)
    require(count <= 4096, Limit)
    arrays: dict[str, Array] = {}
    previous = b""
    for _ in range(count):
        raw_name = reader.short_text()
        key = array_name(raw_name)
        require(raw_name > previous)
        previous = raw_name
        kind, shape = array_head(reader)
        require(kind <= 6)
        arrays[key] = Array(kind, shape, [element(kind, raw) for raw in array_elements(reader, kind, shape)])
    provenance = parse_provenance(reader.take(reader.number(4)))
    require(reader.at_end())
    return Codebook(engine, name, sha256(data), arrays, provenance)


def array_head(reader: Reader) -> tuple[int, list[int]]:
    kind, axes = reader.number(1), reader.number(1)
    require(kind % 128 <= 6)
    require(axes <= 8, Limit)
    shape = [reader.number(4) for _ in range(axes)]
    require(0 not in shape)
    return kind, shape


def array_elements(reader: Reader, kind: int, shape: list[int]) -> list[bytes]:
    width = WIDTHS[kind % 128]
    count = 1
    for axis in shape:
        count *= axis
    require(count * width <= MOST_CODEBOOK_BYTES, Limit)
    data = reader.take(count * width)
    return [data[start : start + width] for start in range(0, len(data), width)]


def element(kind: int, raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=SIGNED[kind])


def parse_provenance(data: bytes) -> Any:
    require(len(data) <= MOST_PROVENANCE_BYTES, Limit)
    require(nesting(data) <= MOST_DEPTH, Limit)
    try:
        provenance = json.loads(data.decode("utf-8"))
        again = json.dumps(provenance, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        require(again.encode("utf-8") == data)
    except ValueError:
        raise Corrupt from None
    require(isinstance(provenance, dict))
    return provenance


def nesting(data: bytes) -> int:
    depth = deepest = position = 0
    while position < len(data):
        letter = data[position : position + 1]
        if letter == b'"':
            position += 1
            while position < len(data) and data[position : position + 1] != b'"':
                position += 2 if data[position : position + 1] == b"\\" else 1
        elif letter in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif letter in (b"]", b"}"):
            depth -= 1
        position += 1
    return deepest


def undo_difference(header: CodebookHeader, payload: Reader, find: FindCodebook, may_differ: bool) -> bytes:
    """6.5: the canonical bytes."""
    parent_identity, method = payload.take(32), payload.number(1)
    require(may_differ, CodebookMissing)
    body = unpack(method, payload.rest(), header.raw_size)
    parent = shared_codebook(parent_identity, find, may_differ=False)
    canonical = bytearray(body)
    reader = Reader(body)
    reader.take(5)
    reader.short_text()
    reader.short_text()
    count = reader.number(2)
    require(count <= 4096, Limit)
    for _ in range(count):
        key = reader.short_text().decode("latin-1")
        kind_position = reader.position
        kind, shape = array_head(reader)
        elements_position = reader.position
        stored = array_elements(reader, kind, shape)
        if kind < 128:
            continue
        kind -= 128
        require(key in parent.arrays)
        like = parent.arrays[key]
        require(like.kind == kind and like.shape == shape)
        canonical[kind_position] = kind
        modulus = 256 ** WIDTHS[kind]
        for index, raw in enumerate(stored):
            z = int.from_bytes(raw, "little")
            d = z // 2 if z % 2 == 0 else -(z + 1) // 2
            e = (like.elements[index] + d) % modulus
            position = elements_position + index * WIDTHS[kind]
            canonical[position : position + WIDTHS[kind]] = e.to_bytes(WIDTHS[kind], "little")
    return bytes(canonical)


# 6.6 Memory


def memory_items(codebook: Codebook) -> list[bytes]:
    """The items of a memory; none without a memory."""
    arrays = codebook.arrays
    if "memory_rest_sizes" in arrays:
        require("memory_heads" in arrays and "memory_head_numbers" in arrays, CodebookMissing)
        heads = arrays["memory_heads"]
        count, length = heads.shape
        numbers = arrays["memory_head_numbers"].elements
        rests = pieces(codebook, "memory_rest_bytes", "memory_rest_sizes")
        require(len(numbers) == len(rests) and max(numbers) < count, CodebookMissing)
        return [bytes(heads.elements[n * length : (n + 1) * length]) + rest for n, rest in zip(numbers, rests)]
    return pieces(codebook, "memory_bytes", "memory_sizes") if "memory_sizes" in arrays else []


def pieces(codebook: Codebook, of_bytes: str, of_sizes: str) -> list[bytes]:
    require(of_bytes in codebook.arrays, CodebookMissing)
    data, found = bytes(codebook.arrays[of_bytes].elements), []
    for size in codebook.arrays[of_sizes].elements:
        found.append(data[:size])
        data = data[size:]
    return found
