"""Engine video/mc of the reference decoder: the nodes and blocks of a predicted frame (FORMAT.md, 18.5 to 18.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reference_decoder import BitReader
from reference_transform_plane import Block, Plane, Unit, clip
from reference_transform_residual import CoefficientReader, dequantised, inverse_transform
from reference_transform_syntax import PlaneDecoder
from reference_transform_tables import step_of
from reference_video_motion import (
    EXPLICIT,
    MERGED,
    SKIPPED,
    WITHOUT,
    Motion,
    MotionField,
    MotionUnit,
    predicted,
)
from reference_video_order import Place
from reference_video_tables import ClassTables

if TYPE_CHECKING:
    from reference_video import GroupDecoder

INTER_MODE = 39
FIRST_MASK, FIRST_PATTERN = 346, 5710


class FrameDecoder:
    """18.5 to 18.8"""

    def __init__(self, group: GroupDecoder, place: Place, bits: BitReader, tables: ClassTables, steps: tuple[int, int]):
        self.bits, self.tables, self.steps = bits, tables, steps
        self.mixed = tables.mixed
        self.height, self.width = group.height, group.width
        self.field = MotionField(
            self.height,
            self.width,
            place.time,
            [[group.as_bright(place, reference) for reference in entries] for entries in group.lists(place)],
        )
        half = self.height // 2, self.width // 2
        self.planes = [Plane(self.height, self.width, steps[0]), Plane(*half, steps[1]), Plane(*half, steps[1])]
        for plane in self.planes:
            plane.mixed = self.mixed
            for v in range(-(-plane.height // 32)):
                for u in range(-(-plane.width // 32)):
                    plane.steps[v, u] = plane.base_step
        guide = [[0] * half[1] for _ in range(half[0])]
        modes = [[0] * (half[1] // 4) for _ in range(half[0] // 4)]
        self.planes[1].guides, self.planes[2].guides = [guide], [guide, self.planes[1].samples]
        self.planes[1].luma_modes = self.planes[2].luma_modes = modes
        pictures = group.model.pictures
        self.intra = [
            PlaneDecoder(
                plane,
                bits,
                pictures,
                pictures.chroma if number else pictures.luma,
                pictures.rung_of(plane.base_step),
                False,
            )
            for number, plane in enumerate(self.planes)
        ]

    def decode(self) -> None:
        for y in range(0, self.height, 64):
            for x in range(0, self.width, 64):
                self.node(y, x, 6)

    # 18.5

    def node(self, y: int, x: int, k: int) -> None:
        side, half = 1 << k, 1 << k >> 1
        if y >= self.height or x >= self.width:
            return
        symbol = 0
        if y + side <= self.height and x + side <= self.width:
            symbol = self.tables.read(self.bits, "nodes", self.node_context(y, x, k))
            if symbol == 0 and k == 3:
                symbol = 1
        if symbol > 0:
            self.block(y, x, k, symbol)
            return
        for down, right in ((0, 0), (0, half), (half, 0), (half, half)):
            self.node(y + down, x + right, k - 1)

    def node_context(self, y: int, x: int, k: int) -> int:
        units = self.field.units
        near = [units[v, u] for v, u in ((y // 8, x // 8 - 1), (y // 8 - 1, x // 8)) if (v, u) in units]
        skipped = sum(unit.kind == SKIPPED for unit in near)
        finer = sum(unit.k < k for unit in near)
        h = (1 << k) // 16
        before = 0
        for i in (0, 1):
            for j in (0, 1):
                unit = self.field.colocated.units.get((y // 8 + i * h, x // 8 + j * h))
                if unit is None:
                    continue
                if unit.k < k or unit.kind == WITHOUT:
                    before = 2
                elif unit.kind != SKIPPED:
                    before = max(before, 1)
        return (((k - 3) * 3 + skipped) * 3 + finer) * 3 + before

    def block(self, y: int, x: int, k: int, symbol: int) -> None:
        if symbol >= 27:
            self.keep(y, x, k, WITHOUT, None)
            self.block_without_motion(y, x, k)
        else:
            motion = self.motion(y, x, k, symbol)
            kind = SKIPPED if symbol < 6 else (MERGED if symbol < 11 else EXPLICIT)
            shape = 0
            if kind == MERGED or (kind == EXPLICIT and (symbol - 11) % 2 == 1):
                shape = self.shape(y, x, k, kind == EXPLICIT)
            self.keep(y, x, k, kind, motion)
            self.block_with_motion(y, x, k, motion, shape)
        self.update_guides(y, x, k)
        if symbol >= 27:
            for number in (1, 2):
                self.intra[number].block(Block(y // 2, x // 2, k - 1, k - 1))

    def keep(self, y: int, x: int, k: int, kind: int, motion: Motion | None) -> None:
        for v in range(y // 8, (y + (1 << k)) // 8):
            for u in range(x // 8, (x + (1 << k)) // 8):
                self.field.units[v, u] = MotionUnit(kind, k, motion)

    # 18.6

    def motion(self, y: int, x: int, k: int, symbol: int) -> Motion:
        if symbol < 11:
            return self.field.candidates(y, x, 1 << k)[(symbol - 1) % 5]
        choice = (symbol - 11) // 2
        wanted = [
            [(0, None), (1, None), (None, 0), (None, 1)][choice] if choice < 4 else ((choice - 4) // 2, choice % 2)
        ][0]
        entries = tuple(
            None if entry is None else min(entry, len(self.field.lists[side]) - 1) for side, entry in enumerate(wanted)
        )
        vectors = [(0, 0), (0, 0)]
        both = None not in entries
        for side, entry in enumerate(entries):
            if entry is not None:
                symbol = self.tables.read(self.bits, "vectors", 2 * (k - 3) + both)
                predictor = self.field.predictors(y, x, 1 << k, side, entry)[symbol // 144]
                row, column = self.component(symbol // 12 % 12), self.component(symbol % 12)
                vectors[side] = clip(predictor[0] + row, -2047, 2047), clip(predictor[1] + column, -2047, 2047)
        return Motion(entries, tuple(vectors))

    def component(self, size: int) -> int:
        if size == 0:
            return 0
        negative = self.bits.bit()
        magnitude = 2 ** (size - 1) + self.bits.bits(size - 1)
        return -magnitude if negative else magnitude

    # 18.7

    def shape(self, y: int, x: int, k: int, explicit: bool) -> int:
        energy = self.intra[0].energy_around(Block(y, x, k, k))
        near = 0 if energy == 0 else (1 if energy <= 2 else 2)
        symbol = self.tables.read(self.bits, "shapes", ((k - 3) * 2 + explicit) * 3 + near)
        return 64 + symbol % 4 if symbol // 4 == 1 and k == 6 else symbol

    def block_with_motion(self, y: int, x: int, k: int, motion: Motion, shape: int) -> None:
        luma = shape // 4
        if luma > 1 or k == 6:
            half = 1 << k >> 1
            for part in range(4):
                coded = luma > 1 and (luma - 1) >> part & 1 == 1
                self.transform(0, y + half * (part // 2), x + half * (part % 2), k - 1, motion, coded)
        else:
            self.transform(0, y, x, k, motion, luma == 1)
        self.transform(1, y // 2, x // 2, k - 1, motion, shape & 2 != 0)
        self.transform(2, y // 2, x // 2, k - 1, motion, shape & 1 != 0)

    def transform(self, number: int, y: int, x: int, log: int, motion: Motion, coded: bool) -> None:
        plane, block = self.planes[number], Block(y, x, log, log)
        energy = self.intra[number].energy_around(block)
        prediction = predicted(self.field, number, y, x, 1 << log, motion)
        residual, total = None, 0
        if coded:
            z = log - 2
            kind = "chroma" if number else "luma"

            def symbol(context: int) -> int:
                if context < FIRST_PATTERN:
                    return self.tables.read(self.bits, f"{kind}_masks", context - FIRST_MASK - z * 180)
                return self.tables.read(self.bits, f"{kind}_patterns", context - FIRST_PATTERN - z * 96)

            reader = CoefficientReader(block, 2 * z, energy, self.bits, symbol)
            if self.mixed:
                of_residual = self.tables.number, number > 0

                def mask(context: int, coarse: int) -> int:
                    lengths = self.tables.lengths(f"{kind}_masks", context - FIRST_MASK - z * 180)
                    return self.mixed.symbol(of_residual, context, coarse, lengths)

                reader.mix(self.mixed, mask, of_residual)
            groups = reader.groups()
            coefficients = dequantised(groups, step_of(plane.base_step), Offsets(self.tables, number > 0), 0)
            total = sum(abs(level) for group in groups for level in group.levels)
            residual = inverse_transform(block, False, coefficients) if total else None
        for i, row in enumerate(prediction):
            for j, sample in enumerate(row):
                plane.samples[y + i][x + j] = clip(sample + (residual[i][j] if residual else 0), 0, 4080)
        area = 1 << 2 * log
        plane.keep(block, Unit(log, log, INTER_MODE, min(8, (16 * total + area - 1) // area), total > 0))

    # 18.8

    def block_without_motion(self, y: int, x: int, k: int) -> None:
        side = min(1 << k, 32)
        for v in range(y, y + (1 << k), side):
            for u in range(x, x + (1 << k), side):
                self.intra[0].block(Block(v, u, min(k, 5), min(k, 5)))

    def update_guides(self, y: int, x: int, k: int) -> None:
        luma, guide = self.planes[0], self.planes[1].guides[0]
        for v in range(y // 2, (y + (1 << k)) // 2):
            for u in range(x // 2, (x + (1 << k)) // 2):
                rows = luma.samples[2 * v], luma.samples[2 * v + 1]
                guide[v][u] = (sum(row[2 * u] + row[2 * u + 1] for row in rows) + 2) >> 2
        for v in range(y // 8, (y + (1 << k)) // 8):
            for u in range(x // 8, (x + (1 << k)) // 8):
                self.planes[1].luma_modes[v][u] = luma.units[2 * v + 1, 2 * u + 1].mode


@dataclass
class Offsets:
    """9.10 with `offsets`."""

    tables: ClassTables
    chroma: bool

    def offset(self, _rung: int, situation: int, pattern: int, component: int) -> int:
        return self.tables.offset(self.chroma, situation, pattern, component)
