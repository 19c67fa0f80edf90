"""Quality of decoded frames compared with the original ones, frame by frame and on average."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from vqcodec.metrics import psnr, ssim
from vqcodec.metrics.squared_error import EXACT_PLANE_DB
from vqcodec.video.io.frames import Frame


class FrameQuality(NamedTuple):
    """Quality of one frame, or means over frames.

    Attributes:
        y_db, u_db, v_db: PSNR of the planes in dB; infinite if the planes are equal.
        ssim_y, ssim_u, ssim_v: structural similarity of the planes, at most 1; None if not measured.
    """

    y_db: float
    u_db: float
    v_db: float
    ssim_y: float | None = None
    ssim_u: float | None = None
    ssim_v: float | None = None

    @property
    def psnr_611_db(self) -> float:
        """Return (6 Y + U + V) / 8 in dB; a plane without errors counts as 100 dB, unless all are without errors."""
        return _weighted(self.y_db, self.u_db, self.v_db)

    @property
    def exact(self) -> bool:
        """Return whether all samples are equal."""
        return min(self.y_db, self.u_db, self.v_db) == math.inf


def measure_frame(original: Frame, decoded: Frame, *, similarity: bool = False) -> FrameQuality:
    """Return the quality of a decoded frame.

    Args:
        original, decoded: of one size.
        similarity: measure SSIM as well, which takes most of the time.
    """
    ratios = [psnr(*planes) for planes in zip(original, decoded)]
    likeness = [ssim(*planes) for planes in zip(original, decoded)] if similarity else ()
    return FrameQuality(*ratios, *likeness)


def mean_quality(frames: Sequence[FrameQuality]) -> FrameQuality:
    """Return the means over frames; a plane without errors counts as 100 dB, unless all frames are without errors."""
    ratios = [[frame.y_db, frame.u_db, frame.v_db] for frame in frames]
    if all(frame.exact for frame in frames):
        means = [math.inf] * 3
    else:
        means = [sum(min(row[plane], EXACT_PLANE_DB) for row in ratios) / len(frames) for plane in range(3)]
    if frames[0].ssim_y is None:
        return FrameQuality(*means)
    likeness = [[frame.ssim_y or 0.0, frame.ssim_u or 0.0, frame.ssim_v or 0.0] for frame in frames]
    return FrameQuality(*means, *(sum(row[plane] for row in likeness) / len(frames) for plane in range(3)))


def _weighted(y_db: float, u_db: float, v_db: float) -> float:
    """Return (6 Y + U + V) / 8 in dB."""
    if min(y_db, u_db, v_db) == math.inf:
        return math.inf
    y, u, v = (min(plane, EXACT_PLANE_DB) for plane in (y_db, u_db, v_db))
    return (6 * y + u + v) / 8
