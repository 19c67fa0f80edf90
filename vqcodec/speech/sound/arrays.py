"""Arrays of samples as a source of sound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqcodec.errors import UsageError
from vqcodec.speech.sound.mixing import Block
from vqcodec.speech.sound.source import SoundSource, check_shape

_BLOCK = 1 << 16  # samples given at a time, of all channels together
_MIDDLE = {"int8": 0, "uint8": 1 << 7, "int16": 0, "uint16": 1 << 15, "int32": 0}
"""The value of silence, by the types of whole numbers that sound files hold."""


class ArraySource(SoundSource):
    """An array that is read like a sound file."""

    def __init__(self, signal: NDArray[Any], rate: int) -> None:
        super().__init__(rate, signal.shape[1])
        self._signal = signal

    @classmethod
    def of(cls, samples: NDArray[Any], rate: int) -> ArraySource:
        """Return the source for an array, after checking it.

        Args:
            samples: shape (samples,) or (samples, channels), of any byte order: floating point with full scale 1, or
                whole numbers of 8 or 16 bits, or int32, each with the full scale of its type.
            rate: Hz.

        Raises:
            UsageError: the array is of another type or shape, or empty.
            LimitError: the rate or the number of channels is beyond the limits.
        """
        signal = checked_samples(samples)
        check_shape(rate, signal.shape[1], "samples")
        return cls(signal, rate)

    @property
    def length(self) -> int:
        """Samples of a channel."""
        return int(self._signal.shape[0])

    def _read(self) -> Iterator[Block]:
        step = max(1, _BLOCK // self.channels)
        for start in range(0, self.length, step):
            yield as_block(self._signal[start : start + step])


def checked_samples(samples: Any, *, may_be_none: bool = False) -> NDArray[Any]:
    """Return samples as an array of shape (samples, channels); of channels there is at least one.

    Args:
        samples: as of `ArraySource.of`.
        may_be_none: whether an array without samples is accepted.

    Raises:
        UsageError: they are of another type or shape, or none.
    """
    try:
        signal = np.asarray(samples)
    except ValueError:  # rows of different lengths
        raise UsageError("samples must be an array, all of its rows of one length") from None
    if signal.ndim == 1:
        signal = signal[:, np.newaxis]
    kind = signal.dtype.newbyteorder("=")
    empty = signal.ndim == 2 and (not signal.shape[1] or not (signal.size or may_be_none))
    if signal.ndim != 2 or empty or not (kind.name in _MIDDLE or kind.kind == "f"):
        raise UsageError(
            "samples must be floating point, int8, uint8, int16, uint16 or int32, of shape (n,) or (n, channels), "
            f"not {kind.name} {np.shape(samples)}"
        )
    return signal


def as_block(signal: NDArray[Any]) -> Block:
    """Return samples, which `checked_samples` has returned, with full scale 1."""
    if signal.dtype.kind == "f":
        return signal.astype(np.float64)
    bits = 8 * signal.dtype.itemsize
    return (signal.astype(np.float64) - _MIDDLE[signal.dtype.newbyteorder("=").name]) / (1 << (bits - 1))
