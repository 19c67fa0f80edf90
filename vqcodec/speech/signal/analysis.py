"""Spectral analysis of a signal: the LSFs and energies at its frame boundaries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vqcodec.speech.bands import Band
from vqcodec.speech.signal.lpc import (
    LAG_WINDOW_HZ,
    NOISE_FLOOR,
    SILENCE_POWER,
    analysis_window,
    lag_window,
    predict_at,
    window_length,
)
from vqcodec.speech.signal.lsf import lpc_to_lsf, sensitivity

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Analysis:
    """The spectrum and the energy at the frame boundaries of a signal, or of a part of it.

    Attributes:
        lsf: float64 (frames + 1, order), radians a sample, ascending.
        sensitivity: float64 (frames + 1, order), weights of squared LSF errors (see `lsf.sensitivity`).
        energy_db: float64 (frames + 1,), power under the analysis window, in dB of a squared sample step.
    """

    lsf: DoubleArray
    sensitivity: DoubleArray
    energy_db: DoubleArray

    def __len__(self) -> int:
        return len(self.lsf)


def context_samples(band: Band) -> int:
    """Return the number of samples on each side of the frames that their analysis uses."""
    return window_length(band) // 2


def analyse(signal: npt.ArrayLike, band: Band, *, lead: int = 0, frames: int | None = None) -> Analysis:
    """Analyse the frames of `signal` at their boundaries, each under a window centred on the boundary.

    A long signal may be analysed in parts. The numbers are the same if each part has `context_samples` on both sides;
    at the ends of the signal it may have fewer, since the signal counts as zero beyond its ends.

    Args:
        signal: (n,), high-passed, in the range of 16-bit samples.
        band: narrowband or wideband.
        lead: samples before the first frame.
        frames: number of frames; None for as many as hold all samples from `lead` on. The last frame is filled up with
            zeros.
    """
    samples = np.ascontiguousarray(signal, dtype=np.float64)
    if frames is None:
        frames = -(-max(0, len(samples) - lead) // band.frame)
    centres = lead + band.frame * np.arange(frames + 1, dtype=np.int64)
    predictors = np.empty((frames + 1, band.order + 1))
    powers = np.empty(frames + 1)
    factors = lag_window(band.order, band.sample_rate, LAG_WINDOW_HZ, NOISE_FLOOR[band.name])
    predict_at(samples, centres, analysis_window(band), factors, SILENCE_POWER, predictors, powers)
    lsf = lpc_to_lsf(predictors)
    return Analysis(lsf, sensitivity(lsf), 10 * np.log10(powers))
