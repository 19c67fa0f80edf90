"""The encoder's side of the pitch filter: the strength that suits the voice.

Between the harmonics of most voices lies coding noise, which the filter removes. Between and below those of a child's
voice lies sound too: low harmonics are far apart, and what moves below the fundamental would go with the noise.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vqcodec.metrics.spectra import power_spectra
from vqcodec.speech.bands import Band
from vqcodec.speech.filters.strengths import MAX_PITCH_FILTER

_EDGES_HZ = (60, 130, 200, 280, 370, 480, 620, 800, 1000)
_WINDOW_FRAMES = 1.5
_FFT = 512
_MOST_DB = 12.0  # of an error that counts
_LACKING = 0.5  # weight of squared errors where energy is missing, instead of too much
_FLOOR = 1e-6  # of the speech's power, a bin; below it nothing is heard
_ROUNDING_POWER = 1.0  # of the output's, likewise
_FRAMES_AT_A_TIME = 256

DoubleArray = npt.NDArray[np.float64]


def strength_errors(
    signal: DoubleArray,
    plain: DoubleArray,
    filtered: DoubleArray,
    weights: DoubleArray,
    band: Band,
    reference_db: float,
) -> DoubleArray:
    """Return the error of low bands' energies, summed over a group, by strength: float64 (MAX_PITCH_FILTER + 1,).

    Args:
        signal: float64 (frames * band.frame,), high-passed.
        plain: float64, likewise, decoded without the pitch filter; filtered: with it, at its full strength.
        weights: float64 (frames,), of the squared errors.
        band: narrowband or wideband.
        reference_db: the file's level of speech, dB of a squared sample step.
    """
    floor = _FLOOR * 10 ** (reference_db / 10) + _ROUNDING_POWER
    shares = np.arange(MAX_PITCH_FILTER + 1)[:, None, None] / MAX_PITCH_FILTER
    errors = np.zeros(MAX_PITCH_FILTER + 1)
    for first in range(0, len(weights), _FRAMES_AT_A_TIME):
        part = slice(first, first + _FRAMES_AT_A_TIME)
        wished, none, full, removed = (
            _band_powers(one, band, part) for one in (signal, plain, filtered, plain - filtered)
        )
        # |P - t R|^2 = |P|^2 - 2 t Re(P R') + t^2 |R|^2, of which the middle is known from t = 1.
        product = none + removed - full
        powers = np.maximum(none - shares * product + shares**2 * removed, 0.0)
        difference = np.clip(10 * np.log10((powers + floor) / (wished + floor)), -_MOST_DB, _MOST_DB)
        squares = difference**2 * np.where(difference < 0, _LACKING, 1.0)
        errors += (squares.sum(axis=2) * weights[part]).sum(axis=1)
    return errors


def best_strength(errors: DoubleArray, most: int) -> int:
    """Return the strength, at most `most`, of least error by `strength_errors`."""
    return int(np.argmin(errors[: most + 1]))


def _band_powers(signal: DoubleArray, band: Band, part: slice) -> DoubleArray:
    """Return mean powers of the low bands' bins (frames, bands) under Hann windows centred on frames of `part`."""
    length = round(_WINDOW_FRAMES * band.frame)
    lead = (length - band.frame) // 2
    padded = np.concatenate([np.zeros(lead), signal, np.zeros(length)]).astype(np.float32)
    window = np.hanning(length).astype(np.float32)
    frames = len(signal) // band.frame
    segments = np.lib.stride_tricks.sliding_window_view(padded, length)[:: band.frame][:frames][part]
    powers = power_spectra(segments * window, _FFT) / float(np.sum(window**2))
    bins = np.searchsorted(np.arange(_FFT // 2 + 1) * (band.sample_rate / _FFT), _EDGES_HZ)
    return np.stack([powers[:, low:high].mean(axis=1, dtype=np.float64) for low, high in pairwise(bins)], axis=1)
