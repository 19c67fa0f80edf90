"""Spectral analysis of speech against numpy, and its behaviour at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_toeplitz
from scipy.signal import butter, lfilter
from synthetic_speech import synthetic_speech

from vqcodec.errors import UsageError
from vqcodec.metrics.spectral_distortion import spectral_distortion, summarize_distortion
from vqcodec.speech.bands import BANDS, NARROWBAND, WIDEBAND, Band
from vqcodec.speech.signal import analysis, lpc
from vqcodec.speech.signal.analysis import analyse
from vqcodec.speech.signal.highpass import HighPass
from vqcodec.speech.signal.lsf import SD_PER_WEIGHTED_ERROR, interpolate_lpc, lpc_to_lsf, lsf_to_lpc, sensitivity

BOTH = pytest.mark.parametrize("band", BANDS.values(), ids=BANDS.keys())


def speech(band: Band, seconds: float = 1.5) -> np.ndarray:
    return synthetic_speech(seconds, band.sample_rate)


@BOTH
def test_band_is_consistent(band: Band) -> None:
    assert band.subframes * band.subframe == band.frame == band.sample_rate // 50
    assert band.order % 2 == 0
    assert BANDS[band.name] is band


def test_high_pass_is_the_butterworth_filter_block_by_block() -> None:
    signal = speech(NARROWBAND)
    numerator, denominator = butter(2, 50 / 4000, "high")
    high_pass = HighPass(NARROWBAND)
    filtered = np.concatenate([high_pass.filter(signal[:701]), high_pass.filter(signal[701:])])
    np.testing.assert_allclose(filtered, lfilter(numerator, denominator, signal), atol=1e-6)


def test_high_pass_removes_offset() -> None:
    assert np.abs(HighPass(WIDEBAND).filter(np.full(16000, 20000.0))[-100:]).max() < 1


@BOTH
def test_predictors_solve_the_normal_equations(band: Band) -> None:
    signal = speech(band)
    centre = 5000
    window = lpc.analysis_window(band)
    factors = lpc.lag_window(band.order, band.sample_rate, lpc.LAG_WINDOW_HZ, lpc.NOISE_FLOOR[band.name])
    predictors, powers = np.empty((1, band.order + 1)), np.empty(1)
    lpc.predict_at(signal, np.array([centre]), window, factors, 2.5, predictors, powers)
    windowed = signal[centre - len(window) // 2 :][: len(window)] * window
    correlation = np.array([windowed[: len(window) - k] @ windowed[k:] for k in range(band.order + 1)]) * factors
    correlation[0] += 2.5 * np.sum(window**2)
    np.testing.assert_allclose(predictors[0, 1:], solve_toeplitz(correlation[:-1], -correlation[1:]), rtol=1e-6)
    assert powers[0] == pytest.approx(correlation[0] / np.sum(window**2))


@BOTH
def test_lsf_are_the_angles_of_the_zeros_on_the_unit_circle(band: Band) -> None:
    frames = analyse(speech(band), band)
    for predictor, lsf in zip(lsf_to_lpc(frames.lsf)[::7], frames.lsf[::7]):
        padded = np.append(predictor, 0.0)
        angles = np.concatenate([np.angle(np.roots(padded + padded[::-1])), np.angle(np.roots(padded - padded[::-1]))])
        expected = np.sort(angles[(angles > 1e-6) & (angles < np.pi - 1e-6)])
        np.testing.assert_allclose(lsf, expected, atol=1e-6)


def test_lsf_of_roots_too_close_to_tell_apart_are_in_order() -> None:
    radius = 1 - 1e-9
    predictor = np.ones(1)
    for angle in (0.5, 0.5000001, 1.5, 2.0, 2.9):
        predictor = np.convolve(predictor, [1, -2 * radius * np.cos(angle), radius**2])
    lsf = lpc_to_lsf(predictor[None])
    assert (np.diff(lsf, prepend=0, append=np.pi) > 0).all()


def test_lsf_of_an_unstable_predictor_are_in_order() -> None:
    predictor = np.array([[1.0, *np.full(10, 0.9)]]) * 1.5 ** np.arange(11)
    assert (np.diff(lpc_to_lsf(predictor), prepend=0, append=np.pi) > 0).all()


@BOTH
def test_sensitivity_predicts_the_spectral_distortion_of_small_errors(band: Band) -> None:
    lsf = analyse(speech(band), band).lsf
    rng = np.random.default_rng(3)
    changed = lsf + rng.normal(0, 2e-4, lsf.shape)
    expected = SD_PER_WEIGHTED_ERROR * (sensitivity(lsf) * (changed - lsf) ** 2).sum(axis=1)
    ratio = np.fft.rfft(lsf_to_lpc(changed), 2048) / np.fft.rfft(lsf_to_lpc(lsf), 2048)
    measured = np.mean((20 * np.log10(np.abs(ratio))) ** 2, axis=1)
    assert np.median(measured / expected) == pytest.approx(1, abs=0.1)
    assert np.corrcoef(measured, expected)[0, 1] > 0.95


@BOTH
def test_analysis_in_parts_is_the_analysis_of_the_whole(band: Band) -> None:
    signal = speech(band)
    whole = analyse(signal, band)
    context = analysis.context_samples(band)
    start, frames = 20, 31
    part = signal[start * band.frame - context : (start + frames) * band.frame + context]
    pieces = analyse(part, band, lead=context, frames=frames)
    np.testing.assert_array_equal(pieces.lsf, whole.lsf[start : start + frames + 1])
    np.testing.assert_array_equal(pieces.energy_db, whole.energy_db[start : start + frames + 1])


@BOTH
@pytest.mark.parametrize("signal", [np.zeros(0), np.zeros(1000), np.ones(1) * 32767, np.full(2000, -32768.0)])
def test_analysis_of_odd_signals(band: Band, signal: np.ndarray) -> None:
    result = analyse(signal, band)
    assert len(result) == -(-len(signal) // band.frame) + 1
    assert np.isfinite(result.energy_db).all()
    assert (np.diff(result.lsf, axis=1) > 0).all()
    assert np.isfinite(result.sensitivity).all()


def test_interpolated_predictors_are_those_of_interpolated_frequencies() -> None:
    lsf = analyse(speech(NARROWBAND), NARROWBAND).lsf[10:13]
    predictors = interpolate_lpc(lsf, 4)
    assert predictors.shape == (8, 11)
    np.testing.assert_allclose(predictors[5], lsf_to_lpc((0.625 * lsf[1] + 0.375 * lsf[2])[None])[0], rtol=1e-12)


def test_spectral_distortion_of_a_gain_is_that_gain() -> None:
    predictors = lsf_to_lpc(analyse(speech(NARROWBAND), NARROWBAND).lsf)
    distortion = spectral_distortion(predictors, predictors * 10 ** (3 / 20), 8000)
    np.testing.assert_allclose(distortion, 3.0)
    assert summarize_distortion(distortion) == (pytest.approx(3.0), 1.0, 0.0)


def test_spectral_distortion_refuses_what_does_not_compare() -> None:
    with pytest.raises(UsageError, match="one shape"):
        spectral_distortion(np.ones((2, 11)), np.ones((3, 11)), 8000)
    with pytest.raises(UsageError, match="no frames"):
        summarize_distortion([])
