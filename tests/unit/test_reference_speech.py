"""The speech engines and the plain decoder written from FORMAT.md give the same samples, within 1 of 32768."""

import functools
import random

import numpy as np
import pytest
import reference_decoder as reference
import reference_speech
import reference_speech_excitation
import reference_speech_lsf
import synthetic_speech

from vqcodec.codebook.library import load_codebook
from vqcodec.errors import CorruptFileError, VQCodecError
from vqcodec.speech.bands import BANDS
from vqcodec.speech.celp import engine
from vqcodec.speech.celp.group_coding import group_lsf, packet_frames_of
from vqcodec.speech.celp.lsf_fidelity import lsf_distortion

BOOKS = {"nb": "speech-nb", "wb": "speech-wb"}


@functools.cache
def book(band):
    return load_codebook(BOOKS[band])


@functools.cache
def plain_book(band):
    return reference.decode_codebook(book(band).to_bytes(), lambda beginning: [])


@functools.cache
def coded(band, quality, seconds=1.3):
    rate = BANDS[band].sample_rate
    signal = synthetic_speech.synthetic_speech(seconds, rate, seed=int(quality))
    pause = len(signal) // 3
    signal[pause : pause + rate // 4] = 0
    return engine.encode(signal, book(band), engine.Settings(quality=quality, effort=1))


def plain_samples(band, encoded):
    header = bytes([0]) + bytes([len(encoded.header)]) + encoded.header
    return np.array(reference_speech.decode(header, list(encoded.packets), plain_book(band)))


@pytest.mark.parametrize("band", ["nb", "wb"])
@pytest.mark.parametrize("quality", [4.0, 45.0, 95.0])
def test_they_give_the_same_samples(band, quality):
    encoded = coded(band, quality)
    fast = engine.decode(encoded.header, encoded.packets, book(band))
    plain = plain_samples(band, encoded)
    assert plain.shape == fast.shape
    assert np.abs(plain - fast).max() <= 1
    assert np.abs(fast).max() > 500


def test_packets_after_a_silent_one_agree():
    rate = BANDS["nb"].sample_rate
    signal = synthetic_speech.synthetic_speech(3.5, rate, seed=8)
    signal[rate // 2 : 2 * rate] = 0
    encoded = engine.encode(signal, book("nb"), engine.Settings(quality=30.0, effort=0))
    assert len(encoded.packets) > 2
    fast = engine.decode(encoded.header, encoded.packets, book("nb"))
    assert np.abs(plain_samples("nb", encoded) - fast).max() <= 1


def noisy_bursts(rate, seed=1):
    """Loud bursts after 60 dB softer noise, a packet of digital silence, then the bursts once more, louder."""
    chance = np.random.default_rng(seed)
    noise = chance.normal(0, 12, 4 * rate)
    for start, level in ((0.4, 4000), (0.9, 1000), (3.3, 9000)):
        place = slice(int(start * rate), int((start + 0.15) * rate))
        noise[place] += chance.normal(0, level, place.stop - place.start)
    noise[rate : 3 * rate] = 0
    return np.clip(noise, -32768, 32767)


@pytest.mark.parametrize("band", ["nb", "wb"])
def test_they_fill_up_pauses_alike_and_rise_alike(band):
    rate = BANDS[band].sample_rate
    encoded = engine.encode(noisy_bursts(rate), book(band), engine.Settings(quality=30.0, effort=0))
    header, table_set = engine.open_stream(encoded.header, book(band))
    symbols = engine.parse_group(header, encoded.packets, 0, table_set)
    levels = symbols.floors.in_force(table_set.lsf, header.packet_frames)[0]
    np.testing.assert_array_equal(levels > 0, [True, False, False, True])
    alone = table_set.tables.gain_counts[1] - 15
    kinds = table_set.tables.kinds
    assert ((symbols.excitation.type < kinds) & (symbols.excitation.gain >= alone)).any(), "no rise was sent"
    fast = engine.decode(encoded.header, encoded.packets, book(band))
    assert np.abs(plain_samples(band, encoded) - fast).max() <= 1


@pytest.mark.parametrize("band", ["nb", "wb"])
def test_they_reconstruct_the_same_lsf_vectors(band):
    encoded = coded(band, 45.0)
    header, table_set = engine.open_stream(encoded.header, book(band))
    fast = group_lsf(engine.parse_group(header, encoded.packets, 0, table_set), table_set, header.packet_frames)
    tables = reference_speech.Tables(plain_book(band), header.table_set, reference_speech.BANDS[book(band).engine])
    packets = [
        reference_speech.read_packet(encoded.packets[number], first, count, tables, rises=header.rises)[0]
        for number, (first, count) in enumerate(packet_frames_of(header.frames, header.packet_frames))
    ]
    plain = np.array(reference_speech_lsf.group_vectors(packets, tables.lsf)) * (np.pi / 32768)
    np.testing.assert_allclose(fast, plain, rtol=0, atol=1e-12)
    distortion = lsf_distortion(np.zeros(header.samples + 1), encoded.header, encoded.packets, book(band))
    assert distortion is None, "a recording of another length is another recording"


def outcome(decode, *arguments):
    try:
        return np.asarray(decode(*arguments))
    except (VQCodecError, reference.FormatError):
        return None


def test_they_refuse_the_same_altered_packets():
    encoded = coded("nb", 45.0, 0.5)
    chance = random.Random(3)
    refused = 0
    for _ in range(25):
        packets = [bytearray(packet) for packet in encoded.packets]
        victim = chance.choice([packet for packet in packets if packet])
        for _ in range(chance.randint(1, 3)):
            victim[chance.randrange(len(victim))] ^= 1 << chance.randrange(8)
        changed = engine.EncodedSpeech(encoded.header, [bytes(p) for p in packets], encoded.starts, None, {})
        fast = outcome(engine.decode, changed.header, changed.packets, book("nb"))
        plain = outcome(plain_samples, "nb", changed)
        assert (fast is None) == (plain is None)
        if fast is None:
            refused += 1
        else:
            assert np.abs(plain - fast).max() <= 1
    assert 0 < refused < 25


def test_packets_that_go_on_are_refused_by_both():
    encoded = coded("nb", 45.0, 0.5)
    packets = [*encoded.packets[:-1], encoded.packets[-1] + b"\0"]
    with pytest.raises(CorruptFileError):
        engine.decode(encoded.header, packets, book("nb"))
    with pytest.raises(reference.Corrupt):
        plain_samples("nb", engine.EncodedSpeech(encoded.header, packets, encoded.starts, None, {}))


@pytest.mark.parametrize(("n", "k"), [(40, 2), (40, 14), (80, 24)])
def test_pulse_vectors_have_all_their_pulses(n, k):
    reader = reference.BitReader(bytes(random.Random(n + k).randrange(256) for _ in range(40)))
    vector = reference_speech_excitation.read_pulses(reader, n, k)
    assert len(vector) == n
    assert sum(map(abs, vector)) == k
