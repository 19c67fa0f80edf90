"""Frames of silence: frames so quiet that nothing sent for them could be worth its bits.

Neither excitation nor LSFs are sent for a silent frame. If a filter is needed for it, the next LSF vector that is sent
gives it, so that the speech after the silence starts with its own filter.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import kernel
from vqcodec.speech.bands import Band
from vqcodec.speech.signal.weighting import Weighting

DoubleArray = npt.NDArray[np.float64]

_WORTH_BITS = 6.0  # bits of a frame of type "none"; a distortion below their worth makes the frame silent
_PAUSE_WORTH_BITS = 100.0  # bits of a frame, likewise, if the decoder makes noise instead
_SHORTEST = 3  # frames; for a shorter silence, the symbol that announces it does not pay


def find_silence(
    signal: DoubleArray,
    weighting: Weighting,
    band: Band,
    lambdas: DoubleArray,
    pauses: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.uint8]:
    """Return 1 for each silent frame and 0 for each other one, uint8 (frames,).

    Args:
        signal: float64 (frames * band.frame,), high-passed.
        weighting: of its subframes.
        band: narrowband or wideband.
        lambdas: float64 (frames,), distortion that a bit is worth.
        pauses: bool (frames,), frames for which the decoder makes noise if they are silent; None if there are none. A
            pause is silent from end to end or not at all.
    """
    energies = np.empty(len(weighting.weights))
    preceded = np.concatenate([np.zeros(band.weighting_order), signal])
    _weigh(preceded, weighting.filters, band.subframe, energies)
    distortions = (energies * weighting.weights).reshape(-1, band.subframes).sum(axis=1)
    silent = (distortions < _WORTH_BITS * lambdas).astype(np.uint8)
    for start, end in _runs(np.zeros(0) if pauses is None else pauses):
        if distortions[start:end].mean() < _PAUSE_WORTH_BITS * lambdas[start:end].mean():
            silent[start:end] = 1
    for start, end in _runs(silent):
        if end - start < _SHORTEST:
            silent[start:end] = 0
    return silent


def send_first_vectors(silent: npt.NDArray[np.uint8], packet_frames: int) -> None:
    """Clear `silent`, uint8 (frames,), in the last frame of a packet if speech begins with the next packet.

    The filter at the start of that speech is the last vector of the packet before. If that were silent to its end, the
    vector would be an old one.
    """
    for first in range(packet_frames, len(silent), packet_frames):
        if not silent[first]:
            silent[first - 1] = 0


def _runs(flags: npt.NDArray) -> list[tuple[int, int]]:
    """Return (start, end) of each run of frames whose flag is set."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist()))


@kernel
def _weigh(signal, filters, length, energies):
    """Fill `energies`, float64 (subframes,), with those of the weighted subframes of `signal`.

    `filters` is float64 (subframes, order + 1). The first `order` samples of `signal` precede the first subframe.
    """
    order = filters.shape[1] - 1
    for subframe in range(energies.size):
        total = 0.0
        for n in range(subframe * length + order, (subframe + 1) * length + order):
            value = 0.0
            for i in range(order + 1):
                value += filters[subframe, i] * signal[n - i]
            total += value * value
        energies[subframe] = total
