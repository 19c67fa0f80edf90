"""Speech that is encoded while it comes: the same bytes for pieces of any size, and nothing half written."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from coded_speech import NEEDS_CODEBOOKS, QUICK, decode, four_seconds, wav
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec import api, user_limits
from vqcodec.errors import CodebookError, CorruptFileError, LimitError, OutputError, UsageError
from vqcodec.speech.files import read_speech
from vqcodec.speech.pcm import to_pcm
from vqcodec.speech.sound.arrays import ArraySource
from vqcodec.speech.sound.resampling import Resampler

pytestmark = NEEDS_CODEBOOKS


class Pipe(io.RawIOBase):
    """A stream that cannot seek, and notes what it is given and when."""

    def __init__(self) -> None:
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.taken += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def talk() -> np.ndarray:
    """Four seconds at 16 kHz, int16."""
    return four_seconds()


def written(samples: np.ndarray, rate: int, size: int | None = None, **how: object) -> bytes:
    """The file of samples that are written in pieces of `size`; None for all at once."""
    pipe = Pipe()
    with vqcodec.SpeechWriter(pipe, rate, **{**QUICK, **how}) as writer:
        for start in range(0, len(samples), size or len(samples)):
            writer.write(samples[start : start + (size or len(samples))])
        assert writer.length == len(samples)
    return pipe.taken


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_the_sizes_of_the_pieces_change_nothing(rate: int) -> None:
    samples = to_pcm(synthetic_speech(1.3, rate))
    whole = written(samples, rate, band="nb", delay=0.5)
    for size in (160, 7919):
        assert written(samples, rate, size, band="nb", delay=0.5) == whole
    assert written(samples / 32768, rate, 441, band="nb", delay=0.5) == whole
    decoded, decoded_rate = vqcodec.decode_speech(whole)
    assert (decoded.shape, decoded_rate) == (samples.shape, rate)


def test_pieces_of_one_sample(talk: np.ndarray) -> None:
    part = talk[20000:24500]
    assert written(part, 16000, 1, delay=0.1) == written(part, 16000, delay=0.1)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_the_samples_that_are_coded_are_those_of_the_whole_recording(rate: int) -> None:
    samples = to_pcm(synthetic_speech(0.7, rate))
    whole = ArraySource.of(samples, rate).samples(8000)
    resampler = Resampler(rate, 8000)
    pieces = [
        resampler.push(samples[start : start + rate // 50].astype(float))
        for start in range(0, len(samples), rate // 50)
    ]
    assert np.array_equal(to_pcm(np.concatenate([*pieces, resampler.finish()])), whole)


@pytest.mark.parametrize(
    "how", [{"quality": 70}, {"bitrate": 8}, {"codebook": "celp-4800"}, {"codebook": "ld-celp-16k"}], ids=str
)
def test_it_sounds_as_a_recording_that_is_encoded_at_once(talk: np.ndarray, how: dict[str, object]) -> None:
    quick = {} if "codebook" in how else QUICK
    pipe = Pipe()
    with vqcodec.SpeechWriter(pipe, 16000, **how, **quick) as writer:
        writer.write(talk)
    live = api.compare(wav(talk, 16000), pipe.taken)
    whole = api.compare(wav(talk, 16000), vqcodec.encode_speech(talk, 16000, **how, **quick))
    assert live.weighted_segmental_snr_db == pytest.approx(whole.weighted_segmental_snr_db, abs=0.7)
    assert live.payload_kbps == pytest.approx(whole.payload_kbps, rel=0.08)


def test_channels_are_kept_or_mixed(talk: np.ndarray) -> None:
    both = np.stack([talk[:20000], talk[20000:40000]], axis=1)
    kept, rate = vqcodec.decode_speech(written(both, 16000, 999, channels="keep", quality=90))
    assert (kept.shape, rate) == (both.shape, 16000)
    for channel in (0, 1):
        assert np.corrcoef(kept[:, channel], both[:, channel])[0, 1] > 0.9
    mixed, _ = vqcodec.decode_speech(written(both, 16000, 999, quality=90))
    assert mixed.shape == (20000,)
    assert np.corrcoef(mixed, both.mean(axis=1))[0, 1] > 0.9


def test_packets_come_before_the_end_and_a_part_can_be_decoded(talk: np.ndarray) -> None:
    pipe = Pipe()
    sizes = []
    with vqcodec.SpeechWriter(pipe, 16000, delay=1, **QUICK) as writer:
        for start in range(0, talk.size, 8000):
            writer.write(talk[start : start + 8000])
            sizes.append(len(pipe.taken))
    assert sizes[0] < sizes[2] < sizes[4] < sizes[6]
    with vqcodec.open_speech(io.BytesIO(pipe.taken), start=1.5, duration=1) as reader:
        part = np.concatenate(list(reader))[:, 0]
    assert np.array_equal(part, vqcodec.decode_speech(pipe.taken)[0][24000:40000])


def test_a_file_at_a_path_appears_when_it_is_closed(talk: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "talk.vqc"
    with vqcodec.SpeechWriter(path, 16000, **QUICK) as writer:
        writer.write(talk)
        assert not path.exists()
    assert path.read_bytes() == written(talk, 16000)
    with pytest.raises(OutputError, match="exists"):
        vqcodec.SpeechWriter(path, 16000)
    writer.close()
    with pytest.raises(UsageError, match=r"talk\.vqc: the writer is closed"):
        writer.write(talk)
    with vqcodec.SpeechWriter(path, 16000, overwrite=True, **QUICK) as writer:
        writer.write(talk[:8000])
    assert vqcodec.info(path).samples == 8000
    assert os.listdir(tmp_path) == ["talk.vqc"]


def test_an_exception_leaves_nothing(talk: np.ndarray, tmp_path: Path) -> None:
    pipe = Pipe()
    for destination in (tmp_path / "talk.vqc", pipe):
        with contextlib.suppress(ZeroDivisionError), vqcodec.SpeechWriter(destination, 16000, **QUICK) as writer:
            writer.write(talk)
            raise ZeroDivisionError
    assert not os.listdir(tmp_path)
    with pytest.raises(CorruptFileError, match="cut off"):
        vqcodec.decode_speech(pipe.taken)
    salvaged, samples = decode(pipe.taken, salvage=True)  # the last group was not ready
    assert salvaged.samples == 48000
    assert np.corrcoef(samples[:, 0], talk[:48000])[0, 1] > 0.5
    assert "its length is not known" in salvaged.notes[-1]


def test_nothing_written_is_no_file(tmp_path: Path) -> None:
    writer = vqcodec.SpeechWriter(tmp_path / "talk.vqc", 16000)
    writer.write(np.zeros(0, np.int16))
    assert (writer.channels, writer.length) == (None, 0)
    with pytest.raises(UsageError, match=r"talk\.vqc: no samples were written"):
        writer.close()
    assert not os.listdir(tmp_path)


def test_wrong_samples_are_refused_and_the_writer_goes_on(talk: np.ndarray) -> None:
    pipe = Pipe()
    with vqcodec.SpeechWriter(pipe, 16000, **QUICK) as writer:
        writer.write(talk[:10000])
        for wrong in (talk.astype(np.int64), talk.astype(complex), np.zeros((2, 2, 2)), ["x"], [[1], [2, 3]]):
            with pytest.raises(UsageError, match="samples must be"):
                writer.write(wrong)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="samples of 2 channels; those before have 1"):
            writer.write(np.zeros((5, 2), np.int16))
        writer.write(talk[10000:])
    assert pipe.taken == written(talk, 16000)


def test_what_cannot_be_asked_for() -> None:
    for wrong, says in (
        ({"target_size": 1000}, "a target size needs the whole recording"),
        ({"delay": 0}, "delay"),
        ({"delay": 61}, "delay"),
        ({"gop": 1}, "gop"),
        ({"quality": 5, "bitrate": 5}, "exclude one another"),
    ):
        with pytest.raises(UsageError, match=says):
            vqcodec.SpeechWriter(io.BytesIO(), 16000, **wrong)  # type: ignore[arg-type]
    for rate in (10, 10**7):
        with pytest.raises(LimitError):
            vqcodec.SpeechWriter(io.BytesIO(), rate)
    with pytest.raises(CodebookError):
        vqcodec.SpeechWriter(io.BytesIO(), 16000, codebook="nobody-has-it")
    with vqcodec.SpeechWriter(io.BytesIO(), 8000, codebook="celp-4800", quality=5) as writer:
        with pytest.raises(UsageError, match="has one way of coding"):
            writer.write(np.zeros(10))
        with pytest.raises(UsageError, match="closed"):
            writer.write(np.zeros(10))


def test_limits_hold_while_it_comes(talk: np.ndarray, tmp_path: Path) -> None:
    with user_limits.lowered(seconds=2), vqcodec.SpeechWriter(tmp_path / "x.vqc", 16000, **QUICK) as writer:
        writer.write(talk[:30000])
        with pytest.raises(LimitError):
            writer.write(talk[30000:])
    assert not os.listdir(tmp_path)


def test_what_was_repaired_is_said() -> None:
    samples = np.array([0, np.nan, 2.0, -0.5] * 100)
    with pytest.warns(UserWarning, match="samples") as caught:
        written(samples, 8000, 3)
    assert sorted(str(warning.message) for warning in caught) == [
        "100 NaN or infinite samples, taken as silence",
        "100 samples beyond full scale, clipped",
    ]


def test_memory_does_not_grow_with_the_length(talk: np.ndarray) -> None:
    writer = vqcodec.SpeechWriter(Pipe(), 8000, delay=0.5, codebook="celp-4800")
    narrow = talk[::2]
    held = []
    for _ in range(3):
        for _ in range(3):
            writer.write(narrow)
        assert writer._live is not None
        recording = writer._live._channels[0].encoder._recording
        held.append(sum(piece.size for piece in recording._pieces))
    assert max(held) < 2 * 8000
    writer.close()


def test_the_command_line_api_gives_the_same_bytes(talk: np.ndarray, tmp_path: Path) -> None:
    whole = written(talk, 16000, delay=0.5)
    sound = wav(talk, 16000)
    (tmp_path / "x.wav").write_bytes(sound)
    report = api.encode(tmp_path / "x.wav", delay=0.5, **QUICK)
    assert report.data == whole
    assert sum(report.bits.values()) == 8 * len(whole) == 8 * report.output_bytes
    assert (report.samples, report.channels, report.streams, report.parameters["delay"]) == (64000, 1, 1, 0.5)
    assert report.payload_kbps == pytest.approx(vqcodec.info(whole).payload_kbps)
    assert api.compare(sound, whole).sqnr_db == pytest.approx(report.sqnr_db, abs=0.01)
    for stream in (io.BytesIO(sound), io.BytesIO(wav(talk, 16000, format="FLAC"))):
        assert api.encode(stream, delay=0.5, **QUICK).data == whole
    raw = api.encode(io.BytesIO(talk.tobytes()), delay=0.5, raw="16000:s16le", **QUICK)
    assert (raw.data, raw.input_bytes) == (whole, 128000)
    cut = api.encode(io.BytesIO(sound[:-20000]), delay=0.5, **QUICK)
    assert cut.notes == ("10,000 samples missing at the end: the file is cut off",)
    with pytest.raises(UsageError, match="target size"):
        api.encode(sound, delay=0.5, target_size=1000)
    with pytest.raises(UsageError, match="speech has no option distance"):
        api.encode(sound, delay=0.5, distance=8)


def test_a_pipe_gets_packets_while_its_input_goes_on(talk: np.ndarray) -> None:
    command = [
        sys.executable,
        "-m",
        "vqcodec",
        "encode",
        "-",
        "-o",
        "-",
        "--raw",
        "16000:s16le",
        "--delay",
        "0.5",
        "-e0",
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None
    assert process.stdout is not None
    stuck = threading.Timer(60, process.kill)
    stuck.start()
    try:
        process.stdin.write(talk[:40000].tobytes())
        process.stdin.flush()
        early = process.stdout.read(1500)  # while the input is open
        assert len(early) == 1500
        process.stdin.write(talk[40000:].tobytes())
        process.stdin.close()
        data = early + process.stdout.read()
        assert process.wait() == 0
    finally:
        stuck.cancel()
        process.kill()
    assert data == written(talk, 16000, delay=0.5)


def _heed_interrupts() -> None:
    """Undo what a shell does to the commands it runs in the background: they ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _wait_for_packets(folder: Path) -> None:
    """Wait until something stands in the file that is being written."""
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in folder.glob(".vqcodec-*.part")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("kept", [True, False])
def test_ctrl_c_ends_a_recording(talk: np.ndarray, tmp_path: Path, kept: bool) -> None:
    command = [sys.executable, "-m", "vqcodec", "encode", "-", "-o", "x.vqc", "--raw", "16000:s16le", "--delay", "0.5"]
    process = subprocess.Popen(
        [*command, "-e0", *(["--keep-partial"] if kept else [])],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=_heed_interrupts,
    )
    assert process.stdin is not None
    try:
        process.stdin.write(talk[:40000].tobytes())
        process.stdin.flush()
        _wait_for_packets(tmp_path)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(talk[40000:].tobytes())  # what a microphone still had
            process.stdin.close()
        process.stdin = None
        _, messages = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    if not kept:
        assert not os.listdir(tmp_path)
        return
    assert b"interrupted" in messages
    assert os.listdir(tmp_path) == ["x.vqc"]
    samples = vqcodec.info(tmp_path / "x.vqc").samples
    assert (tmp_path / "x.vqc").read_bytes() == written(talk[:samples], 16000, delay=0.5)


