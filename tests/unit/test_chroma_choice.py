"""The size of chroma goes by the picture, size and fidelity go up evenly with the quality, targets are reached."""

from __future__ import annotations

import functools
from itertools import pairwise

import numpy as np
import pytest

import vqcodec
from vqcodec.errors import UsageError
from vqcodec.image import colour, fine_colour
from vqcodec.image.transform.chroma import chroma_coding, halved, sizes_to_try

EFFORT = 1


@functools.cache
def photograph() -> np.ndarray:
    """Texture in luma, smooth colours: uint8 (96, 96, 3)."""
    y, x = np.mgrid[:96, :96] / 96
    texture = np.random.default_rng(5).normal(0, 14, (96, 96, 1))
    colours = np.stack([90 + 80 * x, 120 + 50 * y * x, 160 - 70 * y], axis=2)
    return np.clip(colours + texture, 0, 255).astype(np.uint8)


@functools.cache
def coloured_text() -> np.ndarray:
    """Red and blue strokes, one to three samples wide, on black: uint8 (96, 96, 3)."""
    random = np.random.default_rng(6)
    picture = np.zeros((96, 96, 3), np.uint8)
    for _ in range(60):
        top, left = random.integers(0, 90, 2)
        tall, wide = random.permutation([int(random.integers(1, 4)), int(random.integers(5, 20))])
        picture[top : top + tall, left : left + wide] = ((230, 20, 20), (30, 60, 250))[random.integers(2)]
    return picture


@functools.cache
def flowers() -> np.ndarray:
    """Saturated blobs with soft edges over texture: uint8 (96, 96, 3)."""
    y, x = np.mgrid[:96, :96]
    random = np.random.default_rng(7)
    picture = np.full((96, 96, 3), (40.0, 110.0, 30.0)) + random.normal(0, 6, (96, 96, 1))
    for _ in range(25):
        v, u = random.integers(0, 96, 2)
        weight = 1 / (1 + np.exp(1.5 * (np.hypot(y - v, x - u) - random.uniform(3, 8))))[..., None]
        picture += weight * (np.array([(240, 30, 90), (250, 220, 20)][random.integers(2)]) - picture)
    return np.clip(picture, 0, 255).astype(np.uint8)


PICTURES = {"photograph": photograph, "text": coloured_text, "flowers": flowers}


def coded(samples: np.ndarray, **options) -> tuple[int, float]:
    """Return bytes and RGB PSNR of a picture."""
    data = vqcodec.encode_image(samples, effort=EFFORT, **options)
    return len(data), psnr(samples, data)


def psnr(samples: np.ndarray, data: bytes) -> float:
    error = np.mean((vqcodec.decode_image(data).astype(float) - samples) ** 2)
    return float(10 * np.log10(255**2 / error))


def test_auto_keeps_half_size_for_smooth_colours_and_full_size_for_coloured_edges() -> None:
    assert chroma_coding(photograph(), 75, "ssim", "auto").subsampling == "420"
    assert chroma_coding(coloured_text(), 75, "ssim", "auto").subsampling == "444"
    assert chroma_coding(flowers(), 75, "ssim", "auto").subsampling == "444"
    assert coded(coloured_text())[1] > coded(coloured_text(), chroma="420")[1] + 8


@pytest.fixture
def nothing_drawn(monkeypatch) -> None:
    """Let no picture have palettes, which tell text exactly at any quality."""
    monkeypatch.setattr("vqcodec.blocks.search.leads.is_drawn", lambda _: False)


@pytest.mark.usefixtures("nothing_drawn")
@pytest.mark.parametrize("name", PICTURES)
def test_sizes_and_fidelity_go_up_evenly_with_the_quality(name: str) -> None:
    samples = PICTURES[name]()
    points = [coded(samples, quality=quality) for quality in range(52, 101, 4)]
    steps = [(after[0] / before[0], after[1] - before[1]) for before, after in pairwise(points)]
    assert min(size for size, _ in steps) > 1.0
    assert min(decibels for _, decibels in steps) > 0.0
    assert max(size for size, _ in steps) < 1.8  # a fine pattern all over a picture comes in within a few steps
    assert max(decibels for _, decibels in steps) < 5.0


@pytest.mark.parametrize("tune", ["visual", "ssim"])
def test_the_finer_quantization_is_the_more_half_size_loses_beside_it(tune: str) -> None:
    chosen = [chroma_coding(flowers(), quality, tune, "auto") for quality in range(0, 101, 5)]
    full = [one.subsampling == "444" for one in chosen]
    assert full == sorted(full)
    assert 0 < sum(full) < len(full)
    steps = [one.step for one in chosen if one.subsampling == "444"]
    assert steps == sorted(steps, reverse=True)


@pytest.mark.parametrize(
    ("name", "target", "above"),
    [("photograph", 36.0, 0.06), ("flowers", 34.0, 0.06), ("flowers", 41.0, 0.06), ("text", 38.0, 0.15)],
)
def test_a_psnr_is_reached_in_no_more_bytes_than_with_either_size_of_chroma(
    name: str, target: float, above: float
) -> None:
    """Text is copied from text, so its PSNR goes up in steps."""
    samples = PICTURES[name]()
    size, reached = coded(samples, target_psnr=target)
    assert target - 0.06 < reached < target + above
    for chroma in ("444", "420"):
        try:
            other = coded(samples, target_psnr=target, chroma=chroma)
        except UsageError:
            continue
        assert size <= other[0] * 1.01


def test_a_psnr_beyond_half_size_chroma_takes_full_size() -> None:
    assert sizes_to_try(coloured_text(), 38.0) == ["444"]
    assert sizes_to_try(photograph(), 30.0) == ["420"]


def test_a_psnr_that_cannot_be_reached_is_refused_with_what_can_be() -> None:
    with pytest.raises(
        UsageError, match=r"target PSNR 99 dB cannot be reached: even at quality 100 with chroma 444 .* dB"
    ):
        coded(photograph(), target_psnr=99)
    with pytest.raises(
        UsageError, match=r"target PSNR 40 dB cannot be reached: .* with chroma 420 the picture has 2\d\."
    ):
        coded(coloured_text(), target_psnr=40, chroma="420")
    with pytest.raises(UsageError, match="target PSNR 60 dB cannot be reached: even at quality 100 the picture has"):
        vqcodec.encode_image(photograph(), target_psnr=60, codebook="classic-4x4-256")


@pytest.mark.usefixtures("nothing_drawn")
@pytest.mark.parametrize(("name", "target"), [("text", 4000), ("flowers", 2500), ("flowers", 6000)])
def test_a_size_is_used_up(name: str, target: int) -> None:
    size, _ = coded(PICTURES[name](), target_size=target)
    assert 0.97 * target < size <= target


def test_sharpened_half_size_chroma_lies_nearer_once_doubled() -> None:
    plane = fine_colour.to_ycbcr(flowers())[2]
    errors = [
        np.mean((colour.double(halved(plane, sharp), 96, 96) - plane.astype(float)) ** 2) for sharp in (False, True)
    ]
    assert errors[1] < 0.8 * errors[0]
    assert halved(plane, True).max() <= 4080
