"""Results as they travel: arrays that are mostly zeros, as counts are, without these."""

from __future__ import annotations

import pickle
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

_WORD = 8  # bytes
_LEAST_WORDS = 512  # of a buffer that is looked at
_SPARSE = 0.5  # largest share of words that are not 0


class SparseBuffer(NamedTuple):
    """A buffer of 8-byte words that are mostly 0.

    Attributes:
        words: their number.
        places: uint32, those that are not 0, ascending.
        values: int64, they.
    """

    words: int
    places: npt.NDArray[np.uint32]
    values: npt.NDArray[np.int64]


class Message(NamedTuple):
    """A value on its way: its description, and the buffers of its arrays."""

    description: bytes
    buffers: list[bytes | SparseBuffer]


def packed(value: Any) -> Message:
    """Return a value as it travels; its bits come back as they were."""
    buffers: list[pickle.PickleBuffer] = []
    description = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return Message(description, [_compact(buffer.raw()) for buffer in buffers])


def unpacked(message: Message) -> Any:
    """Return the value of a message."""
    return pickle.loads(message.description, buffers=[_whole(buffer) for buffer in message.buffers])


def _compact(buffer: memoryview) -> bytes | SparseBuffer:
    if buffer.nbytes % _WORD == 0 and _LEAST_WORDS <= buffer.nbytes // _WORD < 1 << 32:
        words = np.frombuffer(buffer, np.int64)
        places = np.flatnonzero(words)
        if len(places) <= _SPARSE * len(words):
            return SparseBuffer(len(words), places.astype(np.uint32), words[places])
    return bytes(buffer)


def _whole(buffer: bytes | SparseBuffer) -> bytearray | npt.NDArray[np.int64]:
    if isinstance(buffer, SparseBuffer):
        words = np.zeros(buffer.words, np.int64)
        words[buffer.places] = buffer.values
        return words
    return bytearray(buffer)
