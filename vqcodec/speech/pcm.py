"""Speech as 16-bit samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]


def to_pcm(speech: DoubleArray) -> npt.NDArray[np.int16]:
    """Return `speech`, in sample steps, rounded (halves to even) and clipped to int16."""
    return np.clip(np.rint(speech), -32768, 32767).astype(np.int16)
