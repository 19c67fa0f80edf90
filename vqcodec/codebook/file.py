"""The `.vqcb` file: a header that names the codebook, and its packed canonical bytes (FORMAT.md, 6).

A file is complete, or it holds the difference from a parent codebook, which the reader must find by its hash.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vqcodec.codebook import packing
from vqcodec.errors import CorruptFileError, LimitError, UnreadableInputError, UnsupportedError
from vqcodec.limits import MAX_CODEBOOK_BYTES
from vqcodec.names import at, is_codebook_name, is_engine_name, printable

MAGIC = b"\x89VQB\r\n\x1a\n"
VERSION = 1

DIFFERENCE = 16
"""The method of a payload that is a difference; the others are those of `packing`."""

_FIXED = struct.Struct("<8sBBBBII32s")  # magic, version, method, engine and name lengths, sizes, SHA-256
FIXED_BYTES = _FIXED.size
MAX_HEADER_BYTES = FIXED_BYTES + 255 + 255

FREE_BYTES = 1 << 22
MOST_EXPANSION = 256
"""A codebook has at most FREE_BYTES canonical bytes and this many for each byte of the payload."""

_PARENT = struct.Struct("<32sB")  # the parent's SHA-256, then the method that packs the differences


@dataclass(frozen=True)
class CodebookHeader:
    """The claims in the header of a `.vqcb` file; only loading the whole file proves them.

    Attributes:
        method: how the canonical bytes are packed.
        raw_bytes: length of the canonical bytes.
        payload_bytes: length of the packed bytes.
        digest: SHA-256 of the canonical bytes.
        header_bytes: length of the header.
    """

    method: int
    engine: str
    name: str
    raw_bytes: int
    payload_bytes: int
    digest: bytes
    header_bytes: int

    @property
    def identity(self) -> str:
        """The claimed identity, in hex."""
        return self.digest.hex()


def read_header(data: bytes, source: str) -> CodebookHeader:
    """Read the header of a `.vqcb` file from its first bytes (MAX_HEADER_BYTES are enough).

    Raises:
        UnreadableInputError: not a codebook file.
        UnsupportedError: a later version of the format.
        CorruptFileError: truncated, or a name is impossible.
        LimitError: the codebook would be larger than MAX_CODEBOOK_BYTES, or than its payload may unpack to.
    """
    if not data.startswith(MAGIC):
        if MAGIC.startswith(data[: len(MAGIC)]):
            raise CorruptFileError(f"{at(source)}a codebook file cut off after {len(data)} bytes")
        if data.startswith(MAGIC[:4]):
            raise CorruptFileError(f"{at(source)}damaged by a transfer as text; copy it again in binary mode")
        raise UnreadableInputError(f"{at(source)}not a codebook file (.vqcb)")
    if len(data) > len(MAGIC) and data[len(MAGIC)] != VERSION:
        version = data[len(MAGIC)]
        if version == 0:
            raise CorruptFileError(f"{at(source)}codebook file of the impossible version 0")
        raise UnsupportedError(
            f"{at(source)}codebook file version {version}; this program reads version {VERSION}: a newer one is needed"
        )
    if len(data) < FIXED_BYTES:
        raise CorruptFileError(f"{at(source)}the codebook file ends within its header")
    _, _, method, engine_bytes, name_bytes, raw_bytes, payload_bytes, digest = _FIXED.unpack_from(data)
    header_bytes = FIXED_BYTES + engine_bytes + name_bytes
    if len(data) < header_bytes:
        raise CorruptFileError(f"{at(source)}the codebook file ends within its header")
    engine = data[FIXED_BYTES : FIXED_BYTES + engine_bytes].decode("latin-1")
    name = data[FIXED_BYTES + engine_bytes : header_bytes].decode("latin-1")
    if not is_engine_name(engine):
        raise CorruptFileError(f"{at(source)}'{printable(engine)}' cannot be the name of an engine")
    if not is_codebook_name(name):
        raise CorruptFileError(f"{at(source)}'{printable(name)}' cannot be the name of a codebook")
    if raw_bytes > MAX_CODEBOOK_BYTES:
        raise LimitError(f"{at(source)}a codebook of {raw_bytes} bytes; at most {MAX_CODEBOOK_BYTES} are allowed")
    if raw_bytes > most_raw_bytes(payload_bytes):
        raise LimitError(
            f"{at(source)}a codebook of {raw_bytes} bytes out of {payload_bytes}; "
            f"at most {most_raw_bytes(payload_bytes)} are allowed"
        )
    return CodebookHeader(method, engine, name, raw_bytes, payload_bytes, digest, header_bytes)


def most_raw_bytes(payload_bytes: int) -> int:
    """Return the most canonical bytes that a payload of that size may unpack to."""
    return FREE_BYTES + MOST_EXPANSION * payload_bytes


def payload_of(data: bytes, header: CodebookHeader, source: str) -> memoryview:
    """Return the bytes after the header.

    Raises:
        CorruptFileError: their number is not the one in the header.
    """
    have = len(data) - header.header_bytes
    if have != header.payload_bytes:
        wrong = "cut off: " if have < header.payload_bytes else "has bytes after its end: "
        raise CorruptFileError(f"{at(source)}codebook file {wrong}{have} of {header.payload_bytes} payload bytes")
    return memoryview(data)[header.header_bytes :]


def split_difference(payload: memoryview, source: str) -> tuple[bytes, int, memoryview]:
    """Return the parent's SHA-256, the packing method and the packed differences of a payload of method DIFFERENCE.

    Raises:
        CorruptFileError: too short.
    """
    if len(payload) < _PARENT.size:
        raise CorruptFileError(f"{at(source)}the difference from the parent codebook is cut off")
    parent, method = _PARENT.unpack_from(payload)
    return parent, method, payload[_PARENT.size :]


def file_bytes(engine: str, name: str, raw_bytes: int, digest: bytes, method: int, payload: bytes) -> bytes:
    """Return a whole `.vqcb` file."""
    fixed = _FIXED.pack(MAGIC, VERSION, method, len(engine), len(name), raw_bytes, len(payload), digest)
    return fixed + engine.encode("ascii") + name.encode("ascii") + payload


def pack(raw: bytes) -> tuple[int, bytes]:
    """Return the method and bytes of the smallest packing of `raw` that a codebook may have."""
    return packing.pack(raw, allowed=lambda packed: len(raw) <= most_raw_bytes(len(packed)))


def difference_payload(parent_digest: bytes, body: bytes) -> bytes:
    """Return the payload of method DIFFERENCE."""
    method, packed = pack(body)
    return _PARENT.pack(parent_digest, method) + packed


def difference(array: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """Return `array - parent`, wrapped to the width of the elements and folded: 0, -1, 1, -2 become 0, 1, 2, 3.

    So small differences of either sign have zero high bytes. The result has the element type of `array`.
    """
    bits = 8 * array.dtype.itemsize
    unsigned, signed = np.dtype(f"<u{bits // 8}"), np.dtype(f"<i{bits // 8}")
    wrapped = array.view(unsigned) - parent.view(unsigned)
    sign = (wrapped.view(signed) >> (bits - 1)).view(unsigned)
    return np.asarray((wrapped << unsigned.type(1)) ^ sign).view(array.dtype)


def undo_difference(folded: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """Return the array whose `difference` from `parent` is `folded`."""
    unsigned = np.dtype(f"<u{folded.dtype.itemsize}")
    stored = folded.view(unsigned)
    one = unsigned.type(1)
    wrapped = (stored >> one) ^ (unsigned.type(0) - (stored & one))
    return np.asarray(wrapped + parent.view(unsigned)).view(folded.dtype)


def differing_arrays(arrays: Mapping[str, np.ndarray], parent: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the differences of those arrays that pack smaller as differences.

    The parent must have the array in the same type and shape.
    """
    smaller = {}
    for key, array in arrays.items():
        like = parent.get(key)
        if like is None or like.dtype != array.dtype or like.shape != array.shape:
            continue
        folded = difference(array, like)
        if len(packing.deflated(folded.tobytes())) < len(packing.deflated(array.tobytes())):
            smaller[key] = folded
    return smaller


def digest_of(raw: bytes | memoryview) -> bytes:
    """Return the SHA-256 of canonical bytes."""
    return hashlib.sha256(raw).digest()
