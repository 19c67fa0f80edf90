"""Backward adaptation: a predictor from the past alone, under a window whose tail is summed up by recursion.

The newest samples stand under a rising sine, all older ones under an exponential. Of the older samples only the sums of
their products are kept; these shrink by a fixed factor from one adaptation to the next.

Source: J.-H. Chen, R. V. Cox, Y.-C. Lin, N. Jayant and M. J. Melchner, "A low-delay CELP coder for the CCITT 16 kb/s
speech coding standard", IEEE J. Selected Areas in Communications 1992; ITU-T G.728 (1992), section 3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel
from vqcodec.speech.signal.lpc import levinson

DoubleArray = npt.NDArray[np.float64]

_WINDOW_UNIT = 32768  # window values are multiples of its inverse, so that they are the same on every machine


class Adaptation(NamedTuple):
    """The constants of a backward adaptation.

    Attributes:
        order: of the predictor.
        block: new samples from one adaptation to the next.
        sine: samples under the sine.
        sine_step: radians a sample.
        tail: the exponential's first value.
        decay: factor of the sums at each adaptation; the exponential falls by its (2 * block)-th root each sample.
        expansion: coefficient i of the predictor is multiplied by it i times, so that errors die away.
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
    def reach(self) -> int:
        """Number of samples that an adaptation looks at."""
        return self.sine + self.block + self.order

    @property
    def window(self) -> DoubleArray:
        """Window values, float64 (reach,), the value of the newest sample first."""
        age = np.arange(self.reach)
        falling = self.tail * self.decay ** ((age - self.sine) / (2 * self.block))
        values = np.where(age < self.sine, np.sin(self.sine_step * (age + 1)), falling)
        return np.rint(values * _WINDOW_UNIT) / _WINDOW_UNIT


WHITE_NOISE = 257 / 256  # factor of the sum at lag 0


class Predictor(NamedTuple):
    """A predictor that is adapted backward.

    Attributes:
        coefficients: float64 (order + 1,), A(z); the first is 1.
        sums: float64 (order + 1,), of products of all samples under the exponential, by lag.
        windowed: float64 (reach,), scratch.
        correlations, scratch: float64 (order + 1,), scratch.
    """

    coefficients: DoubleArray
    sums: DoubleArray
    windowed: DoubleArray
    correlations: DoubleArray
    scratch: DoubleArray


def new_predictor(adaptation: Adaptation) -> Predictor:
    """Return a predictor that predicts 0, before its first adaptation."""
    coefficients, sums, correlations, scratch = (np.zeros(adaptation.order + 1) for _ in range(4))
    coefficients[0] = 1.0
    return Predictor(coefficients, sums, np.zeros(adaptation.reach), correlations, scratch)


@inline_kernel
def adapt(predictor, history, end, window, adaptation):
    """Adapt `predictor` to `history[:end]`, for the samples that follow.

    Args:
        predictor: Predictor.
        history: float64 (n,), with at least `reach` samples before `end`.
        end: number of samples that are known.
        window: float64 (reach,), that of `adaptation`.
        adaptation: Adaptation.
    """
    coefficients, sums, windowed, correlations = (
        predictor.coefficients, predictor.sums, predictor.windowed, predictor.correlations,
    )  # fmt: skip
    sine, block = adaptation.sine, adaptation.block
    order = coefficients.size - 1
    for age in range(window.size):
        windowed[age] = history[end - 1 - age] * window[age]
    for lag in range(order + 1):
        total = 0.0
        for age in range(sine, sine + block):
            total += windowed[age] * windowed[age + lag]
        sums[lag] = adaptation.decay * sums[lag] + total
        total = 0.0
        for age in range(sine):
            total += windowed[age] * windowed[age + lag]
        correlations[lag] = sums[lag] + total
    correlations[0] = correlations[0] * WHITE_NOISE + adaptation.noise
    levinson(correlations, order, coefficients, predictor.scratch)
    factor = 1.0
    for i in range(1, order + 1):
        factor *= adaptation.expansion
        coefficients[i] *= factor
