"""Videos in Python: RGB and planes, with sound, in and out, frame by frame."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stored_video
from moving_pictures import moving_frames, write_clip
from stored_video import CODEBOOK
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec.errors import UnreadableInputError, UsageError
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.rgb import rgb_of
from vqcodec.video.io.video_format import VideoFormat


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


def pictures(count: int, height: int = 33, width: int = 47) -> list[np.ndarray]:
    """RGB whose colours change slowly from place to place and from frame to frame."""
    down, across = np.mgrid[0:height, 0:width]
    return [
        np.stack([3 * down + number, 2 * across + 40, 255 - 2 * across - 3 * number], axis=-1).astype(np.uint8)
        for number in range(count)
    ]


def encoded(frames: Any, rate: Any = 25, **options: Any) -> bytes:
    return vqcodec.encode_video(frames, rate, codebook=CODEBOOK, quality=100, **options)


@pytest.mark.parametrize("given", [list, iter])
def test_rgb_comes_back(given: Any) -> None:
    frames = pictures(5)
    with vqcodec.open_video(encoded(given(frames)), codebook=CODEBOOK) as video:
        assert (video.width, video.height, video.length, video.full_range, video.matrix) == (47, 33, 5, True, 6)
        for picture, back in zip(frames, video, strict=True):
            assert back.dtype == np.uint8
            assert np.abs(picture.astype(int) - back).max() <= 4  # chroma is halved, and all is rounded
        part = list(video.rgb(2, 4))
        assert len(part) == 2
        assert np.array_equal(part[0], list(video)[2])


@pytest.mark.parametrize(
    ("matrix", "planes", "rgb"),
    [
        (1, (63, 102, 240), (255, 0, 0)),  # the colours of BT.709 and BT.601, by hand
        (1, (173, 42, 26), (0, 255, 0)),
        (6, (81, 90, 240), (255, 0, 0)),
        (2, (81, 90, 240), (255, 0, 0)),
        (9, (74, 97, 240), (255, 0, 0)),
    ],
)
def test_the_matrix_of_the_video_is_used(matrix: int, planes: tuple[int, ...], rgb: tuple[int, ...]) -> None:
    luma = np.full((5, 3), planes[0], np.uint8)
    blue, red = (np.full((3, 2), value, np.uint8) for value in planes[1:])
    found = rgb_of(Frame(luma, blue, red), VideoFormat(3, 5, Fraction(25), matrix=matrix))
    assert found.shape == (5, 3, 3)
    assert np.abs(found.astype(int) - rgb).max() <= 2


@pytest.mark.parametrize(
    ("siting", "steps"),
    [(1, [0, 5, 15, 25, 35, 45, 55, 60]), (0, [0, 10, 20, 30, 40, 50, 60, 60])],  # midway, left
)
def test_chroma_lies_where_the_video_says(siting: int, steps: list[int]) -> None:
    luma = np.full((2, 8), 128, np.uint8)
    red = np.array([[128, 148, 168, 188]], np.uint8)
    form = VideoFormat(8, 2, Fraction(25), full_range=True, siting=siting)
    found = rgb_of(Frame(luma, np.full_like(red, 128), red), form)
    assert np.abs(found[0, :, 0] - (128 + 1.402 * np.array(steps))).max() < 0.51


@pytest.mark.parametrize(
    ("rate", "exact"),
    [
        (29.97, Fraction(30000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        (Fraction(2997, 100), Fraction(2997, 100)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_a_rate_means_what_it_means_on_the_command_line(rate: Any, exact: Fraction) -> None:
    with vqcodec.open_video(encoded(pictures(2), rate), codebook=CODEBOOK) as video:
        assert video.rate == exact
        assert video.time_of(1) == 1 / exact


@pytest.mark.parametrize("channels", [1, 2])
def test_sound_comes_back(channels: int) -> None:
    speech = np.rint(synthetic_speech(0.5, 16000)).astype(np.int16)
    sound = np.stack([speech] * channels, axis=1) if channels > 1 else speech
    data = encoded(moving_frames(12), sound=(sound, 16000))
    with vqcodec.open_video(data, codebook=CODEBOOK) as video:
        back, rate = video.sound() or (np.zeros((0, 0)), 0)
    assert (rate, back.shape) == (16000, (8000, channels))
    assert np.corrcoef(speech.astype(float), back[:, 0].astype(float))[0, 1] > 0.8
    with vqcodec.open_video(encoded(pictures(2)), codebook=CODEBOOK) as silent:
        assert silent.sound() is None


def test_other_videos_are_read_in_the_same_way(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mkv", 6, options=["-c:v", "ffv1"])
    with vqcodec.open_video(tmp_path / "clip.mkv") as video:
        frames = list(video.planes())
        data = encoded(video.planes(), video.rate)
        assert np.array_equal(next(iter(video.rgb(3, 4))), rgb_of(frames[3], VideoFormat(16, 16, Fraction(25))))
    assert all(np.array_equal(*pair) for one in zip(frames, moving_frames(6, 16, 16)) for pair in zip(*one))
    with vqcodec.open_video(data, codebook=CODEBOOK) as back:
        assert all(np.array_equal(*pair) for one in zip(frames, back.planes()) for pair in zip(*one))


def test_leaving_the_block_ends_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[Any]] = []

    class Recorded(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            begun.append(self)

    write_clip(tmp_path / "clip.mkv", 200)
    monkeypatch.setattr(subprocess, "Popen", Recorded)
    with vqcodec.open_video(tmp_path / "clip.mkv") as video:
        kept = iter(video)
        next(kept)
        assert begun[-1].returncode is None
    assert all(process.returncode is not None for process in begun)


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([np.zeros((4, 4, 4), np.uint8)], r"a frame as one array is uint8 \(height, width, 3\), not uint8 \(4, 4, 4\)"),
        ([np.zeros((4, 4, 3))], r"not float64 \(4, 4, 3\)"),
        ([np.zeros((4, 4), np.uint8)], "a frame is RGB"),
        ([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 6, 3), np.uint8)], "6x4 pixels after one of 4x4"),
        ([np.zeros((48, 64, 3), np.uint8), moving_frames(1)[0]], "some frames are RGB and others are planes"),
    ],
)
def test_what_is_no_frame_is_said(frames: list[Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        encoded(frames)


def test_what_is_no_sound_is_said() -> None:
    with pytest.raises(UsageError, match="sound must be two things, the samples and their sampling rate"):
        encoded(pictures(1), sound=np.zeros(100))


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="no such file"):
        vqcodec.open_video(tmp_path / "none.mkv")
    with (
        vqcodec.open_video(encoded(pictures(3)), codebook=CODEBOOK) as video,
        pytest.raises(UsageError, match="frames 2:2 are none"),
    ):
        video.planes(2, 2)
    with pytest.raises(UsageError, match="frame 3 is not within the video"):
        video.time_of(3)
