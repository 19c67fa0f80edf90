"""The codebook: everything that a codec has learnt, immutable and identified by its hash."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from vqcodec import user_limits
from vqcodec.codebook import canonical, packing
from vqcodec.codebook import file as codebook_file
from vqcodec.errors import CodebookError, CorruptFileError, LimitError
from vqcodec.limits import MAX_CODEBOOK_BYTES
from vqcodec.markup import table
from vqcodec.names import at, is_array_name, is_codebook_name, is_engine_name, printable

FindParent = Callable[[bytes], "Codebook"]


class Codebook:
    """Named integer arrays for one engine, and their provenance.

    A codebook never changes. The arrays are private read-only copies, and a changed codebook is a new one with another
    identity. Two codebooks are equal if their identities are equal.

    Args:
        engine: the engine that uses it, such as `image/block`.
        name: 1 to 64 of `A-Z a-z 0-9 . _ + -`, the first a letter or digit.
        arrays: integer arrays (int8, uint8, int16, uint16, int32, uint32, int64) with at most 8 axes, none of length 0.
            Their names are 1 to 64 of `a-z 0-9 _ . / -`, the first a letter.
        provenance: anything that JSON can hold (corpus, method, options, seed, figures).

    Raises:
        CodebookError: a name, an array or the provenance does not meet these rules.
        LimitError: more arrays or bytes than allowed.
    """

    __slots__ = ("_arrays", "_digest", "_engine", "_name", "_provenance", "_provenance_bytes")

    def __init__(
        self,
        engine: str,
        name: str,
        arrays: Mapping[str, np.ndarray],
        provenance: Mapping[str, Any] | None = None,
    ):
        if not is_engine_name(engine):
            raise CodebookError(f"'{printable(engine)}' cannot be the name of an engine (say medium/engine)")
        if not is_codebook_name(name):
            raise CodebookError(
                f"'{printable(name)}' cannot be the name of a codebook: "
                "use letters, digits and . _ + - (at most 64, a letter or digit first)"
            )
        if len(arrays) > canonical.MAX_ARRAYS:
            raise LimitError(f"codebook '{name}': {len(arrays)} arrays; at most {canonical.MAX_ARRAYS} are allowed")
        self._engine = engine
        self._name = name
        self._arrays = MappingProxyType({key: _frozen(key, arrays[key]) for key in sorted(arrays)})
        self._provenance = copy.deepcopy(dict(provenance or {}))
        self._provenance_bytes = canonical.provenance_bytes(self._provenance)
        size = canonical.canonical_length(engine, name, self._arrays, self._provenance_bytes)
        if size > MAX_CODEBOOK_BYTES:
            raise LimitError(f"codebook '{name}': {size} bytes; at most {MAX_CODEBOOK_BYTES} are allowed")
        hashed = hashlib.sha256()
        for piece in canonical.canonical_pieces(engine, name, self._arrays, self._provenance_bytes):
            hashed.update(piece)
        self._digest = hashed.digest()

    @property
    def engine(self) -> str:
        """The engine that uses the codebook, such as `image/block`."""
        return self._engine

    @property
    def name(self) -> str:
        """The name for people; only the identity is unique."""
        return self._name

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The arrays by name, read-only, C-ordered, little-endian."""
        return self._arrays

    @property
    def provenance(self) -> dict[str, Any]:
        """A copy of the provenance."""
        return copy.deepcopy(self._provenance)

    @property
    def identity(self) -> str:
        """The SHA-256 of `canonical_bytes()`, in hex."""
        return self._digest.hex()

    @property
    def digest(self) -> bytes:
        """The SHA-256 of `canonical_bytes()`: 32 bytes."""
        return self._digest

    def require_engine(self, engine: str) -> None:
        """Raise CodebookError unless the codebook is for this engine."""
        if self.engine != engine:
            raise CodebookError(f"codebook {self.name} is for {self.engine}, not for {engine}")

    def __getitem__(self, key: str) -> np.ndarray:
        """Return the array `key`.

        Raises:
            CodebookError: the codebook has no such array.
        """
        try:
            return self._arrays[key]
        except KeyError:
            raise CodebookError(f"codebook '{self.name}' has no array '{key}', which {self.engine} needs") from None

    def _repr_html_(self) -> str:
        """Return what it is and holds as a table, for notebooks."""
        arrays = {name: f"{array.dtype} {'x'.join(map(str, array.shape))}" for name, array in self._arrays.items()}
        facts = {"engine": self.engine, "identity": self.identity, "arrays": arrays, **self._provenance}
        return table(f"codebook {self.name}", facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Codebook) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def __repr__(self) -> str:
        return f"Codebook({self.engine!r}, {self.name!r}, {len(self.arrays)} arrays, {self.identity[:16]})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Codebook, (self.engine, self.name, dict(self.arrays), self._provenance)

    def canonical_bytes(self) -> bytes:
        """Return the bytes whose SHA-256 is the identity (FORMAT.md, section 6.1)."""
        return b"".join(canonical.canonical_pieces(self.engine, self.name, self._arrays, self._provenance_bytes))

    def to_bytes(self, parent: Codebook | None = None) -> bytes:
        """Return the `.vqcb` file.

        Args:
            parent: write the difference from this codebook if that is smaller. Reading the file then needs the parent.
        """
        raw = self.canonical_bytes()
        whole = codebook_file.file_bytes(self.engine, self.name, len(raw), self._digest, *codebook_file.pack(raw))
        if parent is None or parent == self:
            return whole
        changed = codebook_file.differing_arrays(self._arrays, parent.arrays)
        body = b"".join(
            canonical.canonical_pieces(
                self.engine,
                self.name,
                {**self._arrays, **changed},
                self._provenance_bytes,
                frozenset(changed),
            )
        )
        payload = codebook_file.difference_payload(parent.digest, body)
        relative = codebook_file.file_bytes(
            self.engine, self.name, len(raw), self._digest, codebook_file.DIFFERENCE, payload
        )
        if len(raw) > codebook_file.most_raw_bytes(len(payload)):
            return whole
        return min(whole, relative, key=len)

    @classmethod
    def from_bytes(cls, data: bytes, *, find_parent: FindParent | None = None, source: str = "") -> Codebook:
        """Read a `.vqcb` file and check its hash.

        Args:
            data: the whole file.
            find_parent: returns the codebook of a SHA-256 (32 bytes). It is called only if the file is a difference.
            source: the name of the file in errors.

        Raises:
            UnreadableInputError: not a codebook file.
            CorruptFileError: truncated, damaged, or its hash is wrong.
            UnsupportedError: a later version or an unknown packing method.
            LimitError: larger than allowed.
            CodebookError: it is a difference from a codebook that cannot be found.
        """
        header = codebook_file.read_header(data, source)
        user_limits.current().check("codebook_bytes", header.raw_bytes, source or "codebook")
        payload = codebook_file.payload_of(data, header, source)
        if header.method == codebook_file.DIFFERENCE:
            parts = _parse_difference(payload, header, find_parent, source)
        else:
            raw = packing.unpack(header.method, payload, header.raw_bytes, source)
            if codebook_file.digest_of(raw) != header.digest:
                raise CorruptFileError(
                    f"{at(source)}codebook '{header.name}' is damaged or altered: its SHA-256 is not {header.identity}"
                )
            parts = canonical.parse(raw, source)
        codebook = cls(parts.engine, parts.name, parts.arrays, parts.provenance)
        if codebook.digest != header.digest:
            raise CorruptFileError(
                f"{at(source)}codebook '{header.name}' is damaged or not in canonical form: "
                f"its SHA-256 is not {header.identity}"
            )
        if (codebook.engine, codebook.name) != (header.engine, header.name):
            raise CorruptFileError(
                f"{at(source)}the header says {header.engine} '{header.name}', "
                f"the contents {codebook.engine} '{codebook.name}'"
            )
        return codebook


