"""A second decoder of the vqcodec formats, written from FORMAT.md alone: slow, plain, and laid out by its sections.

It shares no code with vqcodec. Everything is read byte by byte and bit by bit; only SHA-256, deflate, LZMA2 and JSON
come from the standard library. `decode_file` gives the logical file; the engines of sections 8 and following are
functions in modules of their own, entered in ENGINES.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# 1.4 Errors


class FormatError(Exception):
    """Base of the error classes."""


class Unreadable(FormatError):
    pass


class Corrupt(FormatError):
    pass


class Unsupported(FormatError):
    pass


class CodebookMissing(FormatError):
    pass


class Limit(FormatError):
    pass


def require(condition: bool, error: type[FormatError] = Corrupt) -> None:
    if not condition:
        raise error


# 2 Common elements


class Reader:
    """Bytes that are taken from the front; taking more than there are is Corrupt."""

    def __init__(self, data: bytes):
        self.data = data
        self.position = 0

    def take(self, count: int) -> bytes:
        require(self.position + count <= len(self.data))
        self.position += count
        return self.data[self.position - count : self.position]

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.position)

    def at_end(self) -> bool:
        return self.position == len(self.data)

    def number(self, width: int) -> int:
        """2.1"""
        value = 0
        for index, byte in enumerate(self.take(width)):
            value += byte * 256**index
        return value

    def varint(self) -> int:
        """2.3"""
        value = 0
        for index in range(9):
            byte = self.take(1)[0]
            value += (byte % 128) * 128**index
            if byte < 128:
                require(byte != 0 or index == 0)
                return value
        raise Corrupt

    def short_text(self) -> bytes:
        return self.take(self.number(1))


# 2.4, 2.5, 2.6

MEDIA = {1: "image", 2: "speech", 3: "video"}
ENGINE_NUMBERS = {
    1: "image/block",
    2: "image/transform",
    3: "speech/celp-nb",
    4: "speech/celp-wb",
    5: "video/mc",
    6: "video/st3d",
    7: "speech/celp-fixed",
    8: "speech/ld-celp",
}
SMALL, CAPITAL, DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"


def spelt(name: str, first: str, others: str, most: int) -> bool:
    return 1 <= len(name) <= most and name[0] in first and all(letter in others for letter in name)


def codebook_name(raw: bytes) -> str:
    name = raw.decode("latin-1")
    require(spelt(name, SMALL + CAPITAL + DIGITS, SMALL + CAPITAL + DIGITS + "._+-", 64))
    return name


def array_name(raw: bytes) -> str:
    name = raw.decode("latin-1")
    require(spelt(name, SMALL, SMALL + DIGITS + "_./-", 64))
    return name


def engine_name(raw: bytes) -> str:
    name = raw.decode("latin-1")
    parts = name.split("/")
    require(len(parts) == 2)
    require(spelt(parts[0], SMALL, SMALL + DIGITS, 16))
    require(spelt(parts[1], SMALL + DIGITS, SMALL + DIGITS + "-", 31))
    return name


def crc32(data: bytes) -> int:
    """2.7"""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder // 2 ^ (0xEDB88320 if remainder % 2 else 0)
    return remainder ^ 0xFFFFFFFF


def sha256(data: bytes) -> bytes:
    """2.8"""
    return hashlib.sha256(data).digest()


# The logical file (1.2)


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


@dataclass
class Stream:
    medium: str
    engine: str
    codebook: int
    header: bytes
    packets: list[bytes] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)


@dataclass
class MediaFile:
    codebooks: list[Codebook]
    streams: dict[int, Stream]
    metadata: dict[str, bytes]


FindCodebook = Callable[[bytes], list[bytes]]
"""Section 5: the codebook files whose header says an identity that begins with the given bytes."""


def decode_file(data: bytes, find: FindCodebook) -> MediaFile:
    """1.2: either form, by the first bytes."""
    require(data != COMPACT_MAGIC[:1])
    media = decode_compact(data, find) if data[:2] == COMPACT_MAGIC else decode_chunked(data, find)
    for stream in media.streams.values():
        require(media.codebooks[stream.codebook].engine == stream.engine, CodebookMissing)
    return media


# 3 The compact form

COMPACT_MAGIC = bytes([0xD6, 0x51])


def decode_compact(data: bytes, find: FindCodebook) -> MediaFile:
    reader = Reader(data)
    reader.take(2)
    version_and_engine = reader.number(1)
    version, engine_number = version_and_engine // 16, version_and_engine % 16
    require(version != 0)
    require(version == 1, Unsupported)
    require(engine_number in ENGINE_NUMBERS, Unsupported)
    prefix = reader.take(4)
    require(len(data) >= 11)
    body = data[7:-4]
    codebook = shared_codebook(prefix, find)
    checksum = Reader(data[-4:]).number(4)
    require(checksum == crc32(data[:-4] + codebook.identity))
    engine = ENGINE_NUMBERS[engine_number]
    stream = Stream(engine.split("/")[0], engine, 0, b"", [body], [0])
    return MediaFile([codebook], {0: stream}, {})


# 4 The chunked form

CHUNKED_MAGIC = bytes([0x89, 0x56, 0x51, 0x43, 0x0D, 0x0A, 0x1A, 0x0A])
MOST_CHUNK_BYTES = 2**30


def check_magic(data: bytes, magic: bytes) -> None:
    if data[:8] != magic:
        cut_off = magic.startswith(data[:8])
        changed_in_transfer = data[:4] == magic[:4]
        raise Corrupt if cut_off or changed_in_transfer else Unreadable


def decode_chunked(data: bytes, find: FindCodebook) -> MediaFile:
    """4.1, 4.2"""
    check_magic(data, CHUNKED_MAGIC)
    reader = Reader(data)
    head = reader.take(11)
    require(reader.number(4) == crc32(head))
    major, medium = head[8], head[10]
    require(major != 0)
    require(major == 1, Unsupported)
    require(medium in MEDIA, Unsupported)
    state = ChunkedState()
    while not state.ended:
        state.take_chunk(reader)
    require(reader.at_end())
    require(len(state.streams) > 0)
    require(next(iter(state.streams.values())).medium == MEDIA[medium])
    require(sorted(state.codebooks) == list(range(len(state.codebooks))))
    require(all(stream.codebook in state.codebooks for stream in state.streams.values()))
    codebooks = []
    for number in range(len(state.codebooks)):
        identity, embedded = state.codebooks[number]
        codebook = shared_codebook(identity, find) if embedded is None else decode_codebook(embedded, find)
        require(codebook.identity == identity)
        codebooks.append(codebook)
    if state.end_offset:
        check_index(data, state)
    return MediaFile(codebooks, state.streams, state.metadata)


class ChunkedState:
    """What the chunks so far have said."""

    def __init__(self) -> None:
        self.codebooks: dict[int, tuple[bytes, bytes | None]] = {}
        self.streams: dict[int, Stream] = {}
        self.metadata: dict[str, bytes] = {}
        self.places: list[tuple[int, int, int, int]] = []  # stream, start, offset, length of each packet chunk
        self.indexed = False
        self.end_offset = 0
        self.ended = False

    def take_chunk(self, reader: Reader) -> None:
        """4.2"""
        offset = reader.position
        kind = reader.take(4).decode("latin-1")
        require(all(letter in SMALL + CAPITAL for letter in kind))
        length = reader.varint()
        require(length <= MOST_CHUNK_BYTES, Limit)
        payload = reader.take(length)
        body = reader.data[offset : reader.position]
        require(reader.number(4) == crc32(body))
        contents = Reader(payload)
        require(kind == "DONE" or not self.indexed)
        self.indexed = kind == "indx"
        if kind == "CREF" or kind == "CEMB":
            self.codebook(kind, contents)
        elif kind == "STRM":
            self.stream(contents)
        elif kind == "DATA":
            self.packet(contents, offset, reader.position - offset)
        elif kind in ("iccp", "exif", "xmpd"):
            self.add_metadata({"iccp": "icc", "exif": "exif", "xmpd": "xmp"}[kind], payload)
        elif kind == "text":
            self.text(contents)
        elif kind == "DONE":
            self.end(contents)
        else:
            require(kind[0] in SMALL, Unsupported)

    def codebook(self, kind: str, contents: Reader) -> None:
        """4.3"""
        number = contents.varint()
        require(number <= 255, Limit)
        require(number not in self.codebooks)
        if kind == "CREF":
            codebook_name(contents.short_text())
            self.codebooks[number] = (contents.take(32), None)
            require(contents.at_end())
        else:
            embedded = contents.rest()
            self.codebooks[number] = (codebook_header(embedded)[0].identity, embedded)

    def stream(self, contents: Reader) -> None:
        """4.4"""
        number = contents.varint()
        require(number <= 255, Limit)
        require(number not in self.streams)
        medium = contents.number(1)
        codebook = contents.varint()
        engine = engine_name(contents.short_text())
        require(medium in MEDIA, Unsupported)
        require(MEDIA[medium] == engine.split("/")[0])
        self.streams[number] = Stream(MEDIA[medium], engine, codebook, contents.rest())

    def packet(self, contents: Reader, offset: int, length: int) -> None:
        """4.5"""
        number, packet_number, start = contents.varint(), contents.varint(), contents.varint()
        require(number in self.streams)
        stream = self.streams[number]
        require(stream.codebook in self.codebooks)
        require(packet_number == len(stream.packets))
        require(not stream.starts or start > stream.starts[-1])
        stream.packets.append(contents.rest())
        stream.starts.append(start)
        self.places.append((number, start, offset, length))

    def text(self, contents: Reader) -> None:
        """4.6"""
        title, text = contents.short_text(), contents.rest()
        try:
            text.decode("utf-8")
            key = title.decode("utf-8")
        except UnicodeDecodeError:
            raise Corrupt from None
        require(key != "" and key.isprintable())
        self.add_metadata("text:" + key, text)

    def add_metadata(self, key: str, value: bytes) -> None:
        require(key not in self.metadata)
        require(len(self.metadata) < 1024, Limit)
        self.metadata[key] = value

    def end(self, contents: Reader) -> None:
        """4.8"""
        packets = contents.number(4)
        self.end_offset = contents.number(8)
        require(contents.at_end())
        require(packets == len(self.places))
        self.ended = True


def check_index(data: bytes, state: ChunkedState) -> None:
    """4.7: the index must lead to the packets that are there."""
    end = len(data) - 21
    require(state.end_offset < end)
    reader = Reader(data[:end])
    reader.take(state.end_offset)
    require(reader.take(4) == b"indx")
    contents = Reader(reader.take(reader.varint()))
    require(reader.position + 4 == end)
    require(contents.varint() == len(state.places))
    previous_end = 0
    for place in state.places:
        stream, start, gap, length = contents.varint(), contents.varint(), contents.varint(), contents.varint()
        require(place == (stream, start, previous_end + gap, length))
        previous_end += gap + length
    require(contents.at_end())


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
    require(raw_size <= MOST_CODEBOOK_BYTES, Limit)
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


# 7 Canonical Huffman codes


class BitReader:
    """2.2, 7.5"""

    def __init__(self, data: bytes, position: int = 0):
        self.data = data
        self.position = position  # in bits

    def bit(self) -> int:
        require(self.position < 8 * len(self.data))
        byte = self.data[self.position // 8]
        value = byte >> (7 - self.position % 8) & 1
        self.position += 1
        return value

    def bits(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = 2 * value + self.bit()
        return value


class HuffmanCode:
    """7.1 to 7.4: a code from its lengths."""

    def __init__(self, lengths: list[int]):
        require(all(0 <= length <= 16 for length in lengths))
        used = [symbol for symbol, length in enumerate(lengths) if length > 0]
        self.alone = used[0] if len(used) == 1 else None
        if self.alone is not None:
            require(lengths[self.alone] == 1)
        else:
            require(sum(2 ** (16 - lengths[symbol]) for symbol in used) == 2**16)
        self.count = [lengths.count(length) for length in range(17)]
        self.symbols = sorted(used, key=lambda symbol: (lengths[symbol], symbol))

    def read(self, reader: BitReader) -> int:
        """7.4"""
        if self.alone is not None:
            reader.bit()
            return self.alone
        code = first = index = 0
        for length in range(1, 17):
            code = 2 * code + reader.bit()
            if code - first < self.count[length]:
                return self.symbols[index + code - first]
            index += self.count[length]
            first = 2 * (first + self.count[length])
        raise Corrupt


def canonical_codes(lengths: list[int]) -> dict[int, str]:
    """7.2: the codes as text of 0 and 1, by symbol."""
    codes = {}
    code = 0
    for length in range(1, 17):
        code = 2 * code
        for symbol, wanted in enumerate(lengths):
            if wanted == length:
                codes[symbol] = format(code, f"0{length}b")
                code += 1
    return codes


# 8 and following: the engines

Engine = Callable[[bytes, list[bytes], Codebook], Any]
"""Takes the stream header, the packets and the codebook; gives the samples as nested lists.

From the compact form the header is empty and the packet begins with it (3.5), so an engine of a single packet reads its
header from the two joined.
"""

ENGINES: dict[str, Engine] = {}


def decode_samples(data: bytes, find: FindCodebook) -> dict[int, Any]:
    """The samples of every stream by its number."""
    media = decode_file(data, find)
    samples = {}
    for number, stream in media.streams.items():
        require(stream.engine in ENGINES, Unsupported)
        samples[number] = ENGINES[stream.engine](stream.header, stream.packets, media.codebooks[stream.codebook])
    return samples
