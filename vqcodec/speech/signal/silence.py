"""Frames of silence: so quiet that nothing sent for them could be worth its bits.

Of a silent frame neither excitation nor LSFs are sent. Where a filter is needed in between, it is that of the vector
which comes next, so that what follows the silence starts with its own filter.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import kernel
from vqcodec.speech.bands import Band
from vqcodec.speech.signal.weighting import Weighting

DoubleArray = npt.NDArray[np.float64]

_WORTH_BITS = 6.0  # what a frame of "none" takes: below this distortion no other choice can be better
_SHORTEST = 3  # frames of a silence, for the symbol that announces it to pay


def find_silence(
    signal: DoubleArray, weighting: Weighting, band: Band, lambda_: float | DoubleArray
) -> npt.NDArray[np.uint8]:
    """Return which frames are silent, uint8 (frames,).

    Args:
        signal: float64 (frames * band.frame,), high-passed.
        weighting: of its subframes.
        band: narrowband or wideband.
        lambda_: distortion that a bit is worth, of all frames or float64 (frames,) of each.
    """
    energies = np.empty(len(weighting.weights))
    preceded = np.concatenate([np.zeros(band.weighting_order), signal])
    _weigh(preceded, weighting.filters, band.subframe, energies)
    distortions = (energies * weighting.weights).reshape(-1, band.subframes).sum(axis=1)
    silent = (distortions < _WORTH_BITS * lambda_).astype(np.uint8)
    edges = np.flatnonzero(np.diff(silent, prepend=0, append=0))
    for start, end in zip(edges[::2], edges[1::2]):
        if end - start < _SHORTEST:
            silent[start:end] = 0
    return silent


def coded_vectors(silent: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return which LSF vectors of frames are sent, bool (frames + 1,): each frame's own is the one at its end."""
    return np.concatenate([silent[:1], silent]) == 0


def fill_vectors(sent: npt.NDArray[np.floating], coded: npt.NDArray[np.bool_], before: DoubleArray) -> DoubleArray:
    """Return all LSF vectors of a packet, float64 (vectors, order).

    Args:
        sent: float64 (those sent, order).
        coded: bool (vectors,), which ones these are. The others are like the next one that is sent, or, where none
            comes any more, like the last one.
        before: float64 (order,), the last one before the packet.
    """
    every = np.concatenate([before[None], sent.astype(np.float64)])
    reached = np.cumsum(coded)
    following = np.where(coded, reached, np.minimum(reached + 1, len(sent)))
    return every[following]


@kernel
def _weigh(signal, filters, length, energies):
    """Fill `energies` with those of the weighted subframes of `signal`, preceded by as many samples as taps - 1."""
    order = filters.shape[1] - 1
    for subframe in range(energies.size):
        total = 0.0
        for n in range(subframe * length + order, (subframe + 1) * length + order):
            value = 0.0
            for i in range(order + 1):
                value += filters[subframe, i] * signal[n - i]
            total += value * value
        energies[subframe] = total
