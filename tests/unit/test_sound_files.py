"""Sound files of all kinds in: by ffmpeg, without a header, of unknown length; and which medium a file is of."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from moving_pictures import write_clip
from synthetic_speech import synthetic_speech

from vqcodec.api.media import medium_of_source
from vqcodec.errors import UnreadableInputError
from vqcodec.ffmpeg import program
from vqcodec.media.raw import RawSound
from vqcodec.speech.sound import audio
from vqcodec.speech.sound.audio import open_audio

RATE = 8000


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second and a bit, an odd number of samples."""
    path = tmp_path_factory.mktemp("sound") / "talk.wav"
    soundfile.write(path, np.rint(synthetic_speech(1.1, RATE)).astype(np.int16)[:8501], RATE)
    return path


def samples_of(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="int16")[0]


def convert(source: Path, target: Path, *options: str) -> Path:
    command = [program.executable(), "-loglevel", "error", "-y", "-i", str(source), *options, str(target)]
    subprocess.run(command, check=True)
    return target


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two sounds."""
    count = min(one.size, other.size)
    a, b = one[:count].astype(float), other[:count].astype(float)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize(
    ("name", "options", "length"),
    [
        ("a.m4a", ("-c:a", "alac"), 8501),
        ("aac.m4a", ("-b:a", "64k"), 8501),
        ("a.webm", ("-c:a", "libopus"), 8501),
        ("a.mka", ("-c:a", "flac"), 8501),
        ("a.tta", (), 8501),
        ("a.voc", (), 8501),
        ("a.ac3", ("-ar", "32000"), None),
        ("a.wma", (), None),
        ("a.amr", ("-b:a", "12.2k"), None),
    ],
)
def test_what_libsndfile_cannot_read_ffmpeg_does(
    talk: Path, tmp_path: Path, name: str, options: tuple[str, ...], length: int | None
) -> None:
    path = convert(talk, tmp_path / name, *options)
    for source in (path, path.read_bytes()):
        found, medium, _ = medium_of_source(source, name)
        assert medium == "speech"
        sound = open_audio(found, name)
        heard = sound.samples(RATE)
        assert sound.repairs.notes() == []
        if length is not None:
            assert heard.size == length
            assert likeness(heard, samples_of(talk)) > 0.9
        else:
            assert 0 <= heard.size - 8501 < 2100 or name == "a.wma"


def test_the_sound_of_a_video_is_speech_only_when_asked_for(talk: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mkv"
    write_clip(clip, 25, sound=talk, options=("-c:a", "flac"))
    assert medium_of_source(clip, "clip.mkv")[1] == "video"
    assert np.array_equal(open_audio(clip, "clip.mkv").samples(RATE)[:8000], samples_of(talk)[:8000])
    silent = tmp_path / "silent.mkv"
    write_clip(silent, 3)
    with pytest.raises(UnreadableInputError, match=r"\Asilent\.mkv: holds no sound\Z"):
        open_audio(silent, "silent.mkv")


def test_a_cover_does_not_make_a_video(talk: Path, tmp_path: Path) -> None:
    write_clip(tmp_path / "cover.png", 1, options=("-frames:v", "1"))
    cover = ("-i", str(tmp_path / "cover.png"), "-map", "0:a", "-map", "1:v", "-disposition:v", "attached_pic")
    path = convert(talk, tmp_path / "song.mp4", *cover, "-c:v", "png", "-c:a", "aac")
    assert medium_of_source(path, "song.mp4")[1] == "speech"


def test_flac_of_unknown_length_is_read_to_its_end(talk: Path, tmp_path: Path) -> None:
    data = bytearray(convert(talk, tmp_path / "a.flac").read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)  # of the number of samples
    (tmp_path / "streamed.flac").write_bytes(data)
    for source in (tmp_path / "streamed.flac", bytes(data)):
        sound = open_audio(source, "streamed.flac")
        assert sound.length == 8501
        assert np.array_equal(sound.samples(RATE), samples_of(talk))
        assert sound.repairs.notes() == []


@pytest.mark.parametrize("declared", [0, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("whole", [0, 36, 0xFFFFFFFF])
def test_wav_of_unknown_length_is_read_to_its_end(talk: Path, tmp_path: Path, declared: int, whole: int) -> None:
    data = bytearray(talk.read_bytes())
    data[4:8], data[40:44] = whole.to_bytes(4, "little"), declared.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)
    for source in (tmp_path / "a.wav", bytes(data)):
        sound = open_audio(source, "a.wav")
        assert np.array_equal(sound.samples(RATE), samples_of(talk))
        assert sound.repairs.notes() == []


@pytest.mark.parametrize("subtype", ["GSM610", "MS_ADPCM", "IMA_ADPCM"])
def test_a_fact_chunk_says_how_many_samples_of_the_last_block_are_used(
    talk: Path, tmp_path: Path, subtype: str
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, samples_of(talk), RATE, subtype=subtype)
    data = bytearray(path.read_bytes())
    fact = data.find(b"fact") + 8
    data[fact : fact + 4] = (8501).to_bytes(4, "little")
    assert open_audio(bytes(data), "a.wav").samples(RATE).size == 8501
    data[fact : fact + 4] = (85_010).to_bytes(4, "little")
    assert open_audio(bytes(data), "a.wav").samples(RATE).size == soundfile.info(path).frames


def test_mp3_without_a_count_has_the_samples_that_are_there(talk: Path, tmp_path: Path) -> None:
    path = convert(talk, tmp_path / "a.mp3", "-write_xing", "0")
    sound = open_audio(path, "a.mp3")
    assert sound.samples(RATE).size == sound.length
    assert sound.repairs.notes() == []


@pytest.mark.parametrize(
    ("name", "subtype", "endian"),
    [("a.gsm", "GSM610", "FILE"), ("a.ulaw", "ULAW", "FILE"), ("a.sln", "PCM_16", "LITTLE")],
)
def test_names_tell_what_samples_without_a_header_are(
    talk: Path, tmp_path: Path, name: str, subtype: str, endian: str
) -> None:
    path = tmp_path / name
    soundfile.write(path, samples_of(talk), RATE, subtype=subtype, format="RAW", endian=endian)
    assert medium_of_source(path, name)[1] == "speech"
    heard = open_audio(path, name).samples(RATE)
    assert abs(heard.size - 8501) < 160
    assert likeness(heard, samples_of(talk)) > 0.95


@pytest.mark.parametrize(
    ("raw", "subtype", "endian"),
    [
        ("mulaw", "ULAW", "FILE"),
        ("alaw", "ALAW", "FILE"),
        ("s16be", "PCM_16", "BIG"),
        ("s24le", "PCM_24", "LITTLE"),
        ("u8", "PCM_U8", "FILE"),
        ("f32be", "FLOAT", "BIG"),
    ],
)
def test_samples_without_a_header_are_read_as_said(
    talk: Path, tmp_path: Path, raw: str, subtype: str, endian: str
) -> None:
    path = tmp_path / "a.raw"
    stereo = np.stack([samples_of(talk), samples_of(talk) // 2], axis=1)
    soundfile.write(path, stereo / 32768, RATE, subtype=subtype, format="RAW", endian=endian)
    for source in (path, path.read_bytes()):
        sound = open_audio(source, "a.raw", RawSound(RATE, raw, 2))
        assert (sound.channels, sound.length) == (2, 8501)
        assert likeness(sound.samples(RATE, 0), samples_of(talk)) > 0.97
    with pytest.raises(UnreadableInputError, match=r"without a header; say what they are with --raw"):
        open_audio(path, "a.raw")


def test_without_ffmpeg_the_message_says_what_is_missing(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = convert(talk, tmp_path / "a.tta")
    monkeypatch.setattr(audio, "is_at_hand", lambda: False)
    with pytest.raises(UnreadableInputError, match=r"ffmpeg, which reads more, is not at hand: pip install"):
        open_audio(path, "a.tta")


def test_surround_sound_has_its_layout(talk: Path, tmp_path: Path) -> None:
    for name, options in (("a.wav", ()), ("a.flac", ()), ("a.ogg", ("-c:a", "libvorbis")), ("a.m4a", ())):
        pan = "pan=5.1|FC=c0|LFE=c0"
        sound = open_audio(convert(talk, tmp_path / name, "-af", pan, *options), name)
        assert sound.mix.weights.argmax() == (1 if name == "a.ogg" else 2), name
        assert sound.mix.how.startswith("channel "), sound.mix.how
