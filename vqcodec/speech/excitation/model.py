"""What the excitation's kernels need to know of a table set: codevectors, gains, and what each symbol costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.errors import CodebookError
from vqcodec.limits import MAX_CODEWORDS
from vqcodec.speech.bands import Band
from vqcodec.speech.excitation import gains, pulse_enumeration
from vqcodec.speech.excitation.adaptive_codebook import interpolators, lag_grid
from vqcodec.speech.excitation.shapes import SHAPE_SCALE, autocorrelations

LAG_REACH = 16  # largest difference of lag indices that is sent as a difference
SHARPENING_SCALE = 1 << 8
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Tables(NamedTuple):
    """The decoder's tables of one table set.

    Attributes:
        kinds: number of kinds of fixed vector. Kind 0 is none; then comes one for each trained book, then one for each
            number of pulses. An excitation's type is adaptive * kinds + kind, where adaptive is 1 with an adaptive
            vector, else 0.
        lags: int64, ascending, in 1/12 sample.
        interpolators: float64 (12, taps).
        shapes: float64 (entries, n), of unit rms.
        transposed: float32 (n, entries), the shapes for the search.
        shape_lags: float32 (n, entries), see `shapes.autocorrelations`.
        books: int64 (books + 1,), where each book starts in `shapes`.
        pulse_counts: int64, ascending.
        gains: float64 (3, most, 2), pairs (adaptive gain, fixed gain relative to the predicted level) of each table.
        gain_counts: int64 (3,), number of entries used of each table.
        gain_classes, lag_contexts: int64 (3, most), contexts that an entry gives the next subframe.
        level_weights: float64 (2, 4), without and with an adaptive vector.
        level_bias: float64 (types,), dB.
        sharpening: float64 (1,), weight of a fixed vector's repetition at short lags.
        loudest: entry of the fixed gains after which a rise is sent; -1 if there are no rises. With rises, the last
            `gains.RISES` entries used of that table are the loudest one after each rise above 0.
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
    loudest: int


class Costs(NamedTuple):
    """Bits of every symbol, which the search weighs against distortion; float64 (contexts, symbols) unless said.

    Attributes:
        first_type, later_type: of the type, by the type before; one more context stands for a packet's start.
        lag_steps: (LAG_CONTEXTS, 2 LAG_REACH + 2), of differences; the last is the escape.
        lags: (1, lags), of a lag after an escape.
        gains: (3, GAIN_CLASSES, most).
        shapes: float32 (entries,), of indices within their books.
        fixed: (kinds,), of signs and pulses.
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
    """The excitation's parameters of one table set, all integers, as trained and as stored.

    Attributes:
        shapes: one int16 array (entries, n) for each book, in units of 1 / SHAPE_SCALE.
        pulse_counts: uint8, ascending.
        gains: three int32 arrays (entries, 2), by `gains.JOINT`, FIXED, ADAPTIVE, in units of 1 / GAIN_SCALE.
        level_weights: int32 (2, 4), in units of 1 / WEIGHT_SCALE.
        level_bias: int32 (types,), in units of 1 / LEVEL_SCALE dB.
        sharpening: in units of 1 / SHARPENING_SCALE.
    """

    shapes: list[npt.NDArray[np.int16]]
    pulse_counts: npt.NDArray[np.uint8]
    gains: list[npt.NDArray[np.int32]]
    level_weights: npt.NDArray[np.int32]
    level_bias: npt.NDArray[np.int32]
    sharpening: int

    def to_arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays by name, as a codebook stores them."""
        arrays: dict[str, np.ndarray] = {f"{prefix}/shapes{number}": book for number, book in enumerate(self.shapes)}
        arrays |= {f"{prefix}/gains{number}": pairs for number, pairs in enumerate(self.gains)}
        return arrays | {
            f"{prefix}/pulse_counts": self.pulse_counts,
            f"{prefix}/level_weights": self.level_weights,
            f"{prefix}/level_bias": self.level_bias,
            f"{prefix}/sharpening": np.array([self.sharpening], dtype=np.int32),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str) -> Excitation:
        """Read back what `to_arrays` gave.

        Raises:
            CodebookError: an array is missing.
        """

        def stored(name: str) -> np.ndarray:
            if f"{prefix}/{name}" not in arrays:
                raise CodebookError(f"speech codebook: it has no array '{prefix}/{name}'; use a whole codebook")
            return arrays[f"{prefix}/{name}"]

        shapes: list[np.ndarray] = []
        while f"{prefix}/shapes{len(shapes)}" in arrays:
            shapes.append(stored(f"shapes{len(shapes)}"))
        return cls(
            shapes=shapes,
            pulse_counts=stored("pulse_counts"),
            gains=[stored(f"gains{number}") for number in range(gains.GAIN_TABLES)],
            level_weights=stored("level_weights"),
            level_bias=stored("level_bias"),
            sharpening=int(stored("sharpening").flat[0]),
        )

    def fits(self, band: Band) -> bool:
        """Return whether the arrays have the right types, shapes and ranges, and belong to `band`."""
        return bool(
            all(book.dtype == np.int16 and book.shape[1:] == (band.subframe,) for book in self.shapes)
            and sum(map(len, self.shapes)) <= MAX_CODEWORDS
            and all(table.dtype == np.int32 and table.shape[1:] == (2,) and table.min() >= 0 for table in self.gains)
            and self.pulse_counts.ndim == 1
            and (np.diff(self.pulse_counts.astype(np.int64), prepend=0) > 0).all()
            and self.pulse_counts.max() <= pulse_enumeration.MAX_PULSES
            and self.level_weights.shape == (2, gains.LEVEL_INPUTS)
            and self.level_bias.shape == (self.types,)
        )

    @property
    def kinds(self) -> int:
        """Number of kinds of fixed vector, counting none as one."""
        return 1 + len(self.shapes) + len(self.pulse_counts)

    @property
    def types(self) -> int:
        """Number of types of excitation."""
        return 2 * self.kinds

    def tables(self, band: Band, *, rises: bool = False) -> Tables:
        """Return the tables that the kernels work with, with or without rises of the fixed gain."""
        entries = [len(book) for book in self.shapes]
        shapes = np.concatenate([np.zeros((0, band.subframe), np.int16), *self.shapes]).astype(np.float64) / SHAPE_SCALE
        shapes /= np.sqrt(np.maximum((shapes**2).mean(axis=1, keepdims=True), 1e-9))
        tables: list[np.ndarray] = list(self.gains)
        loudest = -1
        if rises:
            alone = self.gains[gains.FIXED]
            loudest = int(alone[:, 1].argmax())
            tables[gains.FIXED] = np.concatenate([alone, alone[loudest] * gains.rise_factors()[:, None]])
        counts = np.array([len(table) for table in tables], dtype=np.int64)
        pairs = np.zeros((gains.GAIN_TABLES, counts.max(), 2))
        for table, stored in enumerate(tables):
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
            loudest=loudest,
        )

    def fixed_bits(self, band: Band) -> DoubleArray:
        """Return the bits of signs and pulses by kind, float64 (kinds,)."""
        pulses = [pulse_enumeration.mean_bits(band.subframe, int(count)) for count in self.pulse_counts]
        return np.array([0.0] + [1.0] * len(self.shapes) + pulses)
