"""A second decoder of the vqcodec formats, written from FORMAT.md alone: slow, plain, and laid out by its sections.

It shares no code with vqcodec. Everything is read byte by byte and bit by bit; only SHA-256, deflate, LZMA2 and JSON
come from the standard library. Files and codebooks are read by modules of their own, whose names are here too; the
engines of sections 8 and following are functions in further modules, entered in ENGINES.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_codebook import (
    Array,
    Codebook,
    FindCodebook,
    codebook_header,
    decode_codebook,
    parse_canonical,
    shared_codebook,
)
from reference_container import CHUNKED_MAGIC, MediaFile, Stream, decode_file
from reference_elements import (
    CodebookMissing,
    Corrupt,
    FormatError,
    Limit,
    Reader,
    Unreadable,
    Unsupported,
    crc32,
    require,
)
from reference_huffman import BitReader, HuffmanCode, canonical_codes

__all__ = [
    "CHUNKED_MAGIC",
    "ENGINES",
    "Array",
    "BitReader",
    "Codebook",
    "CodebookMissing",
    "Corrupt",
    "Engine",
    "FindCodebook",
    "FormatError",
    "HuffmanCode",
    "Limit",
    "MediaFile",
    "Reader",
    "Stream",
    "Unreadable",
    "Unsupported",
    "canonical_codes",
    "codebook_header",
    "crc32",
    "decode_codebook",
    "decode_file",
    "decode_samples",
    "parse_canonical",
    "require",
    "shared_codebook",
]

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
