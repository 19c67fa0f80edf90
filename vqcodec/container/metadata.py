"""Metadata as chunks (FORMAT.md, section 4.6)."""

from __future__ import annotations

from vqcodec.container import chunks
from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.limits import MAX_NAME_BYTES
from vqcodec.names import printable

_CHUNK_OF_KEY = {
    "icc": chunks.ICC,
    "exif": chunks.EXIF,
    "xmp": chunks.XMP,
    "cicp": chunks.COLOURS,
    "density": chunks.DENSITY,
}
TEXT_PREFIX = "text:"
_KEY_OF_CHUNK = {kind: key for key, kind in _CHUNK_OF_KEY.items()}
KINDS = frozenset({*_KEY_OF_CHUNK, chunks.TEXT})
"""The types of the chunks."""


def metadata_chunk(key: str, value: bytes) -> bytes:
    """Return the chunk of a piece of metadata: `icc`, `exif`, `xmp`, `cicp`, `density`, or `text:TITLE` (UTF-8).

    Raises:
        UsageError: the key is unknown, or the text is not UTF-8.
        LimitError: it is longer than a chunk may be.
    """
    if key in _CHUNK_OF_KEY:
        return chunks.chunk_bytes(_CHUNK_OF_KEY[key], value)
    title = key.removeprefix(TEXT_PREFIX).encode("utf-8", "replace")
    if not key.startswith(TEXT_PREFIX) or not 0 < len(title) <= MAX_NAME_BYTES or not key.isprintable():
        raise UsageError(f"metadata '{printable(key)}' is none of icc, exif, xmp, text:TITLE")
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"metadata '{printable(key)}' is not UTF-8") from None
    return chunks.chunk_bytes(chunks.TEXT, bytes([len(title)]) + title + value)


def metadata_in(kind: bytes, payload: bytes, where: str) -> tuple[str, bytes]:
    """Return key and value of the metadata in a chunk, whose type is one of KINDS.

    Raises:
        CorruptFileError: a text is not UTF-8, or its title is impossible.
    """
    if kind in _KEY_OF_CHUNK:
        return _KEY_OF_CHUNK[kind], payload
    _, value = short_text(payload, where)
    try:
        title = payload[1 : 1 + payload[0]].decode("utf-8")
        value.decode("utf-8")
    except UnicodeDecodeError:
        raise CorruptFileError(f"{where}: text that is not UTF-8") from None
    if not title or not title.isprintable():
        raise CorruptFileError(f"{where}: '{printable(title)}' cannot be the title of a text")
    return TEXT_PREFIX + title, value


def short_text(data: bytes, where: str) -> tuple[str, bytes]:
    """Return the text after a length byte, and the bytes after the text.

    Raises:
        CorruptFileError: it is cut off.
    """
    if not data or len(data) < 1 + data[0]:
        raise CorruptFileError(f"{where}: a name is cut off")
    return data[1 : 1 + data[0]].decode("latin-1"), data[1 + data[0] :]
