"""Decoding of predicted alpha planes, sample by sample."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.bits import PADDING, get_bits, padded
from vqcodec.entropy.tables import TableSet, get_symbol
from vqcodec.errors import CorruptFileError
from vqcodec.image.alpha.prediction import ACTIVITIES, NEIGHBOURS, WEIGHT_BITS, WEIGHT_SUM, Axes
from vqcodec.image.alpha.symbols import PLAIN_RUNS, PLAIN_VALUES, VALUE_BITS
from vqcodec.kernels.jit import kernel

_MARGIN = 2
_NEIGHBOURS = np.array(NEIGHBOURS, np.int64)
_ACTIVITIES = np.array(ACTIVITIES, np.int64)


class Coded(NamedTuple):
    """What the head of a coded plane says.

    Attributes:
        axes: mirror axes.
        weights: int32 (10,).
        levels: number of contexts besides that of mirrored samples, which comes last.
        run_lengths, value_lengths: code lengths by context, uint8 (levels + 1, symbols); zeros for a table without
            symbols.
    """

    axes: Axes
    weights: npt.NDArray[np.int32]
    levels: int
    run_lengths: npt.NDArray[np.uint8]
    value_lengths: npt.NDArray[np.uint8]


def decode_plane(data: bytes, position: int, coded: Coded, height: int, width: int) -> npt.NDArray[np.uint8]:
    """Return an alpha plane, uint8 (height, width), whose codes begin at a bit position.

    Raises:
        CorruptFileError: the tables or the codes are damaged, too few or too many.
    """
    runs, no_runs = _tables(coded.run_lengths)
    values, no_values = _tables(coded.value_lengths)
    buffer = padded(data)
    wide = np.zeros((height + _MARGIN, width + 2 * _MARGIN), np.uint8)
    sizes = np.zeros((2, width + 2), np.int64)
    left = np.full(coded.levels + 1, -1, np.int64)
    end = 8 * (buffer.size - PADDING)
    position = _decode(
        buffer,
        np.array([position, end, coded.axes.across, coded.axes.down, coded.levels], np.int64),
        coded.weights,
        runs.decoder,
        values.decoder,
        np.stack([no_runs, no_values]),
        left,
        wide,
        sizes,
    )
    if position < 0 or position > end or end - position >= 8 or (left > 0).any():
        raise CorruptFileError("alpha plane: truncated or damaged")
    return np.ascontiguousarray(wide[_MARGIN:, _MARGIN:-_MARGIN])


def _tables(lengths: npt.NDArray[np.uint8]) -> tuple[TableSet, npt.NDArray[np.uint8]]:
    """Return code tables, and which of them have no symbols; these then have one that must not be read."""
    empty = np.logical_not(lengths.any(axis=1))
    filled = lengths.copy()
    filled[empty, 0] = 1
    return TableSet(filled, "alpha plane"), empty.astype(np.uint8)


@kernel
def _decode(buffer, head, weights, runs, values, missing, left, wide, sizes):
    """Fill `wide` (uint8, with margins); return the position behind the last code, or -1 if a table is missing.

    Args:
        buffer: padded data.
        head: int64: position of the first code, end of the data in bits, axes across and down, levels.
        weights: int32 (10,).
        runs, values: DecodeTables.
        missing: uint8 (2, contexts), tables without symbols.
        left: int64 (contexts,), -1: how many errors of 0 are still to come in each context.
        sizes: int64 (2, width + 2), zeros: magnitudes of the errors of two rows.
    """
    position, end, across, down, levels = head[0], head[1], head[2], head[3], head[4]
    height, width = wide.shape[0] - _MARGIN, wide.shape[1] - 2 * _MARGIN
    for y in range(height):
        row = y + _MARGIN
        own, above = y & 1, 1 - (y & 1)
        start = np.int64(wide[row - 1, _MARGIN]) if y > 0 else np.int64(0)
        wide[row, 0] = wide[row, 1] = start
        below = down - y
        for x in range(width):
            column = x + _MARGIN
            first = np.int64(wide[row, column - 1])
            predicted = first
            flat = True
            if y > 0:
                total = np.int64(WEIGHT_SUM >> 1)
                for number in range(_NEIGHBOURS.shape[0]):
                    sample = np.int64(wide[row + _NEIGHBOURS[number, 0], column + _NEIGHBOURS[number, 1]])
                    total += weights[number] * sample
                    flat = flat and sample == first
                predicted = min(max(total >> WEIGHT_BITS, 0), 255)
            image = np.int64(-1)
            if 0 <= below < y:
                agrees = x < 1 or wide[row, column - 1] == wide[below + _MARGIN, column - 1]
                if agrees and (x < 2 or wide[row, column - 2] == wide[below + _MARGIN, column - 2]):
                    image = np.int64(wide[below + _MARGIN, column])
            beside = across - x
            if image < 0 and 0 <= beside < x:
                agrees = y == 0 or wide[row - 1, column] == wide[row - 1, beside + _MARGIN]
                if agrees and y > 0:
                    right = np.int64(wide[row - 1, column + 1]) if x + 1 < width else np.int64(0)
                    further = np.int64(wide[row - 1, beside + _MARGIN - 1]) if beside > 0 else np.int64(0)
                    agrees = right == further
                if agrees:
                    image = np.int64(wide[row, beside + _MARGIN])
            activity = 2 * (sizes[own, x] + sizes[above, x + 1]) + sizes[above, x] + sizes[above, x + 2]
            context = np.int64(0)
            if image >= 0:
                predicted = image
                context = levels
            else:
                if not (flat and activity == 0):
                    context = np.int64(1)
                    for number in range(_ACTIVITIES.shape[0]):
                        context += activity >= _ACTIVITIES[number]
                context = min(context, levels - 1)
            if left[context] < 0:
                if missing[0, context]:
                    return np.int64(-1)
                run, position = get_symbol(buffer, position, context, runs)
                if run >= PLAIN_RUNS:
                    extra, position = get_bits(buffer, position, run - PLAIN_RUNS + 3)
                    run = (np.int64(1) << (run - PLAIN_RUNS + 3)) + extra
                left[context] = run
            error = np.int64(0)
            if left[context] > 0:
                left[context] -= 1
            else:
                left[context] = -1
                if missing[1, context]:
                    return np.int64(-1)
                value, position = get_symbol(buffer, position, context, values)
                if value == PLAIN_VALUES:
                    value, position = get_bits(buffer, position, VALUE_BITS)
                error = -((value + 1) >> 1) if value & 1 else (value >> 1) + 1
            wide[row, column] = (predicted + error) & 255
            sizes[own, x + 1] = abs(error)
        wide[row, 0] = wide[row, 1] = wide[row, _MARGIN]
        for margin in range(_MARGIN):
            wide[row, width + _MARGIN + margin] = wide[row, width + _MARGIN - 1]
        if y == 0:
            for column in range(wide.shape[1]):
                wide[_MARGIN - 1, column] = wide[_MARGIN, column]
        if position > end:
            return np.int64(-1)
    return position
