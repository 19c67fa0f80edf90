"""The codebook of a speech engine: table sets for a ladder of rates, as stored integers and as the codec uses them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError
from vqcodec.limits import MAX_CODEWORDS
from vqcodec.speech.bands import BANDS, Band
from vqcodec.speech.celp.codes import NAMES, Codes
from vqcodec.speech.excitation import gains
from vqcodec.speech.excitation.costs import coded_costs
from vqcodec.speech.excitation.model import Costs, Excitation, Tables
from vqcodec.speech.excitation.pulse_enumeration import MAX_PULSES
from vqcodec.speech.filters.equalizer import Equalizer
from vqcodec.speech.filters.pitch_filter import strength_at
from vqcodec.speech.filters.strengths import PostFilters
from vqcodec.speech.lsf_quantizer.codebook import LsfCodebook

MAX_SETS = 16
LAMBDA_UNIT = 1e-7  # of stored distortions a bit
LSF_LAMBDA_UNIT = 1e-4  # dB^2 a bit
ENERGY_UNIT = 1e-3
RATE_UNIT = 1.0  # bit/s
_BAND_OF_ENGINE = {band.engine: band for band in BANDS.values()}


@dataclass(frozen=True)
class SetAims:
    """What a table set is for: the encoder's side of it.

    Attributes:
        lambda_: distortion a bit at which it was trained.
        lsf_lambda: dB^2 a bit of the LSF quantizer there.
        energy_weight: see `gains.search_gains`.
        rate: bit/s of the training material there.
        lsf: number of the LSF codebook.
        post_filter: strength that suits it, see `post_filter`.
    """

    lambda_: float
    lsf_lambda: float
    energy_weight: float
    rate: float
    lsf: int
    post_filter: int

    def to_row(self) -> list[int]:
        """The integers that a codebook stores."""
        return [
            round(self.lambda_ / LAMBDA_UNIT),
            round(self.lsf_lambda / LSF_LAMBDA_UNIT),
            round(self.energy_weight / ENERGY_UNIT),
            round(self.rate / RATE_UNIT),
            self.lsf,
            self.post_filter,
        ]

    @classmethod
    def from_row(cls, row: Sequence[int]) -> SetAims:
        """Read back what `to_row` gave."""
        numbers = [int(number) for number in row]
        return cls(
            numbers[0] * LAMBDA_UNIT, numbers[1] * LSF_LAMBDA_UNIT, numbers[2] * ENERGY_UNIT, numbers[3] * RATE_UNIT,
            numbers[4], numbers[5],
        )  # fmt: skip


@dataclass(frozen=True)
class TableSet:
    """One step of the ladder, ready for use."""

    band: Band
    aims: SetAims
    excitation: Excitation
    lengths: Mapping[str, npt.NDArray[np.uint8]]
    lsf: LsfCodebook
    equalizer: Equalizer

    @cached_property
    def tables(self) -> Tables:
        """What the kernels work with."""
        return self.excitation.tables(self.band)

    @cached_property
    def codes(self) -> Codes:
        """The Huffman codes."""
        return Codes(self.lengths, self.tables, self.lsf, self.equalizer)

    @cached_property
    def equalizer_filters(self) -> npt.NDArray[np.float64]:
        """The equalizer's filters, float64 (entries, taps)."""
        return self.equalizer.filters(self.band)

    @property
    def filters(self) -> PostFilters:
        """The decoder's filters that suit it."""
        return PostFilters(self.aims.post_filter, strength_at(self.aims.rate, self.band))

    @cached_property
    def costs(self) -> Costs:
        """Bits of every symbol."""
        return coded_costs(self.lengths, self.tables, self.excitation.fixed_bits(self.band))

    def to_arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """The arrays by name."""
        stored = self.excitation
        arrays: dict[str, np.ndarray] = {f"{prefix}/lengths.{name}": self.lengths[name] for name in NAMES}
        arrays |= {f"{prefix}/shapes{number}": book for number, book in enumerate(stored.shapes)}
        arrays |= {f"{prefix}/gains{number}": pairs for number, pairs in enumerate(stored.gains)}
        if self.equalizer.entries > 1:
            arrays |= {
                f"{prefix}/equalizer": self.equalizer.gains,
                f"{prefix}/lengths.equalizer": self.equalizer.lengths,
            }
        return arrays | {
            f"{prefix}/pulse_counts": stored.pulse_counts,
            f"{prefix}/level_weights": stored.level_weights,
            f"{prefix}/level_bias": stored.level_bias,
            f"{prefix}/sharpening": np.array([stored.sharpening], dtype=np.int32),
        }


