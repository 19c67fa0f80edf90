"""The short form: the compact form for a codebook that knows how its stream headers begin (FORMAT.md, section 3.7)."""

from __future__ import annotations

import zlib

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import REMEDY, matching_codebook
from vqcodec.container import compact
from vqcodec.container.media import CodebookReference, CompactSeal, MediaFile, Stream, usual_headers_of
from vqcodec.container.registry import engine_numbered, medium_of, number_of
from vqcodec.errors import CodebookError, CorruptFileError, UnsupportedError
from vqcodec.names import at

VERSION = 2
PREFIX_BYTES = 2
HEAD_BYTES = len(compact.MAGIC) + 1 + PREFIX_BYTES
LONG_FILE = 256
"""Bytes from which on a file has a checksum of 4 bytes; others have 2."""

_USUAL = 0x80  # in the first byte: the parameters are those of a usual header
_SECOND = 0x40  # of the second one
_FREE = 0x3F  # bits of the first parameter byte that the usual headers leave open


def dump(media: MediaFile) -> bytes | None:
    """Return the short file of `media`, which fits into the compact form; None if its codebook has no such headers."""
    usual = media.codebook.usual_headers
    if not usual:
        return None
    stream = media.streams[0]
    body = _shortened(stream.header + stream.packets[0], usual)
    number = number_of(stream.engine)
    if body is None or number is None:
        return None
    digest = media.codebook.identity_prefix
    data = compact.MAGIC + bytes([VERSION << 4 | number]) + digest[:PREFIX_BYTES] + body
    width = 2 if len(data) + 2 < LONG_FILE else 4
    return data + _checksum(data, digest, width)


def load(data: bytes, source: str, given: Codebook | None) -> MediaFile:
    """Read a short file, with the codebook `given` or else the one of the library; the result is as of a compact file.

    Raises:
        CorruptFileError: truncated or damaged.
        UnsupportedError: an unknown engine.
        CodebookError: the codebook is not found, is not the one that is needed, or is not usable.
    """
    engine = engine_numbered(data[2] & 15)
    if engine is None:
        raise UnsupportedError(f"{at(source)}coded by engine number {data[2] & 15}, unknown here")
    width = 2 if len(data) < LONG_FILE else 4
    end = len(data) - width
    if end <= HEAD_BYTES:
        raise CorruptFileError(f"{at(source)}cut off after {len(data)} bytes")
    prefix, covered, expected = data[3:HEAD_BYTES], data[:end], data[end:]
    damaged = (
        f"{at(source)}the checksum is wrong: the file is damaged, or no codebook {prefix.hex()}... that is at hand "
        "is the one it was coded with"
    )

    def fits(digest: bytes) -> bool:
        return digest.startswith(prefix) and _checksum(covered, digest, width) == expected

    if given is None:
        codebook, others = matching_codebook(prefix, fits)
        if codebook is None and others:
            raise CorruptFileError(damaged)
        if codebook is None:
            raise CodebookError(f"{at(source)}codebook with SHA-256 {prefix.hex()}... not found; {REMEDY}")
    else:
        codebook = given
        if not codebook.digest.startswith(prefix):
            raise CodebookError(
                f"{at(source)}needs the codebook {prefix.hex()}..., not '{codebook.name}' {codebook.identity}"
            )
        if not fits(codebook.digest):
            raise CorruptFileError(damaged)
    usual = usual_headers_of(codebook)
    if not usual or codebook.engine != engine:
        raise CodebookError(f"{at(source)}codebook '{codebook.name}' has no headers for files of the short form")
    stream = Stream(0, medium_of(engine), engine, b"", [_lengthened(data[HEAD_BYTES:end], usual)])
    seal = CompactSeal(0, zlib.crc32(codebook.digest))  # which this codebook fits: the checksum is right
    return MediaFile(stream.medium, engine, CodebookReference.shared(codebook), [stream], seal=seal)


def _checksum(data: bytes, digest: bytes, width: int) -> bytes:
    """Return the low `width` bytes of the CRC-32 of the file so far and the codebook's identity."""
    return zlib.crc32(digest, zlib.crc32(data)).to_bytes(4, "little")[:width]


def _shortened(body: bytes, usual: tuple[bytes, ...]) -> bytes | None:
    """Return a stream header and packet as the short form holds them; None if the header begins otherwise."""
    start = len(usual[0]) - 2
    if body[:start] != usual[0][:start] or len(body) < start + 2 or body[start] & _USUAL:
        return None
    first, second = body[start], body[start + 1]
    for number, header in enumerate(usual):
        if (first & ~_FREE, second) == (header[-2], header[-1]):
            return bytes([_USUAL | number * _SECOND | first & _FREE]) + body[start + 2 :]
    return body[start:]


def _lengthened(body: bytes, usual: tuple[bytes, ...]) -> bytes:
    """Return the stream header and packet that `_shortened` made `body` of."""
    if not body[0] & _USUAL:
        return usual[0][:-2] + body
    header = usual[body[0] // _SECOND & 1]
    return header[:-2] + bytes([header[-2] | body[0] & _FREE, header[-1]]) + body[1:]
