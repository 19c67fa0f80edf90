"""The decoder's equalizer: a short filter for each frame, chosen by an index, that gives bands back their energy.

A search by waveform leaves out what it cannot match: bands that get few bits come out too weak, by some decibels that
change from frame to frame, and hearing judges by energies there. Codewords are vectors of gains, one a band
(`Band.equalizer_edges`); each becomes a filter of minimum phase with that response, by the cepstrum (A. V. Oppenheim
and R. W. Schafer, "Discrete-Time Signal Processing", section 12.4). Where the filter changes, the old one fades out in
a subframe. It works on the finished speech: neither the adaptive codebook nor the synthesis filter know of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.tables import TableSet
from vqcodec.kernels.jit import kernel
from vqcodec.speech.bands import Band

TAPS = 24
GAIN_UNIT = 1 / 64  # dB, of stored gains
MOST_GAIN_DB = 24.0  # either way
MAX_ENTRIES = 256
_FFT = 512  # in which filters are designed
_TAP_UNIT = 2.0**-20  # to which taps are rounded, so that every machine has the same ones

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Equalizer:
    """A codebook of gains, and the code of its indices.

    Attributes:
        gains: int16 (entries, bands), in units of GAIN_UNIT; the first entry is all 0.
        lengths: uint8 (entries + 1, entries), of the Huffman codes of an index by the index of the frame before (0
            after silence), the last row for the first frame of a packet. Of a single entry nothing is sent.
    """

    gains: npt.NDArray[np.int16]
    lengths: npt.NDArray[np.uint8]

    @classmethod
    def none(cls, band: Band) -> Equalizer:
        """Return the equalizer that does nothing."""
        return cls(np.zeros((1, bands_of(band)), np.int16), np.ones((2, 1), np.uint8))

    def fits(self, band: Band) -> bool:
        """Whether the arrays belong together and to `band`."""
        entries = len(self.gains) if self.gains.ndim else 0
        return (
            self.gains.dtype == np.int16
            and self.gains.shape == (entries, bands_of(band))
            and 1 <= entries <= MAX_ENTRIES
            and not self.gains[0].any()
            and np.abs(self.gains.astype(np.int64)).max() * GAIN_UNIT <= MOST_GAIN_DB
            and self.lengths.dtype == np.uint8
            and self.lengths.shape == (entries + 1, entries)
            and self.lengths.min() > 0
        )

    @property
    def entries(self) -> int:
        """Number of codewords."""
        return len(self.gains)

    @cached_property
    def code(self) -> TableSet:
        """The Huffman codes by context."""
        return TableSet(self.lengths, "speech codebook's code lengths of the equalizer")

    def filters(self, band: Band) -> DoubleArray:
        """Return the filters of all entries, float64 (entries, TAPS)."""
        return minimum_phase(response_db(self.gains.astype(np.float64) * GAIN_UNIT, band))


def bands_of(band: Band) -> int:
    """Number of bands that have a gain of their own."""
    return len(band.equalizer_edges) - 1


def response_db(gains_db: DoubleArray, band: Band) -> DoubleArray:
    """Return the responses (entries, bins) that gains (entries, bands) stand for, both in dB.

    Straight lines between the middles of bands; beyond the last one the response is level, and half a band below the
    first edge it is 0.
    """
    edges = np.array(band.equalizer_edges, dtype=np.float64)
    middles = (edges[:-1] + edges[1:]) / 2
    known = np.concatenate([[0.0, edges[0] - (middles[0] - edges[0])], middles, [band.sample_rate / 2]])
    frequencies = np.arange(_FFT // 2 + 1) * (band.sample_rate / _FFT)
    rows = [np.interp(frequencies, known, np.concatenate([[0.0, 0.0], row, row[-1:]])) for row in gains_db]
    return np.array(rows)


def minimum_phase(responses_db: DoubleArray) -> DoubleArray:
    """Return the first TAPS taps, the second half faded out, of filters with `responses_db` (filters, bins)."""
    cepstra = np.fft.irfft(responses_db * (np.log(10) / 20), axis=1)
    half = cepstra.shape[1] // 2
    cepstra[:, 1:half] *= 2
    cepstra[:, half + 1 :] = 0
    taps = np.fft.irfft(np.exp(np.fft.rfft(cepstra, axis=1)), axis=1)[:, :TAPS]
    fade = np.ones(TAPS)
    fade[TAPS // 2 :] = np.cos(np.arange(TAPS - TAPS // 2) * (np.pi / (TAPS + 2))) ** 2
    return np.rint(taps * fade / _TAP_UNIT) * _TAP_UNIT


@kernel
def equalize(speech, filters, indices, fade, memory, before, equalized):
    """Fill `equalized` with `speech`, both float64 (n,), each frame by its filter; what is remembered moves on.

    Args:
        filters: float64 (entries, TAPS).
        indices: int64 (frames,), of frames of equal length.
        fade: samples at a frame's start over which the filter of the frame before fades out.
        memory: float64 (TAPS - 1,), the last samples before, the most recent last.
        before: int64 (1,), index of the frame before.
    """
    taps = filters.shape[1]
    kept = memory.size
    length = speech.size // indices.size
    for frame in range(indices.size):
        index = indices[frame]
        for n in range(frame * length, (frame + 1) * length):
            equalized[n] = 0.0
            for i in range(taps):
                equalized[n] += filters[index, i] * (speech[n - i] if i <= n else memory[kept + n - i])
        if index != before[0]:
            for k in range(fade):
                n = frame * length + k
                old = 0.0
                for i in range(taps):
                    old += filters[before[0], i] * (speech[n - i] if i <= n else memory[kept + n - i])
                share = (k + 0.5) / fade
                equalized[n] = share * equalized[n] + (1.0 - share) * old
        before[0] = index
    for i in range(kept):
        memory[i] = speech[speech.size - kept + i]
