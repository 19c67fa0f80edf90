"""Media files of both forms, whole and broken (FORMAT.md, sections 3 and 4); the engines' bytes are made up."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from codebook_samples import CHILD_FILE, OTHER_HASH, TINY, TINY_FILE, TINY_HASH, canonical, codebook_file, text
from sample import BAD, CODEBOOK, CORRUPT, GOOD, LATER, LIMIT, UNREADABLE, UNSUPPORTED, Sample

# Compact media files (FORMAT.md, section 3)


def compact(
    body: bytes = b"\x07\x07\x02packet", engine: int = 1, version: int = 1, digest: bytes = TINY_HASH, seal: bytes = b""
) -> bytes:
    data = b"\xd6Q" + bytes([version << 4 | engine]) + digest[:4] + body
    return data + struct.pack("<I", zlib.crc32(data + (seal or digest)))


def compact_files() -> Iterator[Sample]:
    whole = compact()
    yield Sample(GOOD, "compact.vqc", whole, "The compact form: three bytes of header, six of packet.")
    yield Sample(GOOD, "compact-nothing.vqc", compact(b""), "The compact form around nothing (no engine takes that).")

    def bad(name: str, data: bytes, what: str, error: str = CORRUPT) -> Sample:
        return Sample(BAD, name + ".vqc", data, what, error)

    yield bad("compact-one-byte", whole[:1], "The first byte of the compact magic alone.")
    yield bad("compact-magic-only", whole[:2], "The compact magic alone.")
    yield bad("compact-cut-in-hash", whole[:5], "Ends within the bytes of the hash.")
    yield bad("compact-cut", whole[:-1], "The last byte is missing, so the checksum is wrong.")
    yield bad("compact-long", whole + b"\0", "One byte too many, so the checksum is wrong.")
    yield bad("compact-version-0", compact(version=0), "Version 0.")
    flipped = bytearray(whole)
    flipped[12] ^= 0x10
    yield bad("compact-flipped", bytes(flipped), "One bit of the packet is flipped.")
    other = TINY_HASH[:4] + bytes(28)
    yield bad("compact-hash-begins-alike", compact(seal=other), "Coded with a codebook whose hash begins alike.")
    yield bad("compact-codebook-unknown", compact(digest=bytes(32)), "Names a codebook that nobody has.", CODEBOOK)
    yield Sample(UNSUPPORTED, "compact-version-3.vqc", compact(version=3), "Format version 3.", LATER)
    yield Sample(UNSUPPORTED, "compact-engine-0.vqc", compact(engine=0), "Engine number 0.", LATER)
    yield Sample(UNSUPPORTED, "compact-engine-15.vqc", compact(engine=15), "Engine number 15.", LATER)


# Chunked media files (FORMAT.md, section 4)


def varint(value: int) -> bytes:
    data = b""
    while value > 127:
        data += bytes([value % 128 + 128])
        value //= 128
    return data + bytes([value])


def head(major: int = 1, minor: int = 0, medium: int = 1) -> bytes:
    data = b"\x89VQC\r\n\x1a\n" + bytes([major, minor, medium])
    return data + struct.pack("<I", zlib.crc32(data))


def chunk(kind: bytes, payload: bytes, length: bytes | None = None) -> bytes:
    data = kind + (varint(len(payload)) if length is None else length) + payload
    return data + struct.pack("<I", zlib.crc32(data))


def reference(number: int = 0, name: bytes = b"tiny", digest: bytes = TINY_HASH) -> bytes:
    return chunk(b"CREF", varint(number) + text(name) + digest)


def embedded(data: bytes, number: int = 0) -> bytes:
    return chunk(b"CEMB", varint(number) + data)


def stream(
    number: int = 0, medium: int = 1, codebook: int = 0, engine: bytes = b"image/block", header: bytes = b"\x07\x07\x02"
) -> bytes:
    return chunk(b"STRM", varint(number) + bytes([medium]) + varint(codebook) + text(engine) + header)


def packet(number: int = 0, start: int | None = None, data: bytes = b"packet", to: int = 0) -> bytes:
    return chunk(b"DATA", varint(to) + varint(number) + varint(number if start is None else start) + data)


def tail(to: int = 0) -> bytes:
    return chunk(b"TAIL", varint(to) + b"\x07\x07\x03")


def end(packets: int = 1, index: int = 0) -> bytes:
    return chunk(b"DONE", struct.pack("<IQ", packets, index))


def indexed(front: bytes, packets: list[tuple[int, int, bytes]], shift: int = 0) -> bytes:
    """`front`, the packets (stream, start, chunk), their index with offsets off by `shift`, and the end."""
    data, rows, previous = front, varint(len(packets)), 0
    for number, start, each in packets:
        offset = len(data) + shift
        rows += varint(number) + varint(start) + varint(offset - previous) + varint(len(each))
        previous = offset + len(each)
        data += each
    return data + chunk(b"indx", rows) + end(len(packets), len(data))


FRONT = head() + reference() + stream()
TEXT = chunk(b"text", text("Títle".encode()) + "Wörds".encode())


def good_chunked() -> Iterator[Sample]:
    def good(name: str, data: bytes, what: str) -> Sample:
        return Sample(GOOD, name + ".vqc", data, what)

    yield good("chunked", FRONT + packet() + end(), "One packet with a shared codebook.")
    yield good(
        "chunked-embedded", head() + embedded(TINY_FILE) + stream() + packet() + end(), "The codebook is embedded."
    )
    data = head() + embedded(CHILD_FILE) + stream() + packet() + end()
    yield good("chunked-embedded-difference", data, "The embedded codebook is a difference from a shared one.")
    metadata = chunk(b"iccp", b"profile") + chunk(b"exif", b"camera") + chunk(b"xmpd", b"<x/>") + TEXT
    yield good("chunked-metadata", FRONT + metadata + packet() + end(), "Every kind of metadata.")
    data = head() + stream() + reference() + packet() + chunk(b"exif", b"late") + end()
    yield good("chunked-any-order", data, "The stream before its codebook, metadata after the packet.")
    data = head(minor=7) + reference() + chunk(b"zzZz", b"news") + stream() + packet() + chunk(b"aAAA", b"") + end()
    yield good("chunked-later-minor", data, "A later minor version with unknown ancillary chunks.")
    yield good("chunked-no-packets", FRONT + end(0), "A stream without packets.")
    packets = [(0, 10 * n, packet(n, 10 * n, b"group %d" % n)) for n in range(5)]
    yield good("chunked-index", indexed(FRONT, packets), "Five packets, every tenth start, and an index.")
    yield good("chunked-tail", FRONT + packet() + tail() + end(), "The whole header of the stream follows its packets.")
    front = (
        head() + reference() + reference(1, b"other", OTHER_HASH) + stream() + stream(5, 2, 1, b"speech/celp-nb", b"")
    )
    both = [
        (0, 0, packet()),
        (5, 0, packet(0, 0, b"voice", 5)),
        (5, 160, packet(1, 160, b"voice", 5)),
        (0, 1, packet(1)),
    ]
    yield good(
        "chunked-two-streams", indexed(front, both), "A picture and a sound, interleaved, each with its codebook."
    )
    future = codebook_file(canonical(engine=b"image/future"), engine=b"image/future")
    engine = head() + embedded(future) + stream(engine=b"image/future") + packet() + end()
    yield good("chunked-engine-unknown", engine, "An engine that does not exist yet: the container still reads it.")


def bad_structure() -> Iterator[Sample]:
    def bad(name: str, data: bytes, what: str, error: str = CORRUPT) -> Sample:
        return Sample(BAD, name + ".vqc", data, what, error)

    whole = FRONT + packet() + end()
    yield bad("empty", b"", "No bytes at all.")
    yield bad("chunked-one-byte", whole[:1], "The first byte of the chunked magic alone.")
    yield bad("wrong-magic", b"\x89PNG" + whole[4:], "The beginning of a PNG.", UNREADABLE)
    yield bad("text-transfer", whole.replace(b"\r\n", b"\n"), "CR LF became LF, as in a transfer as text.")
    yield bad("head-cut", whole[:13], "13 bytes: ends within the head.")
    yield bad("head-checksum", whole[:10] + b"\x02" + whole[11:], "The medium is altered, the checksum is not.")
    yield bad("head-version-0", head(0) + whole[15:], "Version 0.")
    yield bad("head-medium-other", head(medium=2) + whole[15:], "The head says speech, the stream is a picture.")
    yield bad("nothing-but-head", head(), "Nothing follows the head.")
    yield bad("nothing-but-end", head() + end(0), "No stream at all.")
    terabyte = head() + b"DATA" + varint(1 << 40)
    yield bad("length-terabyte", terabyte, "25 bytes that announce a terabyte.", LIMIT)
    yield bad("length-2-to-60", FRONT + b"DATA" + varint(1 << 60) + bytes(20), "A chunk of 2^60 bytes.", LIMIT)
    yield bad(
        "length-gigabyte", FRONT + b"DATA" + varint(1 << 30) + bytes(20), "A chunk of a gibibyte that is not there."
    )
    yield bad("length-endless", FRONT + b"DATA" + b"\xff" * 20, "A length that does not end.")
    yield bad(
        "length-overlong",
        FRONT + chunk(b"exif", b"x", b"\x81\x00") + packet() + end(),
        "A length in more bytes than needed.",
    )
    yield bad("type-not-letters", FRONT + chunk(b"D\x1b[A", b"") + packet() + end(), "A chunk type of control codes.")
    flipped = bytearray(whole)
    flipped[-30] ^= 4
    yield bad("chunk-flipped", bytes(flipped), "One bit of the packet is flipped.")
    yield bad("chunk-checksum", FRONT + packet()[:-1] + b"\0" + end(), "The checksum of the packet is altered.")
    yield bad("chunk-cut", whole[:-25], "Ends within the packet.")
    yield bad("end-missing", FRONT + packet(), "No end chunk, as when the writer was stopped.")
    yield bad("end-cut", whole[:-1], "The last byte is missing.")
    yield bad("end-short", FRONT + packet() + chunk(b"DONE", bytes(11)), "An end chunk of 11 bytes.")
    yield bad("end-count", FRONT + packet() + end(2), "One packet where the end says two.")
    yield bad("end-twice", whole + end(), "A second end.")
    yield bad("after-end", whole + b"\0", "One byte after the end.")


def bad_declarations() -> Iterator[Sample]:
    def bad(name: str, data: bytes, what: str, error: str = CORRUPT) -> Sample:
        return Sample(BAD, name + ".vqc", head() + data, what, error)

    rest = stream() + packet() + end()
    yield bad("codebook-missing", rest, "No codebook is named.")
    yield bad("codebook-missing-no-packets", stream() + end(0), "No codebook is named, and there is no packet.")
    yield bad("codebook-late", stream() + packet() + reference() + end(), "The codebook comes after the packet.")
    yield bad("codebook-twice", reference() + reference() + rest, "The codebook is named twice.")
    yield bad(
        "codebook-named-and-embedded", reference() + embedded(TINY_FILE) + rest, "Named and embedded under one number."
    )
    yield bad("codebook-number-gap", reference() + reference(2) + rest, "Codebooks 0 and 2, no 1.")
    yield bad("codebook-number-huge", reference(1 << 40) + rest, "Codebook number 2^40.", LIMIT)
    yield bad("codebook-hash-short", reference(digest=TINY_HASH[:31]) + rest, "31 bytes of hash.")
    altered = bytes([TINY_HASH[0] ^ 1]) + TINY_HASH[1:]
    yield bad("codebook-hash-altered", reference(digest=altered) + rest, "The hash belongs to no codebook.", CODEBOOK)
    other = reference(name=b"other", digest=OTHER_HASH)
    yield bad("codebook-for-another-engine", other + rest, "The codebook is for speech.", CODEBOOK)
    yield bad("codebook-name-path", reference(name=b"../tiny") + rest, "A codebook's name that is a path.")
    yield bad(
        "codebook-name-control", reference(name=b"\x1b[31mred") + rest, "A codebook's name with terminal control codes."
    )
    yield bad("codebook-name-cut", chunk(b"CREF", b"\x00\x09tiny") + rest, "The name is longer than the chunk.")
    yield bad("embedded-junk", embedded(b"junk") + rest, "The embedded data is not a codebook.", UNREADABLE)
    yield bad(
        "embedded-hash-altered",
        embedded(codebook_file(TINY, digest=bytes(32))) + rest,
        "The embedded codebook's hash is altered.",
    )
    yield bad("embedded-cut", embedded(TINY_FILE[:-3]) + rest, "The embedded codebook is cut off.")
    yield bad("stream-twice", reference() + stream() + rest, "A stream is declared twice.")
    yield bad("stream-number-huge", reference() + stream(1 << 40) + packet() + end(), "Stream number 2^40.", LIMIT)
    yield bad(
        "stream-cut", reference() + chunk(b"STRM", b"\x00") + packet() + end(), "The declaration ends after the number."
    )
    yield bad(
        "stream-engine-control",
        reference() + stream(engine=b"\x9b31m") + packet() + end(),
        "An engine of control codes.",
    )
    yield bad(
        "stream-medium-other", reference() + stream(medium=2) + packet() + end(), "Speech with an engine for pictures."
    )
    yield bad(
        "stream-codebook-missing",
        reference() + stream(codebook=1) + packet() + end(),
        "Needs codebook 1; there is only 0.",
    )
    yield bad("exif-twice", reference() + chunk(b"exif", b"1") * 2 + rest, "EXIF twice.")
    yield bad("text-not-utf8", reference() + chunk(b"text", b"\x01T\xff") + rest, "Text that is not UTF-8.")
    yield bad("text-title-control", reference() + chunk(b"text", b"\x03\x1b[Jx") + rest, "A title of control codes.")
    yield bad("text-title-cut", reference() + chunk(b"text", b"\x09T") + rest, "The title is longer than the chunk.")


def bad_packets() -> Iterator[Sample]:
    def bad(name: str, data: bytes, what: str) -> Sample:
        return Sample(BAD, name + ".vqc", data, what, CORRUPT)

    yield bad("packet-undeclared", FRONT + packet(to=3) + end(), "A packet of a stream that is not declared.")
    yield bad("packet-before-stream", head() + reference() + packet() + stream() + end(), "A packet before its stream.")
    yield bad("packet-repeated", FRONT + packet() + packet() + end(2), "Packet 0 twice.")
    yield bad("packet-skipped", FRONT + packet() + packet(2) + end(2), "Packet 1 is not there.")
    yield bad(
        "packet-start-back", FRONT + packet(0, 5) + packet(1, 5) + end(2), "A packet that starts where the last did."
    )
    yield bad("packet-head-cut", FRONT + chunk(b"DATA", b"\x00\x00") + end(), "A packet without its start.")
    yield bad("tail-undeclared", FRONT + packet() + tail(3) + end(), "The tail of a stream that is not declared.")
    yield bad("tail-twice", FRONT + packet() + tail() + tail() + end(), "Two tails of a stream.")
    yield bad("tail-before-packet", FRONT + tail() + packet() + end(), "A packet after the tail of its stream.")
    packets = [(0, n, packet(n)) for n in range(3)]
    yield bad("index-shifted", indexed(FRONT, packets, 1), "An index whose offsets are off by one.")
    yield bad(
        "index-start-other", indexed(FRONT, [(0, n + 1, p) for _, n, p in packets]), "An index with other starts."
    )
    data = FRONT + b"".join(p for _, _, p in packets)
    index = chunk(b"indx", varint(0))
    yield bad("index-twice", data + index + index + end(3), "Two indexes.")
    yield bad("index-before-packet", FRONT + index + packet() + end(), "A packet after the index.")
    yield bad("index-count", data + chunk(b"indx", varint(1 << 50)) + end(3, len(data)), "An index of 2^50 packets.")
    yield bad("index-beyond", data + end(3, 1 << 60), "An index at byte 2^60.")


def unsupported_chunked() -> Iterator[Sample]:
    def later(name: str, data: bytes, what: str) -> Sample:
        return Sample(UNSUPPORTED, name + ".vqc", data, what, LATER)

    rest = reference() + stream() + packet() + end()
    yield later("major-2", head(2) + rest, "Format version 2.0.")
    yield later("medium-9", head(medium=9) + rest, "A medium that does not exist yet.")
    yield later(
        "stream-medium-9", head() + reference() + stream(medium=9) + packet() + end(), "An unknown medium, in a stream."
    )
    yield later("critical-unknown", FRONT + chunk(b"NEWS", b"") + packet() + end(), "An unknown critical chunk.")
    yield later("items", FRONT + chunk(b"ITEM", b"\x00\x00\x03cat") + packet() + end(), "A pack of items.")


MAKERS = (
    compact_files,
    good_chunked,
    bad_structure,
    bad_declarations,
    bad_packets,
    unsupported_chunked,
)
