"""Damaged and cut files of speech: what is refused, and what salvage gives."""

from __future__ import annotations

import numpy as np
import pytest
from coded_speech import NEEDS_CODEBOOKS, QUICK, decode, encode, four_seconds, wav

import vqcodec
from vqcodec import api
from vqcodec.container.chunks import PACKET
from vqcodec.errors import CorruptFileError
from vqcodec.speech import folding

pytestmark = NEEDS_CODEBOOKS


@pytest.fixture(scope="module")
def talk() -> np.ndarray:
    """Four seconds at 16 kHz, int16."""
    return four_seconds()


def chunked(talk: np.ndarray) -> bytearray:
    """A file of packets of their own."""
    data = bytearray(encode(wav(talk, 16000, title="T"), band="nb").data or b"")
    assert data.count(PACKET) == 4
    return data


def test_damage_is_refused_and_salvaged(talk: np.ndarray) -> None:
    data = chunked(talk)
    _, whole = decode(bytes(data))
    second = data.index(PACKET, data.index(PACKET) + 4)
    data[second + 20] ^= 1
    with pytest.raises(CorruptFileError, match=r"x\.vqc: .*damaged"):
        decode(bytes(data))
    report, samples = decode(bytes(data), salvage=True)
    assert [(lost.packet, lost.start_s, lost.end_s) for lost in report.lost] == [(1, 1.0, 2.0)]
    assert "1 lost packets concealed, at 1.0-2.0 s" in report.notes[-1]
    assert np.array_equal(samples[:15000], whole[:15000])
    assert np.abs(samples.astype(int)).max() <= 1.5 * np.abs(whole.astype(int)).max()
    assert report.as_dict()["lost"][0]["packet"] == 1


def test_a_stream_that_ends_within_a_packet_is_salvaged(talk: np.ndarray) -> None:
    data = bytes(chunked(talk))
    _, whole = decode(data)
    cut = data[: data.rindex(PACKET) + 30]
    with pytest.raises(CorruptFileError):
        decode(cut)
    report, samples = decode(cut, salvage=True)
    assert [lost.packet for lost in report.lost] == [3]
    assert len(samples) == 64000
    assert np.array_equal(samples[:45000], whole[:45000])
    assert not samples[-4000:].any() or np.abs(samples[-4000:].astype(int)).max() < np.abs(whole.astype(int)).max()


def test_missing_packets_are_never_passed_over_in_silence(talk: np.ndarray) -> None:
    data = vqcodec.encode_speech(talk, 16000, band="nb", **QUICK)
    with pytest.raises(CorruptFileError):
        api.verify(data[:-9])
    assert api.verify(data).as_dict()["checks"] == ["structure", "checksums", "codebook", "decoding"]


def test_damage_to_a_short_file_costs_the_seconds_that_are_hit(talk: np.ndarray) -> None:
    data = vqcodec.encode_speech(np.tile(talk, 2)[:88000], 16000, band="nb", **QUICK)
    _, whole = decode(data)
    hurt = bytearray(data)
    hurt[len(data) // 2] ^= 1
    with pytest.raises(CorruptFileError, match="damaged: packet 2; pass salvage=True"):
        decode(bytes(hurt))
    report, samples = decode(bytes(hurt), salvage=True)
    assert [(lost.packet, lost.start_s, lost.end_s) for lost in report.lost] == [(2, 2.0, 3.0)]
    assert report.notes[0] == "damaged: packet 2"
    np.testing.assert_array_equal(samples[:31000], whole[:31000])
    report, samples = decode(data[: len(data) // 2], salvage=True)
    assert [lost.packet for lost in report.lost] == [2, 3, 4, 5]
    np.testing.assert_array_equal(samples[:31000], whole[:31000])


@pytest.mark.parametrize("seconds", [2, 9])
def test_without_checks_as_much_as_possible_is_salvaged(
    talk: np.ndarray, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "LEAST_CHECKED_PACKETS", 99)
    data = vqcodec.encode_speech(np.resize(talk, seconds * 16000), 16000, band="nb", **QUICK)
    _, whole = decode(data)
    assert decode(data, salvage=True)[0].notes == ()
    told = []
    for place in range(40, len(data) - 4, len(data) // 12):
        hurt = bytearray(data)
        hurt[place] ^= 0x55
        report, samples = decode(bytes(hurt), salvage=True)
        assert samples.shape == whole.shape
        told.append(len(report.lost))
        if not report.lost:
            assert report.notes == ("damaged: it cannot be told which second; the sound may be disturbed there",)
    assert sum(told) > 0
    report, samples = decode(data[: len(data) * 3 // 4], salvage=True)
    assert report.lost[-1].packet == seconds - 1
    np.testing.assert_array_equal(samples[:15000], whole[:15000])
    with pytest.raises(CorruptFileError, match="pass salvage=True"):
        decode(data[: len(data) * 3 // 4])
    longer = bytearray(data)
    longer[11] ^= 0x70  # of the number of samples
    with pytest.raises(CorruptFileError, match="the part before the packets is damaged"):
        decode(bytes(longer), salvage=True)
