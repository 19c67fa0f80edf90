"""Levels of a whole file: they weight all its parts alike, although each part is coded by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

REFERENCE_PERCENTILE = 80  # of the levels of frames: a level of speech, even if much of the file is pauses
ACTIVE_BELOW_LOUDEST = 1e-4  # power below which a subframe is a pause, relative to the loudest
LEAST_WEIGHT, MOST_WEIGHT = 0.05, 1.5
_WEIGHT_SLOPE = 0.03  # decades a dB: weights rise with the power 0.3 of the energy

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Levels:
    """Levels of a file.

    Attributes:
        reference_db: level of speech, in dB of a squared sample step: the 80th percentile of the subframes' powers.
        power: mean power of active subframes, squared sample steps.
        weighted_power: mean power of active subframes after the perceptual weighting filter.
    """

    reference_db: float
    power: float
    weighted_power: float


def reference_level(energy_db: npt.ArrayLike) -> float:
    """Return the level of speech, in dB, of the levels of frames, (frames,), in dB."""
    return float(np.percentile(np.asarray(energy_db, np.float64), REFERENCE_PERCENTILE))


def active(powers: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return which of `powers`, (subframes,), are no pauses, bool (subframes,)."""
    values = np.asarray(powers, np.float64)
    return (values > ACTIVE_BELOW_LOUDEST * values.max(initial=0.0)) & (values > 0)


def frame_weights(energy_db: npt.ArrayLike, reference_db: float) -> DoubleArray:
    """Return weights of the spectral distortion of frames, by their energy, so that pauses get few bits.

    Args:
        energy_db: (frames,), in dB.
        reference_db: the file's level of speech, in the same dB.

    Returns:
        float64 (frames,), 0.05 to 1.5. The weight is 1 at the reference and rises with the power 0.3 of the energy.
    """
    loudness = _WEIGHT_SLOPE * (np.asarray(energy_db, np.float64) - reference_db)
    return np.clip(10**loudness, LEAST_WEIGHT, MOST_WEIGHT)
