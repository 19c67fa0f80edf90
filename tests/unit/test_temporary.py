"""Temporary files that cannot be kept: the error says where, why and what to do, and nothing is left."""

from __future__ import annotations

import io
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import stored_video
from stored_video import CODEBOOK, moving_frames

from vqcodec import api
from vqcodec.errors import OutputError
from vqcodec.ffmpeg.program import is_at_hand
from vqcodec.video.arrays import encode_video
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.io.y4m import frame_bytes, head

FRAMES = moving_frames(40, 96, 64)
Y4M = head(VideoFormat(96, 64, Fraction(25))) + b"".join(map(frame_bytes, FRAMES))
FULL = "cannot be written: the file would be larger than the system allows; name a folder with room in TMPDIR"


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """While the block runs, writing more bytes to a file fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Stream(io.BytesIO):
    """A stream that is read once."""

    def seekable(self) -> bool:
        return False


@pytest.mark.skipif(not is_at_hand(), reason="ffmpeg is not installed")
@pytest.mark.parametrize(
    ("source", "asked"),
    [
        (Y4M.replace(b"C420jpeg", b"C422    "), {}),  # to be converted
        (b"\0\0\0\x20ftypisom" + bytes(500_000), {}),  # bytes for ffmpeg, which reads files
    ],
    ids=["stream of y4m", "bytes"],
)
def test_a_folder_that_is_full_is_named(folder: Path, source: bytes, asked: dict[str, Any]) -> None:
    with files_of_at_most(100_000), pytest.raises(OutputError) as caught:
        api.encode(Stream(source) if source[:1] == b"Y" else source, codebook=CODEBOOK, name="clip", **asked)
    assert str(caught.value) == f"clip: a temporary file in {folder}: {FULL}"
    assert not list(folder.iterdir())


def test_frames_that_are_kept_for_several_passes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vqcodec.video.codec._SPOOL_MEMORY", 1000)
    with files_of_at_most(20_000), pytest.raises(OutputError) as caught:
        encode_video(iter(FRAMES), 25, codebook=CODEBOOK, bitrate=400)
    assert str(caught.value) == f"<frames>: a temporary file in {folder}: {FULL}"
    with files_of_at_most(20_000), pytest.raises(OutputError) as caught:
        encode_video(FRAMES, 25, codebook=CODEBOOK, bitrate=5000)
    assert str(caught.value) == f"<frames>: a temporary file in {folder}: {FULL}"


def test_no_folder_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", missing)
    with pytest.raises(OutputError, match=r"clip: a temporary file: cannot be written: .* in TMPDIR$"):
        api.encode(b"\0\0\0\x20ftypisom", codebook=CODEBOOK, name="clip")
