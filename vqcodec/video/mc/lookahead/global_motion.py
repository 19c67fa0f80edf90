"""Displacements that many blocks of a frame share; the vector search starts from them, too.

The search goes downhill from the vectors of neighbours. In fine texture, such as text that scrolls, the way from there
to a far match leads over hills. But where a whole page moves, phase correlation shows its displacement, however far.

Source: C. D. Kuglin and D. C. Hines, "The phase correlation image alignment method", 1975.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.layout import GRID, SLOTS, VECTOR_MAX

VECTORS = 3  # most displacements between two frames
_PEAKS = 6  # of the correlation that are looked at
_LEAST_PEAK = 8.0  # standard deviations of the correlation
_AROUND_PEAK = 2  # samples on each side of a peak that belong to it
_LEAST = 3  # samples: the search finds nearer matches without help
_MOST = VECTOR_MAX // 4 - 8  # samples
_LEAST_SHARE = 0.15  # of all differences, that a displacement must remove
_STILL = 2  # mean absolute difference up to which a block counts as unmoved
_FEW = 0.01  # part of the blocks; if no more have moved, nothing is looked for
_MOST_SAMPLES = 1 << 20  # of a picture that is correlated; larger pictures are halved

Vectors = npt.NDArray[np.int64]


class GlobalMotion:
    """Finds displacements between the frames of a group.

    Args:
        frames: of the group, in display order, of one size.
    """

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = frames
        self._halvings = 0
        while frames[0].luma.size >> (2 * self._halvings) > _MOST_SAMPLES:
            self._halvings += 1
        self._phase = lru_cache(SLOTS + 1)(self._transform)

    def vectors(self, time: int, reference: int) -> Vectors:
        """Return vectors from the frame at `time` to the frame at `reference`, the most useful one first.

        Returns:
            int64 (VECTORS, 2), (row, column) in quarters of a sample, filled up with zeros.
        """
        found = np.zeros((VECTORS, 2), np.int64)
        own, other = self._frames[time].luma, self._frames[reference].luma
        left = _differences(own, other, 0, 0)
        if np.count_nonzero(left > _STILL * GRID * GRID) <= _FEW * left.size:
            return found
        least = _LEAST_SHARE * int(left.sum())
        candidates = [
            (row, column, _differences(own, other, row, column)) for row, column in self._peaks(time, reference)
        ]
        for number in range(VECTORS):
            gains = [int(np.maximum(left - after, 0).sum()) for _, _, after in candidates]
            if not gains or max(gains) < least:
                break
            row, column, after = candidates[int(np.argmax(gains))]
            found[number] = 4 * row, 4 * column
            left = np.minimum(left, after)
        return found

    def _peaks(self, time: int, reference: int) -> list[tuple[int, int]]:
        """Return the displacements at the peaks of the phase correlation, in samples."""
        shape = tuple(side >> self._halvings for side in self._frames[0].luma.shape)
        surface = np.fft.irfft2(np.conj(self._phase(time)) * self._phase(reference), s=shape)
        least = _LEAST_PEAK * float(surface.std())
        peaks = []
        for _ in range(_PEAKS):
            where = np.unravel_index(int(np.argmax(surface)), shape)
            if surface[where] < least:
                break
            row, column = ((int(at) + side // 2) % side - side // 2 for at, side in zip(where, shape))
            around = np.arange(-_AROUND_PEAK, _AROUND_PEAK + 1)
            surface[np.ix_((around + where[0]) % shape[0], (around + where[1]) % shape[1])] = 0
            row, column = row << self._halvings, column << self._halvings
            if _LEAST <= max(abs(row), abs(column)) <= _MOST:
                peaks.append((row, column))
        return peaks

    def _transform(self, time: int) -> npt.NDArray[np.complex128]:
        """Return the Fourier transform of a frame's luma with all magnitudes made 1."""
        luma = self._frames[time].luma.astype(np.float64)
        for _ in range(self._halvings):
            luma = luma[: luma.shape[0] // 2 * 2, : luma.shape[1] // 2 * 2]
            luma = luma[::2, ::2] + luma[1::2, ::2] + luma[::2, 1::2] + luma[1::2, 1::2]
        spectrum = np.fft.rfft2(luma)
        return spectrum / np.maximum(np.abs(spectrum), 1e-9)


def _differences(own: np.ndarray, other: np.ndarray, row: int, column: int) -> npt.NDArray[np.int64]:
    """Return the sums of absolute differences between blocks and their matches at a displacement.

    Returns:
        int64 (rows // GRID, columns // GRID). Samples whose match lies beyond the border count 255.
    """
    height, width = own.shape
    difference = np.full((height, width), 255, np.uint8)
    top, left = max(0, -row), max(0, -column)
    bottom, right = height - max(0, row), width - max(0, column)
    if bottom > top and right > left:
        here = own[top:bottom, left:right]
        there = other[top + row : bottom + row, left + column : right + column]
        difference[top:bottom, left:right] = np.maximum(here, there) - np.minimum(here, there)
    rows, columns = max(height // GRID, 1), max(width // GRID, 1)
    cells = difference[: rows * GRID, : columns * GRID]
    sums = np.add.reduceat(cells, np.arange(0, cells.shape[1], GRID), axis=1, dtype=np.int64)
    return np.add.reduceat(sums, np.arange(0, cells.shape[0], GRID), axis=0)
