"""What is loud after silence keeps its level, pauses keep their noise, and high voices what lies below their pitch."""

import numpy as np
import pytest
import synthetic_speech

import vqcodec
from vqcodec.speech.bands import WIDEBAND
from vqcodec.speech.celp.recording import Recording
from vqcodec.speech.celp.speech_codebook import SpeechCodebook
from vqcodec.speech.excitation.adaptive_codebook import LAG_UNITS
from vqcodec.speech.filters.pitch_filter import filter_pitch
from vqcodec.speech.filters.pitch_filter_search import best_strength, strength_errors
from vqcodec.speech.noise_floor.search import find_floors

RATES = {"nb": 8000, "wb": 16000}


def level_db(samples):
    return 10 * np.log10(np.mean(np.asarray(samples, float) ** 2) + 0.1)


def decoded(samples, band, **wish):
    samples = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    data = vqcodec.encode_speech(samples, RATES[band], band=band, threads=1, **wish)
    return samples, vqcodec.decode_speech(data, threads=1)[0]


@pytest.mark.parametrize("band", ["nb", "wb"])
@pytest.mark.parametrize("quality", [0, 20, 60])
@pytest.mark.parametrize("floor_db", [None, -60.0])
def test_bursts_after_silence_keep_their_level(band, quality, floor_db):
    rate = RATES[band]
    chance = np.random.default_rng(3)
    signal = np.zeros(2 * rate)
    if floor_db is not None:
        signal += chance.normal(0, 32768 * 10 ** (floor_db / 20), len(signal))
    starts = [0.3, 0.806, 1.31]
    for start, level in zip(starts, (-6.4, -10.5, -20.0)):
        place = slice(int(start * rate), int((start + 0.2) * rate))
        signal[place] += chance.normal(0, 32768 * 10 ** (level / 20), place.stop - place.start)
    sent, heard = decoded(signal, band, quality=quality, effort=3)
    for start in starts:
        place = slice(int(start * rate), int((start + 0.2) * rate))
        assert abs(level_db(heard[place]) - level_db(sent[place])) < (6 if quality == 0 else 3)
    if floor_db is None:
        assert not heard[int(0.6 * rate) : int(0.78 * rate)].any(), "digital silence is no longer silent"


@pytest.mark.parametrize("quality", [0, 1, 2])
@pytest.mark.parametrize("softer", [-20.4, -26.0])
def test_soft_bursts_beside_loud_ones_keep_their_level_at_the_lowest_rates(quality, softer):
    rate = RATES["nb"]
    errors = []
    for seed in range(2):
        chance = np.random.default_rng(seed)
        signal = np.zeros(3 * rate)
        starts = [0.5, 1.006, 1.51, 2.014, 2.514]
        for start, level in zip(starts, (-6.4, -6.4, -6.4, -6.4, softer)):
            place = slice(int(start * rate), int((start + 0.2) * rate))
            signal[place] = chance.normal(0, 32768 * 10 ** (level / 20), place.stop - place.start)
        sent, heard = decoded(signal, "nb", quality=quality, effort=3)
        for start in starts:
            place = slice(int(start * rate), int((start + 0.2) * rate))
            errors.append(level_db(heard[place]) - level_db(sent[place]))
    assert min(errors) > -4.5
    assert abs(np.mean(errors)) < 3


