"""Engine video/mc of the reference decoder: the smoothing of edges (FORMAT.md, 18.9)."""

from __future__ import annotations

from reference_transform_plane import Plane, clip
from reference_video_motion import WITHOUT, MotionField

B = [0] * 16 + [q - 10 for q in range(16, 28)] + [2 * q - 38 for q in range(28, 52)]
C = [0] * 18 + [1] * 9 + [2] * 4 + [3] * 4 + [4] * 3
C += [5, 5, 6, 6, 7, 8, 9, 10, 11, 13, 14, 16, 18, 20, 22, 24]


def smooth(planes: list[Plane], field: MotionField) -> None:
    for upright in (True, False):
        strengths = {place: strength(planes[0], field, *place, upright) for place in planes[0].units}
        for (v, u), found in sorted(strengths.items()):
            if found > 0:
                smooth_luma(planes[0], 4 * v, 4 * u, found, upright)
        for plane in planes[1:]:
            for (v, u), found in sorted(strengths.items()):
                if found == 2 and (u if upright else v) % 4 == 0:
                    smooth_chroma(plane, 2 * v, 2 * u, upright)


def strength(luma: Plane, field: MotionField, v: int, u: int, upright: bool) -> int:
    unit = luma.units[v, u]
    place = 4 * (u if upright else v)
    if place == 0 or place % 8 or place % (1 << (unit.lw if upright else unit.lh)):
        return 0
    other = (v, u - 1) if upright else (v - 1, u)
    mine, theirs = field.units[v // 2, u // 2], field.units[other[0] // 2, other[1] // 2]
    if WITHOUT in (mine.kind, theirs.kind):
        return 2
    if unit.coded or luma.units[other].coded:
        return 1
    for side in (0, 1):
        first, second = mine.motion.entries[side], theirs.motion.entries[side]
        if (first is None) != (second is None):
            return 1
        if first is None:
            continue
        if field.times[side][first] != field.times[side][second]:
            return 1
        if any(abs(a - b) >= 4 for a, b in zip(mine.motion.vectors[side], theirs.motion.vectors[side])):
            return 1
    return 0


class Line:
    """The samples across an edge: p(0), p(1), ... on one side, q(0), q(1), ... on the other."""

    def __init__(self, plane: Plane, y: int, x: int, upright: bool):
        self.samples, self.y, self.x, self.upright = plane.samples, y, x, upright

    def place(self, i: int) -> tuple[int, int]:
        return (self.y, self.x + i) if self.upright else (self.y + i, self.x)

    def __getitem__(self, i: int) -> int:
        """q(i) for i >= 0, p(-1 - i) for i < 0"""
        v, u = self.place(i)
        return self.samples[v][u]

    def __setitem__(self, i: int, value: int) -> None:
        v, u = self.place(i)
        self.samples[v][u] = value


def lines_of(plane: Plane, y: int, x: int, count: int, upright: bool) -> list[Line]:
    return [Line(plane, y + i if upright else y, x if upright else x + i, upright) for i in range(count)]


def smooth_luma(plane: Plane, y: int, x: int, found: int, upright: bool) -> None:
    q = (16 + 3 * plane.base_step + 2) >> 2
    b, t = 16 * B[min(q, 51)], 16 * C[min(q + 2 * (found - 1), 53)]
    lines = lines_of(plane, y, x, 4, upright)
    ends = lines[0], lines[3]
    dp = [abs(s[-3] - 2 * s[-2] + s[-1]) for s in ends]
    dq = [abs(s[2] - 2 * s[1] + s[0]) for s in ends]
    if sum(dp) + sum(dq) >= b:
        return
    flat = all(
        2 * (p + r) < b >> 2 and abs(s[-4] - s[-1]) + abs(s[0] - s[3]) < b >> 3 and 2 * abs(s[-1] - s[0]) < 5 * t
        for p, r, s in zip(dp, dq, ends)
    )
    limit = (b + (b >> 1)) >> 3
    for line in lines:
        if flat:
            smooth_flat(line, 2 * t)
        else:
            smooth_step(line, t, sum(dp) < limit, sum(dq) < limit)


def smooth_flat(s: Line, bound: int) -> None:
    p3, p2, p1, p0, q0, q1, q2, q3 = (s[i] for i in range(-4, 4))
    wanted = {
        -1: (p2 + 2 * p1 + 2 * p0 + 2 * q0 + q1 + 4) >> 3,
        -2: (p2 + p1 + p0 + q0 + 2) >> 2,
        -3: (2 * p3 + 3 * p2 + p1 + p0 + q0 + 4) >> 3,
        0: (p1 + 2 * p0 + 2 * q0 + 2 * q1 + q2 + 4) >> 3,
        1: (p0 + q0 + q1 + q2 + 2) >> 2,
        2: (p0 + q0 + q1 + 3 * q2 + 2 * q3 + 4) >> 3,
    }
    for i, value in wanted.items():
        s[i] = clip(value, s[i] - bound, s[i] + bound)


def smooth_step(s: Line, t: int, deep_p: bool, deep_q: bool) -> None:
    p2, p1, p0, q0, q1, q2 = (s[i] for i in range(-3, 3))
    d = (9 * (q0 - p0) - 3 * (q1 - p1) + 8) >> 4
    if abs(d) >= 10 * t:
        return
    d = clip(d, -t, t)
    s[-1], s[0] = clip(p0 + d, 0, 4080), clip(q0 - d, 0, 4080)
    half = t >> 1
    if deep_p:
        s[-2] = clip(p1 + clip((((p2 + p0 + 1) >> 1) - p1 + d) >> 1, -half, half), 0, 4080)
    if deep_q:
        s[1] = clip(q1 + clip((((q2 + q0 + 1) >> 1) - q1 - d) >> 1, -half, half), 0, 4080)


def smooth_chroma(plane: Plane, y: int, x: int, upright: bool) -> None:
    q = (16 + 3 * plane.base_step + 2) >> 2
    t = 16 * C[min(q + 2, 53)]
    for s in lines_of(plane, y, x, 2, upright):
        d = clip((4 * (s[0] - s[-1]) + s[-2] - s[1] + 4) >> 3, -t, t)
        s[-1], s[0] = clip(s[-1] + d, 0, 4080), clip(s[0] - d, 0, 4080)
