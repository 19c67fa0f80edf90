"""Measures on speech: weighted segmental SNR, alignment, and the models of hearing where they are installed."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

from vqcodec import metrics
from vqcodec.errors import UsageError
from vqcodec.metrics import perceptual
from vqcodec.metrics.speech import MAX_DELAY_S, aligned, delay, weighted_segmental_snr

RATE = 8000


def vowel(seconds: float = 2.0, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Something like a vowel with pauses: pulses through two resonances, full scale 32768."""
    rng = np.random.default_rng(seed)
    excitation = rng.normal(0, 0.02, round(seconds * rate))
    excitation[:: rate // 110] += 1.0
    signal = excitation
    for hz, width in ((600, 80), (1700, 120)):
        radius, angle = math.exp(-math.pi * width / rate), 2 * math.pi * hz / rate
        length = np.arange(rate // 20)
        signal = np.convolve(signal, radius**length * np.cos(angle * length))[: signal.size]
    syllables = np.sin(2 * np.pi * 3 * np.arange(signal.size) / rate) > -0.3
    return 8000 * signal / np.abs(signal).max() * syllables


def white(like: np.ndarray, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 1, like.size)
    return noise * np.sqrt(np.mean(like**2) / np.mean(noise**2))


@pytest.mark.parametrize("rate", [8000, 16000])
def test_weighted_segmental_snr_is_the_plain_ratio_for_an_error_of_the_signals_own_shape(rate: int) -> None:
    speech = vowel(rate=rate)
    assert weighted_segmental_snr(speech, 0.9 * speech, rate) == pytest.approx(20.0, abs=1e-6)
    assert weighted_segmental_snr(0.01 * speech, 0.009 * speech, rate) == pytest.approx(20.0, abs=1e-2)


def test_a_minute_is_measured_in_little_memory() -> None:
    speech = np.random.default_rng(3).normal(0, 1000, 60 * 16000)
    tracemalloc.start()
    weighted_segmental_snr(speech, speech + 1.0, 16000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * speech.nbytes  # 3000 segments at once would take 4 times as much


def test_weighting_prefers_the_error_under_the_formants() -> None:
    speech = vowel()
    noise = white(speech)
    spectrum = np.abs(np.fft.rfft(speech))
    envelope = np.sqrt(np.convolve(spectrum**2, np.ones(201) / 201, "same"))
    shaped = np.fft.irfft(np.fft.rfft(noise) * envelope, speech.size)
    shaped *= np.sqrt(np.mean(noise**2) / np.mean(shaped**2))
    plain, hidden = speech + 0.1 * noise, speech + 0.1 * shaped
    assert metrics.sqnr(speech, plain) == pytest.approx(metrics.sqnr(speech, hidden), abs=0.01)
    assert weighted_segmental_snr(speech, hidden, RATE) > weighted_segmental_snr(speech, plain, RATE) + 3


def test_weighted_segmental_snr_does_not_depend_on_runs_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    speech = vowel()
    whole = weighted_segmental_snr(speech, speech + 0.1 * white(speech), RATE)
    monkeypatch.setattr("vqcodec.metrics.speech._RUN", 7)
    assert weighted_segmental_snr(speech, speech + 0.1 * white(speech), RATE) == pytest.approx(whole, abs=1e-9)
    assert weighted_segmental_snr(speech, speech, RATE) == 35.0
    assert weighted_segmental_snr(speech, 100 * white(speech), RATE) == -10.0
    assert math.isfinite(weighted_segmental_snr(np.ones(5), np.zeros(5), RATE))


def test_weighted_segmental_snr_of_silence_is_undefined() -> None:
    with pytest.raises(UsageError, match="silent throughout"):
        weighted_segmental_snr(np.zeros(1000), np.ones(1000), RATE)
    with pytest.raises(UsageError, match="one channel"):
        weighted_segmental_snr(np.zeros((10, 2)), np.zeros((10, 2)), RATE)


@pytest.mark.parametrize("late", [0, 1, 37, -37, 2000, -2000])
def test_delay_is_found_in_noise(late: int) -> None:
    speech = vowel()
    test = speech + 0.5 * white(speech)
    test = np.concatenate([np.zeros(late), test]) if late >= 0 else test[-late:]
    assert delay(speech, test, RATE) == late
    first, second = aligned(speech, test, late)
    assert first.size == second.size > speech.size - 2001
    assert metrics.sqnr(first, second) == pytest.approx(6.0, abs=0.5)


def test_without_a_clear_peak_there_is_no_delay() -> None:
    assert delay(np.zeros(100), np.ones(100), RATE) == 0
    assert delay(np.ones(1), np.ones(1), RATE) == 0
    far = np.concatenate([np.zeros(round(1.5 * MAX_DELAY_S * RATE)), vowel()])
    assert abs(delay(vowel(), far, RATE)) <= MAX_DELAY_S * RATE


@pytest.mark.parametrize("measure", ["pesq", "stoi", "visqol"])
def test_models_of_hearing_fall_with_the_noise(measure: str) -> None:
    pytest.importorskip({"pesq": "pesq", "stoi": "pystoi", "visqol": "visqol"}[measure])
    speech = vowel(3.0)
    arguments = (RATE, "nb") if measure == "pesq" else (RATE,)
    score = getattr(perceptual, measure)
    clean, better, worse = (score(speech, speech + gain * white(speech), *arguments) for gain in (0, 0.1, 1))
    assert clean > better > worse
    assert score(speech[:100], speech[:100], *arguments) is None
    assert score(np.zeros(RATE), np.zeros(RATE), *arguments) is None


def test_long_signals_are_measured_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pystoi")
    monkeypatch.setattr(perceptual, "PIECE_S", 2.0)
    first, second = vowel(2.0), vowel(2.0, seed=3)
    noisy = [first + 0.5 * white(first), second + 2 * white(second)]
    both = perceptual.stoi(np.concatenate([first, second]), np.concatenate(noisy), RATE)
    assert both == pytest.approx((perceptual.stoi(first, noisy[0], RATE) + perceptual.stoi(second, noisy[1], RATE)) / 2)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(perceptual.MODULES, "PESQ", "no_such_package")
    assert "PESQ" not in perceptual.available()
    with pytest.raises(UsageError, match=r"PESQ needs a package .* pip install 'vqcodec\[metrics\]'"):
        perceptual.pesq(vowel(), vowel(), RATE, "nb")


def test_pesq_knows_two_rates() -> None:
    pytest.importorskip("pesq")
    for rate, band in ((11025, "nb"), (8000, "wb")):
        with pytest.raises(UsageError, match="resample"):
            perceptual.pesq(vowel(), vowel(), rate, band)