@pytest.mark.parametrize("quality", [20, 100])
def test_ticks_after_silence_keep_their_attack(quality):
    rate = RATES["wb"]
    signal = np.zeros(2 * rate)
    starts = [int(rate * (0.303 + 0.5 * k)) for k in range(3)]
    chance = np.random.default_rng(5)
    for start in starts:
        signal[start : start + rate // 200] = chance.normal(0, 6000, rate // 200)
    sent, heard = decoded(signal, "wb", quality=quality)
    for start in starts:
        place = slice(start, start + rate // 100)
        assert abs(level_db(heard[place]) - level_db(sent[place])) < 3


@pytest.mark.parametrize("band", ["nb", "wb"])
@pytest.mark.parametrize("onset", [1.0, 1.007, 1.02])  # with the second packet, within its first frame, after that
def test_a_beep_that_begins_with_a_packet_keeps_its_attack(band, onset):
    rate = RATES[band]
    signal = np.zeros(2 * rate)
    starts = [int(0.503 * rate), int(onset * rate)]
    for start in starts:
        signal[start : start + rate // 10] = 20000 * np.sin(2 * np.pi * 1000 * np.arange(rate // 10) / rate)
    sent, heard = decoded(signal, band, quality=50, effort=0)
    for start in starts:
        place = slice(start, start + rate // 200)
        assert abs(level_db(heard[place]) - level_db(sent[place])) < 3


@pytest.mark.parametrize(("band", "bitrate"), [("nb", 2.4), ("nb", 6), ("wb", 6)])
def test_noise_of_pauses_never_switches(band, bitrate):
    rate = RATES[band]
    speech = synthetic_speech.synthetic_speech(4.0, rate, seed=2)
    speech[rate : 3 * rate] = 0
    noise = np.random.default_rng(7).normal(0, 8, len(speech))
    _, heard = decoded(speech + noise, band, bitrate=bitrate, effort=3)
    frames = heard[int(1.1 * rate) : int(2.9 * rate)].reshape(-1, rate // 50)
    assert frames.any(axis=1).all()
    levels = [level_db(part) for part in frames.reshape(-1, 5, rate // 50)]
    assert max(levels) - min(levels) < 6
    assert abs(np.mean(levels) - level_db(noise)) < 10


def floors_of(signal):
    """Return the noise floors and the pauses of a wideband signal of one group."""
    group = Recording(np.rint(signal), WIDEBAND, 500).group(0)
    table_set = SpeechCodebook.of(vqcodec.load_codebook("speech-wb")).sets[2]
    return find_floors(
        group.signal, group.analysis, group.active_db, WIDEBAND, table_set.lsf, table_set.aims.lsf_lambda, 50
    )


def test_the_edge_of_a_sound_is_no_pause():
    """Between sound and digital silence lies a frame that is quiet by chance: no noise is made of it."""
    rate = RATES["wb"]
    signal = np.zeros(4 * rate)
    end, frame = int(2.94 * rate), WIDEBAND.frame
    signal[:end] = np.random.default_rng(4).normal(0, 1500, end)
    signal[end : end + frame] = 3 * np.sin(2 * np.pi * 60 * np.arange(frame) / rate)
    floors, pauses = floors_of(signal)
    assert not floors.levels.any()
    assert not pauses.any()


@pytest.mark.parametrize(("below_db", "is_noise"), [(25, False), (35, True)])
def test_what_is_hardly_softer_than_speech_is_no_noise(below_db, is_noise):
    """Weak speech between loud syllables is not filled up; room noise far below them is a pause."""
    rate = RATES["wb"]
    signal = np.random.default_rng(6).normal(0, 2000, 4 * rate)
    signal[rate : 2 * rate] *= 10 ** (-below_db / 20)
    floors, pauses = floors_of(signal)
    assert floors.levels.any() == is_noise
    assert pauses.any() == is_noise


def test_a_pitch_filter_that_would_take_sound_is_made_weaker():
    rate, pitch = RATES["wb"], 330
    time = np.arange(2 * rate) / rate
    harmonics = sum(2000 / k * np.sin(2 * np.pi * pitch * k * time) for k in range(1, 9))
    spectrum = np.fft.rfft(np.random.default_rng(2).normal(0, 1, len(time)))
    spectrum[: 2 * 90] = spectrum[2 * 230 :] = 0
    below = np.fft.irfft(spectrum)
    plain = harmonics + 200 / below.std() * below
    lags = np.full(len(time) // WIDEBAND.subframe, LAG_UNITS * rate // pitch, dtype=np.int64)
    filtered = filter_pitch(plain, lags, WIDEBAND, 10)
    weights = np.ones(len(time) // WIDEBAND.frame)
    noise = strength_errors(harmonics, plain, filtered, weights, WIDEBAND, 60.0)
    sound = strength_errors(plain, plain, filtered, weights, WIDEBAND, 60.0)
    assert best_strength(noise, 8) == 8
    assert best_strength(sound, 8) == 0


def test_strengths_are_compared_by_low_bands():
    band = WIDEBAND
    chance = np.random.default_rng(1)
    signal, noise = chance.normal(0, 300, (2, 50 * band.frame))
    weights = np.ones(50)
    clean = strength_errors(signal, signal + noise, signal, weights, band, 50.0)
    assert best_strength(clean, 8) == 8
    spoilt = strength_errors(signal, signal, 0.1 * signal, weights, band, 50.0)
    assert best_strength(spoilt, 8) == 0
    assert spoilt[0] < 1e-6
