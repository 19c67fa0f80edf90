"""The header of a video stream, and the times before the bytes of a group in a packet (FORMAT.md, section 17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from vqcodec import limits
from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError, LimitError, UnsupportedError
from vqcodec.ffmpeg.colours import SITINGS, UNSPECIFIED
from vqcodec.video.io.video_format import MIDWAY, VideoFormat

_FULL_RANGE, _ASPECT, _MATRIX, _COUNT, _TIMES, _COLOURS, _SITING, _ENDS = (1 << bit for bit in range(8))
_KNOWN_FLAGS = 255
_MAX_TIME = 1 << 62


@dataclass(frozen=True)
class VideoHeader:
    """The header of a video stream.

    Attributes:
        format: of the frames.
        frames: number of frames; None if it was not known when the stream began.
        ends: whether each packet also tells when its last frame ends; only if the frames have times.
    """

    format: VideoFormat
    frames: int | None = None
    ends: bool = False

    def to_bytes(self) -> bytes:
        """Return the bytes of the header."""
        format = self.format
        flags = _FULL_RANGE * format.full_range
        parts = [format.width, format.height, *format.rate.as_integer_ratio()]
        if format.aspect is not None:
            flags |= _ASPECT
            parts += format.aspect.as_integer_ratio()
        if format.matrix != UNSPECIFIED:
            flags |= _MATRIX
            parts.append(format.matrix)
        if self.frames is not None:
            flags |= _COUNT
            parts.append(self.frames)
        if format.time_base is not None:
            flags |= _TIMES | _ENDS * self.ends
            parts += format.time_base.as_integer_ratio()
        if (format.primaries, format.transfer) != (UNSPECIFIED, UNSPECIFIED):
            flags |= _COLOURS
            parts += format.primaries, format.transfer
        if format.siting != MIDWAY:
            flags |= _SITING
            parts.append(format.siting)
        return b"".join(map(put_varint, (flags, *parts)))

    @classmethod
    def from_bytes(cls, data: bytes) -> VideoHeader:
        """Return the header with these bytes.

        Raises:
            CorruptFileError: the header is too short or too long, or has impossible values.
            UnsupportedError: the header has a flag of a later version.
            LimitError: a size, rate or number is beyond the limits.
        """
        numbers = _Numbers(data)
        flags = numbers.next()
        if flags & ~_KNOWN_FLAGS:
            raise UnsupportedError("the header of the video has parts of a later version; a newer vqcodec is needed")
        width, height, rate = numbers.next(), numbers.next(), numbers.ratio("frame rate")
        aspect = numbers.ratio("aspect") if flags & _ASPECT else None
        matrix = numbers.next() if flags & _MATRIX else UNSPECIFIED
        frames = numbers.next() if flags & _COUNT else None
        time_base = numbers.ratio("unit of time") if flags & _TIMES else None
        primaries, transfer = (numbers.next(), numbers.next()) if flags & _COLOURS else (UNSPECIFIED, UNSPECIFIED)
        siting = numbers.next() if flags & _SITING else MIDWAY
        numbers.end()
        if flags & _ENDS and not flags & _TIMES:
            raise CorruptFileError("frames of a constant rate have no ends of their own")
        if flags & _MATRIX and (matrix == UNSPECIFIED or matrix > 255):
            raise CorruptFileError(f"colour matrix {matrix} is impossible")
        if flags & _COLOURS and (primaries == transfer == UNSPECIFIED or max(primaries, transfer) > 255):
            raise CorruptFileError(f"primaries {primaries} with transfer {transfer} are impossible")
        if flags & _SITING and (siting == MIDWAY or siting not in SITINGS.values()):
            raise CorruptFileError(f"the siting {siting} of chroma is impossible")
        if frames is not None and not 0 < frames <= limits.MAX_FRAMES:
            raise LimitError(f"{frames} frames; 1 to {limits.MAX_FRAMES} are allowed")
        full = bool(flags & _FULL_RANGE)
        format = VideoFormat(width, height, rate, aspect, full, matrix, time_base, primaries, transfer, siting)
        format.check()
        return cls(format, frames, bool(flags & _ENDS))


def pack_times(times: Sequence[int]) -> bytes:
    """Return the bytes that come first in the packet of a group.

    Args:
        times: of the group's frames, then the time at which the last of them ends. They increase.
    """
    steps = [times[0], *(after - before for before, after in pairwise(times))]
    return put_varint(len(times) - 1) + b"".join(map(put_varint, steps))


def unpack_times(packet: bytes, *, ends: bool) -> tuple[list[int], bytes]:
    """Return (the times at the beginning of a packet, the bytes of the group after them).

    Args:
        ends: whether the time at which the last frame ends is among them; it then comes last.

    Raises:
        CorruptFileError: the packet is too short, the times do not increase, or there are none.
    """
    count, position = get_varint(packet, 0)
    times: list[int] = []
    for _ in range(count + ends):  # ends with the packet, however large the count
        step, position = get_varint(packet, position)
        if times and step == 0:
            raise CorruptFileError("two frames have the same time")
        times.append(step + (times[-1] if times else 0))
        if times[-1] > _MAX_TIME:
            raise CorruptFileError("the time of a frame is too large")
    if len(times) == ends:
        raise CorruptFileError("a group has no frames")
    return times, packet[position:]


class _Numbers:
    """Reads the varints of a header, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def next(self) -> int:
        """Return the next number."""
        value, self._position = get_varint(self._data, self._position, "video header")
        return value

    def ratio(self, what: str) -> Fraction:
        """Return the next two numbers as a fraction; they must have no common divisor."""
        above, below = self.next(), self.next()
        if not above or not below or Fraction(above, below).denominator != below:
            raise CorruptFileError(f"the {what} {above}/{below} is impossible")
        return Fraction(above, below)

    def end(self) -> None:
        """Raise CorruptFileError if there are bytes left."""
        if self._position != len(self._data):
            raise CorruptFileError(f"the header of the video is {len(self._data) - self._position} bytes too long")
