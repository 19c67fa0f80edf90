"""Resampling of a signal that comes in blocks, without delay, to the exact number of samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

_TAIL_S = 0.05  # seconds of silence after the end, after which the filter has given all its samples


def resampled_length(length: int, from_rate: int, to_rate: int) -> int:
    """Return how many samples at `to_rate` begin within the duration of `length` samples at `from_rate`.

    A length taken to another rate and back is never shorter: `resampled_length(resampled_length(n, a, b), b, a)` is at
    least n.
    """
    return -(-length * to_rate // from_rate)


class Resampler:
    """Takes a signal of one channel from one sampling rate to another, block by block.

    Output sample n is that of the time n / to_rate, input sample m that of the time m / from_rate: soxr's filter has
    linear phase, and makes up for its delay when it is flushed.

    Args:
        from_rate, to_rate: Hz; if they are equal, blocks pass unchanged.
    """

    def __init__(self, from_rate: int, to_rate: int) -> None:
        self._from_rate, self._to_rate = from_rate, to_rate
        self._taken = self._given = 0
        self._stream: Any = None
        if from_rate != to_rate:
            import soxr

            self._stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float64", quality="VHQ")

    def push(self, block: Samples) -> Samples:
        """Take a block, float64 (samples,); return the samples that are ready, float64, perhaps none yet."""
        self._taken += block.size
        return self._give(block if self._stream is None else self._stream.resample_chunk(block))

    def finish(self, length: int | None = None) -> Samples:
        """Return the remaining samples, so that there are `length` in all.

        Args:
            length: None for `resampled_length` of all samples pushed. If it is longer, zeros are added.
        """
        if length is None:
            length = resampled_length(self._taken, self._from_rate, self._to_rate)
        rest = np.zeros(0)
        if self._stream is not None:
            tail = np.zeros(round(self._from_rate * _TAIL_S) + 1)
            rest = self._stream.resample_chunk(tail, last=True)
        due = max(0, length - self._given)
        return self._give(np.concatenate([rest[:due], np.zeros(max(0, due - rest.size))]))

    def _give(self, samples: Samples) -> Samples:
        self._given += samples.size
        return samples
