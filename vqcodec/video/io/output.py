"""Writing of video: y4m, and video files and pictures through ffmpeg; a file is complete or not written at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import BinaryIO

import numpy as np

from vqcodec.errors import OutputError
from vqcodec.ffmpeg import colours
from vqcodec.ffmpeg.program import writing as writing_with_ffmpeg
from vqcodec.ffmpeg.texts import ffmetadata
from vqcodec.files.atomic import writing
from vqcodec.files.endpoints import PATTERN, Destination, name_of
from vqcodec.files.temporary import temporary_folder
from vqcodec.video.io import matroska, y4m
from vqcodec.video.io.formats import OutputFormat
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.io.y4m import HALF_CHROMA


@dataclass(frozen=True)
class VideoWriting:
    """How to write a video.

    Attributes:
        format: of the frames. to: the format to write.
        first: number of the first frame. length: number of frames.
        times: of the frames, and last the time at which they end, in units of `format.time_base`; None for a constant
            rate.
        sound: path of a WAV file with the sound; None for no sound.
        texts: of the file by title, such as `title`.
        lossless: write without any further loss.
        overwrite: replace existing files.
    """

    format: VideoFormat
    to: OutputFormat
    first: int
    length: int
    times: Sequence[int] | None = None
    sound: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    lossless: bool = False
    overwrite: bool = False

    def write(self, destination: Destination, frames: Iterator[Frame]) -> int:
        """Write the frames. A path is written completely or not at all.

        Returns:
            The number of bytes written.

        Raises:
            OutputError: the destination exists and `overwrite` is not set, or it cannot be written.
        """
        width, height = self.format.width, self.format.height
        if self.to.even and not self.lossless and self._is_odd():
            even = replace(self.format, width=width + width % 2, height=height + height % 2)
            return replace(self, format=even).write(destination, map(_padded, frames))
        if self.to.pictures:
            return self._write_pictures(os.fspath(destination), frames)  # type: ignore[arg-type]
        if isinstance(destination, (str, os.PathLike)):
            with writing(destination, overwrite=self.overwrite) as file:
                return self._write_to(file, frames, name_of(destination))
        return self._write_to(destination, frames, name_of(destination))

    def notes(self) -> list[str]:
        """Return what the format changes or cannot hold, for the user."""
        if self.to.name == "y4m":
            own = self.format
            told = {"matrix": own.matrix, "primaries": own.primaries, "transfer": own.transfer}
            lost = [what for what, number in told.items() if number != colours.UNSPECIFIED]
            lost += ["chroma siting"] * (own.siting not in HALF_CHROMA.values())
            return [f"y4m has no place for {' and '.join(lost)} of its colours"] if lost else []
        unmarked = self.to.rgb is not None and not self.to.marks
        if unmarked and colours.is_beyond_srgb(self.format.primaries, self.format.transfer):
            return [f"{self.to.name} has no place for its colours beyond sRGB, and programs show them wrong; write png"]
        if not self.to.even or self.lossless or not self._is_odd():
            return []
        sides = {"column": self.format.width % 2, "row": self.format.height % 2}
        doubled = " and ".join(f"the last {side}" for side, odd in sides.items() if odd)
        return [f"{self.to.name} needs an even size: doubled {doubled}; --lossless in mkv keeps the size"]

    def _is_odd(self) -> bool:
        return bool(self.format.width % 2 or self.format.height % 2)

    def _write_to(self, file: BinaryIO, frames: Iterator[Frame], name: str) -> int:
        """Write to an open file; return the number of bytes."""
        if self.to.muxer:
            return self._write_muxed(file, frames, name)
        size = 0
        for piece in _y4m(self.format, frames):
            file.write(piece)
            size += len(piece)
        with suppress(AttributeError):
            file.flush()
        return size

    def _write_muxed(self, file: BinaryIO, frames: Iterator[Frame], name: str) -> int:
        """Write with ffmpeg through a temporary file, since containers are completed at their beginning."""
        with temporary_folder(name) as folder:
            made_name = f"video.{self.to.name}"
            arguments = [*self._inputs(folder), *self._codecs(), "-f", self.to.muxer, made_name]
            with writing_with_ffmpeg(arguments, name, folder) as pipe:
                for piece in self._pieces(frames):
                    pipe.write(piece)
            path = os.path.join(folder, made_name)
            if self.to.name == "webp" and self.format.time_base is not None and self.times is not None:
                _set_duration(path, (self.times[-1] - self.times[0]) * self.format.time_base)
            with open(path, "rb") as made:
                shutil.copyfileobj(made, file)
                with suppress(AttributeError):
                    file.flush()
                return made.tell()

    def _inputs(self, folder: str) -> list[str]:
        """Return ffmpeg's options for the frames from the pipe, the sound and the texts.

        The texts are written to a file in `folder`.
        """
        form = "yuv4mpegpipe" if self.format.time_base is None else "matroska"
        inputs = ["-f", form, "-i", "pipe:0"]
        if self.sound is not None:
            inputs += ["-protocol_whitelist", "file", "-f", "wav", "-i", f"file:{os.path.abspath(self.sound)}"]
        with open(os.path.join(folder, "texts"), "w", encoding="utf-8", newline="\n") as file:
            file.write(ffmetadata(self.texts))
        inputs += ["-f", "ffmetadata", "-i", "texts", "-map_metadata", "1" if self.sound is None else "2"]
        return [*inputs, "-map", "0:v:0", *([] if self.sound is None else ["-map", "1:a:0"])]

    def _codecs(self) -> list[str]:
        """Return ffmpeg's options for the codecs."""
        coders = self.to.lossless if self.lossless else self.to.coders
        options = ["-fps_mode", "passthrough", *self._filters(), *(coders or ())]
        if self.format.aspect is not None:
            options += ["-aspect", _display_aspect(self.format)]
        if self.format.time_base is not None and "libx264" in options:
            options += ["-bf", "0"]  # with B frames, mp4 tells wrong how long the last frame lasts
        if self.format.time_base is not None and self.times is not None and self.to.name == "gif":
            last = 100 * (self.times[-1] - self.times[-2]) * self.format.time_base
            options += ["-final_delay", str(min(round(last), 65535))]  # else it is a tenth of a second at least
        return options

    def _filters(self) -> list[str]:
        """Return ffmpeg's options for the samples of the frames."""
        own = self.format
        if self.to.rgb is not None:
            making = colours.making_rgb(own.width, own.height, own.matrix, own.primaries, own.transfer, own.siting)
            return ["-vf", ",".join([*making, self.to.rgb])]
        options = ["-pix_fmt", "yuv420p", "-color_range", "pc" if own.full_range else "tv"]
        siting = None if own.siting in HALF_CHROMA.values() else own.siting  # those the pipe tells
        told = colours.declaring(own.matrix, own.primaries, own.transfer, siting)
        if told:  # the filter only declares; options of the output would convert
            options += ["-vf", ",".join(told)]
        return options

    def _pieces(self, frames: Iterator[Frame]) -> Iterator[bytes]:
        """Yield the bytes that are piped to ffmpeg."""
        if self.format.time_base is None:
            yield from _y4m(self.format, frames)
            return
        yield matroska.head(self.format)
        for frame, (begin, end) in zip(frames, pairwise(self.times or ())):
            planes = b"".join(plane.tobytes() for plane in frame)
            yield matroska.frame(planes, begin * self.format.time_base, end * self.format.time_base)

    def _write_pictures(self, pattern: str, frames: Iterator[Frame]) -> int:
        """Write pictures to a temporary folder beside the targets, then move each to its name; return the bytes."""
        folder = os.path.dirname(pattern) or "."
        name = os.path.basename(pattern)
        numbers = range(self.first, self.first + self.length)
        size = 0
        try:
            os.makedirs(folder, exist_ok=True)
            if not self.overwrite:
                taken = _taken(folder, name, numbers)
                if taken is not None:
                    raise OutputError(
                        f"{os.path.join(folder, taken)}: exists already; pass overwrite=True to replace it"
                    )
            with tempfile.TemporaryDirectory(prefix=".vqcodec-", dir=folder) as made:
                arguments = ["-f", "yuv4mpegpipe", "-i", "pipe:0", "-fps_mode", "passthrough", *self._filters()]
                output = [*self.to.coders, "-f", "image2", f"%d.{self.to.name}"]
                with writing_with_ffmpeg([*arguments, *output], pattern, made) as pipe:
                    for piece in _y4m(self.format, frames):
                        pipe.write(piece)
                for made_number, number in enumerate(numbers, 1):
                    path = os.path.join(made, f"{made_number}.{self.to.name}")
                    size += os.path.getsize(path)
                    os.replace(path, os.path.join(folder, name % number))
        except OSError as error:
            raise OutputError(f"{pattern}: cannot be written: {error.strerror}") from None
        return size


