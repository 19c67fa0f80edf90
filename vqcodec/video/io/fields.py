"""Whether frames consist of two fields of different times, found out by looking at what moves in them.

Rows of a progressive frame fit together, and do not fit to those of the frame before. If a frame is interlaced, the
rows of one parity are as far in time from the others as from those of the frame before: both combinations look like a
comb where something moves, and the third one, of fields that are three apart, more so.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from vqcodec.video.io.frames import Frame

MOST_FRAMES = 600  # looked at, if little moves
ENOUGH = 40  # frames in which something moves

_MOVED = 12  # least change of a sample that moves
_LEAST_MOVING = 0.002  # share of the samples
_WIDE = 500  # samples across; of wider frames only some columns are looked at
_REPEATED = 3  # if in one field so many times more samples move than in the other, the other one is shown again
_TELECINED = 0.25  # least share of frames with such a field: it is 2 of 5
_LEAST_COMB = {True: 0.5, False: 0.8}  # least comb of frames, in that of neighbouring fields; if marked, and if not
_LEAST_SEEN = {True: 1, False: 5}  # frames in which something moves; without a mark, fewer may look so by chance
_LEAST_ORDER = {True: 1.1, False: 1.15}  # least ratio of the combs of fields that are three apart and one


class Fields(Enum):
    """What the frames of a video are."""

    UNKNOWN = "too little moves in them"
    PROGRESSIVE = "whole pictures"
    INTERLACED = "two fields of different times"
    TELECINED = "film at 24 frames a second whose fields are shown for 2 and 3 fields of video"


def looked_at(frames: Iterable[Frame], *, marked: bool) -> tuple[Fields, bool]:
    """Return what the frames of a video are, and whether the upper field of each comes first.

    Args:
        frames: from the beginning of the video; no more than needed are taken.
        marked: whether the file says that they are interlaced.
    """
    combs = np.zeros(3)
    seen = repeated = 0
    before: NDArray[np.int32] | None = None
    for number, frame in enumerate(frames):
        rows = _some_columns(frame.luma)
        if before is not None and min(rows.shape) > 4:
            found = _combs(before, rows)
            if found is not None:
                combs += found
                seen += 1
                repeated += _repeats_a_field(before, rows)
        before = rows
        if seen == ENOUGH or number == MOST_FRAMES:
            break
    if seen < _LEAST_SEEN[marked]:
        return Fields.UNKNOWN, True
    own, upper_first, lower_first = combs
    nearer, farther = sorted((upper_first, lower_first))
    if own < _LEAST_COMB[marked] * nearer or farther < _LEAST_ORDER[marked] * nearer:
        return Fields.PROGRESSIVE, True
    kind = Fields.TELECINED if repeated >= _TELECINED * seen else Fields.INTERLACED
    return kind, bool(upper_first < lower_first)


def _some_columns(luma: NDArray[np.uint8]) -> NDArray[np.int32]:
    return luma[:, :: 1 + luma.shape[1] // _WIDE].astype(np.int32)


def _combs(before: NDArray[np.int32], frame: NDArray[np.int32]) -> NDArray[np.float64] | None:
    """Return how much neighbouring rows differ where something moves; None if hardly anything does.

    Returns:
        Sums for the frame as it is; for its upper field with the lower one of the frame before, which neighbour in time
        if upper fields come first; and for its lower field with the upper one before.
    """
    moving = np.abs(frame - before)[1:-1] > _MOVED
    if moving.sum() < _LEAST_MOVING * moving.size:
        return None
    sums = [_comb(frame)[moving].sum()]
    for parity in (0, 1):
        woven = before.copy()
        woven[parity::2] = frame[parity::2]
        sums.append(_comb(woven)[moving].sum())
    return np.array(sums, np.float64)


def _comb(rows: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.abs(2 * rows[1:-1] - rows[:-2] - rows[2:])


def _repeats_a_field(before: NDArray[np.int32], frame: NDArray[np.int32]) -> bool:
    """Return whether one field stays while the other one changes."""
    moving = np.abs(frame - before) > _MOVED
    fields = sorted(int(moving[parity::2].sum()) for parity in (0, 1))
    return fields[0] * _REPEATED < fields[1]
