"""Frames as planes in 1/16 of a sample value, padded to whole units; and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_BITS
from vqcodec.blocks.picture_planes import rounded
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.layout import GRID, Sources


def whole_units(size: int) -> int:
    """Return `size` luma samples rounded up to whole units."""
    return -(-size // GRID) * GRID


def padded_planes(frame: Frame) -> Sources:
    """Return the planes of a frame as int16 in 1/16; last rows and columns are repeated to fill whole units."""
    height, width = (whole_units(side) for side in frame.luma.shape)

    def padded(plane: npt.NDArray[np.uint8], rows: int, columns: int) -> npt.NDArray[np.int16]:
        extra = ((0, rows - plane.shape[0]), (0, columns - plane.shape[1]))
        return np.ascontiguousarray(np.pad(plane.astype(np.int16) << SAMPLE_BITS, extra, mode="edge"))

    return Sources(
        padded(frame.luma, height, width),
        padded(frame.blue, height // 2, width // 2),
        padded(frame.red, height // 2, width // 2),
    )


def shown_frame(planes: tuple[npt.NDArray[np.int16], ...], height: int, width: int) -> Frame:
    """Return decoded planes (luma, blue, red; int16 in 1/16) as a frame of `height` x `width` samples."""
    half = (height + 1) // 2, (width + 1) // 2
    return Frame(
        rounded(planes[0][:height, :width]),
        rounded(planes[1][: half[0], : half[1]]),
        rounded(planes[2][: half[0], : half[1]]),
    )
