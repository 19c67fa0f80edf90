"""Sections 1.2, 3 and 4 of FORMAT.md, plainly: files in the compact and the chunked form."""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_codebook import Codebook, FindCodebook, codebook_header, decode_codebook, shared_codebook
from reference_elements import (
    CAPITAL,
    ENGINE_NUMBERS,
    MEDIA,
    SMALL,
    CodebookMissing,
    Corrupt,
    Limit,
    Reader,
    Unsupported,
    check_magic,
    codebook_name,
    crc32,
    engine_name,
    require,
)

# 1.2 The logical file


@dataclass
class Stream:
    medium: str
    engine: str
    codebook: int
    header: bytes
    packets: list[bytes | None] = field(default_factory=list)  # None: missing, of a file that is salvaged
    starts: list[int] = field(default_factory=list)


@dataclass
class MediaFile:
    codebooks: list[Codebook]
    streams: dict[int, Stream]
    metadata: dict[str, bytes]


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
    require(version in (1, 2), Unsupported)
    require(engine_number in ENGINE_NUMBERS, Unsupported)
    if version == 2:
        return decode_short(data, ENGINE_NUMBERS[engine_number], find)
    prefix = reader.take(4)
    require(len(data) >= 11)
    body = data[7:-4]
    codebook = shared_codebook(prefix, find)
    checksum = Reader(data[-4:]).number(4)
    require(checksum == crc32(data[:-4] + codebook.identity))
    engine = ENGINE_NUMBERS[engine_number]
    stream = Stream(engine.split("/")[0], engine, 0, b"", [body], [0])
    return MediaFile([codebook], {0: stream}, {})


def decode_short(data: bytes, engine: str, find: FindCodebook) -> MediaFile:
    """3.7"""
    check_bytes = 2 if len(data) < 256 else 4
    require(len(data) > 5 + check_bytes)
    before, checksum = data[:-check_bytes], data[-check_bytes:]
    files = {codebook_header(file)[0].identity: file for file in find(data[3:5])}
    fitting = [
        file
        for identity, file in files.items()
        if crc32(before + identity).to_bytes(4, "little")[:check_bytes] == checksum
    ]
    require(len(files) > 0, CodebookMissing)
    require(len(fitting) > 0)
    codebook = decode_codebook(fitting[0], find)
    require("usual_headers" in codebook.arrays, CodebookMissing)
    usual = codebook.arrays["usual_headers"]
    require(usual.kind == 1 and len(usual.shape) == 2 and usual.shape[0] == 2, CodebookMissing)
    length = usual.shape[1]
    require(3 <= length <= 32, CodebookMissing)
    rows = [bytes(usual.elements[:length]), bytes(usual.elements[length:])]
    require(rows[0][:-2] == rows[1][:-2], CodebookMissing)
    require(all(row[-2] in (0, 0x40) for row in rows), CodebookMissing)
    body = before[5:]
    if body[0] < 128:
        body = rows[0][:-2] + body
    else:
        row = rows[body[0] // 64 % 2]
        body = row[:-2] + bytes([row[-2] + body[0] % 64, row[-1]]) + body[1:]
    stream = Stream(engine.split("/")[0], engine, 0, b"", [body], [0])
    return MediaFile([codebook], {0: stream}, {})


# 4 The chunked form

CHUNKED_MAGIC = bytes([0x89, 0x56, 0x51, 0x43, 0x0D, 0x0A, 0x1A, 0x0A])
MOST_CHUNK_BYTES = 2**30
METADATA = {"iccp": "icc", "exif": "exif", "xmpd": "xmp", "cicp": "cicp", "dens": "density"}


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
        self.tails: set[int] = set()
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
        elif kind == "TAIL":
            self.tail(contents)
        elif kind == "DATA":
            self.packet(contents, offset, reader.position - offset)
        elif kind in METADATA:
            self.add_metadata(METADATA[kind], payload)
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
        require(number in self.streams and number not in self.tails)
        stream = self.streams[number]
        require(stream.codebook in self.codebooks)
        require(packet_number == len(stream.packets))
        require(not stream.starts or start > stream.starts[-1])
        stream.packets.append(contents.rest())
        stream.starts.append(start)
        self.places.append((number, start, offset, length))

    def tail(self, contents: Reader) -> None:
        """4.9"""
        number = contents.varint()
        require(number in self.streams and number not in self.tails)
        self.tails.add(number)
        self.streams[number].header = contents.rest()

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
