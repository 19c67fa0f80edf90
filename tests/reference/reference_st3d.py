"""Engine video/st3d of the reference decoder (FORMAT.md, 19)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reference_decoder import BitReader, Codebook, Reader, Unsupported, require
from reference_transform_plane import Block, Samples, clip
from reference_transform_residual import CoefficientReader, Coefficients, dequantised, inverse_transform
from reference_transform_tables import Model, Tables, model_of, step_of

Frame = tuple[Samples, Samples, Samples]

DEEP, DEEP_MOTION, PAIRS, PAIRS_MOTION, ALONE = range(5)
SINGLE, PAIR_LOW, PAIR_HIGH, DEEP_LOW, DEEP_MIDDLE, DEEP_HIGH = range(6)
STEP_SHIFTS = [0, -4, 4, -8, 0, 4]
FIRST_FORMS = [0, 2, 4, 10, 12, 18]
MEANS = (SINGLE, PAIR_LOW, DEEP_LOW)
LIMIT = 8160
SHIFT_BOUND = 4
ENERGY_CLASSES = [0, 1, 2, 2, 3, 3, 3, *[4] * 4, *[5] * 6]


# 19.1 The packet


@dataclass
class Header:
    frames: int
    step_index: int
    depth: int
    motion: bool
    adaptive: bool
    replenish: bool


def read_header(reader: Reader) -> Header:
    frames, step_index, flags = reader.varint(), reader.number(1), reader.number(1)
    require(flags < 32, Unsupported)
    require(1 <= frames <= 4096 and 10 <= step_index <= 59 and flags % 4 < 3)
    return Header(frames, step_index, 1 << flags % 4, bool(flags & 4), bool(flags & 8), bool(flags & 16))


def decode(packet: bytes, width: int, height: int, codebook: Codebook) -> list[Frame]:
    """All frames of a group."""
    reader = Reader(packet)
    header = read_header(reader)
    bits = BitReader(reader.rest())
    model = model_of(codebook)
    frames: list[Frame] = []
    last: list[Samples] | None = None
    while len(frames) < header.frames:
        bands = header.depth
        while bands > header.frames - len(frames):
            bands //= 2
        slab = Slab(header, bands, -(-height // 16), -(-width // 16), last if header.replenish else None)
        SlabDecoder(slab, bits, model).decode()
        planes = [limited(synthesised(slab, number)) for number in range(3)]
        last = [plane[-1] for plane in planes]
        shapes = [(height, width)] + [((height + 1) // 2, (width + 1) // 2)] * 2
        parts = [[shown(f, *shape) for f in plane] for plane, shape in zip(planes, shapes, strict=True)]
        frames += zip(*parts, strict=True)
    require(8 * len(bits.data) - bits.position < 8)
    return frames


def limited(frames: list[Samples]) -> list[Samples]:
    return [[[clip(value, 0, 4080) for value in row] for row in frame] for frame in frames]


def shown(plane: Samples, height: int, width: int) -> Samples:
    return [[(value + 8) >> 4 for value in row[:width]] for row in plane[:height]]


# 19.3 Slabs and macroblocks


class Macroblock:
    """What is kept of a macroblock."""

    def __init__(self, mode: int, bands: int):
        self.mode, self.skipped = mode, False
        self.vector = (0, 0)
        self.mask = 0
        self.parts = [0] * bands
        self.quarters = [0] * bands
        self.chroma_energy = [[0] * bands, [0] * bands]


class Slab:
    def __init__(self, header: Header, bands: int, rows: int, columns: int, last: list[Samples] | None):
        self.header, self.bands, self.rows, self.columns, self.last = header, bands, rows, columns, last
        self.simplest = {1: ALONE, 2: PAIRS, 4: DEEP}[bands]
        self.blocks: dict[tuple[int, int], Macroblock] = {}
        self.energy: dict[tuple[int, int, int], int] = {}  # of luma, by band, row and column of blocks of 8x8
        sizes = [(16 * rows, 16 * columns)] + [(8 * rows, 8 * columns)] * 2
        self.planes = [[[[0] * w for _ in range(h)] for _ in range(bands)] for h, w in sizes]

    def class_of(self, mode: int, band: int) -> int:
        if mode == ALONE:
            return SINGLE
        if self.bands == 2:
            return [PAIR_LOW, PAIR_HIGH][band]
        if mode >= PAIRS:
            return PAIR_LOW if band < 2 else PAIR_HIGH
        return [DEEP_LOW, DEEP_MIDDLE, DEEP_HIGH, DEEP_HIGH][band]


class ConditionedReader(CoefficientReader):
    """19.6: coefficients whose forms depend on the bands before."""

    shifts: dict[tuple[int, int, int], int]

    def condition(self, strengths: dict[tuple[int, int], int]) -> None:
        side = self.block.width // 2

        def shift(total: int) -> int:
            return 0 if total == 0 else 2 if total <= SHIFT_BOUND else 4

        places = [(y, x) for y in range(side) for x in range(side)]
        self.shifts = {(self.depth, y, x): shift(strengths.get((y, x), 0)) for y, x in places}
        for depth in range(self.depth - 1, -1, -1):
            for y in range(1 << depth):
                for x in range(1 << depth):
                    children = [(depth + 1, 2 * y + i, 2 * x + j) for i in (0, 1) for j in (0, 1)]
                    self.shifts[depth, y, x] = shift(sum(self.shifts[child] for child in children))

    def form_of(self, depth: int, row: int, column: int) -> int:
        return self.form + self.shifts[depth, row, column]


class SlabDecoder:
    def __init__(self, slab: Slab, bits: BitReader, model: Model):
        self.slab, self.bits, self.model = slab, bits, model
        self.rung = model.rung_of(slab.header.step_index)
        self.magnitudes: dict[tuple[int, int, int, int], int] = {}  # by plane, band, group row and column

    def symbol(self, context: int, tables: Tables | None = None) -> int:
        return (tables or self.model.luma).code(self.rung, context).read(self.bits)

    def decode(self) -> None:
        slab = self.slab
        for top in range(0, slab.rows, 2):
            for left in range(0, slab.columns, 2):
                skips = self.symbol(self.skip_context(top, left)) if slab.last is not None else 0
                for k, (row, column) in enumerate(places_of(top, left)):
                    if row < slab.rows and column < slab.columns:
                        self.macroblock(row, column, bool(skips >> k & 1))
            for left in range(0, slab.columns, 2):
                for row, column in places_of(top, left):
                    if row < slab.rows and column < slab.columns:
                        self.chroma(row, column)

    # 19.4 What stands above the coefficients

    def at(self, row: int, column: int) -> Macroblock | None:
        return self.slab.blocks.get((row, column))

    def skip_context(self, top: int, left: int) -> int:
        slab = self.slab
        beside = [(min(top + i, slab.rows - 1), left - 1) for i in (0, 1)]
        over = [(top - 1, min(left + j, slab.columns - 1)) for j in (0, 1)]

        def count(places: list[tuple[int, int]]) -> int:
            return sum(block.skipped for place in places if (block := self.at(*place)))

        return 9 * (slab.bands // 2) + 3 * count(over) + count(beside)

    def macroblock(self, row: int, column: int, skipped: bool) -> None:
        slab = self.slab
        block = Macroblock(slab.simplest, slab.bands)
        block.skipped = skipped
        if not skipped:
            tools = slab.header.motion + 2 * slab.header.adaptive
            if slab.bands > 1 and tools:
                self.mode(block, row, column, tools)
            self.parts(block, row, column)
        slab.blocks[row, column] = block
        self.luma(block, row, column)

    def mode(self, block: Macroblock, row: int, column: int, tools: int) -> None:
        simplest = self.slab.simplest

        def kind(neighbour: Macroblock | None) -> int:
            return 0 if neighbour is None else min(neighbour.mode - simplest, 2)

        kinds = 3 * kind(self.at(row - 1, column)) + kind(self.at(row, column - 1))
        context = 5386 + 18 * (4 * (self.slab.bands // 2 - 1) + tools) + kinds
        block.mode = clip(self.symbol(context), simplest, ALONE)
        if block.mode in (DEEP_MOTION, PAIRS_MOTION):
            near = [self.at(row, column - 1), self.at(row - 1, column), self.at(row - 1, column - 1)]
            vectors = [neighbour.vector if neighbour else (0, 0) for neighbour in near]
            y, x = (sorted(vector[k] for vector in vectors)[1] for k in (0, 1))
            v = self.component(0, y, False)
            block.vector = v, self.component(1, x, v != y)

    def component(self, number: int, predicted: int, moved: bool) -> int:
        size = 0 if predicted == 0 else 1 if abs(predicted) <= 2 else 2
        symbol = self.symbol(5386 + 18 * (8 + number) + 2 * size + moved)
        difference = symbol - 15
        if symbol >= 31:
            width = min(4 + (symbol - 31) // 2, 6)
            difference = 2**width + self.bits.bits(width)
            if symbol % 2 == 0:
                difference = -difference
        return clip(predicted + difference, -31, 31)

    def parts(self, block: Macroblock, row: int, column: int) -> None:
        slab = self.slab
        index = {1: 0, 2: 1 + (block.mode == ALONE), 4: [3, 4, 5, 5, 6][block.mode]}[slab.bands]
        left, above = self.at(row, column - 1), self.at(row - 1, column)
        symbol = self.symbol(36 + 40 * index + 6 * self.choice_class(left) + self.choice_class(above))
        if slab.bands == 1:
            block.parts[0] = symbol
            symbol = symbol % 8 > 0
        block.mask = symbol % 2**slab.bands
        small, known = 0, False
        for band in range(slab.bands):
            if not block.mask >> band & 1:
                continue
            kind = slab.class_of(block.mode, band)
            if slab.bands > 1:
                block.parts[band] = self.symbol(332 + 2 * kind + known)
            if block.parts[band] & 1:
                if not known:
                    small, known = block.parts[band] & 8, True
                block.parts[band] = block.parts[band] % 8 + small
                block.quarters[band] = self.symbol(27 + kind) if small else 15

    def choice_class(self, block: Macroblock | None) -> int:
        if block is None:
            return 0
        if self.slab.bands == 1:
            parts, small = block.parts[0] % 8, block.parts[0] // 8
            return 0 if parts == 0 else 1 + small if parts == 1 else 3 + small
        return block.mask if block.mask < 2 else 2 if block.mask < 4 else 3 if block.mask < 12 else 4

    # 19.5 Blocks

    def luma(self, block: Macroblock, row: int, column: int) -> None:
        slab = self.slab
        small = any(parts & 1 and parts & 8 for parts in block.parts)
        self.magnitudes = {}
        for band in range(slab.bands):
            for quarter in range(4 if small else 1):
                y, x = 16 * row + 8 * (quarter // 2), 16 * column + 8 * (quarter % 2)
                coded = bool(block.parts[band] & 1 and block.quarters[band] >> quarter & 1)
                near = [(band, y // 8, x // 8 - 1), (band, y // 8 - 1, x // 8)]
                around = ENERGY_CLASSES[sum(slab.energy.get(place, 0) for place in near)]
                log_size = 3 if small else 4
                energy = self.block(block, 0, band, y, x, log_size, coded, around)
                for i in range(1 << log_size >> 3):
                    for j in range(1 << log_size >> 3):
                        slab.energy[band, y // 8 + i, x // 8 + j] = energy

    def chroma(self, row: int, column: int) -> None:
        block = self.slab.blocks[row, column]
        near = [self.at(row, column - 1), self.at(row - 1, column)]
        self.magnitudes = {}
        for plane in (1, 2):
            for band in range(self.slab.bands):
                around = ENERGY_CLASSES[sum(b.chroma_energy[plane - 1][band] for b in near if b)]
                coded = bool(block.parts[band] >> plane & 1)
                energy = self.block(block, plane, band, 8 * row, 8 * column, 3, coded, around)
                block.chroma_energy[plane - 1][band] = energy

    def block(
        self, block: Macroblock, plane: int, band: int, y: int, x: int, log_size: int, coded: bool, around: int
    ) -> int:
        """Decode a block; its energy."""
        slab, size = self.slab, 1 << log_size
        kind = slab.class_of(block.mode, band)
        prediction = self.prediction(block, plane, band, kind, y, x, size)
        residual = [[0] * size for _ in range(size)]
        total = 0
        if coded:
            tables = self.model.chroma if plane else self.model.luma
            place = Block(y, x, log_size, log_size)
            form = FIRST_FORMS[kind] + (log_size == 4)
            reader = ConditionedReader(place, form, around, self.bits, lambda context: self.symbol(context, tables))
            top, left = ((y // 2) % 8, (x // 2) % 8) if plane == 0 else (0, 0)
            reader.condition(self.strengths(block.mode, kind, plane, band, top, left, size // 2))
            groups = reader.groups()
            for group in groups:
                magnitude = sum(abs(level) for level in group.levels)
                self.magnitudes[plane, band, top + group.row, left + group.column] = magnitude
                total += magnitude
            step = step_of(slab.header.step_index + STEP_SHIFTS[kind] - (2 if plane else 0))
            coefficients: Coefficients = dequantised(groups, step, tables, self.rung)
            residual = inverse_transform(place, False, coefficients)
        samples = slab.planes[plane][band]
        for i in range(size):
            for j in range(size):
                samples[y + i][x + j] = clip(prediction[i][j] + residual[i][j], -LIMIT, LIMIT)
        return min(8, -(-16 * total // size**2))

    def strengths(
        self, mode: int, kind: int, plane: int, band: int, top: int, left: int, side: int
    ) -> dict[tuple[int, int], int]:
        """19.6: of the groups of a block."""
        weights = {DEEP_MIDDLE: {0: 2}, PAIR_HIGH: {0: 2} if band < 3 else {1: 2}}.get(kind, {})
        if kind == DEEP_HIGH:
            weights = {0: 1, 1: 2} if band == 2 else {1: 1, 2: 2}
        return {
            (gy, gx): sum(w * self.magnitudes.get((plane, b, top + gy, left + gx), 0) for b, w in weights.items())
            for gy in range(side)
            for gx in range(side)
        }

    def prediction(
        self, block: Macroblock, plane: int, band: int, kind: int, y: int, x: int, size: int
    ) -> list[list[int]]:
        if block.skipped and band == 0:
            assert self.slab.last is not None
            return [row[x : x + size] for row in self.slab.last[plane][y : y + size]]
        value = 0
        if kind in MEANS:
            samples = self.slab.planes[plane][0]
            over = samples[y - 1][x : x + size] if y > 0 else []
            beside = [samples[y + i][x - 1] for i in range(size)] if x > 0 else []
            used = over + beside if band == 0 else [v for row in samples[y : y + size] for v in row[x : x + size]]
            value = (sum(used) + len(used) // 2) // len(used) if used else 2048
        return [[value] * size for _ in range(size)]


def places_of(top: int, left: int) -> list[tuple[int, int]]:
    return [(top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)]


# 19.7 The transform along time


def moving(slab: Slab, level: int, size: int) -> Iterator[tuple[int, int, int, int]]:
    """Position and displacement, in quarters of samples, of the macroblocks that `level` reaches."""
    for (row, column), block in sorted(slab.blocks.items()):
        if block.mode <= (PAIRS_MOTION if level == 1 else DEEP_MOTION):
            v, u = block.vector
            yield size * row, size * column, level * v * size // 8, level * u * size // 8


def update(slab: Slab, low: Samples, high: Samples, level: int, size: int) -> None:
    """Take from `low` what the samples of `high` gave it."""
    owned = set()
    for y, x, v, u in moving(slab, level, size):
        down, right = (v + 2) >> 2, (u + 2) >> 2
        for i in range(y, y + size):
            for j in range(x, x + size):
                target = i + down, j + right
                if 0 <= target[0] < len(low) and 0 <= target[1] < len(low[0]) and target not in owned:
                    owned.add(target)
                    low[target[0]][target[1]] -= (high[i][j] + 1) >> 1


def predict(slab: Slab, high: Samples, low: Samples, level: int, size: int) -> None:
    """Add to `high` what is fetched from `low`."""

    def sample(i: int, j: int) -> int:
        return low[clip(i, 0, len(low) - 1)][clip(j, 0, len(low[0]) - 1)]

    for y, x, v, u in moving(slab, level, size):
        for i in range(y, y + size):
            for j in range(x, x + size):
                p, q = i + (v >> 2), j + (u >> 2)
                upper = (4 - u % 4) * sample(p, q) + u % 4 * sample(p, q + 1)
                lower = (4 - u % 4) * sample(p + 1, q) + u % 4 * sample(p + 1, q + 1)
                high[i][j] += ((4 - v % 4) * upper + v % 4 * lower + 8) >> 4


def synthesised(slab: Slab, number: int) -> list[Samples]:
    """The frames of a plane."""
    bands = slab.planes[number]
    size = 8 if number else 16
    half = slab.bands // 2
    if half == 2:
        update(slab, bands[0], bands[1], 2, size)
        predict(slab, bands[1], bands[0], 2, size)
    for pair in range(half):
        update(slab, bands[pair], bands[half + pair], 1, size)
        predict(slab, bands[half + pair], bands[pair], 1, size)
    return [bands[k] for k in {1: [0], 2: [0, 1], 4: [0, 2, 1, 3]}[slab.bands]]
