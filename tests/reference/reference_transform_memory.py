"""Engine image/transform of the reference decoder: prediction from memory (FORMAT.md, 9.18)."""

from __future__ import annotations

from collections.abc import Callable

from reference_block import doubled
from reference_transform_plane import Block, Plane, Samples, Unit, clip
from reference_transform_prediction import moment, two_slopes
from reference_video_motion import CHROMA_TAPS, LUMA_TAPS

REMEMBERED = 38
MOTION_CONTEXT, VECTOR_CONTEXT, FRACTION_CONTEXT = 8398, 8419, 8422
COPY, FITTED, COMBINED = range(3)
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
    plane.luma_shift = shift


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


def guide(plane: Plane, block: Block) -> int:
    luma = luma_in_the_middle(plane, block)
    return 0 if luma is None or luma.mode != REMEMBERED else 2 if luma.coded else 1


def choice_kinds(plane: Plane, block: Block) -> int:
    """What stands for `kinds` in the context of the choice."""
    return 3 * guide(plane, block) + near(plane, block)


def motion_kind(plane: Plane, block: Block) -> int:
    if plane.luma_units:
        return guide(plane, block)
    units = (plane.unit(block.y, block.x - 1), plane.unit(block.y - 1, block.x))
    flavours = [unit.flavour for unit in units if remembering(unit)]
    return 0 if not flavours else 1 + any(flavours)


