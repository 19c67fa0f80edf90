"""Engine video/mc of the reference decoder: section 18 of FORMAT.md; groups and their frames.

The parts are in modules of their own: _order (18.1), _tables (18.2, 18.10), _motion (18.4, 18.6, 18.7), _exposures
(18.4), _frame (18.5 to 18.8) and _edges (18.9).
"""

from __future__ import annotations

from reference_alpha_chances import Decisions
from reference_codebook import memory_items
from reference_decoder import BitReader, Codebook, CodebookMissing, Reader, require
from reference_transform import HALF, Parameters, Tile, filter_weights, tile_planes
from reference_transform_mixed import Mixed
from reference_transform_plane import Samples, clip
from reference_transform_restoration import restored
from reference_video_edges import smooth
from reference_video_exposures import as_bright, exposures
from reference_video_frame import FrameDecoder
from reference_video_motion import (
    WITHOUT,
    MotionUnit,
    Reference,
)
from reference_video_order import Place, coding_order
from reference_video_tables import ClassTables, VideoModel

LEVEL_STEPS = [-5, 0, 3, 4, 5, 6]


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
