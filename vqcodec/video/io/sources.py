"""Sources of frames: y4m, files that ffmpeg reads, folders of pictures; and opening whichever a name stands for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from vqcodec.errors import UnreadableInputError, UsageError
from vqcodec.ffmpeg.colours import UNSPECIFIED
from vqcodec.files.sniffing import picture_paths
from vqcodec.video.io.ffmpeg_source import FFmpegSource, KeptStream
from vqcodec.video.io.frame_source import FrameSource
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.pictures import format_of_rgb, frame_of
from vqcodec.video.io.y4m import DEFAULT_RATE, ForeignSamplesError, Y4mReader


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
        self.interlaced = reader.interlaced
        if reader.interlaced:
            self.note("interlaced frames kept as they are")

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


class PictureSource(FrameSource):
    """Pictures of one size; each is a frame."""

    def __init__(self, paths: Sequence[str], name: str, rate: Fraction) -> None:
        super().__init__()
        self.name = name
        self._paths = list(paths)
        self.expected = self.exact = len(self._paths)
        first = self._read(self._paths[0])
        height, width = first.luma.shape
        self.format = format_of_rgb(width, height, rate, Fraction(1))
        if self._profiled:
            self.format = replace(self.format, primaries=UNSPECIFIED, transfer=UNSPECIFIED)
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
        from vqcodec.metrics.transparency import is_transparent

        picture = read_picture(Path(path), path)
        self._profiled = "icc" in picture.metadata
        if is_transparent(picture.samples):
            self.note("transparency dropped")
        for said in picture.notes:
            self.note(said)
        return frame_of(picture.samples)


def open_video(
    source: str | BinaryIO,
    name: str,
    *,
    rate: Fraction | None = None,
    most: int | None = None,
    track: int | str | None = None,
    deinterlace: str = "auto",
    audio: bool = True,
) -> FrameSource:
    """Open a source of frames.

    Args:
        source: path of a file or folder, a glob of pictures, or a stream of y4m.
        name: of the source in messages.
        rate: frames a second; None for the rate of the source, and for 25 if the source is pictures.
        most: how many frames are needed at most, from the first on; None for all.
        track: number of the sound track, from 1 on, or its language; None for the default one.
        deinterlace: whether to make progressive frames of interlaced ones: `on`, `off`, or `auto` for those that look
            so. y4m of 8-bit 4:2:0 counts as it is marked, and from a stream it stays as it is.
        audio: whether to take the sound; if not, no time is spent on it.

    Raises:
        UsageError: there is no such track.
        UnreadableInputError: the source does not exist, cannot be read, or has no video.
        LimitError: its size or rate is beyond the limits.
    """
    asked = {"most": most, "track": track, "deinterlace": deinterlace, "audio": audio}
    opened = _open(source, name, rate or DEFAULT_RATE, asked)
    if audio and track is not None and not isinstance(opened, FFmpegSource):
        raise UsageError(f"{name}: has no sound track {track}; it has no sound")
    if rate is not None and opened.format.rate != rate:
        opened.format = replace(opened.format, rate=rate, time_base=None)
        opened.times = None
        opened.format.check()
    return opened


def _open(source: str | BinaryIO, name: str, rate: Fraction, asked: Mapping[str, Any]) -> FrameSource:
    """Open a source; `rate` is for pictures only, `asked` are arguments of `FFmpegSource`."""
    deinterlace = asked["deinterlace"]
    if not isinstance(source, str):
        try:
            opened = Y4mSource(source, name)
        except ForeignSamplesError as error:
            return KeptStream(error.head, source, name, asked["most"], deinterlace)
        if deinterlace == "on":
            raise UsageError(f"{name}: y4m from a stream cannot be made progressive; name a file")
        return opened
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
            opened = Y4mSource(source, name)
            if deinterlace == "off" or (deinterlace == "auto" and not opened.interlaced):
                return opened
        except ForeignSamplesError:
            pass  # ffmpeg converts what it can
    return FFmpegSource(source, name, **asked)
