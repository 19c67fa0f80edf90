"""Alpha planes without loss by prediction: Huffman codes of the errors, in contexts, with tables made for the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vqcodec.container.varint import get_varint, put_varint
from vqcodec.entropy.huffman import canonical_codes
from vqcodec.errors import CorruptFileError
from vqcodec.image.alpha.decoding import Coded, decode_plane
from vqcodec.image.alpha.prediction import (
    LEVELS,
    NEIGHBOURS,
    PRESETS,
    Axes,
    axes_of,
    fitted_weights,
    levels_of,
    mirrored,
    neighbours_of,
    weighted,
    whole_weights,
)
from vqcodec.image.alpha.symbols import (
    RUN_SYMBOLS,
    VALUE_SYMBOLS,
    Bits,
    Parts,
    folded,
    get_lengths,
    lengths_of,
    put_lengths,
    run_parts,
    value_parts,
)

MARK = b"\x01"
"""The first byte; that of a deflated plane has 8 in its low four bits."""
_NO_AXES = Axes(-1, -1)
_LEVEL_COUNTS = (1, 2, 4, LEVELS)
_WEIGHTS = len(NEIGHBOURS) - 1


@dataclass(frozen=True)
class _Coded:
    """Numbers of one kind in one context.

    Attributes:
        lengths: the code lengths of their symbols.
        parts: how they are coded.
        places: where they are coded: twice the number of the sample, and 1 more for values.
    """

    lengths: npt.NDArray[np.uint8]
    parts: Parts
    places: npt.NDArray[np.int64]

    @property
    def bits(self) -> int:
        """The number of bits of the numbers and of their table, but for the width of its count."""
        symbols, _, widths = self.parts
        table = 4 * (int(np.flatnonzero(self.lengths).max(initial=-1)) + 1)
        return table + int(self.lengths[symbols].sum(dtype=np.int64)) + int(widths.sum())


@dataclass(frozen=True)
class _Plan:
    """A way to code a plane: the head, and runs and values in each context."""

    head: bytes
    contexts: list[_Coded]

    @property
    def size(self) -> int:
        """About the bits that it takes."""
        return 8 * len(self.head) + sum(context.bits + 5 for context in self.contexts)

    def to_bytes(self) -> bytes:
        """Return the coded plane."""
        bits = Bits()
        numbers, widths = [], []
        for context in self.contexts:
            put_lengths(bits, context.lengths)
            symbols, extra, extra_widths = context.parts
            codes = canonical_codes(context.lengths).astype(np.int64)
            numbers.append(np.stack([codes[symbols], extra], axis=1))
            widths.append(np.stack([context.lengths[symbols].astype(np.int64), extra_widths], axis=1))
        order = np.argsort(np.concatenate([context.places for context in self.contexts]), kind="stable")
        bits.put(np.concatenate(numbers)[order].reshape(-1), np.concatenate(widths)[order].reshape(-1))
        return self.head + bits.to_bytes()


def encode(plane: npt.NDArray[np.uint8]) -> bytes:
    """Return an alpha plane, uint8 (height, width), coded by prediction."""
    neighbours = neighbours_of(plane)
    number, weights = _best_weights(plane, neighbours)
    by_weights = weighted(neighbours, whole_weights(weights))
    plans = []
    for axes in {_NO_AXES, axes_of(plane)}:
        images = mirrored(plane, axes)
        errors = (plane - np.where(images >= 0, images, by_weights)).astype(np.int8).astype(np.int16)
        levels = levels_of(neighbours, errors)
        head = MARK + put_varint(axes.across + 1) + put_varint(axes.down + 1) + bytes([number])
        head += weights.tobytes() if number == 0 else b""
        for count in _LEVEL_COUNTS:
            places = np.where(images >= 0, count, np.minimum(levels, count - 1))
            plans.append(_Plan(head + bytes([count]), _contexts(errors.reshape(-1), places.reshape(-1), count + 1)))
    return min(plans, key=lambda plan: (plan.size, plan.head)).to_bytes()


def decode(data: bytes, height: int, width: int) -> npt.NDArray[np.uint8]:
    """Return the alpha plane, uint8 (height, width), that `encode` coded.

    Raises:
        CorruptFileError: the data are damaged, too short or too long.
    """
    across, at = get_varint(data, len(MARK))
    down, at = get_varint(data, at)
    number = data[at] if at < len(data) else 0
    weights = np.array(PRESETS[0], np.int8)
    if 1 <= number <= len(PRESETS):
        weights = np.array(PRESETS[number - 1], np.int8)
    elif number == 0:
        weights = np.frombuffer(data[at + 1 : at + 1 + _WEIGHTS], np.int8)
        at += _WEIGHTS
    levels = data[at + 1] if at + 1 < len(data) else 0
    if number > len(PRESETS) or not 1 <= levels <= LEVELS or across > 2 * width or down > 2 * height:
        raise CorruptFileError("alpha plane: the head of the prediction is damaged or truncated")
    position = 8 * (at + 2)
    runs, values = [], []
    for _ in range(levels + 1):
        lengths, position = get_lengths(data, position, RUN_SYMBOLS)
        runs.append(lengths)
        lengths, position = get_lengths(data, position, VALUE_SYMBOLS)
        values.append(lengths)
    coded = Coded(Axes(across - 1, down - 1), whole_weights(weights), levels, np.stack(runs), np.stack(values))
    return decode_plane(data, position, coded, height, width)


def _best_weights(plane: npt.NDArray[np.uint8], neighbours: npt.NDArray[np.int16]) -> tuple[int, npt.NDArray[np.int8]]:
    """Return the number of a preset, or 0, and the weights whose errors take the fewest bits, roughly."""
    sets = [fitted_weights(plane, neighbours), *(np.array(preset, np.int8) for preset in PRESETS)]

    def cost(number: int) -> tuple[float, int]:
        errors = plane - weighted(neighbours, whole_weights(sets[number]))
        return float(np.log2(1.0 + np.abs(errors)).sum()), -number

    best = min(range(len(sets)), key=cost)
    return best, sets[best]


def _contexts(errors: npt.NDArray[np.int16], places: npt.NDArray[np.int64], count: int) -> list[_Coded]:
    """Return runs and values of each context in turn, of all errors, int16 (samples,), whose contexts are `places`."""
    coded = []
    for number in range(count):
        samples = np.flatnonzero(places == number)
        ends = np.flatnonzero(errors[samples])
        starts = np.concatenate([[0], ends + 1])
        runs = np.concatenate([ends, [samples.size]]) - starts
        if starts[-1] == samples.size:  # nothing follows the last error
            starts, runs = starts[:-1], runs[:-1]
        parts = run_parts(runs)
        coded.append(_Coded(lengths_of(parts[0], RUN_SYMBOLS), parts, 2 * samples[starts]))
        parts = value_parts(folded(errors[samples[ends]]))
        coded.append(_Coded(lengths_of(parts[0], VALUE_SYMBOLS), parts, 2 * samples[ends] + 1))
    return coded
