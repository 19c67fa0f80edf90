"""The order in which the frames of a group are coded, and the references of each.

A group starts with an intra frame (I), or with a frame predicted from the codebook's memory (M). Every `distance`
frames there is a key frame (P), predicted from the last key frames before it. The frames between are predicted from
both sides, the middle one first (hierarchical B). Nothing is predicted from frames of the last level.

The frames of the memory count as key frames before the group: their times are -1 and -2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from vqcodec.video.mc.layout import ENTRIES, SLOTS

DISTANCES = (1, 2, 4, 8, 16)
DEFAULT_DISTANCE = 8
INTRA, KEY, MIDDLE, TOP, FROM_MEMORY = range(5)  # classes of frames; each has its own tables


class Place(NamedTuple):
    """A frame in the hierarchy.

    Attributes:
        time: number in display order, from 0.
        level: 0 for the first frame, 1 for key frames, 2 and more for frames between them.
        frame_class: INTRA, KEY, MIDDLE, TOP or FROM_MEMORY.
        kept: whether later frames may be predicted from it.
    """

    time: int
    level: int
    frame_class: int
    kept: bool

    @property
    def kind(self) -> str:
        """Name in reports: I, M, P, or B with its level among the frames between, such as B1."""
        if self.level == 0:
            return "I" if self.frame_class == INTRA else "M"
        return "P" if self.level == 1 else f"B{self.level - 1}"


def coding_order(count: int, distance: int, memory: bool = False) -> Iterator[Place]:
    """Yield the places of a group of `count` frames in coding order.

    Args:
        distance: from a key frame to the next, in frames.
        memory: whether the first frame is predicted from the codebook's memory.
    """
    yield Place(0, 0, FROM_MEMORY if memory else INTRA, True)
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
    """The kept frames: the slot of each, and the lists of references of the next frame."""

    def __init__(self) -> None:
        self._times: list[int | None] = [None] * SLOTS
        self._keys: list[int] = []

    def keep(self, place: Place) -> int:
        """Keep a frame; return its slot: a free one, or else that of the group's oldest frame, which is dropped."""
        if place.level < 2:
            self._keys.append(place.time)
        if None not in self._times:
            oldest = min(time for time in self._times if time is not None and time >= 0)
            self._times[self._times.index(oldest)] = None
        slot = self._times.index(None)
        self._times[slot] = place.time
        return slot

    def slot_of(self, time: int) -> int:
        """Return the slot of the frame at `time`, which must be kept."""
        return self._times.index(time)

    def lists(self, place: Place) -> tuple[list[int], list[int]]:
        """Return the times of the references in the two lists, the nearest first.

        A first frame has the frames of the memory in both lists, and key frames have the last two key frames. In a
        group with memory the second of these is always its first frame of the memory. Other frames have past frames
        before future ones in the first list, and future frames before past ones in the second.
        """
        kept = sorted(time for time in self._times if time is not None)
        if place.level < 2:
            keys = [time for time in reversed(self._keys) if time in kept]
            if place.level == 1 and kept[0] < 0:
                keys = [keys[0], -1]
            return keys[:ENTRIES], keys[:ENTRIES]
        past = [time for time in reversed(kept) if time < place.time]
        future = [time for time in kept if time > place.time]
        return (past + future)[:ENTRIES], (future + past)[:ENTRIES]
