"""Signal-to-noise ratios of one-dimensional signals: of speech, and of quantizers in general."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from vqcodec.errors import UsageError
from vqcodec.metrics.squared_error import same_shape

SEGMENT_FLOOR_DB = -10.0
SEGMENT_CEILING_DB = 35.0


def sqnr(original: ArrayLike, decoded: ArrayLike) -> float:
    """Return the signal-to-quantization-noise ratio in dB: 10 log10(sum(x^2) / sum((x - y)^2)).

    Args:
        original, decoded: any numbers, of one shape (samples of a signal, vectors of a training sequence).

    Returns:
        Infinity for identical arrays; -infinity if only the original is all zeros.

    Raises:
        UsageError: the shapes differ, or there is no sample.
    """
    first, second = same_shape(original, decoded)
    signal = first.astype(np.float64)
    noise = signal - second
    noise_energy, signal_energy = float(np.sum(noise * noise)), float(np.sum(signal * signal))
    if noise_energy == 0:
        return math.inf
    return -math.inf if signal_energy == 0 else 10 * math.log10(signal_energy / noise_energy)


def segmental_snr(
    original: ArrayLike,
    decoded: ArrayLike,
    sample_rate: int,
    segment_s: float = 0.02,
    floor_db: float = SEGMENT_FLOOR_DB,
    ceiling_db: float = SEGMENT_CEILING_DB,
) -> float:
    """Return the segmental signal-to-noise ratio in dB: the mean of the segments' SNR, clipped to floor and ceiling.

    Segments follow one another without overlap. A shorter last segment counts like the others. Segments in which the
    original is all zeros have no SNR and are ignored.

    Args:
        original, decoded: shape (samples,), any numbers.
        sample_rate: Hz.
        segment_s: length of a segment in seconds.
        floor_db, ceiling_db: bounds of a segment's SNR.

    Source: P. Noll, "Adaptive quantizing in speech coding systems", Int. Zurich Seminar 1974. The bounds follow
        J. H. L. Hansen and B. L. Pellom, "An effective quality evaluation protocol for speech enhancement
        algorithms", ICSLP 1998.

    Raises:
        UsageError: the shapes differ or are not one-dimensional, a segment would have no sample, or the original is all
            zeros.
    """
    first, second = same_shape(original, decoded)
    if first.ndim != 1:
        raise UsageError(f"segmental SNR is a measure on one channel (samples,): got shape {first.shape}")
    length = round(sample_rate * segment_s)
    if length < 1:
        raise UsageError(f"segments of {segment_s} s at {sample_rate} Hz hold no sample: lengthen them")
    signal = first.astype(np.float64, copy=False)
    noise = signal - second
    starts = np.arange(0, signal.size, length)
    signal_energy = np.add.reduceat(signal * signal, starts)
    noise_energy = np.add.reduceat(noise * noise, starts)
    heard = signal_energy > 0
    if not heard.any():
        raise UsageError("segmental SNR is undefined: the original is silent throughout")
    with np.errstate(divide="ignore"):
        segments = 10 * np.log10(signal_energy[heard] / noise_energy[heard])
    return float(np.mean(np.clip(segments, floor_db, ceiling_db)))
