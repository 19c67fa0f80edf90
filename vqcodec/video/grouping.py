"""Where a group of frames ends: at a length, or where the scene changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from vqcodec.video.io.frames import Frame

MIN_GROUP = 4  # frames: a cut that comes sooner costs more than it saves
CELL = 8  # luma is looked at in means of CELL x CELL
RECENT = 8  # differences that a new one is measured against
LEAST_DIFFERENCE = 10.0  # mean absolute difference of the cells that a cut has at least
RATIO = 3.0  # times the mean of the recent ones
HISTOGRAM_BINS = 16
LEAST_HISTOGRAM_CHANGE = 0.15  # part of the cells that change their bin, if brightness alone is looked at
SLACK = 1.0  # added to the recent mean, so that noise in a still scene is not a cut


class SceneDetector:
    """Tells, frame by frame, whether a new scene begins.

    Luma is reduced to means of 8x8 samples. A scene begins where their mean absolute difference from the frame before
    is large in itself and against the mean of the last 8, and their histogram has changed as well: so neither quick
    motion, which differs for many frames, nor a moving object, which leaves the histogram, counts as a cut.
    """

    def __init__(self) -> None:
        self._previous: np.ndarray | None = None
        self._recent: deque[float] = deque(maxlen=RECENT)

    def begins(self, frame: Frame) -> bool:
        """Whether `frame`, the next one, begins a scene; the first of all does not count as a cut."""
        cells = _cell_means(frame.luma)
        previous, self._previous = self._previous, cells
        if previous is None:
            return False
        difference = float(np.mean(np.abs(cells - previous)))
        cut = (
            bool(self._recent)  # how much a scene moves is known from its second frame on
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
    """Cut frames into groups of at most `length`, and at scene cuts if there is a detector.

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
    """Means of CELL x CELL samples, float64; what does not fill a cell is left out, unless there is none."""
    height, width = luma.shape
    rows, columns = max(1, height // CELL), max(1, width // CELL)
    side = min(CELL, height), min(CELL, width)
    cut = luma[: rows * side[0], : columns * side[1]]
    return cut.reshape(rows, side[0], columns, side[1]).mean(axis=(1, 3))


def _histogram_change(first: np.ndarray, second: np.ndarray) -> float:
    """The part of the cells, 0 to 1, that would have to change their bin of brightness."""
    counts = [np.histogram(cells, HISTOGRAM_BINS, (0, 256))[0] for cells in (first, second)]
    return float(np.abs(counts[0] - counts[1]).sum() / (2 * first.size))
