"""Engine image/transform of the reference decoder: blocks with palettes (FORMAT.md, 9.21)."""

from __future__ import annotations

from reference_transform_plane import Block, Plane, Samples
from reference_transform_values import Values

PALETTE = 39
MOST = 16
USED, COUNT, LEFT, TURN, REST = 398, 482, 514, 898, 1090


def read_palette(plane: Plane, block: Block, values: Values) -> Samples | None:
    """The samples of a block that has a palette; None if it has none."""
    guide: list[list[int]] = []
    levels: list[int] = []
    if plane.guides:
        rows = plane.guides[0][block.y : block.y + block.height]
        guide = [row[block.x : block.x + block.width] for row in rows]
        levels = sorted({sample for row in guide for sample in row})
        if len(levels) > MOST:
            return None
    kind = 0 if not levels else 1 if len(levels) == 1 else 2 if len(levels) <= 4 else 3
    units = (plane.unit(block.y, block.x - 1), plane.unit(block.y - 1, block.x))
    near = sum(unit is not None and unit.mode == PALETTE for unit in units)
    size = block.lw + block.lh - 4
    if not values.value(USED + (kind * 3 + near) * 7 + size):
        return None
    if levels:
        number = len(plane.guides)
        colours = {level: 4 * values.level(number, 1 + level // 4) for level in levels}
        return [[colours[sample] for sample in row] for row in guide]
    node = 1
    for _ in range(4):
        node = 2 * node + values.value(COUNT + (16 if size > 2 else 0) + node)
    palette: list[int] = []
    for _ in range(node - 15):
        palette.append(4 * values.level(0, 1 + palette[-1] // 4 if palette else 0))
    return [[palette[index] for index in row] for row in read_indices(plane, block, palette, values)]


def read_indices(plane: Plane, block: Block, palette: list[int], values: Values) -> list[list[int]]:
    """By row and column of the block."""
    if len(palette) == 1:
        return [[0] * block.width] * block.height
    indices = {
        (i, j): border_index(plane, palette, block.y + i, block.x + j)
        for i in range(-2, block.height)
        for j in range(-2, block.width + 1 if i < 0 else 0)
    }
    for i in range(block.height):
        if i > 0:
            indices[i - 1, block.width] = indices[i - 1, block.width - 1]
        for j in range(block.width):
            indices[i, j] = read_index(indices, i, j, len(palette), values)
    return [[indices[i, j] for j in range(block.width)] for i in range(block.height)]


def border_index(plane: Plane, palette: list[int], y: int, x: int) -> int:
    if plane.unit(y, x) is None:
        return 0
    distances = [abs(colour - plane.samples[y][x]) for colour in palette]
    return distances.index(min(distances))


def read_index(indices: dict[tuple[int, int], int], i: int, j: int, count: int, values: Values) -> int:
    left, above = indices[i, j - 1], indices[i - 1, j]
    right, corner = indices[i - 1, j + 1], indices[i - 1, j - 1]
    equal = [
        above == left,
        corner == left,
        right == left,
        corner == above,
        right == above,
        indices[i, j - 2] == left,
        indices[i - 2, j] == above,
    ]
    pattern = sum(value << bit for bit, value in enumerate(equal))
    kind = 0 if count == 2 else 1 if count <= 4 else 2
    if values.value(LEFT + 128 * kind + pattern):
        return left
    if count == 2:
        return 1 - left
    seen = {left}
    for turn, other in enumerate((above, right, corner)):
        if other not in seen and values.value(TURN + 32 * (2 * turn + kind - 1) + pattern % 32):
            return other
        seen.add(other)
    bits = 2 if count <= 4 else 3 if count <= 8 else 4
    place = 0 if left == 0 else 1 if left == count - 1 else 2 if 2 * left < count else 3
    node = 1
    for _ in range(bits):
        node = 2 * node + values.value(REST + 80 * place + 16 * bits + node)
    return min(node - (1 << bits), count - 1)
