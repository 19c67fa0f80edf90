"""The equalizer of speech: its filters, the choice of entries, and its training."""

import itertools

import numpy as np
import pytest
from synthetic_speech import synthetic_speech
from tiny_speech_codebook import tiny_equalizer
from training_tasks import kept

from vqcodec.speech.bands import NARROWBAND, WIDEBAND
from vqcodec.speech.filters.equalizer import GAIN_UNIT, TAPS, Equalizer, bands_of, equalize
from vqcodec.speech.filters.equalizer_search import lambda_at, search_entries, wanted_gains
from vqcodec.speech.training.equalizer_training import Missing, sent_frames, train_equalizer

FRAME, FADE, LAMBDA = 160, 40, 1.5


def equalized(speech, filters, indices, pieces=1):
    """What comes out if the speech is given in equal pieces, one after the other."""
    memory, before = np.zeros(TAPS - 1), np.zeros(1, np.int64)
    output = []
    for part, chosen in zip(np.split(speech, pieces), np.split(np.asarray(indices, np.int64), pieces)):
        output.append(np.empty(len(part)))
        equalize(part, filters, chosen, FADE, memory, before, output[-1])
    return np.concatenate(output)


@pytest.mark.parametrize("band", [NARROWBAND, WIDEBAND])
def test_filters_have_the_gains_in_the_middles_of_wide_bands(band):
    equalizer = tiny_equalizer(band)
    gains = equalizer.gains.copy()
    gains[1:] = 6 / GAIN_UNIT
    filters = Equalizer(gains, equalizer.lengths).filters(band)
    np.testing.assert_array_equal(filters[0], np.eye(TAPS)[0])
    responses = 20 * np.log10(np.abs(np.fft.rfft(filters, 1024, axis=1)))
    bins = np.array(band.equalizer_edges) * 1024 // band.sample_rate
    np.testing.assert_allclose(responses[1:, bins[1] : bins[-1]], 6, atol=0.5)
    assert np.abs(responses[1:, 0]).max() < 1.5, "below the first band nothing changes"


def test_samples_do_not_depend_on_how_the_speech_is_cut():
    filters = tiny_equalizer(NARROWBAND).filters(NARROWBAND)
    speech = synthetic_speech(0.16, 8000, seed=4)[: 8 * FRAME].astype(np.float64)
    indices = [0, 1, 1, 3, 2, 2, 0, 1]
    whole = equalized(speech, filters, indices)
    np.testing.assert_array_equal(equalized(speech, filters, indices, pieces=4), whole)
    plain = np.convolve(speech, filters[1])[: len(speech)]
    np.testing.assert_allclose(whole[2 * FRAME : 3 * FRAME], plain[2 * FRAME : 3 * FRAME], rtol=0, atol=1e-9)


def test_a_new_filter_fades_in():
    filters = np.zeros((2, TAPS))
    filters[:, 0] = 1.0, 3.0
    output = equalized(np.ones(2 * FRAME), filters, [0, 1])
    np.testing.assert_array_equal(output[:FRAME], 1)
    np.testing.assert_allclose(output[FRAME : FRAME + FADE], 1 + 2 * (np.arange(FADE) + 0.5) / FADE)
    np.testing.assert_array_equal(output[FRAME + FADE :], 3)


def test_wanted_gains_tell_what_a_filter_took_away():
    rng = np.random.default_rng(0)
    signal = 3000 * rng.standard_normal(100 * FRAME)
    gains = np.zeros((1, bands_of(NARROWBAND)), np.int16)
    gains[0, 3:] = -6 / GAIN_UNIT
    weaker = np.convolve(signal, Equalizer(gains, np.ones((2, 1), np.uint8)).filters(NARROWBAND)[0])[: len(signal)]
    wanted = wanted_gains(signal, weaker, NARROWBAND, 70.0).mean(axis=0)
    np.testing.assert_allclose(wanted[4:], 0.7 * 6, atol=0.4)
    np.testing.assert_allclose(wanted[:2], 0, atol=0.2)


def cost_of(entries, wanted, weights, silent, equalizer, packet_frames):
    """Weighted error + LAMBDA * bits of a choice; infinite where silence has an entry."""
    total, context = 0.0, 0
    for frame, entry in enumerate(entries):
        if frame % packet_frames == 0:
            context = equalizer.entries
        if silent[frame]:
            total += np.inf if entry else 0.0
        else:
            difference = wanted[frame] - equalizer.gains[entry] * GAIN_UNIT
            total += weights[frame] * np.sum(difference**2) + LAMBDA * equalizer.lengths[context, entry]
        context = entry
    return total


@pytest.mark.parametrize("seed", range(4))
def test_the_chosen_entries_are_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    gains = (rng.normal(0, 3, (3, bands_of(NARROWBAND))) / GAIN_UNIT).astype(np.int16)
    gains[0] = 0
    lengths = rng.permuted(np.tile(np.array([1, 2, 2], np.uint8), (4, 1)), axis=1)
    equalizer = Equalizer(gains, lengths)
    wanted, weights = rng.normal(0, 2, (6, bands_of(NARROWBAND))), rng.uniform(0.05, 1.0, 6)
    silent = (rng.random(6) < 0.3).astype(np.uint8)
    every = itertools.product(range(3), repeat=6)
    best = min(cost_of(entries, wanted, weights, silent, equalizer, 4) for entries in every)
    chosen = search_entries(wanted, weights, silent, equalizer, LAMBDA, 4)
    assert cost_of(chosen, wanted, weights, silent, equalizer, 4) == pytest.approx(best)


def sent(one: Missing) -> int:
    """The frames of a recording that are not silent."""
    return sent_frames([one])


def test_training_finds_the_gains_that_recordings_lack():
    rng = np.random.default_rng(1)
    kinds = np.array([[0.0] * 7, [6.0] * 7, [0, 0, 0, 0, -8, -8, -8]])
    recordings = []
    for _ in range(6):
        which = np.repeat(rng.integers(3, size=40), 5)
        silent = np.zeros(200, np.uint8)
        silent[50:60] = 1
        recordings.append(Missing(kinds[which] + rng.normal(0, 0.3, (200, 7)), np.ones(200), silent))
    equalizer = train_equalizer(kept(recordings, sent), NARROWBAND, LAMBDA, 50)
    assert equalizer.fits(NARROWBAND)
    nearest = np.abs(kinds[1:, None] - equalizer.gains * GAIN_UNIT).max(axis=2).min(axis=1)
    assert (nearest < 0.6).all()
    one = recordings[0]
    chosen = search_entries(one.gains, one.weights, one.silent, equalizer, LAMBDA, 50)
    left = one.gains - equalizer.gains[chosen] * GAIN_UNIT
    assert np.mean(left[one.silent == 0] ** 2) < 0.5 * np.mean(one.gains**2)


def test_bits_are_dear_where_they_are_few():
    assert lambda_at(2000.0) == 4 * lambda_at(8000.0)


def test_too_little_speech_makes_an_equalizer_that_does_nothing():
    few = Missing(np.ones((30, 7)), np.ones(30), np.zeros(30, np.uint8))
    equalizer = train_equalizer(kept([few], sent), NARROWBAND, LAMBDA, 50)
    assert equalizer.entries == 1
    assert not search_entries(few.gains, few.weights, few.silent, equalizer, LAMBDA, 50).any()