def test_ctrl_c_ends_the_wait_for_more(talk: np.ndarray, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vqcodec", "encode", "-", "-o", "x.vqc"]
    process = subprocess.Popen(
        [*command, "--raw", "16000:s16le", "--delay", "0.5", "-e0", "--keep-partial"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_heed_interrupts,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    try:
        process.stdin.write(talk[:40000].tobytes())
        process.stdin.flush()
        _wait_for_packets(tmp_path)
        time.sleep(0.5)  # by now it usually waits for more; that it ends must not depend on it
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert b"interrupted" in process.stderr.read()
    finally:
        process.kill()
        process.stdin.close()
        process.stderr.close()
    samples = vqcodec.info(tmp_path / "x.vqc").samples
    assert (tmp_path / "x.vqc").read_bytes() == written(talk[:samples], 16000, delay=0.5)


def test_keeping_a_part_needs_a_delay(talk: np.ndarray) -> None:
    with pytest.raises(UsageError, match="keep partial needs delay"):
        api.encode(wav(talk, 16000), keep_partial=True)


def test_the_header_at_the_end_is_found_by_every_reader(talk: np.ndarray) -> None:
    data = written(talk[:30000], 16000, delay=0.5)
    for sparing in (False, True):
        stream = read_speech(io.BytesIO(data), sparing=sparing).streams[0]
        assert not stream.header.is_open
        assert len(stream.packets) == 4
    assert vqcodec.info(data).samples == 30000
    assert vqcodec.verify(data).duration_s == 30000 / 16000
    without = data[: data.index(b"TAIL")]
    with pytest.raises(CorruptFileError):
        vqcodec.decode_speech(without)
    salvaged, _ = decode(without, salvage=True)
    assert salvaged.samples == 3 * 8000  # the last packet is shorter, nobody knows by how much
    assert any("is too short" in note for note in salvaged.notes)
