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
from vqcodec.speech.post_filter import post_filter_subframes
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
        post_inputs, post_outputs, post_gain: see `post_filter.post_filter`.
    """

    history: DoubleArray
    levels: DoubleArray
    memory: DoubleArray
    lsf: DoubleArray | None
    lag: int
    post_inputs: DoubleArray
    post_outputs: DoubleArray
    post_gain: DoubleArray

    @classmethod
    def clean(cls, table_set: TableSet) -> SynthesisState:
        """Return the state at the start of a group."""
        band = table_set.band
        return cls(
            history=np.zeros(history_length(band)),
            levels=np.full(3, INITIAL_LEVEL),
            memory=np.zeros(band.order),
            lsf=None,
            lag=band.lag_max,
            post_inputs=np.zeros(band.order),
            post_outputs=np.zeros(band.order),
            post_gain=np.ones(1),
        )

    def boundary(self, table_set: TableSet) -> DoubleArray:
        """Return the LSFs to go on from: the last ones, or what stands before the first."""
        return table_set.lsf.start.astype(np.float64) * UNIT if self.lsf is None else self.lsf


def synthesize_frames(
    symbols: Symbols, lsf: DoubleArray, table_set: TableSet, state: SynthesisState, strength: int
) -> DoubleArray:
    """Return the speech of frames, float64 (frames * band.frame,); `state` moves on.

    Args:
        symbols: of the frames.
        lsf: float64 (frames + 1, order), at the frame boundaries.
        table_set: of the stream.
        state: at the first boundary.
        strength: of the post-filter, 0 for none.
    """
    band = table_set.band
    lpc = interpolate_lpc(lsf, band.subframes)
    speech = np.empty((len(symbols.type), band.subframe))
    _synthesize(symbols, lpc, table_set.tables, state.history, state.levels, state.memory, speech)
    state.lsf = lsf[-1]
    state.lag = int(table_set.tables.lags[symbols.lag[-1]]) // LAG_UNITS
    return finish(speech, lpc, state, strength)


def finish(speech: DoubleArray, lpc: DoubleArray, state: SynthesisState, strength: int) -> DoubleArray:
    """Return `speech` (subframes, n) post-filtered, if `strength` is above 0, as one row; `state` moves on."""
    if strength == 0:
        return speech.reshape(-1)
    filtered = np.empty(speech.shape)
    post_filter_subframes(speech, lpc, strength, state.post_inputs, state.post_outputs, state.post_gain, filtered)
    return filtered.reshape(-1)


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
