"""The encoder's side of the equalizer: the gains that decoded speech lacks, and the codewords that give them back."""

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

_LAMBDA_BY_RATE = 9000.0  # dB^2 that a bit is worth, times bit/s: at low rates a bit must gain more
_SHARE = 0.7  # of the missing dB that is given back: more would raise noise more than speech
_MOST_DB = 12.0  # largest gain or loss that counts as missing
_WINDOW_FRAMES = 1.5
_FFT = 512
_FLOOR = 1e-6  # power in a bin below which nothing is heard, relative to that of the speech
_ROUNDING_POWER = 1.0  # power in a bin of the rounding of the output
_FRAMES_AT_A_TIME = 256


def lambda_at(rate: float) -> float:
    """Return the squared error, in dB^2 summed over the bands, that a bit is worth at a `rate` in bit/s."""
    return _LAMBDA_BY_RATE / max(round(rate), 1)


def wanted_gains(signal: DoubleArray, decoded: DoubleArray, band: Band, reference_db: float) -> DoubleArray:
    """Return the gains that bring the bands of `decoded` near those of `signal`, float64 (frames, bands), in dB.

    Args:
        signal: float64 (frames * band.frame,), high-passed.
        decoded: float64 (frames * band.frame,), without equalizer.
        band: narrowband or wideband.
        reference_db: the file's level of speech, dB of a squared sample step.
    """
    floor = _FLOOR * 10 ** (reference_db / 10) + _ROUNDING_POWER
    pairs = zip(_band_powers(signal, band), _band_powers(decoded, band))
    missing = np.concatenate([10 * np.log10((wished + floor) / (given + floor)) for wished, given in pairs])
    return _SHARE * np.clip(missing, -_MOST_DB, _MOST_DB)


def search_entries(
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
        weights: float64 (frames,), of their squared errors.
        silent: uint8 (frames,), 1 for frames of silence; these have entry 0.
        equalizer: the codewords and their codes.
        lambda_: dB^2 that a bit is worth.
        packet_frames: frames of a packet; contexts start anew with each packet.
    """
    chosen = np.zeros(len(wanted), dtype=np.uint8)
    if equalizer.entries > 1:
        costs = lambda_ * equalizer.lengths.astype(np.float64)
        parents = np.zeros((len(wanted), equalizer.entries), dtype=np.uint8)
        _search_path(
            wanted, weights, silent, equalizer.gains * GAIN_UNIT, costs, packet_frames, np.zeros(equalizer.entries),
            np.zeros(equalizer.entries), parents, chosen,
        )  # fmt: skip
    return chosen


def _band_powers(signal: DoubleArray, band: Band) -> Iterator[DoubleArray]:
    """Yield the mean powers of the bins of each band, float64 (frames, bands), some frames at a time.

    They are measured under Hann windows centred on the frames.
    """
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
def _search_path(wanted, weights, silent, gains, costs, packet_frames, totals, before, parents, chosen):
    """Fill `chosen` by dynamic programming over the entries of each frame.

    Args:
        wanted, weights, silent, packet_frames, chosen: as in `search_entries`.
        gains: float64 (entries, bands), dB.
        costs: float64 (entries + 1, entries), lambda times bits, by the entry before.
        totals, before: float64 (entries,), scratch; `totals` is 0 at first.
        parents: uint8 (frames, entries), scratch.
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
