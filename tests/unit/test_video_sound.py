"""Sound beside the picture: coded as speech in the same file, and given back at its length and place."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stored_video
from moving_pictures import write_clip
from stored_video import CODEBOOK
from synthetic_speech import synthetic_speech

from vqcodec import api
from vqcodec.codebook.library import list_codebooks
from vqcodec.errors import UsageError
from vqcodec.ffmpeg import probing, reading
from vqcodec.media.registry import default_codebook
from vqcodec.reports.video import VideoDecodeReport, VideoEncodeReport, VideoInfo

RATE = 16000
FRAMES = 40  # 1.6 s
TALK_S = 2.6

pytestmark = pytest.mark.skipif(
    not {entry.name for entry in list_codebooks()} >= {default_codebook("speech/celp-wb")},
    reason="the speech codebooks are not in the library: codebooks/recipe.sh makes them",
)


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


def write_wav(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())


def read_sound(path: Path) -> np.ndarray:
    """The first sound of a file, float64 in 16-bit PCM's units."""
    target = path.with_suffix(".out.wav")
    assert reading.extract_sound(str(path), str(target)) is None
    with wave.open(str(target), "rb") as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    length = min(len(first), len(second))
    return float(np.corrcoef(first[:length], second[:length])[0, 1])


@pytest.fixture(scope="module")
def talk() -> np.ndarray:
    return np.rint(synthetic_speech(TALK_S, RATE)).astype(np.int16)


@pytest.fixture(scope="module")
def clip(talk: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of 1.6 s with a sound of 2.6 s."""
    folder = tmp_path_factory.mktemp("talking")
    write_wav(folder / "talk.wav", talk)
    write_clip(folder / "clip.mkv", FRAMES, sound=folder / "talk.wav", options=["-c:v", "ffv1", "-c:a", "flac"])
    return folder / "clip.mkv"


@pytest.fixture(scope="module")
def report(clip: Path) -> VideoEncodeReport:
    with stored_video.registered():
        encoded = api.encode(clip, codebook=CODEBOOK, gop=8)
    assert isinstance(encoded, VideoEncodeReport)
    return encoded


def decode(data: bytes, target: Path | None = None, **options: object) -> VideoDecodeReport:
    decoded = api.decode(data, target, codebook=CODEBOOK, **options)  # type: ignore[arg-type]
    assert isinstance(decoded, VideoDecodeReport)
    return decoded


def test_sound_comes_back_at_its_length(report: VideoEncodeReport, talk: np.ndarray, tmp_path: Path) -> None:
    decoded = decode(report.data or b"", tmp_path / "back.mkv", lossless=True)
    sound = read_sound(tmp_path / "back.mkv")
    assert (decoded.sound, decoded.frames) == (True, FRAMES)
    assert len(sound) == len(talk)
    assert correlation(talk, sound) > 0.7
    assert correlation(talk[400:], sound) < 0.4  # the measure tells 25 ms of delay from none


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            {"bitrate": 5},
            r"bitrate 5 kbit/s cannot be reached: the sound alone takes \d+\.\d kbit/s; leave it",
        ),
        (
            {"target_size": 300},
            r"target size 300 cannot be reached: the sound alone takes \d+ bytes; leave it",
        ),
    ],
)
def test_sound_that_takes_more_than_all_is_said(clip: Path, target: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        api.encode(clip, codebook=CODEBOOK, **target)


def test_sound_longer_than_the_picture_is_said_and_named(report: VideoEncodeReport) -> None:
    assert report.notes == ("its sound lasts 2.6 s, the picture 1.6 s; both are kept",)
    assert report.sound is not None
    assert report.bits["sound"] > 0
    assert report.sound_kbps > 0
    info = api.info(report.data or b"", bits=True, codebook=CODEBOOK)
    assert isinstance(info, VideoInfo)
    assert info.sound is not None
    assert (info.sound["engine"], info.sound["channels"]) == ("speech/celp-wb", 1)
    assert info.sound["duration_s"] == pytest.approx(TALK_S)
    assert info.bits is not None
    assert info.bits["sound"] == report.bits["sound"]
    assert sum(info.bits.values()) == 8 * info.input_bytes
    api.verify(report.data or b"", codebook=CODEBOOK)


def test_no_audio_leaves_it_out(clip: Path, report: VideoEncodeReport, tmp_path: Path) -> None:
    silent = api.encode(clip, codebook=CODEBOOK, audio=False)
    assert isinstance(silent, VideoEncodeReport)
    assert (silent.sound, silent.bits["sound"], silent.notes) == (None, 0, ())
    assert not decode(silent.data or b"", tmp_path / "silent.mkv").sound
    assert probing.probe(str(tmp_path / "silent.mkv"), "silent").sound is None
    assert not decode(report.data or b"", tmp_path / "muted.mkv", audio=False).sound
    assert probing.probe(str(tmp_path / "muted.mkv"), "muted").sound is None


def test_y4m_says_that_sound_is_left_out(report: VideoEncodeReport) -> None:
    said = ("y4m has no place for its sound, which is left out",)
    assert decode(report.data or b"").notes == said
    assert decode(report.data or b"", audio=False).notes == ()


def test_a_part_has_the_sound_of_its_time(report: VideoEncodeReport, talk: np.ndarray, tmp_path: Path) -> None:
    decode(report.data or b"", tmp_path / "part.mkv", frames="10:30", lossless=True)
    sound = read_sound(tmp_path / "part.mkv")
    first = 10 * RATE // 25
    assert len(sound) == 20 * RATE // 25
    assert correlation(talk[first:], sound) > 0.7


def test_aac_in_mp4(report: VideoEncodeReport, talk: np.ndarray, tmp_path: Path) -> None:
    decode(report.data or b"", tmp_path / "back.mp4")
    sound = read_sound(tmp_path / "back.mp4")
    assert 0 <= len(sound) - len(talk) < 2048  # whole frames of AAC
    assert correlation(talk, sound) > 0.7
