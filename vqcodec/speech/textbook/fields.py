"""Fields of fixed width, unit after unit, to bytes and back; these coders have no entropy coding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vqcodec.errors import CorruptFileError

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Field:
    """A number in every unit.

    Attributes:
        part: of the stream to which its bits count.
        width: bits.
    """

    part: str
    width: int


class Layout:
    """The fields of a unit, in the order in which they are written and read.

    Args:
        fields: in order; together they fill whole bytes.

    Attributes:
        bits: of a unit.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = tuple(fields)
        widths = np.array([field.width for field in fields])
        self.bits = int(widths.sum())
        self._columns = np.repeat(np.arange(len(widths)), widths)
        self._shifts = np.concatenate([np.arange(width)[::-1] for width in widths])
        self._starts = np.cumsum(widths) - widths

    def to_bytes(self, values: IntArray) -> bytes:
        """Return the bytes of `values`, int64 (units, fields), each 0 to 2^width - 1, most significant bits first."""
        return np.packbits((values[:, self._columns] >> self._shifts & 1).astype(np.uint8).reshape(-1)).tobytes()

    def from_bytes(self, data: bytes, units: int, name: str) -> IntArray:
        """Read back what `to_bytes` gave for `units` units, int64 (units, fields).

        Raises:
            CorruptFileError: `data`, which messages call `name`, has the wrong length.
        """
        expected = units * self.bits // 8
        if len(data) != expected:
            raise CorruptFileError(f"{name} of the speech has {len(data)} bytes instead of {expected}; it is damaged")
        bits = np.unpackbits(np.frombuffer(data, np.uint8)).astype(np.int64).reshape(units, self.bits)
        return np.add.reduceat(bits << self._shifts, self._starts, axis=1)

    def bits_by_part(self, units: int) -> dict[str, int]:
        """Return the bits of `units` units, by part."""
        parts: Counter[str] = Counter()
        for field in self._fields:
            parts[field.part] += field.width * units
        return dict(parts)
