"""The canonical bytes of a codebook, whose SHA-256 is its identity (FORMAT.md, section 6.1).

All numbers are little-endian, names are ASCII after a length byte, arrays are sorted by name and stored in C order, and
the provenance is JSON with sorted keys and no spaces. Each codebook has exactly one such form.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vqcodec.errors import CodebookError, CorruptFileError, LimitError
from vqcodec.limits import MAX_CODEBOOK_BYTES
from vqcodec.names import at, is_array_name, is_codebook_name, is_engine_name, printable

SIGNATURE = b"vqcb\x01"
DTYPES = tuple(np.dtype(name) for name in ("<i1", "<u1", "<i2", "<u2", "<i4", "<u4", "<i8"))
DIFFERENCE_FLAG = 0x80  # on the byte of the element type: the data are differences from the parent's array

MAX_ARRAYS = 4_096
MAX_AXES = 8
MAX_PROVENANCE_BYTES = 1 << 20
MAX_PROVENANCE_DEPTH = 32

_BRACKET_OR_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[][{}]', re.DOTALL)

Undo = Callable[[str, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class CanonicalParts:
    """The parts in canonical bytes, before a codebook is made of them."""

    engine: str
    name: str
    arrays: dict[str, np.ndarray]
    provenance: dict[str, Any]


def provenance_bytes(provenance: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of `provenance`: UTF-8, keys sorted by code point, no spaces, no needless escapes.

    Raises:
        CodebookError: a part of it is not JSON (other types, NaN, infinity, keys that are not text).
        LimitError: it has more than MAX_PROVENANCE_BYTES.
    """
    _check_keys(provenance)
    try:
        text = json.dumps(dict(provenance), sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        data = text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise CodebookError(f"provenance of the codebook cannot be written as JSON: {error}") from None
    if len(data) > MAX_PROVENANCE_BYTES:
        raise LimitError(f"provenance of {len(data)} bytes; at most {MAX_PROVENANCE_BYTES} are allowed")
    if _depth(data) > MAX_PROVENANCE_DEPTH:
        raise LimitError(f"provenance nested more than {MAX_PROVENANCE_DEPTH} deep")
    return data


def _check_keys(value: Any, depth: int = 0) -> None:
    """Raise CodebookError for keys that are not text: json.dumps would silently convert them."""
    if depth > MAX_PROVENANCE_DEPTH:
        raise LimitError(f"provenance nested more than {MAX_PROVENANCE_DEPTH} deep")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise CodebookError(f"provenance of the codebook has the key {key!r}; keys must be text")
            _check_keys(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_keys(inner, depth + 1)


def canonical_pieces(
    engine: str,
    name: str,
    arrays: Mapping[str, np.ndarray],
    provenance: bytes,
    differs: frozenset[str] = frozenset(),
) -> Iterator[bytes | memoryview]:
    """Yield the canonical bytes in pieces, so that hashing needs no second copy of the arrays.

    Args:
        engine, name: of the codebook.
        arrays: C-ordered, of one of DTYPES.
        provenance: canonical JSON.
        differs: names of arrays to mark as differences from a parent's. Only the body of a difference file has
            such marks, never the canonical bytes themselves.
    """
    yield SIGNATURE
    yield _text(engine)
    yield _text(name)
    yield struct.pack("<H", len(arrays))
    for key in sorted(arrays):
        array = arrays[key]
        code = DTYPES.index(array.dtype) | (DIFFERENCE_FLAG if key in differs else 0)
        yield _text(key) + struct.pack(f"<BB{array.ndim}I", code, array.ndim, *array.shape)
        if array.size:
            yield array.data.cast("B")
    yield struct.pack("<I", len(provenance))
    yield provenance


def canonical_length(engine: str, name: str, arrays: Mapping[str, np.ndarray], provenance: bytes) -> int:
    """Return the length of the canonical bytes without making them."""
    heads = sum(1 + len(key) + 2 + 4 * array.ndim + array.nbytes for key, array in arrays.items())
    return len(SIGNATURE) + 2 + len(engine) + len(name) + 2 + heads + 4 + len(provenance)


def parse(data: bytes | memoryview, source: str, undo_difference: Undo | None = None) -> CanonicalParts:
    """Read canonical bytes. Every size is checked before it is used.

    Args:
        data: the canonical bytes, or the body of a difference file if `undo_difference` is given. The arrays show
            its memory.
        source: the name of the file in errors.
        undo_difference: returns the array of a name, given the stored differences.

    Raises:
        CorruptFileError: the bytes do not have this form.
        LimitError: more arrays, axes, bytes or nesting than allowed.
    """
    cursor = _Cursor(data, source)
    if cursor.take(len(SIGNATURE)) != SIGNATURE:
        raise CorruptFileError(f"{at(source)}the contents do not begin like those of a codebook")
    engine = cursor.text()
    name = cursor.text()
    if not is_engine_name(engine):
        raise CorruptFileError(f"{at(source)}'{printable(engine)}' cannot be the name of an engine")
    if not is_codebook_name(name):
        raise CorruptFileError(f"{at(source)}'{printable(name)}' cannot be the name of a codebook")
    count = cursor.number("<H")
    if count > MAX_ARRAYS:
        raise LimitError(f"{at(source)}{count} arrays; at most {MAX_ARRAYS} are allowed")
    arrays: dict[str, np.ndarray] = {}
    previous = ""
    for _ in range(count):
        key = cursor.text()
        if not is_array_name(key):
            raise CorruptFileError(f"{at(source)}'{printable(key)}' cannot be the name of an array")
        if key <= previous:
            raise CorruptFileError(f"{at(source)}array '{key}' is out of order")
        previous = key
        arrays[key] = cursor.array(key, undo_difference)
    provenance = _parse_provenance(cursor, source)
    if cursor.position != len(data):
        raise CorruptFileError(f"{at(source)}{len(data) - cursor.position} bytes too many after the provenance")
    return CanonicalParts(engine, name, arrays, provenance)


class _Cursor:
    """A position in bytes. Reads past their end raise CorruptFileError."""

    def __init__(self, data: bytes | memoryview, source: str):
        self.data = memoryview(data)
        self.source = source
        self.position = 0

    def take(self, count: int) -> memoryview:
        end = self.position + count
        if end > len(self.data):
            raise CorruptFileError(f"{at(self.source)}the codebook ends {end - len(self.data)} bytes too early")
        piece = self.data[self.position : end]
        self.position = end
        return piece

    def number(self, layout: str) -> int:
        return int(struct.unpack(layout, self.take(struct.calcsize(layout)))[0])

    def text(self) -> str:
        return bytes(self.take(self.number("<B"))).decode("latin-1")

    def array(self, key: str, undo_difference: Undo | None) -> np.ndarray:
        code = self.number("<B")
        differs = bool(code & DIFFERENCE_FLAG) and undo_difference is not None
        code = code & ~DIFFERENCE_FLAG if differs else code
        axes = self.number("<B")
        if code >= len(DTYPES):
            raise CorruptFileError(f"{at(self.source)}array '{key}' has the unknown element type {code}")
        if axes > MAX_AXES:
            raise LimitError(f"{at(self.source)}array '{key}' has {axes} axes; at most {MAX_AXES} are allowed")
        shape = tuple(self.number("<I") for _ in range(axes))
        if 0 in shape:
            raise CorruptFileError(f"{at(self.source)}array '{key}' has an axis of length 0")
        dtype = DTYPES[code]
        size = math.prod(shape) * dtype.itemsize  # Python integers: this cannot wrap
        if size > MAX_CODEBOOK_BYTES:
            raise LimitError(
                f"{at(self.source)}array '{key}' of {size} bytes; at most {MAX_CODEBOOK_BYTES} are allowed"
            )
        array = np.frombuffer(self.take(size), dtype).reshape(shape)
        if differs and undo_difference is not None:
            return undo_difference(key, array)
        return array


def _parse_provenance(cursor: _Cursor, source: str) -> dict[str, Any]:
    size = cursor.number("<I")
    if size > MAX_PROVENANCE_BYTES:
        raise LimitError(f"{at(source)}provenance of {size} bytes; at most {MAX_PROVENANCE_BYTES} are allowed")
    data = bytes(cursor.take(size))
    if _depth(data) > MAX_PROVENANCE_DEPTH:
        raise LimitError(f"{at(source)}provenance nested more than {MAX_PROVENANCE_DEPTH} deep")
    try:
        provenance = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except ValueError:  # covers UnicodeDecodeError, JSONDecodeError and over-long integers
        raise CorruptFileError(f"{at(source)}the provenance is not JSON") from None
    if not isinstance(provenance, dict):
        raise CorruptFileError(f"{at(source)}the provenance is not a JSON object")
    try:
        canonical = provenance_bytes(provenance) == data
    except CodebookError:  # JSON may say 1e999 or half a surrogate pair, canonical JSON may not
        canonical = False
    if not canonical:
        raise CorruptFileError(f"{at(source)}the provenance is not in canonical form")
    return provenance


def _refuse_constant(text: str) -> None:
    raise ValueError(text)


def _depth(data: bytes) -> int:
    """Return how deep JSON text nests, at most one more than allowed, without recursion. Strings are skipped."""
    depth = deepest = 0
    for token in _BRACKET_OR_STRING.finditer(data):
        if token[0] in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_PROVENANCE_DEPTH:
                break
        elif token[0] in (b"]", b"}"):
            depth -= 1
    return deepest


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("ascii")
