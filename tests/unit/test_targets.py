"""One rule for targets, of every medium: what cannot be kept is refused, and what leaves room gives the best."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coded_speech import NEEDS_CODEBOOKS, four_seconds, wav
from PIL import Image
from stored_video import moving_frames
from typer.testing import CliRunner

import vqcodec
from vqcodec import api, metrics
from vqcodec.cli.app import app
from vqcodec.errors import UsageError
from vqcodec.media.target import QUALITY, TARGET_OPTIONS, Target
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.io.y4m import frame_bytes, head

pytestmark = NEEDS_CODEBOOKS

SAMPLES = Path(__file__).parents[2] / "samples"
RATE = 16000
PICTURE = np.random.default_rng(1).integers(0, 60, (40, 48, 3), np.uint8)
PNG = io.BytesIO()
Image.fromarray(PICTURE).save(PNG, "PNG")
TALK = four_seconds()[:RATE]
SOURCES = {
    "image": PNG.getvalue(),
    "speech": wav(TALK, RATE),
    "video": head(VideoFormat(48, 32, Fraction(25), Fraction(1))) + b"".join(map(frame_bytes, moving_frames(8))),
}
FIGURES = {
    "psnr": r"has \d+\.\d\d dB",
    "ssimulacra2": r"has -?\d+\.\d\d",
    "size": r"takes \d+ bytes",
    "rate": r"takes \d+\.\d\d kbit/s",
}

OUT_OF_REACH = [
    ("image", {"target_psnr": 90}, "target PSNR 90 dB", "psnr"),
    ("image", {"target_ssimulacra2": 99.9}, "target SSIMULACRA2 99.9", "ssimulacra2"),
    ("image", {"target_size": 12}, "target size 12", "size"),
    ("speech", {"target_size": 12}, "target size 12", "size"),
    ("speech", {"bitrate": 0.1}, "bitrate 0.1 kbit/s", "rate"),
    ("video", {"target_psnr": 90}, "target PSNR 90 dB", "psnr"),
    ("video", {"target_size": 99}, "target size 99", "size"),
    ("video", {"bitrate": 0.1}, "bitrate 0.1 kbit/s", "rate"),
]
ROOM = [
    ("image", {"target_psnr": 1}, "target PSNR 1 dB is exceeded: at quality", "psnr"),
    ("image", {"target_ssimulacra2": 1e-6}, "target SSIMULACRA2 1e-06 is exceeded: at quality", "ssimulacra2"),
    ("image", {"target_size": 10_000_000}, "target size 10000000 is more than needed: at the best", "size"),
    ("speech", {"target_size": 10_000_000}, "target size 10000000 is more than needed: at the best", "size"),
    ("speech", {"bitrate": 200}, "bitrate 200 kbit/s is more than needed: at the best", "rate"),
    ("video", {"target_psnr": 1}, "target PSNR 1 dB is exceeded: at quality", "psnr"),
    ("video", {"target_size": 10_000_000}, "target size 10000000 is more than needed: at the best", "size"),
    ("video", {"bitrate": 900_000}, "bitrate 900000 kbit/s is more than needed: at the best", "rate"),
]


def photograph(channels: int) -> np.ndarray:
    """A part of a photograph, uint8 (96, 128, channels), with alpha 4: its right half fades."""
    colours = np.asarray(Image.open(SAMPLES / "kodim23.png").convert("RGB"))[300:396, 150:278]
    if channels == 1:
        return np.ascontiguousarray(colours[..., 1:2])
    if channels == 3:
        return np.ascontiguousarray(colours)
    alpha = np.clip(np.arange(128) * -4 + 511, 0, 255).astype(np.uint8)
    return np.dstack([colours, np.broadcast_to(alpha, (96, 128))])


def png(samples: np.ndarray) -> bytes:
    """A PNG file of a picture, uint8 (height, width, channels)."""
    file = io.BytesIO()
    Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples).save(file, "PNG")
    return file.getvalue()


def source_for(medium: str, asked: Mapping[str, Any]) -> bytes:
    """A source of the medium. For the lowest rate it is so short that its headers take more."""
    return wav(TALK[:200], RATE) if (medium, asked.get("bitrate")) == ("speech", 0.1) else SOURCES[medium]


def test_every_target_of_every_medium_has_both_rows() -> None:
    every = {
        (medium, option.name)
        for option in TARGET_OPTIONS
        if option is not QUALITY
        for medium in option.media or SOURCES
    }
    for rows in (OUT_OF_REACH, ROOM):
        assert {(medium, name) for medium, asked, *_ in rows for name in asked} == every


@pytest.mark.parametrize(("medium", "asked", "named", "figure"), OUT_OF_REACH)
def test_what_cannot_be_kept_is_refused_with_what_can(
    medium: str, asked: dict[str, Any], named: str, figure: str, tmp_path: Path
) -> None:
    source, output = source_for(medium, asked), tmp_path / "x.vqc"
    with pytest.raises(UsageError, match=rf"{re.escape(named)} cannot be reached: even at .* {FIGURES[figure]}$"):
        api.encode(source, output, effort=0, **asked)
    assert not output.exists()


@pytest.mark.parametrize(("medium", "asked", "note", "figure"), ROOM)
def test_what_leaves_room_gives_the_end_of_the_scale_and_says_so(
    medium: str, asked: dict[str, Any], note: str, figure: str
) -> None:
    report = api.encode(SOURCES[medium], effort=0, **asked)
    assert any(re.match(f"{re.escape(note)}.* {FIGURES[figure]}$", said) for said in report.notes), report.notes
    if medium != "speech":
        assert report.parameters["quality"] == (100 if "target_size" in asked or "bitrate" in asked else 0)


@pytest.mark.parametrize(("medium", "asked", "named", "figure"), OUT_OF_REACH)
def test_the_command_ends_with_exit_code_2(
    medium: str, asked: dict[str, Any], named: str, figure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("source").write_bytes(source_for(medium, asked))
    ((name, value),) = asked.items()
    arguments = ["encode", "source", "-o", "x.vqc", "-e", "0", f"--{name.replace('_', '-')}", str(value)]
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, Path("x.vqc").exists()) == (2, False)
    assert re.search(rf"source: {re.escape(named)} cannot be reached: .* {FIGURES[figure]}$", result.stderr.strip())


def test_arrays_warn_of_room() -> None:
    with pytest.warns(UserWarning, match="target size 10000000 is more than needed"):
        data = vqcodec.encode_image(PICTURE, effort=0, target_size=10_000_000)
    assert data == vqcodec.encode_image(PICTURE, effort=0, quality=100)
    with pytest.warns(UserWarning, match="bitrate 200 kbit/s is more than needed"):
        vqcodec.encode_speech(TALK, RATE, effort=0, bitrate=200)
    with pytest.warns(UserWarning, match="bitrate 900000 kbit/s is more than needed"):
        vqcodec.encode_video(moving_frames(3), 25, effort=0, bitrate=900_000)


def test_a_rate_between_two_encodings_is_said_with_the_one_below() -> None:
    target = Target(bitrate=100)
    assert target.judge(90.0, "the video", quality=40, tolerance=2) == [
        "bitrate 100 kbit/s is not met exactly: at quality 40 the video takes 90.00 kbit/s"
    ]
    assert target.judge(98.5, "the video", quality=40, tolerance=2) == []
    assert target.judge(101.5, "the video", quality=40, tolerance=2) == []
    assert Target(size=100).judge(90, "the picture", quality=40) == []


def test_a_picture_that_is_exact_at_any_quality_says_so() -> None:
    flat = np.full((16, 16), 128, np.uint8)
    with pytest.warns(UserWarning, match="target PSNR 40 dB is exceeded: at quality 0 the picture is exact"):
        data = vqcodec.encode_image(flat, effort=0, target_psnr=40)
    assert np.array_equal(vqcodec.decode_image(data).reshape(flat.shape), flat)


@pytest.mark.parametrize(("channels", "asked"), [(1, 90.0), (3, 30.0), (3, 80.0), (4, 60.0)])
def test_ssimulacra2_is_approached(channels: int, asked: float) -> None:
    samples = photograph(channels)
    report = api.encode(png(samples), effort=0, target_ssimulacra2=asked)
    decoded = vqcodec.decode_image(report.data)
    has = metrics.ssimulacra2_seen(samples, np.atleast_3d(decoded))
    assert report.parameters["ssimulacra2"] == round(has, 2)
    assert asked - 0.1 <= has <= asked + 1.5  # scores of a small picture jump by as much


def test_ssimulacra2_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ssimulacra2", None)
    with pytest.raises(UsageError, match=r"^SSIMULACRA2 needs a package .*: pip install 'vqcodec\[ssimulacra2\]'$"):
        vqcodec.encode_image(PICTURE, effort=0, target_ssimulacra2=70)


def test_ssimulacra2_of_a_tiny_picture_is_refused() -> None:
    with pytest.raises(UsageError, match="SSIMULACRA2 needs 8 pixels a side, and the picture has 48x7"):
        vqcodec.encode_image(PICTURE[:7], effort=0, target_ssimulacra2=70)
