"""Levels of a whole file, so that every part of it, coded apart, is weighted alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

REFERENCE_PERCENTILE = 80  # of the levels of frames: speech, where a good part of the file are pauses
ACTIVE_BELOW_LOUDEST = 1e-4  # of the loudest power: what lies below is a pause
LEAST_WEIGHT, MOST_WEIGHT = 0.05, 1.5
_WEIGHT_SLOPE = 0.03  # decades a dB: the power 0.3 of the energy

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Levels:
    """Levels of a file.

    Attributes:
        reference_db: level of speech, dB of a squared sample step: the 80th percentile of the subframes' powers.
        power: mean power of active subframes, squared sample steps.
        weighted_power: mean power of active subframes after the perceptual weighting filter.
    """

    reference_db: float
    power: float
    weighted_power: float


def reference_level(energy_db: npt.ArrayLike) -> float:
    """The level of speech among levels of frames, shape (frames,), in dB."""
    return float(np.percentile(np.asarray(energy_db, np.float64), REFERENCE_PERCENTILE))


def active(powers: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which of `powers`, shape (subframes,), are no pauses."""
    values = np.asarray(powers, np.float64)
    return (values > ACTIVE_BELOW_LOUDEST * values.max(initial=0.0)) & (values > 0)


def frame_weights(energy_db: npt.ArrayLike, reference_db: float) -> DoubleArray:
    """Weights of the spectral distortion of frames by their energy, so that pauses get few bits.

    Args:
        energy_db: (frames,), in dB.
        reference_db: the file's level of speech, in the same dB.

    Returns:
        (frames,), between 0.05 and 1.5; 1 at the reference, rising with the power 0.3 of the energy.
    """
    loudness = _WEIGHT_SLOPE * (np.asarray(energy_db, np.float64) - reference_db)
    return np.clip(10**loudness, LEAST_WEIGHT, MOST_WEIGHT)
