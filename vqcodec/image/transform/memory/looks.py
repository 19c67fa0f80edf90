"""What the items of a large memory look like, in 12 bytes each, so that an encoder need not decode them all.

Means of 4x4 parts of luma and of 2x2 parts of both chroma planes, 4 bits each (FORMAT.md, 9.18).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_BITS
from vqcodec.errors import CodebookError
from vqcodec.image.transform.memory.estimate import FloatArray, Planes
from vqcodec.image.transform.memory.store import ItemStore

LOOKS = "memory_looks"  # the name of the array
FEW = 128  # items that need no looks: decoding them all takes no time to speak of
_LUMA, _CHROMA = 4, 2  # parts a side
LUMA_MEANS = _LUMA * _LUMA
_BYTES = (LUMA_MEANS + 2 * _CHROMA * _CHROMA) // 2
_MIDDLE = 128.0
_UNIT = 16  # grey levels of one of the 4-bit means


def look_of(planes: Planes) -> FloatArray:
    """Return what a picture looks like: float32 (24,), means in samples.

    Args:
        planes: int16 (1 or 3, height, width) in 1/16; chroma of full size. That of grey is 128.
    """
    means = [_means(planes[0], _LUMA), *(_means(plane, _CHROMA) for plane in planes[1:])]
    if len(planes) == 1:
        means.append(np.full(2 * _CHROMA * _CHROMA, _MIDDLE, np.float32))
    return np.concatenate(means)


def _means(plane: npt.NDArray[np.int16], parts: int) -> FloatArray:
    """Return the means of parts x parts of a plane; parts of short sides overlap."""
    (tops, bottoms), (lefts, rights) = (
        (np.arange(parts) * side // parts, -(-(np.arange(parts) + 1) * side // parts)) for side in plane.shape
    )
    means = [
        plane[top:bottom, left:right].mean(dtype=np.float64)
        for top, bottom in zip(tops, bottoms)
        for left, right in zip(lefts, rights)
    ]
    return np.array(means, np.float32) / np.float32(1 << SAMPLE_BITS)


def looks_of(store: ItemStore) -> dict[str, npt.NDArray[np.uint8]]:
    """Return the array of a codebook that holds what the items look like; none for few items."""
    if len(store) <= FEW:
        return {}
    means = np.stack([look_of(np.stack(store[number].planes_for("444"))) for number in range(len(store))])
    coarse = (means / _UNIT).astype(np.uint8)
    return {LOOKS: (coarse[:, ::2] << 4 | coarse[:, 1::2]).astype(np.uint8)}


def from_arrays(arrays: Mapping[str, npt.NDArray[Any]], items: int) -> FloatArray | None:
    """Return what items look like as `look_of` gives it, float32 (items, 24); None if a codebook does not hold it.

    Raises:
        CodebookError: the array has another type or shape.
    """
    if LOOKS not in arrays:
        return None
    held = arrays[LOOKS]
    if held.dtype != np.uint8 or held.shape != (items, _BYTES):
        raise CodebookError(f"codebook: array '{LOOKS}' must hold {_BYTES} bytes for each of {items} items")
    coarse = np.stack([held >> 4, held & 15], axis=2).reshape(items, -1)
    looks: FloatArray = (coarse.astype(np.float32) + np.float32(0.5)) * np.float32(_UNIT)
    return looks
