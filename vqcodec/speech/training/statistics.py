"""Counts of the excitation's symbols in their contexts, and the costs and code lengths that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.tables import TableSet
from vqcodec.speech.bands import Band
from vqcodec.speech.excitation.costs import costs_of, stacked_rows
from vqcodec.speech.excitation.gains import ADAPTIVE, FIXED, GAIN_CLASSES, GAIN_TABLES, JOINT, LAG_CONTEXTS
from vqcodec.speech.excitation.model import LAG_REACH, Costs, Excitation, Tables
from vqcodec.speech.excitation.trellis_state import Symbols
from vqcodec.speech.training.replay import Contexts

DoubleArray = npt.NDArray[np.float64]

_PRIOR = 2.0  # symbols added to each context, distributed as over all contexts
_LAG_SPREAD = 2  # a lag after an escape is counted in equal parts for itself and its neighbours up to here
_MAX_LENGTH = 14
_COUNT_UNITS = 256  # counts are multiplied by it before they are rounded
_LIKELY = 1000.0
SILENCE = 1  # number of extra symbols of the first type: one, which begins a run of silent frames


@dataclass
class Counts:
    """How often each symbol occurred in each context, float64 (contexts, symbols); see `model.Costs`."""

    first_type: DoubleArray
    later_type: DoubleArray
    lag_steps: DoubleArray
    lags: DoubleArray
    gains: list[DoubleArray]
    shapes: list[DoubleArray]

    @classmethod
    def empty(cls, excitation: Excitation, lags: int) -> Counts:
        """Return counts of 0 for a table set; `lags` is the number of lags that can be sent."""
        types = excitation.types
        return cls(
            np.zeros((types + 1, types + SILENCE)),
            np.zeros((types + 1, types)),
            np.zeros((LAG_CONTEXTS, 2 * LAG_REACH + 2)),
            np.zeros((1, lags)),
            [np.zeros((GAIN_CLASSES, len(table))) for table in excitation.gains],
            [np.zeros((1, len(book))) for book in excitation.shapes],
        )

    def add(
        self, symbols: Symbols, contexts: Contexts, silent: npt.NDArray[np.uint8], tables: Tables, band: Band
    ) -> None:
        """Count the symbols of a group. `silent` is uint8 (frames,), 1 for frames of silence."""
        types = symbols.type.astype(np.int64)
        adaptive, kind = types // tables.kinds, types % tables.kinds
        first = np.arange(len(types)) % band.subframes == 0
        sent = np.repeat(silent == 0, band.subframes)
        begun = np.repeat(np.diff(silent.astype(np.int64), prepend=0) == 1, band.subframes) & first
        np.add.at(self.first_type, (contexts.type[first & sent], types[first & sent]), 1)
        np.add.at(self.first_type, (contexts.type[begun], self.first_type.shape[1] - 1), 1)
        np.add.at(self.later_type, (contexts.type[~first & sent], types[~first & sent]), 1)
        used = adaptive > 0
        step = symbols.lag[used].astype(np.int64) - contexts.lag_before[used]
        near = np.abs(step) <= LAG_REACH
        np.add.at(self.lag_steps, (contexts.lag[used], np.where(near, step + LAG_REACH, 2 * LAG_REACH + 1)), 1)
        for shift in range(-_LAG_SPREAD, _LAG_SPREAD + 1):
            spread = np.clip(symbols.lag[used][~near].astype(np.int64) + shift, 0, tables.lags.size - 1)
            np.add.at(self.lags[0], spread, 1 / (2 * _LAG_SPREAD + 1))
        for table, chosen in ((JOINT, used & (kind > 0)), (FIXED, ~used & (kind > 0)), (ADAPTIVE, used & (kind == 0))):
            np.add.at(self.gains[table], (contexts.gain[chosen], symbols.gain[chosen].astype(np.int64)), 1)
        for book, counted in enumerate(self.shapes):
            entries = (symbols.shape[kind == book + 1] >> 1) - tables.books[book]
            np.add.at(counted[0], entries, 1)

    def plus(self, other: Counts) -> Counts:
        """Return the counts of both."""
        return Counts(
            self.first_type + other.first_type,
            self.later_type + other.later_type,
            self.lag_steps + other.lag_steps,
            self.lags + other.lags,
            [mine + theirs for mine, theirs in zip(self.gains, other.gains, strict=True)],
            [mine + theirs for mine, theirs in zip(self.shapes, other.shapes, strict=True)],
        )

    def ideal_costs(self, tables: Tables, fixed_bits: DoubleArray) -> Costs:
        """Return the costs of ideal codes: -log2 of the smoothed probabilities."""
        return costs_of(
            tables, fixed_bits, _ideal(self.first_type[:, : self.later_type.shape[1]]), _ideal(self.later_type),
            _ideal(self.lag_steps), _ideal(self.lags), [_ideal(table) for table in self.gains],
            [_ideal(book) for book in self.shapes],
        )  # fmt: skip

    def code_lengths(self) -> dict[str, npt.NDArray[np.uint8]]:
        """Return Huffman code lengths by name, uint8 (contexts, symbols), as a codebook stores them.

        The tables of gains lie one below the other, with four contexts each. So do the books of shapes, with one each.
        """
        return {
            "first_type": _lengths(self.first_type),
            "later_type": _lengths(self.later_type),
            "lag_steps": _lengths(self.lag_steps),
            "lags": _lengths(self.lags),
            "gains": stacked_rows([_lengths(table) for table in self.gains]),
            "shapes": stacked_rows([_lengths(book) for book in self.shapes] or [np.ones((1, 1), np.uint8)]),
        }


def likely_counts(lengths: Mapping[str, npt.NDArray[np.uint8]], tables: Tables) -> Counts:
    """Return counts for which codes of the given lengths are ideal, _LIKELY symbols in each context.

    `lengths` are those of `Counts.code_lengths`.
    """

    def counts(codes: npt.NDArray[np.uint8]) -> DoubleArray:
        return _LIKELY * np.where(codes > 0, 0.5 ** codes.astype(np.float64), 0)

    gains = np.split(lengths["gains"], GAIN_TABLES)
    return Counts(
        counts(lengths["first_type"]),
        counts(lengths["later_type"]),
        counts(lengths["lag_steps"]),
        counts(lengths["lags"]),
        [counts(table[:, :size]) for table, size in zip(gains, tables.gain_counts)],
        [counts(lengths["shapes"][book : book + 1, :size]) for book, size in enumerate(np.diff(tables.books))],
    )


def flat_counts(excitation: Excitation, lags: int) -> Counts:
    """Return counts by which all symbols are equally probable, except that small differences of lags are more probable.

    `lags` is the number of lags that can be sent.
    """
    counts = Counts.empty(excitation, lags)
    for array in (counts.first_type, counts.later_type, counts.lags, *counts.gains, *counts.shapes):
        array += 1
    distance = np.abs(np.arange(2 * LAG_REACH + 2) - LAG_REACH)
    distance[-1] = 4
    counts.lag_steps += 100 * 2.0 ** (-0.35 * distance)
    return counts


def _smoothed(counts: DoubleArray) -> DoubleArray:
    """Return `counts` with a prior: the smoothed distribution over all contexts, _PRIOR symbols for each context."""
    pooled = counts.sum(axis=0) + 0.3
    return counts + _PRIOR * pooled / pooled.sum()


def _ideal(counts: DoubleArray) -> DoubleArray:
    """Return the bits of ideal codes for the smoothed `counts`."""
    smoothed = _smoothed(counts)
    return -np.log2(smoothed / smoothed.sum(axis=1, keepdims=True))


def _lengths(counts: DoubleArray) -> npt.NDArray[np.uint8]:
    """Return the lengths of Huffman codes for the smoothed `counts`."""
    whole = np.maximum(np.rint(_smoothed(counts) * _COUNT_UNITS), 1).astype(np.int64)
    return TableSet.from_counts(whole, _MAX_LENGTH).lengths
