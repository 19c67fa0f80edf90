"""Make the hand-made files of this folder, and the README that says what each is for.

    python tests/files/make_files.py [FOLDER]

Everything is put together byte by byte from FORMAT.md, without vqcodec, so that the files check the program and not
the other way round. Each file is small and attacks one thing. What a deflate or LZMA2 packer makes of the same bytes
may differ between its versions; those files are marked `packed`.
"""

from __future__ import annotations

import hashlib
import lzma
import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

GOOD, BAD, UNSUPPORTED = "good", "bad", "unsupported"
CORRUPT, LIMIT, CODEBOOK = "CorruptFileError", "LimitError", "CodebookError"
UNREADABLE, LATER = "UnreadableInputError", "UnsupportedError"


@dataclass(frozen=True)
class Sample:
    """One file: where it goes, which error it must end in, which part must find it, and what it is for."""

    folder: str
    name: str
    data: bytes
    what: str
    error: str = ""
    found_by: str = "container"
    packed: bool = False


# Codebook files (FORMAT.md, section 6)

CODEBOOK_MAGIC = b"\x89VQB\r\n\x1a\n"
I1, U1, I2, U2, I4, U4, I8 = range(7)


def text(value: bytes) -> bytes:
    return bytes([len(value)]) + value


def array(name: bytes, kind: int, shape: tuple[int, ...], data: bytes) -> bytes:
    return text(name) + bytes([kind, len(shape)]) + b"".join(struct.pack("<I", axis) for axis in shape) + data


CODEWORDS = array(b"codewords", U1, (4, 2), bytes([10, 20, 30, 40, 50, 60, 70, 80]))
LENGTHS = array(b"lengths", U1, (4,), bytes([1, 2, 3, 3]))
PROVENANCE = b'{"corpus":"none","seed":1}'


def canonical(
    name: bytes = b"tiny",
    arrays: tuple[bytes, ...] = (CODEWORDS, LENGTHS),
    provenance: bytes = PROVENANCE,
    engine: bytes = b"image/block",
    count: int | None = None,
    provenance_length: int | None = None,
) -> bytes:
    number = len(arrays) if count is None else count
    length = len(provenance) if provenance_length is None else provenance_length
    head = b"vqcb\x01" + text(engine) + text(name) + struct.pack("<H", number)
    return head + b"".join(arrays) + struct.pack("<I", length) + provenance


def codebook_file(
    raw: bytes,
    method: int = 0,
    payload: bytes | None = None,
    name: bytes = b"tiny",
    engine: bytes = b"image/block",
    version: int = 1,
    raw_bytes: int | None = None,
    payload_bytes: int | None = None,
    digest: bytes | None = None,
) -> bytes:
    payload = raw if payload is None else payload
    return (
        CODEBOOK_MAGIC
        + bytes([version, method, len(engine), len(name)])
        + struct.pack("<I", len(raw) if raw_bytes is None else raw_bytes)
        + struct.pack("<I", len(payload) if payload_bytes is None else payload_bytes)
        + (hashlib.sha256(raw).digest() if digest is None else digest)
        + engine
        + name
        + payload
    )


def deflate(raw: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(raw) + packer.flush()


def lzma2(raw: bytes) -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 22}]
    return lzma.compress(raw, lzma.FORMAT_RAW, filters=filters)


TINY = canonical()
TINY_FILE = codebook_file(TINY)
TINY_HASH = hashlib.sha256(TINY).digest()

OTHER = canonical(b"other", engine=b"speech/celp-nb")
OTHER_HASH = hashlib.sha256(OTHER).digest()

# The child differs from the tiny codebook in one codeword (20 became 19: folded 1) and has other code lengths.
CHILD_LENGTHS = array(b"lengths", U1, (5,), bytes([1, 2, 3, 4, 4]))
CHILD = canonical(
    b"child", (array(b"codewords", U1, (4, 2), bytes([10, 19, 30, 40, 50, 60, 70, 82])), CHILD_LENGTHS)
)
CHILD_BODY = canonical(
    b"child", (array(b"codewords", U1 | 0x80, (4, 2), bytes([0, 1, 0, 0, 0, 0, 0, 4])), CHILD_LENGTHS)
)
CHILD_HASH = hashlib.sha256(CHILD).digest()


