"""The decoder's pitch filter: what lies between the harmonics of voiced speech is made weaker at low frequencies.

The ear tells single harmonics apart up to about 1 kHz, the more so the higher the voice; coding noise fills the valleys
between and below them, where a filter for the error that is no longer than a subframe cannot keep it away. A sample is
brought nearer to the mean of those one period before and after it, in a low band, by as much as the speech is periodic
(the bass post-filter of 3GPP TS 26.290, section 6.1.4, with a period looked for around the lag that is sent).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel, kernel
from vqcodec.speech.bands import Band
from vqcodec.speech.excitation.adaptive_codebook import LAG_UNITS, add_taps, dot
from vqcodec.speech.filters.strengths import MAX_PITCH_FILTER

CUTOFF_HZ = 1000.0
_TAP_UNIT = 2.0**-20  # to which taps are rounded, so that every machine has the same ones
_DIVISORS = 3  # the lag sent may be so many periods
_REACH = 1  # samples around the lag, or its part, that are tried
_SHORTER = 0.02  # of correlation, that a divisor more may cost
_UNVOICED, _VOICED = 0.5, 0.95  # correlations from which on the filter works, and works in full
_STRONG_RATE = 0.3  # bits a sample, up to which the strength is the most
_WEAKER = 2.0  # with each doubling of the rate
_LEAST = 4

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def strength_at(rate: float, band: Band) -> int:
    """Return the strength that suits a rate in bit/s: less noise needs less of it."""
    doublings = math.log2(max(rate, 1.0) / band.sample_rate / _STRONG_RATE)
    return round(min(max(MAX_PITCH_FILTER - _WEAKER * doublings, _LEAST), MAX_PITCH_FILTER))


def filter_pitch(speech: DoubleArray, lags: IntArray, band: Band, strength: int) -> DoubleArray:
    """Return `speech` with the noise between low harmonics made weaker.

    Args:
        speech: float64 (subframes * band.subframe,).
        lags: int64 (subframes,), the pitch lags sent, or standing, in 1/12 sample.
        band: of the speech.
        strength: 0 (none) to MAX_PITCH_FILTER, at which nothing is left midway between harmonics.
    """
    if strength == 0:
        return speech
    periods = np.empty(len(lags), dtype=np.int64)
    shares = np.empty(len(lags))
    powers = np.concatenate([[0.0], np.cumsum(speech * speech)])
    find_periods(speech, powers, lags, band.lag_min, band.frame, periods, shares)
    taps = low_pass(band)
    reach = len(taps) // 2
    between = np.zeros(len(speech) + 2 * reach)
    filtered = speech.copy()
    remove_between(speech, periods, shares * (0.5 * strength / MAX_PITCH_FILTER), taps, between, filtered)
    return filtered


@lru_cache
def low_pass(band: Band) -> DoubleArray:
    """Return the taps of the low-pass, float64 (subframe + 1,): symmetric, a sinc under a Hamming window."""
    half = band.subframe // 2
    offsets = np.arange(-half, half + 1)
    taps = np.sinc(2 * CUTOFF_HZ / band.sample_rate * offsets) * (0.54 + 0.46 * np.cos(np.pi * offsets / half))
    return np.rint(taps / taps.sum() / _TAP_UNIT) * _TAP_UNIT


@inline_kernel
def _correlation(speech, powers, centre, period, window):
    """Return the normalised correlation of `window` samples around `centre` and those a `period` before."""
    start = min(max(centre - window // 2 + period // 2, period), speech.size - window)
    early = start - period
    product = dot(speech[start : start + window], speech[early : early + window], window)
    energy = powers[start + window] - powers[start] + 1.0
    return product / math.sqrt(energy * (powers[early + window] - powers[early] + 1.0))


@kernel
def find_periods(speech, powers, lags, least, window, periods, shares):
    """Fill `periods` (samples) and `shares` (0 to 1, how far they are voiced) of subframes.

    Args:
        speech: float64 (n,); powers: float64 (n + 1,), the sums of squares before each sample.
        lags: int64 (subframes,), 1/12 sample; least: the shortest period, samples.
        window: samples that are compared.
        periods: int64 (subframes,); shares: float64 (subframes,).
    """
    length = speech.size // lags.size
    for subframe in range(lags.size):
        best = -1.0
        voicing = 0.0
        periods[subframe] = least
        for divisor in range(1, _DIVISORS + 1):
            unit = LAG_UNITS * divisor
            middle = (lags[subframe] + unit // 2) // unit
            for period in range(middle - _REACH, middle + _REACH + 1):
                if period < least or speech.size < window + period:
                    continue
                correlation = _correlation(speech, powers, subframe * length + length // 2, period, window)
                merit = correlation + _SHORTER * (divisor - 1)
                if merit > best:
                    best = merit
                    voicing = correlation
                    periods[subframe] = period
        shares[subframe] = min(max((voicing - _UNVOICED) / (_VOICED - _UNVOICED), 0.0), 1.0)


@kernel
def remove_between(speech, periods, shares, taps, between, filtered):
    """Take from `filtered` what of `speech` lies between harmonics, low-passed by `taps`, in proportion to `shares`.

    Args:
        speech, filtered: float64 (n,), the same values at first.
        periods: int64 (subframes,), samples; shares: float64 (subframes,), in the middle of each; lines between them.
        taps: float64 (2 * reach + 1,), symmetric.
        between: float64 (n + 2 * reach,), zeros.
    """
    total = speech.size
    count = periods.size
    length = total // count
    reach = taps.size // 2
    for subframe in range(count):
        period = periods[subframe]
        share = shares[subframe]
        before = share - shares[max(subframe - 1, 0)]
        after = shares[min(subframe + 1, count - 1)] - share
        for k in range(length):
            n = subframe * length + k
            way = (k - length // 2) / length
            weight = share + way * (before if way < 0.0 else after)
            if n >= period and n + period < total:
                mean = 0.5 * (speech[n - period] + speech[n + period])
            elif n >= period:
                mean = speech[n - period]
            elif n + period < total:
                mean = speech[n + period]
            else:
                mean = speech[n]
            between[reach + n] = -weight * (speech[n] - mean)
    whole = taps.size - taps.size % 4
    for i in range(0, whole, 4):
        add_taps(taps[i : i + 4], between, 2 * reach - i, 0, total, filtered)
    for i in range(whole, taps.size):
        for n in range(total):
            filtered[n] += taps[i] * between[n + 2 * reach - i]
