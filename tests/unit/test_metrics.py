"""Distortion measures against their formulas, by hand and by scikit-image."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from vqcodec import metrics
from vqcodec.errors import UsageError
from vqcodec.metrics import squared_error


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A smooth colour picture with some texture, uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    base = 120 + 80 * np.sin(x / 9)[..., None] * np.cos(y[..., None] / np.array([7, 11, 17]))
    return np.clip(base + rng.normal(0, 8, base.shape), 0, 255).astype(np.uint8)


def noisy(samples: np.ndarray, deviation: float, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, deviation, samples.shape)
    return np.clip(np.round(samples + noise), 0, 255).astype(np.uint8)


def test_mse_of_unsigned_samples_does_not_wrap() -> None:
    assert metrics.mse(np.array([0, 255], np.uint8), np.array([255, 0], np.uint8)) == 255.0**2


def test_mse_spans_many_runs_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    first = np.arange(1000, dtype=np.uint8).reshape(10, 100)
    second = first[::-1].copy()
    whole = metrics.mse(first, second)
    monkeypatch.setattr(squared_error, "RUN_SAMPLES", 7)
    assert metrics.mse(first, second) == whole == np.mean((first.astype(int) - second) ** 2)


def test_psnr_of_a_known_error() -> None:
    original = np.full((4, 4), 100, np.uint8)
    assert metrics.psnr(original, original + 1) == pytest.approx(48.1308036, abs=1e-6)
    assert metrics.psnr(original, original + 1, peak=1023) == pytest.approx(20 * math.log10(1023))


def test_identical_pictures_are_at_infinity() -> None:
    samples = picture(16, 16)
    assert metrics.psnr(samples, samples) == math.inf
    assert metrics.psnr_rgb(samples, samples) == math.inf
    assert metrics.psnr_611(samples, samples) == math.inf
    assert metrics.ssim(samples[..., 0], samples[..., 0]) == pytest.approx(1.0, abs=1e-12)


def test_psnr_rgb_pools_the_channels_and_leaves_alpha_out() -> None:
    original = np.zeros((2, 2, 4), np.uint8)
    decoded = original.copy()
    decoded[..., 0], decoded[..., 3] = 3, 200
    assert metrics.psnr_rgb(original, decoded) == pytest.approx(10 * math.log10(255**2 / 3))
    assert metrics.psnr_rgb(original[..., :2], decoded[..., [0, 3]]) == pytest.approx(10 * math.log10(255**2 / 9))


def test_plane_psnr_keeps_the_channels_apart() -> None:
    original = np.zeros((2, 2, 3), np.uint8)
    decoded = original.copy()
    decoded[..., 1] = 5
    first, second, third = metrics.plane_psnr(original, decoded)
    assert first == third == math.inf
    assert second == pytest.approx(10 * math.log10(255**2 / 25))


def test_luma_and_chroma_of_the_primaries() -> None:
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [90, 90, 90]]], np.uint8)
    np.testing.assert_allclose(metrics.luma(primaries)[0], [76.245, 149.685, 29.07, 90.0])
    chroma = metrics.ycbcr(primaries)[0, :, 1:]
    assert chroma[2, 0] == pytest.approx(127.5)
    assert chroma[0, 1] == pytest.approx(127.5)
    np.testing.assert_allclose(chroma[3], 0, atol=1e-12)


def test_psnr_611_weighs_luma_six_times() -> None:
    original = picture(20, 24)
    decoded = noisy(original, 5)
    y, cb, cr = metrics.plane_psnr(metrics.ycbcr(original), metrics.ycbcr(decoded))
    assert metrics.psnr_611(original, decoded) == pytest.approx((6 * y + cb + cr) / 8)


def test_chroma_of_grey_pictures_is_without_error() -> None:
    grey = np.random.default_rng(4).integers(0, 256, (40, 50, 1)).astype(np.uint8)
    original, decoded = (np.repeat(samples, 3, axis=2) for samples in (grey, grey // 2))
    luma, *chroma = metrics.plane_psnr(metrics.ycbcr(original), metrics.ycbcr(decoded))
    assert luma < 20
    assert chroma == [math.inf, math.inf]


def test_psnr_611_of_a_grey_picture_stays_finite() -> None:
    grey = np.repeat(picture(8, 8)[..., :1], 3, axis=2) // 2
    decoded = grey + 1
    luma_psnr = metrics.psnr(metrics.luma(grey), metrics.luma(decoded))
    assert 40 < metrics.psnr_611(grey, decoded) < 80
    assert metrics.psnr_611(grey[..., 0], decoded[..., 0]) == pytest.approx(luma_psnr)


@pytest.mark.parametrize("size", [(11, 11), (11, 40), (64, 65), (75, 74), (150, 31)])
@pytest.mark.parametrize("deviation", [2, 25])
def test_ssim_is_that_of_scikit_image(size: tuple[int, int], deviation: float) -> None:
    original = picture(*size)
    first, second = metrics.luma(original), metrics.luma(noisy(original, deviation))
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    expected = structural_similarity(first, second, **options)
    assert metrics.ssim(first, second) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (10, 3), (8, 8)])
def test_ssim_of_planes_smaller_than_the_window(size: tuple[int, int]) -> None:
    plane = picture(*size)[..., 0]
    assert metrics.ssim(plane, plane) == pytest.approx(1)
    assert -1 <= metrics.ssim(plane, 255 - plane) < 1


def test_ssim_db() -> None:
    assert metrics.ssim_db(0.9) == pytest.approx(10)
    assert metrics.ssim_db(0.99) == pytest.approx(20)
    assert metrics.ssim_db(1.0) == math.inf


def test_sqnr() -> None:
    signal = np.array([3.0, -4.0])
    assert metrics.sqnr(signal, signal * 0.9) == pytest.approx(20)
    assert metrics.sqnr(signal, signal) == math.inf
    assert metrics.sqnr(np.zeros(3), np.ones(3)) == -math.inf


def test_segmental_snr_averages_decibels_and_counts_the_last_segment() -> None:
    signal = np.ones(25)
    decoded = signal.copy()
    decoded[:10] -= 0.1  # 20 dB
    decoded[10:20] -= 1.0  # 0 dB
    decoded[20:] -= 10**-0.5  # 10 dB
    assert metrics.segmental_snr(signal, decoded, sample_rate=1000, segment_s=0.01) == pytest.approx(10)


def test_segmental_snr_clips_and_leaves_silence_out() -> None:
    signal = np.array([1, 1, 0, 0, 1, 1], np.int16)
    decoded = np.array([1, 1, 9, 9, 100, 100], np.int16)  # exact, undefined, -40 dB
    assert metrics.segmental_snr(signal, decoded, sample_rate=100) == pytest.approx((35 - 10) / 2)


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda: metrics.mse(np.zeros(3), np.zeros(4)), "different shapes"),
        (lambda: metrics.psnr(np.zeros((0, 3)), np.zeros((0, 3))), "empty"),
        (lambda: metrics.luma(np.zeros((2, 2, 5))), "a picture is"),
        (lambda: metrics.ycbcr(np.zeros((2, 2))), "colour picture"),
        (lambda: metrics.ssim(np.zeros((2, 2, 3)), np.zeros((2, 2, 3))), "one plane"),
        (lambda: metrics.segmental_snr(np.zeros(8), np.zeros(8), 100), "silent"),
        (lambda: metrics.segmental_snr(np.ones(8), np.ones(8), 100, segment_s=0.001), "no sample"),
        (lambda: metrics.segmental_snr(np.ones((2, 2)), np.ones((2, 2)), 100), "one channel"),
    ],
)
def test_what_cannot_be_measured_is_refused(measure, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        measure()
