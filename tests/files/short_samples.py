"""Media files of the short form, whole and broken (FORMAT.md, section 3.7); the engine's bytes are made up."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator

from codebook_samples import CODEWORDS, LENGTHS, TINY_HASH, U1, array, canonical, codebook_file
from sample import BAD, CODEBOOK, CORRUPT, GOOD, LATER, UNSUPPORTED, Sample


def _with_headers(name: bytes, first: bytes, second: bytes) -> bytes:
    headers = array(b"usual_headers", U1, (2, len(first)), first + second)
    return canonical(name, (CODEWORDS, LENGTHS, headers))


USUAL = _with_headers(b"usual", b"\x07\x07\x02\x00\x46", b"\x07\x07\x02\x40\x04")
USUAL_HASH = hashlib.sha256(USUAL).digest()
ODD = _with_headers(b"odd", b"\x07\x07\x02\x00\x46", b"\x07\x08\x02\x40\x04")
STEPPED = _with_headers(b"stepped", b"\x07\x07\x02\x01\x46", b"\x07\x07\x02\x40\x04")


def short(body: bytes, digest: bytes = USUAL_HASH, engine: int = 1) -> bytes:
    data = b"\xd6Q" + bytes([2 << 4 | engine]) + digest[:2] + body
    width = 2 if len(data) + 2 < 256 else 4
    return data + struct.pack("<I", zlib.crc32(data + digest))[:width]


def short_files() -> Iterator[Sample]:
    for name, raw in (("usual", USUAL), ("odd", ODD), ("stepped", STEPPED)):
        file = codebook_file(raw, name=name.encode())
        yield Sample(GOOD, f"codebook-{name}.vqcb", file, "A codebook with usual headers for files of the short form.")
    whole = short(b"\x85packet")

    def good(name: str, data: bytes, what: str) -> Sample:
        return Sample(GOOD, f"short-{name}.vqc", data, what)

    def bad(name: str, data: bytes, what: str, error: str = CORRUPT) -> Sample:
        return Sample(BAD, f"short-{name}.vqc", data, what, error)

    yield good("first", whole, "The short form: step 5 with the first usual header.")
    yield good("second", short(b"\xffpacket"), "The short form: step 63 with the second usual header.")
    yield good("other", short(b"\x05\x44packet"), "The short form with parameters of its own.")
    yield good("two-bytes", short(b"\x85".ljust(249, b"p")), "255 bytes, with a checksum of two.")
    yield good("four-bytes", short(b"\x85".ljust(250, b"p")), "258 bytes, with a checksum of four.")
    yield bad("cut-in-hash", whole[:4], "Ends within the bytes of the hash.")
    yield bad("empty", short(b""), "Nothing between the hash and the checksum.")
    yield bad("cut", whole[:-1], "The last byte is missing, so the checksum is wrong.")
    flipped = bytearray(whole)
    flipped[8] ^= 0x10
    yield bad("flipped", bytes(flipped), "One bit of the packet is flipped.")
    yield bad("codebook-unknown", short(b"\x85packet", bytes(32)), "Names a codebook that nobody has.", CODEBOOK)
    yield bad("no-headers", short(b"\x85packet", TINY_HASH), "The codebook has no usual headers.", CODEBOOK)
    for name, raw, what in (
        ("odd", ODD, "The usual headers of the codebook have two shapes."),
        ("stepped", STEPPED, "A usual header of the codebook has a step."),
    ):
        yield bad(name, short(b"\x85packet", hashlib.sha256(raw).digest()), what, CODEBOOK)
    yield Sample(UNSUPPORTED, "short-engine-0.vqc", short(b"\x85packet", engine=0), "Engine number 0.", LATER)


MAKERS = (short_files,)
