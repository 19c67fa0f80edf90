"""The parameters of a group: the first bytes of its packet."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError, UnsupportedError
from vqcodec.video.st3d.layout import DEPTHS, LAST_STEP_INDEX, MIN_STEP_INDEX

MAX_FRAMES = 1 << 12
_MOTION, _ADAPTIVE, _REPLENISH = 4, 8, 16


@dataclass(frozen=True)
class GroupParameters:
    """The parameters in the first bytes of a group.

    Attributes:
        frames: number of frames, 1 to MAX_FRAMES.
        step_index: step for the samples of frames, on the ladder of `blocks.steps`, MIN_STEP_INDEX to LAST_STEP_INDEX;
            bands have other steps (`layout.STEP_SHIFTS`).
        depth: frames of a slab: 1, 2 or 4.
        motion: whether macroblocks may have a vector.
        adaptive: whether macroblocks may have a transform over fewer frames than their slab has.
        replenish: whether macroblocks may be skipped: they stay as in the last frame before their slab.
    """

    frames: int
    step_index: int
    depth: int
    motion: bool
    adaptive: bool
    replenish: bool

    @property
    def tools(self) -> int:
        """Return the flags on which contexts depend: motion + 2 * adaptive."""
        return int(self.motion) + 2 * int(self.adaptive)

    def to_bytes(self) -> bytes:
        """Return the first bytes of a packet."""
        flags = DEPTHS.index(self.depth)
        flags |= _MOTION * self.motion | _ADAPTIVE * self.adaptive | _REPLENISH * self.replenish
        return put_varint(self.frames) + bytes([self.step_index, flags])

    @classmethod
    def from_bytes(cls, data: bytes) -> tuple[GroupParameters, int]:
        """Return (the parameters of a packet, the number of bytes they take).

        Raises:
            CorruptFileError: the packet is too short, or has values out of range.
            UnsupportedError: a reserved bit is set.
        """
        frames, used = get_varint(data, source="video data")
        if len(data) < used + 2:
            raise CorruptFileError("video data: a group ends within its first bytes; truncated")
        step, flags = data[used], data[used + 1]
        if flags >> 5:
            raise UnsupportedError("video data: a reserved bit is set; a later version wrote this group")
        if not 1 <= frames <= MAX_FRAMES or not MIN_STEP_INDEX <= step <= LAST_STEP_INDEX or flags & 3 == 3:
            raise CorruptFileError("video data: the first bytes of a group have values out of range; damaged")
        depth = DEPTHS[flags & 3]
        replenish = bool(flags & _REPLENISH)
        return cls(frames, step, depth, bool(flags & _MOTION), bool(flags & _ADAPTIVE), replenish), used + 2