@dataclass(frozen=True)
class SpeechCodebook:
    """All table sets of a codebook, in the order of falling lambda (rising rate)."""

    band: Band
    sets: list[TableSet]

    @classmethod
    def of(cls, codebook: Codebook) -> SpeechCodebook:
        """Return the table sets of `codebook`; checked, and kept for the next call.

        Raises:
            CodebookError: it is not for a speech engine, or its arrays do not fit together.
            CorruptFileError: its code lengths are no codes.
        """
        return _of(codebook)

    def to_codebook(self, name: str, provenance: Mapping[str, Any]) -> Codebook:
        """Return the codebook of these table sets."""
        books: list[LsfCodebook] = []
        arrays: dict[str, np.ndarray] = {}
        rows = []
        for number, one in enumerate(self.sets):
            if not any(one.lsf is book for book in books):
                books.append(one.lsf)
            place = next(place for place, book in enumerate(books) if book is one.lsf)
            rows.append([*one.aims.to_row()[:4], place, one.aims.post_filter])
            arrays |= one.to_arrays(f"set{number}")
        for place, book in enumerate(books):
            arrays |= book.to_arrays(f"lsf{place}")
        arrays["ladder"] = np.array(rows, dtype=np.int32)
        return Codebook(self.band.engine, name, arrays, provenance)

    def nearest(self, lambda_: float) -> int:
        """Return the number of the set whose lambda is nearest by ratio."""
        return min(range(len(self.sets)), key=lambda n: abs(math.log(self.sets[n].aims.lambda_ / lambda_)))


@lru_cache(maxsize=4)
def _of(codebook: Codebook) -> SpeechCodebook:
    band = _BAND_OF_ENGINE.get(codebook.engine)
    if band is None:
        raise CodebookError(f"codebook '{codebook.name}' is for {codebook.engine}, not for speech; choose another one")
    ladder = codebook["ladder"]
    if ladder.ndim != 2 or ladder.shape[1] != 6 or not 1 <= len(ladder) <= MAX_SETS or ladder[:, :2].min() < 1:
        raise CodebookError(f"codebook '{codebook.name}': its ladder of rates is damaged")
    books: dict[int, LsfCodebook] = {}
    sets = []
    for number, row in enumerate(ladder):
        aims = SetAims.from_row(row)
        if aims.lsf not in books:
            books[aims.lsf] = LsfCodebook.from_arrays(codebook.arrays, f"lsf{aims.lsf}")
            if books[aims.lsf].order != band.order:
                raise CodebookError(f"codebook '{codebook.name}': LSFs of order {books[aims.lsf].order}; it is damaged")
        prefix = f"set{number}"
        excitation = _excitation(codebook, prefix, band)
        lengths = {name: codebook[f"{prefix}/lengths.{name}"] for name in NAMES}
        one = TableSet(band, aims, excitation, lengths, books[aims.lsf], _equalizer(codebook, prefix, band))
        one.codes  # noqa: B018  (proves the lengths)
        sets.append(one)
    return SpeechCodebook(band, sets)


def _equalizer(codebook: Codebook, prefix: str, band: Band) -> Equalizer:
    """Return the equalizer under `prefix`, checked; codebooks may be without one."""
    if f"{prefix}/equalizer" not in codebook.arrays:
        return Equalizer.none(band)
    equalizer = Equalizer(codebook[f"{prefix}/equalizer"], codebook[f"{prefix}/lengths.equalizer"])
    if not equalizer.fits(band):
        raise CodebookError(f"codebook '{codebook.name}': the equalizer of {prefix} is damaged")
    return equalizer


def _excitation(codebook: Codebook, prefix: str, band: Band) -> Excitation:
    """Return the excitation's parameters under `prefix`, checked."""
    shapes: list[np.ndarray] = []
    while f"{prefix}/shapes{len(shapes)}" in codebook.arrays:
        shapes.append(codebook[f"{prefix}/shapes{len(shapes)}"])
    pairs = [codebook[f"{prefix}/gains{number}"] for number in range(gains.GAIN_TABLES)]
    pulse_counts = codebook[f"{prefix}/pulse_counts"]
    excitation = Excitation(
        shapes=shapes,
        pulse_counts=pulse_counts,
        gains=pairs,
        level_weights=codebook[f"{prefix}/level_weights"],
        level_bias=codebook[f"{prefix}/level_bias"],
        sharpening=int(codebook[f"{prefix}/sharpening"].flat[0]),
    )
    sound = (
        all(book.dtype == np.int16 and book.shape[1:] == (band.subframe,) for book in shapes)
        and sum(map(len, shapes)) <= MAX_CODEWORDS
        and all(table.dtype == np.int32 and table.shape[1:] == (2,) and table.min() >= 0 for table in pairs)
        and pulse_counts.ndim == 1
        and (np.diff(pulse_counts.astype(np.int64), prepend=0) > 0).all()
        and pulse_counts.max() <= MAX_PULSES
        and excitation.level_weights.shape == (2, gains.LEVEL_INPUTS)
        and excitation.level_bias.shape == (excitation.types,)
    )
    if not sound:
        raise CodebookError(f"codebook '{codebook.name}': the arrays of {prefix} do not fit together; it is damaged")
    return excitation
