"""Alpha samples as decisions between two values, each in a context of what is known already; and back, from bytes.

The first decision is in which half of the range a sample is, the second whether it is the end of the range there (0 or
255). If it is not, seven more give its value. The bytes are those of a range coder whose chances are given.
"""

from __future__ import annotations

import numpy as np

from vqcodec.entropy.range_coder import WHOLE, end_values, first_code, get_value, put_value
from vqcodec.kernels.jit import inline_kernel, kernel

MARGIN = 2  # samples of 0 above, to the left and to the right of a plane
AROUND = 1  # samples around the known plane
MOST_DECISIONS = 9  # of a sample

# (row, column) from the sample: where the halves of samples count
_TEMPLATE = np.array(
    [(0, -1), (-1, 0), (-1, 1), (-1, -1), (-2, 0), (0, -2), (-1, 2), (-1, -2), (-2, -1), (-2, 1)], np.int64
)
_KNOWN = np.array([(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)], np.int64)  # likewise, of a known plane
SHARED = 6  # samples of _TEMPLATE that count beside a known plane
_NEAR = 4  # samples of _TEMPLATE of which it counts how many are not at the ends of the range
_LEVELS = 4
_NODES = 128

HALVES_ALONE = 1 << len(_TEMPLATE)
HALVES_BESIDE = 1 << (SHARED + len(_KNOWN))
ENDS_ALONE = 2 * (_NEAR + 1)
ENDS_BESIDE = 2 * ENDS_ALONE
VALUES = 2 * _LEVELS * _NODES
ALONE = HALVES_ALONE + ENDS_ALONE + VALUES  # contexts
BESIDE = HALVES_BESIDE + ENDS_BESIDE + VALUES


@inline_kernel
def _is_between(sample):
    return np.int64(1 if 0 < sample < 255 else 0)


@inline_kernel
def _half_context(wide, known, y, x):
    """Return the context of the half that a sample is in.

    Args:
        wide: uint8, the samples so far, with margins; known: uint8, a plane of its size with AROUND samples around it,
            or of size 0.
    """
    row, column = y + MARGIN, x + MARGIN
    context = np.int64(0)
    beside = known.shape[0] > 0
    for number in range(SHARED if beside else _TEMPLATE.shape[0]):
        sample = wide[row + _TEMPLATE[number, 0], column + _TEMPLATE[number, 1]]
        context |= np.int64(sample >> 7) << number
    if beside:
        for number in range(_KNOWN.shape[0]):
            sample = known[y + AROUND + _KNOWN[number, 0], x + AROUND + _KNOWN[number, 1]]
            context |= np.int64(sample >> 7) << (SHARED + number)
    return context


@inline_kernel
def _end_context(wide, known, y, x, half):
    """Return the context of whether a sample is at the end of its half; arguments as before."""
    row, column = y + MARGIN, x + MARGIN
    context = (_NEAR + 1) * half
    for number in range(_NEAR):
        context += _is_between(wide[row + _TEMPLATE[number, 0], column + _TEMPLATE[number, 1]])
    if known.shape[0] > 0:
        return HALVES_BESIDE + 2 * context + _is_between(known[y + AROUND, x + AROUND])
    return HALVES_ALONE + context


@inline_kernel
def _value_context(wide, known, y, x, half):
    """Return the first context of the value of a sample within its half; arguments as before."""
    row, column = y + MARGIN, x + MARGIN
    mean = (np.int64(wide[row, column - 1]) + np.int64(wide[row - 1, column]) + 1) >> 1
    level = min(max(mean - 128 * half, 0), 127) * _LEVELS >> 7
    first = HALVES_BESIDE + ENDS_BESIDE if known.shape[0] > 0 else HALVES_ALONE + ENDS_ALONE
    return first + (half * _LEVELS + level) * _NODES


@kernel
def list_decisions(wide, known, decisions):
    """Fill `decisions` (int32) with 2 * context + value; return how many there are.

    Args:
        wide: uint8, the plane with MARGIN rows of zeros above, and as many columns on both sides.
        known: uint8, a plane of its size with AROUND samples around it, or of size 0.
    """
    count = np.int64(0)
    for y in range(wide.shape[0] - MARGIN):
        for x in range(wide.shape[1] - 2 * MARGIN):
            sample = np.int64(wide[y + MARGIN, x + MARGIN])
            half = sample >> 7
            decisions[count] = 2 * _half_context(wide, known, y, x) + half
            between = _is_between(sample)
            decisions[count + 1] = 2 * _end_context(wide, known, y, x, half) + between
            count += 2
            if between:
                first, node = _value_context(wide, known, y, x, half), np.int64(1)
                for bit in range(6, -1, -1):
                    value = (sample >> bit) & 1
                    decisions[count] = 2 * (first + node) + value
                    node = 2 * node + value
                    count += 1
    return count


@kernel
def write_decisions(decisions, chances, buffer):
    """Write decisions by a range coder; return the number of bytes.

    Args:
        decisions: int32, as `list_decisions` gives them.
        chances: int32, of the value 1 in each context, in 1 / 2^CHANCE_BITS.
        buffer: uint8, of 2 bytes for each decision and 8 more.
    """
    low, width, count = np.uint64(0), WHOLE, np.int64(0)
    for i in range(decisions.shape[0]):
        chance = chances[decisions[i] >> 1]
        count, low, width = put_value(buffer, count, low, width, chance, decisions[i] & 1)
    return end_values(buffer, count, low, width)


@kernel
def read_plane(data, chances, known, wide):
    """Fill `wide` from the bytes that `write_decisions` wrote; return how many bytes were read, beyond the end too.

    Args:
        data: uint8; beyond its end there are zeros.
        chances, known: as before.
        wide: uint8, zeros.
    """
    end = np.int64(data.shape[0])
    code, position = first_code(data, np.int64(0), end)
    width = WHOLE
    for y in range(wide.shape[0] - MARGIN):
        for x in range(wide.shape[1] - 2 * MARGIN):
            sample, kind, left = np.int64(0), np.int64(0), np.int64(1)
            half = first = np.int64(0)
            node = np.int64(1)
            while left > 0:
                if kind == 0:
                    context = _half_context(wide, known, y, x)
                elif kind == 1:
                    context = _end_context(wide, known, y, x, half)
                else:
                    context = first + node
                value, position, code, width = get_value(data, position, end, code, width, chances[context])
                if kind == 0:
                    half, kind = value, np.int64(1)
                    sample = 255 * half
                elif kind == 1:
                    left = 7 * value
                    kind = np.int64(2)
                    if value:
                        first = _value_context(wide, known, y, x, half)
                else:
                    node = 2 * node + value
                    left -= 1
                    sample = 128 * half + (node - 128)
            wide[y + MARGIN, x + MARGIN] = sample
    return position
