"""The pitch filter: what it takes away, what it leaves, and where it does nothing."""

import numpy as np
import pytest

from vqcodec.speech.bands import NARROWBAND, WIDEBAND
from vqcodec.speech.excitation.adaptive_codebook import LAG_UNITS
from vqcodec.speech.filters.pitch_filter import filter_pitch, strength_at

SECONDS = 1.0
PITCH_HZ = 200
STRENGTH = 10


def voice(band):
    """Harmonics, float64 (n,), and the lags of their period, int64 (subframes,)."""
    time = np.arange(int(SECONDS * band.sample_rate)) / band.sample_rate
    tones = sum(1000 / k * np.sin(2 * np.pi * k * PITCH_HZ * time + k) for k in range(1, 18))
    lags = np.full(len(time) // band.subframe, LAG_UNITS * band.sample_rate // PITCH_HZ, dtype=np.int64)
    return tones, lags


def low_noise(band, seed=0):
    """Noise below 800 Hz, float64 (n,)."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(0, 400, int(SECONDS * band.sample_rate)))
    spectrum[800:] = 0
    return np.fft.irfft(spectrum)


def inner(samples):
    return samples[1000:-1000]


@pytest.mark.parametrize("band", [NARROWBAND, WIDEBAND])
@pytest.mark.parametrize("periods", [1, 2, 3])
def test_noise_between_harmonics_is_made_weaker(band, periods):
    speech, lags = voice(band)
    if periods * lags[0] > LAG_UNITS * band.lag_max:
        pytest.skip("longer than any lag")
    noise = low_noise(band)
    filtered = filter_pitch(speech + noise, periods * lags, band, STRENGTH)
    left = inner(filtered - speech)
    assert (left**2).mean() < 0.6 * (inner(noise) ** 2).mean()


@pytest.mark.parametrize("band", [NARROWBAND, WIDEBAND])
def test_what_is_periodic_passes(band):
    speech, lags = voice(band)
    filtered = filter_pitch(speech, lags, band, STRENGTH)
    np.testing.assert_allclose(inner(filtered), inner(speech), atol=1.0)


@pytest.mark.parametrize("band", [NARROWBAND, WIDEBAND])
def test_nothing_changes_at_high_frequencies_nor_without_a_pitch(band):
    speech, lags = voice(band)
    rng = np.random.default_rng(1)
    difference = filter_pitch(speech + rng.normal(0, 200, len(speech)), lags, band, STRENGTH)
    difference -= speech + np.random.default_rng(1).normal(0, 200, len(speech))
    spectrum = np.abs(np.fft.rfft(difference))
    assert spectrum[2200:].max() < 0.05 * spectrum[:800].max()
    hiss = rng.normal(0, 1000, len(speech))
    np.testing.assert_array_equal(filter_pitch(hiss, lags, band, STRENGTH), hiss)


def test_strength_is_in_proportion():
    speech, lags = voice(NARROWBAND)
    noisy = speech + low_noise(NARROWBAND)
    assert filter_pitch(noisy, lags, NARROWBAND, 0) is noisy
    weak, strong = (filter_pitch(noisy, lags, NARROWBAND, strength) - noisy for strength in (5, 10))
    np.testing.assert_allclose(strong, 2 * weak, atol=1e-6)


def test_groups_shorter_than_a_comparison_stay_as_they_are():
    speech, lags = voice(NARROWBAND)
    short = speech[: NARROWBAND.frame]
    np.testing.assert_array_equal(filter_pitch(short, lags[:4], NARROWBAND, STRENGTH), short)


@pytest.mark.parametrize("band", [NARROWBAND, WIDEBAND])
def test_higher_rates_get_less_of_it(band):
    strengths = [strength_at(rate, band) for rate in (0, 2000, 4000, 8000, 16000, 1e6)]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[0] > strengths[-1] > 0
