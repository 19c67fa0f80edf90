"""The parameters of a group: the first bytes of its packet, and the quantizer steps that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec.blocks.steps import MAX_STEP_INDEX
from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError
from vqcodec.video.mc.exposure import STEADY, Exposures
from vqcodec.video.mc.structure import DISTANCES, Place

MAX_FRAMES = 1 << 16
CHROMA_STEP_MIN, CHROMA_STEP_MAX = -8, 7
DEFAULT_CHROMA_STEP = 0
MIXED_FLAG, PALETTES_FLAG, COPYING_FLAG = 16, 8, 4  # of an intra frame, beside 2 and 1: luma and chroma are filtered
_EXPOSURE_BIT = 0x40  # of the byte with the step
_MIXED_BIT = 0x80  # of the same byte
_MEMORY_BIT = 0x80  # of the byte after it
LEVEL_STEPS = (-5, 0, 3, 4, 5, 6)  # eighths of an octave, by level of the hierarchy


@dataclass(frozen=True)
class GroupParameters:
    """The parameters in the first bytes of a group.

    Attributes:
        frames: number of frames, 1 to MAX_FRAMES.
        step_index: step of the group on the ladder of `blocks.steps`; frames use finer and coarser ones by their level.
        chroma_step: added to the step index for chroma, -8 to 7.
        distance: from a key frame to the next, in frames: 1, 2, 4, 8 or 16.
        items: numbers of 1 or 2 items of the codebook's memory, from which the first frame is predicted, the more
            useful one first; empty for an intra frame.
        exposures: of the frames.
        mixed: whether predicted frames are coded by mixed chances.
    """

    frames: int
    step_index: int
    chroma_step: int = DEFAULT_CHROMA_STEP
    distance: int = 8
    items: tuple[int, ...] = ()
    exposures: Exposures = STEADY
    mixed: bool = False

    def steps(self, place: Place, change: int = 0) -> tuple[int, int]:
        """Return the step indices of luma and chroma of the frame at `place`; `change` is added to both."""
        luma = self.step_index + LEVEL_STEPS[min(place.level, len(LEVEL_STEPS) - 1)] + change
        return _on_ladder(luma), _on_ladder(luma + self.chroma_step)

    @property
    def first_step(self) -> int:
        """The step index of luma of the first frame."""
        return _on_ladder(self.step_index + LEVEL_STEPS[0])

    def to_bytes(self) -> bytes:
        """Return the first bytes of a packet."""
        step = self.step_index | (_EXPOSURE_BIT if self.exposures.points else 0) | (_MIXED_BIT if self.mixed else 0)
        form = (self.chroma_step - CHROMA_STEP_MIN) | DISTANCES.index(self.distance) << 4
        told = b""
        if self.items:
            form |= _MEMORY_BIT
            first, *others = self.items
            told += put_varint(2 * first + len(others)) + b"".join(map(put_varint, others))
        if self.exposures.points:
            told += self.exposures.to_bytes()
        return put_varint(self.frames) + bytes([step, form]) + told

    @classmethod
    def from_bytes(cls, data: bytes) -> tuple[GroupParameters, int]:
        """Return (the parameters of a packet, the number of bytes they take).

        Raises:
            CorruptFileError: the packet is too short, or has values out of range.
        """
        frames, used = get_varint(data)
        if len(data) < used + 2:
            raise CorruptFileError("video data: a group ends within its first bytes; truncated")
        step, form = data[used] & ~(_EXPOSURE_BIT | _MIXED_BIT), data[used + 1]
        mixed = bool(data[used] & _MIXED_BIT)
        exposed, remembers, distance = data[used] & _EXPOSURE_BIT, form & _MEMORY_BIT, (form & ~_MEMORY_BIT) >> 4
        if not 1 <= frames <= MAX_FRAMES or step > MAX_STEP_INDEX or distance >= len(DISTANCES):
            raise CorruptFileError("video data: the first bytes of a group have values out of range; damaged")
        items, used = _get_items(data, used + 2) if remembers else ((), used + 2)
        exposures, used = Exposures.from_bytes(data, used, frames) if exposed else (STEADY, used)
        return cls(frames, step, (form & 15) + CHROMA_STEP_MIN, DISTANCES[distance], items, exposures, mixed), used


def _get_items(data: bytes, used: int) -> tuple[tuple[int, ...], int]:
    """Return the numbers of the items named from byte `used` on, and the place of the byte after them."""
    first, used = get_varint(data, used)
    items = [first >> 1]
    for _ in range(first & 1):
        number, used = get_varint(data, used)
        items.append(number)
    return tuple(items), used


def _on_ladder(index: int) -> int:
    return min(max(index, 0), MAX_STEP_INDEX)
