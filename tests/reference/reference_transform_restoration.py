"""Engine image/transform of the reference decoder: the restoration filter (FORMAT.md, 9.16)."""

from __future__ import annotations

from reference_transform_plane import Plane, Samples, clip
from reference_transform_tables import step_of

CUTS = (5, 12, 25, 50, 90)
TAPS = [(0, 1), (0, 2), (0, 3), (1, -2), (1, -1), (1, 0), (1, 1), (1, 2), (2, -1), (2, 0), (2, 1), (3, 0)]
"""dy and dx of k = 0 to 11."""


def restored(plane: Plane, weights: list[list[int]]) -> Samples:
    """The filtered samples of a plane; `weights` are w by class."""
    sums = {unit: unit_sums(plane, *unit) for unit in plane.units}
    classes = {unit: unit_class(plane, sums, *unit) for unit in plane.units}
    filtered = []
    for y in range(plane.height):
        row = []
        for x in range(plane.width):
            of_sample = classes[y // 4, x // 4] * 2 + is_at_edge(plane, y, x)
            row.append(filtered_sample(plane, y, x, weights[of_sample]))
        filtered.append(row)
    return filtered


def sample(plane: Plane, y: int, x: int) -> int:
    """s: outside the plane the nearest sample inside."""
    return plane.samples[clip(y, 0, plane.height - 1)][clip(x, 0, plane.width - 1)]


# Class of a unit


def unit_sums(plane: Plane, v: int, u: int) -> list[int]:
    """Vertical, horizontal, falling and rising second differences of one unit."""
    sums = []
    for dy, dx in ((1, 0), (0, 1), (1, 1), (1, -1)):
        total = 0
        for y in range(4 * v, 4 * v + 4):
            for x in range(4 * u, 4 * u + 4):
                ends = sample(plane, y - dy, x - dx) + sample(plane, y + dy, x + dx)
                total += abs(ends - 2 * plane.samples[y][x])
        sums.append(total)
    return sums


def unit_class(plane: Plane, sums: dict[tuple[int, int], list[int]], v: int, u: int) -> int:
    last_v, last_u = plane.height // 4 - 1, plane.width // 4 - 1
    around = [sums[clip(i, 0, last_v), clip(j, 0, last_u)] for i in (v - 1, v, v + 1) for j in (u - 1, u, u + 1)]
    vertical, horizontal, falling, rising = (sum(values) for values in zip(*around, strict=True))
    step = step_of(plane.step_index(4 * v, 4 * u))
    activity = sum(25 * (vertical + horizontal) >= 9 * cut * step for cut in CUTS)
    direction = direction_of(vertical, horizontal, falling, rising)
    return (direction * 6 + activity) * 2 + plane.units[v, u].coded


def direction_of(vertical: int, horizontal: int, falling: int, rising: int) -> int:
    a, b = max(vertical, horizontal), min(vertical, horizontal)
    c, d = max(falling, rising), min(falling, rising)
    if a * (d + 1) >= c * (b + 1):
        if 2 * a < 3 * b or a == 0:
            return 0
        return 1 if vertical > horizontal else 2
    if 2 * c < 3 * d:
        return 0
    return 3 if falling > rising else 4


# Class of a sample, and the filter


def is_at_edge(plane: Plane, y: int, x: int) -> bool:
    unit = plane.units[y // 4, x // 4]
    width, height = 1 << unit.lw, 1 << unit.lh
    return y % height in (0, height - 1) or x % width in (0, width - 1)


def filtered_sample(plane: Plane, y: int, x: int, weights: list[int]) -> int:
    step = step_of(plane.step_index(y, x))
    loose, tight = (3 * step) >> 3, (5 * step) >> 6
    here = plane.samples[y][x]
    total = 0
    for k, (dy, dx) in enumerate(TAPS):
        for difference in (sample(plane, y + dy, x + dx) - here, sample(plane, y - dy, x - dx) - here):
            total += weights[k] * difference
            total += weights[12 + k] * clip(difference, -loose, loose)
            total += weights[24 + k] * clip(difference, -tight, tight)
    return clip(here + ((total + 512) >> 10), 0, 4080)
