"""Where groups end: at their length, at cuts, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from stored_video import moving_frames

from vqcodec.video.grouping import MIN_GROUP, SceneDetector, groups
from vqcodec.video.io.frames import Frame


def lit(frames: list[Frame], gains: list[float]) -> list[Frame]:
    return [
        Frame(np.clip(frame.luma * gain, 0, 255).astype(np.uint8), frame.blue, frame.red)
        for frame, gain in zip(frames, gains, strict=True)
    ]


def scenes(*lengths: int) -> list[Frame]:
    """Scenes of different brightness and texture, one after the other."""
    parts = [lit(moving_frames(n, 96, 64, seed=3 * k), [(0.5, 1.3, 0.8)[k % 3]] * n) for k, n in enumerate(lengths)]
    return [frame for part in parts for frame in part]


def lengths(frames: list[Frame], length: int, detector: SceneDetector | None) -> list[int]:
    return [len(group) for group in groups(frames, length, detector)]


@pytest.mark.parametrize(("count", "expected"), [(1, [1]), (2, [2]), (8, [8]), (9, [8, 1]), (20, [8, 8, 4])])
def test_groups_end_at_their_length(count: int, expected: list[int]) -> None:
    assert lengths(moving_frames(count), 8, None) == expected
    assert lengths(moving_frames(count), 8, SceneDetector()) == expected


def test_groups_end_at_cuts() -> None:
    frames = scenes(12, 7, 15)
    assert lengths(frames, 100, SceneDetector()) == [12, 7, 15]
    assert lengths(frames, 10, SceneDetector()) == [10, 9, 10, 5]  # 2 frames are too few for a group
    assert lengths(frames, 100, None) == [34]


def test_no_group_is_shorter_than_the_least_because_of_a_cut() -> None:
    assert lengths(scenes(10, 2, 10), 100, SceneDetector())[1] >= MIN_GROUP


@pytest.mark.parametrize(
    "gains",
    [
        [1 - k / 24 for k in range(24)],  # a fade to black
        [0.6 + 0.02 * (k % 2) for k in range(24)],  # a flicker
    ],
)
def test_fades_and_flicker_are_no_cuts(gains: list[float]) -> None:
    assert lengths(lit(moving_frames(24, 96, 64), gains), 100, SceneDetector()) == [24]


@pytest.mark.parametrize(
    ("start", "end"),
    [(9, 10), (9, 11), (9, 15), (12, 13)],
)
@pytest.mark.parametrize("level", [255, 16])
def test_flashes_and_drop_outs_are_no_cuts(start: int, end: int, level: int) -> None:
    frames = moving_frames(24, 96, 64)
    for time in range(start, end):
        frames[time] = Frame(np.full_like(frames[time].luma, level), frames[time].blue, frames[time].red)
    assert lengths(frames, 100, SceneDetector()) == [24]


def test_a_strobe_is_no_cut() -> None:
    frames = moving_frames(40, 96, 64)
    for time in range(10, 30, 3):
        frames[time] = Frame(np.full_like(frames[time].luma, 250), frames[time].blue, frames[time].red)
    assert lengths(frames, 100, SceneDetector()) == [40]


def test_a_light_switch_is_no_cut() -> None:
    gains = [1.0] * 9 + [0.5] * 15
    assert lengths(lit(moving_frames(24, 96, 64), gains), 100, SceneDetector()) == [24]


def test_quick_cuts_to_and_fro_stay_in_one_group_and_a_scene_that_stays_begins_one() -> None:
    one, other = scenes(30, 30)[:30], scenes(30, 30)[30:]
    assert lengths(one[:12] + other[:4] + one[16:], 100, SceneDetector()) == [30]
    assert lengths(one[:12] + other[:9] + one[21:], 100, SceneDetector()) == [12, 9, 9]


def test_quick_motion_and_noise_are_no_cuts() -> None:
    rng = np.random.default_rng(2)
    noise = [Frame(rng.integers(0, 256, (64, 96)).astype(np.uint8), f.blue, f.red) for f in moving_frames(20, 96, 64)]
    assert lengths(noise, 100, SceneDetector()) == [20]
    assert lengths(moving_frames(60, 96, 64)[::3], 100, SceneDetector()) == [20]


def test_tiny_frames_have_cuts_too() -> None:
    dark = [Frame(np.full((2, 2), v, np.uint8), *[np.full((1, 1), 128, np.uint8)] * 2) for v in (20,) * 6 + (200,) * 6]
    assert lengths(dark, 100, SceneDetector()) == [6, 6]
