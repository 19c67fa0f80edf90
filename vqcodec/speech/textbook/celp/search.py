"""The search of fixed-rate CELP: LSFs by dynamic programming, then lag, codeword and gains of each subframe in turn.

Source: M. R. Schroeder and B. S. Atal, "Code-excited linear prediction (CELP): high-quality speech at very low bit
rates", ICASSP 1985; J. P. Campbell, T. E. Tremain and V. C. Welch, "The DoD 4.8 kbps standard (proposed Federal
Standard 1016)", in Advances in Speech Coding, 1991.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, inner_kernel, kernel
from vqcodec.speech.celp.recording import GroupSignal
from vqcodec.speech.excitation.adaptive_codebook import (
    LAG_UNITS,
    build_adaptive_vector,
    dot,
    filter_backward,
    filter_vector,
    score_integer_lags,
)
from vqcodec.speech.excitation.targets import prepare_response, prepare_target
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
    LSF_BITS,
    MAGNITUDE,
    ORDER,
    SIGN,
    SUBFRAME,
    SUBFRAME_FIELDS,
    SUBFRAMES,
)
from vqcodec.speech.textbook.celp.synthesis import (
    SHIFT,
    Tables,
    clean_state,
    first_lag,
    predictors,
    run_subframe,
    signed_gain,
)
from vqcodec.speech.textbook.scratch import new_scratch

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_LEAST_ENERGY = 1e-6
LAG_CANDIDATES = 4
_LONGEST_LAG = BAND.lag_max


class Observed(NamedTuple):
    """What the training needs of the search of each subframe; all float64 (subframes,).

    Attributes:
        xx, xp, pp, xy, yy, py: inner products of the target x, the filtered adaptive vector p and the filtered
            codeword y.
        scales: levels of the frames.
        errors: squared errors that are left.
    """

    xx: DoubleArray
    xp: DoubleArray
    pp: DoubleArray
    xy: DoubleArray
    yy: DoubleArray
    py: DoubleArray
    scales: DoubleArray
    errors: DoubleArray


def search_packet(group: GroupSignal, tables: Tables) -> tuple[IntArray, Observed]:
    """Return the fields of a packet, int64 (frames, fields), and what the search observed."""
    frames = len(group.analysis) - 1
    fields = np.zeros((frames, FIRST_SUBFRAME + SUBFRAMES * SUBFRAME_FIELDS), np.int64)
    fields[:, FIRST_LSF:FIRST_SUBFRAME] = search_lsf(group.analysis.lsf[1:], group.analysis.sensitivity[1:], tables)
    lpc = predictors(fields, tables)
    preceded = np.concatenate([np.zeros(BAND.weighting_order), group.signal])
    residual = np.empty(len(group.signal))
    _find_residual(preceded, lpc, residual)
    fields[:, LEVEL] = _nearest_levels(np.sqrt((residual.reshape(frames, -1) ** 2).mean(axis=1)), tables.levels)
    seen = Observed(*(np.zeros(frames * SUBFRAMES) for _ in Observed._fields))
    _search(
        preceded, lpc, group.weighting.filters, tables, clean_state(), new_scratch(SUBFRAME, BAND.weighting_order),
        fields, seen,
    )  # fmt: skip
    return fields, seen


def search_lsf(lsf: DoubleArray, sensitivity: DoubleArray, tables: Tables) -> IntArray:
    """Return the indices, int64 (frames, 10), of least weighted squared error whose levels ascend by at least the gap.

    Args:
        lsf: float64 (frames, 10), radians, ascending.
        sensitivity: float64 (frames, 10), weights.
        tables: of the codebook.

    Source: F. K. Soong and B.-H. Juang, "Line spectrum pair (LSP) and speech data compression", ICASSP 1984, for the
        scalar quantization; the order is kept by dynamic programming over the ten levels.
    """
    levels = [tables.lsf[i, : 1 << bits] for i, bits in enumerate(LSF_BITS)]
    errors = [sensitivity[:, i, None] * (lsf[:, i, None] * (32768 / np.pi) - row) ** 2 for i, row in enumerate(levels)]
    totals = errors[0]
    came_from = []
    for i in range(1, ORDER):
        allowed = levels[i][None, :] - levels[i - 1][:, None] >= tables.gap
        reached = np.where(allowed, totals[:, :, None], np.inf)
        came_from.append(reached.argmin(axis=1))
        totals = reached.min(axis=1) + errors[i]
    indices = np.empty((len(lsf), ORDER), np.int64)
    indices[:, -1] = totals.argmin(axis=1)
    for i in range(ORDER - 1, 0, -1):
        indices[:, i - 1] = np.take_along_axis(came_from[i - 1], indices[:, i, None], axis=1)[:, 0]
    return indices


def _nearest_levels(rms: DoubleArray, levels: DoubleArray) -> IntArray:
    """Return the index of the level nearest to each `rms`, by ratio, int64 (frames,).

    It is 0, no excitation, for less than half of the lowest level above 0.
    """
    edges = np.concatenate([[levels[1] / 2], np.sqrt(levels[1:-1] * levels[2:])])
    return np.searchsorted(edges, rms)


@kernel
def _find_residual(signal, lpc, residual):
    """Fill `residual` with `signal`, filtered by A(z); the surplus samples of `signal` come before the first."""
    before = signal.size - residual.size
    for n in range(residual.size):
        value = 0.0
        for i in range(ORDER + 1):
            value += lpc[n // SUBFRAME, i] * signal[before + n - i]
        residual[n] = value


@inner_kernel
def _search_lag(first, count, scores, ringing, tables, state, scratch):
    """Return the lag index, of `count` from `first` on, that explains most of the target.

    All whole lags are scored. Every lag less than a sample away from the best LAG_CANDIDATES of them is tried in full.
    `scores`, float64 (longest lag + 1,), and `ringing` are scratch.
    """
    shortest, longest = tables.lags[first] // LAG_UNITS, tables.lags[first + count - 1] // LAG_UNITS
    score_integer_lags(
        state.history, scratch.backward, scratch.response, shortest, longest, scores, scratch.adaptive, ringing
    )
    best = first
    best_merit = -1.0
    for _ in range(LAG_CANDIDATES):
        whole = shortest
        for lag in range(shortest, longest + 1):
            if scores[lag] > scores[whole]:
                whole = lag
        scores[whole] = -1.0
        for lag in range(first, first + count):
            if abs(tables.lags[lag] - whole * LAG_UNITS) >= LAG_UNITS:
                continue
            build_adaptive_vector(state.history, tables.lags[lag], tables.interpolators, scratch.adaptive)
            filter_vector(scratch.response, scratch.adaptive, scratch.adaptive_filtered)
            correlation = dot(scratch.backward, scratch.adaptive, SUBFRAME)
            energy = dot(scratch.adaptive_filtered, scratch.adaptive_filtered, SUBFRAME)
            merit = correlation * correlation / max(energy, _LEAST_ENERGY)
            if merit > best_merit:
                best_merit = merit
                best = lag
    return best


@inner_kernel
def _codeword_energy(codeword, tables, positions, scratch):
    """Return y'y of the filtered codeword; `positions`, int64 (SUBFRAME,), is scratch."""
    start = SHIFT * (CODEWORDS - 1 - codeword)
    pulses = 0
    energy = 0.0
    for n in range(SUBFRAME):
        if tables.sequence[start + n] != 0.0:
            cross = 0.0
            for k in range(pulses):
                cross += tables.sequence[start + positions[k]] * scratch.gram[n, positions[k]]
            energy += scratch.diagonal[n] + 2.0 * tables.sequence[start + n] * cross
            positions[pulses] = n
            pulses += 1
    return energy


