"""Enumeration of pulse vectors: every vector of n integers whose magnitudes sum to k has a number.

Numbers fit into 62 bits. If there are more vectors, the number of pulses in the first half of the subframe is written,
and then each half has a number of its own. A half that still has too many vectors is halved once more. A number below a
count that is no power of two is written in truncated binary, which wastes less than 0.09 bits.

Source: T. R. Fischer, "A pyramid vector quantizer", IEEE Trans. Information Theory 1986.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.bits import get_bits, put_bits
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel

MAX_PULSES = 24
MAX_POSITIONS = 80
MAX_NUMBER_BITS = 62
_MAX_VECTORS = 1 << MAX_NUMBER_BITS
_HALF_FIELD = 31  # most bits written at once


@cache
def counts_of_vectors() -> npt.NDArray[np.int64]:
    """Return V, int64 (MAX_POSITIONS + 1, MAX_PULSES + 1).

    V[n, k] is the number of vectors of n integers whose magnitudes sum to k, but at most 2^62. It follows from
    V(n, k) = V(n-1, k) + V(n-1, k-1) + V(n, k-1).
    """
    counts = [[_exact_count(n, k) for k in range(MAX_PULSES + 1)] for n in range(MAX_POSITIONS + 1)]
    return np.array([[min(count, _MAX_VECTORS) for count in row] for row in counts], dtype=np.int64)


def mean_bits(positions: int, pulses: int) -> float:
    """Return the mean length in bits of a uniformly chosen vector as `put_pulses` writes it."""
    count = _exact_count(positions, pulses)
    if count < _MAX_VECTORS:
        return _mean_truncated(count)
    half = positions // 2
    bits = _mean_truncated(pulses + 1)
    for first in range(pulses + 1):
        share = _exact_count(half, first) * _exact_count(half, pulses - first) / count
        bits += share * (mean_bits(half, first) + mean_bits(half, pulses - first))
    return bits


@cache
def _exact_count(positions: int, pulses: int) -> int:
    """Return V(positions, pulses)."""
    if pulses == 0:
        return 1
    if positions == 0:
        return 0
    return (
        _exact_count(positions - 1, pulses)
        + _exact_count(positions - 1, pulses - 1)
        + _exact_count(positions, pulses - 1)
    )


def _mean_truncated(count: int) -> float:
    """Return the mean length in bits of truncated binary numbers below `count`."""
    width = count.bit_length() - 1
    short = (2 << width) - count
    return width + 1 - short / count


@inline_kernel
def _width_of(count):
    """Return floor(log2 count) for a positive int64."""
    width = 0
    while count >> (width + 1) > 0:
        width += 1
    return width


@kernel
def put_truncated(buffer, position, number, count):
    """Write `number`, 0 to count - 1, in truncated binary; return the new position. `count` is at most 2^62."""
    width = _width_of(count)
    short = (np.int64(2) << width) - count  # how many numbers take `width` bits
    if number >= short:
        number += short
        width += 1
    if width > _HALF_FIELD:
        position = put_bits(buffer, position, number >> _HALF_FIELD, width - _HALF_FIELD)
        width = _HALF_FIELD
    return put_bits(buffer, position, number & ((np.int64(1) << _HALF_FIELD) - 1), width)


@kernel
def get_truncated(buffer, position, count):
    """Return (number, new position) of what `put_truncated` wrote; whatever the bits, the number is below `count`."""
    width = _width_of(count)
    short = (np.int64(2) << width) - count
    number = np.int64(0)
    rest = width
    if rest > _HALF_FIELD:
        number, position = get_bits(buffer, position, rest - _HALF_FIELD)
        rest = _HALF_FIELD
    low, position = get_bits(buffer, position, rest)
    number = (number << rest) | low
    if number >= short:
        bit, position = get_bits(buffer, position, 1)
        number = 2 * number + bit - short
    return number, position


@inline_kernel
def _rank(pulses, first, last, left, counts):
    """Return the number of the vector pulses[first:last], whose magnitudes sum to `left`.

    Vectors are ordered by their first entry, in the order 0, +1, -1, +2, -2 and so on, then by the second, and so on.
    """
    number = np.int64(0)
    for n in range(first, last):
        after = last - n - 1
        value = pulses[n]
        magnitude = abs(value)
        if magnitude > 0:
            number += counts[after, left]
            for smaller in range(1, magnitude):
                number += 2 * counts[after, left - smaller]
            if value < 0:
                number += counts[after, left - magnitude]
        left -= magnitude
    return number


@inline_kernel
def _unrank(number, pulses, first, last, left, counts):
    """Fill pulses[first:last] with the vector that `_rank` gives `number`; its magnitudes sum to `left`."""
    for n in range(first, last):
        after = last - n - 1
        magnitude = 0
        sign = 1
        if number >= counts[after, left]:
            number -= counts[after, left]
            magnitude = 1
            while magnitude < left and number >= 2 * counts[after, left - magnitude]:
                number -= 2 * counts[after, left - magnitude]
                magnitude += 1
            if number >= counts[after, left - magnitude]:
                number -= counts[after, left - magnitude]
                sign = -1
        pulses[n] = sign * magnitude
        left -= magnitude


@inner_kernel
def _put_part(buffer, position, pulses, first, last, count, counts):
    """Write the `count` pulses in pulses[first:last] as one number or two; return the new position."""
    length = last - first
    if counts[length, count] < _MAX_VECTORS:
        return put_truncated(buffer, position, _rank(pulses, first, last, count, counts), counts[length, count])
    middle = first + length // 2
    before = 0
    for n in range(first, middle):
        before += abs(pulses[n])
    position = put_truncated(buffer, position, before, count + 1)
    number = _rank(pulses, first, middle, before, counts)
    position = put_truncated(buffer, position, number, counts[middle - first, before])
    number = _rank(pulses, middle, last, count - before, counts)
    return put_truncated(buffer, position, number, counts[last - middle, count - before])


@inner_kernel
def _get_part(buffer, position, pulses, first, last, count, counts):
    """Read what `_put_part` wrote into pulses[first:last]; return the new position."""
    length = last - first
    if counts[length, count] < _MAX_VECTORS:
        number, position = get_truncated(buffer, position, counts[length, count])
        _unrank(number, pulses, first, last, count, counts)
        return position
    middle = first + length // 2
    before, position = get_truncated(buffer, position, count + 1)
    number, position = get_truncated(buffer, position, counts[middle - first, before])
    _unrank(number, pulses, first, middle, before, counts)
    number, position = get_truncated(buffer, position, counts[last - middle, count - before])
    _unrank(number, pulses, middle, last, count - before, counts)
    return position


@inner_kernel
def put_pulses(buffer, position, pulses, count, counts):
    """Write `pulses`, int8 (n,), whose magnitudes sum to `count`; return the new position.

    `counts` is that of `counts_of_vectors`.
    """
    length = pulses.size
    if counts[length, count] < _MAX_VECTORS:
        return _put_part(buffer, position, pulses, 0, length, count, counts)
    half = length // 2
    before = 0
    for n in range(half):
        before += abs(pulses[n])
    position = put_truncated(buffer, position, before, count + 1)
    position = _put_part(buffer, position, pulses, 0, half, before, counts)
    return _put_part(buffer, position, pulses, half, length, count - before, counts)


@inner_kernel
def get_pulses(buffer, position, pulses, count, counts):
    """Read what `put_pulses` wrote into `pulses`; return the new position. Any bits give a valid vector."""
    length = pulses.size
    if counts[length, count] < _MAX_VECTORS:
        return _get_part(buffer, position, pulses, 0, length, count, counts)
    half = length // 2
    before, position = get_truncated(buffer, position, count + 1)
    position = _get_part(buffer, position, pulses, 0, half, before, counts)
    return _get_part(buffer, position, pulses, half, length, count - before, counts)
