"""The encoder's side of the equalizer: which gains the decoded speech lacks, and which codewords give them back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import kernel
from vqcodec.metrics.spectra import power_spectra
from vqcodec.speech.bands import Band
from vqcodec.speech.filters.equalizer import GAIN_UNIT, Equalizer

DoubleArray = npt.NDArray[np.float64]

_LAMBDA_BY_RATE = (
    9000.0  # dB^2, summed over the bands, that a bit is worth, times bit/s: where bits are few they are dear
)
_SHARE = 0.7  # of what is missing in dB: the rest would raise noise more than speech
_MOST_DB = 12.0  # missing, either way
_WINDOW_FRAMES = 1.5
_FFT = 512
_FLOOR = 1e-6  # of the speech's power, a bin; below it nothing is heard
_ROUNDING_POWER = 1.0  # of the output's, likewise
_FRAMES_AT_A_TIME = 256


def lambda_at(rate: float) -> float:
    """Return the squared error in dB^2, summed over the bands, that a bit is worth at a `rate` in bit/s."""
    return _LAMBDA_BY_RATE / max(round(rate), 1)


def wanted_gains(signal: DoubleArray, decoded: DoubleArray, band: Band, reference_db: float) -> DoubleArray:
    """Return the gains that bring the bands of `decoded` near those of `signal`, dB (frames, bands).

    Args:
        signal: float64 (frames * band.frame,), high-passed.
        decoded: float64, likewise, without equalizer.
        band: narrowband or wideband.
        reference_db: the file's level of speech, dB of a squared sample step.
    """
    floor = _FLOOR * 10 ** (reference_db / 10) + _ROUNDING_POWER
    pairs = zip(_band_powers(signal, band), _band_powers(decoded, band))
    missing = np.concatenate([10 * np.log10((wished + floor) / (given + floor)) for wished, given in pairs])
    return _SHARE * np.clip(missing, -_MOST_DB, _MOST_DB)


def choose_entries(
    wanted: DoubleArray,
    weights: DoubleArray,
    silent: npt.NDArray[np.uint8],
    equalizer: Equalizer,
    lambda_: float,
    packet_frames: int,
) -> npt.NDArray[np.uint8]:
    """Return the entries of least weighted squared error + lambda * bits over a group, uint8 (frames,).

    Args:
        wanted: float64 (frames, bands), dB.
        weights: float64 (frames,), of their errors.
        silent: uint8 (frames,), 1 for frames of silence, which have entry 0.
        equalizer: the codewords and their codes.
        lambda_: dB^2 that a bit is worth.
        packet_frames: frames after which contexts start anew.
    """
    chosen = np.zeros(len(wanted), dtype=np.uint8)
    if equalizer.entries > 1:
        costs = lambda_ * equalizer.lengths.astype(np.float64)
        parents = np.zeros((len(wanted), equalizer.entries), dtype=np.uint8)
        _choose(
            wanted, weights, silent, equalizer.gains * GAIN_UNIT, costs, packet_frames, np.zeros(equalizer.entries),
            np.zeros(equalizer.entries), parents, chosen,
        )  # fmt: skip
    return chosen


def _band_powers(signal: DoubleArray, band: Band) -> Iterator[DoubleArray]:
    """Yield mean powers of the bands' bins (frames, bands) under Hann windows centred on the frames."""
    length = round(_WINDOW_FRAMES * band.frame)
    lead = (length - band.frame) // 2
    window = np.hanning(length).astype(np.float32)
    energy = float(np.sum(window**2))
    padded = np.concatenate([np.zeros(lead), signal, np.zeros(length)]).astype(np.float32)
    segments = np.lib.stride_tricks.sliding_window_view(padded, length)[:: band.frame][: len(signal) // band.frame]
    bins = np.searchsorted(np.arange(_FFT // 2 + 1) * (band.sample_rate / _FFT), band.equalizer_edges)
    for first in range(0, len(segments), _FRAMES_AT_A_TIME):
        powers = power_spectra(segments[first : first + _FRAMES_AT_A_TIME] * window, _FFT) / energy
        yield np.stack([powers[:, low:high].mean(axis=1, dtype=np.float64) for low, high in pairwise(bins)], axis=1)


@kernel
def _choose(wanted, weights, silent, gains, costs, packet_frames, totals, before, parents, chosen):
    """Fill `chosen` by dynamic programming over the entries of each frame.

    `costs` is float64 (entries + 1, entries), by the entry before; `totals` and `before` (entries,) and `parents`
    (frames, entries) are room to work in.
    """
    entries = gains.shape[0]
    for entry in range(1, entries):
        totals[entry] = np.inf
    for frame in range(wanted.shape[0]):
        best = 0
        for entry in range(entries):
            before[entry] = totals[entry]
            if before[entry] < before[best]:
                best = entry
        if silent[frame]:
            for entry in range(entries):
                totals[entry] = np.inf
            totals[0] = before[best]
            parents[frame, 0] = best
            continue
        for entry in range(entries):
            error = 0.0
            for b in range(gains.shape[1]):
                difference = wanted[frame, b] - gains[entry, b]
                error += difference * difference
            parent = best
            least = before[best] + costs[entries, entry]
            if frame % packet_frames > 0:
                parent = 0
                for other in range(entries):
                    if before[other] + costs[other, entry] < before[parent] + costs[parent, entry]:
                        parent = other
                least = before[parent] + costs[parent, entry]
            totals[entry] = least + weights[frame] * error
            parents[frame, entry] = parent
    entry = 0
    for other in range(entries):
        if totals[other] < totals[entry]:
            entry = other
    for frame in range(wanted.shape[0] - 1, -1, -1):
        chosen[frame] = entry
        entry = np.int64(parents[frame, entry])
