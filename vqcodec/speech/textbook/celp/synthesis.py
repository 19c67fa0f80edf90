"""Synthesis of fixed-rate CELP: fields to speech, by the one routine of encoder, decoder and training (FORMAT.md, 15).

A frame is 240 samples (30 ms), four subframes of 60. The fields of a frame are its level, ten LSFs, and for each
subframe lag, adaptive gain, codeword, sign and magnitude.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inner_kernel, kernel
from vqcodec.speech.bands import NARROWBAND
from vqcodec.speech.excitation.adaptive_codebook import build_adaptive_vector, history_length
from vqcodec.speech.excitation.synthesis import MAX_EXCITATION, synthesize
from vqcodec.speech.filters.post_filter import post_filter_subframes
from vqcodec.speech.lsf_quantizer.codebook import UNIT
from vqcodec.speech.lsf_quantizer.decoding import enforce_order
from vqcodec.speech.signal.lsf import interpolate_lpc

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

BAND = replace(
    NARROWBAND, frame=240, subframe=60, lag_min=20, lag_max=147, lag_knees=(34, 77), lag_resolutions=(4, 3, 1)
)  # 256 lags, half of them of whole samples, as in FS1016
ORDER = BAND.order
SUBFRAME = BAND.subframe
SUBFRAMES = BAND.subframes

LEVEL_BITS, GAIN_BITS, CODEWORD_BITS, SIGN_BITS, MAGNITUDE_BITS = 6, 5, 9, 1, 4
LSF_BITS = (3, 4, 4, 4, 4, 3, 3, 3, 3, 3)
LAG_BITS, DELTA_BITS = 8, 6
LAGS, DELTAS, CODEWORDS = 1 << LAG_BITS, 1 << DELTA_BITS, 1 << CODEWORD_BITS
SHIFT = 2  # samples by which the next codeword begins earlier in the sequence
SEQUENCE = SUBFRAME + SHIFT * (CODEWORDS - 1)

FIRST_LSF = 1  # fields of a frame: the level, the LSFs, then those of the subframes
FIRST_LAG = FIRST_LSF + ORDER
SUBFRAME_FIELDS = 5


class Tables(NamedTuple):
    """What is fixed.

    Attributes:
        lags: int64 (256,), in 1/12 sample. interpolators: see `adaptive_codebook.interpolators`.
        sequence: float64 (SEQUENCE,), -1, 0 and 1.
        adaptive_gains: float64 (32,). magnitudes: float64 (16,). levels: float64 (64,), the first 0.
        lsf: int64 (10, 16), in units of pi / 32768. gap: of them, least distance.
        post_filter: strength.
    """

    lags: IntArray
    interpolators: DoubleArray
    sequence: DoubleArray
    adaptive_gains: DoubleArray
    magnitudes: DoubleArray
    levels: DoubleArray
    lsf: IntArray
    gap: int
    post_filter: int


class State(NamedTuple):
    """What changes within a packet.

    Attributes:
        history: float64 (past,), the excitation. memory: float64 (weighting order,), the last samples of speech.
        vector, excitation, output: float64 (SUBFRAME,), room.
    """

    history: DoubleArray
    memory: DoubleArray
    vector: DoubleArray
    excitation: DoubleArray
    output: DoubleArray


def clean_state() -> State:
    """Return the state at the start of a packet."""
    room = [np.zeros(SUBFRAME) for _ in range(3)]
    return State(np.zeros(history_length(BAND)), np.zeros(BAND.weighting_order), *room)


def predictors(fields: IntArray, tables: Tables) -> DoubleArray:
    """Return A(z) of the subframes of a packet, float64 (frames * SUBFRAMES, ORDER + 1).

    The vector of a frame is that at its end; at the start of the packet stands that of the first frame.
    """
    vectors = np.empty((len(fields) + 1, ORDER), np.int64)
    _decode_lsf(np.ascontiguousarray(fields[:, FIRST_LSF:FIRST_LAG]), tables.lsf, tables.gap, vectors)
    return interpolate_lpc(vectors * UNIT, SUBFRAMES)


def synthesize_packet(fields: IntArray, tables: Tables) -> DoubleArray:
    """Return the speech of a packet, float64 (frames * 240,), from its fields, int64 (frames, fields)."""
    lpc = predictors(fields, tables)
    speech = np.empty((len(lpc), SUBFRAME))
    _synthesize(fields, lpc, tables, clean_state(), speech)
    if tables.post_filter == 0:
        return speech.reshape(-1)
    filtered = np.empty_like(speech)
    post_filter_subframes(
        speech, lpc, tables.post_filter, np.zeros(ORDER), np.zeros(ORDER), np.ones(1), filtered
    )  # fmt: skip
    return filtered.reshape(-1)


@kernel
def _decode_lsf(indices, levels, gap, vectors):
    """Fill `vectors`, int64 (frames + 1, order), from `indices`, int64 (frames, order)."""
    for frame in range(indices.shape[0]):
        for i in range(indices.shape[1]):
            vectors[frame + 1, i] = levels[i, indices[frame, i]]
        enforce_order(vectors[frame + 1], gap)
    vectors[0] = vectors[1]


@inner_kernel
def first_lag(subframe, previous):
    """Return the first lag index that can be sent: even subframes have them all, odd ones 64 around `previous`."""
    if subframe % 2 == 0:
        return 0
    return min(max(previous - DELTAS // 2, 0), LAGS - DELTAS)


@inner_kernel
def run_subframe(lag, adaptive_gain, codeword, fixed_gain, lpc, tables, state):
    """Fill state.output with a subframe of speech: `lag` and `codeword` are indices, the gains values."""
    build_adaptive_vector(state.history, tables.lags[lag], tables.interpolators, state.vector)
    start = SHIFT * (CODEWORDS - 1 - codeword)
    for n in range(SUBFRAME):
        value = adaptive_gain * state.vector[n] + fixed_gain * tables.sequence[start + n]
        state.excitation[n] = min(max(value, -MAX_EXCITATION), MAX_EXCITATION)
    past = state.history.size
    for n in range(past - SUBFRAME):
        state.history[n] = state.history[n + SUBFRAME]
    for n in range(SUBFRAME):
        state.history[past - SUBFRAME + n] = state.excitation[n]
    synthesize(lpc, state.excitation, state.memory, state.output)


@inner_kernel
def signed_gain(level, sign, magnitude, tables):
    """Return the gain of a codeword: a magnitude relative to the frame's level, perhaps negative."""
    gain = tables.levels[level] * tables.magnitudes[magnitude]
    return -gain if sign == 1 else gain


@kernel
def _synthesize(fields, lpc, tables, state, speech):
    """Fill `speech`, float64 (subframes, SUBFRAME)."""
    lag = np.int64(0)
    for subframe in range(speech.shape[0]):
        frame = fields[subframe // SUBFRAMES]
        place = FIRST_LAG + SUBFRAME_FIELDS * (subframe % SUBFRAMES)
        lag = first_lag(subframe, lag) + frame[place]
        fixed_gain = signed_gain(frame[0], frame[place + 3], frame[place + 4], tables)
        run_subframe(
            lag, tables.adaptive_gains[frame[place + 1]], frame[place + 2], fixed_gain, lpc[subframe], tables, state
        )
        speech[subframe] = state.output
