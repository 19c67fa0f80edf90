"""Decoding of a group, frame by frame; exact, and with bounded work for any bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.decoding.decoder import decode_tile, refuse_too_little_data
from vqcodec.blocks.layout import Plane
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.signal.restoration import restore
from vqcodec.blocks.syntax.values import FINE
from vqcodec.container.varint import get_varint
from vqcodec.entropy.bits import PADDING
from vqcodec.entropy.bits import padded as padded_bits
from vqcodec.errors import CodebookError, CorruptFileError
from vqcodec.kernels.records import new_record
from vqcodec.limits import check_picture_size
from vqcodec.threads import default_threads
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.layout import ROOT, InterFrame, Sources
from vqcodec.video.mc.model.adaptation import Adaptation, new_counts
from vqcodec.video.mc.model.tables import VideoModel
from vqcodec.video.mc.motion.deblocking import smooth_frame
from vqcodec.video.mc.motion.store import FrameStore, Samples
from vqcodec.video.mc.parameters import COPYING_FLAG, MIXED_FLAG, PALETTES_FLAG, GroupParameters
from vqcodec.video.mc.parts import add_mixed_frame, named_bits, new_frame_bits
from vqcodec.video.mc.planes import padded_planes, shown_frame, whole_units
from vqcodec.video.mc.structure import INTRA, Place, coding_order
from vqcodec.video.mc.syntax.group_values import open_group_values
from vqcodec.video.mc.syntax.header import get_frame_header
from vqcodec.video.mc.syntax.reading import FRAME_SCRATCH, close_frame_values, decode_frame

Remembered = Callable[[Sequence[int], int, int], Sequence[Frame]]


class DecodedFrame(NamedTuple):
    """A decoded frame with its place in the group, its bits by part, and how it was predicted.

    Attributes:
        motion, times: of a predicted frame, as in `layout.InterFrame`; None for an intra frame.
        partition: of an intra frame, the decisions about luma, as `blocks` of `blocks.layout.Plane`; else None.
    """

    place: Place
    frame: Frame
    bits: dict[str, int]
    motion: npt.NDArray[np.int16] | None = None
    times: npt.NDArray[np.int64] | None = None
    partition: npt.NDArray[np.uint8] | None = None


class GroupDecoder:
    """Decodes one group.

    Args:
        packet: the bytes of the group; not trusted.
        height, width: of the frames, in samples.
        model: the trained tables.
        threads: for the restoration filter; None for all CPUs. The frames do not depend on it.
        remembered: returns the frames of the codebook's memory that the group needs, called with their numbers, height
            and width (`memory.MemoryFrames.frames`).

    Attributes:
        parameters: of the group.

    Raises:
        CorruptFileError: the first bytes of the packet are damaged.
        LimitError: the frames are larger than `vqcodec.limits` allows.
    """

    def __init__(
        self,
        packet: bytes,
        height: int,
        width: int,
        model: VideoModel,
        threads: int | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        check_picture_size(width, height, "video")
        self.parameters, used = GroupParameters.from_bytes(packet)
        self._remembered = remembered
        self._intra, self._flags = b"", 0
        if not self.parameters.items:
            self._intra, self._flags, used = _first_frame(packet, used)
        self._head_size = used - len(self._intra)
        self._scratch = new_record(FRAME_SCRATCH)
        self._scratch.block.values.counting[0] = 1
        if self.parameters.mixed:
            self._buffer, self._end = open_group_values(packet[used:], self._scratch)
        else:
            self._buffer = padded_bits(packet[used:])
            self._end = 8 * (self._buffer.size - PADDING)
        self._position = 0
        self._size = height, width
        self._shape = whole_units(height), whole_units(width)
        self._model = model
        self._threads = threads or default_threads()
        self._told = 0
        self._size_in_bits = 8 * len(packet)

    def decoded(self) -> Iterator[DecodedFrame]:
        """Yield the frames in coding order.

        Raises:
            CorruptFileError: the packet is damaged.
            CodebookError: the packet needs a filter that the model does not have.
        """
        items = self.parameters.items
        if not items:
            refuse_too_little_data(self._intra, self._plane_shapes(), self._first_parameters())
        elif self._position + self._least_bits() > self._end:
            raise CorruptFileError("video data: a group ends within frame 0; truncated or damaged")
        memory = self._memory()
        store = FrameStore(*self._shape, exposures=self.parameters.exposures)
        if memory:
            store.keep_memory(memory)
        adaptation = Adaptation(self._model, self.parameters.step_index, bool(items))
        for place in coding_order(self.parameters.frames, self.parameters.distance, bool(items)):
            frame: InterFrame | None = None
            partition: npt.NDArray[np.uint8] | None = None
            if place.frame_class == INTRA:
                samples, bits, partition = self._decode_intra(place)
            else:
                frame, samples, bits = self.predicted(place, store, adaptation)
                if place.level == 0:
                    bits["header"] += 8 * self._head_size
            if place.kept:
                store.keep(place, samples, frame)
            motion, times = (None, None) if frame is None else (frame.motion, frame.times)
            self._told += sum(bits.values())
            yield DecodedFrame(place, shown_frame(tuple(samples), *self._size), bits, motion, times, partition)
        if self.parameters.mixed and close_frame_values(self._scratch) != FINE:
            raise CorruptFileError("video data: bytes are left over after the values of a group; damaged")
        if self._end - self._position >= 8:
            spare = (self._end - self._position) // 8
            raise CorruptFileError(f"video data: {spare} bytes are left after the last frame of a group; damaged")

    def predicted(
        self, place: Place, store: FrameStore, adaptation: Adaptation
    ) -> tuple[InterFrame, list[Samples], dict[str, int]]:
        """Decode the next frame, which is the predicted frame at `place`.

        Args:
            store: the frames decoded so far; adaptation: the tables, to which the frame's symbols are added.

        Returns:
            The frame, its samples (luma, blue, red; int16 in 1/16, filtered) and its bits by part.
        """
        before = self._position
        if self._position + self._least_bits() > self._end:  # before memory is taken for the frame
            raise CorruptFileError(f"video data: a group ends within frame {place.time}; truncated or damaged")
        change, flags, self._position = get_frame_header(self._buffer, self._position, self._model.restores)
        header_bits = self._position - before
        steps = self.parameters.steps(place, int(change))
        frame = store.open(place, *steps)
        frame_class = place.frame_class - 1
        counts, part_bits = new_counts(), new_frame_bits()
        model = self._model.intra
        mixed = self.parameters.mixed
        luma, chroma = (model.decoder_tables(kind, model.rung_of(steps[kind]), mixed) for kind in range(2))
        tables = adaptation.decoding(frame_class, counts, (luma, chroma), mixed)
        spent, motion = self._scratch.block.values.mixing.spent.copy(), self._scratch.mixing.spent.copy()
        self._position = decode_frame(frame, self._buffer, self._position, self._end, tables, part_bits, self._scratch)
        if self._position > self._end:
            raise CorruptFileError(f"video data: a group ends within frame {place.time}; truncated or damaged")
        adaptation.add(frame_class, counts)
        if mixed:
            spent, motion = self._scratch.block.values.mixing.spent - spent, self._scratch.mixing.spent - motion
            add_mixed_frame(part_bits, frame_class, spent, motion)
        smooth_frame(frame)
        planes = [frame.luma, frame.blue, frame.red]
        samples = [plane.samples for plane in planes]
        if flags:
            coefficients = self._model.restoration_of(frame_class, self.parameters.step_index)
            samples = self._filtered(planes, coefficients, flags)
        return frame, samples, {**named_bits(part_bits), "header": header_bits}

    @property
    def padding(self) -> int:
        """Return the number of bits that belong to no frame; call it once all frames are decoded."""
        return self._size_in_bits - self._told

    def _memory(self) -> list[Sources]:
        """Return the planes of the items that the group names; none for a group without memory."""
        items = self.parameters.items
        if not items:
            return []
        if self._remembered is None:
            raise CorruptFileError("video data: an item of a codebook's memory is itself predicted from one; damaged")
        return [padded_planes(frame) for frame in self._remembered(items, *self._size)]

    def _least_bits(self) -> int:
        """Return the fewest bits of a predicted frame: every 64x64 samples have a symbol of at least one bit.

        If chances are mixed, they are values, and take next to nothing. A header is one bit at least.
        """
        height, width = self._size
        return 1 if self.parameters.mixed else -(-height // ROOT) * -(-width // ROOT)

    def _first_parameters(self) -> CodingParameters:
        """Return how the planes of an intra frame are coded."""
        luma, chroma = self.parameters.steps(Place(0, 0, INTRA, True))
        return CodingParameters(
            luma,
            chroma_step=chroma - luma,
            subsampling="420",
            copying=bool(self._flags & COPYING_FLAG),
            palettes=bool(self._flags & PALETTES_FLAG),
            mixed=bool(self._flags & MIXED_FLAG),
        )

    def _decode_intra(self, place: Place) -> tuple[list[Samples], dict[str, int], npt.NDArray[np.uint8]]:
        steps, model = self.parameters.steps(place), self._model.intra
        tile = decode_tile(self._intra, self._plane_shapes(), model, self._first_parameters(), counting=True)
        filters = self._flags & 3
        if filters and not model.restores:
            raise CodebookError("video data: this group needs a codebook with a filter; this codebook has none")
        samples = [plane.samples for plane in tile.planes]
        if filters:
            coefficients = model.restoration[:, model.rung_of(steps[0])]
            samples = self._filtered(tile.planes, coefficients, filters)
        return samples, {**tile.bits, "header": 8 * self._head_size}, tile.planes[0].blocks

    def _plane_shapes(self) -> list[tuple[int, int]]:
        """Return (height, width) of luma, blue and red, in whole units."""
        height, width = self._shape
        return [(height, width), (height // 2, width // 2), (height // 2, width // 2)]

    def _filtered(self, planes: list[Plane], coefficients: npt.NDArray[np.int16], flags: int) -> list[Samples]:
        """Return the samples of the planes, filtered where `flags` (2 luma, 1 chroma) say so."""
        wanted = flags >> 1 & 1, flags & 1, flags & 1
        return [
            restore(plane, coefficients[min(number, 1)], self._threads) if wanted[number] else plane.samples
            for number, plane in enumerate(planes)
        ]


def _first_frame(packet: bytes, used: int) -> tuple[bytes, int, int]:
    """Return (payload, flags, the place of the byte after it) of the intra frame that begins at byte `used`."""
    size, used = get_varint(packet, used)
    if used >= len(packet) or size > len(packet) - used - 1:
        raise CorruptFileError("video data: a group ends within its first frame; truncated")
    flags = packet[used]
    if flags >= 2 * MIXED_FLAG:
        raise CorruptFileError("video data: the first bytes of a group have values out of range; damaged")
    return packet[used + 1 : used + 1 + size], flags, used + 1 + size


def in_display_order(decoded: Iterator[DecodedFrame]) -> Iterator[DecodedFrame]:
    """Yield frames in display order, each as soon as all frames before it are decoded."""
    waiting: dict[int, DecodedFrame] = {}
    following = 0
    for item in decoded:
        waiting[item.place.time] = item
        while following in waiting:
            yield waiting.pop(following)
            following += 1
