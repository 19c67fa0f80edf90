"""Alpha planes without loss: differences from the row above, deflated."""

from __future__ import annotations

import zlib

import numpy as np

from vqcodec.errors import CorruptFileError


def encode(plane: np.ndarray) -> bytes:
    """Return the alpha plane, uint8 (height, width), as a zlib stream of differences modulo 256 from the row above."""
    differences = plane.copy()
    differences[1:] -= plane[:-1]
    return zlib.compress(differences.tobytes(), 9)


def decode(data: bytes, height: int, width: int) -> np.ndarray:
    """Return the alpha plane, uint8 (height, width), of a stream that `encode` wrote.

    Raises:
        CorruptFileError: the stream is damaged, or is not exactly `height` x `width` samples long.
    """
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(data, height * width + 1)
    except zlib.error as error:
        raise CorruptFileError(f"the alpha plane is damaged: {error}") from None
    if len(raw) != height * width or not inflater.eof or inflater.unused_data:
        raise CorruptFileError("the alpha plane does not have the picture's size")
    differences = np.frombuffer(raw, np.uint8).reshape(height, width)
    return np.cumsum(differences, axis=0, dtype=np.uint8)
