"""Length-limited canonical Huffman codes: optimal lengths, the codes they stand for, and their validation.

The lengths alone define a code (Schwartz and Kallick 1964): `lengths` is a uint8 array with one entry for each symbol,
0 for a symbol without a code. All functions take one code, shape (symbols,), or a stack, shape (contexts, symbols).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.errors import CorruptFileError
from vqcodec.kernels.jit import allocating_kernel, kernel

MAX_LENGTH = 16  # bits; enough for every alphabet of MAX_SYMBOLS
MAX_SYMBOLS = 1 << 16
MAX_TOTAL_COUNT = 1 << 46  # of one histogram: sort keys and package weights then fit into int64
_SYMBOL_BITS = 16
_SYMBOL_MASK = MAX_SYMBOLS - 1
_BEYOND_ALL_WEIGHTS = 1 << 62

_OK, _NO_SYMBOL, _TOO_MANY_CODES, _INCOMPLETE = range(4)
_FAULTS = {
    _NO_SYMBOL: "no symbol with a code",
    _TOO_MANY_CODES: "more codes than the lengths have room for",
    _INCOMPLETE: "an incomplete code",
}


def code_lengths(counts: npt.ArrayLike, max_length: int = 15) -> npt.NDArray[np.uint8]:
    """Return the code lengths, at most `max_length` bits, that code `counts` in the fewest bits.

    Package-merge (Larmore and Hirschberg 1990, "A fast algorithm for optimal length-limited Huffman codes"),
    in time proportional to symbols * max_length a histogram.

    Args:
        counts: non-negative integers, shape (symbols,) or (contexts, symbols); a row's sum is at most 2^46.
        max_length: 1 to 16 bits.

    Returns:
        uint8 of the same shape. A symbol of count 0 has length 0, one used symbol alone has length 1. Of two
        symbols with equal counts the earlier never has the longer code.

    Raises:
        ValueError: a count is negative, a sum too large, or a row has more used symbols than 2^max_length.
    """
    histogram = _as_stack(np.asarray(counts), "counts")
    if not 1 <= max_length <= MAX_LENGTH:
        raise ValueError(f"max_length is {max_length}; code lengths are limited to 1..{MAX_LENGTH} bits")
    if histogram.dtype.kind not in "iu":
        raise ValueError(f"counts are {histogram.dtype}; they must be integers")
    if histogram.min() < 0 or histogram.sum(axis=1, dtype=np.float64).max() > MAX_TOTAL_COUNT:
        raise ValueError(f"counts must not be negative, nor the sum of a row above {MAX_TOTAL_COUNT}")
    used = int(np.count_nonzero(histogram, axis=1).max())
    if used > 1 << max_length:
        raise ValueError(f"{used} used symbols need codes of more than max_length={max_length} bits")
    lengths = np.zeros(histogram.shape, dtype=np.uint8)
    _package_merge(_sorted_keys(histogram.astype(np.int64)), max_length, lengths)
    return lengths.reshape(np.shape(counts))


def canonical_codes(lengths: npt.ArrayLike) -> npt.NDArray[np.uint32]:
    """Return the canonical codes of `lengths`, right-aligned, uint32 of the same shape.

    A symbol of length 0 has code 0. Codes are numbered in the order of (length, symbol); a shorter code is
    numerically smaller than the beginning of any longer one. The lengths must satisfy Kraft's inequality (see
    `check_lengths`).

    Raises:
        ValueError: a length is not in 0..16.
    """
    stack = _as_stack(np.asarray(lengths), "lengths")
    if stack.min() < 0 or stack.max() > MAX_LENGTH:
        raise ValueError(f"lengths lie in {stack.min()}..{stack.max()}; they must lie in 0..{MAX_LENGTH}")
    codes = np.zeros(stack.shape, dtype=np.uint32)
    _number_codes(np.ascontiguousarray(stack, dtype=np.uint8), codes)
    return codes.reshape(np.shape(lengths))


def check_lengths(lengths: npt.ArrayLike, subject: str = "code lengths") -> None:
    """Make sure that every row of `lengths` is a complete prefix code, or one symbol alone with length 1.

    Then every sequence of bits decodes to symbols of the alphabet.

    Args:
        lengths: integers of shape (symbols,) or (contexts, symbols), not trusted.
        subject: how the message names the lengths.

    Raises:
        CorruptFileError: the shape is another, a length is not in 0..16, or Kraft's sum of a row is not 1.
    """
    try:
        stack = _as_stack(np.asarray(lengths), "lengths")
    except ValueError as error:
        raise CorruptFileError(f"{subject}: {error}; the data are damaged") from error
    if stack.dtype.kind not in "iu" or stack.min() < 0 or stack.max() > MAX_LENGTH:
        raise CorruptFileError(f"{subject}: lengths must be 0..{MAX_LENGTH} bits; the data are damaged")
    row, fault = _find_fault(np.ascontiguousarray(stack, dtype=np.uint8))
    if fault != _OK:
        raise CorruptFileError(f"{subject}: table {row} has {_FAULTS[fault]}; the data are damaged")


def _as_stack(array: npt.NDArray, name: str) -> npt.NDArray:
    """Return `array` as a matrix with one code a row, having checked its shape."""
    if array.ndim not in (1, 2) or array.shape[0] == 0:
        raise ValueError(f"{name} have shape {array.shape}; (symbols,) or (contexts, symbols) is expected")
    if not 1 <= array.shape[-1] <= MAX_SYMBOLS:
        raise ValueError(f"{name} are for {array.shape[-1]} symbols; an alphabet has 1..{MAX_SYMBOLS}")
    return array.reshape(-1, array.shape[-1])


def _sorted_keys(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return, for every row of `counts`, keys in the order in which package-merge takes its leaves.

    A key is count * 2^16 plus the complement of the symbol, or 0 for an unused symbol. So the order is by count, and of
    equal counts the later symbol comes first, because the first leaves get the longest codes.
    """
    complements = _SYMBOL_MASK - np.arange(counts.shape[1])
    keys = np.where(counts > 0, (counts << _SYMBOL_BITS) | complements, 0)
    keys.sort(axis=1)
    return keys


