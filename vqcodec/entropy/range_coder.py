"""A binary range coder: values 0 and 1, each with its chance, as bytes and back; and chances that adapt.

The width of the range has 32 bits (Martin 1979; carries as in Schindler's coder). Beyond the end of the bytes a reader
finds zeros, and a writer leaves out zeros at the end. Adaptive chances are the mean of a quick and a slow estimate, and
both begin quickly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel

CHANCE_BITS = 16  # chances are so many bits wide
EVEN = 1 << (CHANCE_BITS - 1)  # the chance of a value about which nothing is known
ESTIMATES = 3  # columns of adaptive chances: the quick estimate, the slow one, how many values both have seen

WHOLE = np.uint64((1 << 32) - 1)  # the width of the range at the beginning
_LEAST_RANGE = np.uint64(1 << 24)
_QUICK, _SLOW = 4, 7  # an estimate moves by 2^-n of what it is off
PRICE_UNIT = 4096  # prices are in 1/4096 bit
_PRICE_BITS = 12  # of a chance, whose price is tabulated


def _price_table() -> npt.NDArray[np.uint16]:
    """Return the prices of values by their chance, rounded down: never more than the values take."""
    chances = np.arange(1, (1 << _PRICE_BITS) + 1) / (1 << _PRICE_BITS)
    return np.floor(-PRICE_UNIT * np.log2(chances)).astype(np.uint16)


_PRICES = _price_table()


@inline_kernel
def price_of(chance, value):
    """Return what a value takes at least, in 1 / PRICE_UNIT bit; `chance` is that of the value 1, neither 0 nor 1."""
    of_value = chance if value else (1 << CHANCE_BITS) - chance
    return np.int64(_PRICES[of_value >> (CHANCE_BITS - _PRICE_BITS)])


@inline_kernel
def chance_of(chances, context):
    """Return the chance of the value 1 in a context, in 1 / 2^CHANCE_BITS.

    Args:
        chances: int32 (contexts, ESTIMATES), (EVEN, EVEN, 0) at the beginning.
    """
    return (np.int64(chances[context, 0]) + np.int64(chances[context, 1])) >> 1


@inline_kernel
def adapt(chances, context, value):
    """Move the estimates of a context towards a value; `chances` are as for `chance_of`."""
    seen = np.int64(chances[context, 2])
    for number in range(2):
        rate = min(seen + 1, _QUICK if number == 0 else _SLOW)
        estimate = np.int64(chances[context, number])
        if value:
            chances[context, number] = estimate + (((1 << CHANCE_BITS) - estimate) >> rate)
        else:
            chances[context, number] = estimate - (estimate >> rate)
    if seen < _SLOW:
        chances[context, 2] = seen + 1


@inline_kernel
def put_value(buffer, count, low, width, chance, value):
    """Write a value; return the new (count, low, width).

    Args:
        buffer: uint8; the first `count` bytes are written.
        low, width: uint64, of the range; at the beginning 0 and WHOLE.
        chance: of the value 1, in 1 / 2^CHANCE_BITS.
    """
    bound = (width >> np.uint64(CHANCE_BITS)) * np.uint64(chance)
    if value:
        width = bound
    else:
        low += bound
        width -= bound
    count, low = _carried(buffer, count, low)
    while width < _LEAST_RANGE:
        buffer[count] = np.uint8(low >> np.uint64(24))
        count += 1
        low = (low << np.uint64(8)) & WHOLE
        width <<= np.uint64(8)
    return count, low, width


@inline_kernel
def end_values(buffer, count, low, width):
    """Write the fewest bytes that end the values; return how many bytes there are, without zeros at the end."""
    for kept in range(5):  # bytes; the fewest of which the last is within the range
        mask = (np.uint64(1) << np.uint64(32 - 8 * kept)) - np.uint64(1)
        value = (low + mask) & ~mask
        if value < low + width:
            count, value = _carried(buffer, count, value)
            for number in range(kept):
                buffer[count] = np.uint8((value >> np.uint64(24 - 8 * number)) & np.uint64(255))
                count += 1
            break
    while count > 0 and buffer[count - 1] == 0:
        count -= 1
    return count


@inline_kernel
def _carried(buffer, count, low):
    """Return (count, low) with what `low` has beyond 32 bits added to the bytes written before."""
    if low > WHOLE:
        place = count - 1
        while buffer[place] == 255:
            buffer[place] = 0
            place -= 1
        buffer[place] += np.uint8(1)
        low &= WHOLE
    return count, low


@inline_kernel
def first_code(data, position, end):
    """Return (code, new position) at the beginning of values; arguments as for `get_value`."""
    code = np.uint64(0)
    for number in range(position, position + 4):
        code = (code << np.uint64(8)) | np.uint64(data[number] if number < end else 0)
    return code, position + 4


@inline_kernel
def get_value(data, position, end, code, width, chance):
    """Read a value; return (value, new position, code, width).

    Args:
        data: uint8; `position` is of the next byte, and the values end before `end`.
        code, width: uint64, at the beginning those of `first_code` and WHOLE.
        chance: of the value 1, in 1 / 2^CHANCE_BITS.
    """
    bound = (width >> np.uint64(CHANCE_BITS)) * np.uint64(chance)
    if code < bound:
        value, width = np.int64(1), bound
    else:
        value, width = np.int64(0), width - bound
        code -= bound
    while width < _LEAST_RANGE:
        code = (code << np.uint64(8)) | np.uint64(data[position] if position < end else 0)
        position += 1
        width <<= np.uint64(8)
    return value, position, code, width
