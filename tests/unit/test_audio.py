"""Sound files in and out: any rate, any number of channels, exact lengths, no delay, and what is not sound."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from coded_speech import wav as sound

from vqcodec import limits
from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.errors import LimitError, OutputError, UnreadableInputError, UsageError
from vqcodec.media.corpora.survey import survey
from vqcodec.speech.corpus import SoundCorpus
from vqcodec.speech.pcm import to_pcm
from vqcodec.speech.sound.arrays import ArraySource
from vqcodec.speech.sound.audio import AudioSource, open_audio
from vqcodec.speech.sound.audio_output import write_audio
from vqcodec.speech.sound.formats import FORMATS, AudioFormat, find_format
from vqcodec.speech.sound.resampling import Resampler, resampled_length


def tone(rate: int, seconds: float = 0.5, hz: float = 440.0, peak: float = 0.5) -> np.ndarray:
    """A tone under a Hann window, float64 (samples,)."""
    time = np.arange(round(rate * seconds)) / rate
    return peak * np.sin(2 * np.pi * hz * time) * np.sin(np.pi * time / seconds) ** 2


def read(data: bytes, codec_rate: int = 8000, channel: int | None = None) -> tuple[AudioSource, np.ndarray]:
    source = open_audio(data, "x.wav")
    return source, np.concatenate(list(source.blocks(codec_rate, channel)))


@pytest.mark.parametrize(
    ("format", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("WAV", "FLOAT"),
        ("FLAC", "PCM_24"),
        ("OGG", "VORBIS"),
        ("MP3", "MPEG_LAYER_III"),
        ("AIFF", "PCM_16"),
    ],
)
def test_formats_are_read_at_their_level_and_without_delay(format: str, subtype: str) -> None:
    source, samples = read(sound(tone(16000), 16000, format, subtype))
    assert (source.rate, source.channels, source.format) == (16000, 1, format)
    np.testing.assert_allclose(samples[:4000], 32768 * tone(8000), atol=32768 * 0.02)


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 22050, 44100, 48000, 192000, 11111])
@pytest.mark.parametrize("codec_rate", [8000, 16000])
def test_resampling_has_no_delay_and_the_exact_length(rate: int, codec_rate: int) -> None:
    _, samples = read(sound(tone(rate, 0.503), rate, subtype="DOUBLE"), codec_rate)
    assert samples.size == resampled_length(round(rate * 0.503), rate, codec_rate)
    expected = 32768 * 0.5 * np.sin(2 * np.pi * 440 * np.arange(samples.size) / codec_rate)
    expected *= np.sin(np.pi * np.arange(samples.size) / codec_rate / 0.503) ** 2
    np.testing.assert_allclose(samples, expected, atol=2.0)


def test_blocks_do_not_depend_on_how_the_file_is_cut() -> None:
    signal = np.random.default_rng(0).normal(0, 0.1, 200_000)
    data = sound(signal, 44100, subtype="DOUBLE")
    _, whole = read(data, 16000)
    resampler = Resampler(44100, 16000)
    pieces = [resampler.push(piece) for piece in np.array_split(signal * 32768, 777)]
    np.testing.assert_allclose(np.concatenate([*pieces, resampler.finish()]), whole, atol=1e-6)


@pytest.mark.parametrize("length", [1, 2, 7, 159, 160, 161])
@pytest.mark.parametrize("rates", [(8000, 44100), (44100, 8000), (11025, 16000), (8000, 8000), (192000, 8000)])
def test_a_length_survives_to_the_codec_and_back(length: int, rates: tuple[int, int]) -> None:
    source_rate, codec_rate = rates
    there, back = Resampler(source_rate, codec_rate), Resampler(codec_rate, source_rate)
    coded = np.concatenate([there.push(np.ones(length)), there.finish()])
    assert coded.size == resampled_length(length, source_rate, codec_rate) >= 1
    assert np.concatenate([back.push(coded), back.finish(length)]).size == length


def test_16_bit_samples_at_the_codec_rate_pass_unchanged() -> None:
    samples = np.random.default_rng(1).integers(-32768, 32768, 100_000).astype(np.int16)
    assert np.array_equal(open_audio(sound(samples, 8000), "x").samples(8000), samples)


def test_channels_are_averaged_or_taken_one_by_one() -> None:
    left, right = tone(8000), tone(8000, hz=700)
    data = sound(np.stack([left, right], axis=1), 8000)
    source, mixed = read(data)
    assert source.channels == 2
    np.testing.assert_allclose(mixed, 16384 * (left + right), atol=1)
    for channel, expected in enumerate((left, right)):
        np.testing.assert_allclose(read(data, channel=channel)[1], 32768 * expected, atol=1)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, ">f4", np.int8, np.uint8, ">i2", np.uint16, np.int32, ">i4"])
def test_arrays_of_every_type_have_the_full_scale_of_their_type(dtype: str) -> None:
    kind = np.dtype(dtype)
    if kind.kind == "f":
        samples = np.array([0, 0.5, -0.5], kind)
    else:
        middle = 0 if kind.kind == "i" else 1 << (8 * kind.itemsize - 1)
        half = 1 << (8 * kind.itemsize - 2)
        samples = np.array([middle, middle + half, middle - half]).astype(kind)
    assert ArraySource.of(samples, 8000).samples(8000).tolist() == [0, 16384, -16384]


def test_eight_channels_at_192_khz_are_read_as_surround_sound_that_does_not_clip() -> None:
    source, samples = read(sound(np.repeat(tone(192000)[:, np.newaxis], 8, axis=1), 192000))
    assert (source.channels, source.rate, samples.size) == (8, 192000, 4000)
    np.testing.assert_allclose(samples, 32768 * tone(8000) / np.abs(tone(192000)).max(), atol=3)


def test_what_is_no_number_or_beyond_full_scale_is_repaired_and_told() -> None:
    samples = np.array([0.0, np.nan, np.inf, -np.inf, 3.0, -1e30, 0.5])
    source, read_samples = read(sound(samples, 8000, subtype="DOUBLE"))
    assert read_samples.tolist() == [0, 0, 0, 0, 32768, -32768, 16384]
    assert source.repairs.notes() == [
        "3 NaN or infinite samples, taken as silence",
        "2 samples beyond full scale, clipped",
    ]
    assert to_pcm(read_samples).tolist() == [0, 0, 0, 0, 32767, -32768, 16384]


def test_one_sample_and_silence_are_sound() -> None:
    assert read(sound(np.array([0.5]), 8000))[1].tolist() == [16384]
    assert not read(sound(np.zeros(100), 8000))[1].any()


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    path.write_bytes(sound(tone(44100), 44100, "FLAC"))
    source = open_audio(path, "x.flac")
    first, second = (source.samples(16000) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_file_cut_off_is_read_as_far_as_it_goes_where_its_format_allows() -> None:
    assert read(sound(tone(8000, 2.0), 8000)[:-4000])[1].size == 14000
    coded = sound(np.random.default_rng(0).normal(0, 0.1, 50_000), 16000, "MP3", "MPEG_LAYER_III")
    source, samples = read(coded[: len(coded) // 2], 16000)
    assert source.repairs.missing == source.promised - samples.size > 0
    assert source.length == samples.size
    assert "samples missing at the end: the file is cut off" in source.repairs.notes()[0]
    lossless = sound(np.random.default_rng(0).normal(0, 0.1, 50_000), 8000, "FLAC")
    with pytest.raises(UnreadableInputError, match=r"\Ax\.wav: damaged: \w"):
        read(lossless[: len(lossless) // 2])


@pytest.mark.parametrize(("channels", "subtype", "bytes_each"), [(1, "PCM_16", 2), (2, "PCM_24", 6), (1, "FLOAT", 4)])
def test_a_wav_file_cut_off_says_how_much_is_missing(channels: int, subtype: str, bytes_each: int) -> None:
    whole = sound(np.tile(tone(8000)[:, None], channels), 8000, subtype=subtype)
    assert not read(whole)[0].repairs.notes()
    source, samples = read(whole[: -100 * bytes_each])
    assert source.repairs.notes() == ["100 samples missing at the end: the file is cut off"]
    assert (source.length, samples.shape) == (3900, (3900,))


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_wav_file_from_a_pipe_may_say_any_length(size: int) -> None:
    data = bytearray(sound(tone(8000), 8000))
    data[4:8] = size.to_bytes(4, "little")
    assert not read(bytes(data))[0].repairs.notes()


def test_tags_are_read() -> None:
    source = open_audio(sound(tone(8000), 8000, "FLAC", title="Näme", artist="Somebody"), "x")
    assert source.tags["title"] == "Näme"
    assert source.tags["artist"] == "Somebody"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x: the file is empty"),
        (b"RIFF\x10\0\0\0WAVE", "x: not sound that libsndfile or ffmpeg can read"),
        (b"not sound at all", "x: not sound that libsndfile or ffmpeg can read"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "x: not sound that libsndfile or ffmpeg can read"),
        (sound(np.zeros(0), 8000), "x: holds no samples"),
    ],
)
def test_what_is_no_sound_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableInputError, match=message):
        open_audio(data, "x")


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="no such file"):
        open_audio(tmp_path / "none.wav", "none.wav")
    with pytest.raises(UnreadableInputError, match="is a folder"):
        open_audio(tmp_path, "folder")
    headerless = tmp_path / "x.raw"
    headerless.write_bytes(bytes(100))
    with pytest.raises(UnreadableInputError, match="samples without a header"):
        open_audio(headerless, "x.raw")


@pytest.mark.parametrize("rate", [limits.MIN_AUDIO_RATE - 1, limits.MAX_AUDIO_RATE + 1])
def test_impossible_rates_are_refused(rate: int) -> None:
    with pytest.raises(LimitError, match="samples a second"):
        open_audio(sound(np.zeros(10), rate), "x")


def test_too_many_channels_are_refused() -> None:
    with pytest.raises(LimitError, match="65 channels"):
        open_audio(sound(np.zeros((10, 65)), 8000), "x")


@pytest.mark.parametrize("extension", [".wav", ".flac", ".ogg", ".aiff"])
@pytest.mark.parametrize("channels", [1, 2])
def test_written_files_have_the_exact_length_and_the_tags(tmp_path: Path, extension: str, channels: int) -> None:
    path = tmp_path / f"x{extension}"
    samples = np.repeat(to_pcm(32768 * tone(16000, 1.001))[:, np.newaxis], channels, axis=1)
    size = write_audio(
        np.array_split(samples, 9),
        path,
        format=FORMATS[extension],
        rate=16000,
        channels=channels,
        length=len(samples),
        tags={"title": "T", "other": "left out"},
    )
    assert size == path.stat().st_size
    source = open_audio(path, "x")
    assert (source.rate, source.channels, source.length) == (16000, channels, len(samples))
    assert source.tags["title"] == "T"
    if extension != ".ogg":
        assert np.array_equal(soundfile.read(path, dtype="int16", always_2d=True)[0], samples)


def test_a_file_object_that_cannot_seek_gets_the_whole_file() -> None:
    samples = to_pcm(32768 * tone(8000))[:, np.newaxis]
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        write_audio([samples], pipe, format=FORMATS[".wav"], rate=8000, channels=1, length=len(samples))
    with os.fdopen(reader, "rb") as pipe:
        decoded, rate = soundfile.read(io.BytesIO(pipe.read()), dtype="int16")
    assert rate == 8000
    assert np.array_equal(decoded, samples[:, 0])


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    def blocks():
        yield np.zeros((10, 1), np.int16)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_audio(blocks(), tmp_path / "x.wav", format=FORMATS[".wav"], rate=8000, channels=1, length=20)
    (tmp_path / "there.wav").write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists already"):
        write_audio([], tmp_path / "there.wav", format=FORMATS[".wav"], rate=8000, channels=1, length=0)
    with pytest.raises(OutputError, match="cannot hold 300 channels"):
        write_audio([], tmp_path / "y.flac", format=FORMATS[".flac"], rate=8000, channels=300, length=0)
    assert [path.name for path in tmp_path.iterdir()] == ["there.wav"]


def test_the_format_is_by_name_or_extension() -> None:
    assert find_format(None, "a/b.FLAC") == FORMATS[".flac"]
    assert find_format("ogg", "b.wav") == FORMATS[".ogg"]
    assert find_format(None, None) == FORMATS[".wav"]
    with pytest.raises(UsageError, match="names no sound format"):
        find_format(None, "b.png")
    with pytest.raises(UsageError, match="'wma' is unknown"):
        find_format("wma", None)


def test_a_corpus_of_sound_gives_what_can_be_read_and_lists_the_rest(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "b.flac").write_bytes(sound(np.stack([tone(44100)] * 2, axis=1), 44100, "FLAC"))
    (tmp_path / "a.wav").write_bytes(sound(tone(8000), 8000))
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    (tmp_path / "notes.txt").write_bytes(b"")
    files, carrier = SoundCorpus.of([tmp_path], sample_rate=16000), ThreadCarrier(2)
    corpus = survey(files, carrier)
    for _ in range(2):
        signals = list(corpus)
        assert [signal.size for signal in signals] == [8000, 8000]
    assert corpus.sizes == ((8000,), (8000,))
    ((place, reason),) = corpus.left_out
    assert place == tmp_path / "bad.wav"
    assert "bad.wav" in reason
    np.testing.assert_allclose(signals[1], 32768 * tone(16000), atol=3)
    brief = survey(replace(files, seconds=0.25), carrier)
    assert [signal.size for signal in brief] == [4000, 4000]
    assert brief.fingerprint() == corpus.fingerprint()
    assert len(corpus.fingerprint()) == 16
    with pytest.raises(UnreadableInputError, match=r"1 of 3 files cannot be read; first: .*bad"):
        survey(files, carrier, strict=True)
    with pytest.raises(UnreadableInputError, match="no sound files in it"):
        SoundCorpus.of([_folder(tmp_path / "empty")])
    with pytest.raises(UnreadableInputError, match=r"none of 1 files can be read; first: .*bad"):
        survey(SoundCorpus.of([tmp_path / "bad.wav"]), carrier)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def written(destination: Any, format: AudioFormat, rate: int = 8000, channels: int = 1) -> tuple[int, np.ndarray]:
    """Write a second of a tone; return the size that is told, and the samples."""
    samples = np.tile(np.rint(32767 * tone(rate, 1.0)).astype(np.int16)[:, None], channels)
    size = write_audio(
        iter(np.array_split(samples, 3)),
        destination,
        format=format,
        rate=rate,
        channels=channels,
        length=rate,
        tags={"title": "Näme", "artist": "Ann"},
    )
    return size, samples


@pytest.mark.parametrize(
    "extension", [".wav", ".aiff", ".au", ".opus", ".mp3", ".m4a", ".gsm", ".ulaw", ".alaw", ".sln"]
)
def test_every_format_is_read_back_with_its_length(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a{extension}"
    size, samples = written(path, find_format(None, path))
    assert size == path.stat().st_size > 1000
    back = open_audio(path, "a")
    heard = back.samples(8000).astype(float)
    assert back.length * 8000 // back.rate == 8000
    original = samples[:, 0].astype(float)
    assert heard @ original / np.sqrt((heard @ heard) * (original @ original)) > 0.95


@pytest.mark.parametrize(
    ("encoding", "subtype"),
    [("mulaw", "ULAW"), ("alaw", "ALAW"), ("gsm", "GSM610"), ("s24", "PCM_24"), ("f32", "FLOAT"), ("u8", "PCM_U8")],
)
def test_wav_for_telephone_systems(tmp_path: Path, encoding: str, subtype: str) -> None:
    path = tmp_path / "a.wav"
    written(path, find_format(None, path, encoding))
    assert soundfile.info(path).subtype == subtype
    assert open_audio(path, "a.wav").length == 8000
    with pytest.raises(UsageError, match="encoding mulaw is not possible in FLAC"):
        find_format("flac", None, "mulaw")
    with pytest.raises(UsageError, match="leave it out, or choose wav"):
        find_format("mp3", None, encoding)


class Pipe(io.RawIOBase):
    """What goes into a pipe, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)


@pytest.mark.parametrize("encoding", ["s16", "mulaw", "s24", "f32", "u8"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_pipe_gets_wav_of_the_exact_length_as_it_comes(encoding: str, channels: int) -> None:
    pipe, memory = Pipe(), io.BytesIO()
    format = find_format("wav", None, encoding)
    size, _ = written(pipe, format, 8001, channels)
    assert len(pipe.pieces) in (4, 5)
    data = b"".join(pipe.pieces)
    assert size == len(data) == int.from_bytes(data[4:8], "little") + 8
    written(memory, format, 8001, channels)
    streamed, usual = (soundfile.SoundFile(io.BytesIO(one)) for one in (data, memory.getvalue()))
    assert (streamed.subtype, streamed.copy_metadata()["title"]) == (usual.subtype, "Näme")
    assert np.array_equal(streamed.read(), usual.read())


def test_a_pipe_gets_samples_without_a_header_as_they_come() -> None:
    pipe = Pipe()
    _, samples = written(pipe, find_format("raw", None))
    assert b"".join(pipe.pieces) == samples.astype("<i2").tobytes()
