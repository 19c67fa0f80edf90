"""Cut a video into groups of frames: at a length, or where the scene changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from vqcodec.video.io.frames import Frame

MIN_GROUP = 4  # frames: a shorter group costs more than a cut saves
CELL = 8  # luma is reduced to means of CELL x CELL samples
RECENT = 8  # number of recent differences with which a new one is compared
LEAST_DIFFERENCE = 10.0  # least mean absolute difference of the cells at a cut
RATIO = 3.0  # least difference at a cut, in means of the recent differences
HISTOGRAM_BINS = 16
LEAST_HISTOGRAM_CHANGE = 0.15  # least part of the cells that would have to change their bin at a cut
SLACK = 1.0  # added to the mean of the recent differences, so that noise in a still scene is not a cut
STAYS = 8  # frames that a new scene must stay; if the old one is back sooner, it was interrupted
SAME_CORRELATION = 0.9  # of the cells, from which on only the light has changed

Cells = npt.NDArray[np.float64]


class SceneDetector:
    """Detects where a new scene begins.

    Luma is reduced to means of 8x8 samples. A frame is foreign to the scene if three conditions hold: its mean absolute
    difference from the scene's last frame is large; it is large compared with the mean of the last 8 differences; and
    the histogram has changed. Fast motion fails the second condition, since many frames differ. A moving object fails
    the third one. If only the light has changed, the frame is not foreign either.

    A new scene begins with a foreign frame if it stays. Flashes, drop-outs and quick cuts to and fro only interrupt a
    scene: what comes after them can be predicted from what was before them.
    """

    def __init__(self) -> None:
        self._last: Cells | None = None  # of the scene
        self._recent: deque[float] = deque(maxlen=RECENT)

    def marked(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, bool]]:
        """Yield each frame, and whether a new scene begins with it; that is false for the first frame.

        Up to STAYS frames more are taken from `frames` than are yielded.
        """
        waiting: deque[tuple[Frame, Cells]] = deque()
        for frame in frames:
            waiting.append((frame, _cell_means(frame.luma)))
            if len(waiting) > STAYS:
                yield self._next(waiting)
        while waiting:
            yield self._next(waiting)

    def _next(self, waiting: deque[tuple[Frame, Cells]]) -> tuple[Frame, bool]:
        frame, cells = waiting.popleft()
        if self._last is not None:
            if self._is_foreign(self._last, cells):
                if not all(self._is_foreign(self._last, later) for _, later in waiting):
                    return frame, False
                self._recent.clear()
                self._last = cells
                return frame, True
            self._recent.append(_difference(self._last, cells))
        self._last = cells
        return frame, False

    def _is_foreign(self, last: Cells, cells: Cells) -> bool:
        """Return whether a frame does not belong to the scene whose last frame is given."""
        difference = _difference(last, cells)
        return (
            bool(self._recent)  # empty at the second frame of a scene: its motion is not known yet
            and difference >= LEAST_DIFFERENCE
            and difference >= RATIO * (sum(self._recent) / len(self._recent) + SLACK)
            and _histogram_change(last, cells) >= LEAST_HISTOGRAM_CHANGE
            and _correlation(last, cells) < SAME_CORRELATION
        )


def groups(frames: Iterable[Frame], length: int, detector: SceneDetector | None = None) -> Iterator[list[Frame]]:
    """Yield the frames in groups of at most `length` frames, which also end at scene cuts if there is a detector.

    Groups have at least MIN_GROUP frames, unless `length` is smaller or the video ends.
    """
    group: list[Frame] = []
    marked = ((frame, False) for frame in frames) if detector is None else detector.marked(frames)
    for frame, cut in marked:
        if group and (len(group) >= length or (cut and len(group) >= MIN_GROUP)):
            yield group
            group = []
        group.append(frame)
    if group:
        yield group


def _difference(first: Cells, second: Cells) -> float:
    """Return the mean absolute difference of cells."""
    return float(np.mean(np.abs(first - second)))


def _correlation(first: Cells, second: Cells) -> float:
    """Return the correlation of cells, 0 if those of one frame are all equal."""
    a, b = first - first.mean(), second - second.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size else 0.0


def _cell_means(luma: npt.NDArray[np.uint8]) -> Cells:
    """Return the means of CELL x CELL samples, float64.

    Samples that do not fill a cell are left out. A side smaller than a cell is one cell.
    """
    height, width = luma.shape
    rows, columns = max(1, height // CELL), max(1, width // CELL)
    side = min(CELL, height), min(CELL, width)
    cut = luma[: rows * side[0], : columns * side[1]]
    return cut.reshape(rows, side[0], columns, side[1]).mean(axis=(1, 3))


def _histogram_change(first: Cells, second: Cells) -> float:
    """Return which part of the cells, 0 to 1, would have to change their bin to make both histograms equal."""
    counts = [np.histogram(cells, HISTOGRAM_BINS, (0, 256))[0] for cells in (first, second)]
    return float(np.abs(counts[0] - counts[1]).sum() / (2 * first.size))
