"""Frames as RGB: the matrix and the range that their format tells; chroma at full size by linear interpolation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vqcodec.ffmpeg.colours import PLACES, matrix_used
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.video_format import VideoFormat

_BT601 = (0.299, 0.114)
_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: _BT601,
    6: _BT601,
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
"""Shares of red and blue in luma, by the number of the matrix in ITU-T H.273."""


def rgb_of(frame: Frame, format: VideoFormat) -> NDArray[np.uint8]:
    """Return a frame as RGB, uint8 (height, width, 3), without regard to primaries and transfer."""
    red_share, blue_share = _WEIGHTS[matrix_used(format.matrix, format.width, format.height)]
    black, luma_range, chroma_range = (0, 255, 255) if format.full_range else (16, 219, 224)
    chroma_scale = np.float32(255 / chroma_range)
    across, down = PLACES[format.siting]
    height, width = frame.luma.shape
    luma = (frame.luma.astype(np.float32) - black) * np.float32(255 / luma_range)
    blue, red = (
        _doubled(_doubled(plane.astype(np.float32) - 128, 0, down)[:height], 1, across)[:, :width] * chroma_scale
        for plane in (frame.blue, frame.red)
    )
    found = np.empty((height, width, 3), np.float32)
    found[..., 0] = luma + np.float32(2 * (1 - red_share)) * red
    found[..., 2] = luma + np.float32(2 * (1 - blue_share)) * blue
    green_share = 1 - red_share - blue_share
    of_blue, of_red = (2 * (1 - share) * share / green_share for share in (blue_share, red_share))
    found[..., 1] = luma - np.float32(of_blue) * blue - np.float32(of_red) * red
    return np.clip(np.rint(found), 0, 255).astype(np.uint8)


def _doubled(plane: NDArray[np.float32], axis: int, place: float) -> NDArray[np.float32]:
    """Return a plane with twice the samples along an axis.

    Args:
        place: of an old sample between the two new ones, 0 at the first and 1 at the second.
    """
    first = np.moveaxis(plane, axis, 0)
    padded = np.concatenate([first[:1], first, first[-1:]])
    doubled = np.empty((2 * len(first), *first.shape[1:]), np.float32)
    for new in (0, 1):
        offset = (new - place) / 2  # from the old sample, in steps of old samples
        other = padded[2:] if offset > 0 else padded[:-2]
        doubled[new::2] = np.float32(1 - abs(offset)) * first + np.float32(abs(offset)) * other
    return np.moveaxis(doubled, 0, axis)
