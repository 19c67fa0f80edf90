"""Sources of frames with one interface: y4m, files that ffmpeg reads, folders of pictures, arrays."""

from __future__ import annotations

import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Self

from vqcodec.errors import LimitError, UnreadableInputError, UsageError
from vqcodec.ffmpeg import probing, reading
from vqcodec.ffmpeg.colours import HIGH_DYNAMIC_RANGE, Told
from vqcodec.ffmpeg.survey import Survey, survey
from vqcodec.files.sniffing import picture_paths
from vqcodec.video.io.deinterlacing import deinterlacing
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.pace import MEAN_PARTS, pace_of
from vqcodec.video.io.pictures import BT601, format_of_rgb, frame_of
from vqcodec.video.io.placing import SoundTrack
from vqcodec.video.io.video_format import MIDWAY, UNSPECIFIED, VideoFormat
from vqcodec.video.io.y4m import DEFAULT_RATE, ForeignSamplesError, Y4mReader


class FrameSource(ABC):
    """A video that can be read frame by frame.

    Attributes:
        name: of the source in messages.
        format: of the frames.
        times: of the frames, from 0 on, and last the time at which the last frame ends, in units of
            `format.time_base`; None for a constant rate.
        expected: approximate number of frames, for showing progress; None if unknown.
        exact: number of frames, if it is certain before they are read; else None.
        again: whether the source can be read several times.
        sound: the sound of the video; None without sound.
        texts: of the file by title, see `texts.TITLES`.
        notes: what reading changes, for the user; complete when the source has been read.
    """

    name: str
    format: VideoFormat
    times: Sequence[int] | None = None
    expected: int | None = None
    exact: int | None = None
    again: bool = True
    sound: SoundTrack | None = None

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

    def times_of(self, first: int, count: int) -> list[int]:
        """Return the times of `count` frames, and last the time at which they end, in units.

        If there are more frames than times, the others follow in equal steps. Without times, every frame lasts a unit.
        """
        told = self.times or (0, 1)
        step = max(1, told[-1] // (len(told) - 1))
        beyond = range(max(first, len(told)), first + count + 1)
        return [*told[first : first + count + 1], *(told[-1] + step * (number - len(told) + 1) for number in beyond)]

    def moment(self, number: int) -> Fraction:
        """Return the second at which a frame begins; for the number of frames, when the last one ends."""
        unit = self.format.time_base
        return number / self.format.rate if unit is None else self.times_of(number, 0)[0] * unit

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


class FFmpegSource(FrameSource):
    """A file that ffmpeg reads.

    Args:
        path: of the file. name: of the file in messages.
        most: how many of its frames are needed; None for all.
        track: its sound track. deinterlace: whether to make progressive frames. audio: whether to take its sound. All
            as of `open_video`.
    """

    def __init__(
        self,
        path: str,
        name: str,
        most: int | None = None,
        track: int | str | None = None,
        deinterlace: str = "auto",
        audio: bool = True,
    ) -> None:
        super().__init__()
        self.name = name
        self._path = path
        self._begun: list[Generator[Frame]] = []
        about = probing.probe(path, name, track, audio=audio)
        surveyed = None if most is None else most + 1
        told = survey(path, sound=about.sound, frames=surveyed)
        if told is None and about.sound is not None:  # ffmpeg gives nothing if one of two streams cannot be decoded
            told = survey(path, sound=None, frames=surveyed)
            self.note("its sound cannot be decoded, and is left out")
        self._filters: list[str] = []
        self.texts = probing.texts(path)
        self.expected = about.frames
        with reading.frames_as_y4m(path) as (stream, messages):
            try:
                self.format = Y4mReader(stream, name).format
            except LimitError:
                raise
            except UnreadableInputError:
                reason = messages[0] if messages else "ffmpeg gives no frame"
                raise UnreadableInputError(f"{name}: damaged: no frame of it can be decoded: {reason}") from None
        self._take_colour(about.samples, about.samples if told is None or about.samples.is_rgb else told.samples)
        self._take_times(told, about.sound)
        self._describe(about, deinterlace)

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

    def _take_colour(self, header: Told, samples: Told) -> None:
        """Keep what the samples mean: `header` by the header of the file, `samples` when they are decoded."""
        self.format = replace(
            self.format,
            full_range=self.format.full_range or header.pixels.startswith("yuvj"),
            matrix=BT601 if header.is_rgb else samples.matrix,
            primaries=samples.primaries,
            transfer=samples.transfer,
            siting=MIDWAY if samples.halved_siting is None else samples.halved_siting,
        )
        if header.pixels and header.pixels not in ("yuv420p", "yuvj420p"):
            self.note(f"{header.pixels} converted to 8-bit 4:2:0")
        if samples.transfer in HIGH_DYNAMIC_RANGE:
            kind = HIGH_DYNAMIC_RANGE[samples.transfer]
            self.note(f"its colours are high dynamic range ({kind}); they stay so, with 8 bits a sample")

    def _take_times(self, told: Survey | None, stream: int | None) -> None:
        """Keep the times of the frames if the rate varies, and those of the sound, which is `stream` of the file."""
        if told is None:
            return
        frames, sound = told.frames, told.sound
        self.expected = len(frames.starts)
        pace = pace_of(frames, self.format.rate)
        self.format = replace(self.format, rate=pace.rate, time_base=pace.unit)
        self.format.check()
        self.times = pace.times
        if pace.times is not None:
            self.note("its frame rate varies; the time of each frame is kept")
        if sound is not None and stream is not None:
            self.sound = SoundTrack(self._path, stream, sound, pace.begin)

    def _describe(self, about: probing.Probe, deinterlace: str) -> None:
        """Add notes on what ffmpeg changes and leaves out, and choose how it deals with fields."""
        if not about.samples.is_rgb:
            count = self.expected or 0
            self._filters, note = deinterlacing(
                self._path, self.name, deinterlace, marked=about.interlaced, count=count
            )
            if note is not None:
                self.note(note)
        if about.rotated:
            self.note("rotated as the file asks")
        for left_out in about.notes:
            self.note(left_out)


class _KeptStream(FFmpegSource):
    """A stream of y4m whose samples ffmpeg converts, kept in a temporary file, since ffmpeg reads files.

    Args:
        head: its first line, which has been read. rest: the stream behind it.
        name, most, deinterlace: as of `FFmpegSource`.
    """

    def __init__(self, head: bytes, rest: BinaryIO, name: str, most: int | None, deinterlace: str) -> None:
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="vqcodec-"))
            path = os.path.join(folder, "stream.y4m")
            with open(path, "wb") as file:
                file.write(head)
                shutil.copyfileobj(rest, file)
                size = file.tell()
            super().__init__(path, name, most, deinterlace=deinterlace)
            self._folder = stack.pop_all()
        self.note(f"{size / 1e6:.1f} MB of it were kept in {tempfile.gettempdir()} while it was converted")

    def close(self) -> None:
        super().close()
        self._folder.close()


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

        picture = read_picture(Path(path), path)
        self._profiled = "icc" in picture.metadata
        if picture.channels in (2, 4):
            self.note("transparency dropped")
        for said in picture.notes:
            self.note(said)
        return frame_of(picture.samples)


