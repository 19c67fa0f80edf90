"""The decoder's pitch filter: it weakens the noise between the harmonics of voiced speech, at low frequencies.

The ear separates single harmonics up to about 1 kHz, and best for high voices. Coding noise fills the valleys between
and below them; an error weighting no longer than a subframe cannot keep it away. In a low band, the filter moves each
sample towards the mean of the samples one period before and after it. It moves the sample further the more periodic
the speech is.

Source: the bass post-filter of 3GPP TS 26.290, section 6.1.4; here the period is searched around the lag that is sent.
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
_TAP_UNIT = 2.0**-20  # taps are rounded to multiples of it, so that they are the same on every machine
_DIVISORS = 3  # most periods that the lag sent may span
_REACH = 1  # samples on either side of the lag, or of its part, that are tried
_SHORTER = 0.02  # of correlation; a period with the next larger divisor may have that much less
_UNVOICED, _VOICED = 0.5, 0.95  # correlations at which the filter begins to work, and works in full
_STRONG_RATE = 0.3  # bits a sample, up to which the strength is the largest
_WEAKER = 2.0  # by which the strength falls with each doubling of the rate
_LEAST = 4  # smallest strength
_BLOCK = 512  # samples filtered at a time, which stay in the processor's first cache

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def strength_at(rate: float, band: Band) -> int:
    """Return the strength that suits a `rate` in bit/s: the higher the rate, the weaker the filter."""
    doublings = math.log2(max(rate, 1.0) / band.sample_rate / _STRONG_RATE)
    return round(min(max(MAX_PITCH_FILTER - _WEAKER * doublings, _LEAST), MAX_PITCH_FILTER))


def filter_pitch(speech: DoubleArray, lags: IntArray, band: Band, strength: int) -> DoubleArray:
    """Return `speech` with less noise between its low harmonics, float64 (subframes * band.subframe,).

    Args:
        speech: float64 (subframes * band.subframe,).
        lags: int64 (subframes,), in 1/12 sample, the pitch lag of each subframe; if none is sent, the one from before.
        band: narrowband or wideband.
        strength: 0 (no filter) to MAX_PITCH_FILTER (nothing is left midway between harmonics).
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
    """Return the taps of the low-pass, float64 (subframe + 1,): a sinc under a Hamming window, symmetric."""
    half = band.subframe // 2
    offsets = np.arange(-half, half + 1)
    taps = np.sinc(2 * CUTOFF_HZ / band.sample_rate * offsets) * (0.54 + 0.46 * np.cos(np.pi * offsets / half))
    return np.rint(taps / taps.sum() / _TAP_UNIT) * _TAP_UNIT


@inline_kernel
def _correlation(speech, powers, centre, period, window):
    """Return the normalized correlation of `window` samples around `centre` with those one `period` before."""
    start = min(max(centre - window // 2 + period // 2, period), speech.size - window)
    early = start - period
    product = dot(speech[start : start + window], speech[early : early + window], window)
    energy = powers[start + window] - powers[start] + 1.0
    return product / math.sqrt(energy * (powers[early + window] - powers[early] + 1.0))


@kernel
def find_periods(speech, powers, lags, least, window, periods, shares):
    """Fill `periods` and `shares` with the period of each subframe and how voiced it is.

    Args:
        speech: float64 (n,).
        powers: float64 (n + 1,), the sum of squares before each sample.
        lags: int64 (subframes,), in 1/12 sample.
        least: samples, the shortest period.
        window: number of samples that are compared.
        periods: int64 (subframes,), samples.
        shares: float64 (subframes,), 0 (unvoiced) to 1 (voiced).
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
    """Take the part of `speech` between harmonics, low-passed by `taps`, out of `filtered`, in proportion to `shares`.

    Args:
        speech: float64 (n,).
        periods: int64 (subframes,), samples.
        shares: float64 (subframes,), valid in the middle of each subframe; a straight line joins neighbouring middles.
        taps: float64 (2 * reach + 1,), symmetric.
        between: float64 (n + 2 * reach,), zeros at first, scratch.
        filtered: float64 (n,), equal to `speech` at first.
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
    for first in range(0, total, _BLOCK):
        stop = min(first + _BLOCK, total)
        silent = True
        for n in range(first, stop + 2 * reach):
            if between[n] != 0.0:
                silent = False
                break
        if silent:
            continue
        for i in range(0, whole, 4):
            add_taps(taps[i : i + 4], between, 2 * reach - i, first, stop, filtered)
        for i in range(whole, taps.size):
            for n in range(first, stop):
                filtered[n] += taps[i] * between[n + 2 * reach - i]
