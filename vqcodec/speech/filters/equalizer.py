"""The decoder's equalizer: a short filter for each frame, chosen by an index, that gives bands back their energy.

A search by waveform leaves out what it cannot match. Bands that get few bits come out too weak, by some decibels that
change from frame to frame, and hearing judges these bands by their energy. A codeword is a vector of gains, one for
each band (`Band.equalizer_edges`). It becomes a filter of minimum phase with that response, by the cepstrum. If the
filter changes, the old one fades out in a subframe. The equalizer works on the finished speech: neither the adaptive
codebook nor the synthesis filter uses its output.

Source: A. V. Oppenheim and R. W. Schafer, "Discrete-Time Signal Processing", section 12.4 (minimum phase).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.tables import TableSet
from vqcodec.errors import CodebookError
from vqcodec.kernels.jit import kernel
from vqcodec.speech.bands import Band
from vqcodec.speech.excitation.adaptive_codebook import add_taps

TAPS = 24
GAIN_UNIT = 1 / 64  # dB, of stored gains
MOST_GAIN_DB = 24.0  # largest gain or loss
MAX_ENTRIES = 256
_FFT = 512  # length of the transform by which filters are designed
_TAP_UNIT = 2.0**-20  # taps are rounded to multiples of it, so that they are the same on every machine

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Equalizer:
    """A codebook of gains, and the code of its indices.

    Attributes:
        gains: int16 (entries, bands), in units of GAIN_UNIT; the first entry is all 0.
        lengths: uint8 (entries + 1, entries), code lengths of an index. The row is the index of the frame before, 0
            after silence, the last row in the first frame of a packet. If there is only one entry, nothing is sent.
    """

    gains: npt.NDArray[np.int16]
    lengths: npt.NDArray[np.uint8]

    @classmethod
    def none(cls, band: Band) -> Equalizer:
        """Return the equalizer that does nothing."""
        return cls(np.zeros((1, bands_of(band)), np.int16), np.ones((2, 1), np.uint8))

    def to_arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays by name, as a codebook stores them; none for the equalizer that does nothing."""
        if self.entries == 1:
            return {}
        return {f"{prefix}/equalizer": self.gains, f"{prefix}/lengths.equalizer": self.lengths}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str, band: Band) -> Equalizer:
        """Read back what `to_arrays` gave.

        Raises:
            CodebookError: there are gains without code lengths.
        """
        if f"{prefix}/equalizer" not in arrays:
            return cls.none(band)
        if f"{prefix}/lengths.equalizer" not in arrays:
            raise CodebookError(f"speech codebook: it has no array '{prefix}/lengths.equalizer'; use a whole codebook")
        return cls(arrays[f"{prefix}/equalizer"], arrays[f"{prefix}/lengths.equalizer"])

    def fits(self, band: Band) -> bool:
        """Return whether the arrays fit together and belong to `band`."""
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
        """The Huffman codes of an index, by context."""
        return TableSet(self.lengths, "speech codebook's code lengths of the equalizer")

    def filters(self, band: Band) -> DoubleArray:
        """Return the taps of the filters of all entries, float64 (entries, TAPS)."""
        return minimum_phase(response_db(self.gains.astype(np.float64) * GAIN_UNIT, band))


def bands_of(band: Band) -> int:
    """Return the number of bands that have a gain of their own."""
    return len(band.equalizer_edges) - 1


def response_db(gains_db: DoubleArray, band: Band) -> DoubleArray:
    """Return the responses (entries, bins) of filters with the gains (entries, bands), both in dB.

    A response is a straight line from the middle of one band to the middle of the next. Above the last middle it stays
    the same. It is 0 up to half a band below the first edge.
    """
    edges = np.array(band.equalizer_edges, dtype=np.float64)
    middles = (edges[:-1] + edges[1:]) / 2
    known = np.concatenate([[0.0, edges[0] - (middles[0] - edges[0])], middles, [band.sample_rate / 2]])
    frequencies = np.arange(_FFT // 2 + 1) * (band.sample_rate / _FFT)
    rows = [np.interp(frequencies, known, np.concatenate([[0.0, 0.0], row, row[-1:]])) for row in gains_db]
    return np.array(rows)


def minimum_phase(responses_db: DoubleArray) -> DoubleArray:
    """Return the taps, float64 (filters, TAPS), of minimum-phase filters with `responses_db` (filters, bins).

    The impulse responses are cut off after TAPS taps, of which the second half is faded out.
    """
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
    """Fill `equalized` with `speech`, each frame filtered by its filter; bring `memory` and `before` up to date.

    Args:
        speech: float64 (n,).
        filters: float64 (entries, TAPS).
        indices: int64 (frames,), of frames of equal length.
        fade: samples at a frame's start over which the filter of the frame before fades out.
        memory: float64 (TAPS - 1,), the last samples before `speech`, the most recent last.
        before: int64 (1,), index of the frame before.
        equalized: float64 (n,).
    """
    taps = filters.shape[1]
    whole = taps - taps % 4
    kept = memory.size
    length = speech.size // indices.size
    for frame in range(indices.size):
        index = indices[frame]
        first, stop = frame * length, (frame + 1) * length
        inner = min(max(first, kept), stop)  # from here on no tap reaches into the memory
        for n in range(first, stop):
            equalized[n] = 0.0
        for n in range(first, inner):
            for i in range(taps):
                equalized[n] += filters[index, i] * (speech[n - i] if i <= n else memory[kept + n - i])
        for i in range(0, whole, 4):
            add_taps(filters[index, i : i + 4], speech, -i, inner, stop, equalized)
        for i in range(whole, taps):
            for n in range(inner, stop):
                equalized[n] += filters[index, i] * speech[n - i]
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
