"""Concealment of a lost packet: the end of the packet before, repeated and faded, then silence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]

_SHORTEST, _LONGEST = 20, 160  # samples: periods of pitch that are repeated
_COMPARED = 240  # samples that are compared to find the period
_FADE = 480  # samples until silence: 60 ms


def conceal(before: DoubleArray | None, length: int) -> DoubleArray:
    """Return `length` samples in place of a lost packet.

    Args:
        before: float64 (n,), the speech of the packet before; None if that is missing too. Then, or if it is too short,
            the samples are 0.
        length: samples of the packet.

    Source: after ITU-T G.711, Appendix I (waveform substitution by the pitch period of the speech before).
    """
    concealed = np.zeros(length)
    if before is None or len(before) < _COMPARED + _LONGEST:
        return concealed
    recent = before[-_COMPARED:]
    windows = np.lib.stride_tricks.sliding_window_view(before[-_COMPARED - _LONGEST :], _COMPARED)
    delayed = windows[_LONGEST - np.arange(_SHORTEST, _LONGEST + 1)]  # as many samples, one period earlier
    likeness = delayed @ recent / np.sqrt((delayed**2).sum(axis=1) + 1)
    period = _SHORTEST + int(likeness.argmax())
    faded = min(length, _FADE)
    concealed[:faded] = np.resize(before[-period:], faded) * np.linspace(1, 0, _FADE)[:faded]
    return concealed
