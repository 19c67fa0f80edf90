"""Reading and writing bits in byte buffers, most significant bit first.

The kernels take a C-ordered uint8 buffer and an int64 bit position and return the new position. There is no other
state, so a search can write, look at the position and go back. Every buffer ends with at least `PADDING` spare bytes.

No access ever leaves the buffer, whatever the position: the index of the 8-byte word is clamped to the last one that
fits. Past the end a reader finds the zeros of the padding. So a damaged stream runs on harmlessly for a bounded unit of
work; then the caller compares the position with the end. A writer without room left spoils only the padding; its
caller compares positions, too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.words import leading_zeros, load_word, store_word
from vqcodec.kernels.jit import inline_kernel

PADDING = 8  # spare bytes at the end of every buffer: the word at the last bit position lies within
MAX_PUT_BITS = 32  # the most bits that one call puts, peeks or gets
MAX_EXP_GOLOMB_PREFIX = 24  # zeros; with order 7, the largest, the part after them is 32 bits long
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
