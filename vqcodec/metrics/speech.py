"""Measures of speech: the error weighted as speech coders do, and the delay between two signals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqcodec.errors import UsageError
from vqcodec.metrics.signal import SEGMENT_CEILING_DB, SEGMENT_FLOOR_DB
from vqcodec.metrics.spectra import power_spectra
from vqcodec.metrics.squared_error import same_shape

ACTIVE_DB = 40.0  # segments this far below the loudest are pauses, whose noise does not count
NUMERATOR, DENOMINATOR = 0.94, 0.6  # bandwidth expansions of the weighting filter A(z/0.94) / A(z/0.6)
MAX_DELAY_S = 0.5
CORRELATED_SAMPLES = 1 << 20  # a minute at 16 kHz is enough to find a delay
SAME_PEAK = 0.98  # the delay is 0 if the correlation without delay reaches this share of the peak

_SEGMENT_S = 0.02
_RUN = 256  # segments computed at a time, so that memory does not grow with the signal


def weighted_segmental_snr(original: ArrayLike, decoded: ArrayLike, sample_rate: int) -> float:
    """Return the segmental SNR in dB of signal and error after the weighting filter of speech coders.

    In segments of 20 ms both spectra are weighted by |A(z/0.94) / A(z/0.6)|^2, where A is the linear predictor of the
    original's segment. So error under the formants, which speech masks, counts less than error between them. The result
    is the mean over the active segments, which are within 40 dB of the loudest, each clipped to -10..35 dB.

    Args:
        original, decoded: shape (samples,), any numbers.
        sample_rate: Hz; the predictor has order 10 up to 12 kHz, 16 above.

    Source: M. R. Schroeder, B. S. Atal, J. L. Hall, "Optimizing digital speech coders by exploiting masking
        properties of the human ear", JASA 66 (1979); A(z/g1) / A(z/g2) as in J.-H. Chen and A. Gersho, "Adaptive
        postfiltering for quality enhancement of coded speech", IEEE Trans. SAP 3 (1995).

    Raises:
        UsageError: the shapes differ or are not one-dimensional, or the original is all zeros.
    """
    first, second = _signals(original, decoded)
    hop = round(sample_rate * _SEGMENT_S)
    order = 10 if sample_rate <= 12_000 else 16
    noise = first - second
    runs = [
        _weighted_energies(signal, error, order)
        for signal, error in zip(_windows(first, hop), _windows(noise, hop), strict=True)
    ]
    level, signal_energy, noise_energy = np.concatenate(runs, axis=1)
    active = level > level.max() * 10 ** (-ACTIVE_DB / 10)
    if not active.any():
        raise UsageError("weighted segmental SNR is undefined: the original is silent throughout")
    with np.errstate(divide="ignore"):
        segments = 10 * np.log10(signal_energy[active] / noise_energy[active])
    return float(np.mean(np.clip(segments, SEGMENT_FLOOR_DB, SEGMENT_CEILING_DB)))


def delay(reference: ArrayLike, test: ArrayLike, sample_rate: int) -> int:
    """Return the number of samples by which `test` is later than `reference`: the peak of their cross-correlation.

    Of long signals only the loudest part of the reference is used. If the peak is not clearly higher than the
    correlation without delay, the result is 0.

    Args:
        reference, test: shape (samples,), any numbers; their lengths may differ.
        sample_rate: Hz; the delay is at most half a second either way.
    """
    start = _loudest_part(np.asarray(reference))
    part = slice(start, start + CORRELATED_SAMPLES)
    first, second = (np.asarray(signal)[part].astype(np.float64) for signal in (reference, test))
    if not first.any() or not second.any():
        return 0
    reach = min(round(MAX_DELAY_S * sample_rate), first.size - 1, second.size - 1)
    length = 1 << (first.size + second.size).bit_length()
    spectrum = np.conj(np.fft.rfft(first, length)) * np.fft.rfft(second, length)
    correlation = np.fft.irfft(spectrum, length)
    lags = np.arange(-reach, reach + 1)
    values = correlation[lags]  # negative lags are at the end
    best = int(np.argmax(values))
    return 0 if correlation[0] >= SAME_PEAK * values[best] else int(lags[best])


def aligned(reference: ArrayLike, test: ArrayLike, late: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the parts of two signals that overlap once `test` is moved `late` samples earlier: views of one length."""
    first, second = np.asarray(reference), np.asarray(test)
    first, second = (first, second[late:]) if late >= 0 else (first[-late:], second)
    length = min(first.size, second.size)
    return first[:length], second[:length]


def _signals(original: ArrayLike, decoded: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both signals as float64, or raise UsageError if they cannot be compared."""
    first, second = same_shape(original, decoded)
    if first.ndim != 1:
        raise UsageError(f"segmental SNR is a measure on one channel (samples,): got shape {first.shape}")
    return first.astype(np.float64, copy=False), second.astype(np.float64, copy=False)


def _windows(signal: NDArray[np.float64], hop: int) -> Iterator[NDArray[np.float64]]:
    """Yield Hann-windowed pieces of two hops, one for each hop, in runs: shape (pieces, 2 hop)."""
    count = math.ceil(signal.size / hop)
    padded = np.zeros((count + 1) * hop)
    padded[hop // 2 : hop // 2 + signal.size] = signal
    pieces = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop]
    window = np.hanning(2 * hop + 1)[:-1]
    for start in range(0, count, _RUN):
        yield pieces[start : start + _RUN] * window


def _weighted_energies(signal: NDArray[np.float64], error: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return shape (3, pieces): the energies of the signal, of the weighted signal and of the weighted error."""
    length = 2 * signal.shape[1]
    power, noise = (power_spectra(rows.astype(np.float32), length) for rows in (signal, error))
    weight = _weighting(power, order, length)
    weighted = (weight * power, weight * noise)
    return np.stack([of.sum(axis=1, dtype=np.float64) for of in (power, *weighted)])


def _weighting(power: NDArray[np.float32], order: int, length: int) -> NDArray[np.float32]:
    """Return |A(z/0.94) / A(z/0.6)|^2 at the frequencies of `power`, shape (pieces, frequencies)."""
    correlation = np.fft.irfft(power, length)[:, : order + 1].astype(np.float64)
    correlation[:, 0] = correlation[:, 0] * 1.0001 + 1e-9  # white noise, so that the equations have a solution
    rows = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
    predictor = np.linalg.solve(correlation[:, rows], correlation[:, 1:, np.newaxis])[..., 0]
    coefficients = np.concatenate([np.ones((len(power), 1)), -predictor], axis=1)
    powers = np.arange(order + 1)
    numerator, denominator = (
        power_spectra((coefficients * expansion**powers).astype(np.float32), length)
        for expansion in (NUMERATOR, DENOMINATOR)
    )
    return numerator / denominator


def _loudest_part(signal: NDArray[Any]) -> int:
    """Return the start of the loudest part of CORRELATED_SAMPLES in a signal, on a grid of that length."""
    starts = range(0, max(1, signal.size), CORRELATED_SAMPLES)
    parts = (signal[start : start + CORRELATED_SAMPLES].astype(np.float64) for start in starts)
    return starts[int(np.argmax([part @ part for part in parts]))]
