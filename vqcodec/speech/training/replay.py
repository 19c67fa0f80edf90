"""A second walk along an encoded path, for the training: it collects contexts of symbols and sums of each subframe."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, kernel
from vqcodec.speech.bands import Band
from vqcodec.speech.excitation.adaptive_codebook import dot, filter_backward, filter_vector, history_length
from vqcodec.speech.excitation.gains import INITIAL_LEVEL, LEVEL_INPUTS, gain_table
from vqcodec.speech.excitation.model import Tables
from vqcodec.speech.excitation.synthesis import (
    build_excitation,
    build_fixed_vector,
    sharpened_lag,
    split_type,
    synthesize,
)
from vqcodec.speech.excitation.targets import prepare_branch, prepare_response, prepare_target
from vqcodec.speech.excitation.trellis_state import Symbols, new_scratch
from vqcodec.speech.signal.weighting import Weighting

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Contexts(NamedTuple):
    """Contexts of the symbols of every subframe, int64 (subframes,).

    Attributes:
        type: the type before; at a packet's start, one above the last type.
        lag_before: the lag index used last.
        lag: context of the lag.
        gain: gain class.
    """

    type: IntArray
    lag_before: IntArray
    lag: IntArray
    gain: IntArray


class Observations(NamedTuple):
    """What the training needs of every subframe.

    Attributes:
        responses: float32 (subframes, n), impulse responses of W(z)/A(z).
        residuals: float32 (subframes, n), H'(x - adaptive gain * y).
        inner: float64 (subframes, 6), inner products, see `gains.search_gains`.
        level_inputs: float64 (subframes, LEVEL_INPUTS), of the level prediction.
        vectors: float32 (subframes, n), the fixed vectors of unit rms.
    """

    responses: npt.NDArray[np.float32]
    residuals: npt.NDArray[np.float32]
    inner: DoubleArray
    level_inputs: DoubleArray
    vectors: npt.NDArray[np.float32]


def contexts_of(symbols: Symbols, tables: Tables, band: Band, packet_frames: int) -> Contexts:
    """Return the contexts in which `symbols` are coded, in packets of `packet_frames` frames."""
    contexts = Contexts._make(np.zeros(len(symbols.type), dtype=np.int64) for _ in Contexts._fields)
    _fill_contexts(symbols, tables, packet_frames * band.subframes, contexts)
    return contexts


def observe(
    signal: DoubleArray, lpc: DoubleArray, weighting: Weighting, band: Band, tables: Tables, symbols: Symbols
) -> Observations:
    """Return what is observed along `symbols`; the arguments are those of `excitation_search.search_group`."""
    count = len(lpc)
    observations = Observations(
        np.zeros((count, band.subframe), np.float32),
        np.zeros((count, band.subframe), np.float32),
        np.zeros((count, 6)),
        np.zeros((count, LEVEL_INPUTS)),
        np.zeros((count, band.subframe), np.float32),
    )
    _observe(
        np.concatenate([np.zeros(band.weighting_order), signal]), lpc, weighting.filters, tables, symbols,
        np.zeros(history_length(band)), np.zeros(band.weighting_order), np.full(3, INITIAL_LEVEL),
        new_scratch(band), observations,
    )  # fmt: skip
    return observations


@kernel
def _fill_contexts(symbols, tables, packet_subframes, contexts):
    """Fill `contexts` for `symbols`, in packets of `packet_subframes` subframes."""
    start_type = 2 * tables.kinds
    before = start_type
    lag = 0
    lag_context = 0
    gain_class = 0
    for subframe in range(symbols.type.size):
        if subframe % packet_subframes == 0:
            before = start_type
            lag = tables.lags.size // 3
            lag_context = 0
            gain_class = 0
        contexts.type[subframe] = before
        contexts.lag_before[subframe] = lag
        contexts.lag[subframe] = lag_context
        contexts.gain[subframe] = gain_class
        before = np.int64(symbols.type[subframe])
        adaptive, kind = split_type(before, tables.kinds)
        table = gain_table(adaptive > 0, kind > 0)
        if adaptive > 0:
            lag = np.int64(symbols.lag[subframe])
        lag_context = tables.lag_contexts[table, symbols.gain[subframe]] if table >= 0 else 0
        gain_class = tables.gain_classes[table, symbols.gain[subframe]] if table >= 0 else 0


@allocating_kernel
def _observe(signal, lpc, weighting, tables, symbols, history, memory, levels, scratch, observations):
    """Walk along `symbols` with the decoder's own synthesis, and fill `observations`."""
    length = scratch.length
    fixed = scratch.fixed[:length]
    filtered = scratch.filtered[:length]
    excitation = scratch.excitation[:length]
    speech = np.empty(length)
    residual = np.empty(length)
    for subframe in range(lpc.shape[0]):
        symbol = np.int64(symbols.type[subframe])
        lag = np.int64(symbols.lag[subframe])
        gain = np.int64(symbols.gain[subframe])
        shape = np.int64(symbols.shape[subframe])
        adaptive, kind = split_type(symbol, tables.kinds)
        prepare_response(lpc[subframe], weighting[subframe], scratch)
        prepare_target(signal, subframe * length, lpc[subframe], weighting[subframe], memory, scratch)
        level = prepare_branch(history, lag, adaptive, tables, scratch)
        inner = scratch.inner
        inner[2] = 0.0
        inner[4] = 0.0
        inner[5] = 0.0
        for i in range(3):
            observations.level_inputs[subframe, i] = levels[i]
        observations.level_inputs[subframe, 3] = level
        if kind > 0:
            repeat = sharpened_lag(tables.lags[lag], adaptive, tables.sharpening[0], length)
            build_fixed_vector(tables, kind, shape, symbols.pulses[subframe], repeat, fixed)
            filter_vector(scratch.response[:length], fixed, filtered)
            inner[2] = dot(scratch.target, filtered, length)
            inner[4] = dot(filtered, filtered, length)
            if adaptive > 0:
                inner[5] = dot(scratch.adaptive_filtered, filtered, length)
            for n in range(length):
                observations.vectors[subframe, n] = fixed[n]
        adaptive_gain = tables.gains[gain_table(True, kind > 0), gain, 0] if adaptive > 0 else 0.0
        for n in range(length):
            residual[n] = scratch.target[n]
            if adaptive > 0:
                residual[n] -= adaptive_gain * scratch.adaptive_filtered[n]
            observations.responses[subframe, n] = scratch.response[n]
        filter_backward(scratch.response[:length], residual, filtered)
        for n in range(length):
            observations.residuals[subframe, n] = filtered[n]
        for i in range(6):
            observations.inner[subframe, i] = inner[i]
        build_excitation(tables, symbol, lag, gain, shape, symbols.pulses[subframe], history, levels, excitation, fixed)
        synthesize(lpc[subframe], excitation, memory, speech)