class PartSource(FrameSource):
    """Part of another source with its sound: frames `first` up to `end` (not included; None for the end)."""

    def __init__(self, whole: FrameSource, first: int, end: int | None) -> None:
        super().__init__()
        self.notes, self.texts = whole.notes, whole.texts
        self.name, self.format, self.again = whole.name, whole.format, whole.again
        self._whole, self._range = whole, (first, end)
        self.expected = _count_within(whole.expected, first, end)
        self.exact = _count_within(whole.exact, first, end)
        if whole.times is not None and self.expected:
            times = whole.times_of(first, self.expected)
            self.times = [time - times[0] for time in times]
            mean = self.expected / (self.times[-1] * Fraction(whole.format.time_base or 1))
            self.format = replace(whole.format, rate=mean.limit_denominator(MEAN_PARTS))
            self.format.check()
        if whole.sound is not None:
            cut = end is not None and end < (whole.expected or 0)
            self.sound = whole.sound.part(whole.moment(first), whole.moment(end) if cut and end is not None else None)

    def frames(self) -> Iterator[Frame]:
        return islice(self._whole.frames(), *self._range)

    def close(self) -> None:
        self._whole.close()


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
            return _KeptStream(error.head, source, name, asked["most"], deinterlace)
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


def _count_within(whole: int | None, first: int, end: int | None) -> int | None:
    """Return the number of frames of a part; None if it is unknown. `whole` is that of the whole source."""
    if whole is None:
        return None if end is None else end - first
    return max(0, min(whole, whole if end is None else end) - first)
