"""Speech that is decoded while it arrives: the same samples as of the whole file, as soon as they can be had."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import soundfile
from coded_speech import NEEDS_CODEBOOKS, QUICK, four_seconds

import vqcodec
from vqcodec import api, user_limits
from vqcodec.errors import CorruptFileError, LimitError, UnreadableInputError, UsageError

pytestmark = NEEDS_CODEBOOKS


class Arriving(io.RawIOBase):
    """A stream that gives at most `most` bytes at once, and cannot seek."""

    def __init__(self, data: bytes, most: int = 700) -> None:
        self.data, self.most = data, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        piece = self.data[: min(self.most, len(view))]
        self.data = self.data[len(piece) :]
        view[: len(piece)] = piece
        return len(piece)


def live(samples: np.ndarray, rate: int = 16000, **how: object) -> bytes:
    target = io.BytesIO()
    with vqcodec.SpeechWriter(target, rate, **how) as writer:
        writer.write(samples)
    return target.getvalue()


@pytest.fixture(scope="module")
def talk() -> np.ndarray:
    """Four seconds at 16 kHz, int16, the last group shorter than the others."""
    return four_seconds()[:61234]


@pytest.fixture(scope="module")
def files(talk: np.ndarray) -> dict[str, bytes]:
    both = np.stack([talk, talk[::-1]], axis=1)
    long = np.tile(talk, 4)  # 15 s: two groups
    return {
        "live": live(talk, delay=1, **QUICK),
        "live-short-groups": live(talk, delay=0.3, **QUICK),
        "live-channels": live(both, channels="keep", band="nb", **QUICK),
        "live-resampled": live(talk, 22050, band="nb", **QUICK),
        "live-whole-groups": live(talk[:32000], delay=1, **QUICK),
        "live-fixed": live(talk, codebook="celp-4800"),
        "live-low-delay": live(talk, codebook="ld-celp-16k", delay=0.5),
        "whole": vqcodec.encode_speech(long, 16000, embed_codebook=True, band="nb", **QUICK),
        "whole-channels": vqcodec.encode_speech(both, 16000, channels="keep", **QUICK),
        "compact": vqcodec.encode_speech(talk, 16000, **QUICK),
    }


NAMES = (
    "live", "live-short-groups", "live-channels", "live-resampled", "live-whole-groups", "live-fixed",
    "live-low-delay", "whole", "whole-channels", "compact",
)  # fmt: skip


def arrived(data: bytes, most: int = 700, **how: object) -> tuple[np.ndarray, int]:
    with vqcodec.open_speech(Arriving(data, most), **how) as reader:  # type: ignore[arg-type]
        blocks = list(reader)
        assert reader.length in (None, sum(map(len, blocks)))
        return np.concatenate(blocks), reader.rate


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rate", ["source", "codec", 44100])
def test_the_samples_are_those_of_the_whole_file(files: dict[str, bytes], name: str, rate: int | str) -> None:
    whole, whole_rate = vqcodec.decode_speech(files[name], rate=rate)
    samples, samples_rate = arrived(files[name], rate=rate)
    assert samples_rate == whole_rate
    assert np.array_equal(samples, whole.reshape(samples.shape))


@pytest.mark.parametrize("most", [1, 37, 1 << 20])
def test_it_may_arrive_in_any_pieces(files: dict[str, bytes], most: int) -> None:
    assert np.array_equal(arrived(files["live"], most)[0][:, 0], vqcodec.decode_speech(files["live"])[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("start", "duration"), [(0.5, None), (1.25, 1), (0, 0.5), (1.9, 50)])
def test_a_part(files: dict[str, bytes], name: str, start: float, duration: float | None) -> None:
    whole, _ = vqcodec.decode_speech(files[name], start=start, duration=duration)
    part, _ = arrived(files[name], start=start, duration=duration)
    assert np.abs(part.astype(int) - whole.reshape(part.shape)).max() <= 1  # resampling may begin elsewhere


def test_blocks_come_before_the_end(files: dict[str, bytes]) -> None:
    stream = Arriving(files["live"])
    with vqcodec.open_speech(stream) as reader:  # type: ignore[arg-type]
        assert (reader.rate, reader.channels, reader.length) == (16000, 1, None)
        blocks = iter(reader)
        assert len(next(blocks)) == 16000
        assert len(stream.data) > len(files["live"]) // 3
        assert 16000 + sum(map(len, blocks)) == 61234
        with pytest.raises(UsageError, match="can be read once"):
            next(iter(reader))


def test_what_is_cut_off_gives_what_was_there(files: dict[str, bytes]) -> None:
    whole, _ = vqcodec.decode_speech(files["live"])
    got: list[np.ndarray] = []

    def take(blocks: Iterator[np.ndarray]) -> None:
        got.extend(blocks)

    with (
        vqcodec.open_speech(Arriving(files["live"][:-200])) as reader,
        pytest.raises(CorruptFileError, match="cut off"),
    ):  # type: ignore[arg-type]
        take(iter(reader))
    samples = np.concatenate(got)[:, 0]
    assert np.array_equal(samples, whole[: len(samples)])
    assert len(samples) in (32000, 48000)
    damaged = bytearray(files["live"])
    damaged[len(damaged) // 2] ^= 1
    hurt: Any = Arriving(bytes(damaged))
    with vqcodec.open_speech(hurt) as reader, pytest.raises(CorruptFileError, match="damaged"):
        take(iter(reader))


def test_what_cannot_be_read(files: dict[str, bytes]) -> None:
    for name in ("live", "whole-channels", "compact"):
        with pytest.raises(UsageError, match=r"start 9 s is not within the recording, which lasts 3\.827 s"):
            arrived(files[name], start=9)
    with pytest.raises(UnreadableInputError):
        arrived(b"RIFF and so on, and on")
    with user_limits.lowered(seconds=2), pytest.raises(LimitError):
        arrived(files["live"])


@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_gets_sound_from_a_pipe(files: dict[str, bytes], name: str) -> None:
    class Out(io.RawIOBase):
        taken = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.taken += bytes(data)  # type: ignore[call-overload]
            return len(bytes(data))  # type: ignore[call-overload]

    out = Out()
    report = api.decode(Arriving(files[name]), out, name="x")  # type: ignore[arg-type]
    whole = api.decode(files[name], name="x")
    assert whole.data is not None
    header = 44 if report.channels < 3 else 68
    assert out.taken[header:] == whole.data[header:]
    assert report.as_dict() | {"seconds": 0, "output": 0} == whole.as_dict() | {"seconds": 0, "output": 0}
    if name.startswith("whole"):
        assert out.taken[:header] == whole.data[:header]
    raw = Out()
    api.decode(Arriving(files[name]), raw, format="raw")  # type: ignore[arg-type]
    samples, _ = soundfile.read(io.BytesIO(whole.data), dtype="int16")
    assert raw.taken == samples.astype("<i2").tobytes()


def test_from_microphone_to_loudspeaker(talk: np.ndarray) -> None:
    program = [sys.executable, "-m", "vqcodec"]
    encoding = [*program, "encode", "-", "-o", "-", "--raw", "16000:s16le", "--delay", "0.5", "-e0", "--quiet"]
    encoder = subprocess.Popen(encoding, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    decoder = subprocess.Popen(
        [*program, "decode", "-", "-o", "-", "--format", "raw", "--quiet"], stdin=encoder.stdout, stdout=subprocess.PIPE
    )
    assert encoder.stdin is not None
    assert decoder.stdout is not None
    stuck = threading.Timer(60, decoder.kill)
    stuck.start()
    try:
        encoder.stdin.write(talk[:40000].tobytes())
        encoder.stdin.flush()
        early = decoder.stdout.read(32000)  # while the microphone goes on
        encoder.stdin.write(talk[40000:].tobytes())
        encoder.stdin.close()
        heard = early + decoder.stdout.read()
        assert (len(early), encoder.wait(), decoder.wait()) == (32000, 0, 0)
    finally:
        stuck.cancel()
        encoder.kill()
        decoder.kill()
    assert heard == vqcodec.decode_speech(live(talk, delay=0.5, **QUICK))[0].astype("<i2").tobytes()
