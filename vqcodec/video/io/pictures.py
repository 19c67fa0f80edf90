"""Pictures in red, green and blue as frames of video."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from vqcodec.ffmpeg.colours import MATRICES, PRIMARIES, TRANSFERS
from vqcodec.video.io.frames import Frame, chroma_size
from vqcodec.video.io.video_format import VideoFormat

BT601 = MATRICES["smpte170m"]
"""The matrix by which pictures become frames, here and in ffmpeg."""

_BT709, _SRGB = PRIMARIES["bt709"], TRANSFERS["iec61966-2-1"]


def format_of_rgb(width: int, height: int, rate: Fraction, aspect: Fraction | None) -> VideoFormat:
    """Return the format of frames that `frame_of` makes of pictures in sRGB."""
    return VideoFormat(width, height, rate, aspect, full_range=True, matrix=BT601, primaries=_BT709, transfer=_SRGB)


def frame_of(samples: np.ndarray) -> Frame:
    """Return a picture, uint8 (height, width, channels), as a frame: BT.601 at full range, without alpha."""
    from vqcodec.metrics import ycbcr

    if samples.shape[2] < 3:
        half = [chroma_size(side) for side in samples.shape[:2]]
        return Frame(np.ascontiguousarray(samples[..., 0]), np.full(half, 128, np.uint8), np.full(half, 128, np.uint8))
    planes = ycbcr(samples[..., :3])
    luma, blue, red = (planes[..., plane] for plane in range(3))
    return Frame(_rounded(luma), _rounded(_halved(blue) + 128), _rounded(_halved(red) + 128))


def _halved(plane: np.ndarray) -> np.ndarray:
    """Return the means of 2x2 samples, float64; at an odd edge the last row or column counts twice."""
    padded = np.pad(plane, [(0, plane.shape[0] & 1), (0, plane.shape[1] & 1)], mode="edge").astype(np.float64)
    return padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2).mean(axis=(1, 3))


def _rounded(plane: np.ndarray) -> np.ndarray:
    """Return a plane rounded and clipped to uint8."""
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)
