"""Whole files of speech, and damaged ones, by the plain decoder and by the fast one."""

from __future__ import annotations

import io

import numpy as np
import pytest
import reference_decoder as reference
import reference_salvage
import reference_speech
import reference_speech_streams
import soundfile
from synthetic_speech import synthetic_speech

from vqcodec import api
from vqcodec.codebook.library import load_codebook
from vqcodec.container.chunks import PACKET
from vqcodec.speech.bands import BANDS
from vqcodec.speech.celp import engine

SHARED = {band: load_codebook(f"speech-{band}").to_bytes() for band in BANDS}
LOOKAHEAD = 400  # samples that the pitch filter looks ahead in narrowband, generously


def find(beginning):
    return [book for book in SHARED.values() if reference.codebook_header(book)[0].identity.startswith(beginning)]


def coded(samples, rate, **options):
    sound = io.BytesIO()
    soundfile.write(sound, np.rint(samples).astype(np.int16), rate, format="WAV")
    return api.encode(sound.getvalue(), effort=0, **options).data


def decoded(data, **options):
    """16-bit samples, (samples, channels), at the codec's rate unless another is asked for; and the report."""
    report = api.decode(data, **{"rate": "codec", "format": "wav", **options})
    return soundfile.read(io.BytesIO(report.data), dtype="int16", always_2d=True)[0].astype(int), report


def plain(data):
    return np.array(list(reference.decode_samples(data, find).values())).T


@pytest.mark.parametrize("band", BANDS)
def test_channels_that_are_kept(band):
    talk = synthetic_speech(1.1, 22050, seed=3)
    data = coded(np.stack([talk, talk[::-1]], axis=1), 22050, band=band, channels="keep", quality=40)
    fast, _ = decoded(data)
    assert fast.shape[1] == 2
    plainly = plain(data)
    assert plainly.shape == fast.shape
    assert np.abs(plainly - fast).max() <= 1
    media = reference.decode_file(data, find)
    rate = reference_speech.BANDS[media.streams[0].engine].rate
    header = reference_speech_streams.stream_header(reference.Reader(media.streams[0].header), rate)
    length = reference_speech_streams.source_length(header, len(plainly), rate)
    assert len(decoded(data, rate="source")[0]) == length == len(talk)


@pytest.mark.parametrize(
    ("seconds", "rate", "asked", "checked"), [(1.2, 16000, {"bitrate": 9}, False), (5, 8000, {"quality": 9}, True)]
)
def test_the_compact_form(seconds, rate, asked, checked):
    data = coded(np.resize(synthetic_speech(1.2, rate, seed=5), int(seconds * rate)), rate, **asked)
    assert data[:2] == bytes([0xD6, 0x51])
    assert (data[7] == reference_speech_streams.CHECKED) == checked
    assert np.abs(plain(data) - decoded(data)[0]).max() <= 1


def test_salvage_of_the_compact_form_finds_the_same_packets():
    whole = coded(np.resize(synthetic_speech(1.2, 8000, seed=5), 6 * 8000), 8000, quality=0)
    hurt = bytearray(whole)
    hurt[len(hurt) // 2] ^= 16
    lost = []
    for damaged in (bytes(hurt), whole[:-1], whole[:-5], whole[: len(whole) // 2]):
        _, packets = reference_speech_streams.unfold_checked(damaged[7:], 8000)
        _, report = decoded(damaged, salvage=True)
        missing = [number for number, packet in enumerate(packets) if packet is None]
        assert missing == [part.packet for part in report.lost]
        lost.append(len(missing))
    assert lost[:3] == [1, 0, 1]
    assert 1 < lost[3] < 5


@pytest.fixture(scope="module")
def damaged():
    """Two and a half seconds, whole and with the second packet of three destroyed."""
    talk = synthetic_speech(2.5, 8000, seed=6)
    whole = coded(np.stack([talk, talk], axis=1), 8000, channels="keep")
    beginning = whole.index(PACKET)
    for _ in range(2):  # packets of the two channels take turns: the third is the second of channel 0
        beginning = whole.index(PACKET, beginning + 4)
    return whole, whole[: beginning + 30] + bytes([whole[beginning + 30] ^ 64]) + whole[beginning + 31 :]


def test_salvage_finds_the_same_packets(damaged):
    whole, hurt = damaged
    with pytest.raises(reference.Corrupt):
        reference.decode_file(hurt, find)
    media = reference_salvage.salvage_file(hurt, find)
    intact = reference.decode_file(whole, find)
    _, report = decoded(hurt, salvage=True)
    missing = [(n, p) for n, stream in media.streams.items() for p, data in enumerate(stream.packets) if data is None]
    assert missing == [(lost.stream, lost.packet) for lost in report.lost] == [(0, 1)]
    assert media.streams[0].packets[::2] == intact.streams[0].packets[::2]
    assert media.streams[1].packets == intact.streams[1].packets


def test_a_lost_packet_alters_nothing_long_before_it_and_no_other_channel(damaged):
    whole, hurt = damaged
    fast, _ = decoded(hurt, salvage=True)
    media = reference_salvage.salvage_file(hurt, find)
    plainly = np.array(
        [
            reference_speech.decode_salvaged(stream.header, stream.packets, media.codebooks[stream.codebook])
            for stream in media.streams.values()
        ]
    ).T
    untouched, _ = decoded(whole)
    assert plainly.shape == fast.shape == untouched.shape
    sound = 8000 - LOOKAHEAD
    assert np.abs(plainly[:sound, 0] - fast[:sound, 0]).max() <= 1
    np.testing.assert_array_equal(fast[:sound, 0], untouched[:sound, 0])
    assert np.abs(plainly[:, 1] - fast[:, 1]).max() <= 1
    for concealed in (plainly[8000:16000, 0], fast[8000:16000, 0]):
        assert 0 < energy(concealed) < energy(untouched[8000:16000, 0])
    assert energy(fast[16000:, 0]) < 2 * energy(untouched[:, 0])


def energy(samples):
    return float((samples.astype(float) ** 2).mean())


def test_packets_missing_at_the_end_are_told_by_the_header(damaged):
    whole, _ = damaged
    cut = whole[: whole.rindex(PACKET) + 20]
    media = reference_salvage.salvage_file(cut, find)
    assert [len(stream.packets) for stream in media.streams.values()] == [3, 2]
    stream = media.streams[1]
    plainly = reference_speech.decode_salvaged(stream.header, stream.packets, media.codebooks[stream.codebook])
    fast, report = decoded(cut, salvage=True)
    assert [(lost.stream, lost.packet) for lost in report.lost] == [(1, 2)]
    assert len(plainly) == len(fast) == 20000
    sound = 16000 - LOOKAHEAD
    assert np.abs(np.array(plainly)[:sound] - fast[:sound, 1]).max() <= 1


def test_a_group_decodes_alone_whatever_was_lost_before():
    book = load_codebook("speech-nb")
    talk = np.tile(synthetic_speech(2.6, 8000, seed=7), 4)
    encoded = engine.encode(talk, book, engine.Settings(quality=30, effort=0))
    lost = [None if number in (2, 9) else packet for number, packet in enumerate(encoded.packets)]
    header = reference_speech_streams.StreamHeader(8000, 0, encoded.header)
    plain_book = reference.decode_codebook(SHARED["nb"], find)
    plainly = np.array(reference_speech.decode_stream(header, [*[None] * 10, *lost[10:]], plain_book, first_group=1))
    assert len(plainly) == len(talk) - 80000
    for packets in (lost, encoded.packets):
        fast = engine.decode(encoded.header, packets, book)
        assert np.abs(plainly - fast[80000:]).max() <= 1
