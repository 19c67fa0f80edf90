"""The perceptual error weighting of the encoder: filters W(z) that give coding noise a shape that hearing masks.

The louder the speech is at a frequency and time, the louder the noise may be, though less than in proportion. The wider
the critical band, the louder the noise may be. So 1/|W|^2 follows S^a / b^c / T. S is the spectrum of the speech,
smoothed over a part of a critical band. b is the density of critical bands along frequency. T is the response of an
ordinary telephone receiver (narrowband only). W(z) is the all-zero filter that whitens that target. In time, the errors
of a subframe are weighted by the power -g of the energy of the weighted speech. Nothing of this is sent.

Sources: B. S. Atal and M. R. Schroeder, "Predictive coding of speech signals and subjective error criteria", IEEE
Trans. ASSP 1979 (noise shaped like speech); E. Zwicker and E. Terhardt, "Analytical expressions for critical-band rate
and critical bandwidth as a function of frequency", JASA 1980 (b); ITU-T P.48 (intermediate reference system).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, kernel
from vqcodec.metrics.spectra import power_spectra
from vqcodec.speech.bands import Band
from vqcodec.speech.signal.levels import Levels, active, reference_level
from vqcodec.speech.signal.lpc import lag_window, levinson

DoubleArray = npt.NDArray[np.float64]
SingleArray = npt.NDArray[np.float32]

_WINDOW_S = 0.032
_LEAST_POWER = 0.1  # squared sample steps: digital silence counts as that, since a level in dB must be finite
_SMOOTHING_BARK = 0.15
_SMOOTHING_REACH = 4.0  # standard deviations
_SPECTRAL_FLOOR = 1e-4  # of the active level
_REFERENCE_HZ = 500.0  # where the density of critical bands counts as 1
_LEAST_RECEIVER_POWER = 0.05
_LAG_WINDOW_HZ = 40.0
_NOISE_FLOOR = 5e-4
_ENERGY_FLOOR = 3e-4  # of the active level after weighting
_SPECTRA_AT_A_TIME = 256  # subframes
_ENERGY_REACH = 2  # subframes on each side over which the energy is averaged


@dataclass(frozen=True)
class Shape:
    """Constants of the weighting in a band.

    Attributes:
        spectrum: power a of the speech's spectrum that the noise follows.
        critical_bands: power c of the density of critical bands.
        receiver: power of the receiver's power response.
        energy: power g of the weighted energy by which the errors of a subframe are divided.
    """

    spectrum: float
    critical_bands: float
    receiver: float
    energy: float


SHAPES = {"nb": Shape(0.6, 1.1, 0.5, 0.4), "wb": Shape(0.6, 1.0, 0.0, 0.4)}


class Weighting(NamedTuple):
    """How the errors of each subframe count.

    The distortion of an error e of the signal is the sum of weights[s] * |W_s * e|^2 over the subframes s.

    Attributes:
        filters: float64 (subframes, weighting_order + 1), the impulse responses of W(z).
        weights: float64 (subframes,).
    """

    filters: DoubleArray
    weights: DoubleArray


def context_samples(band: Band) -> int:
    """Return the number of samples on each side of the subframes that their weighting uses."""
    return _window_length(band) // 2 + (_ENERGY_REACH + 1) * band.subframe


class LevelMeter:
    """Measures the `Levels` of a file, part by part; it keeps 16 bytes for each subframe.

    Args:
        band: narrowband or wideband.
        most: number of the last subframes that count; None for all.
    """

    def __init__(self, band: Band, most: int | None = None) -> None:
        self._band = band
        self._most = most
        self._powers = [np.zeros(0)]
        self._compressed = [np.zeros(0)]

    def add(self, signal: npt.ArrayLike, *, lead: int = 0, subframes: int | None = None) -> None:
        """Measure a part of the file; the arguments are those of `weighting`."""
        samples, subframes = _part(signal, self._band, lead, subframes)
        exponent = 1 - SHAPES[self._band.name].spectrum
        for _, spectra in _power_spectra(samples, self._band, lead, subframes):
            self._powers.append(spectra.mean(axis=1, dtype=np.float64))
            # The power after W(z), without the file's active power, which is not known yet, and the spectral floor.
            self._compressed.append((spectra**exponent / _tables(self._band).target).mean(axis=1, dtype=np.float64))

    def levels(self) -> Levels:
        """Return the levels of all parts measured so far."""
        powers, compressed = np.concatenate(self._powers), np.concatenate(self._compressed)
        if self._most is not None:
            powers, compressed = powers[-self._most :], compressed[-self._most :]
            self._powers, self._compressed = [powers], [compressed]
        speech = active(powers)
        if not speech.any():
            return Levels(reference_db=0.0, power=1.0, weighted_power=1.0)
        power = float(powers[speech].mean())
        exponent = 1 - SHAPES[self._band.name].spectrum
        return Levels(
            reference_db=reference_level(10 * np.log10(np.maximum(powers, _LEAST_POWER))),
            power=power,
            weighted_power=float(compressed[speech].mean()) / power**exponent,
        )


def measure_levels(signal: npt.ArrayLike, band: Band) -> Levels:
    """Return the levels of a whole `signal`, (n,), high-passed, in the range of 16-bit samples."""
    meter = LevelMeter(band)
    meter.add(signal)
    return meter.levels()


def weighting(
    signal: npt.ArrayLike, band: Band, levels: Levels, *, lead: int = 0, subframes: int | None = None
) -> Weighting:
    """Return the weighting of the subframes of `signal`, a whole file or a part with `context_samples` on both sides.

    Args:
        signal: (n,), high-passed, in the range of 16-bit samples. It counts as zero beyond its ends.
        band: narrowband or wideband.
        levels: of the whole file.
        lead: samples before the first subframe.
        subframes: number of subframes; None for as many as hold all samples from `lead` on.
    """
    samples, subframes = _part(signal, band, lead, subframes)
    shape, tables = SHAPES[band.name], _tables(band)
    wide = subframes + 2 * _ENERGY_REACH
    wide_lead = lead - _ENERGY_REACH * band.subframe
    autocorrelations = np.empty((wide, band.weighting_order + 1))
    for rows, spectra in _power_spectra(samples, band, wide_lead, wide):
        smoothed = np.empty(spectra.shape[::-1], dtype=np.float32)
        _smooth(np.ascontiguousarray(spectra.T), tables.first, tables.widths, tables.kernels, smoothed)
        noise = (np.ascontiguousarray(smoothed.T) / levels.power + _SPECTRAL_FLOOR) ** shape.spectrum * tables.target
        autocorrelations[rows] = np.fft.irfft(noise, axis=1)[:, : band.weighting_order + 1] * tables.lags
    filters = np.empty_like(autocorrelations)
    energies = np.empty(wide)
    _whiten(samples, wide_lead, band.subframe, autocorrelations, levels.power, filters, energies)
    reach = np.ones(2 * _ENERGY_REACH + 1) / (2 * _ENERGY_REACH + 1)
    energy = np.convolve(energies, reach, "valid")[:subframes] / levels.weighted_power
    weights = 1 / ((energy + _ENERGY_FLOOR) ** shape.energy * levels.weighted_power * band.subframe)
    return Weighting(filters[_ENERGY_REACH : _ENERGY_REACH + subframes], weights)


class _Tables(NamedTuple):
    """Tables that depend on the band alone; bins are those of the FFT, 0 to half the sampling rate.

    Attributes:
        target: float32 (bins,), the noise wanted if the speech has a flat spectrum.
        first: int64 (bins,), the first bin that the smoothing of a bin uses.
        widths: int64 (bins,), the number of bins that it uses.
        kernels: float32 (bins, most), the weights of that bin and the following ones; they sum to 1.
        lags: float64 (weighting_order + 1,), the lag window.
    """

    target: SingleArray
    first: npt.NDArray[np.int64]
    widths: npt.NDArray[np.int64]
    kernels: SingleArray
    lags: DoubleArray


@lru_cache
def _tables(band: Band) -> _Tables:
    shape = SHAPES[band.name]
    frequencies = np.arange(_window_length(band) + 1) * (band.sample_rate / (2 * _window_length(band)))
    density = bark_density(frequencies)
    receiver = np.maximum(receiver_response(frequencies), _LEAST_RECEIVER_POWER) ** shape.receiver
    target = 1 / ((density / bark_density(_REFERENCE_HZ)) ** shape.critical_bands * receiver)
    bark = np.cumsum(density) * frequencies[1]
    distance = (bark[:, None] - bark[None, :]) / _SMOOTHING_BARK
    gaussian = np.where(np.abs(distance) < _SMOOTHING_REACH, np.exp(-0.5 * distance**2), 0)
    gaussian /= gaussian.sum(axis=1, keepdims=True)
    width = int(np.count_nonzero(gaussian, axis=1).max())
    first = np.minimum((gaussian > 0).argmax(axis=1), len(bark) - width)
    kernels = np.take_along_axis(gaussian, first[:, None] + np.arange(width), axis=1)
    lags = lag_window(band.weighting_order, band.sample_rate, _LAG_WINDOW_HZ, _NOISE_FLOOR)
    widths = width - (kernels[:, ::-1] > 0).argmax(axis=1)
    return _Tables(
        target.astype(np.float32),
        first.astype(np.int64),
        widths.astype(np.int64),
        np.ascontiguousarray(kernels, dtype=np.float32),
        lags,
    )


def bark_density(frequencies_hz: npt.ArrayLike) -> DoubleArray:
    """Return the number of critical bands a hertz, at each frequency.

    It is the inverse of the critical bandwidth 25 + 75 (1 + 1.4 f^2)^0.69 Hz, f in kHz (Zwicker and Terhardt 1980).
    """
    kilohertz = np.asarray(frequencies_hz, np.float64) / 1000
    return 1 / (25 + 75 * (1 + 1.4 * kilohertz**2) ** 0.69)


def receiver_response(frequencies_hz: npt.ArrayLike) -> DoubleArray:
    """Return the rough power response of a telephone receiver: a high-pass at 220 Hz and a low-pass at 3.7 kHz."""
    hertz = np.maximum(np.asarray(frequencies_hz, np.float64), 1.0)
    return 1 / (1 + (220 / hertz) ** 6) / (1 + (hertz / 3700) ** 12)


def _window_length(band: Band) -> int:
    return round(_WINDOW_S * band.sample_rate)


def _part(signal: npt.ArrayLike, band: Band, lead: int, subframes: int | None) -> tuple[DoubleArray, int]:
    """Return the signal as float64, and the number of subframes, which may be given as None (see `weighting`)."""
    samples = np.ascontiguousarray(signal, dtype=np.float64)
    return samples, -(-max(0, len(samples) - lead) // band.subframe) if subframes is None else subframes


def _power_spectra(samples: DoubleArray, band: Band, lead: int, subframes: int) -> Iterator[tuple[slice, SingleArray]]:
    """Yield power spectra, float32 (subframes, bins), under Hann windows centred on the subframes.

    The mean of a spectrum is the power of its subframe. The spectra come some at a time, so that memory stays small,
    each time with the numbers of their subframes.
    """
    length = _window_length(band)
    window = np.hanning(length).astype(np.float32)
    energy = float(np.sum(window**2))
    for first in range(0, subframes, _SPECTRA_AT_A_TIME):
        count = min(_SPECTRA_AT_A_TIME, subframes - first)
        begin = lead + first * band.subframe + band.subframe // 2 - length // 2
        span = (count - 1) * band.subframe + length
        padded = np.zeros(span, dtype=np.float32)
        held = samples[max(0, begin) : max(0, begin + span)]
        padded[max(0, -begin) :][: len(held)] = held
        segments = np.lib.stride_tricks.sliding_window_view(padded, length)[:: band.subframe]
        yield slice(first, first + count), power_spectra(segments * window, 2 * length) / energy


@kernel
def _smooth(spectra, first, widths, kernels, smoothed):
    """Fill `smoothed` with `spectra`, both float32 (bins, subframes), averaged by the rows of `kernels`.

    Four bins are added at a time, to read and write the sums less often. The subframes are summed side by side; each
    sum still follows the order of the bins.
    """
    for i in range(spectra.shape[0]):
        for subframe in range(spectra.shape[1]):
            smoothed[i, subframe] = 0.0
        total = smoothed[i]
        whole = widths[i] - widths[i] % 4
        for j in range(0, whole, 4):
            a, b, c, d = kernels[i, j], kernels[i, j + 1], kernels[i, j + 2], kernels[i, j + 3]
            bin0 = spectra[first[i] + j]
            bin1 = spectra[first[i] + j + 1]
            bin2 = spectra[first[i] + j + 2]
            bin3 = spectra[first[i] + j + 3]
            for subframe in range(total.size):
                value = total[subframe] + a * bin0[subframe] + b * bin1[subframe]
                total[subframe] = value + c * bin2[subframe] + d * bin3[subframe]
        for j in range(whole, widths[i]):
            weight = kernels[i, j]
            for subframe in range(total.size):
                total[subframe] += weight * spectra[first[i] + j, subframe]


@allocating_kernel
def _whiten(samples, lead, length, autocorrelations, power, filters, energies):
    """Make the filters W(z) and measure the subframes they weight.

    Args:
        samples: float64 (n,).
        lead: number of the first subframe's first sample; may be negative.
        length: samples of a subframe.
        autocorrelations: float64 (subframes, order + 1), of the noise wanted.
        power: mean power of the active subframes of the file.
        filters: float64 (subframes, order + 1), filled with A(z) / sqrt(error energy * power).
        energies: float64 (subframes,), filled with the mean power of the weighted samples of each subframe.
    """
    order = filters.shape[1] - 1
    scratch = np.empty(order + 1)
    for row in range(filters.shape[0]):
        error = levinson(autocorrelations[row], order, filters[row], scratch)
        scale = 1.0 / np.sqrt(error * power)
        for i in range(order + 1):
            filters[row, i] *= scale
        total = 0.0
        start = lead + row * length
        for n in range(start, start + length):
            value = 0.0
            for i in range(order + 1):
                if 0 <= n - i < samples.shape[0]:
                    value += filters[row, i] * samples[n - i]
            total += value * value
        energies[row] = total / length
