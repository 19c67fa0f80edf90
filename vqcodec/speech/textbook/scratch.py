"""Scratch arrays of a closed-loop search, as the kernels of `vqcodec.speech.excitation.targets` take them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]
SingleArray = npt.NDArray[np.float32]


class Scratch(NamedTuple):
    """The arrays that `prepare_response` and `prepare_target` fill, for vectors of n samples, and three more.

    Attributes:
        length: n.
        response: float64 (n,), the impulse response h of W(z)/A(z).
        response32: float32 (n,), the same.
        gram: float64 (n, n), H'H.
        diagonal: float64 (n,), the diagonal of H'H.
        error: float64 (kept + n,), of past speech and of its ringing.
        vector: float64 (n,).
        target: float64 (n,), the weighted target x.
        backward: float64 (n,), H'x.
        adaptive, adaptive_filtered, shadow: float64 (n,), the adaptive vector v, Hv and H'Hv.
    """

    length: int
    response: DoubleArray
    response32: SingleArray
    gram: DoubleArray
    diagonal: DoubleArray
    error: DoubleArray
    vector: DoubleArray
    target: DoubleArray
    backward: DoubleArray
    adaptive: DoubleArray
    adaptive_filtered: DoubleArray
    shadow: DoubleArray


def new_scratch(length: int, kept: int) -> Scratch:
    """Return scratch for vectors of `length` samples, when `kept` samples of past speech are remembered."""
    doubles = [np.zeros(length) for _ in range(7)]
    return Scratch(
        length=length,
        response=doubles[0],
        response32=np.zeros(length, np.float32),
        gram=np.zeros((length, length)),
        diagonal=np.zeros(length),
        error=np.zeros(kept + length),
        vector=doubles[1],
        target=doubles[2],
        backward=doubles[3],
        adaptive=doubles[4],
        adaptive_filtered=doubles[5],
        shadow=doubles[6],
    )
