"""Frames as the engines take and return them: 8 bits a sample, chroma at half width and height (4:2:0)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Frame(NamedTuple):
    """The planes of one frame.

    Attributes:
        luma: uint8 (height, width).
        blue, red: uint8 (ceil(height / 2), ceil(width / 2)), the chroma planes U (Cb) and V (Cr).
    """

    luma: npt.NDArray[np.uint8]
    blue: npt.NDArray[np.uint8]
    red: npt.NDArray[np.uint8]


def chroma_size(size: int) -> int:
    """Return the size of a side of a chroma plane; `size` is that of the luma plane, in samples."""
    return (size + 1) >> 1
