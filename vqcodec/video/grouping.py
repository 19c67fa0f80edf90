"""Cut a video into groups of frames: at a length, or where the scene changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from vqcodec.video.io.frames import Frame

MIN_GROUP = 4  # frames: a shorter group costs more than a cut saves
CELL = 8  # luma is reduced to means of CELL x CELL samples
RECENT = 8  # number of recent differences with which a new one is compared
LEAST_DIFFERENCE = 10.0  # least mean absolute difference of the cells at a cut
RATIO = 3.0  # least difference at a cut, in means of the recent differences
HISTOGRAM_BINS = 16
LEAST_HISTOGRAM_CHANGE = 0.15  # least part of the cells that would have to change their bin at a cut
SLACK = 1.0  # added to the mean of the recent differences, so that noise in a still scene is not a cut


class SceneDetector:
    """Detects, frame by frame, whether a new scene begins.

    Luma is reduced to means of 8x8 samples. A scene begins if three conditions hold: the mean absolute difference from
    the frame before is large; it is large compared with the mean of the last 8 differences; and the histogram has
    changed. Fast motion fails the second condition, since many frames differ. A moving object fails the third one.
    """

    def __init__(self) -> None:
        self._previous: np.ndarray | None = None
        self._recent: deque[float] = deque(maxlen=RECENT)

    def begins(self, frame: Frame) -> bool:
        """Return whether the next frame begins a scene; false for the very first frame."""
        cells = _cell_means(frame.luma)
        previous, self._previous = self._previous, cells
        if previous is None:
            return False
        difference = float(np.mean(np.abs(cells - previous)))
        cut = (
            bool(self._recent)  # empty at the second frame of a scene: its motion is not known yet
            and difference >= LEAST_DIFFERENCE
            and difference >= RATIO * (sum(self._recent) / len(self._recent) + SLACK)
            and _histogram_change(previous, cells) >= LEAST_HISTOGRAM_CHANGE
        )
        if cut:
            self._recent.clear()
        else:
            self._recent.append(difference)
        return cut


def groups(frames: Iterable[Frame], length: int, detector: SceneDetector | None = None) -> Iterator[list[Frame]]:
    """Yield the frames in groups of at most `length` frames, which also end at scene cuts if there is a detector.

    Groups have at least MIN_GROUP frames, unless `length` is smaller or the video ends.
    """
    group: list[Frame] = []
    for frame in frames:
        cut = detector is not None and detector.begins(frame)
        if group and (len(group) >= length or (cut and len(group) >= MIN_GROUP)):
            yield group
            group = []
        group.append(frame)
    if group:
        yield group


def _cell_means(luma: np.ndarray) -> np.ndarray:
    """Return the means of CELL x CELL samples, float64.

    Samples that do not fill a cell are left out. A side smaller than a cell is one cell.
    """
    height, width = luma.shape
    rows, columns = max(1, height // CELL), max(1, width // CELL)
    side = min(CELL, height), min(CELL, width)
    cut = luma[: rows * side[0], : columns * side[1]]
    return cut.reshape(rows, side[0], columns, side[1]).mean(axis=(1, 3))


def _histogram_change(first: np.ndarray, second: np.ndarray) -> float:
    """Return which part of the cells, 0 to 1, would have to change their bin to make both histograms equal."""
    counts = [np.histogram(cells, HISTOGRAM_BINS, (0, 256))[0] for cells in (first, second)]
    return float(np.abs(counts[0] - counts[1]).sum() / (2 * first.size))
