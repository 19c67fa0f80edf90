"""Reading and writing of YUV4MPEG2 ("y4m"), uncompressed video for pipes.

Source: the manual page yuv4mpeg(5) of the MJPEG tools, and FFmpeg's `yuv4mpegdec.c` for later tags.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from vqcodec.errors import UnreadableInputError
from vqcodec.ffmpeg.colours import SITINGS
from vqcodec.interruption import waiting_for_input
from vqcodec.video.io.frames import Frame, chroma_size
from vqcodec.video.io.video_format import MIDWAY, VideoFormat

MAGIC = b"YUV4MPEG2"
HALF_CHROMA = {"420jpeg": MIDWAY, "420mpeg2": SITINGS["left"], "420paldv": SITINGS["topleft"], "420": MIDWAY}
"""Layouts, and the siting of chroma, as in `VideoFormat`."""

GREY = "mono"
DEFAULT_RATE = Fraction(25)

_MAX_LINE = 1024
_FRAME = b"FRAME"
_NEUTRAL = 128


class ForeignSamplesError(UnreadableInputError):
    """The samples have a layout that cannot be read without conversion.

    Attributes:
        head: the first line of the stream, which has been read.
    """

    def __init__(self, message: str, head: bytes = b"") -> None:
        super().__init__(message)
        self.head = head


class Y4mReader:
    """Reads a y4m stream frame by frame.

    Args:
        stream: at its beginning; it need not be seekable.
        name: of the stream in messages.

    Attributes:
        format: of the frames. interlaced: whether the header says that frames are interlaced.
        frames_read: number of frames read so far. truncated: whether the stream ended within a frame.

    Raises:
        ForeignSamplesError: the samples are neither 8-bit 4:2:0 nor 8-bit grey.
        UnreadableInputError: the stream is not y4m, or its header is damaged.
        LimitError: its size or rate is beyond the limits.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self.frames_read = 0
        self.truncated = False
        line = self._line()
        words = line.split(b" ")
        if words[0] != MAGIC:
            raise UnreadableInputError(f"{name}: not a y4m stream")
        tags = {word[:1].decode("latin-1"): word[1:].decode("latin-1") for word in words[1:] if word[:1] != b"X"}
        extensions = {word for word in words[1:] if word[:1] == b"X"}
        layout = tags.get("C", "420")
        self._grey = layout == GREY
        self.format = VideoFormat(
            self._number(tags, "W"),
            self._number(tags, "H"),
            self._ratio(tags.get("F", "0:0")) or DEFAULT_RATE,
            self._ratio(tags.get("A", "0:0")),
            full_range=b"XCOLORRANGE=FULL" in extensions,
            siting=HALF_CHROMA.get(layout, MIDWAY),
        )
        self.interlaced = tags.get("I", "p") not in ("p", "?")
        self.format.check()
        if layout not in (*HALF_CHROMA, GREY):
            raise ForeignSamplesError(
                f"{name}: y4m with samples {layout[:20]}; convert it to 8-bit 4:2:0 (ffmpeg -pix_fmt yuv420p)",
                line + b"\n",
            )

    def __iter__(self) -> Iterator[Frame]:
        width, height = self.format.width, self.format.height
        small = (chroma_size(height), chroma_size(width))
        luma_size, chroma_samples = width * height, small[0] * small[1]
        size = luma_size + (0 if self._grey else 2 * chroma_samples)
        while self._frame_head():
            samples = np.empty(size, dtype=np.uint8)
            if _read_into(self._stream, samples) != size:
                self.truncated = True
                return
            self.frames_read += 1
            luma = samples[:luma_size].reshape(height, width)
            if self._grey:
                yield Frame(luma, np.full(small, _NEUTRAL, np.uint8), np.full(small, _NEUTRAL, np.uint8))
            else:
                blue, red = samples[luma_size:].reshape(2, *small)
                yield Frame(luma, blue, red)

    def _frame_head(self) -> bool:
        """Read the line before a frame; return False at the end of the stream."""
        head = self._stream.readline(_MAX_LINE)
        if not head:
            return False
        if head.startswith(_FRAME) and head.endswith(b"\n"):
            return True
        if _FRAME.startswith(head[: len(_FRAME)]) and not head.endswith(b"\n"):
            self.truncated = True
            return False
        raise UnreadableInputError(f"{self._name}: damaged: no frame begins where frame {self.frames_read} should")

    def _line(self) -> bytes:
        """Return the header line without its end."""
        line = self._stream.readline(_MAX_LINE)
        if not line.endswith(b"\n"):
            raise UnreadableInputError(f"{self._name}: not a y4m stream, or cut off in its header")
        return line[:-1]

    def _number(self, tags: dict[str, str], tag: str) -> int:
        """Return the number of a tag."""
        text = tags.get(tag, "")
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise UnreadableInputError(f"{self._name}: damaged: the y4m header has no valid {tag}")
        return int(text)

    def _ratio(self, text: str) -> Fraction | None:
        """Return a ratio such as 30000:1001; None for 0:0, which means unknown."""
        parts = text.split(":")
        if len(parts) != 2 or not all(part.isascii() and part.isdecimal() and len(part) < 12 for part in parts):
            raise UnreadableInputError(f"{self._name}: damaged: '{text[:20]}' in the y4m header is not a ratio")
        above, below = map(int, parts)
        return Fraction(above, below) if above and below else None


def head(format: VideoFormat) -> bytes:
    """Return the header of a y4m stream with frames of this format."""
    aspect = format.aspect or Fraction(0, 1)
    shape = f"A{aspect.numerator}:{aspect.denominator if aspect else 0}"
    colours = "XCOLORRANGE=" + ("FULL" if format.full_range else "LIMITED")
    sited = next((name for name, siting in HALF_CHROMA.items() if siting == format.siting), "420jpeg")
    layout = f"C{sited} XYSCSS={sited.upper()}"
    rate = f"F{format.rate.numerator}:{format.rate.denominator}"
    return f"YUV4MPEG2 W{format.width} H{format.height} {rate} Ip {shape} {layout} {colours}\n".encode("ascii")


def frame_bytes(frame: Frame) -> bytes:
    """Return the bytes of a frame of a y4m stream."""
    return b"FRAME\n" + b"".join(np.ascontiguousarray(plane).tobytes() for plane in frame)


def _read_into(stream: BinaryIO, samples: np.ndarray) -> int:
    """Fill `samples` from a stream, which may give less at a time; return the number of bytes before its end."""
    view = memoryview(samples)  # type: ignore[arg-type]
    filled = 0
    while filled < len(view):
        with waiting_for_input():
            data = stream.read(len(view) - filled)
        if not data:
            break
        view[filled : filled + len(data)] = data
        filled += len(data)
    return filled
