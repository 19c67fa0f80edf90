"""Colour, shape, alpha and targets of the picture room."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from vqcodec.errors import CorruptFileError, LimitError
from vqcodec.image import alpha, colour
from vqcodec.image.shape import Shape
from vqcodec.media.reaching import reach_fidelity, reach_rate, reach_size


def test_colour_transform_agrees_with_jfif():
    rgb = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)
    expected = np.asarray(Image.fromarray(rgb).convert("YCbCr"))
    assert np.abs(np.stack(colour.to_ycbcr(rgb), axis=2).astype(int) - expected).max() <= 1


def test_colour_transform_comes_back_within_one_level():
    corners = np.array([[[r, g, b] for r in (0, 90, 255) for g in (0, 131, 255) for b in (0, 7, 255)]], np.uint8)
    noise = np.random.default_rng(2).integers(0, 256, (60, 70, 3), np.uint8)
    for rgb in (corners, noise):
        assert np.abs(colour.to_rgb(*colour.to_ycbcr(rgb)).astype(int) - rgb).max() <= 1


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 7), (6, 1), (5, 8), (9, 9)])
def test_doubling_a_halved_flat_plane_gives_it_back(height, width):
    flat = np.full((height, width), 93, np.uint8)
    assert np.array_equal(colour.double(colour.halve(flat), height, width), flat)


def test_doubling_follows_its_formula():
    half = np.array([[0, 160], [80, 240]], np.uint8)
    double = colour.double(half, 4, 4)
    assert double[0, 0] == 0
    assert double[1, 1] == (9 * 0 + 3 * 160 + 3 * 80 + 240 + 8) >> 4
    assert double[1, 2] == (9 * 160 + 3 * 0 + 3 * 240 + 80 + 8) >> 4


@pytest.mark.parametrize("shape", [Shape(1, 1, 1), Shape(64, 64, 3), Shape(65_535, 1, 4), Shape(300, 200, 2)])
def test_shape_comes_back(shape):
    data = shape.to_bytes()
    assert Shape.from_bytes(data + b"rest") == (shape, len(data))


def test_shape_of_a_small_picture_takes_three_bytes():
    assert len(Shape(64, 64, 3).to_bytes()) == 3


@pytest.mark.parametrize("data", [b"", b"\x3f", b"\x3f\x3f", b"\x3f\x3f\x04", b"\xff" * 12])
def test_incomplete_or_impossible_shapes_are_corrupt(data):
    with pytest.raises(CorruptFileError):
        Shape.from_bytes(data)


def test_shape_beyond_the_limits():
    with pytest.raises(LimitError):
        Shape.from_bytes(Shape(65_536, 2, 1).to_bytes())
    with pytest.raises(LimitError):
        Shape.from_bytes(Shape(65_535, 65_535, 1).to_bytes())


def test_alpha_comes_back():
    plane = np.random.default_rng(3).integers(0, 256, (13, 17), np.uint8)
    assert np.array_equal(alpha.decode(alpha.encode(plane), 13, 17), plane)


@pytest.mark.parametrize("change", [lambda d: d[:-1], lambda d: d + b"x", lambda d: b"x" + d, lambda d: b""])
def test_damaged_alpha_is_corrupt(change):
    data = alpha.encode(np.arange(12, dtype=np.uint8).reshape(3, 4))
    with pytest.raises(CorruptFileError):
        alpha.decode(change(data), 3, 4)


def test_alpha_of_another_size_is_corrupt_and_never_unpacked_whole():
    bomb = alpha.encode(np.zeros((1000, 1000), np.uint8))
    with pytest.raises(CorruptFileError):
        alpha.decode(bomb, 3, 4)


@pytest.mark.parametrize("target", [22.0, 30.0, 34.5, 41.0])
def test_psnr_target_is_met_in_few_encodings(target):
    tried = []

    def encode(quality):
        tried.append(quality)
        return 20 + 25 * (quality / 100) ** 1.7

    _, psnr = reach_fidelity(encode, lambda result: result, target)
    assert psnr == pytest.approx(target, abs=0.02)
    assert len(tried) <= 12


def test_unreachable_psnr_gives_the_highest_quality():
    assert reach_fidelity(lambda quality: quality, lambda result: result, 200.0)[0] == 100


@pytest.mark.parametrize("target", [1_200, 5_000, 60_000])
def test_size_target_is_met_and_not_exceeded(target):
    _, size = reach_size(lambda quality: int(1_000 * 1.05**quality), lambda result: result, target)
    assert 0.99 * target <= size <= target


def test_a_target_that_leaves_room_gives_the_end_of_the_scale():
    def size(quality):  # no larger from quality 50 on, and a little smaller at the end
        return 1000 + 10 * min(quality, 50) - (quality > 90)

    assert reach_size(size, lambda result: result, 2000)[0] == 100
    assert reach_rate(size, lambda result: result, 2000, 0.01)[0] == 100
    assert reach_fidelity(lambda quality: 20 + 0.2 * max(quality - 50, 0), lambda result: result, 12.0)[0] == 0


def test_size_below_the_smallest_gives_the_smallest():
    assert reach_size(lambda quality: int(1_000 * 1.05**quality), lambda result: result, 10)[0] == 0


@pytest.mark.parametrize("quality", [8.0, 21.0, 60.0, 77.0, 93.0])
def test_a_rate_far_from_the_first_guess_takes_few_encodings(quality):
    tried = []

    def encode(tried_quality):
        tried.append(tried_quality)
        return int(20_000 * 1.045**tried_quality)

    wanted = int(20_000 * 1.045**quality)
    _, size = reach_rate(encode, lambda result: result, wanted, 0.01)
    assert abs(size / wanted - 1) <= 0.01
    assert len(tried) <= 4
