"""Finding out how the exposure changes from frame to frame; a choice of the encoder alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_BITS
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.exposure import CONTRAST_MAX, OFFSET_MAX, STEADY, Exposure, Exposures
from vqcodec.video.mc.layout import GRID

_LEAST_DIFFERENCE = 0.4  # mean absolute difference of the means of blocks, from which on something may have changed
_MOST_LEFT = 0.7  # part of that difference that a change of exposure may leave
_LEAST_CORRELATION = 0.9  # of the means of blocks of two frames that show the same scene
_MOST_GAIN = 2.0  # from a frame to the next
_INLIERS = 0.6  # part of the blocks to which the change is fitted a second time: the others have moved
_GREATEST = CONTRAST_MAX // 2  # contrast, of the frame that has most
_TOLERANCE = 0.005 * _GREATEST, 4.0  # of contrast, and of offset in 1/16

FloatArray = npt.NDArray[np.float64]


def exposures_of(frames: Sequence[Frame]) -> Exposures:
    """Return the exposures of a group of frames; without points if the exposure never changes.

    From each frame to the next the means of 8x8 samples are fitted by a gain and an offset. If these explain most of
    the difference, the exposure has changed.
    """
    contrasts, offsets = [1.0], [0.0]
    before = _means(frames[0])
    for frame in frames[1:]:
        now = _means(frame)
        gain, offset = _change(before, now)
        contrasts.append(gain * contrasts[-1])
        offsets.append(gain * offsets[-1] + offset)
        before = now
    if len(set(contrasts)) == 1 and len(set(offsets)) == 1:
        return STEADY
    scale = _GREATEST / max(contrasts)
    told = [
        Exposure(
            min(max(round(scale * contrast), 1), CONTRAST_MAX),
            min(max(round(offset * (1 << SAMPLE_BITS)), -OFFSET_MAX), OFFSET_MAX),
        )
        for contrast, offset in zip(contrasts, offsets)
    ]
    return simplified(told, _TOLERANCE)


def simplified(exposures: Sequence[Exposure], tolerance: tuple[float, float]) -> Exposures:
    """Return few points between which the exposures of all frames are nearly linear.

    The points are those of Ramer, Douglas and Peucker.

    Args:
        exposures: of all frames, in display order.
        tolerance: of contrast and offset.
    """
    values = np.array(exposures, dtype=np.float64) / tolerance
    kept = {0, len(values) - 1}
    pending = [(0, len(values) - 1)]
    while pending:
        start, end = pending.pop()
        if end - start < 2:
            continue
        share = (np.arange(start, end + 1) - start)[:, None] / (end - start)
        error = np.abs(values[start : end + 1] - (1 - share) * values[start] - share * values[end]).max(axis=1)
        middle = start + int(np.argmax(error))
        if error[middle - start] > 1:
            kept.add(middle)
            pending += [(start, middle), (middle, end)]
    return Exposures(tuple((time, exposures[time]) for time in sorted(kept)))


def _means(frame: Frame) -> FloatArray:
    """Return the means of GRID x GRID samples of luma, float64 (n,); samples that do not fill a block are left out."""
    height, width = frame.luma.shape
    rows, columns = height // GRID, width // GRID
    cells = frame.luma[: rows * GRID, : columns * GRID].reshape(rows, GRID, columns, GRID)
    means: FloatArray = cells.mean(axis=(1, 3)).reshape(-1)
    return means


def _change(before: FloatArray, now: FloatArray) -> tuple[float, float]:
    """Return (gain, offset) from the means of one frame to those of the next; (1, 0) if the exposure is the same."""
    same = 1.0, 0.0
    if before.size < 2:
        return same
    plain = float(np.abs(now - before).mean())
    if plain < _LEAST_DIFFERENCE or not (before.std() and now.std()):
        return same
    if np.corrcoef(before, now)[0, 1] < _LEAST_CORRELATION:
        return same
    gain, offset = _fit(before, now)
    errors = np.abs(now - gain * before - offset)
    near = errors <= np.quantile(errors, _INLIERS)
    if before[near].std():
        gain, offset = _fit(before[near], now[near])
    left = float(np.abs(now - gain * before - offset).mean())
    if left > _MOST_LEFT * plain or not 1 / _MOST_GAIN <= gain <= _MOST_GAIN:
        return same
    return gain, offset


def _fit(before: FloatArray, now: FloatArray) -> tuple[float, float]:
    """Return (gain, offset) with the least squared error."""
    centred = before - before.mean()
    gain = float((centred * (now - now.mean())).sum() / (centred * centred).sum())
    return gain, float(now.mean() - gain * before.mean())
