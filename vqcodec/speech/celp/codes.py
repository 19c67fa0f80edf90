"""The Huffman codes of a table set, for writing and for parsing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.huffman import check_lengths
from vqcodec.entropy.tables import DecodeTables, EncodeTables, TableSet
from vqcodec.errors import CodebookError
from vqcodec.speech.excitation.gains import GAIN_CLASSES, GAIN_TABLES, LAG_CONTEXTS
from vqcodec.speech.excitation.model import LAG_REACH, Tables
from vqcodec.speech.filters.equalizer import Equalizer
from vqcodec.speech.lsf_quantizer.codebook import LsfCodebook

NAMES = ("first_type", "later_type", "lag_steps", "lags", "gains", "shapes")


class EncodeCodes(NamedTuple):
    """Tables for `entropy.tables.put_symbol`, one for each kind of symbol."""

    first_type: EncodeTables
    later_type: EncodeTables
    lag_steps: EncodeTables
    lags: EncodeTables
    gains: EncodeTables
    shapes: EncodeTables
    lsf_header: EncodeTables
    lsf_index: EncodeTables
    equalizer: EncodeTables


class DecodeCodes(NamedTuple):
    """Tables for `entropy.tables.get_symbol`, one for each kind of symbol."""

    first_type: DecodeTables
    later_type: DecodeTables
    lag_steps: DecodeTables
    lags: DecodeTables
    gains: DecodeTables
    shapes: DecodeTables
    lsf_header: DecodeTables
    lsf_index: DecodeTables
    equalizer: DecodeTables


class Syntax(NamedTuple):
    """What writing or parsing needs to know of the table set.

    Attributes:
        tables: of the excitation.
        codes: EncodeCodes to write, DecodeCodes to parse.
        depths: uint8 (headers,), number of stage indices that follow each LSF header.
        vector_counts: see `pulse_enumeration.counts_of_vectors`.
    """

    tables: Tables
    codes: EncodeCodes | DecodeCodes
    depths: npt.NDArray[np.uint8]
    vector_counts: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Codes:
    """The Huffman codes of a table set, by their code lengths.

    Attributes:
        lengths: uint8 arrays of the excitation's symbols by name (see `statistics.Counts.code_lengths`).
        tables: of the excitation, which the lengths must fit.
        lsf, equalizer: with the code lengths of their own symbols.
    """

    lengths: Mapping[str, npt.NDArray[np.uint8]]
    tables: Tables
    lsf: LsfCodebook
    equalizer: Equalizer

    def check(self) -> None:
        """Check the code lengths of the excitation and of the equalizer; an LsfCodebook has checked its own.

        Raises:
            CodebookError: they do not fit the tables.
            CorruptFileError: they are no codes.
        """
        types = len(self.tables.level_bias)
        sizes = np.diff(self.tables.books)
        wanted = {
            "first_type": (types + 1, types + 1),
            "later_type": (types + 1, types),
            "lag_steps": (LAG_CONTEXTS, 2 * LAG_REACH + 2),
            "lags": (1, self.tables.lags.size),
            "gains": (GAIN_TABLES * GAIN_CLASSES, self.tables.gains.shape[1]),
            "shapes": (max(1, sizes.size), int(sizes.max(initial=1))),
        }
        for name, shape in wanted.items():
            if self.lengths[name].shape != shape or self.lengths[name].dtype != np.uint8:
                raise CodebookError(f"speech codebook: code lengths '{name}' do not fit its tables; it is damaged")
        limits = np.repeat(self.tables.gain_counts, GAIN_CLASSES), sizes if sizes.size else np.ones(1, np.int64)
        for name, limit in zip(("gains", "shapes"), limits):
            beyond = np.arange(self.lengths[name].shape[1]) >= limit[:, None]
            if self.lengths[name][beyond].any():
                raise CodebookError(f"speech codebook: '{name}' has codes for entries that do not exist; it is damaged")
        for name in NAMES:
            check_lengths(self.lengths[name], _subject(name))
        check_lengths(self.equalizer.lengths, _subject("equalizer"))

    @cached_property
    def _sets(self) -> list[TableSet]:
        own = [TableSet(self.lengths[name], _subject(name)) for name in NAMES]
        return [*own, self.lsf.header_tables, self.lsf.index_tables, self.equalizer.code]

    @cached_property
    def encoder(self) -> EncodeCodes:
        """Tables for writing."""
        return EncodeCodes(*[one.encoder for one in self._sets])

    @cached_property
    def decoder(self) -> DecodeCodes:
        """Tables for parsing."""
        return DecodeCodes(*[one.decoder for one in self._sets])


def _subject(name: str) -> str:
    """Return what error messages call the code lengths `name`."""
    return f"speech codebook's code lengths '{name}'"
