"""Engine image/transform of the reference decoder: planes, units and blocks (FORMAT.md, 9.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Samples = list[list[int]]
"""By row and column, in 1/16."""


@dataclass(frozen=True)
class Block:
    """Position and size in samples; sizes as logarithms too."""

    y: int
    x: int
    lw: int
    lh: int

    @property
    def width(self) -> int:
        return 1 << self.lw

    @property
    def height(self) -> int:
        return 1 << self.lh


@dataclass(frozen=True)
class Unit:
    """What is kept of a unit of 4x4 samples once it is decoded."""

    lw: int
    lh: int
    mode: int
    energy: int
    coded: bool
    place: tuple[int, int, int] | None = None  # what it is predicted from, where that is memory (9.18)
    flavour: int = 0  # likewise, how


class Plane:
    """A padded plane while it is decoded."""

    def __init__(self, height: int, width: int, base_step: int):
        self.height, self.width = -(-height // 4) * 4, -(-width // 4) * 4
        self.base_step = base_step
        self.shaped = False  # whether the step grows with the frequency
        self.samples: Samples = [[0] * self.width for _ in range(self.height)]
        self.units: dict[tuple[int, int], Unit] = {}
        self.steps: dict[tuple[int, int], int] = {}
        self.guides: list[Samples] = []
        self.luma_modes: list[list[int]] = []  # by unit of this plane
        self.memory: Any = None  # of a plane that is predicted from memory (9.18): what it is predicted from
        self.copies: Any = None  # of a plane whose blocks may be copied (9.20): what tells the copies
        self.values: Any = None  # of a plane with palettes (9.21): what tells them
        self.mixed: Any = None  # with mixed chances (9.22): what reads by them
        self.luma_units: dict[tuple[int, int], Unit] = {}  # of both: luma's units, by unit of this plane
        self.luma_shift = 0  # of both: 1 where the plane has half the size of luma

    def contains(self, y: int, x: int) -> bool:
        return 0 <= y < self.height and 0 <= x < self.width

    def unit(self, y: int, x: int) -> Unit | None:
        """The unit over a sample; None if it is outside, or not decoded yet."""
        return self.units.get((y // 4, x // 4)) if self.contains(y, x) else None

    def step_index(self, y: int, x: int) -> int:
        """That of the superblock over a sample."""
        return self.steps[y // 32, x // 32]

    def keep(self, block: Block, unit: Unit) -> None:
        for v in range(block.y // 4, (block.y + block.height) // 4):
            for u in range(block.x // 4, (block.x + block.width) // 4):
                self.units[v, u] = unit


def clip(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)


def be_guided(plane: Plane, before: list[Plane], shift: int) -> None:
    """9.7, 9.14: give a plane its guides; `shift` is 1 where it has half the size of luma."""
    luma = before[0]
    plane.guides = [guide_samples(luma, plane, shift), *(other.samples for other in before[1:])]
    for v in range(plane.height // 4):
        units = [luma_unit(luma, v, u, shift) for u in range(plane.width // 4)]
        plane.luma_modes.append([unit.mode for unit in units])


def luma_unit(luma: Plane, v: int, u: int, shift: int) -> Unit:
    """Luma's unit in the middle of a unit of a plane that it guides."""
    row = min((v << shift) + shift, luma.height // 4 - 1)
    column = min((u << shift) + shift, luma.width // 4 - 1)
    return luma.units[row, column]


def guide_samples(luma: Plane, plane: Plane, shift: int) -> Samples:
    """Luma in the size of the plane."""
    if shift == 0:
        return luma.samples

    def at(y: int, x: int) -> int:
        return luma.samples[min(y, luma.height - 1)][min(x, luma.width - 1)]

    def mean(y: int, x: int) -> int:
        total = at(2 * y, 2 * x) + at(2 * y, 2 * x + 1) + at(2 * y + 1, 2 * x) + at(2 * y + 1, 2 * x + 1)
        return (total + 2) >> 2

    return [[mean(y, x) for x in range(plane.width)] for y in range(plane.height)]
