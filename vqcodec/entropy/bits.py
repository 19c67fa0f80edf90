"""Reading and writing bits in byte buffers, most significant bit first.

The kernels take a C-ordered uint8 buffer and an int64 bit position and return the new position; there is no
other state, so a search can write, look at the position and go back. Every buffer ends with at least
`PADDING` spare bytes.

No access ever leaves the buffer, whatever the position: the index of the 8-byte word is clamped to the last
one that fits. Past the end a reader finds the zeros of the padding, so a damaged stream runs on harmlessly
for a bounded unit of work, after which its caller compares the position with the end. A writer that runs out
of room spoils only the padding; its caller, too, compares positions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.words import leading_zeros, load_word, store_word
from vqcodec.kernels.jit import inline_kernel, kernel

PADDING = 8  # spare bytes at the end of every buffer: the word at the last bit position lies within
MAX_PUT_BITS = 32  # the most bits that one call puts, peeks or gets
MAX_EXP_GOLOMB_ORDER = 7
MAX_EXP_GOLOMB_PREFIX = 24  # zeros; with order 7 the part after them is 32 bits long
EXP_GOLOMB_MAX = (1 << (MAX_EXP_GOLOMB_PREFIX + 1)) - 2  # largest value that every order can code


def padded(data: bytes | bytearray | memoryview | npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a new uint8 array: `data` followed by PADDING zero bytes, ready for the reading kernels."""
    source = np.frombuffer(data, dtype=np.uint8) if not isinstance(data, np.ndarray) else data.reshape(-1)
    if source.dtype != np.uint8:
        raise TypeError(f"bits are read from uint8 data, not {source.dtype}")
    buffer = np.zeros(source.size + PADDING, dtype=np.uint8)
    buffer[: source.size] = source
    return buffer


@inline_kernel
def peek_word(buffer, position):
    """Return the bits from `position` on as a uint64: the upper 57 are valid, those past the end are 0."""
    byte_index = min(position >> 3, buffer.size - 8)
    return load_word(buffer, byte_index) << np.uint64(position & 7)


@inline_kernel
def peek_bits(buffer, position, count):
    """Return the next `count` (0 to 32) bits as a non-negative int64, without moving on."""
    return np.int64((peek_word(buffer, position) >> np.uint64(1)) >> np.uint64(63 - count))


@inline_kernel
def get_bits(buffer, position, count):
    """Return (value, new position): the next `count` (0 to 32) bits as a non-negative int64."""
    return peek_bits(buffer, position, count), position + count


@inline_kernel
def put_bits(buffer, position, value, count):
    """Write the low `count` (0 to 32) bits of `value` at `position`; return the new position.

    The bits before `position` are kept; up to 8 bytes from there on are overwritten, beyond the value with
    zeros. So the buffer need not be cleared, and writing resumes from any earlier position, but nothing can
    be patched into the middle of what is written.
    """
    byte_index = min(position >> 3, buffer.size - 8)
    used = position & 7  # bits of the first byte that are kept
    kept = np.uint64(buffer[byte_index] & (0xFF00 >> used)) << np.uint64(56)
    field = np.uint64(value) & ((np.uint64(1) << np.uint64(count)) - np.uint64(1))
    store_word(buffer, byte_index, kept | ((field << np.uint64(1)) << np.uint64(63 - used - count)))
    return position + count


@inline_kernel
def exp_golomb_bits(value, k):
    """Return the length in bits of what `put_exp_golomb` writes for the same `value` and `k`."""
    width = 64 - leading_zeros(np.uint64(value + (1 << k)))
    return 2 * width - k - 1


@inline_kernel
def put_exp_golomb(buffer, position, value, k):
    """Write `value` (0 to EXP_GOLOMB_MAX) in Exp-Golomb code of order `k` (0 to 7); return the new position.

    The code is value + 2^k in binary, preceded by as many zeros as that number has bits beyond the first k +
    1 (Teuhola 1978; order 0 is Elias gamma of value + 1).
    """
    shifted = value + (1 << k)
    width = 64 - leading_zeros(np.uint64(shifted))
    position = put_bits(buffer, position, 0, width - k - 1)
    return put_bits(buffer, position, shifted, width)


