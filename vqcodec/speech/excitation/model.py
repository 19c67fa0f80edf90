"""What the kernels of the excitation need to know of a table set: codevectors and gains, and what each symbol costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.speech.bands import Band
from vqcodec.speech.excitation import gains, pulse_enumeration
from vqcodec.speech.excitation.adaptive_codebook import interpolators, lag_grid
from vqcodec.speech.excitation.shapes import SHAPE_SCALE, autocorrelations

LAG_REACH = 16  # differences of lag indices up to here are sent as such
SHARPENING_SCALE = 1 << 8
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Tables(NamedTuple):
    """Decoder's tables of one set.

    Attributes:
        kinds: of fixed codevectors: 0 none, then one for each trained book, then one for each number of pulses. An
            excitation's type is adaptive * kinds + kind, adaptive being 1 with an adaptive vector, else 0.
        lags: int64, ascending, 1/12 sample.
        interpolators: float64 (12, taps).
        shapes: float64 (entries, n), unit rms; transposed and shape_lags float32 (n, entries) for the search.
        books: int64 (books + 1,), where each book starts in `shapes`.
        pulse_counts: int64, ascending.
        gains: float64 (3, most, 2), pairs (adaptive, fixed relative to the predicted level) of each table.
        gain_counts: int64 (3,), entries used of them.
        gain_classes, lag_contexts: int64 (3, most), contexts that an entry gives the next subframe.
        level_weights: float64 (2, 4), without and with an adaptive vector; level_bias: float64 (types,), dB.
        sharpening: float64 (1,), weight of a fixed codevector's repetition at short lags.
    """

    kinds: int
    lags: IntArray
    interpolators: DoubleArray
    shapes: DoubleArray
    transposed: npt.NDArray[np.float32]
    shape_lags: npt.NDArray[np.float32]
    books: IntArray
    pulse_counts: IntArray
    gains: DoubleArray
    gain_counts: IntArray
    gain_classes: IntArray
    lag_contexts: IntArray
    level_weights: DoubleArray
    level_bias: DoubleArray
    sharpening: DoubleArray


class Costs(NamedTuple):
    """Bits of every symbol, float64 (contexts, symbols), that the search weighs against distortion.

    Attributes:
        first_type, later_type: of the type, by the type before (one more context: none, at a packet's start).
        lag_steps: (LAG_CONTEXTS, 2 LAG_REACH + 2): differences, the last the escape; lags: (1, lags), after an escape.
        gains: (3, GAIN_CLASSES, most).
        shapes: float32 (entries,), indices within their books.
        fixed: (kinds,): signs and pulses.
    """

    first_type: DoubleArray
    later_type: DoubleArray
    lag_steps: DoubleArray
    lags: DoubleArray
    gains: DoubleArray
    shapes: npt.NDArray[np.float32]
    fixed: DoubleArray


@dataclass
class Excitation:
    """The excitation's parameters of one table set, as trained and as stored: all integers.

    Attributes:
        shapes: one int16 array (entries, n) for each book, in units of 1 / SHAPE_SCALE.
        pulse_counts: uint8, ascending.
        gains: three int32 arrays (entries, 2), by `gains.JOINT`, FIXED, ADAPTIVE, in units of 1 / GAIN_SCALE.
        level_weights: int32 (2, 4); level_bias: int32 (types,).
        sharpening: in units of 1 / SHARPENING_SCALE.
    """

    shapes: list[npt.NDArray[np.int16]]
    pulse_counts: npt.NDArray[np.uint8]
    gains: list[npt.NDArray[np.int32]]
    level_weights: npt.NDArray[np.int32]
    level_bias: npt.NDArray[np.int32]
    sharpening: int

    @property
    def kinds(self) -> int:
        """Kinds of fixed codevectors, none included."""
        return 1 + len(self.shapes) + len(self.pulse_counts)

    @property
    def types(self) -> int:
        """Types of excitation."""
        return 2 * self.kinds

    def tables(self, band: Band) -> Tables:
        """Return the tables that the kernels work with."""
        entries = [len(book) for book in self.shapes]
        shapes = np.concatenate([np.zeros((0, band.subframe), np.int16), *self.shapes]).astype(np.float64) / SHAPE_SCALE
        shapes /= np.sqrt(np.maximum((shapes**2).mean(axis=1, keepdims=True), 1e-9))
        counts = np.array([len(table) for table in self.gains], dtype=np.int64)
        pairs = np.zeros((gains.GAIN_TABLES, counts.max(), 2), dtype=np.int64)
        for table, stored in enumerate(self.gains):
            pairs[table, : len(stored)] = stored
        adaptive = np.array([True, False, True])[:, None]
        return Tables(
            kinds=self.kinds,
            lags=lag_grid(band),
            interpolators=interpolators(),
            shapes=np.ascontiguousarray(shapes),
            transposed=np.ascontiguousarray(shapes.T, dtype=np.float32),
            shape_lags=autocorrelations(shapes),
            books=np.cumsum([0, *entries]).astype(np.int64),
            pulse_counts=self.pulse_counts.astype(np.int64),
            gains=pairs / gains.GAIN_SCALE,
            gain_counts=counts,
            gain_classes=np.where(adaptive, gains.gain_classes(pairs[:, :, 0]), 0),
            lag_contexts=np.where(adaptive, gains.lag_contexts(pairs[:, :, 0]), 0),
            level_weights=self.level_weights / gains.WEIGHT_SCALE,
            level_bias=self.level_bias / gains.LEVEL_SCALE,
            sharpening=np.array([self.sharpening / SHARPENING_SCALE]),
        )

    def fixed_bits(self, band: Band) -> DoubleArray:
        """Return what signs and pulses cost by kind, float64 (kinds,)."""
        pulses = [pulse_enumeration.mean_bits(band.subframe, int(count)) for count in self.pulse_counts]
        return np.array([0.0] + [1.0] * len(self.shapes) + pulses)
