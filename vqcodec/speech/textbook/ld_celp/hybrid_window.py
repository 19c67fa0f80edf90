"""Backward adaptation: a predictor from the past alone, under a window whose tail is added up by recursion.

The newest samples stand under a rising sine, all older ones under an exponential; of these only the running sums of
their products are kept, which shrink by a fixed factor from one adaptation to the next.

Source: J.-H. Chen, R. V. Cox, Y.-C. Lin, N. Jayant and M. J. Melchner, "A low-delay CELP coder for the CCITT 16 kb/s
speech coding standard", IEEE J. Selected Areas in Communications 1992; ITU-T G.728 (1992), section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel
from vqcodec.speech.signal.lpc import levinson

DoubleArray = npt.NDArray[np.float64]

_WINDOW_UNIT = 32768  # window values are rounded to its inverse, so that every machine has the same ones


@dataclass(frozen=True)
class Adaptation:
    """A backward adaptation.

    Attributes:
        order: of the predictor. block: new samples from one adaptation to the next.
        sine: samples under the sine. sine_step: radians a sample. tail: the exponential's first value.
        decay: of the running sums with each adaptation; the exponential falls by its 2*block-th root a sample.
        expansion: by which coefficient i is multiplied i times, so that errors die away.
        noise: white noise that is added to the sum at lag 0, in squared samples.
    """

    order: int
    block: int
    sine: int
    sine_step: float
    tail: float
    decay: float
    expansion: float
    noise: float

    @property
    def window(self) -> DoubleArray:
        """Window values, float64 (sine + block + order,), the newest sample's first."""
        age = np.arange(self.sine + self.block + self.order)
        falling = self.tail * self.decay ** ((age - self.sine) / (2 * self.block))
        values = np.where(age < self.sine, np.sin(self.sine_step * (age + 1)), falling)
        return np.rint(values * _WINDOW_UNIT) / _WINDOW_UNIT


WHITE_NOISE = 257 / 256  # factor of the sum at lag 0


@inline_kernel
def adapt(history, end, window, sine, block, decay, noise, expansion, sums, windowed, correlations, predictor, scratch):
    """Fill `predictor`, float64 (order + 1,), with A(z) for what follows `history[:end]`; move `sums` on.

    Args:
        history: float64 (n,), with at least sine + block + order samples before `end`.
        window: float64 (sine + block + order,); sine, block, decay, noise, expansion: see `Adaptation`.
        sums: float64 (order + 1,), products of all that is under the exponential; zeros at the start.
        windowed: float64 (sine + block + order,), room; correlations, scratch: float64 (order + 1,), room.
    """
    order = predictor.size - 1
    for age in range(window.size):
        windowed[age] = history[end - 1 - age] * window[age]
    for lag in range(order + 1):
        total = 0.0
        for age in range(sine, sine + block):
            total += windowed[age] * windowed[age + lag]
        sums[lag] = decay * sums[lag] + total
        total = 0.0
        for age in range(sine):
            total += windowed[age] * windowed[age + lag]
        correlations[lag] = sums[lag] + total
    correlations[0] = correlations[0] * WHITE_NOISE + noise
    levinson(correlations, order, predictor, scratch)
    factor = 1.0
    for i in range(1, order + 1):
        factor *= expansion
        predictor[i] *= factor