def difference_file(body: bytes, raw: bytes, parent: bytes = TINY_HASH, method: int = 0) -> bytes:
    return codebook_file(raw, 16, parent + bytes([method]) + body, name=b"child", raw_bytes=len(raw))


CHILD_FILE = difference_file(CHILD_BODY, CHILD)


def good_codebooks() -> Iterator[Sample]:
    yield Sample(GOOD, "codebook-stored.vqcb", TINY_FILE, "A codebook that is not packed.")
    yield Sample(GOOD, "codebook-deflate.vqcb", codebook_file(TINY, 2, deflate(TINY)), "Deflate.", packed=True)
    yield Sample(GOOD, "codebook-lzma2.vqcb", codebook_file(TINY, 1, lzma2(TINY)), "LZMA2.", packed=True)
    yield Sample(
        GOOD,
        "codebook-lzma2-raw-chunk.vqcb",
        codebook_file(TINY, 1, b"\x01" + struct.pack(">H", len(TINY) - 1) + TINY + b"\x00"),
        "LZMA2 that consists of one uncompressed chunk.",
    )
    yield Sample(
        GOOD, "codebook-difference.vqcb", CHILD_FILE, "The difference from the codebook of codebook-stored.vqcb."
    )
    yield Sample(
        GOOD,
        "codebook-other-engine.vqcb",
        codebook_file(OTHER, name=b"other", engine=b"speech/celp-nb"),
        "A codebook of another engine, for the file of two streams.",
    )
    every = (
        array(b"a", I1, (2,), struct.pack("<2b", -128, 127)),
        array(b"b", U1, (2,), bytes([0, 255])),
        array(b"c", I2, (2,), struct.pack("<2h", -32768, 32767)),
        array(b"d", U2, (2,), struct.pack("<2H", 0, 65535)),
        array(b"e", I4, (2,), struct.pack("<2i", -(2**31), 2**31 - 1)),
        array(b"f", U4, (2,), struct.pack("<2I", 0, 2**32 - 1)),
        array(b"g", I8, (2,), struct.pack("<2q", -(2**63), 2**63 - 1)),
        array(b"h", U1, (), b"\x07"),
        array(b"i", U1, (1, 1, 1, 2, 1, 1, 1, 1), b"\x08\x09"),
    )
    raw = canonical(b"every", every, '{"ümlaut":[1.5,-1e-07,null,true]}'.encode())
    yield Sample(
        GOOD,
        "codebook-every-type.vqcb",
        codebook_file(raw, name=b"every"),
        "Every element type with its extremes, no axis and eight axes, provenance beyond ASCII.",
    )
    raw = canonical(b"bare", (), b"{}")
    yield Sample(GOOD, "codebook-bare.vqcb", codebook_file(raw, name=b"bare"), "No arrays, no provenance.")


