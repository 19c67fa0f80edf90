"""The codebook of a speech engine: a ladder of table sets, from low to high rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError
from vqcodec.speech.bands import BANDS, Band
from vqcodec.speech.celp.codes import NAMES, Codes
from vqcodec.speech.excitation.costs import coded_costs
from vqcodec.speech.excitation.model import Costs, Excitation, Tables
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
    """What a table set is made for. But for `lsf`, only the encoder uses it.

    Attributes:
        lambda_: distortion that a bit is worth, at which the set was trained.
        lsf_lambda: dB^2 that a bit of the LSF quantizer is worth there.
        energy_weight: see `trellis_state.Tradeoff`.
        rate: bit/s of the training material there.
        lsf: number of the LSF codebook.
        post_filter: strength of the post-filter that suits the set, see `post_filter`.
    """

    lambda_: float
    lsf_lambda: float
    energy_weight: float
    rate: float
    lsf: int
    post_filter: int

    def to_row(self) -> list[int]:
        """Return the integers that a codebook stores."""
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
class SpeechTableSet:
    """A table set: one step of the ladder, ready for use.

    Attributes:
        band: narrowband or wideband.
        aims: what it is made for.
        excitation: its codevectors and gains.
        lengths: uint8 code lengths of the excitation's symbols, by name.
        lsf: its LSF codebook, perhaps shared with other table sets.
        equalizer: of the decoded speech.
        rises: whether the stream's packets have rises of the fixed gain and noise floors.
    """

    band: Band
    aims: SetAims
    excitation: Excitation
    lengths: Mapping[str, npt.NDArray[np.uint8]]
    lsf: LsfCodebook
    equalizer: Equalizer
    rises: bool = False

    @cached_property
    def rising(self) -> SpeechTableSet:
        """The same table set for packets with rises and noise floors."""
        return replace(self, rises=True)

    @cached_property
    def tables(self) -> Tables:
        """The excitation's tables for the kernels."""
        return self.excitation.tables(self.band, rises=self.rises)

    @cached_property
    def codes(self) -> Codes:
        """The Huffman codes of all symbols."""
        return Codes(self.lengths, self.excitation.tables(self.band), self.lsf, self.equalizer)

    @cached_property
    def equalizer_filters(self) -> npt.NDArray[np.float64]:
        """The equalizer's filters, float64 (entries, taps)."""
        return self.equalizer.filters(self.band)

    @property
    def filters(self) -> PostFilters:
        """The strengths of the decoder's filters that suit the table set."""
        return PostFilters(self.aims.post_filter, strength_at(self.aims.rate, self.band))

    @cached_property
    def costs(self) -> Costs:
        """The bits of every symbol of the excitation."""
        return coded_costs(self.lengths, self.tables, self.excitation.fixed_bits(self.band))

    def to_arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays by name, as a codebook stores them under `prefix`; `aims` and `lsf` are stored apart."""
        lengths = {f"{prefix}/lengths.{name}": self.lengths[name] for name in NAMES}
        return lengths | self.excitation.to_arrays(prefix) | self.equalizer.to_arrays(prefix)

    @classmethod
    def from_arrays(
        cls, codebook: Codebook, prefix: str, band: Band, aims: SetAims, lsf: LsfCodebook
    ) -> SpeechTableSet:
        """Read back what `to_arrays` gave, and check it.

        Raises:
            CodebookError: an array is missing, or the arrays do not fit together.
            CorruptFileError: the code lengths are no codes.
        """
        excitation = Excitation.from_arrays(codebook.arrays, prefix)
        if not excitation.fits(band):
            raise CodebookError(
                f"codebook '{codebook.name}': the arrays of {prefix} do not fit together; it is damaged"
            )
        lengths = {name: codebook[f"{prefix}/lengths.{name}"] for name in NAMES}
        equalizer = Equalizer.from_arrays(codebook.arrays, prefix, band)
        if not equalizer.fits(band):
            raise CodebookError(f"codebook '{codebook.name}': the equalizer of {prefix} is damaged")
        table_set = cls(band, aims, excitation, lengths, lsf, equalizer)
        table_set.codes.check()
        return table_set


@dataclass(frozen=True)
class SpeechCodebook:
    """All table sets of a codebook, in the order of falling lambda, that is, of rising rate."""

    band: Band
    sets: list[SpeechTableSet]

    @classmethod
    def of(cls, codebook: Codebook) -> SpeechCodebook:
        """Return what `from_codebook` gives; the table sets of the last few codebooks are kept for the next call."""
        return _kept(codebook)

    def to_codebook(self, name: str, provenance: Mapping[str, Any]) -> Codebook:
        """Return the codebook of these table sets, called `name`."""
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

    @classmethod
    def from_codebook(cls, codebook: Codebook) -> SpeechCodebook:
        """Read back what `to_codebook` gave, and check it.

        Raises:
            CodebookError: the codebook is not for a speech engine, or its arrays do not fit together.
            CorruptFileError: its code lengths are no codes.
        """
        band = _BAND_OF_ENGINE.get(codebook.engine)
        if band is None:
            raise CodebookError(
                f"codebook '{codebook.name}' is for {codebook.engine}, not for speech; choose another one"
            )
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
                    raise CodebookError(
                        f"codebook '{codebook.name}': LSFs of order {books[aims.lsf].order}; it is damaged"
                    )
            sets.append(SpeechTableSet.from_arrays(codebook, f"set{number}", band, aims, books[aims.lsf]))
        return cls(band, sets)

    def nearest(self, lambda_: float) -> int:
        """Return the number of the table set whose lambda is nearest to `lambda_`, by ratio."""
        return min(range(len(self.sets)), key=lambda n: abs(math.log(self.sets[n].aims.lambda_ / lambda_)))


@lru_cache(maxsize=4)
def _kept(codebook: Codebook) -> SpeechCodebook:
    return SpeechCodebook.from_codebook(codebook)
