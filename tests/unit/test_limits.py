"""Limits that a service sets are kept, by every way of setting them, and their errors say which and how to raise it."""

from __future__ import annotations

import io
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from moving_pictures import moving_frames
from PIL import Image

import vqcodec
from vqcodec import limits, user_limits
from vqcodec.codebook import file as codebook_file
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import LimitError, UsageError

PICTURE = np.zeros((30, 40, 3), np.uint8)


def coded_picture() -> bytes:
    return vqcodec.encode_image(PICTURE, codebook="classic-4x4-256")


def coded_sound() -> bytes:
    return vqcodec.encode_speech(np.zeros(16000, np.int16), 8000, codebook="celp-4800")


def coded_video() -> bytes:
    return vqcodec.encode_video(moving_frames(3, 32, 32), 25, codebook="video-st3d", effort=0)


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (coded_picture, "pixels", 30 * 40),
        (coded_picture, "output_bytes", 3 * 30 * 40),
        (coded_sound, "seconds", 2),
        (coded_sound, "output_bytes", 2 * 16000),
        (coded_video, "pixels", 32 * 32),
        (coded_video, "frames", 3),
        (coded_video, "output_bytes", 3 * 32 * 32 * 3 // 2),
    ],
)
def test_what_is_beyond_a_limit_is_refused_and_what_is_at_it_is_not(make, name: str, value: int) -> None:
    data = make()
    with user_limits.lowered(**{name: value}):
        vqcodec.decode(data, None)
        vqcodec.verify(data)
    below = value - 1
    for ask in (lambda: vqcodec.decode(data, None), lambda: vqcodec.verify(data)):
        with user_limits.lowered(**{name: below}), pytest.raises(LimitError) as caught:
            ask()
        assert f"the limit set is {below}. Raise it with --limit {name}=N, VQCODEC_MAX_{name.upper()}" in str(
            caught.value
        )


def test_a_part_within_the_limits_is_decoded() -> None:
    data = coded_video()
    with user_limits.lowered(frames=2):
        assert vqcodec.decode(data, None, frames=":2").frames == 2


def test_limits_hold_for_inputs_of_encoders() -> None:
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, "PNG")
    with user_limits.lowered(pixels=1000, seconds=1, frames=2):
        for ask in (
            lambda: vqcodec.encode(file.getvalue(), None),
            lambda: vqcodec.encode_image(PICTURE),
            coded_sound,
            coded_video,
        ):
            with pytest.raises(LimitError, match="the limit set is"):
                ask()


def test_limits_nest_and_end_with_their_block() -> None:
    with user_limits.lowered(pixels=100):
        with user_limits.lowered(frames=7):
            assert (user_limits.current().pixels, user_limits.current().frames) == (100, 7)
        assert user_limits.current().frames == limits.MAX_FRAMES
    assert user_limits.current() == user_limits.Limits()


def test_codebooks_have_a_limit() -> None:
    book = Codebook("image/block", "book", {"a": np.zeros(5000, np.uint8)}).to_bytes()
    size = codebook_file.read_header(book, "").raw_bytes
    with user_limits.lowered(codebook_bytes=size):
        Codebook.from_bytes(book)
    with user_limits.lowered(codebook_bytes=size - 1), pytest.raises(LimitError, match="codebook_bytes=N"):
        Codebook.from_bytes(book)


def test_pixels_per_byte_can_be_raised_as_well() -> None:
    assert user_limits.Limits().pixels_per_byte == 8192
    most = user_limits.FREE_PIXELS + 100 * 8192
    user_limits.current().check_data(most, 100, "picture")
    for lower in (100, 8192, 1_000_000, math.inf):
        with user_limits.lowered(pixels_per_byte=lower) as limits_here:
            limits_here.check_data(user_limits.FREE_PIXELS, 0, "picture")
            if lower <= 8192:
                with pytest.raises(LimitError, match="pixels per byte"):
                    limits_here.check_data(most + 1, 100, "picture")
            else:
                limits_here.check_data(most + 1, 100, "picture")


@pytest.mark.parametrize(
    "wrong",
    [{"pixels": 0}, {"pixels": limits.MAX_PIXELS + 1}, {"seconds": float("nan")}, {"frames": True}, {"speed": 3}],
)
def test_impossible_limits_are_refused(wrong: dict) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))), user_limits.lowered(**wrong):
        pass


@pytest.mark.parametrize("text", ["pixels", "pixels=many", "pixels="])
def test_malformed_limits_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--limit pixels"):
        user_limits.parse_limits([text])


@pytest.mark.parametrize(("arguments", "variables"), [(["--limit", "pixels=1199"], {}), ([], {"PIXELS": "1199"})])
def test_commands_keep_limits(arguments: list[str], variables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.vqc").write_bytes(coded_picture())

    environment = os.environ | {f"VQCODEC_MAX_{name}": value for name, value in variables.items()}
    command = [sys.executable, "-m", "vqcodec", "verify", "a.vqc", *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 7
    assert done.stderr.count("\n") == 1
    assert "a.vqc" in done.stderr
    assert "the limit set is 1199" in done.stderr


def test_pictures_beyond_the_limit_are_not_decoded() -> None:
    """The pixels of the second are cut off, which nobody finds out."""
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (30, 40, 3), np.uint8)).save(stream, "PNG")
    whole = stream.getvalue()
    for picture in (whole, whole[: len(whole) // 2]):
        for ask in (lambda data: vqcodec.encode(data), lambda data: vqcodec.compare(data, data)):
            with user_limits.lowered(pixels=1199), pytest.raises(LimitError, match="1200 pixels"):
                ask(picture)
