"""The order in which the frames of a group are coded, and what each is predicted from.

A group starts with a frame on its own (I). Every `distance` frames follows a key frame (P), predicted from the two
before it; the frames between are predicted from both sides, the middle one first (hierarchical B). The last level is
not predicted from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from vqcodec.video.mc.layout import ENTRIES, SLOTS

DISTANCES = (1, 2, 4, 8, 16)
DEFAULT_DISTANCE = 8
INTRA, KEY, MIDDLE, TOP = range(4)  # classes of frames, which have tables of their own
CLASS_COUNT = 4


class Place(NamedTuple):
    """A frame in the hierarchy.

    Attributes:
        time: its number in display order, from 0.
        level: 0 for the frame on its own, 1 for key frames, then the levels of frames between.
        frame_class: INTRA, KEY, MIDDLE or TOP.
        kept: whether others may be predicted from it.
    """

    time: int
    level: int
    frame_class: int
    kept: bool

    @property
    def kind(self) -> str:
        """What reports call it."""
        return ("I", "P")[self.level] if self.level < 2 else f"B{self.level - 1}"


def coding_order(count: int, distance: int) -> Iterator[Place]:
    """Yield the frames of a group of `count` in the order in which they are coded."""
    yield Place(0, 0, INTRA, True)
    low = 0
    while low < count - 1:
        high = min(low + distance, count - 1)
        yield Place(high, 1, KEY, True)
        yield from _between(low, high, 2)
        low = high


def _between(low: int, high: int, level: int) -> Iterator[Place]:
    if high - low < 2:
        return
    middle = (low + high) // 2
    last = high - low == 2
    yield Place(middle, level, TOP if last else MIDDLE, not last)
    yield from _between(low, middle, level + 1)
    yield from _between(middle, high, level + 1)


class References:
    """The frames that are kept: which slot holds which, and the lists of references of the next frame."""

    def __init__(self) -> None:
        self._times: list[int | None] = [None] * SLOTS
        self._keys: list[int] = []

    def keep(self, place: Place) -> int:
        """Return the slot for a frame that is kept: a free one, or that of the oldest."""
        if place.level < 2:
            self._keys.append(place.time)
        if None not in self._times:
            oldest = min(range(SLOTS), key=lambda slot: self._times[slot] or 0)
            self._times[oldest] = None
        slot = self._times.index(None)
        self._times[slot] = place.time
        return slot

    def slot_of(self, time: int) -> int:
        """Return where the frame of that time is kept."""
        return self._times.index(time)

    def lists(self, place: Place) -> tuple[list[int], list[int]]:
        """Return the times of the references of the two lists, the nearest first.

        Key frames take the last key frames for both; others the past first in one list, the future first in the other.
        """
        kept = sorted(time for time in self._times if time is not None)
        if place.level == 1:
            keys = [time for time in self._keys if time in kept][: -ENTRIES - 1 : -1]
            return keys, keys
        past = [time for time in reversed(kept) if time < place.time]
        future = [time for time in kept if time > place.time]
        return (past + future)[:ENTRIES], (future + past)[:ENTRIES]
