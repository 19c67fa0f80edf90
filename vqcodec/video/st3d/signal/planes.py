"""Frames of a slab as planes in 1/16 of a sample value, padded to whole macroblocks; and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_BITS, SAMPLE_MAX
from vqcodec.blocks.picture_planes import rounded
from vqcodec.video.io.frames import Frame, chroma_size
from vqcodec.video.st3d.layout import MACROBLOCK, Planes, macroblocks


def _padded(plane: npt.NDArray[np.uint8], rows: int, columns: int) -> npt.NDArray[np.int16]:
    """Return a plane in 1/16; its last row and column are repeated."""
    extra = ((0, rows - plane.shape[0]), (0, columns - plane.shape[1]))
    return np.pad(plane.astype(np.int16) << SAMPLE_BITS, extra, mode="edge")


def slab_planes(frames: Sequence[Frame]) -> Planes:
    """Return the planes of frames of one size, in 1/16; last rows and columns are repeated."""
    height, width = (MACROBLOCK * macroblocks(side) for side in frames[0].luma.shape)
    luma = np.stack([_padded(frame.luma, height, width) for frame in frames])
    chroma = np.stack(
        [
            np.stack([_padded(plane, height // 2, width // 2) for plane in planes])
            for planes in ([frame.blue for frame in frames], [frame.red for frame in frames])
        ]
    )
    return Planes(luma, chroma)


def limited(planes: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return planes in 1/16, with values clipped to the range of samples."""
    return np.clip(planes, 0, SAMPLE_MAX)


def shown_frames(planes: Planes, height: int, width: int) -> list[Frame]:
    """Return the frames of `height` x `width` samples of a decoded slab, whose values are in the range of samples."""
    rows, columns = chroma_size(height), chroma_size(width)
    return [
        Frame(
            rounded(planes.luma[number, :height, :width]),
            rounded(planes.chroma[0, number, :rows, :columns]),
            rounded(planes.chroma[1, number, :rows, :columns]),
        )
        for number in range(len(planes.luma))
    ]