@inline_kernel
def get_exp_golomb(buffer, position, k):
    """Return (value, new position) for the Exp-Golomb code of order `k` (0 to 7) at `position`.

    A prefix of more than 24 zeros is no code: the value is then EXP_GOLOMB_MAX and the position the end of
    the buffer with its padding, which is past the end of the data, so that the caller sees the fault. The
    value is at most 2^(25 + k) - 2^k - 1.
    """
    zeros = leading_zeros(peek_word(buffer, position))
    if zeros > MAX_EXP_GOLOMB_PREFIX:
        return np.int64(EXP_GOLOMB_MAX), np.int64(max(position, 8 * buffer.size))
    width = zeros + k + 1
    return peek_bits(buffer, position + zeros, width) - (1 << k), position + zeros + width


@kernel
def _put_one(buffer, position, value, count):
    return put_bits(buffer, position, value, count)


@kernel
def _put_one_exp_golomb(buffer, position, value, k):
    return put_exp_golomb(buffer, position, value, k)


@kernel
def _get_one(buffer, position, count):
    return get_bits(buffer, position, count)


@kernel
def _get_one_exp_golomb(buffer, position, k):
    return get_exp_golomb(buffer, position, k)


def _check_range(name: str, number: int, largest: int) -> None:
    if not 0 <= number <= largest:
        raise ValueError(f"{name} is {number}; it must lie in 0..{largest}")


class BitWriter:
    """Bits written one field at a time from Python: for headers, not for symbols by the thousand."""

    def __init__(self) -> None:
        self._buffer = np.zeros(64, dtype=np.uint8)
        self.position = 0  # bits written so far

    def put(self, value: int, count: int) -> None:
        """Append `value` in `count` (0 to 32) bits.

        Raises:
            ValueError: `count` is out of range, or `value` does not fit into it.
        """
        _check_range("count", count, MAX_PUT_BITS)
        _check_range("value", value, (1 << count) - 1)
        self._reserve()
        self.position = _put_one(self._buffer, self.position, value, count)

    def put_exp_golomb(self, value: int, k: int) -> None:
        """Append `value` (0 to EXP_GOLOMB_MAX) in Exp-Golomb code of order `k` (0 to 7).

        Raises:
            ValueError: `value` or `k` is out of range.
        """
        _check_range("order", k, MAX_EXP_GOLOMB_ORDER)
        _check_range("value", value, EXP_GOLOMB_MAX)
        self._reserve()
        self.position = _put_one_exp_golomb(self._buffer, self.position, value, k)

    def to_bytes(self) -> bytes:
        """Return what was written, the last byte filled up with zeros."""
        return self._buffer[: (self.position + 7) // 8].tobytes()

    def _reserve(self) -> None:
        """Make room for one more field, of 57 bits at most, and the padding."""
        if self.position // 8 + 8 + PADDING > self._buffer.size:
            self._buffer = np.concatenate([self._buffer, np.zeros_like(self._buffer)])


class BitReader:
    """Bits read one field at a time from Python: for headers, not for symbols by the thousand."""

    def __init__(self, data: bytes | bytearray | memoryview | npt.NDArray[np.uint8]) -> None:
        self._buffer = padded(data)
        self.position = 0  # bits read so far
        self.end = 8 * (self._buffer.size - PADDING)

    @property
    def exhausted(self) -> bool:
        """Whether more bits have been read than there were; those beyond the end read as zeros."""
        return self.position > self.end

    def get(self, count: int) -> int:
        """Return the next `count` (0 to 32) bits."""
        _check_range("count", count, MAX_PUT_BITS)
        value, self.position = _get_one(self._buffer, self.position, count)
        return value

    def get_exp_golomb(self, k: int) -> int:
        """Return the next value in Exp-Golomb code of order `k` (0 to 7); see `bits.get_exp_golomb`."""
        _check_range("order", k, MAX_EXP_GOLOMB_ORDER)
        value, self.position = _get_one_exp_golomb(self._buffer, self.position, k)
        return value
