"""Engine video/mc of the reference decoder: the order of frames, and their classes (FORMAT.md, 18.1)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """18.1: a frame in coding order."""

    time: int
    level: int
    frame_class: int
    kept: bool


def coding_order(n: int, d: int, memory: bool) -> list[Place]:
    places = [Place(0, 0, 4 if memory else 0, True)]
    low = 0
    while low < n - 1:
        high = min(low + d, n - 1)
        places.append(Place(high, 1, 1, True))
        places += between(low, high, 2)
        low = high
    return places


def between(a: int, b: int, level: int) -> list[Place]:
    if b - a < 2:
        return []
    m = (a + b) // 2
    kept = b - a > 2
    here = Place(m, level, 2 if kept else 3, kept)
    return [here, *between(a, m, level + 1), *between(m, b, level + 1)]