@inner_kernel
def _search_codeword(xp, pp, tables, positions, scratch):
    """Return (codeword, xy, yy, py) of the codeword that explains most of the target beside the adaptive vector.

    The gain of the adaptive vector is still free, so codewords count by their part orthogonal to that vector, filtered.
    """
    best = 0
    best_merit = -1.0
    best_xy, best_yy, best_py = 0.0, 0.0, 0.0
    for codeword in range(CODEWORDS):
        start = SHIFT * (CODEWORDS - 1 - codeword)
        xy = dot(scratch.backward, tables.sequence[start : start + SUBFRAME], SUBFRAME)
        py = dot(scratch.shadow, tables.sequence[start : start + SUBFRAME], SUBFRAME)
        yy = _codeword_energy(codeword, tables, positions, scratch)
        left = xy - py * xp / pp
        merit = left * left / max(yy - py * py / pp, _LEAST_ENERGY)
        if merit > best_merit:
            best_merit = merit
            best = codeword
            best_xy, best_yy, best_py = xy, yy, py
    return best, best_xy, best_yy, best_py


@inner_kernel
def _search_gains(level, xp, pp, xy, yy, py, tables):
    """Return (adaptive gain index, sign, magnitude index, error): those of least error.

    The error is the squared error less the target's energy.
    """
    best_gain, best_sign, best_magnitude = 0, 0, 0
    best = np.inf
    for gain in range(tables.adaptive_gains.size):
        adaptive = tables.adaptive_gains[gain]
        left = xy - adaptive * py
        sign = 1 if left < 0.0 else 0
        for magnitude in range(tables.magnitudes.size):
            fixed = signed_gain(level, sign, magnitude, tables)
            error = adaptive * (adaptive * pp - 2.0 * xp) + fixed * (fixed * yy - 2.0 * left)
            if error < best:
                best = error
                best_gain, best_sign, best_magnitude = gain, sign, magnitude
    return best_gain, best_sign, best_magnitude, best