@allocating_kernel
def _package_merge(keys, max_length, lengths):
    """Fill `lengths` (uint8, zeroed) from the sort keys of `_sorted_keys` (int64), both (contexts, symbols).

    Level by level, the sorted leaves are merged with the packages, which are the pairs of the level before. Of a level
    only one thing is kept: which of its items are leaves. The optimal solution takes a number of the first items of
    each level, and each package among them takes two of the level before.
    """
    symbols = keys.shape[1]
    is_leaf = np.empty((max_length, 2 * symbols), dtype=np.uint8)
    items = np.empty(2 * symbols, dtype=np.int64)
    packages = np.empty(symbols, dtype=np.int64)
    for context in range(keys.shape[0]):
        first = 0
        while first < symbols and keys[context, first] == 0:
            first += 1
        used = symbols - first
        if used <= 1:
            if used == 1:
                lengths[context, ~keys[context, first] & _SYMBOL_MASK] = 1
            continue
        package_count = 0
        for level in range(max_length):
            item = package = 0
            leaf = first
            while leaf < symbols or package < package_count:
                weight = keys[context, leaf] >> _SYMBOL_BITS if leaf < symbols else _BEYOND_ALL_WEIGHTS
                if package == package_count or weight <= packages[package]:
                    items[item] = weight
                    is_leaf[level, item] = 1
                    leaf += 1
                else:
                    items[item] = packages[package]
                    is_leaf[level, item] = 0
                    package += 1
                item += 1
            package_count = item >> 1
            for pair in range(package_count):
                packages[pair] = items[2 * pair] + items[2 * pair + 1]
        wanted = 2 * used - 2
        for level in range(max_length - 1, -1, -1):
            leaves = 0
            for item in range(wanted):
                leaves += is_leaf[level, item]
            for leaf in range(first, first + leaves):
                lengths[context, ~keys[context, leaf] & _SYMBOL_MASK] += 1
            wanted = 2 * (wanted - leaves)


@allocating_kernel
def _number_codes(lengths, codes):
    """Fill `codes` (uint32) with the canonical codes of `lengths` (uint8), both (contexts, symbols)."""
    next_code = np.empty(MAX_LENGTH + 2, dtype=np.int64)
    for context in range(lengths.shape[0]):
        next_code[:] = 0
        for symbol in range(lengths.shape[1]):
            next_code[lengths[context, symbol] + 1] += 1
        next_code[1] = 0  # symbols without a code take no room
        for length in range(1, MAX_LENGTH + 2):
            next_code[length] = (next_code[length - 1] << 1) + (next_code[length] << 1)
        for symbol in range(lengths.shape[1]):
            length = lengths[context, symbol]
            if length > 0:
                codes[context, symbol] = next_code[length]
                next_code[length] += 1


@kernel
def _find_fault(lengths):
    """Return (row, fault) of the first row of `lengths`, uint8 (contexts, symbols), that is not a complete code."""
    for context in range(lengths.shape[0]):
        used = 0
        kraft = 0  # in units of 2^-MAX_LENGTH
        for symbol in range(lengths.shape[1]):
            length = lengths[context, symbol]
            if length > 0:
                used += 1
                kraft += 1 << (MAX_LENGTH - length)
        if used == 0:
            return context, _NO_SYMBOL
        if kraft > 1 << MAX_LENGTH:
            return context, _TOO_MANY_CODES
        if kraft < 1 << MAX_LENGTH and not (used == 1 and kraft == 1 << (MAX_LENGTH - 1)):
            return context, _INCOMPLETE
    return -1, _OK
