"""Colours under alpha 0 cost next to nothing and do not count, unless they are to be kept."""

from __future__ import annotations

import math

import numpy as np
import pytest

import vqcodec
from vqcodec.image.hidden import without_hidden_colours
from vqcodec.metrics import psnr_rgb, psnr_seen
from vqcodec.metrics.pictures import measure_pictures


def logo(hidden: np.ndarray | int) -> np.ndarray:
    """A disc with a soft rim in two colours, with other colours where nothing is seen: uint8 (64, 64, 4)."""
    y, x = np.mgrid[:64, :64]
    alpha = np.clip(255 * (20.5 - np.hypot(y - 31, x - 33)), 0, 255).astype(np.uint8)
    picture = np.zeros((64, 64, 4), np.uint8)
    picture[..., :3] = np.where((x < 33)[..., None], (220, 40, 30), (30, 60, 200))
    picture[..., 3] = alpha
    picture[..., :3] = np.where(alpha[..., None] == 0, hidden, picture[..., :3])
    return picture


NOISE = np.random.default_rng(2).integers(0, 256, (64, 64, 3))


@pytest.mark.parametrize("codebook", ["photo", "classic-4x4-256"])
def test_hidden_colours_cost_nothing(codebook: str) -> None:
    noisy = vqcodec.encode_image(logo(NOISE), codebook=codebook, effort=1)
    assert noisy == vqcodec.encode_image(logo(255), codebook=codebook, effort=1)
    assert len(noisy) < 0.5 * len(vqcodec.encode_image(logo(NOISE), codebook=codebook, effort=1, keep_hidden=True))


def test_hidden_colours_can_be_kept() -> None:
    decoded = vqcodec.decode_image(vqcodec.encode_image(logo(NOISE), quality=95, effort=1, keep_hidden=True))
    assert psnr_rgb(logo(NOISE), decoded) > 38
    decoded = vqcodec.decode_image(vqcodec.encode_image(logo(NOISE), quality=95, effort=1))
    assert psnr_rgb(logo(NOISE), decoded) < 15
    assert psnr_seen(logo(NOISE), decoded) > 38


def test_a_target_is_what_is_seen() -> None:
    data = vqcodec.encode_image(logo(NOISE), target_psnr=34, effort=1)
    assert psnr_seen(logo(NOISE), vqcodec.decode_image(data)) >= 33.9
    assert len(data) < 600


def test_what_takes_their_place_continues_the_visible_colours() -> None:
    filled = without_hidden_colours(logo(NOISE))
    seen = logo(NOISE)[..., 3] > 0
    assert np.array_equal(filled[seen], logo(NOISE)[seen])
    assert np.array_equal(filled[..., 3], logo(NOISE)[..., 3])
    assert np.abs(filled[31, 0, :3].astype(int) - (220, 40, 30)).max() < 40
    assert np.abs(filled[31, 63, :3].astype(int) - (30, 60, 200)).max() < 40
    assert np.abs(np.diff(filled[0, :, :3].astype(int), axis=0)).max() < 40


@pytest.mark.parametrize("shape", [(1, 1, 2), (1, 5, 4), (7, 1, 4), (3, 3, 2)])
def test_a_picture_that_is_hidden_whole_is_flat(shape: tuple[int, int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    picture[..., -1] = 0
    assert not without_hidden_colours(picture).any()


def test_pictures_without_hidden_colours_stay_as_they_are() -> None:
    picture = logo(0)
    picture[..., 3] = np.maximum(picture[..., 3], 1)
    assert without_hidden_colours(picture) is picture
    assert without_hidden_colours(picture[..., :3]).shape == (64, 64, 3)


def test_the_psnr_of_what_is_seen() -> None:
    opaque = np.array([[[10, 20, 30, 255], [0, 0, 0, 255]]], np.uint8)
    other = np.array([[[13, 20, 30, 255], [0, 0, 0, 255]]], np.uint8)
    assert psnr_seen(opaque, other) == pytest.approx(psnr_rgb(opaque, other))
    half = np.array(
        [[[10, 0, 0, 51], [90, 80, 70, 0]]], np.uint8
    )  # a fifth is seen of the first, nothing of the second
    half_other = np.array([[[20, 0, 0, 51], [1, 2, 3, 0]]], np.uint8)
    assert psnr_seen(half, half_other) == pytest.approx(10 * math.log10(255**2 / (2.0**2 / 6)))
    assert psnr_seen(half, np.array([[[10, 0, 0, 51], [1, 2, 3, 0]]], np.uint8)) == math.inf
    clear = np.array([[[0, 0, 0, 0]]], np.uint8)
    black = np.array([[[0, 0, 0, 255]]], np.uint8)  # the same over black, all of 255 apart over white
    assert psnr_seen(clear, black) == pytest.approx(10 * math.log10(2))


def test_compare_measures_what_is_seen() -> None:
    measured = measure_pictures(logo(NOISE), logo(255))
    assert measured["mse"] == 0
    assert measured["psnr_db"] == measured["plane_psnr_db"]["y"] == math.inf
    assert measured["ssim"] == pytest.approx(1)
    assert measured["plane_psnr_db"]["alpha"] == math.inf
