"""Formats of video in and out beyond the usual ones: animations, webm, pictures, sound alone, y4m of other samples."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import stored_video
from moving_pictures import moving_frames, write_clip
from PIL import Image
from stored_video import CODEBOOK
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec.api.media import medium_of_source
from vqcodec.errors import UsageError
from vqcodec.ffmpeg import program
from vqcodec.files.animations import is_animation
from vqcodec.reports.speech import SpeechDecodeReport
from vqcodec.reports.video import VideoEncodeReport
from vqcodec.video import codec
from vqcodec.video.io.y4m import frame_bytes

KINDS = ("GIF", "PNG", "WEBP")


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


def pictures(count: int) -> list[Image.Image]:
    """Pictures of a colour that changes."""
    return [Image.new("RGB", (16, 12), (40 * number, 255 - 40 * number, 90)) for number in range(count)]


def picture_file(kind: str, count: int) -> bytes:
    file = io.BytesIO()
    first, *others = pictures(count)
    more = {"save_all": True, "append_images": others, "duration": 100} if others else {}
    first.save(file, kind, **more)
    return file.getvalue()


@pytest.fixture(scope="module")
def coded() -> bytes:
    """A clip of 10 frames in RGB, 16x12, with half a second of sound."""
    frames = [np.asarray(picture) for picture in pictures(5) for _ in range(2)]
    speech = np.rint(synthetic_speech(0.5, 16000)).astype(np.int16)
    with stored_video.registered():
        return vqcodec.encode_video(frames, 20, sound=(speech, 16000), codebook=CODEBOOK, quality=100)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("count", "medium"), [(1, "image"), (3, "video")])
def test_an_animation_is_a_video_and_a_still_picture_is_none(
    tmp_path: Path, kind: str, count: int, medium: str
) -> None:
    data = picture_file(kind, count)
    (tmp_path / "picture").write_bytes(data)
    assert medium_of_source(data, "picture")[1] == medium
    assert medium_of_source(tmp_path / "picture", "picture")[1] == medium
    assert medium_of_source(io.BytesIO(data), "picture")[1] == medium


@pytest.mark.parametrize("kind", KINDS)
def test_an_animation_that_is_cut_off_raises_nothing(kind: str) -> None:
    data = picture_file(kind, 3)
    found = [is_animation(data[:16], data[:end]) for end in range(16, len(data), 7)]
    assert not found[0]
    assert is_animation(data[:16], data)


@pytest.mark.parametrize("kind", KINDS)
def test_an_animation_is_encoded(kind: str) -> None:
    report = vqcodec.encode(picture_file(kind, 3), codebook=CODEBOOK, quality=100)
    assert isinstance(report, VideoEncodeReport)
    assert (report.frames, report.width, report.height) == (3, 16, 12)
    assert report.duration_s == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize(("name", "most"), [("a.webm", 4), ("a.gif", 8), ("a.webp", 6), ("a.mkv", 4)])
def test_what_is_written_shows_the_same(coded: bytes, tmp_path: Path, name: str, most: float) -> None:
    report = vqcodec.decode(coded, tmp_path / name, codebook=CODEBOOK)
    has_sound = name in ("a.webm", "a.mkv")
    assert ("which is left out" in " ".join(report.notes)) != has_sound
    with vqcodec.open_video(tmp_path / name) as video:
        back = list(video)
        assert (video.sound() is not None) == has_sound
    assert len(back) in (10, 5)  # some formats hold frames that are the same only once
    wanted = np.asarray(pictures(5)[4]).astype(int)
    assert np.abs(back[-1] - wanted).mean() < most


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_frames_become_pictures(coded: bytes, tmp_path: Path, ending: str) -> None:
    vqcodec.decode(coded, tmp_path / f"f%d.{ending}", codebook=CODEBOOK)
    found = [np.asarray(Image.open(tmp_path / f"f{number}.{ending}")).astype(int) for number in range(10)]
    assert np.abs(found[9] - np.asarray(pictures(5)[4])).mean() < 4


def test_the_sound_alone_is_written(coded: bytes, tmp_path: Path) -> None:
    report = vqcodec.decode(coded, tmp_path / "a.wav", codebook=CODEBOOK)
    assert isinstance(report, SpeechDecodeReport)
    assert (report.samples, report.sample_rate, report.notes) == (8000, 16000, ("only its sound is written",))
    samples, _ = soundfile.read(tmp_path / "a.wav", dtype="int16", always_2d=True)
    with vqcodec.open_video(coded, codebook=CODEBOOK) as video:
        whole = (video.sound() or (np.zeros(0), 0))[0]
    assert np.array_equal(samples, whole)
    part = vqcodec.decode(coded, format="flac", frames="2:6", codebook=CODEBOOK)
    assert isinstance(part, SpeechDecodeReport)
    assert (part.samples, part.start_s) == (3200, 0.1)


def test_what_cannot_be_written_is_said(coded: bytes, tmp_path: Path) -> None:
    silent = vqcodec.encode_video(moving_frames(2), 25, codebook=CODEBOOK)
    with pytest.raises(UsageError, match="no sound to write; decode the picture"):
        vqcodec.decode(silent, tmp_path / "a.wav", codebook=CODEBOOK)
    with pytest.raises(UsageError, match="gif cannot hold video without loss; write mkv"):
        vqcodec.decode(coded, tmp_path / "a.gif", codebook=CODEBOOK, lossless=True)


def test_what_y4m_has_no_place_for_is_said(tmp_path: Path) -> None:
    frames = [np.full((32, 48, 3), 90, np.uint8)] * 2  # RGB has a matrix, primaries and a transfer
    report = vqcodec.decode(vqcodec.encode_video(frames, 25, codebook=CODEBOOK), tmp_path / "a.y4m", codebook=CODEBOOK)
    assert "y4m has no place for matrix and primaries and transfer of its colours" in report.notes


@pytest.mark.parametrize(("name", "said"), [("a.gif", True), ("a.webp", True), ("%d.jpg", True), ("%d.png", False)])
@pytest.mark.parametrize(("transfer", "beyond"), [("smpte2084", True), ("bt709", False)])
def test_pictures_without_a_place_for_wide_colours_say_so(
    tmp_path: Path, name: str, said: bool, transfer: str, beyond: bool
) -> None:
    marks = f"setparams=color_primaries=bt709:color_trc={transfer}:colorspace=bt709"
    write_clip(tmp_path / "clip.mkv", 2, options=["-vf", marks, "-c:v", "ffv1"])
    data = vqcodec.encode(tmp_path / "clip.mkv", codebook=CODEBOOK).data or b""
    notes = vqcodec.decode(data, tmp_path / name, codebook=CODEBOOK).notes
    assert any("has no place for its colours beyond sRGB" in note for note in notes) == (said and beyond)


def test_a_stream_of_y4m_with_other_samples_is_converted(tmp_path: Path) -> None:
    command = [program.executable(), "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=s=32x24:r=10:d=0.5"]
    command += ["-pix_fmt", "yuv420p10le", "-strict", "-1", "-f", "yuv4mpegpipe", "-"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    (tmp_path / "clip.y4m").write_bytes(data)
    piped = vqcodec.encode(io.BytesIO(data), codebook=CODEBOOK)
    named = vqcodec.encode(tmp_path / "clip.y4m", codebook=CODEBOOK)
    assert piped.data == named.data
    assert "yuv420p10le converted to 8-bit 4:2:0" in piped.notes
    assert any("were kept in" in note for note in piped.notes)


def test_a_stream_that_is_kept_for_several_passes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"YUV4MPEG2 W64 H48 F25:1\n" + b"".join(map(frame_bytes, moving_frames(6)))
    assert not vqcodec.encode(io.BytesIO(data), codebook=CODEBOOK, target_size=9000).notes
    monkeypatch.setattr(codec, "_SPOOL_MEMORY", 1000)
    report = vqcodec.encode(io.BytesIO(data), codebook=CODEBOOK, target_size=9000)
    assert any(note.startswith("several passes need its frames: ") for note in report.notes)
    assert not vqcodec.encode(io.BytesIO(data), codebook=CODEBOOK, quality=50).notes
