"""Alpha planes without loss: deflated, or predicted with Huffman-coded errors, whichever takes fewer bytes.

Transparency is mostly flat, and errors in it are easy to see. Deflating suits hard edges and what repeats, prediction
suits soft shadows. `chances` needs a codebook that was trained on alpha of the kind; an engine that has such asks it.

Map, lowest first:

    deflated
    prediction
    symbols
    decoding: prediction symbols
    predicted: decoding prediction symbols
    decisions
    chances: decisions
"""

from __future__ import annotations

import numpy as np

from vqcodec.image.alpha import deflated, predicted


def encode(plane: np.ndarray) -> bytes:
    """Return an alpha plane, uint8 (height, width), in the fewest bytes."""
    return min(deflated.encode(plane), predicted.encode(plane), key=len)


def decode(data: bytes, height: int, width: int) -> np.ndarray:
    """Return the alpha plane, uint8 (height, width), that `encode` coded.

    Raises:
        CorruptFileError: the data are damaged, or are not of exactly `height` x `width` samples.
    """
    coder = predicted if data[:1] == predicted.MARK else deflated
    return coder.decode(data, height, width)
