"""Codebook files, whole and broken (FORMAT.md, section 6)."""

from __future__ import annotations

import hashlib
import lzma
import struct
import zlib
from collections.abc import Iterator

from sample import BAD, CODEBOOK, CORRUPT, GOOD, LATER, LIMIT, UNREADABLE, UNSUPPORTED, Sample

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
CHILD = canonical(b"child", (array(b"codewords", U1, (4, 2), bytes([10, 19, 30, 40, 50, 60, 70, 82])), CHILD_LENGTHS))
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
    yield bad("thirteen-bytes", TINY_FILE[:12] + b"\xff", "13 bytes; the last one begins a size of four gigabytes.")
    yield bad("wrong-magic", b"GIF89a" + TINY_FILE[6:], "The beginning of a GIF.", UNREADABLE)
    yield bad("text-transfer", TINY_FILE.replace(b"\r\n", b"\n"), "CR LF became LF, as in a transfer as text.")
    yield bad("version-0", codebook_file(TINY, version=0), "Version 0.")
    yield bad("header-cut", TINY_FILE[:40], "Ends within the fixed header.")
    yield bad("name-cut", TINY_FILE[:58], "Ends within the name.")
    yield bad("payload-cut", TINY_FILE[:-1], "The last byte is missing.")
    yield bad("payload-long", TINY_FILE + b"\0", "One byte too many.")
    inflating = deflate(bytes(3 * 2**21))
    much = "Six mebibytes of zeros out of six kilobytes."
    yield bad("inflates", codebook_file(bytes(3 * 2**21), 2, inflating), much, LIMIT)
    yield bad("raw-size-huge", codebook_file(TINY, raw_bytes=2**32 - 1), "Claims 4 GiB of contents.", LIMIT)
    yield bad("payload-size-huge", codebook_file(TINY, payload_bytes=2**32 - 1), "Claims a payload of 4 GiB.")
    yield bad("hash-altered", codebook_file(TINY, digest=bytes(32)), "The SHA-256 is wrong.")
    flipped = bytearray(TINY_FILE)
    flipped[-60] ^= 1
    yield bad("payload-flipped", bytes(flipped), "One bit of a codeword is flipped.")
    yield bad(
        "header-other-name", codebook_file(TINY, name=b"tony"), "The header gives another name than the contents."
    )
    for label, name in (("path", b"../../etc/passwd"), ("control", b"\x1b]0;gotcha\x07"), ("empty", b"")):
        data = codebook_file(canonical(name), name=name)
        yield bad(f"name-{label}", data, f"An invalid name: {label}.")
    yield bad(
        "engine-control",
        codebook_file(canonical(engine=b"a\x1b[2J"), engine=b"a\x1b[2J"),
        "An engine of control codes.",
    )
    zeros = bytes(1 << 25)
    yield bad("bomb-deflate", codebook_file(TINY, 2, deflate(zeros)), "Unpacks to 32 MiB, not 100 bytes.", packed=True)
    yield bad("bomb-lzma2", codebook_file(TINY, 1, lzma2(zeros)), "Unpacks to 32 MiB, not 100 bytes.", packed=True)
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
    yield bad(
        "array-negative-shape", arrays(array(b"a", U1, (2**32 - 1,), b"\0")), "An axis of -1, unsigned 2^32 - 1.", LIMIT
    )
    yield bad(
        "array-huge-shape", arrays(array(b"a", I8, (2**31,) * 8, b"\0")), "Eight axes of 2^31: wraps in 64 bits.", LIMIT
    )
    yield bad("array-beyond-end", arrays(array(b"a", U1, (1000,), b"\0")), "More elements than the file has bytes.")
    yield bad("array-axis-0", arrays(array(b"a", U1, (0,), b"")), "An axis of length 0.")
    yield bad("array-nine-axes", arrays(array(b"a", U1, (1,) * 9, b"\0")), "Nine axes.", LIMIT)
    yield bad("array-type-7", arrays(array(b"a", 7, (1,), bytes(8))), "An element type that does not exist.")
    yield bad(
        "array-difference-flag", arrays(array(b"a", U1 | 0x80, (1,), b"\0")), "A difference in a file without a parent."
    )
    yield bad("arrays-out-of-order", arrays(LENGTHS, CODEWORDS), "Arrays that are not sorted.")
    yield bad("array-twice", arrays(LENGTHS, LENGTHS), "An array twice.")
    yield bad("array-name-path", arrays(array(b"../a", U1, (1,), b"\0")), "An array named like a path.")
    yield bad("arrays-too-many", canonical(count=65535), "65,535 arrays.", LIMIT)
    yield bad("arrays-missing", canonical(count=3), "Two arrays where the header says three.")
    yield bad("contents-tail", TINY + b"\0", "A byte after the provenance.")
    yield bad("provenance-beyond-end", canonical(provenance_length=1000), "Provenance beyond the end.")
    yield bad("provenance-not-json", canonical(provenance=b'{"a":'), "Provenance that is not JSON.")
    yield bad("provenance-not-utf8", canonical(provenance=b'{"a":"\xff"}'), "Provenance that is not UTF-8.")
    yield bad("provenance-not-object", canonical(provenance=b"[]"), "Provenance that is not an object.")
    yield bad("provenance-spaces", canonical(provenance=b'{"a": 1}'), "Provenance with a space: not canonical.")
    yield bad("provenance-key-twice", canonical(provenance=b'{"a":1,"a":2}'), "A key twice.")
    yield bad("provenance-unsorted", canonical(provenance=b'{"b":1,"a":2}'), "Keys that are not sorted.")
    yield bad("provenance-nan", canonical(provenance=b'{"a":NaN}'), "A number that JSON does not have.")
    yield bad("provenance-infinite", canonical(provenance=b'{"a":1e999}'), "A number beyond double precision.")
    yield bad("provenance-surrogate", canonical(provenance=b'{"a":"\\ud800"}'), "Half a surrogate pair.")
    yield bad(
        "provenance-long-integer", canonical(provenance=b'{"a":' + b"9" * 5000 + b"}"), "An integer of 5,000 digits."
    )
    deep = canonical(provenance=b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    yield bad("provenance-deep", deep, "Brackets nested 100,000 deep.", LIMIT, 2, deflate(deep))
    wide = canonical(provenance=b'{"a":"' + b"x" * (1 << 20) + b'"}')
    yield bad("provenance-too-long", wide, "More than a mebibyte of provenance.", LIMIT, 2, deflate(wide))


def bad_differences() -> Iterator[Sample]:
    def bad(name: str, data: bytes, what: str, error: str = CORRUPT) -> Sample:
        return Sample(BAD, name + ".vqcb", data, what, error)

    unknown = difference_file(CHILD_BODY, CHILD, parent=bytes(32))
    yield bad("difference-parent-unknown", unknown, "The parent's hash belongs to no codebook.", CODEBOOK)
    unlike = canonical(b"child", (array(b"other", U1 | 0x80, (4,), bytes(4)),))
    yield bad(
        "difference-array-unknown", difference_file(unlike, unlike), "Differs from an array that the parent lacks."
    )
    shape = canonical(b"child", (array(b"codewords", U1 | 0x80, (8,), bytes(8)),))
    yield bad("difference-shape-other", difference_file(shape, shape), "Differs from an array of another shape.")
    altered = CHILD_BODY.replace(bytes([0, 1, 0, 0, 0, 0, 0, 4]), bytes([0, 2, 0, 0, 0, 0, 0, 4]))
    yield bad("difference-altered", difference_file(altered, CHILD), "Another difference: the hash does not match.")
    cut = codebook_file(CHILD, 16, TINY_HASH[:20], name=b"child")
    yield bad("difference-cut", cut, "Ends within the parent's hash.")


def unsupported_codebooks() -> Iterator[Sample]:
    def later(name: str, data: bytes, what: str) -> Sample:
        return Sample(UNSUPPORTED, name + ".vqcb", data, what, LATER)

    yield later("codebook-version-2", codebook_file(TINY, version=2), "A codebook file of version 2.")
    yield later("codebook-method-9", codebook_file(TINY, 9), "Packed by a method that does not exist yet.")
    yield later(
        "difference-method-9", difference_file(CHILD_BODY, CHILD, method=9), "An unknown method, in a difference."
    )


MAKERS = (good_codebooks, bad_codebook_headers, bad_codebook_contents, bad_differences, unsupported_codebooks)
