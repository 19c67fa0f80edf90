"""How far one video is from another, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from vqcodec.endpoints import Source
from vqcodec.errors import UsageError
from vqcodec.video.frames import Frame
from vqcodec.video.quality import FrameQuality, mean_quality, measure_frame
from vqcodec.video_api import frames_of
from vqcodec.video_reports import VideoComparison, VideoMeasures
from vqcodec.vq.codebook import Codebook


def compare(
    reference: tuple[Source, str, bool],
    test: tuple[Source, str, bool],
    *,
    codebook: Codebook | None = None,
    threads: int | None = None,
) -> VideoComparison:
    """Compare two videos, each a source, its name, and whether it is a `.vqc` file; as `vqcodec.api.compare`.

    Frames are paired from the first on; what one has more than the other is left out, and said.

    Raises:
        UsageError: the sizes differ.
    """
    with frames_of(*reference, codebook, threads) as first, frames_of(*test, codebook, threads) as second:
        sizes = [(format.width, format.height) for format, _ in (first, second)]
        if sizes[0] != sizes[1]:
            raise UsageError(
                f"{test[1]}: {sizes[1][0]}x{sizes[1][1]} pixels, but {reference[1]} has {sizes[0][0]}x{sizes[0][1]}; "
                "compare videos of one size"
            )
        measured, surplus = _measure(first[1], second[1])
    if not measured:
        raise UsageError(f"{reference[1]} and {test[1]}: there are no frames to compare")
    notes = []
    if any(surplus):
        longer = reference[1] if surplus[0] else test[1]
        notes.append(f"{longer} has {max(surplus)} frames more, which were left out")
    identical = all(frame.exact for frame in measured) and not any(surplus)
    return VideoComparison(
        reference=reference[1],
        test=test[1],
        width=sizes[0][0],
        height=sizes[0][1],
        frames=len(measured),
        mean=_measures(None, mean_quality(measured)),
        by_frame=tuple(_measures(number, frame) for number, frame in enumerate(measured)),
        identical=identical,
        notes=tuple(notes),
    )


def _measure(first: Iterable[Frame], second: Iterable[Frame]) -> tuple[list[FrameQuality], list[int]]:
    """The measures of the frames that both have, and how many frames each has more."""
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
