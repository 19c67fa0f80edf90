"""A speech codebook that takes no training: random codevectors, even codes, a small LSF codebook."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from synthetic_speech import synthetic_speech
from training_tasks import kept

from vqcodec.codebook.codebook import Codebook
from vqcodec.speech.bands import Band
from vqcodec.speech.celp.speech_codebook import SetAims, SpeechCodebook, SpeechTableSet
from vqcodec.speech.excitation.gains import GAIN_SCALE, WEIGHT_SCALE
from vqcodec.speech.excitation.model import Excitation
from vqcodec.speech.excitation.shapes import SHAPE_SCALE
from vqcodec.speech.filters.equalizer import Equalizer, bands_of
from vqcodec.speech.lsf_quantizer.search import LsfEffort
from vqcodec.speech.lsf_quantizer.training import LsfDesign, train_lsf
from vqcodec.speech.signal.analysis import Analysis, analyse
from vqcodec.speech.training.statistics import flat_counts


def tiny_excitation(band: Band, pulse_counts: tuple[int, ...] = (1, 3, 6)) -> Excitation:
    """An excitation with two small books."""
    rng = np.random.default_rng(5)
    kinds = 3 + len(pulse_counts)
    joint = [(a, f) for a in np.linspace(0.2, 1.1, 5) for f in 10 ** (np.linspace(-12, 12, 6) / 20)]
    fixed = [(0.0, f) for f in 10 ** (np.linspace(-20, 20, 12) / 20)]
    adaptive = [(a, 0.0) for a in np.linspace(0.2, 1.1, 6)]
    return Excitation(
        shapes=[(SHAPE_SCALE * rng.standard_normal((size, band.subframe))).astype(np.int16) for size in (8, 20)],
        pulse_counts=np.array(pulse_counts, dtype=np.uint8),
        gains=[np.rint(np.array(table) * GAIN_SCALE).astype(np.int32) for table in (joint, fixed, adaptive)],
        level_weights=np.rint(np.array([[0.5, 0.2, 0.2, 0], [0.3, 0.1, 0.2, 0.2]]) * WEIGHT_SCALE).astype(np.int32),
        level_bias=np.zeros(2 * kinds, dtype=np.int32),
        sharpening=96,
    )


def tiny_equalizer(band: Band) -> Equalizer:
    """An equalizer of four entries with even codes."""
    gains = np.random.default_rng(7).integers(-400, 400, (4, bands_of(band))).astype(np.int16)
    gains[0] = 0
    return Equalizer(gains, np.full((5, 4), 2, dtype=np.uint8))


class Analysed(NamedTuple):
    """A recording that has been analysed."""

    analysis: Analysis


@cache
def tiny_codebook(band: Band) -> Codebook:
    """A codebook of two table sets, the first with an equalizer."""
    speech = synthetic_speech(4, band.sample_rate, seed=3)
    design = LsfDesign(
        sizes=(8, 8),
        correlations=(0.7, 0.2),
        rounds=2,
        rising_rounds=1,
        starting_iterations=2,
        effort=LsfEffort(1, 2),
        gap_rad=0.015,
    )
    analysed = kept([Analysed(analyse(speech, band))], lambda one: len(one.analysis) - 1)
    lsf = train_lsf(analysed, band, 0.3, design=design)
    sets = []
    for lambda_, pulse_counts in ((0.02, (1, 3, 6)), (0.002, (2, 8))):
        excitation = tiny_excitation(band, pulse_counts)
        counts = flat_counts(excitation, excitation.tables(band).lags.size)
        aims = SetAims(lambda_, 0.3, 0.1, 60 / lambda_, 0, 0 if pulse_counts[0] == 2 else 3)
        equalizer = Equalizer.none(band) if sets else tiny_equalizer(band)
        sets.append(SpeechTableSet(band, aims, excitation, counts.code_lengths(), lsf, equalizer))
    return SpeechCodebook(band, sets).to_codebook("tiny", {})