@allocating_kernel
def _search(signal, lpc, filters, tables, state, scratch, fields, seen):
    """Fill the subframes' part of `fields`, and `seen`.

    `signal` begins with as many samples before the packet as state.memory has. The state is clean at first.
    """
    lag = np.int64(0)
    positions = np.empty(SUBFRAME, np.int64)
    scores = np.empty(_LONGEST_LAG + 1)
    ringing = np.empty(_LONGEST_LAG + SUBFRAME)
    for subframe in range(lpc.shape[0]):
        frame = fields[subframe // SUBFRAMES]
        place = FIRST_SUBFRAME + SUBFRAME_FIELDS * (subframe % SUBFRAMES)
        prepare_response(lpc[subframe], filters[subframe], scratch)
        prepare_target(signal, subframe * SUBFRAME, lpc[subframe], filters[subframe], state.memory, scratch)
        first = first_lag(subframe, lag)
        lag = _search_lag(first, LAGS if subframe % 2 == 0 else DELTAS, scores, ringing, tables, state, scratch)
        build_adaptive_vector(state.history, tables.lags[lag], tables.interpolators, scratch.adaptive)
        filter_vector(scratch.response, scratch.adaptive, scratch.adaptive_filtered)
        filter_backward(scratch.response, scratch.adaptive_filtered, scratch.shadow)
        xp = dot(scratch.backward, scratch.adaptive, SUBFRAME)
        pp = max(dot(scratch.adaptive_filtered, scratch.adaptive_filtered, SUBFRAME), _LEAST_ENERGY)
        codeword, xy, yy, py = _search_codeword(xp, pp, tables, positions, scratch)
        gain, sign, magnitude, error = _search_gains(frame[LEVEL], xp, pp, xy, yy, py, tables)
        frame[place + LAG] = lag - first
        frame[place + GAIN] = gain
        frame[place + CODEWORD] = codeword
        frame[place + SIGN] = sign
        frame[place + MAGNITUDE] = magnitude
        seen.xx[subframe] = dot(scratch.target, scratch.target, SUBFRAME)
        seen.xp[subframe], seen.pp[subframe], seen.xy[subframe] = xp, pp, xy
        seen.yy[subframe], seen.py[subframe] = yy, py
        seen.scales[subframe] = tables.levels[frame[LEVEL]]
        seen.errors[subframe] = seen.xx[subframe] + error
        run_subframe(
            lag, tables.adaptive_gains[gain], codeword, signed_gain(frame[LEVEL], sign, magnitude, tables),
            lpc[subframe], tables, state,
        )  # fmt: skip
