"""Sources of frames with one interface: y4m, files that ffmpeg reads, folders of pictures, arrays."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np

from vqcodec.errors import LimitError, UnreadableInputError
from vqcodec.ffmpeg import probing, reading
from vqcodec.files.sniffing import picture_paths
from vqcodec.video.io.frames import Frame, chroma_size
from vqcodec.video.io.video_format import UNSPECIFIED_MATRIX, VideoFormat
from vqcodec.video.io.y4m import DEFAULT_RATE, ForeignSamplesError, Y4mReader

_JITTER = Fraction(1, 500)  # seconds that times of a constant rate may be off: two of Matroska's usual units
_BT601 = 6


class FrameSource(ABC):
    """A video that can be read frame by frame.

    Attributes:
        name: of the source in messages.
        format: of the frames.
        times: of the frames, in units of `format.time_base`; None for a constant rate.
        expected: approximate number of frames, for showing progress; None if unknown.
        exact: number of frames, if it is certain before they are read; else None.
        again: whether the source can be read several times.
        sound: path of a file with the sound of the video; None without sound.
        texts: of the file by title, see `texts.TITLES`.
        notes: what reading changes, for the user; complete when the source has been read.
    """

    name: str
    format: VideoFormat
    times: Sequence[int] | None = None
    expected: int | None = None
    exact: int | None = None
    again: bool = True
    sound: str | None = None

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.texts: Mapping[str, str] = {}

    def note(self, text: str) -> None:
        """Add a note, unless it is there already."""
        if text not in self.notes:
            self.notes.append(text)

    @abstractmethod
    def frames(self) -> Iterator[Frame]:
        """Yield all frames."""

    def close(self) -> None:  # noqa: B027  (most sources hold nothing)
        """End what reads frames, such as ffmpeg; `with` does it, too."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Y4mSource(FrameSource):
    """A y4m file, or a stream of y4m, which can be read once."""

    def __init__(self, origin: str | BinaryIO, name: str) -> None:
        super().__init__()
        self.name = name
        self._origin = origin
        self.again = isinstance(origin, str)
        if isinstance(origin, str):
            with open(origin, "rb") as file:
                reader = Y4mReader(file, name)
                size = reader.format.width * reader.format.height
            self.expected = max(1, os.path.getsize(origin) * 2 // (3 * size))
        else:
            self._reader = reader = Y4mReader(origin, name)
        self.format = reader.format
        if reader.interlaced:
            self.note("its frames are interlaced and are coded as they are; deinterlace them first (ffmpeg -vf yadif)")

    def frames(self) -> Iterator[Frame]:
        if not isinstance(self._origin, str):
            yield from self._read(self._reader)
            return
        with open(self._origin, "rb") as file:
            yield from self._read(Y4mReader(file, self.name))

    def _read(self, reader: Y4mReader) -> Iterator[Frame]:
        yield from reader
        if reader.truncated:
            self.note(f"cut off within frame {reader.frames_read}; the {reader.frames_read} before it are coded")


class FFmpegSource(FrameSource):
    """A file that ffmpeg reads."""

    def __init__(self, path: str, name: str) -> None:
        super().__init__()
        self.name = name
        self._path = path
        self._begun: list[Generator[Frame]] = []
        about = probing.probe(path, name)
        self._filters = ["yadif"] if about.interlaced else []
        self.sound = path if about.sound else None
        self.texts = probing.texts(path)
        self.expected = about.frames
        with reading.frames_as_y4m(path, self._filters) as (stream, messages):
            try:
                format = Y4mReader(stream, name).format
            except LimitError:
                raise
            except UnreadableInputError:
                reason = messages[0] if messages else "ffmpeg gives no frame"
                raise UnreadableInputError(f"{name}: damaged: no frame of it can be decoded: {reason}") from None
        full = format.full_range or about.pixels.startswith("yuvj")
        matrix = UNSPECIFIED_MATRIX if about.matrix is None else about.matrix
        self.format = VideoFormat(format.width, format.height, format.rate, format.aspect, full, matrix)
        self._take_times()
        self._describe(about)

    def frames(self) -> Iterator[Frame]:
        begun = self._read()
        self._begun.append(begun)
        return begun

    def close(self) -> None:
        for begun in self._begun:
            begun.close()

    def _read(self) -> Generator[Frame]:
        with reading.frames_as_y4m(self._path, self._filters) as (stream, messages):
            reader = Y4mReader(stream, self.name)
            yield from reader
            if messages:
                self.note(f"damaged or cut off; {reader.frames_read} frames could be read ({messages[0]})")

    def _take_times(self) -> None:
        """Keep the times of the frames if the rate varies."""
        told = probing.frame_times(self._path)
        if told is None:
            return
        unit, times = told
        self.expected = len(times)
        if len(times) < 3 or self._filters:
            return
        rate = self.format.rate
        steady = all(abs(time * unit - number / rate) <= max(_JITTER, unit) for number, time in enumerate(times))
        if steady:
            return
        mean = Fraction(len(times) - 1) / (times[-1] * unit)
        if all(abs(time * unit - number / mean) <= max(_JITTER, unit) for number, time in enumerate(times)):
            self.format = _with(self.format, rate=mean.limit_denominator(1001), time_base=None)
            return
        self.format = _with(self.format, rate=mean.limit_denominator(100_000), time_base=unit)
        self.times = times
        self.note("its frame rate varies; the time of each frame is kept")

    def _describe(self, about: probing.Probe) -> None:
        """Add notes on what ffmpeg changes."""
        if about.pixels and about.pixels not in ("yuv420p", "yuvj420p"):
            self.note(f"{about.pixels} converted to 8-bit 4:2:0")
        if about.interlaced:
            self.note("interlaced frames converted to progressive ones")
        if about.rotated:
            self.note("rotated as the file asks")


class PictureSource(FrameSource):
    """Pictures of one size; each is a frame."""

    def __init__(self, paths: Sequence[str], name: str, rate: Fraction) -> None:
        super().__init__()
        self.name = name
        self._paths = list(paths)
        self.expected = self.exact = len(self._paths)
        first = self._read(self._paths[0])
        height, width = first.luma.shape
        self.format = VideoFormat(width, height, rate, Fraction(1), full_range=True, matrix=_BT601)
        self.format.check()

    def frames(self) -> Iterator[Frame]:
        for path in self._paths:
            frame = self._read(path)
            if frame.luma.shape != (self.format.height, self.format.width):
                raise UnreadableInputError(
                    f"{path}: {frame.luma.shape[1]}x{frame.luma.shape[0]} pixels, but {self._paths[0]} has "
                    f"{self.format.width}x{self.format.height}; the pictures of a video have one size"
                )
            yield frame

    def _read(self, path: str) -> Frame:
        from vqcodec.image.pixels import read_picture

        picture = read_picture(Path(path), path)
        if picture.channels in (2, 4):
            self.note("transparency dropped")
        for said in picture.notes:
            self.note(said)
        return frame_of(picture.samples)


class ArraySource(FrameSource):
    """Frames from a sequence or from any iterable, which is read once."""

    def __init__(self, frames: Iterable[Frame], format: VideoFormat, times: Sequence[int] | None = None) -> None:
        super().__init__()
        self.name = "<frames>"
        self.format = format
        self.times = times
        self._frames = frames
        self.again = isinstance(frames, Sequence)
        if isinstance(frames, Sequence):
            self.expected = self.exact = len(frames)

    def frames(self) -> Iterator[Frame]:
        return iter(self._frames)


class PartSource(FrameSource):
    """Part of another source, without its sound: frames `first` up to `end` (not included; None for the end)."""

    def __init__(self, whole: FrameSource, first: int, end: int | None) -> None:
        super().__init__()
        self.notes, self.texts = whole.notes, whole.texts
        self.name, self.format, self.again = whole.name, whole.format, whole.again
        self._whole, self._range = whole, (first, end)
        if whole.times is not None:
            part = whole.times[first:end]
            self.times = [time - part[0] for time in part]
        self.expected = _count_within(whole.expected, first, end)
        self.exact = _count_within(whole.exact, first, end)

    def frames(self) -> Iterator[Frame]:
        return islice(self._whole.frames(), *self._range)

    def close(self) -> None:
        self._whole.close()


def open_video(source: str | BinaryIO, name: str, *, rate: Fraction | None = None) -> FrameSource:
    """Open a source of frames.

    Args:
        source: path of a file or folder, a glob of pictures, or a stream of y4m.
        name: of the source in messages.
        rate: frames a second; None for the rate of the source, and for 25 if the source is pictures.

    Raises:
        UnreadableInputError: the source does not exist, cannot be read, or has no video.
        LimitError: its size or rate is beyond the limits.
    """
    opened = _open(source, name, rate or DEFAULT_RATE)
    if rate is not None and opened.format.rate != rate:
        opened.format = _with(opened.format, rate=rate, time_base=None)
        opened.times = None
        opened.format.check()
    return opened


def frame_of(samples: np.ndarray) -> Frame:
    """Return a picture, uint8 (height, width, channels), as a frame: BT.601 at full range, without alpha."""
    from vqcodec.metrics import ycbcr

    if samples.shape[2] < 3:
        half = [chroma_size(side) for side in samples.shape[:2]]
        return Frame(np.ascontiguousarray(samples[..., 0]), np.full(half, 128, np.uint8), np.full(half, 128, np.uint8))
    planes = ycbcr(samples[..., :3])
    luma, blue, red = (planes[..., plane] for plane in range(3))
    return Frame(_rounded(luma), _rounded(_halved(blue) + 128), _rounded(_halved(red) + 128))


def _open(source: str | BinaryIO, name: str, rate: Fraction) -> FrameSource:
    """Open a source; `rate` is for pictures only."""
    if not isinstance(source, str):
        return Y4mSource(source, name)
    pictures = picture_paths(source)
    if pictures:
        return PictureSource(pictures, name, rate)
    if os.path.isdir(source):
        raise UnreadableInputError(f"{name}: the folder has no pictures; name a video, or a folder of its frames")
    try:
        with open(source, "rb") as file:
            head = file.read(10)
    except FileNotFoundError:
        raise UnreadableInputError(f"{name}: no such file; check the name") from None
    except OSError as error:
        raise UnreadableInputError(f"{name}: cannot be read: {error.strerror}") from None
    if not head:
        raise UnreadableInputError(f"{name}: the file is empty")
    if head.startswith(b"YUV4MPEG2 "):
        try:
            return Y4mSource(source, name)
        except ForeignSamplesError:
            pass  # ffmpeg converts what it can
    return FFmpegSource(source, name)


def _with(format: VideoFormat, rate: Fraction, time_base: Fraction | None) -> VideoFormat:
    """Return a format with another rate and unit of time."""
    return VideoFormat(format.width, format.height, rate, format.aspect, format.full_range, format.matrix, time_base)


def _count_within(whole: int | None, first: int, end: int | None) -> int | None:
    """Return the number of frames of a part; None if it is unknown. `whole` is that of the whole source."""
    if whole is None:
        return None if end is None else end - first
    return max(0, min(whole, whole if end is None else end) - first)


def _halved(plane: np.ndarray) -> np.ndarray:
    """Return the means of 2x2 samples, float64; at an odd edge the last row or column counts twice."""
    padded = np.pad(plane, [(0, plane.shape[0] & 1), (0, plane.shape[1] & 1)], mode="edge").astype(np.float64)
    return padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2).mean(axis=(1, 3))


def _rounded(plane: np.ndarray) -> np.ndarray:
    """Return a plane rounded and clipped to uint8."""
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)
