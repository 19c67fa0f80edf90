"""Synthesis of runs of frames, and the state that it carries from one run to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel
from vqcodec.speech.celp.speech_codebook import SpeechTableSet
from vqcodec.speech.excitation.adaptive_codebook import LAG_UNITS, history_length
from vqcodec.speech.excitation.gains import INITIAL_LEVEL
from vqcodec.speech.excitation.synthesis import build_excitation, synthesize
from vqcodec.speech.excitation.trellis_state import Symbols
from vqcodec.speech.filters.equalizer import TAPS, equalize
from vqcodec.speech.filters.post_filter import post_filter_subframes
from vqcodec.speech.lsf_quantizer.codebook import UNIT
from vqcodec.speech.signal.lsf import interpolate_lpc

DoubleArray = npt.NDArray[np.float64]


@dataclass
class SynthesisState:
    """The state of synthesis within a group.

    Attributes:
        history: float64, the past excitation.
        levels: float64 (3,), see `gains.remember_levels`.
        memory: float64 (order,), the past speech.
        lsf: float64 (order,), radians, the vector at the present frame boundary; None before the first one.
        lag: samples, the pitch lag used last.
        post_inputs, post_outputs, post_gain: see `post_filter.post_filter`.
        unequalized: float64 (TAPS - 1,), the last samples that went into the equalizer.
        entry: int64 (1,), the last entry of the equalizer.
    """

    history: DoubleArray
    levels: DoubleArray
    memory: DoubleArray
    lsf: DoubleArray | None
    lag: int
    post_inputs: DoubleArray
    post_outputs: DoubleArray
    post_gain: DoubleArray
    unequalized: DoubleArray
    entry: npt.NDArray[np.int64]

    @classmethod
    def clean(cls, table_set: SpeechTableSet) -> SynthesisState:
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
            unequalized=np.zeros(TAPS - 1),
            entry=np.zeros(1, dtype=np.int64),
        )

    def boundary(self, table_set: SpeechTableSet) -> DoubleArray:
        """Return the LSF vector to go on from, in radians: the last one, or the one that stands before the first."""
        return table_set.lsf.start.astype(np.float64) * UNIT if self.lsf is None else self.lsf


def cut(symbols: Symbols, first: int, stop: int) -> Symbols:
    """Return the symbols of subframes `first` to `stop`, `stop` not included."""
    return Symbols._make(array[first:stop] for array in symbols)


class Frames(NamedTuple):
    """The decoded parameters of a run of frames.

    Attributes:
        excitation: symbols of its subframes.
        lsf: float64 (frames + 1, order), radians, at the frame boundaries.
        entries: int64 (frames,), of the equalizer.
    """

    excitation: Symbols
    lsf: DoubleArray
    entries: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.entries)

    def part(self, first: int, stop: int) -> Frames:
        """Return frames `first` to `stop`, `stop` not included."""
        subframes = len(self.excitation.type) // len(self)
        excitation = cut(self.excitation, first * subframes, stop * subframes)
        return Frames(excitation, self.lsf[first : stop + 1], self.entries[first:stop])


def synthesize_frames(frames: Frames, table_set: SpeechTableSet, state: SynthesisState, strength: int) -> DoubleArray:
    """Return the speech of frames, float64 (frames * band.frame,), and bring `state` up to date.

    Args:
        frames: at least one.
        table_set: of the stream.
        state: at the first boundary.
        strength: of the post-filter, 0 for none.
    """
    band = table_set.band
    symbols = frames.excitation
    lpc = interpolate_lpc(frames.lsf, band.subframes)
    speech = np.empty((len(symbols.type), band.subframe))
    _synthesize(symbols, lpc, table_set.tables, state.history, state.levels, state.memory, speech)
    state.lsf = frames.lsf[-1]
    state.lag = int(table_set.tables.lags[symbols.lag[-1]]) // LAG_UNITS
    return finish(speech, lpc, frames.entries, table_set, state, strength)


def finish(
    speech: DoubleArray,
    lpc: DoubleArray,
    entries: npt.NDArray[np.int64],
    table_set: SpeechTableSet,
    state: SynthesisState,
    strength: int,
) -> DoubleArray:
    """Return `speech` post-filtered and equalized, float64 (frames * band.frame,), and bring `state` up to date.

    Args:
        speech: float64 (subframes, n).
        lpc: float64 (subframes, order + 1).
        entries: int64 (frames,), of the equalizer.
        table_set: of the stream.
        state: at the start of `speech`.
        strength: of the post-filter, 0 for none.
    """
    if strength > 0:
        filtered = np.empty(speech.shape)
        post_filter_subframes(speech, lpc, strength, state.post_inputs, state.post_outputs, state.post_gain, filtered)
        speech = filtered
    row = speech.reshape(-1)
    if table_set.equalizer.entries == 1:
        return row
    equalized = np.empty(len(row))
    fade = table_set.band.subframe
    equalize(row, table_set.equalizer_filters, entries, fade, state.unequalized, state.entry, equalized)
    return equalized


@allocating_kernel
def _synthesize(symbols, lpc, tables, history, levels, memory, speech):
    """Fill `speech`, float64 (subframes, n), without post-filter and equalizer."""
    excitation = np.empty(speech.shape[1])
    fixed = np.empty(speech.shape[1])
    for subframe in range(speech.shape[0]):
        build_excitation(
            tables, np.int64(symbols.type[subframe]), np.int64(symbols.lag[subframe]),
            np.int64(symbols.gain[subframe]), np.int64(symbols.shape[subframe]), symbols.pulses[subframe],
            history, levels, excitation, fixed,
        )  # fmt: skip
        synthesize(lpc[subframe], excitation, memory, speech[subframe])
