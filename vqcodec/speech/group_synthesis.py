"""Synthesis of runs of frames, with what it remembers from one run to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vqcodec.jit import kernel
from vqcodec.speech.adaptive_codebook import LAG_UNITS, history_length
from vqcodec.speech.gains import INITIAL_LEVEL
from vqcodec.speech.lsf import interpolate_lpc
from vqcodec.speech.lsf_codebook import UNIT
from vqcodec.speech.speech_codebook import TableSet
from vqcodec.speech.synthesis import build_excitation, synthesize
from vqcodec.speech.trellis_state import Symbols

DoubleArray = npt.NDArray[np.float64]


@dataclass
class SynthesisState:
    """What synthesis remembers within a group.

    Attributes:
        history: past excitation; levels: see `gains.remember_levels`; memory: past speech.
        lsf: float64 (order,), the vector at the present frame boundary; None before the first one.
        lag: samples, the pitch lag used last.
    """

    history: DoubleArray
    levels: DoubleArray
    memory: DoubleArray
    lsf: DoubleArray | None
    lag: int

    @classmethod
    def clean(cls, table_set: TableSet) -> SynthesisState:
        """Return the state at the start of a group."""
        band = table_set.band
        return cls(
            np.zeros(history_length(band)), np.full(3, INITIAL_LEVEL), np.zeros(band.order), None, band.lag_max
        )

    def boundary(self, table_set: TableSet) -> DoubleArray:
        """Return the LSFs to go on from: the last ones, or what stands before the first."""
        return table_set.lsf.start * UNIT if self.lsf is None else self.lsf


def synthesize_frames(symbols: Symbols, lsf: DoubleArray, table_set: TableSet, state: SynthesisState) -> DoubleArray:
    """Return the speech of frames with LSFs `lsf` (frames + 1, order) at their boundaries; `state` moves on."""
    band = table_set.band
    speech = np.empty((len(symbols.type), band.subframe))
    lpc = interpolate_lpc(lsf, band.subframes)
    _synthesize(symbols, lpc, table_set.tables, state.history, state.levels, state.memory, speech)
    state.lsf = lsf[-1]
    state.lag = int(table_set.tables.lags[symbols.lag[-1]]) // LAG_UNITS
    return speech.reshape(-1)


@kernel
def _synthesize(symbols, lpc, tables, history, levels, memory, speech):
    """Fill `speech`, float64 (subframes, n)."""
    excitation = np.empty(speech.shape[1])
    fixed = np.empty(speech.shape[1])
    for subframe in range(speech.shape[0]):
        build_excitation(
            tables, np.int64(symbols.type[subframe]), np.int64(symbols.lag[subframe]),
            np.int64(symbols.gain[subframe]), np.int64(symbols.shape[subframe]), symbols.pulses[subframe],
            history, levels, excitation, fixed,
        )  # fmt: skip
        synthesize(lpc[subframe], excitation, memory, speech[subframe])
