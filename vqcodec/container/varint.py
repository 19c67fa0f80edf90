"""Unsigned LEB128: seven bits in each byte, the lowest first; the top bit means that a byte follows (FORMAT.md 2.3).

A signed varint is the varint of 0, 1, 2, 3, 4 for 0, -1, 1, -2, 2 and so on.
"""

from __future__ import annotations

from vqcodec.errors import CorruptFileError
from vqcodec.names import at

MAX_BYTES = 9
MAX_VALUE = (1 << 63) - 1


def put_varint(value: int) -> bytes:
    """Return the shortest form of `value`, 0 to MAX_VALUE.

    Raises:
        ValueError: `value` is out of this range, which is a mistake of the caller.
    """
    if not 0 <= value <= MAX_VALUE:
        raise ValueError(f"{value} is not in 0..{MAX_VALUE}")
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def get_varint(data: bytes | bytearray | memoryview, position: int = 0, source: str = "") -> tuple[int, int]:
    """Return the number at `position` of `data`, and the position after it.

    Raises:
        CorruptFileError: the number runs past the end of `data`, has more than MAX_BYTES bytes, or is not in its
            shortest form.
    """
    value = 0
    for index in range(MAX_BYTES):
        if position + index >= len(data):
            raise CorruptFileError(f"{at(source)}a number is cut off")
        byte = data[position + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if byte == 0 and index > 0:
                raise CorruptFileError(f"{at(source)}a number is longer than it need be")
            return value, position + index + 1
    raise CorruptFileError(f"{at(source)}a number of more than {MAX_BYTES} bytes")


def put_signed_varint(value: int) -> bytes:
    """Return the shortest form of a signed number; `value` is at least -2^62 and below 2^62.

    Raises:
        ValueError: `value` is out of this range, which is a mistake of the caller.
    """
    return put_varint(value << 1 if value >= 0 else ~value << 1 | 1)


def get_signed_varint(data: bytes | bytearray | memoryview, position: int = 0, source: str = "") -> tuple[int, int]:
    """Return the signed number at `position` of `data`, and the position after it; errors as `get_varint`."""
    value, position = get_varint(data, position, source)
    return value >> 1 ^ -(value & 1), position
