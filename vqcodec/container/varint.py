"""Unsigned LEB128: seven bits a byte, the lowest first, the top bit set when more follow (FORMAT.md, 2.3)."""

from __future__ import annotations

from vqcodec.errors import CorruptFileError
from vqcodec.names import at

MAX_BYTES = 9
MAX_VALUE = (1 << 63) - 1


def put_varint(value: int) -> bytes:
    """The shortest form of `value`, 0 to MAX_VALUE.

    Raises:
        ValueError: outside that range (a mistake of the caller's).
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
    """The number at `position` of `data` and the position after it.

    Raises:
        CorruptFileError: the number runs past the end of `data`, has more than MAX_BYTES bytes, or is not in
            its shortest form.
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
