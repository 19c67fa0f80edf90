"""Excitation and synthesis of a subframe; encoder, decoder and training all reconstruct by these routines."""

from __future__ import annotations

import math

from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.speech.excitation.adaptive_codebook import LAG_UNITS, build_adaptive_vector
from vqcodec.speech.excitation.gains import energy_level, gain_table, level_gain, predict_level, remember_levels

MAX_EXCITATION = 131072.0  # honest streams stay below; damaged ones are held


@inline_kernel
def split_type(symbol, kinds):
    """Return (adaptive, kind) of an excitation type.

    `adaptive` is 1 with an adaptive vector, else 0. `kind` is that of the fixed vector, see `model.Tables`.
    """
    adaptive = symbol // kinds
    return adaptive, symbol - adaptive * kinds


@inline_kernel
def build_fixed_vector(tables, kind, shape, pulses, sharpened_lag, vector):
    """Fill `vector` with the fixed codevector of unit rms.

    Args:
        tables: model.Tables.
        kind: of fixed vector, 1 or more.
        shape: twice the entry of the trained book, plus the sign (1: minus).
        pulses: int8 (n,), used by the kinds that are no trained books.
        sharpened_lag: samples after which the vector repeats itself, softer each time; 0 for none.
        vector: float64 (n,).
    """
    length = vector.size
    books = tables.books.size - 1
    if kind <= books:
        entry = shape >> 1
        sign = -1.0 if shape & 1 else 1.0
        for n in range(length):
            vector[n] = sign * tables.shapes[entry, n]
    else:
        for n in range(length):
            vector[n] = pulses[n]
    if sharpened_lag > 0:
        for n in range(sharpened_lag, length):
            vector[n] += tables.sharpening[0] * vector[n - sharpened_lag]
    energy = 0.0
    for n in range(length):
        energy += vector[n] * vector[n]
    norm = math.sqrt(length / max(energy, 1e-9))
    for n in range(length):
        vector[n] *= norm


@inline_kernel
def sharpened_lag(lag, adaptive, sharpening, length):
    """Return the lag in samples at which fixed codevectors repeat themselves; 0 if they do not.

    `lag` is in 1/12 sample, `length` that of a subframe in samples.
    """
    whole = (lag + LAG_UNITS // 2) // LAG_UNITS
    return whole if adaptive > 0 and sharpening > 0.0 and whole < length else 0


@inner_kernel
def build_excitation(tables, symbol, lag, gain, shape, pulses, history, levels, excitation, fixed):
    """Fill `excitation` with a subframe's excitation, and bring `history` and `levels` up to date.

    Args:
        tables: model.Tables.
        symbol: type of excitation.
        lag: index into the lags.
        gain: index into the table of gains that the type uses.
        shape, pulses: see `build_fixed_vector`.
        history: float64 (past,), the past excitation.
        levels: float64 (3,), see `gains.remember_levels`.
        excitation: float64 (n,).
        fixed: float64 (n,), scratch.
    """
    length = excitation.size
    adaptive, kind = split_type(symbol, tables.kinds)
    table = gain_table(adaptive > 0, kind > 0)
    adaptive_gain = 0.0
    fixed_gain = 0.0
    adaptive_level = 0.0
    if adaptive > 0:
        build_adaptive_vector(history, tables.lags[lag], tables.interpolators, excitation)
        adaptive_gain = tables.gains[table, gain, 0]
        if kind > 0:
            energy = 0.0
            for n in range(length):
                energy += excitation[n] * excitation[n]
            adaptive_level = energy_level(energy, length)
        for n in range(length):
            excitation[n] *= adaptive_gain
    else:
        for n in range(length):
            excitation[n] = 0.0
    if kind > 0:
        repeat = sharpened_lag(tables.lags[lag], adaptive, tables.sharpening[0], length)
        build_fixed_vector(tables, kind, shape, pulses, repeat, fixed)
        level = predict_level(tables.level_weights[adaptive], tables.level_bias[symbol], levels, adaptive_level)
        fixed_gain = tables.gains[table, gain, 1] * level_gain(level)
        for n in range(length):
            excitation[n] += fixed_gain * fixed[n]
    energy = 0.0
    for n in range(length):
        excitation[n] = min(max(excitation[n], -MAX_EXCITATION), MAX_EXCITATION)
        energy += excitation[n] * excitation[n]
    past = history.size
    for n in range(past - length):
        history[n] = history[n + length]
    for n in range(length):
        history[past - length + n] = excitation[n]
    remember_levels(levels, fixed_gain, energy, length)


@inner_kernel
def synthesize(lpc, excitation, memory, speech):
    """Fill `speech` with `excitation`, filtered by 1/A(z), and bring `memory` up to date.

    Args:
        lpc: float64 (order + 1,), A(z) with lpc[0] = 1.
        excitation, speech: float64 (n,).
        memory: float64 (order or more,), the last samples of speech, the most recent last.
    """
    order = lpc.size - 1
    kept = memory.size
    length = excitation.size
    for n in range(length):
        value = excitation[n]
        for i in range(1, order + 1):
            value -= lpc[i] * (speech[n - i] if i <= n else memory[kept + n - i])
        speech[n] = value
    for n in range(kept):
        memory[n] = memory[n + length] if n + length < kept else speech[n + length - kept]
