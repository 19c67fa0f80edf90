"""Smoothing of source frames along the motion."""

import numpy as np
import pytest

from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.lookahead.temporal_filter import LEVEL_STRENGTHS, TemporalFilter
from vqcodec.video.mc.planes import padded_planes

SHIFT = 3  # samples from a frame to the next
STEP = 16.0


def panned(count, noise, seed=5, height=48, width=64):
    """Frames of a picture that moves to the left, and the same with noise."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, : width + SHIFT * count]
    wide = 128 + 50 * np.sin(rows / 5.0 + columns / 9.0) + 30 * np.sin(columns / 4.0)
    clean = [wide[:, SHIFT * t : SHIFT * t + width] for t in range(count)]
    noisy = [plane + random.normal(0, noise, plane.shape) for plane in clean]
    return [[as_frame(plane) for plane in planes] for planes in (clean, noisy)]


def as_frame(luma):
    luma = np.clip(np.rint(luma), 0, 255).astype(np.uint8)
    return Frame(luma, luma[::2, ::2].copy(), 255 - luma[::2, ::2])


def error(planes, frame):
    """Mean squared error of luma and of chroma, in samples."""
    wanted = padded_planes(frame)
    squares = [np.mean(((a.astype(float) - b) / 16) ** 2) for a, b in zip(planes, wanted)]
    return squares[0], (squares[1] + squares[2]) / 2


@pytest.mark.parametrize("time", [0, 4, 8])
def test_noise_is_averaged_away_along_the_motion(time):
    clean, noisy = panned(9, noise=4.0)
    before = error(padded_planes(noisy[time]), clean[time])
    after = error(TemporalFilter(noisy).smoothed(time, 0, STEP).planes, clean[time])
    assert after[0] < 0.6 * before[0]
    assert after[1] < 0.8 * before[1]


def test_what_was_not_there_before_stays():
    clean, _ = panned(9, noise=0.0)
    changed = [frame._replace(luma=frame.luma.copy()) for frame in clean]
    changed[4].luma[16:24, 16:24] = 250 - changed[4].luma[16:24, 16:24]
    smoothed = TemporalFilter(changed).smoothed(4, 0, STEP).planes
    assert np.abs(smoothed.luma[16:24, 16:24] / 16 - changed[4].luma[16:24, 16:24]).mean() < 4


def test_high_levels_and_frames_alone_are_left_as_they_are():
    _, noisy = panned(3, noise=4.0)
    own = padded_planes(noisy[1])
    for planes in (
        TemporalFilter(noisy).smoothed(1, len(LEVEL_STRENGTHS), STEP).planes,
        TemporalFilter(noisy[1:2]).smoothed(0, 0, STEP).planes,
    ):
        assert all(np.array_equal(a, b) for a, b in zip(planes, own))


def test_a_finer_step_smooths_less():
    _, noisy = panned(9, noise=4.0)
    changes = [error(TemporalFilter(noisy).smoothed(4, 0, step).planes, noisy[4])[0] for step in (2.5, 6.0, 40.0)]
    assert changes[0] < changes[1] < changes[2]


def test_frames_smaller_than_the_reach_of_the_search():
    frames = [Frame(np.full((2, 2), 10 * t, np.uint8), *[np.full((1, 1), 128, np.uint8)] * 2) for t in range(4)]
    assert TemporalFilter(frames).smoothed(1, 0, STEP).planes.luma.shape == padded_planes(frames[1]).luma.shape
