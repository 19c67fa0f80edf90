"""The speech engine as a whole, with a codebook that took no training."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from synthetic_speech import synthetic_speech
from tiny_speech_codebook import tiny_codebook

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError, CorruptFileError, UsageError
from vqcodec.speech.bands import BANDS, NARROWBAND, WIDEBAND, Band
from vqcodec.speech.celp import engine
from vqcodec.speech.celp.engine import EncodedSpeech, Settings
from vqcodec.speech.celp.header import SpeechHeader
from vqcodec.speech.celp.rate_control import Aim, find_lambda, find_share, mix
from vqcodec.speech.filters.strengths import PostFilters


def book() -> Codebook:
    """The tiny codebook of the narrow band; made once."""
    return tiny_codebook(NARROWBAND)


QUICK = Settings(quality=50, effort=0, threads=1)


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """Eleven seconds and a bit: a whole group, and part of a packet of the next one."""
    return np.tile(synthetic_speech(2.8, 8000, seed=1), 4)[:89_123].astype(np.int16)


@pytest.fixture(scope="module")
def encoded(speech: np.ndarray) -> EncodedSpeech:
    return engine.encode(speech, book(), QUICK)


@pytest.mark.parametrize("band", BANDS.values(), ids=str)
def test_decoding_gives_what_the_encoder_said(band: Band) -> None:
    book = tiny_codebook(band)
    samples = synthetic_speech(1.5, band.sample_rate, seed=2)[:-17]
    for options in (QUICK, Settings(quality=95, effort=6, threads=1)):
        coded = engine.encode(samples, book, options)
        decoded = engine.decode(coded.header, coded.packets, book)
        np.testing.assert_array_equal(decoded, coded.reconstruction)
        assert len(decoded) == len(samples)
        assert sum(coded.bits.values()) == 8 * coded.size
        assert engine.count_bits(coded.header, coded.packets, book) == coded.bits
    error = samples - decoded
    assert (error**2).sum() < 0.7 * (samples**2).sum()


def test_any_part_is_that_of_the_whole(speech: np.ndarray, encoded: EncodedSpeech) -> None:
    for first, count in ((0, 1), (79_999, 2), (85_000, 4123), (3, 0), (100, 89_000)):
        part = engine.decode(encoded.header, encoded.packets, book(), first=first, count=count)
        np.testing.assert_array_equal(part, encoded.reconstruction[first : first + count])
    assert engine.needed_packets(encoded.header, 80_000, 5) == range(10, 12)
    assert encoded.starts == [8000 * number for number in range(12)]


def test_only_the_packets_of_the_group_are_needed(encoded: EncodedSpeech) -> None:
    packets = [b"damaged" if number < 10 else packet for number, packet in enumerate(encoded.packets)]
    part = engine.decode(encoded.header, packets, book(), first=80_000)
    np.testing.assert_array_equal(part, encoded.reconstruction[80_000:])


def test_threads_do_not_matter(speech: np.ndarray, encoded: EncodedSpeech) -> None:
    threaded = engine.encode(speech, book(), Settings(quality=50, effort=0, threads=2))
    assert threaded.packets == encoded.packets
    np.testing.assert_array_equal(threaded.reconstruction, encoded.reconstruction)


@pytest.mark.parametrize("lost", [(3,), (0,), (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (2, 3, 11)])
def test_lost_packets_are_concealed_without_bursts(encoded: EncodedSpeech, lost: tuple[int, ...]) -> None:
    packets = [None if number in lost else packet for number, packet in enumerate(encoded.packets)]
    concealed = engine.decode(encoded.header, packets, book())
    assert len(concealed) == len(encoded.reconstruction)
    whole = encoded.reconstruction.astype(np.float64)

    def loudest(samples: np.ndarray) -> float:
        return float(np.sqrt((samples[:89_120].reshape(-1, 160) ** 2).mean(axis=1)).max())

    assert loudest(concealed.astype(np.float64)) < 1.6 * loudest(whole)
    before = max(0, 8000 * min(lost) - 400)  # the pitch filter looks as far ahead
    np.testing.assert_array_equal(concealed[:before], encoded.reconstruction[:before])
    if max(lost) < 10:  # the next group knows nothing of it
        np.testing.assert_array_equal(concealed[80_000:], encoded.reconstruction[80_000:])


def test_damaged_packets_are_named(encoded: EncodedSpeech) -> None:
    packets = list(encoded.packets)
    packets[4] = packets[4][:-3]
    with pytest.raises(CorruptFileError, match="packet 4"):
        engine.decode(encoded.header, packets, book())
    packets[4] = encoded.packets[4] + b"\x00"
    with pytest.raises(CorruptFileError, match="packet 4"):
        engine.count_bits(encoded.header, packets, book())
    with pytest.raises(CorruptFileError, match="packets"):
        engine.decode(encoded.header, encoded.packets[:-1], book())


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 161, 8000, 8001])
def test_short_and_silent_recordings(samples: int) -> None:
    for value in (0, 32767):
        coded = engine.encode(np.full(samples, value, np.int16), book(), QUICK)
        assert len(engine.decode(coded.header, coded.packets, book())) == samples
        assert coded.size < 100 + samples // 16
        assert SpeechHeader.from_bytes(coded.header).packets == len(coded.packets) == len(coded.starts)


def test_silence_runs_are_nearly_free() -> None:
    coded = engine.encode(np.zeros(80_000, np.int16), book(), QUICK)
    assert sum(map(len, coded.packets)) <= 10 * 7
    assert not coded.reconstruction.any()


def test_rate_and_size_are_kept(speech: np.ndarray) -> None:
    seen = []
    rate = engine.encode(speech, book(), Settings(bitrate=6.0, effort=0), seen.append)
    assert rate.size * 8 / (len(speech) / 8000) / 1000 == pytest.approx(6.0, rel=0.02)
    assert seen == sorted(seen)
    assert 0 < seen[-1] <= 1
    sized = engine.encode(speech, book(), Settings(size=5000, effort=0))
    assert 4700 < sized.size <= 5000
    with pytest.raises(UsageError, match="10 bytes"):
        engine.encode(speech, book(), Settings(size=10, effort=0))


def test_noise_keeps_the_average_rate() -> None:
    """White noise is all or nothing at any lambda: only a mixture of two comes near to a rate."""
    noise = (np.random.default_rng(0).standard_normal(360_000) * 8000).clip(-32768, 32767).astype(np.int16)
    for samples in (noise, noise[:20_000]):
        coded = engine.encode(samples, book(), Settings(bitrate=3.0, effort=0))
        assert coded.size * 8 / (len(samples) / 8000) / 1000 == pytest.approx(3.0, rel=0.02)


@pytest.mark.parametrize("kbps", [2.5, 6.0])
def test_a_short_chord_keeps_the_rate(kbps: float) -> None:
    time = np.arange(12_000) / 8000
    chord = sum(4000 * np.sin(2 * np.pi * frequency * time) for frequency in (261.6, 329.6, 392.0))
    coded = engine.encode(np.rint(chord).astype(np.int16), book(), Settings(bitrate=kbps, effort=2))
    assert coded.size * 8 / 1.5 / 1000 == pytest.approx(kbps, rel=0.02)
    np.testing.assert_array_equal(engine.decode(coded.header, coded.packets, book()), coded.reconstruction)


def test_quality_rises_with_its_number(speech: np.ndarray) -> None:
    sizes = [engine.encode(speech[:24_000], book(), Settings(quality=q, effort=0)).size for q in (0, 50, 100)]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3


def test_senseless_requests_are_refused(speech: np.ndarray, encoded: EncodedSpeech) -> None:
    with pytest.raises(UsageError, match="no numbers"):
        engine.encode(np.array([0.0, np.nan]), book(), QUICK)
    with pytest.raises(UsageError, match="one row"):
        engine.encode(np.zeros((2, 100)), book(), QUICK)
    with pytest.raises(UsageError, match="not in"):
        engine.decode(encoded.header, encoded.packets, book(), first=89_123, count=1)
    with pytest.raises(CodebookError, match="speech/celp-nb"):
        engine.decode(encoded.header, encoded.packets, tiny_codebook(WIDEBAND))
    with pytest.raises(CodebookError, match="not for speech"):
        engine.encode(speech, Codebook("image/block", "picture", {"a": np.zeros(1, np.int16)}), QUICK)


def test_headers_are_checked() -> None:
    header = SpeechHeader(WIDEBAND, 123_456, 5, filters=PostFilters(formant=4, pitch=7))
    assert SpeechHeader.from_bytes(header.to_bytes()) == header
    header = SpeechHeader(WIDEBAND, 123_456, 5, filters=PostFilters(formant=4))
    assert SpeechHeader.from_bytes(header.to_bytes()) == header
    for damaged in (
        b"",
        b"\x05",
        b"\x05\x00",
        header.to_bytes()[:-1],
        header.to_bytes() + b"\x00",
        header.to_bytes() + b"\x0b",
        header.to_bytes() + b"\x01\x00",
        b"\x05\x00\x00\x0a",
    ):
        with pytest.raises(CorruptFileError):
            SpeechHeader.from_bytes(damaged)


@pytest.mark.parametrize("name", ["set0/shapes1", "set1/pulse_counts", "set0/lengths.gains", "ladder", "set0/gains2"])
def test_damaged_codebooks_are_refused(name: str) -> None:
    arrays = dict(book().arrays)
    arrays[name] = arrays[name].reshape(-1)[:-1]
    with pytest.raises((CodebookError, CorruptFileError)):
        engine.encode(np.zeros(100, np.int16), Codebook(book().engine, "broken", arrays), QUICK)


def test_coarse_frames_are_spread_evenly() -> None:
    aim = Aim(0.01, 0.04, 0.25)
    np.testing.assert_array_equal(aim.lambdas(0, 8), [0.01, 0.01, 0.01, 0.04] * 2)
    np.testing.assert_array_equal(np.concatenate([aim.lambdas(0, 5), aim.lambdas(5, 6)]), aim.lambdas(0, 11))
    np.testing.assert_array_equal(Aim.of(0.5).lambdas(7, 3), [0.5] * 3)
    np.testing.assert_array_equal(Aim(0.01, 0.04, 0.25, spread=False).lambdas(8, 4), [0.01, 0.01, 0.01, 0.04])
    assert Aim(0.01, 0.04, 0.5).mean == pytest.approx(0.02)


def test_the_share_of_coarse_frames_is_found() -> None:
    tried: list[float] = []

    def size(share: float) -> float:
        tried.append(share)
        return 1000 - 600 * share**3

    share, found = find_share(size, 700, 1000, 400, 8, 0.01)
    assert found == size(share) == pytest.approx(700, rel=0.01)
    assert len(tried) <= 9
    assert find_share(lambda _share: 900.0, 700, 1000, 400, 3, 0.01)[1] == 900


def test_lambda_is_found_also_across_a_cliff() -> None:
    assert 1000 / find_lambda(lambda one: 1000 / one, 50.0, 1.0, 10, 0.001) == pytest.approx(50, rel=0.001)
    cliff = find_lambda(lambda one: 900.0 if one < 0.02 else 40.0, 100.0, 1.0, 12, 0.001)
    assert cliff >= 0.02
    assert mix([100] * 8, [20] * 8, 400) == [False, True, False, False] * 2 or sum(mix([100] * 8, [20] * 8, 400)) == 3


def test_decoding_loads_nothing_that_searches() -> None:
    program = (
        "import sys, vqcodec.speech.decoding, vqcodec.speech.celp.engine\n"
        "print(*[name for name in sys.modules if name.startswith('vqcodec.speech.')])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "vqcodec.speech.celp.group_coding" in loaded
    encoding = ("search", "recording", "encoder", "analysis", "weighting", "silence", "mixing", "audio", "targets")
    assert [name for name in loaded if any(word in name for word in encoding)] == []