def bad_codebook_headers() -> Iterator[Sample]:
    def bad(name: str, data: bytes, what: str, error: str = CORRUPT, packed: bool = False) -> Sample:
        return Sample(BAD, name + ".vqcb", data, what, error, packed=packed)

    yield bad("empty", b"", "No bytes at all.")
    yield bad("one-byte", TINY_FILE[:1], "The first byte of the magic alone.")
    yield bad("thirteen-bytes", TINY_FILE[:12] + b"\xff", "13 bytes whose last begins the size of four gigabytes.")
    yield bad("wrong-magic", b"GIF89a" + TINY_FILE[6:], "The beginning of a GIF.", UNREADABLE)
    yield bad("text-transfer", TINY_FILE.replace(b"\r\n", b"\n"), "CR LF became LF, as in a transfer as text.")
    yield bad("version-0", codebook_file(TINY, version=0), "Version 0.")
    yield bad("header-cut", TINY_FILE[:40], "Ends within the fixed header.")
    yield bad("name-cut", TINY_FILE[:58], "Ends within the name.")
    yield bad("payload-cut", TINY_FILE[:-1], "The last byte is missing.")
    yield bad("payload-long", TINY_FILE + b"\0", "One byte too many.")
    yield bad("raw-size-huge", codebook_file(TINY, raw_bytes=2**32 - 1), "Claims 4 GiB of contents.", LIMIT)
    yield bad("payload-size-huge", codebook_file(TINY, payload_bytes=2**32 - 1), "Claims a payload of 4 GiB.")
    yield bad("hash-altered", codebook_file(TINY, digest=bytes(32)), "The SHA-256 is another.")
    flipped = bytearray(TINY_FILE)
    flipped[-60] ^= 1
    yield bad("payload-flipped", bytes(flipped), "One bit of a codeword is flipped.")
    yield bad("header-other-name", codebook_file(TINY, name=b"tony"), "The header gives another name than the contents.")
    for label, name in (("path", b"../../etc/passwd"), ("control", b"\x1b]0;gotcha\x07"), ("empty", b"")):
        data = codebook_file(canonical(name), name=name)
        yield bad(f"name-{label}", data, f"A name that is no name: {label}.")
    yield bad(
        "engine-control", codebook_file(canonical(engine=b"a\x1b[2J"), engine=b"a\x1b[2J"), "An engine of control codes."
    )
    zeros = bytes(1 << 25)
    yield bad("bomb-deflate", codebook_file(TINY, 2, deflate(zeros)), "Unpacks to 32 MiB, not 125 bytes.", packed=True)
    yield bad("bomb-lzma2", codebook_file(TINY, 1, lzma2(zeros)), "Unpacks to 32 MiB, not 125 bytes.", packed=True)
    yield bad("deflate-garbage", codebook_file(TINY, 2, b"\xff" * 20), "Not deflate.")
    yield bad("lzma2-garbage", codebook_file(TINY, 1, b"\xff" * 20), "Not LZMA2.")
    yield bad("deflate-cut", codebook_file(TINY, 2, deflate(TINY)[:-3]), "Deflate without its end.", packed=True)
    yield bad("deflate-tail", codebook_file(TINY, 2, deflate(TINY) + b"x"), "A byte after deflate's end.", packed=True)
    yield bad("deflate-short", codebook_file(TINY, 2, deflate(TINY[:-1])), "Unpacks to too little.", packed=True)


