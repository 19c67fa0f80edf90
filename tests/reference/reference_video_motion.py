"""Engine video/mc of the reference decoder: motion and prediction along it (FORMAT.md, 18.4, 18.6, 18.7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reference_transform_plane import Samples, clip

LUMA_TAPS = [
    (0, 0, 0, 64, 0, 0, 0, 0),
    (-1, 4, -10, 58, 17, -5, 1, 0),
    (-1, 4, -11, 40, 40, -11, 4, -1),
    (0, 1, -5, 17, 58, -10, 4, -1),
]
CHROMA_TAPS = [(0, 64, 0, 0), (-2, 58, 10, -2), (-4, 54, 16, -2), (-6, 46, 28, -4), (-4, 36, 36, -4)]
CHROMA_TAPS += [taps[::-1] for taps in CHROMA_TAPS[3:0:-1]]

SKIPPED, MERGED, EXPLICIT, WITHOUT = range(1, 5)


@dataclass(frozen=True)
class Motion:
    """For each list the entry or None, and the vector."""

    entries: tuple[int | None, int | None]
    vectors: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))


@dataclass(frozen=True)
class MotionUnit:
    """What is kept of a unit of 8x8 luma samples."""

    kind: int
    k: int
    motion: Motion | None


@dataclass
class Reference:
    """A kept frame: its planes in 1/16, its motion, and the times of its lists."""

    time: int
    planes: list[Samples]
    units: dict[tuple[int, int], MotionUnit]
    times: list[list[int]]


@dataclass
class MotionField:
    """The motion of the frame that is decoded."""

    height: int
    width: int
    time: int
    lists: list[list[Reference]]
    units: dict[tuple[int, int], MotionUnit] = field(default_factory=dict)

    @property
    def times(self) -> list[list[int]]:
        return [[reference.time for reference in entries] for entries in self.lists]

    @property
    def colocated(self) -> Reference:
        return self.lists[1][0]

    def there(self, y: int, x: int) -> MotionUnit | None:
        """The unit over a sample, if it is decoded and has motion."""
        unit = self.units.get((y // 8, x // 8)) if 0 <= y < self.height and 0 <= x < self.width else None
        return unit if unit is not None and unit.motion is not None else None

    # 18.4

    def temporal(self, y: int, x: int, s: int, wanted: int) -> tuple[int, int] | None:
        other = self.colocated
        for reach in (s, s // 2):
            if y + reach >= self.height or x + reach >= self.width:
                continue
            motion = other.units[(y + reach) // 8, (x + reach) // 8].motion
            if motion is None:
                continue
            chosen = None
            for side in (0, 1):
                if motion.entries[side] is None:
                    continue
                time = other.times[side][motion.entries[side]]
                if chosen is None or (time - other.time) * (wanted - self.time) > 0:
                    chosen = side
            given = other.time - other.times[chosen][motion.entries[chosen]]
            return scaled(motion.vectors[chosen], self.time - wanted, given)
        return None

    # 18.6

    def candidates(self, y: int, x: int, s: int) -> list[Motion]:
        found: list[Motion] = []
        for v, u in ((y + s - 1, x - 1), (y - 1, x + s - 1), (y - 1, x + s), (y + s, x - 1), (y - 1, x - 1)):
            unit = self.there(v, u)
            if unit is not None and unit.motion not in found and len(found) < 4:
                found.append(unit.motion)
        first = self.temporal(y, x, s, self.times[0][0])
        if first is not None:
            found.append(Motion((0, 0), (first, self.temporal(y, x, s, self.times[1][0]))))
        known = list(found)
        for i, a in enumerate(known):
            for j, b in enumerate(known):
                if i == j or len(found) == 5 or a.entries[0] is None or b.entries[1] is None:
                    continue
                same_time = self.times[0][a.entries[0]] == self.times[1][b.entries[1]]
                if not (same_time and a.vectors[0] == b.vectors[1]):
                    found.append(Motion((a.entries[0], b.entries[1]), (a.vectors[0], b.vectors[1])))
        lasts = [len(entries) - 1 for entries in self.lists]
        rest = [Motion((min(z, lasts[0]), min(z, lasts[1]))) for z in range(5)]
        return (found + rest)[:5]

    def predictors(self, y: int, x: int, s: int, side: int, entry: int) -> list[tuple[int, int]]:
        wanted = self.times[side][entry]
        found: list[tuple[int, int]] = []
        left = [(y + s, x - 1), (y + s - 1, x - 1)]
        above = [(y - 1, x + s), (y - 1, x + s - 1), (y - 1, x - 1)]
        for places in (left, above):
            vector = self.neighbour_vector(places, side, wanted)
            if vector is not None and vector not in found:
                found.append(vector)
        if len(found) < 2:
            vector = self.temporal(y, x, s, wanted)
            if vector is not None and vector not in found:
                found.append(vector)
        return [*found, (0, 0), (0, 0)][:2]

    def neighbour_vector(self, places: list[tuple[int, int]], side: int, wanted: int) -> tuple[int, int] | None:
        units = [unit for unit in (self.there(*place) for place in places) if unit is not None]
        for exact in (True, False):
            for unit in units:
                for other in (side, 1 - side):
                    entry = unit.motion.entries[other]
                    if entry is None:
                        continue
                    time = self.times[other][entry]
                    if exact and time != wanted:
                        continue
                    return scaled(unit.motion.vectors[other], self.time - wanted, self.time - time)
        return None


def scaled(vector: tuple[int, int], a: int, b: int) -> tuple[int, int]:
    return scale(vector[0], a, b), scale(vector[1], a, b)


def scale(v: int, a: int, b: int) -> int:
    if a == b or b == 0:
        return v
    p = v * a
    magnitude = min((2 * abs(p) + abs(b)) // (2 * abs(b)), 2047)
    return magnitude if (p >= 0) == (b > 0) else -magnitude


# 18.7 Prediction


def predicted(field: MotionField, plane: int, y: int, x: int, side: int, motion: Motion) -> Samples:
    """P of a square of a plane."""
    parts = []
    for number in (0, 1):
        if motion.entries[number] is not None:
            reference = field.lists[number][motion.entries[number]]
            parts.append(displaced(reference.planes[plane], plane, y, x, side, motion.vectors[number]))
    if len(parts) == 1:
        return parts[0]
    return [[(a + b + 1) >> 1 for a, b in zip(*rows)] for rows in zip(*parts)]


def displaced(samples: Samples, plane: int, y: int, x: int, side: int, vector: tuple[int, int]) -> Samples:
    f, taps, first = (4, LUMA_TAPS, -3) if plane == 0 else (8, CHROMA_TAPS, -1)
    (r, c), bottom, right = vector, len(samples) - 1, len(samples[0]) - 1
    down, across = taps[r % f], taps[c % f]
    top, left = y + r // f, x + c // f

    def line(v: int) -> list[Any]:
        row = samples[clip(v, 0, bottom)]
        values = [row[clip(left + j, 0, right)] for j in range(first, side + len(taps[0]) + first)]
        if c % f == 0:
            return values[-first : side - first]
        return [(sum(t * values[j + q] for q, t in enumerate(across)) + 32) >> 6 for j in range(side)]

    if r % f == 0:
        return [line(top + i) for i in range(side)]
    lines = [line(top + i) for i in range(first, side + len(down) + first)]
    return [
        [(sum(t * lines[i + q][j] for q, t in enumerate(down)) + 32) >> 6 for j in range(side)] for i in range(side)
    ]
