"""The input filter: a high-pass at 50 Hz that removes offset and rumble before the analysis."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import kernel
from vqcodec.speech.bands import Band

CUTOFF_HZ = 50.0

DoubleArray = npt.NDArray[np.float64]


class HighPass:
    """Butterworth high-pass of order 2, causal, that keeps its state from block to block.

    It is inaudible and needs no inverse in the decoder.

    Args:
        band: its sampling rate counts.

    Source: A. V. Oppenheim and R. W. Schafer, "Discrete-Time Signal Processing", section 7.2 (the bilinear transform).
    """

    def __init__(self, band: Band) -> None:
        warped = math.tan(math.pi * CUTOFF_HZ / band.sample_rate)
        scale = 1 / (1 + math.sqrt(2) * warped + warped * warped)
        self._numerator = np.array([scale, -2 * scale, scale])
        self._denominator = np.array(
            [1.0, 2 * scale * (warped * warped - 1), scale * (1 - math.sqrt(2) * warped + warped * warped)]
        )
        self._state = np.zeros(2)

    def filter(self, block: npt.ArrayLike) -> DoubleArray:
        """Return the next `block` of samples, (n,), filtered, as float64 (n,)."""
        samples = np.ascontiguousarray(block, dtype=np.float64)
        output = np.empty_like(samples)
        _filter_biquad(samples, self._numerator, self._denominator, self._state, output)
        return output


@kernel
def _filter_biquad(samples, numerator, denominator, state, output):
    """Filter `samples` into `output`, both float64 (n,), and bring `state`, float64 (2,), up to date.

    The form is the transposed direct form II.
    """
    first, second = state[0], state[1]
    for n in range(samples.shape[0]):
        sample = samples[n]
        value = numerator[0] * sample + first
        first = numerator[1] * sample - denominator[1] * value + second
        second = numerator[2] * sample - denominator[2] * value
        output[n] = value
    state[0], state[1] = first, second
