"""Engine video/mc of the reference decoder: section 18 of FORMAT.md; groups, frames and blocks.

The parts are in modules of their own: _tables (18.2, 18.10), _motion (18.4, 18.6, 18.7), _exposures (18.4) and
_edges (18.9).
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_alpha_chances import Decisions
from reference_codebook import memory_items
from reference_decoder import BitReader, Codebook, CodebookMissing, Reader, require
from reference_transform import HALF, Parameters, Tile, filter_weights, tile_planes
from reference_transform_mixed import Mixed
from reference_transform_plane import Block, Plane, Samples, Unit, clip
from reference_transform_residual import CoefficientReader, dequantised, inverse_transform
from reference_transform_restoration import restored
from reference_transform_syntax import PlaneDecoder
from reference_transform_tables import step_of
from reference_video_edges import smooth
from reference_video_exposures import as_bright, exposures
from reference_video_motion import (
    EXPLICIT,
    MERGED,
    SKIPPED,
    WITHOUT,
    Motion,
    MotionField,
    MotionUnit,
    Reference,
    predicted,
)
from reference_video_tables import ClassTables, VideoModel

LEVEL_STEPS = [-5, 0, 3, 4, 5, 6]
INTER_MODE = 39
FIRST_MASK, FIRST_PATTERN = 346, 5710


@dataclass(frozen=True)
class Place:
    """18.1: a frame in coding order."""

    time: int
    level: int
    frame_class: int
    kept: bool


def coding_order(n: int, d: int, memory: bool) -> list[Place]:
    places = [Place(0, 0, 4 if memory else 0, True)]
    low = 0
    while low < n - 1:
        high = min(low + d, n - 1)
        places.append(Place(high, 1, 1, True))
        places += between(low, high, 2)
        low = high
    return places


def between(a: int, b: int, level: int) -> list[Place]:
    if b - a < 2:
        return []
    m = (a + b) // 2
    kept = b - a > 2
    here = Place(m, level, 2 if kept else 3, kept)
    return [here, *between(a, m, level + 1), *between(m, b, level + 1)]


def decode_group(packet: bytes, height: int, width: int, codebook: Codebook) -> list[list[Samples]]:
    """The frames in display order: luma and both planes of chroma, 0 to 255."""
    reader = Reader(packet)
    frames = reader.varint()
    step, form = reader.number(1), reader.number(1)
    exposed, is_mixed, step = step >> 6 & 1, step >> 7, step & 63
    require(1 <= frames <= 65536 and form >> 4 & 7 <= 4)
    decoder = GroupDecoder(VideoModel(codebook), height, width, step, (form & 15) - 8)
    if form >> 7:
        numbers = [reader.varint()]
        if numbers[0] & 1:
            numbers.append(reader.varint())
        numbers[0] >>= 1
        items = memory_items(codebook)
        require(all(number < len(items) for number in numbers))
        decoder.remember([remembered(items[number], height, width, codebook) for number in numbers])
    if exposed:
        decoder.exposures = exposures(reader, frames)
    if form >> 7:
        payload, flags = b"", 0
    else:
        payload_size = reader.varint()
        flags = reader.number(1)
        require(flags <= 31)
        payload = reader.take(payload_size)
    values = b""
    if is_mixed:
        count = reader.varint()
        rest = reader.rest()
        require(count <= len(rest))
        rest, values = rest[: len(rest) - count], rest[len(rest) - count :]
        decoder.mix(Mixed(Decisions(values)))
        bits = BitReader(rest)
    else:
        bits = BitReader(reader.rest())
    shown: dict[int, list[Samples]] = {}
    for place in coding_order(frames, 1 << (form >> 4 & 7), form >> 7 == 1):
        planes = decoder.first(payload, flags) if place.frame_class == 0 else decoder.predicted(place, bits)
        half = (height + 1) // 2, (width + 1) // 2
        sizes = [(height, width), half, half]
        shown[place.time] = [
            [[(s + 8) >> 4 for s in row[:w]] for row in plane[:h]] for plane, (h, w) in zip(planes, sizes)
        ]
    require(0 <= 8 * len(bits.data) - bits.position < 8)
    require(not is_mixed or decoder.mixed.decisions.position >= len(values))
    return [shown[time] for time in range(frames)]


def remembered(item: bytes, height: int, width: int, codebook: Codebook) -> list[Samples]:
    """18.11: the planes of an item in 1/16, in the padded size."""
    reader = Reader(item)
    require((reader.varint(), reader.varint()) == (width, height))
    packet = reader.rest()
    head = Reader(packet)
    require(head.varint() == 1)
    head.number(1)
    require(head.number(1) >> 7 == 0)
    (frame,) = decode_group(packet, height, width, codebook)
    full = -(-height // 8) * 8, -(-width // 8) * 8
    sizes = [full, (full[0] // 2, full[1] // 2), (full[0] // 2, full[1] // 2)]
    return [
        [[16 * plane[min(y, len(plane) - 1)][min(x, len(plane[0]) - 1)] for x in range(w)] for y in range(h)]
        for plane, (h, w) in zip(frame, sizes)
    ]


class GroupDecoder:
    """The state of a group."""

    def __init__(self, model: VideoModel, height: int, width: int, step: int, chroma_step: int):
        self.model = model
        self.height, self.width = -(-height // 8) * 8, -(-width // 8) * 8
        self.step, self.chroma_step = step, chroma_step
        self.rung = model.rung_of(step)
        self.classes = [ClassTables(model, frame_class, self.rung) for frame_class in range(4)]
        self.mixed: Mixed | None = None
        self.exposures: list[tuple[int, int]] = []
        self.kept: list[Reference] = []
        self.keys: list[int] = []

    def mix(self, mixed: Mixed) -> None:
        """18.12: read by mixed chances."""
        self.mixed = mixed
        for tables in self.classes:
            tables.mixed = mixed

    def keep(self, place: Place, planes: list[Samples], units: dict, times: list[list[int]]) -> None:
        """18.4"""
        if place.level < 2:
            self.keys.append(place.time)
        if len(self.kept) == 8:
            own = [reference for reference in self.kept if reference.time >= 0]
            self.kept.remove(min(own, key=lambda reference: reference.time))
        self.kept.append(Reference(place.time, planes, units, times))

    def remember(self, items: list[list[Samples]]) -> None:
        """18.4: the frames of the memory"""
        nothing = MotionUnit(WITHOUT, 3, None)
        units = {(v, u): nothing for v in range(self.height // 8) for u in range(self.width // 8)}
        self.kept = [Reference(-1 - number, planes, units, [[], []]) for number, planes in enumerate(items)]

    def steps(self, place: Place, change: int) -> tuple[int, int]:
        luma = self.step + LEVEL_STEPS[min(place.level, 5)] + change
        return clip(luma, 0, 63), clip(luma + self.chroma_step, 0, 63)

    def first(self, payload: bytes, flags: int) -> list[Samples]:
        """18.3: frame 0"""
        filters, copying = flags & 3, flags & 4 > 0
        place = Place(0, 0, 0, True)
        luma, chroma = self.steps(place, 0)
        parameters = Parameters(luma, False, chroma - luma, HALF, False, False, copying)
        parameters.palettes, parameters.mixed = flags & 8 > 0, flags & 16 > 0
        pictures = self.model.pictures
        decoded = tile_planes(payload, Tile(0, 0, self.height, self.width), parameters, pictures)
        require(filters == 0 or pictures.restoration != [], CodebookMissing)
        rung = pictures.rung_of(luma)
        wanted = [filters >> 1, filters & 1, filters & 1]
        planes = [
            restored(plane, filter_weights(pictures, rung, number > 0)) if wanted[number] else plane.samples
            for number, plane in enumerate(decoded)
        ]
        nothing = MotionUnit(WITHOUT, 3, None)
        units = {(v, u): nothing for v in range(self.height // 8) for u in range(self.width // 8)}
        self.keep(place, planes, units, [[], []])
        return planes

    def lists(self, place: Place) -> list[list[Reference]]:
        """18.4"""
        by_time = {reference.time: reference for reference in self.kept}
        items = [by_time[time] for time in (-1, -2) if time in by_time]
        if place.level == 0:
            return [items, items]
        if place.level == 1:
            chosen = [by_time[time] for time in reversed(self.keys) if time in by_time][:2]
            if items:
                chosen = [chosen[0], items[0]]
            return [chosen, chosen]
        past = [by_time[time] for time in sorted(by_time, reverse=True) if time < place.time]
        future = [by_time[time] for time in sorted(by_time) if time > place.time]
        return [(past + future)[:2], (future + past)[:2]]

    def as_bright(self, place: Place, reference: Reference) -> Reference:
        """18.4: a reference as bright as the frame that is predicted from it."""
        if not self.exposures:
            return reference
        return as_bright(reference, self.exposures[place.time], self.exposures[max(reference.time, 0)])

    def predicted(self, place: Place, bits: BitReader) -> list[Samples]:
        """18.3: another frame"""
        zeros = 0
        while bits.bit() == 0:
            zeros += 1
            require(zeros <= 24)
        k = 2**zeros - 1 + bits.bits(zeros)
        change = (k + 1) // 2 if k % 2 else -(k // 2)
        flags = bits.bits(2) if self.model.restoration else 0
        frame_class = place.frame_class - 1
        tables = self.classes[frame_class]
        frame = FrameDecoder(self, place, bits, tables, self.steps(place, change))
        frame.decode()
        tables.frame_ends()
        smooth(frame.planes, frame.field)
        wanted = [flags >> 1, flags & 1, flags & 1]
        samples = [
            restored(plane, self.model.filter_weights(frame_class % 3, self.rung, number > 0))
            if wanted[number]
            else plane.samples
            for number, plane in enumerate(frame.planes)
        ]
        if place.kept:
            self.keep(place, samples, frame.field.units, frame.field.times)
        return samples


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
