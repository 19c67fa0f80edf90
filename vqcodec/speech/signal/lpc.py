"""Linear prediction by the autocorrelation method: window, lag window, Levinson-Durbin recursion."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, inline_kernel
from vqcodec.speech.bands import Band

WINDOW_S = 0.03
LAG_WINDOW_HZ = 50.0  # standard deviation by which the spectrum is blurred, so that poles stay off the unit circle
NOISE_FLOOR = {"nb": 1e-4, "wb": 3e-5}  # white noise added, relative to the energy; wideband spectra fall lower
SILENCE_POWER = 2.5  # white noise added, in squared sample steps, so that digital silence has a flat, stable predictor

DoubleArray = npt.NDArray[np.float64]


def window_length(band: Band) -> int:
    """Return the length in samples of the analysis window, 30 ms, which is centred on a frame boundary."""
    return round(WINDOW_S * band.sample_rate)


def analysis_window(band: Band) -> DoubleArray:
    """Return the symmetric Hamming window of the analysis, float64 (window_length,)."""
    return np.hamming(window_length(band))


def lag_window(order: int, sample_rate: int, width_hz: float, noise_floor: float) -> DoubleArray:
    """Return factors of the autocorrelation at lags 0 to order, float64 (order + 1,).

    They are a Gaussian that blurs the spectrum by `width_hz`; at lag 0 they add white noise, `noise_floor` times the
    power of the signal.

    Source: Y. Tohkura, F. Itakura and S. Hashimoto, "Spectral smoothing technique in PARCOR speech analysis-
        synthesis", IEEE Trans. ASSP 1978.
    """
    factors = np.exp(-0.5 * (2 * math.pi * width_hz / sample_rate * np.arange(order + 1)) ** 2)
    factors[0] = 1 + noise_floor
    return factors


@inline_kernel
def levinson(autocorrelation, order, predictor, scratch):
    """Fill `predictor` with A(z) = 1 + sum a_i z^-i, the solution of the normal equations; return the error energy.

    Args:
        autocorrelation: float64 (order + 1 or more,), with a positive entry 0.
        order: of the predictor.
        predictor: float64 (order + 1,).
        scratch: float64 (order + 1,).

    Source: J. Durbin, "The fitting of time-series models", 1960; J. Makhoul, "Linear prediction: a tutorial review",
        Proc. IEEE 1975.
    """
    predictor[0] = 1.0
    error = autocorrelation[0]
    for i in range(1, order + 1):
        correlation = autocorrelation[i]
        for j in range(1, i):
            correlation += predictor[j] * autocorrelation[i - j]
        reflection = -correlation / error
        for j in range(1, i):
            scratch[j] = predictor[j] + reflection * predictor[i - j]
        for j in range(1, i):
            predictor[j] = scratch[j]
        predictor[i] = reflection
        error *= 1.0 - reflection * reflection
    return error


@allocating_kernel
def predict_at(signal, centres, window, factors, silence_power, predictors, powers):
    """Analyse windows of `signal` centred on samples `centres`; the signal counts as zero beyond its ends.

    Args:
        signal: float64 (n,).
        centres: int64 (frames,), any positions.
        window: float64 (length,).
        factors: float64 (order + 1,), the lag window.
        silence_power: white noise added, in units of the samples squared.
        predictors: float64 (frames, order + 1), filled with A(z), of minimum phase; coefficient 0 is 1.
        powers: float64 (frames,), filled with the power under the window, with silence_power.
    """
    length = window.shape[0]
    order = factors.shape[0] - 1
    energy_of_window = 0.0
    for i in range(length):
        energy_of_window += window[i] * window[i]
    windowed = np.empty(length)
    autocorrelation = np.empty(order + 1)
    scratch = np.empty(order + 1)
    for frame in range(centres.shape[0]):
        start = centres[frame] - length // 2
        for i in range(length):
            position = start + i
            inside = 0 <= position < signal.shape[0]
            windowed[i] = signal[position] * window[i] if inside else 0.0
        for lag in range(order + 1):
            total = 0.0
            for i in range(lag, length):
                total += windowed[i] * windowed[i - lag]
            autocorrelation[lag] = total * factors[lag]
        autocorrelation[0] += silence_power * energy_of_window
        powers[frame] = autocorrelation[0] / energy_of_window
        levinson(autocorrelation, order, predictors[frame], scratch)
