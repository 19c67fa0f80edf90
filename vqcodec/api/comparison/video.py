"""How far one video is from another, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from vqcodec.errors import UsageError
from vqcodec.reports.video import VideoComparison, VideoMeasures
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.quality import FrameQuality, mean_quality, measure_frame

Opened = tuple[VideoFormat, Iterable[Frame], Sequence[str]]
"""A video: the format, the frames, and what reading them changes, which is complete when all are read."""


def measure(reference: Opened, test: Opened, reference_name: str, test_name: str) -> VideoComparison:
    """Compare two videos of one size.

    Frames are paired from the first on. If one has more frames than the other, they are left out, and a note says so.

    Raises:
        UsageError: the sizes differ, or there are no frames.
    """
    first, second = reference[0], test[0]
    if (first.width, first.height) != (second.width, second.height):
        raise UsageError(
            f"{test_name}: {second.width}x{second.height} pixels, but {reference_name} has "
            f"{first.width}x{first.height}; compare videos of one size"
        )
    measured, surplus = _measure_frames(reference[1], test[1])
    if not measured:
        raise UsageError(f"{reference_name} and {test_name}: there are no frames to compare")
    names = {reference_name: reference, test_name: test}
    notes = [f"{name}: {said}" for name, (_, _, read) in names.items() for said in read]
    if any(surplus):
        longer = reference_name if surplus[0] else test_name
        notes.append(f"{longer} has {max(surplus)} frames more, which were left out")
    identical = all(frame.exact for frame in measured) and not any(surplus)
    return VideoComparison(
        reference=reference_name,
        test=test_name,
        width=first.width,
        height=first.height,
        frames=len(measured),
        mean=_measures(None, mean_quality(measured)),
        by_frame=tuple(_measures(number, frame) for number, frame in enumerate(measured)),
        identical=identical,
        notes=tuple(notes),
    )


def _measure_frames(first: Iterable[Frame], second: Iterable[Frame]) -> tuple[list[FrameQuality], list[int]]:
    """Return the measures of the frames that both have, and how many more frames each has."""
    measured: list[FrameQuality] = []
    surplus = [0, 0]
    for one, other in zip_longest(first, second):
        if one is None or other is None:
            surplus[one is None] += 1
        else:
            measured.append(measure_frame(one, other, similarity=True))
    return measured, surplus


def _measures(number: int | None, quality: FrameQuality) -> VideoMeasures:
    y, u, v = (value or 0.0 for value in (quality.ssim_y, quality.ssim_u, quality.ssim_v))
    return VideoMeasures(
        frame=number,
        psnr_y_db=quality.y_db,
        psnr_u_db=quality.u_db,
        psnr_v_db=quality.v_db,
        psnr_611_db=quality.psnr_611_db,
        ssim_y=y,
        ssim_u=u,
        ssim_v=v,
        ssim_611=(6 * y + u + v) / 8,
    )