def partition_context(plane: Plane, y: int, x: int, k: int, finer_neighbours: int) -> int:
    """In planes 1 and 2."""
    finer = 0
    for i in (1, 3):
        for j in (1, 3):
            luma = plane.luma_units[(y + i * 2 ** (k - 2)) // 4, (x + j * 2 ** (k - 2)) // 4]
            finer = max(finer, k - 2 - max(0, min(luma.lw, luma.lh) - plane.luma_shift - 2))
    return ((k - 2) * 3 + finer_neighbours) * 3 + min(finer, 2)


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
        places.insert(0, (number, down << 1 - plane.luma_shift, right << 1 - plane.luma_shift))
    places += [(number, 0, 0) for number in range(len(plane.memory.planes))]
    return list(dict.fromkeys(places))[:5]


def first_of(places: list[Place], number: int) -> Place:
    """The first place of a reference, or that of no displacement."""
    return next((place for place in places if place[0] == number), (number, 0, 0))


def read_motion(plane: Plane, block: Block, symbol: Callable[[int], int], raw: Callable[[int], int]) -> tuple:
    """The place and the flavour of a block."""
    known = candidates(plane, block)
    size = block.lw + block.lh - 4
    motion = min(symbol(MOTION_CONTEXT + size * 3 + motion_kind(plane, block)), 23)
    if motion < 15:
        return known[min(motion % 5, len(known) - 1)], motion // 5
    number = min((motion - 15) % 3, len(plane.memory.planes) - 1)
    before = first_of(known, number)

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
    return (number, down, right), (motion - 15) // 3


# Prediction


def from_memory(plane: Plane, block: Block, place: Place, flavour: int) -> Samples:
    prediction = interpolated(plane, block, place)
    if flavour == COPY:
        return prediction
    if flavour == FITTED:
        return fitted(plane, block, place, prediction)
    if plane.guides:
        rows = plane.guides[0][block.y : block.y + block.height]
        second = [row[block.x : block.x + block.width] for row in rows]
        return combined(plane, block, place, None, prediction, second)
    number = place[0] + 1 if place[0] + 1 < len(plane.memory.planes) else 0
    other = first_of(candidates(plane, block), number)
    return combined(plane, block, place, other, prediction, interpolated(plane, block, other))


def whole(plane: Plane, displacement: int) -> int:
    """In samples, rounded down."""
    return displacement >> (3 if plane.guides else 2)


def interpolated(plane: Plane, block: Block, place: Place) -> Samples:
    number, down, right = place
    taps = CHROMA_TAPS if plane.guides else LUMA_TAPS
    phases, memory, before = len(taps), plane.memory, len(taps[0]) // 2 - 1
    top = clip(block.y + whole(plane, down), 4 - BORDER, memory.height + 3)
    left = clip(block.x + whole(plane, right), 4 - BORDER, memory.width + 3)

    def along_row(y: int, x: int) -> int:
        if right % phases == 0:
            return memory.at(number, y, x)
        return (sum(t * memory.at(number, y, x - before + k) for k, t in enumerate(taps[right % phases])) + 32) >> 6

    def sample(y: int, x: int) -> int:
        if down % phases == 0:
            return along_row(y, x)
        return (sum(t * along_row(y - before + k, x) for k, t in enumerate(taps[down % phases])) + 32) >> 6

    return [[sample(top + i, left + j) for j in range(block.width)] for i in range(block.height)]


def beside(plane: Plane, place: Place | None, v: int, u: int) -> int:
    """The sample that stands for (v, u) of the plane at a place; None for the first guide."""
    if place is None:
        return plane.guides[0][v][u]
    memory = plane.memory
    y = clip(v + whole(plane, place[1]), -BORDER, memory.height + BORDER - 1)
    x = clip(u + whole(plane, place[2]), -BORDER, memory.width + BORDER - 1)
    return memory.at(place[0], y, x)


def known_template(plane: Plane, block: Block) -> list[tuple[int, int]]:
    return [(v, u) for v, u in template(block) if plane.unit(v, u) is not None]


def fitted(plane: Plane, block: Block, place: Place, prediction: Samples) -> Samples:
    pairs = [(plane.samples[v][u], beside(plane, place, v, u)) for v, u in known_template(plane, block)]
    n = len(pairs)
    if n == 0:
        return prediction
    t, f = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    ft, ff = sum(a * b for a, b in pairs), sum(b * b for _, b in pairs)
    ridge = 1024 * n * n
    slope = clip(((n * ft - f * t + ridge) << 10) // (n * ff - f * f + ridge), -8192, 8192)
    mean_t, mean_f = (t + n // 2) // n, (f + n // 2) // n
    return [[clip(mean_t + ((slope * (p - mean_f) + 512) >> 10), 0, 4080) for p in row] for row in prediction]


def combined(
    plane: Plane, block: Block, place: Place, other: Place | None, prediction: Samples, second: Samples
) -> Samples:
    known = known_template(plane, block)
    ts = [plane.samples[v][u] for v, u in known]
    fs, gs = ([beside(plane, one, v, u) for v, u in known] for one in (place, other))
    n, slope_f, slope_g = len(known), *((512, 512) if other else (1024, 0))
    mean_t = mean_f = mean_g = 0
    if n > 0:
        vf, vg, vfg, ridge = moment(fs, fs), moment(gs, gs), moment(fs, gs), 1024 * n * n
        cf = moment(fs, ts) - ((slope_f * vf + slope_g * vfg) >> 10)
        cg = moment(gs, ts) - ((slope_f * vfg + slope_g * vg) >> 10)
        more_f, more_g = two_slopes(vf + ridge, vg + ridge, vfg, cf, cg)
        slope_f, slope_g = slope_f + more_f, slope_g + more_g
        mean_t, mean_f, mean_g = ((sum(values) + n // 2) // n for values in (ts, fs, gs))

    def sample(p: int, q: int) -> int:
        return clip(mean_t + ((slope_f * (p - mean_f) + slope_g * (q - mean_g) + 512) >> 10), 0, 4080)

    return [[sample(p, q) for p, q in zip(*rows, strict=True)] for rows in zip(prediction, second, strict=True)]


def template(block: Block) -> list[tuple[int, int]]:
    places = []
    for distance in (1, 2):
        row, column = block.y - distance, block.x - distance
        places += [(row, x) for x in range(column, block.x + block.width)]
        places += [(y, column) for y in range(block.y, block.y + block.height)]
    return places