def bad_codebook_contents() -> Iterator[Sample]:
    def bad(
        name: str, raw: bytes, what: str, error: str = CORRUPT, method: int = 0, payload: bytes | None = None
    ) -> Sample:
        return Sample(BAD, name + ".vqcb", codebook_file(raw, method, payload), what, error, packed=method == 2)

    def arrays(*each: bytes) -> bytes:
        return canonical(arrays=each)

    yield bad("contents-other", b"junk!" + TINY[5:], "The contents do not begin like a codebook's.")
    yield bad("array-negative-shape", arrays(array(b"a", U1, (2**32 - 1,), b"\0")), "An axis of -1, unsigned 2^32 - 1.", LIMIT)
    yield bad("array-huge-shape", arrays(array(b"a", I8, (2**31,) * 8, b"\0")), "Eight axes of 2^31: wraps in 64 bits.", LIMIT)
    yield bad("array-beyond-end", arrays(array(b"a", U1, (1000,), b"\0")), "More elements than the file has bytes.")
    yield bad("array-axis-0", arrays(array(b"a", U1, (0,), b"")), "An axis of length 0.")
    yield bad("array-nine-axes", arrays(array(b"a", U1, (1,) * 9, b"\0")), "Nine axes.", LIMIT)
    yield bad("array-type-7", arrays(array(b"a", 7, (1,), bytes(8))), "An element type that does not exist.")
    yield bad("array-difference-flag", arrays(array(b"a", U1 | 0x80, (1,), b"\0")), "A difference in a file that is none.")
    yield bad("arrays-out-of-order", arrays(LENGTHS, CODEWORDS), "Arrays that are not sorted.")
    yield bad("array-twice", arrays(LENGTHS, LENGTHS), "An array twice.")
    yield bad("array-name-path", arrays(array(b"../a", U1, (1,), b"\0")), "An array called like a path.")
    yield bad("arrays-too-many", canonical(count=65535), "65,535 arrays.", LIMIT)
    yield bad("arrays-missing", canonical(count=3), "Two arrays where three are said.")
    yield bad("contents-tail", TINY + b"\0", "A byte after the provenance.")
    yield bad("provenance-beyond-end", canonical(provenance_length=1000), "Provenance beyond the end.")
    yield bad("provenance-not-json", canonical(provenance=b'{"a":'), "Provenance that is not JSON.")
    yield bad("provenance-not-utf8", canonical(provenance=b'{"a":"\xff"}'), "Provenance that is not UTF-8.")
    yield bad("provenance-not-object", canonical(provenance=b"[]"), "Provenance that is not an object.")
    yield bad("provenance-spaces", canonical(provenance=b'{"a": 1}'), "Provenance with a space: not canonical.")
    yield bad("provenance-key-twice", canonical(provenance=b'{"a":1,"a":2}'), "A key twice.")
    yield bad("provenance-unsorted", canonical(provenance=b'{"b":1,"a":2}'), "Keys that are not sorted.")
    yield bad("provenance-nan", canonical(provenance=b'{"a":NaN}'), "A number that JSON has not.")
    yield bad("provenance-infinite", canonical(provenance=b'{"a":1e999}'), "A number beyond double precision.")
    yield bad("provenance-surrogate", canonical(provenance=b'{"a":"\\ud800"}'), "Half a surrogate pair.")
    yield bad("provenance-long-integer", canonical(provenance=b'{"a":' + b"9" * 5000 + b"}"), "An integer of 5,000 digits.")
    deep = canonical(provenance=b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    yield bad("provenance-deep", deep, "Brackets nested 100,000 deep.", LIMIT, 2, deflate(deep))
    wide = canonical(provenance=b'{"a":"' + b"x" * (1 << 20) + b'"}')
    yield bad("provenance-too-long", wide, "More than a mebibyte of provenance.", LIMIT, 2, deflate(wide))


def bad_differences() -> Iterator[Sample]:
    def bad(name: str, data: bytes, what: str, error: str = CORRUPT) -> Sample:
        return Sample(BAD, name + ".vqcb", data, what, error)

    unknown = difference_file(CHILD_BODY, CHILD, parent=bytes(32))
    yield bad("difference-parent-unknown", unknown, "The parent's hash is nobody's.", CODEBOOK)
    unlike = canonical(b"child", (array(b"other", U1 | 0x80, (4,), bytes(4)),))
    yield bad("difference-array-unknown", difference_file(unlike, unlike), "Differs from an array that the parent has not.")
    shape = canonical(b"child", (array(b"codewords", U1 | 0x80, (8,), bytes(8)),))
    yield bad("difference-shape-other", difference_file(shape, shape), "Differs from an array of another shape.")
    altered = CHILD_BODY.replace(bytes([0, 1, 0, 0, 0, 0, 0, 4]), bytes([0, 2, 0, 0, 0, 0, 0, 4]))
    yield bad("difference-altered", difference_file(altered, CHILD), "Another difference: the hash does not hold.")
    cut = codebook_file(CHILD, 16, TINY_HASH[:20], name=b"child")
    yield bad("difference-cut", cut, "Ends within the parent's hash.")


def unsupported_codebooks() -> Iterator[Sample]:
    def later(name: str, data: bytes, what: str) -> Sample:
        return Sample(UNSUPPORTED, name + ".vqcb", data, what, LATER)

    yield later("codebook-version-2", codebook_file(TINY, version=2), "A codebook file of version 2.")
    yield later("codebook-method-9", codebook_file(TINY, 9), "Packed by a method that does not exist yet.")
    yield later("difference-method-9", difference_file(CHILD_BODY, CHILD, method=9), "The same within a difference.")


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
    yield Sample(UNSUPPORTED, "compact-version-2.vqc", compact(version=2), "Format version 2.", LATER)
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
    yield good("chunked-embedded", head() + embedded(TINY_FILE) + stream() + packet() + end(), "The codebook is embedded.")
    data = head() + embedded(CHILD_FILE) + stream() + packet() + end()
    yield good("chunked-embedded-difference", data, "The embedded codebook is a difference from a shared one.")
    metadata = chunk(b"iccp", b"profile") + chunk(b"exif", b"camera") + chunk(b"xmpd", b"<x/>") + TEXT
    yield good("chunked-metadata", FRONT + metadata + packet() + end(), "Every kind of metadata.")
    data = head() + stream() + reference() + packet() + chunk(b"exif", b"late") + end()
    yield good("chunked-any-order", data, "The stream before its codebook, metadata after the packet.")
    data = head(minor=7) + reference() + chunk(b"zzZz", b"news") + stream() + packet() + chunk(b"aAAA", b"") + end()
    yield good("chunked-later-minor", data, "A later minor version with ancillary chunks that are not known.")
    yield good("chunked-no-packets", FRONT + end(0), "A stream without packets.")
    packets = [(0, 10 * n, packet(n, 10 * n, b"group %d" % n)) for n in range(5)]
    yield good("chunked-index", indexed(FRONT, packets), "Five packets, every tenth start, and an index.")
    front = head() + reference() + reference(1, b"other", OTHER_HASH) + stream() + stream(5, 2, 1, b"speech/celp-nb", b"")
    both = [(0, 0, packet()), (5, 0, packet(0, 0, b"voice", 5)), (5, 160, packet(1, 160, b"voice", 5)), (0, 1, packet(1))]
    yield good("chunked-two-streams", indexed(front, both), "A picture and a sound, interleaved, each with its codebook.")
    engine = head() + reference() + stream(engine=b"image/future") + packet() + end()
    yield good("chunked-engine-unknown", engine, "An engine that does not exist yet: the container reads it all the same.")


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
    yield bad("length-gigabyte", FRONT + b"DATA" + varint(1 << 30) + bytes(20), "A chunk of a gibibyte that is not there.")
    yield bad("length-endless", FRONT + b"DATA" + b"\xff" * 20, "A length that does not end.")
    yield bad("length-overlong", FRONT + chunk(b"exif", b"x", b"\x81\x00") + packet() + end(), "A length in more bytes than needed.")
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
    yield bad("codebook-named-and-embedded", reference() + embedded(TINY_FILE) + rest, "Named and embedded under one number.")
    yield bad("codebook-number-gap", reference() + reference(2) + rest, "Codebooks 0 and 2, no 1.")
    yield bad("codebook-number-huge", reference(1 << 40) + rest, "Codebook number 2^40.", LIMIT)
    yield bad("codebook-hash-short", reference(digest=TINY_HASH[:31]) + rest, "31 bytes of hash.")
    altered = bytes([TINY_HASH[0] ^ 1]) + TINY_HASH[1:]
    yield bad("codebook-hash-altered", reference(digest=altered) + rest, "The hash is of no codebook.", CODEBOOK)
    yield bad("codebook-name-path", reference(name=b"../tiny") + rest, "A codebook's name that is a path.")
    yield bad("codebook-name-control", reference(name=b"\x1b[31mred") + rest, "A codebook's name that colours terminals.")
    yield bad("codebook-name-cut", chunk(b"CREF", b"\x00\x09tiny") + rest, "The name is longer than the chunk.")
    yield bad("embedded-junk", embedded(b"junk") + rest, "What is embedded is no codebook.", UNREADABLE)
    yield bad("embedded-hash-altered", embedded(codebook_file(TINY, digest=bytes(32))) + rest, "The embedded codebook's hash is altered.")
    yield bad("embedded-cut", embedded(TINY_FILE[:-3]) + rest, "The embedded codebook is cut off.")
    yield bad("stream-twice", reference() + stream() + rest, "A stream is declared twice.")
    yield bad("stream-number-huge", reference() + stream(1 << 40) + packet() + end(), "Stream number 2^40.", LIMIT)
    yield bad("stream-cut", reference() + chunk(b"STRM", b"\x00") + packet() + end(), "The declaration ends after the number.")
    yield bad("stream-engine-control", reference() + stream(engine=b"\x9b31m") + packet() + end(), "An engine of control codes.")
    yield bad("stream-medium-other", reference() + stream(medium=2) + packet() + end(), "Speech with an engine for pictures.")
    yield bad("stream-codebook-missing", reference() + stream(codebook=1) + packet() + end(), "Needs codebook 1; there is only 0.")
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
    yield bad("packet-start-back", FRONT + packet(0, 5) + packet(1, 5) + end(2), "A packet that starts where the last did.")
    yield bad("packet-head-cut", FRONT + chunk(b"DATA", b"\x00\x00") + end(), "A packet without its start.")
    packets = [(0, n, packet(n)) for n in range(3)]
    yield bad("index-shifted", indexed(FRONT, packets, 1), "An index whose offsets are off by one.")
    yield bad("index-start-other", indexed(FRONT, [(0, n + 1, p) for _, n, p in packets]), "An index with other starts.")
    data = FRONT + b"".join(p for _, _, p in packets)
    yield bad("index-count", data + chunk(b"indx", varint(1 << 50)) + end(3, len(data)), "An index of 2^50 packets.")
    yield bad("index-beyond", data + end(3, 1 << 60), "An index at byte 2^60.")


def unsupported_chunked() -> Iterator[Sample]:
    def later(name: str, data: bytes, what: str) -> Sample:
        return Sample(UNSUPPORTED, name + ".vqc", data, what, LATER)

    rest = reference() + stream() + packet() + end()
    yield later("major-2", head(2) + rest, "Format version 2.0.")
    yield later("medium-9", head(medium=9) + rest, "A medium that does not exist yet.")
    yield later("stream-medium-9", head() + reference() + stream(medium=9) + packet() + end(), "The same in a stream.")
    yield later("critical-unknown", FRONT + chunk(b"NEWS", b"") + packet() + end(), "A critical chunk that is not known.")
    yield later("items", FRONT + chunk(b"ITEM", b"\x00\x00\x03cat") + packet() + end(), "A pack of items.")


def samples() -> list[Sample]:
    """All files, in the order of the README."""
    makers = (
        *(good_codebooks, compact_files, good_chunked),
        *(bad_codebook_headers, bad_codebook_contents, bad_differences, unsupported_codebooks),
        *(bad_structure, bad_declarations, bad_packets, unsupported_chunked),
    )
    return [sample for maker in makers for sample in maker()]


README_HEAD = """# Hand-made files

Made by `make_files.py` (which also writes this page) from nothing but FORMAT.md. Each is small, quick to reject, and
named for what it attacks. `good` files must be read, `bad` ones must end in the error that is named, `unsupported` ones
are valid but of a future that this version does not know. The third column says which part finds the fault: for
`container` that is reading the file and its codebook and following its index; no sample is decoded.
"""


def readme(files: list[Sample]) -> str:
    """The page that describes the files."""
    lines = [README_HEAD]
    for folder in (GOOD, BAD, UNSUPPORTED):
        lines += [f"\n## {folder}\n", "| file | error | found by | what it is |", "| --- | --- | --- | --- |"]
        for each in sorted((each for each in files if each.folder == folder), key=lambda each: each.name):
            lines.append(f"| `{each.name}` | {each.error or '-'} | {each.found_by} | {each.what} |")
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Write every file and the README into `folder`."""
    files = samples()
    for each in files:
        (folder / each.folder).mkdir(parents=True, exist_ok=True)
        (folder / each.folder / each.name).write_bytes(each.data)
    (folder / "README.md").write_text(readme(files), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
