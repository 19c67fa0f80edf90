"""Several channels into one: by their layout, at their level, and never cancelled."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from synthetic_speech import synthetic_speech

from vqcodec.speech.sound.arrays import ArraySource
from vqcodec.speech.sound.layout import Layout, layout_of_mask
from vqcodec.speech.sound.mixing import Mix, find_mix

RATE = 8000
SURROUND = ("FL", "FR", "FC", "LFE", "BL", "BR")


@cache
def _speech(seed: int) -> np.ndarray:
    return synthetic_speech(2.0, RATE, seed=seed) / 32768


def voice(seed: int = 0) -> np.ndarray:
    return _speech(seed).copy()


def stereo(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack([left, right], axis=1)


def mix_of(channels: np.ndarray, layout: Layout | None = None) -> Mix:
    pieces = np.array_split(channels, 7)
    return find_mix(lambda: iter(pieces), RATE, channels.shape[1], layout)


def test_ordinary_stereo_is_the_mean() -> None:
    one, other = voice(), voice(1)
    for left, right in ((one, one), (one, other), (one + 0.3 * other, 0.3 * one + other)):
        mix = mix_of(stereo(left, right))
        assert mix.usual
        assert mix.how == "2 channels mixed into one"
        assert np.array_equal(mix.of(stereo(left, right)), (left + right) / 2)


def test_mono_is_itself() -> None:
    assert mix_of(voice()[:, None]).weights.tolist() == [1]


@pytest.mark.parametrize("level", [1.0, 0.5, 0.1])
def test_an_inverted_channel_is_turned(level: float) -> None:
    mix = mix_of(stereo(voice(), -level * voice()))
    assert mix.weights.tolist() == ([0.5, -0.5] if level > 0.1 else [0.5, 0.5])
    assert mix.usual == (level == 0.1)


def test_a_part_that_cancels_is_kept() -> None:
    whole, part = voice(), voice()
    part[4000:12000] *= -1
    mix = mix_of(stereo(whole, part))
    assert mix.weights.tolist() in ([1, 0], [0, 1])
    assert "taken, since mixing would cancel a part" in mix.how


def test_speakers_who_take_turns_on_two_sides_are_both_kept() -> None:
    left, right = voice(), voice(1)
    left[8000:], right[:8000] = 0, 0
    assert mix_of(stereo(left, right)).usual


@pytest.mark.parametrize("silence", [0.0, 1e-4])
def test_a_silent_channel_does_not_halve_the_level(silence: float) -> None:
    mix = mix_of(stereo(silence * voice(1), voice()))
    assert mix.weights.tolist() == [0, 1]
    assert mix.how == "channel 2 of 2 taken, since the others are silent"


@pytest.mark.parametrize("delay", [2, 8, 40, 300])
@pytest.mark.parametrize("sign", [1, -1])
def test_of_delayed_copies_one_is_taken(delay: int, sign: int) -> None:
    late = np.concatenate([np.zeros(delay), sign * voice()[:-delay]])
    mix = mix_of(stereo(voice(), late))
    assert mix.weights.tolist() == [1, 0]
    assert mix.how == "channel 1 of 2 taken, since channel 2 is a delayed copy of it"


def test_surround_sound_is_mixed_by_its_layout() -> None:
    channels = np.stack([0.1 * voice(seed) for seed in range(6)], axis=1)
    mix = mix_of(channels, SURROUND)
    half = 0.5**0.5 / 2
    np.testing.assert_allclose(mix.weights, [0.5, 0.5, 2 * half, 0, half, half])
    assert mix.how == "6 channels (5.1) mixed into one by ITU-R BS.775, without the low-frequency channel"
    loud = channels / np.abs(channels @ mix.weights).max() * 1.5
    np.testing.assert_allclose(mix_of(loud, SURROUND).weights, mix.weights / 1.5)


def test_the_only_channel_that_is_heard_keeps_its_level() -> None:
    for channel in range(6):
        channels = np.zeros((16000, 6))
        channels[:, channel] = voice()
        assert mix_of(channels, SURROUND).weights.tolist() == np.eye(6)[channel].tolist()


def test_channels_of_no_layout_have_equal_weights() -> None:
    channels = np.stack([voice(seed) for seed in range(3)], axis=1)
    assert np.array_equal(mix_of(channels).of(channels), channels.mean(axis=1))


def test_silence_has_a_mix() -> None:
    assert mix_of(np.zeros((100, 2))).usual
    assert mix_of(np.zeros((0, 2))).usual


def test_masks_name_loudspeakers() -> None:
    assert layout_of_mask(0x3F, 6) == SURROUND
    assert layout_of_mask(0x60F, 6) == ("FL", "FR", "FC", "LFE", "SL", "SR")
    assert layout_of_mask(0x3F, 5) is None
    assert layout_of_mask(0, 2) is None


def test_an_inverted_side_is_not_silence() -> None:
    samples = ArraySource.of(stereo(voice(), -voice()), RATE).samples(RATE)
    assert np.array_equal(samples, ArraySource.of(voice(), RATE).samples(RATE))
