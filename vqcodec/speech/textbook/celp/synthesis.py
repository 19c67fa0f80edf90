"""Synthesis of fixed-rate CELP: from fields to speech; encoder, decoder and training use the same routines.

See FORMAT.md, section 15.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, inner_kernel
from vqcodec.speech.excitation.adaptive_codebook import build_adaptive_vector, history_length
from vqcodec.speech.excitation.synthesis import MAX_EXCITATION, synthesize
from vqcodec.speech.filters.post_filter import post_filter_subframes
from vqcodec.speech.lsf_quantizer.codebook import UNIT
from vqcodec.speech.lsf_quantizer.decoding import enforce_order
from vqcodec.speech.signal.lsf import interpolate_lpc
from vqcodec.speech.textbook.celp.frame import (
    BAND,
    CODEWORD,
    CODEWORDS,
    DELTAS,
    FIRST_LSF,
    FIRST_SUBFRAME,
    GAIN,
    LAG,
    LAGS,
    LEVEL,
    MAGNITUDE,
    ORDER,
    SIGN,
    SUBFRAME,
    SUBFRAME_FIELDS,
    SUBFRAMES,
)

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SHIFT = 2  # samples by which each codeword begins earlier in the sequence than the one before
SEQUENCE = SUBFRAME + SHIFT * (CODEWORDS - 1)


class Tables(NamedTuple):
    """The tables of a codebook, and those that the format fixes.

    Attributes:
        lags: int64 (256,), in 1/12 sample.
        interpolators: see `adaptive_codebook.interpolators`.
        sequence: float64 (SEQUENCE,), of -1, 0 and 1.
        adaptive_gains: float64 (32,).
        magnitudes: float64 (16,).
        levels: float64 (64,), the first is 0.
        lsf: int64 (10, 16), in units of pi / 32768.
        gap: least distance of neighbouring LSFs, in the same units.
        post_filter: strength of the post-filter, 0 for none.
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
    """The state of a coder within a packet.

    Attributes:
        history: float64 (past,), the past excitation.
        memory: float64 (weighting order,), the last samples of speech.
        vector, excitation, output: float64 (SUBFRAME,), scratch.
    """

    history: DoubleArray
    memory: DoubleArray
    vector: DoubleArray
    excitation: DoubleArray
    output: DoubleArray


def clean_state() -> State:
    """Return the state at the start of a packet."""
    scratch = [np.zeros(SUBFRAME) for _ in range(3)]
    return State(np.zeros(history_length(BAND)), np.zeros(BAND.weighting_order), *scratch)


def predictors(fields: IntArray, tables: Tables) -> DoubleArray:
    """Return A(z) of the subframes of a packet, float64 (frames * SUBFRAMES, ORDER + 1).

    The LSF vector of a frame is that of its end. The vector of the first frame also stands at the start of the packet.
    `fields` is int64 (frames, fields).
    """
    vectors = np.empty((len(fields) + 1, ORDER), np.int64)
    _decode_lsf(np.ascontiguousarray(fields[:, FIRST_LSF:FIRST_SUBFRAME]), tables.lsf, tables.gap, vectors)
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


@allocating_kernel
def _decode_lsf(indices, levels, gap, vectors):
    """Fill `vectors`, int64 (frames + 1, order) in UNITs, from `indices`, int64 (frames, order).

    `levels` are `Tables.lsf`.
    """
    for frame in range(indices.shape[0]):
        for i in range(indices.shape[1]):
            vectors[frame + 1, i] = levels[i, indices[frame, i]]
        enforce_order(vectors[frame + 1], gap)
    vectors[0] = vectors[1]


@inner_kernel
def first_lag(subframe, previous):
    """Return the first lag index that a subframe can send.

    Subframes with even numbers can send all lags, the others 64 around the lag index `previous`.
    """
    if subframe % 2 == 0:
        return 0
    return min(max(previous - DELTAS // 2, 0), LAGS - DELTAS)


@inner_kernel
def run_subframe(lag, adaptive_gain, codeword, fixed_gain, lpc, tables, state):
    """Fill state.output with a subframe of speech, and bring the state up to date.

    `lag` and `codeword` are indices, `adaptive_gain` and `fixed_gain` are values.
    """
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
    """Return the gain of a codeword: its magnitude times the frame's level, negative if `sign` is 1."""
    gain = tables.levels[level] * tables.magnitudes[magnitude]
    return -gain if sign == 1 else gain


@allocating_kernel
def _synthesize(fields, lpc, tables, state, speech):
    """Fill `speech`, float64 (subframes, SUBFRAME), from `fields`, int64 (frames, fields)."""
    lag = np.int64(0)
    for subframe in range(speech.shape[0]):
        frame = fields[subframe // SUBFRAMES]
        place = FIRST_SUBFRAME + SUBFRAME_FIELDS * (subframe % SUBFRAMES)
        lag = first_lag(subframe, lag) + frame[place + LAG]
        adaptive_gain = tables.adaptive_gains[frame[place + GAIN]]
        fixed_gain = signed_gain(frame[LEVEL], frame[place + SIGN], frame[place + MAGNITUDE], tables)
        run_subframe(lag, adaptive_gain, frame[place + CODEWORD], fixed_gain, lpc[subframe], tables, state)
        speech[subframe] = state.output
