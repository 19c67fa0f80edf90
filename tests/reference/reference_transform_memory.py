"""Engine image/transform of the reference decoder: prediction from memory (FORMAT.md, 9.18)."""

from __future__ import annotations

from collections.abc import Callable

from reference_block import doubled
from reference_transform_plane import Block, Plane, Samples, Unit, clip
from reference_video_motion import CHROMA_TAPS, LUMA_TAPS

REMEMBERED = 38
MOTION_CONTEXT, VECTOR_CONTEXT, FRACTION_CONTEXT = 8398, 8419, 8422
COPY, FITTED = 0, 1
BORDER = 40

Place = tuple[int, int, int]
"""A reference, and how far down and to the right."""


class References:
    """What a plane is predicted from: one plane of each reference, H and W."""

    def __init__(self, planes: list[Samples], plane: Plane):
        self.planes = planes
        self.height = max(plane.height, *(len(samples) for samples in planes))
        self.width = max(plane.width, *(len(samples[0]) for samples in planes))

    def at(self, number: int, y: int, x: int) -> int:
        samples = self.planes[number]
        return samples[clip(y, 0, len(samples) - 1)][clip(x, 0, len(samples[0]) - 1)]


def planes_for(item: list[Samples], chroma: bool, half: bool) -> list[Samples]:
    """The planes of an item for a picture with chroma or without, at half size or not."""
    luma = item[0]
    if not chroma:
        return [luma]
    height, width = len(luma), len(luma[0])
    rows, columns = ((height + 1) // 2, (width + 1) // 2) if half else (height, width)
    if len(item) == 1:
        return [luma] + [[[2048] * columns for _ in range(rows)] for _ in range(2)]
    if (len(item[1]), len(item[1][0])) == (rows, columns):
        return item
    return [luma] + [halved(plane) if half else doubled(plane, (width, height)) for plane in item[1:]]


def halved(plane: Samples) -> Samples:
    height, width = len(plane), len(plane[0])

    def mean(y: int, x: int) -> int:
        rows, columns = (y, min(y + 1, height - 1)), (x, min(x + 1, width - 1))
        return (sum(plane[row][column] for row in rows for column in columns) + 2) >> 2

    return [[mean(y, x) for x in range(0, width, 2)] for y in range(0, height, 2)]


def be_guided_by_places(plane: Plane, luma: Plane, shift: int) -> None:
    """Give a plane luma's units in the middle of each of its own."""
    for v in range(plane.height // 4):
        for u in range(plane.width // 4):
            row = min((v << shift) + shift, luma.height // 4 - 1)
            column = min((u << shift) + shift, luma.width // 4 - 1)
            plane.luma_units[v, u] = luma.units[row, column]
    plane.place_scale = 1 if shift else 2


# Contexts


def remembering(unit: Unit | None) -> bool:
    return unit is not None and unit.mode == REMEMBERED


def near(plane: Plane, block: Block) -> int:
    units = (plane.unit(block.y, block.x - 1), plane.unit(block.y - 1, block.x))
    return sum(remembering(unit) for unit in units)


def luma_in_the_middle(plane: Plane, block: Block) -> Unit | None:
    if not plane.luma_units:
        return None
    return plane.luma_units[(block.y + block.height // 2) // 4, (block.x + block.width // 2) // 4]


def choice_kinds(plane: Plane, block: Block) -> int:
    """What stands for `kinds` in the context of the choice."""
    luma = luma_in_the_middle(plane, block)
    guide = 0 if luma is None or luma.mode != REMEMBERED else 2 if luma.coded else 1
    return 3 * guide + near(plane, block)


# Motion


def candidates(plane: Plane, block: Block) -> list[Place]:
    luma = luma_in_the_middle(plane, block)
    units = [
        plane.unit(block.y + block.height - 1, block.x - 1),
        plane.unit(block.y - 1, block.x + block.width - 1),
        plane.unit(block.y - 1, block.x + block.width),
    ]
    places = [unit.place for unit in units if unit is not None and unit.place is not None]
    if luma is not None and luma.place is not None:
        number, down, right = luma.place
        places.insert(0, (number, down * plane.place_scale, right * plane.place_scale))
    places += [(number, 0, 0) for number in range(len(plane.memory.planes))]
    return list(dict.fromkeys(places))[:5]


def read_motion(plane: Plane, block: Block, symbol: Callable[[int], int], raw: Callable[[int], int]) -> tuple:
    """The place and the flavour of a block."""
    known = candidates(plane, block)
    size = block.lw + block.lh - 4
    motion = min(symbol(MOTION_CONTEXT + size * 3 + near(plane, block)), 15)
    if motion < 10:
        return known[min(motion % 5, len(known) - 1)], motion // 5
    number = min((motion - 10) % 3, len(plane.memory.planes) - 1)
    before = next((place for place in known if place[0] == number), (number, 0, 0))

    def difference(context: int) -> int:
        kind = min(symbol(context), 12)
        if kind == 0:
            return 0
        bits = raw(kind)
        magnitude = 2 ** (kind - 1) + bits // 2
        return -magnitude if bits % 2 else magnitude

    down = difference(VECTOR_CONTEXT)
    right = difference(VECTOR_CONTEXT + (1 if down == 0 else 2))
    fraction = symbol(FRACTION_CONTEXT)
    down = clip((((before[1] >> 2) + down) << 2) + (fraction >> 2) % 4, -8191, 8191)
    right = clip((((before[2] >> 2) + right) << 2) + fraction % 4, -8191, 8191)
    return (number, down, right), (motion - 10) // 3


# Prediction


def from_memory(plane: Plane, block: Block, place: Place, flavour: int) -> Samples:
    number, down, right = place
    bits, taps = (2, LUMA_TAPS) if not plane.guides else (3, CHROMA_TAPS)
    memory, before = plane.memory, len(taps[0]) // 2 - 1
    top = clip(block.y + (down >> bits), 4 - BORDER, memory.height + 3)
    left = clip(block.x + (right >> bits), 4 - BORDER, memory.width + 3)
    row_taps, column_taps = taps[down % 2**bits], taps[right % 2**bits]

    def along_row(y: int, x: int) -> int:
        if right % 2**bits == 0:
            return memory.at(number, y, x)
        return (sum(tap * memory.at(number, y, x - before + k) for k, tap in enumerate(column_taps)) + 32) >> 6

    def sample(y: int, x: int) -> int:
        if down % 2**bits == 0:
            return along_row(y, x)
        return (sum(tap * along_row(y - before + k, x) for k, tap in enumerate(row_taps)) + 32) >> 6

    prediction = [[sample(top + i, left + j) for j in range(block.width)] for i in range(block.height)]
    return fitted(plane, block, place, bits, prediction) if flavour == FITTED else prediction


def fitted(plane: Plane, block: Block, place: Place, bits: int, prediction: Samples) -> Samples:
    number, down, right = place
    memory, pairs = plane.memory, []
    for v, u in template(block):
        if plane.unit(v, u) is not None:
            y = clip(v + (down >> bits), -BORDER, memory.height + BORDER - 1)
            x = clip(u + (right >> bits), -BORDER, memory.width + BORDER - 1)
            pairs.append((plane.samples[v][u], memory.at(number, y, x)))
    n = len(pairs)
    if n == 0:
        return prediction
    t, g = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    gt, gg = sum(a * b for a, b in pairs), sum(b * b for _, b in pairs)
    ridge = 1024 * n * n
    slope = clip(((n * gt - g * t + ridge) << 10) // (n * gg - g * g + ridge), -8192, 8192)
    mean_t, mean_g = (t + n // 2) // n, (g + n // 2) // n
    return [[clip(mean_t + ((slope * (p - mean_g) + 512) >> 10), 0, 4080) for p in row] for row in prediction]


def template(block: Block) -> list[tuple[int, int]]:
    places = []
    for distance in (1, 2):
        above, beside = block.y - distance, block.x - distance
        places += [(above, x) for x in range(beside, block.x + block.width)]
        places += [(y, beside) for y in range(block.y, block.y + block.height)]
    return places
