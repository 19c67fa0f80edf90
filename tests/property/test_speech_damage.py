"""Damaged files of speech: refused by name, or what is lost is concealed without a burst."""

from __future__ import annotations

import functools
import io
import sys
from pathlib import Path

import numpy as np
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "unit"))
from synthetic_speech import synthetic_speech
from tiny_speech_codebook import tiny_codebook

from vqcodec import api
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CorruptFileError, UnreadableInputError, UnsupportedError
from vqcodec.speech.bands import NARROWBAND
from vqcodec.speech.celp import engine


def book() -> Codebook:
    """The tiny codebook of the narrow band; made once."""
    return tiny_codebook(NARROWBAND)


SECONDS = 12
FRAME = NARROWBAND.frame
HEADROOM = 1.3  # of a frame's rms over the loudest of the whole recording
UNKNOWN_RMS = 1010  # allowed where nothing is known of what was there before a loss: -30 dB of full scale


@functools.cache
def talk() -> np.ndarray:
    """Twelve seconds, two groups, loud and quiet by turns."""
    rate = NARROWBAND.sample_rate
    loudness = np.repeat([4.0, 0.4, 1.6, 0.1] * (SECONDS // 4), rate)
    return (np.tile(synthetic_speech(4, rate, seed=4), SECONDS // 4) * loudness).astype(np.int16)


@functools.cache
def coded() -> engine.EncodedSpeech:
    return engine.encode(talk(), book(), engine.Settings(quality=60, effort=0))


@functools.cache
def file_of_it() -> bytes:
    """Of two channels, because a file in the compact form is whole or lost."""
    sound = io.BytesIO()
    soundfile.write(sound, np.stack([talk(), talk()], axis=1), NARROWBAND.sample_rate, format="WAV")
    return api.encode(sound.getvalue(), codebook=book(), quality=60, effort=0, channels="keep").data or b""


def loudest(samples: np.ndarray) -> float:
    """Rms of the loudest frame."""
    return float(np.sqrt((samples.astype(np.float64).reshape(-1, FRAME) ** 2).mean(axis=1)).max())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.booleans(), min_size=SECONDS, max_size=SECONDS))
def test_no_pattern_of_losses_bursts(lost: list[bool]) -> None:
    packets = [None if gone else packet for gone, packet in zip(lost, coded().packets, strict=True)]
    concealed = engine.decode(coded().header, packets, book())
    whole = coded().reconstruction
    assert concealed.shape == whole.shape
    assert loudest(concealed) <= max(HEADROOM * loudest(whole), UNKNOWN_RMS)
    assert np.square(concealed.astype(float)).mean() <= 1.5 * np.square(whole.astype(float)).mean()
    if all(lost):
        assert not concealed.any()


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_damaged_and_cut_files_are_refused_or_salvaged(choices: st.DataObject) -> None:
    data = bytearray(file_of_it())
    changes = st.dictionaries(st.integers(0, len(data) - 1), st.integers(1, 255), min_size=1, max_size=6)
    for place, change in choices.draw(changes).items():
        data[place] ^= change
    data = data[: choices.draw(st.just(len(data)) | st.integers(0, len(data)))]
    try:
        report = api.decode(bytes(data), codebook=book(), salvage=True)
    except (CorruptFileError, UnreadableInputError, UnsupportedError):  # the last two if its first bytes are hit
        return
    samples = soundfile.read(io.BytesIO(report.data), dtype="int16", always_2d=True)[0]
    assert len(samples) == len(talk())
    assert report.notes
    for channel in samples.T:
        assert loudest(channel) <= max(HEADROOM * loudest(coded().reconstruction), UNKNOWN_RMS)
