"""The adaptive codebook: past excitation repeated at a fractional pitch lag.

Lags are integers in units of 1/12 sample. `history` is the past excitation, float64, the most recent sample last. If
the lag is shorter than the subframe, the vector repeats itself while it is built.

Source: P. Kroon and B. S. Atal, "Pitch predictors with high temporal resolution", ICASSP 1990.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.speech.bands import Band

LAG_UNITS = 12  # fractions of a sample
HALF_TAPS = 10
TAPS = 2 * HALF_TAPS
MAX_GAIN = 1.2  # of the adaptive codebook, for the open search of lags
REFINED_STEPS = 3  # of the lag grid, either side of an integer lag
_CUTOFF = 0.93  # of the interpolators, relative to the band
_MIN_ENERGY = 1e-6


def lag_grid(band: Band) -> npt.NDArray[np.int64]:
    """Return the lags that can be sent, ascending, in 1/12 sample: finer where they are short."""
    lags = []
    lag = band.lag_min * LAG_UNITS
    while lag <= band.lag_max * LAG_UNITS:
        lags.append(lag)
        zone = sum(lag >= knee * LAG_UNITS for knee in band.lag_knees)
        lag += LAG_UNITS // band.lag_resolutions[zone]
    return np.array(lags, dtype=np.int64)


def nearest_steps(lags: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the index of the nearest of `lags` for every integer lag in samples, int64 (longest lag + 1,).

    `lags` are ascending, in 1/12 sample.
    """
    wanted = np.arange(int(lags[-1]) // LAG_UNITS + 1) * LAG_UNITS
    return np.abs(lags[None, :] - wanted[:, None]).argmin(axis=1)


def history_length(band: Band) -> int:
    """Return how many samples of past excitation the longest lag reaches, with the interpolator's taps."""
    return band.lag_max + HALF_TAPS + 2


def interpolators() -> npt.NDArray[np.float64]:
    """Return the interpolation filters, float64 (LAG_UNITS, TAPS): a Hann-windowed sinc with unit gain at 0 Hz.

    Tap i of fraction f weighs the sample that comes HALF_TAPS - 1 - i after the one at the integer part of the lag.
    Values are rounded to 2^-15, so that they are the same on every machine.
    """
    fractions = np.arange(LAG_UNITS)[:, None] / LAG_UNITS
    offsets = np.arange(-HALF_TAPS + 1, HALF_TAPS + 1) - fractions
    window = np.where(np.abs(offsets) < HALF_TAPS + 0.5, np.cos(np.pi * offsets / (2 * HALF_TAPS + 1)) ** 2, 0)
    taps = np.sinc(_CUTOFF * offsets) * window
    return np.rint(taps / taps.sum(axis=1, keepdims=True) * 32768) / 32768


@inner_kernel
def build_adaptive_vector(history, lag, taps, vector):
    """Fill `vector` with the excitation `lag` ago.

    It is built in runs of lag - HALF_TAPS + 1 samples, because such a run reads no sample of itself.

    Args:
        history: float64 (past,).
        lag: in 1/12 sample.
        taps: float64 (LAG_UNITS, TAPS), from `interpolators`.
        vector: float64 (subframe,).
    """
    whole = lag // LAG_UNITS
    fraction = lag - whole * LAG_UNITS
    past = history.size
    length = vector.size
    run = whole - HALF_TAPS + 1
    start = 0
    while start < length:
        stop = min(start + run, length)
        for n in range(start, stop):
            vector[n] = 0.0
        for i in range(0, TAPS, 4):  # four taps at a time, added in turn
            shift = HALF_TAPS - 1 - whole - i  # of the first tap; each of the next three has one less
            early = min(max(-shift, start), stop)  # before this sample, all four taps lie in the history
            late = min(max(3 - shift, start), stop)  # from this sample on, none does
            weights = taps[fraction, i : i + 4]
            add_taps(weights, history, past + shift, start, early, vector)
            for n in range(early, late):
                for j in range(4):
                    at = n + shift - j
                    vector[n] += weights[j] * (history[past + at] if at < 0 else vector[at])
            add_taps(weights, vector, shift, late, stop, vector)
        start = stop


@inline_kernel
def add_taps(weights, samples, shift, first, stop, vector):
    """Add four taps on `samples` to vector[first:stop]; the first is `shift` samples on, each other one sample less."""
    a, b, c, d = weights[0], weights[1], weights[2], weights[3]
    for n in range(first, stop):
        at = n + shift
        vector[n] = (((vector[n] + a * samples[at]) + b * samples[at - 1]) + c * samples[at - 2]) + d * samples[at - 3]


@inline_kernel
def dot(a, b, length):
    """Return the inner product of the first `length` values of `a` and `b`, in four sums side by side.

    `length` is a multiple of 4; a tail beyond that is left out.
    """
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    s3 = 0.0
    for n in range(0, length - 3, 4):
        s0 += a[n] * b[n]
        s1 += a[n + 1] * b[n + 1]
        s2 += a[n + 2] * b[n + 2]
        s3 += a[n + 3] * b[n + 3]
    return (s0 + s1) + (s2 + s3)


@inner_kernel
def filter_vector(response, vector, filtered):
    """Fill `filtered` with `vector` convolved with the impulse `response`, all float64 (subframe,)."""
    length = vector.size
    for n in range(length):
        filtered[n] = 0.0
    whole = length - length % 4
    for k in range(0, whole, 4):  # four samples at a time, added in turn
        for j in range(4):
            for n in range(k + j, k + 3):
                filtered[n] += vector[k + j] * response[n - k - j]
        add_taps(vector[k : k + 4], response, -k, k + 3, length, filtered)
    for k in range(whole, length):
        for n in range(k, length):
            filtered[n] += vector[k] * response[n - k]


@inner_kernel
def filter_backward(response, target, correlation):
    """Fill `correlation` with H'x: `target` correlated with the impulse `response`, all float64 (subframe,)."""
    length = target.size
    for k in range(length):
        correlation[k] = 0.0
    for n in range(length):
        weight = target[n]
        for k in range(n + 1):
            correlation[k] += weight * response[n - k]


@inline_kernel
def explained_energy(correlation, energy):
    """Return by how much the best gain in 0..MAX_GAIN lowers the squared error of a vector.

    `correlation` is the vector's inner product with the target, `energy` its own.
    """
    if correlation <= 0.0 or energy < _MIN_ENERGY:
        return 0.0
    if correlation > MAX_GAIN * energy:
        return MAX_GAIN * (2.0 * correlation - MAX_GAIN * energy)
    return correlation * correlation / energy


@inner_kernel
def score_integer_lags(history, backward, response, lag_min, lag_max, scores, vector, filtered):
    """Fill `scores` with the energy of the target that each integer lag explains.

    The filtered vector of a lag follows from that of the lag before by one step of recursion: a sample comes in front,
    and the others move on by one. If the lag is shorter than the subframe, the vector is then repeated.

    Args:
        history: float64 (past,).
        backward: float64 (subframe,), H'x.
        response: float64 (subframe,), the impulse response h.
        lag_min, lag_max: samples, both included.
        scores: float64 (lag_max + 1 or more,); entries lag_min to lag_max are filled.
        vector: float64 (subframe,), scratch.
        filtered: float64 (subframe + lag_max - lag_min or more,), scratch.
    """
    length = backward.size
    past = history.size
    first = lag_max - lag_min  # where the vector of the present lag begins in `filtered`
    for n in range(first):
        filtered[n] = 0.0
    for n in range(length):
        vector[n] = history[past - lag_min + n] if n < lag_min else 0.0
    filter_vector(response, vector, filtered[first : first + length])
    for lag in range(lag_min, lag_max + 1):
        if lag > lag_min:
            first -= 1
            newest = history[past - lag]
            for n in range(length):
                filtered[first + n] += newest * response[n]
        ringing = filtered[first : first + length]
        if lag >= length:
            correlation = dot(backward, history[past - lag : past - lag + length], length)
            scores[lag] = explained_energy(correlation, dot(ringing, ringing, length))
            continue
        for n in range(lag):
            vector[n] = history[past - lag + n]
        for n in range(lag, length):
            vector[n] = vector[n - lag]
        correlation = dot(backward, vector, length)
        for n in range(lag):
            vector[n] = ringing[n]
        for n in range(lag, length):
            vector[n] = ringing[n] + vector[n - lag]
        scores[lag] = explained_energy(correlation, dot(vector, vector, length))


@inline_kernel
def lag_bits(step_costs, lag_costs, context, previous, lag, reach):
    """Return the bits of lag index `lag` after lag index `previous`.

    A difference of at most `reach` is sent as such; a larger one takes an escape and the index itself.
    """
    difference = lag - previous
    if -reach <= difference <= reach:
        return step_costs[context, difference + reach]
    return step_costs[context, 2 * reach + 1] + lag_costs[0, lag]