def _parse_difference(
    payload: memoryview, header: codebook_file.CodebookHeader, find_parent: FindParent | None, source: str
) -> canonical.CanonicalParts:
    parent_digest, method, packed = codebook_file.split_difference(payload, source)
    if find_parent is None:
        raise CodebookError(
            f"{at(source)}codebook '{header.name}' is a difference from the codebook {parent_digest.hex()}, "
            "which is needed too"
        )
    body = packing.unpack(method, packed, header.raw_bytes, source)
    parent = find_parent(parent_digest)
    if parent.digest != parent_digest:
        raise CodebookError(f"{at(source)}needs the codebook {parent_digest.hex()}, got {parent.identity}")

    def restore(key: str, stored: np.ndarray) -> np.ndarray:
        like = parent.arrays.get(key)
        if like is None or like.dtype != stored.dtype or like.shape != stored.shape:
            raise CorruptFileError(f"{at(source)}the parent codebook has no array like '{key}' to differ from")
        return codebook_file.undo_difference(stored, like)

    return canonical.parse(body, source, restore)


def _frozen(key: str, array: np.ndarray) -> np.ndarray:
    """Return a read-only, C-ordered, aligned, little-endian copy."""
    if not is_array_name(key):
        raise CodebookError(
            f"'{printable(key)}' cannot be the name of an array: use a-z 0-9 _ . / - (at most 64, a letter first)"
        )
    array = np.asarray(array)
    dtype = array.dtype.newbyteorder("<")
    if dtype not in canonical.DTYPES:
        raise CodebookError(f"array '{key}' of a codebook has elements {array.dtype}; only integers up to int64 may be")
    if array.ndim > canonical.MAX_AXES or 0 in array.shape:
        raise CodebookError(f"array '{key}' of a codebook has the shape {array.shape}: at most 8 axes, none empty")
    frozen = np.array(array, dtype=dtype, order="C", copy=True)
    frozen.flags.writeable = False
    return frozen
