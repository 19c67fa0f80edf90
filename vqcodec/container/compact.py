"""The compact form: one packet, a shared codebook, and 11 bytes around it (FORMAT.md, section 3)."""

from __future__ import annotations

import zlib

from vqcodec.container.media import CodebookReference, CompactSeal, MediaFile, Stream
from vqcodec.container.registry import engine_numbered, medium_of, number_of
from vqcodec.errors import CorruptFileError, UnsupportedError
from vqcodec.limits import MAX_CHUNK_BYTES
from vqcodec.names import at

MAGIC = b"\xd6Q"
VERSION = 1
PREFIX_BYTES = 4
HEAD_BYTES = len(MAGIC) + 1 + PREFIX_BYTES
OVERHEAD = HEAD_BYTES + 4


def fits(media: MediaFile) -> bool:
    """Whether the compact form can hold `media`."""
    if len(media.streams) != 1 or media.metadata or media.further_codebooks or media.codebook.embedded is not None:
        return False
    stream = media.streams[0]
    plain = stream.number == 0 and stream.codebook == 0 and list(stream.starts or [0]) == [0]
    numbered = number_of(stream.engine) is not None
    return plain and numbered and len(stream.packets) == 1 and len(stream.packets[0]) < MAX_CHUNK_BYTES


def dump(media: MediaFile) -> bytes:
    """Return the compact file of `media`. It must fit, and its codebook's identity must have all 32 bytes."""
    stream = media.streams[0]
    number = number_of(stream.engine)
    assert number is not None
    version = bytes([VERSION << 4 | number])
    data = MAGIC + version + media.codebook.identity_prefix[:PREFIX_BYTES] + stream.header + stream.packets[0]
    checksum = zlib.crc32(media.codebook.identity_prefix, zlib.crc32(data))
    return data + checksum.to_bytes(4, "little")


def load(data: bytes, source: str) -> MediaFile:
    """Read a compact file. Its checksum needs the codebook: `MediaFile.check_codebook` checks it later.

    Raises:
        CorruptFileError: truncated.
        UnsupportedError: a later version or an unknown engine.
    """
    if len(data) < len(MAGIC) + 1:
        raise CorruptFileError(f"{at(source)}cut off after {len(data)} bytes")
    version, number = data[2] >> 4, data[2] & 15
    if version == 0:
        raise CorruptFileError(f"{at(source)}a compact file of the impossible version 0")
    if version > VERSION:
        raise UnsupportedError(
            f"{at(source)}format version {version}; this program reads {VERSION} and {VERSION + 1}; "
            "a newer one is needed"
        )
    engine = engine_numbered(number)
    if engine is None:
        raise UnsupportedError(f"{at(source)}coded by engine number {number}, unknown here; a newer version is needed")
    if len(data) < OVERHEAD:
        raise CorruptFileError(f"{at(source)}cut off after {len(data)} bytes")
    medium = medium_of(engine)
    seal = CompactSeal(zlib.crc32(data[:-4]), int.from_bytes(data[-4:], "little"))
    stream = Stream(0, medium, engine, b"", [data[HEAD_BYTES:-4]])
    return MediaFile(medium, engine, CodebookReference(data[3:HEAD_BYTES]), [stream], seal=seal)
