"""Engine image/transform of the reference decoder: blocks copied from their own plane (FORMAT.md, 9.20)."""

from __future__ import annotations

from reference_decoder import require
from reference_transform_memory import guide, luma_in_the_middle, near
from reference_transform_plane import Block, Plane, Samples
from reference_transform_values import Values

CODED, CANDIDATE, AXIS = 84, 168, 188

Place = tuple[int, int, int]


class Copies:
    """Reads what is copied from where."""

    def __init__(self, values: Values):
        self.values = values
        self.value = values.value

    def component(self, axis: int) -> int:
        first = AXIS + 70 * axis
        node = 1
        for _ in range(4):
            node = 2 * node + self.value(first + 1 + node)
        size = min(node - 16, 12)
        if size == 0:
            return 0
        negative = self.value(first)
        magnitude = 1
        for number in range(size - 1):
            known = self.value(first + 18 + 4 * size + magnitude) if number < 2 else self.values.even()
            magnitude = 2 * magnitude + known
        return -magnitude if negative else magnitude

    def read(self, plane: Plane, block: Block) -> tuple[Place | None, int]:
        """Where a block is copied from, None if it is not copied, and whether it has coefficients."""
        size = block.lw + block.lh - 4
        kind = 1 + guide(plane, block) if plane.guides else 0
        if not self.value((kind * 3 + near(plane, block)) * 7 + size):
            return None, 0
        units = (plane.unit(block.y, block.x - 1), plane.unit(block.y - 1, block.x))
        energies = sum(unit is not None and unit.energy > 0 for unit in units)
        coded = self.value(CODED + (kind * 3 + energies) * 7 + size)
        for number, place in enumerate(candidates(plane, block)):
            if self.value(CANDIDATE + 5 * kind + number):
                return place, coded
        down = self.component(0)
        place = (0, down, self.component(1 if down == 0 else 2))
        require(possible(plane, block, place))
        return place, coded


def candidates(plane: Plane, block: Block) -> list[Place]:
    top, left, bottom, right = block.y, block.x, block.y + block.height - 1, block.x + block.width - 1
    samples = [(bottom, left - 1), (top - 1, right), (top - 1, right + 1), (top, left - 1), (top - 1, left)]
    units = [plane.unit(y, x) for y, x in samples]
    places = [unit.place for unit in units if unit is not None and unit.place is not None]
    luma = luma_in_the_middle(plane, block)
    if luma is not None and luma.place is not None:
        _, down, across = luma.place
        places.insert(0, (0, down >> plane.luma_shift, across >> plane.luma_shift))
    return [place for place in dict.fromkeys(places) if possible(plane, block, place)][:5]


def possible(plane: Plane, block: Block, place: Place) -> bool:
    """Whether a block may be copied from a place."""
    top, left = block.y + place[1], block.x + place[2]
    bottom, right = top + block.height - 1, left + block.width - 1
    if not plane.contains(top, left) or not plane.contains(bottom, right):
        return False
    own, last = (block.y // 32, block.x // 32), (bottom // 32, right // 32)
    if last != own:
        return last[0] <= own[0] and last[1] + 2 * last[0] < own[1] + 2 * own[0]
    return all(plane.unit(y, x) is not None for y in range(top, bottom + 1) for x in range(left, right + 1))


def copied(plane: Plane, block: Block, place: Place) -> Samples:
    top, left = block.y + place[1], block.x + place[2]
    return [plane.samples[top + i][left : left + block.width] for i in range(block.height)]
