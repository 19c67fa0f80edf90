"""The symbols of coded errors: how many are 0 before the next, and the value of that; and their code tables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.huffman import code_lengths
from vqcodec.errors import CorruptFileError

PLAIN_RUNS, RUN_SYMBOLS = 8, 34
"""Runs below PLAIN_RUNS have a symbol each. Symbol 8 + k stands for 2^(k + 3) and k + 3 more bits."""
PLAIN_VALUES, VALUE_SYMBOLS = 12, 13
"""Values below PLAIN_VALUES have a symbol each. The last symbol is followed by the value in VALUE_BITS bits."""
VALUE_BITS = 8
_SLICE = 1 << 17  # of numbers that are put at once
_LENGTH_BITS, _RUN_COUNT_BITS, _VALUE_COUNT_BITS = 4, 6, 4


class Bits:
    """A sequence of bits, made of numbers: arrays of values and of their widths, put one after another."""

    def __init__(self) -> None:
        self._bits: list[npt.NDArray[np.uint8]] = []

    def put(self, values: npt.ArrayLike, widths: npt.ArrayLike) -> None:
        """Append numbers, each with its width in bits, the most significant bit first."""
        numbers = np.atleast_1d(np.asarray(values, np.int64))
        sizes = np.broadcast_to(np.asarray(widths, np.int64), numbers.shape)
        for start in range(0, numbers.size, _SLICE):
            part, width = numbers[start : start + _SLICE], sizes[start : start + _SLICE]
            ends = np.cumsum(width)
            shifts = np.repeat(ends, width) - 1 - np.arange(ends[-1])
            self._bits.append((np.repeat(part, width) >> shifts & 1).astype(np.uint8))

    def to_bytes(self) -> bytes:
        """Return all bits, and zeros up to a whole byte."""
        return np.packbits(np.concatenate(self._bits)).tobytes()


Parts = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Symbols, the numbers that follow them, and the widths of these in bits."""


def run_parts(runs: npt.NDArray[np.int64]) -> Parts:
    """Return how runs are coded."""
    classes = np.frexp(np.maximum(runs, 1).astype(np.float64))[1].astype(np.int64) - 1  # floor of log2
    plain = runs < PLAIN_RUNS
    symbols = np.where(plain, runs, PLAIN_RUNS + classes - 3)
    return symbols, np.where(plain, 0, runs - (1 << classes)), np.where(plain, 0, classes)


def value_parts(values: npt.NDArray[np.int64]) -> Parts:
    """Return how values, 0 to 255, are coded."""
    plain = values < PLAIN_VALUES
    return np.where(plain, values, PLAIN_VALUES), np.where(plain, 0, values), np.where(plain, 0, VALUE_BITS)


def folded(errors: npt.NDArray[np.int16]) -> npt.NDArray[np.int64]:
    """Return the values, 0 to 255, of errors that are not 0, from -128 to 127: 1, -1, 2, -2 and so on."""
    wide = errors.astype(np.int64)
    return np.where(wide > 0, 2 * wide - 2, -2 * wide - 1)


def lengths_of(symbols: npt.NDArray[np.int64], alphabet: int) -> npt.NDArray[np.uint8]:
    """Return the best code lengths, uint8 (alphabet,), for symbols; zeros if there are none."""
    if symbols.size == 0:
        return np.zeros(alphabet, np.uint8)
    return code_lengths(np.bincount(symbols, minlength=alphabet))


def put_lengths(bits: Bits, lengths: npt.NDArray[np.uint8]) -> None:
    """Write the code lengths of a table: how many, without the zeros at the end, then each."""
    count = int(np.flatnonzero(lengths).max(initial=-1)) + 1
    bits.put(count, _count_bits(lengths.size))
    bits.put(lengths[:count], _LENGTH_BITS)


def get_lengths(data: bytes, position: int, alphabet: int) -> tuple[npt.NDArray[np.uint8], int]:
    """Return the code lengths of a table, uint8 (alphabet,), and the bit behind them.

    Raises:
        CorruptFileError: the data end, or there are more lengths than symbols.
    """
    count, position = _get(data, position, _count_bits(alphabet))
    if count > alphabet:
        raise CorruptFileError("alpha plane: a table has more code lengths than symbols; damaged")
    lengths = np.zeros(alphabet, np.uint8)
    for symbol in range(count):
        lengths[symbol], position = _get(data, position, _LENGTH_BITS)
    return lengths, position


def _count_bits(alphabet: int) -> int:
    return _RUN_COUNT_BITS if alphabet == RUN_SYMBOLS else _VALUE_COUNT_BITS


def _get(data: bytes, position: int, width: int) -> tuple[int, int]:
    """Return the number of `width` bits (at most 8) at a bit position, and the position behind it."""
    if position + width > 8 * len(data):
        raise CorruptFileError("alpha plane: the data end within the code tables; truncated")
    first = position >> 3
    word = int.from_bytes(data[first : first + 2].ljust(2, b"\0"), "big")
    return word >> (16 - (position & 7) - width) & ((1 << width) - 1), position + width
