"""Weighted prediction: how bright each frame is, and references made as bright as the frame predicted from them.

In a fade, a flicker or a change of the camera's exposure all samples change, but the scene does not. A group may say
the exposure of its frames: their contrast and an offset. It is linear between points in time.

Source: J. M. Boyce, "Weighted prediction in the H.264/MPEG AVC video coding standard", ISCAS 2004. There weights belong
to pairs of frames; here they follow from one exposure a frame.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_BITS
from vqcodec.container.varint import get_signed_varint, get_varint, put_signed_varint, put_varint
from vqcodec.errors import CorruptFileError

CONTRAST_MAX = 4095
OFFSET_MAX = 255 << SAMPLE_BITS
GAIN_BITS = 8
GAIN_MAX = 8 << GAIN_BITS
_GREY = 128 << SAMPLE_BITS
_WHITE = 255 << SAMPLE_BITS

Samples = npt.NDArray[np.int16]


class Exposure(NamedTuple):
    """The exposure of a frame.

    Attributes:
        contrast: 1 to CONTRAST_MAX; only its ratio to that of other frames matters.
        offset: of luma where the contrast leaves nothing, in 1/16, up to OFFSET_MAX in magnitude.
    """

    contrast: int
    offset: int


class Weight(NamedTuple):
    """What makes a reference as bright as a frame.

    Attributes:
        gain: in 1 / 2^GAIN_BITS, 0 to GAIN_MAX.
        before, after: subtracted from luma before the gain, and added after it, in 1/16.
    """

    gain: int
    before: int
    after: int

    def luma(self, samples: Samples) -> Samples:
        """Return samples of luma, int16 in 1/16, as bright as the frame."""
        return self._applied(samples, self.before, self.after)

    def chroma(self, samples: Samples) -> Samples:
        """Return samples of a plane of chroma, int16 in 1/16, as saturated as the frame."""
        return self._applied(samples, _GREY, _GREY)

    def _applied(self, samples: Samples, before: int, after: int) -> Samples:
        weighted = self.gain * (samples.astype(np.int32) - before) + (1 << (GAIN_BITS - 1))
        return np.clip((weighted >> GAIN_BITS) + after, 0, _WHITE).astype(np.int16)


@dataclass(frozen=True)
class Exposures:
    """The exposures of a group.

    Attributes:
        points: (time, exposure) with rising times, the first of which is 0; none if all frames are exposed alike.
    """

    points: tuple[tuple[int, Exposure], ...] = ()

    def at(self, time: int) -> Exposure:
        """Return the exposure of the frame at `time`: that of the last point, or between two of them."""
        times = [at for at, _ in self.points]
        number = max(bisect_right(times, time), 1) - 1
        start, first = self.points[number]
        if time <= start or number + 1 == len(times):
            return first
        end, last = self.points[number + 1]
        passed, all_ = time - start, end - start
        return Exposure(*(a + ((b - a) * passed + all_ // 2) // all_ for a, b in zip(first, last)))

    def weight(self, time: int, reference: int) -> Weight | None:
        """Return the weight of the frame at `reference` when that at `time` is predicted; None if they are alike.

        Frames of a memory, whose times are negative, are exposed as the first frame.
        """
        if not self.points:
            return None
        own, other = self.at(time), self.at(reference)
        if own == other:
            return None
        gain = min(((own.contrast << GAIN_BITS) + other.contrast // 2) // other.contrast, GAIN_MAX)
        return Weight(gain, other.offset, own.offset)

    def to_bytes(self) -> bytes:
        """Return the bytes in which a packet tells them."""
        told = [put_varint(len(self.points))]
        before, contrast, offset = 0, 0, 0
        for number, (time, exposure) in enumerate(self.points):
            if number:
                told.append(put_varint(time - before))
            told += [put_signed_varint(exposure.contrast - contrast), put_signed_varint(exposure.offset - offset)]
            before, (contrast, offset) = time, exposure
        return b"".join(told)

    @classmethod
    def from_bytes(cls, data: bytes, used: int, frames: int) -> tuple[Exposures, int]:
        """Return (exposures, the place of the byte after them).

        Args:
            data: of a packet; not trusted.
            used: place of their first byte.
            frames: of the group.

        Raises:
            CorruptFileError: the bytes end too early, or say what cannot be.
        """
        count, used = get_varint(data, used)
        points: list[tuple[int, Exposure]] = []
        time, contrast, offset = 0, 0, 0
        for number in range(min(count, frames)):
            if number:
                passed, used = get_varint(data, used)
                time += passed
            more, used = get_signed_varint(data, used)
            brighter, used = get_signed_varint(data, used)
            contrast, offset = contrast + more, offset + brighter
            repeated = bool(points) and time <= points[-1][0]
            possible = 1 <= contrast <= CONTRAST_MAX and abs(offset) <= OFFSET_MAX and time < frames
            if repeated or not possible:
                break
            points.append((time, Exposure(contrast, offset)))
        if not 1 <= count == len(points):
            raise CorruptFileError("video data: the exposures of a group have values out of range; damaged")
        return cls(tuple(points)), used


STEADY = Exposures()  # of a group whose frames are all exposed alike
