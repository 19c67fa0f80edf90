"""Files of video whose first bytes or names tell little: ffmpeg is asked before they are taken for pictures."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from moving_pictures import write_clip
from PIL import Image

from vqcodec.api.media import medium_of_source
from vqcodec.ffmpeg.program import is_at_hand

pytestmark = pytest.mark.skipif(not is_at_hand(), reason="ffmpeg is not installed")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("clip.mxf", ["-c:v", "mpeg2video"]),
        ("clip.nut", ["-c:v", "mpeg4"]),
        ("clip.m4v", ["-c:v", "mpeg4"]),
        ("clip.h263", ["-s", "352x288", "-c:v", "h263"]),
        ("clip.dv", ["-s", "720x576", "-r", "25", "-c:v", "dvvideo"]),
        ("clip.bin", ["-c:v", "libx264", "-f", "h264"]),
        ("clip", ["-c:v", "mpeg2video", "-f", "mpegts"]),
    ],
)
def test_ffmpeg_tells_video_by_its_bytes(tmp_path: Path, name: str, options: list[str]) -> None:
    path = tmp_path / name
    write_clip(path, 6, options=options)
    assert medium_of_source(path, name)[1] == "video"
    assert medium_of_source(path.read_bytes(), name)[1] == "video"


@pytest.mark.parametrize("format", ["TGA", "PCX", "ICO", "QOI", "JPEG2000", "SGI", "PPM"])
def test_pictures_stay_pictures(format: str) -> None:
    file = io.BytesIO()
    Image.fromarray(np.indices((32, 32)).sum(axis=0).astype(np.uint8)).convert("RGB").save(file, format)
    assert medium_of_source(file.getvalue(), "picture")[1] == "image"


def test_what_nobody_reads_counts_as_a_picture() -> None:
    noise = np.random.default_rng(5).integers(0, 256, 3000, np.uint8).tobytes()
    assert medium_of_source(b"\x01\x02" + noise, "noise")[1] == "image"