def _taken(folder: str, pattern: str, numbers: range) -> str | None:
    """Return a name in `folder` that `pattern` has for one of `numbers`; None if there is none."""
    before, after = (part.replace("%%", "%") for part in PATTERN.split(pattern, maxsplit=1))
    for name in sorted(os.listdir(folder)):
        digits = name[len(before) : len(name) - len(after)].lstrip(" ")
        if digits.isdecimal() and digits.isascii() and int(digits) in numbers and pattern % int(digits) == name:
            return name
    return None


def _y4m(format: VideoFormat, frames: Iterator[Frame]) -> Iterator[bytes]:
    """Yield the bytes of a y4m stream."""
    yield y4m.head(format)
    for frame in frames:
        yield y4m.frame_bytes(frame)


def _set_duration(path: str, seconds: Fraction) -> None:
    """Write into an animated WebP how long its last frame lasts; ffmpeg gives it the mean of the others.

    Source: Google's "WebP Container Specification", Animation.

    Args:
        seconds: of all frames.
    """
    durations: list[tuple[int, int]] = []  # place in the file, and thousandths of a second, of each frame
    with open(path, "r+b") as file:
        position = 12  # behind the head of the file
        file.seek(position)
        while len(head := file.read(8)) == 8:
            if head[:4] == b"ANMF":
                durations.append((position + 20, int.from_bytes(file.read(15)[12:], "little")))
            size = int.from_bytes(head[4:], "little")
            position += 8 + size + size % 2
            file.seek(position)
        if durations:  # one frame alone is no animation
            left = round(1000 * seconds) - sum(duration for _, duration in durations[:-1])
            file.seek(durations[-1][0])
            file.write(min(max(left, 0), (1 << 24) - 1).to_bytes(3, "little"))


def _padded(frame: Frame) -> Frame:
    """Return a frame of even size: the last row and column are doubled if need be. Chroma has samples for them."""
    height, width = frame.luma.shape
    return frame._replace(luma=np.pad(frame.luma, [(0, height % 2), (0, width % 2)], mode="edge"))


def _display_aspect(format: VideoFormat) -> str:
    """Return the aspect of the whole frame as ffmpeg takes it."""
    shape = (format.aspect or 1) * Fraction(format.width, format.height)
    return f"{shape.numerator}:{shape.denominator}"
