"""Levels and perceptual weighting: shape, invariances, and that parts are weighted like the whole."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from synthetic_speech import synthetic_speech

from vqcodec.speech.bands import BANDS, NARROWBAND, WIDEBAND, Band
from vqcodec.speech.signal.levels import frame_weights
from vqcodec.speech.signal.weighting import LevelMeter, bark_density, context_samples, measure_levels, weighting

BOTH = pytest.mark.parametrize("band", BANDS.values(), ids=BANDS.keys())


@BOTH
@pytest.mark.parametrize("first", [60, 190])  # within the spectra taken at a time, and across
def test_parts_are_weighted_like_the_whole(band: Band, first: int) -> None:
    signal = synthetic_speech(1.5, band.sample_rate)
    levels = measure_levels(signal, band)
    whole = weighting(signal, band, levels)
    context, count = context_samples(band), 100
    start = first * band.subframe
    part = signal[start - context : start + count * band.subframe + context]
    piece = weighting(part, band, levels, lead=context, subframes=count)
    np.testing.assert_array_equal(piece.filters, whole.filters[first : first + count])
    np.testing.assert_array_equal(piece.weights, whole.weights[first : first + count])


def test_memory_does_not_grow_with_the_spectra() -> None:
    signal = np.random.default_rng(2).normal(0, 1000, 10 * WIDEBAND.sample_rate)
    levels = measure_levels(signal, WIDEBAND)
    tracemalloc.start()
    weighting(signal, WIDEBAND, levels)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40e6  # all 2000 spectra at once take 75 MB


@BOTH
def test_levels_measured_in_parts_are_those_of_the_whole(band: Band) -> None:
    signal = synthetic_speech(1.5, band.sample_rate)
    context, half = context_samples(band), 30 * band.frame
    meter = LevelMeter(band)
    meter.add(signal[: half + context], subframes=half // band.subframe)
    meter.add(signal[half - context :], lead=context)
    assert meter.levels() == measure_levels(signal, band)


@BOTH
def test_distortion_does_not_depend_on_the_level(band: Band) -> None:
    signal = synthetic_speech(1.0, band.sample_rate)
    loud, soft = (weighting(s, band, measure_levels(s, band)) for s in (signal, signal / 8))
    np.testing.assert_allclose(loud.filters * 8, soft.filters, rtol=1e-6)
    np.testing.assert_allclose(loud.weights, soft.weights, rtol=1e-6)


def test_noise_follows_the_wanted_shape() -> None:
    rng = np.random.default_rng(5)
    signal = rng.normal(0, 1000, 8000)  # flat: what is left is the critical bands and the receiver
    found = weighting(signal, NARROWBAND, measure_levels(signal, NARROWBAND))
    response = np.mean(np.abs(np.fft.rfft(found.filters, 256, axis=1)) ** 2, axis=0)
    frequencies = np.fft.rfftfreq(256, 1 / 8000)
    inside = (frequencies > 400) & (frequencies < 3200)
    ratio = response[inside] / bark_density(frequencies[inside]) ** 1.5
    assert np.std(10 * np.log10(ratio)) < 1.0


def test_pauses_are_weighted_by_the_floor() -> None:
    signal = synthetic_speech(1.0, 8000)
    signal[4000:] = 0
    weights = weighting(signal, NARROWBAND, measure_levels(signal, NARROWBAND)).weights
    assert weights[150:].min() > weights[:90].max()
    assert np.isfinite(weights).all()


@BOTH
@pytest.mark.parametrize("signal", [np.zeros(0), np.zeros(1000), np.ones(1) * 32767])
def test_odd_signals_have_finite_weights(band: Band, signal: np.ndarray) -> None:
    found = weighting(signal, band, measure_levels(signal, band))
    assert len(found.weights) == len(found.filters) == -(-len(signal) // band.subframe)
    assert np.isfinite(found.filters).all()
    assert np.isfinite(found.weights).all()


def test_frame_weights_rise_with_the_energy_between_their_bounds() -> None:
    weights = frame_weights([-60, 40, 50, 60, 120], 50)
    assert weights[0] == 0.05
    assert weights[2] == 1
    assert weights[-1] == 1.5
    assert (np.diff(weights) >= 0).all()
