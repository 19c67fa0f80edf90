"""Files that ffmpeg reads as sources of frames: their times, colours, fields and sound."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import BinaryIO

from vqcodec.errors import LimitError, UnreadableInputError
from vqcodec.ffmpeg import probing, reading
from vqcodec.ffmpeg.colours import HIGH_DYNAMIC_RANGE, Told
from vqcodec.ffmpeg.survey import Survey, survey
from vqcodec.files.temporary import keeping, temporary_folder
from vqcodec.video.io.deinterlacing import deinterlacing
from vqcodec.video.io.frame_source import FrameSource
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.pace import pace_of
from vqcodec.video.io.pictures import BT601
from vqcodec.video.io.placing import SoundTrack
from vqcodec.video.io.video_format import MIDWAY
from vqcodec.video.io.y4m import Y4mReader


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
        self.texts = about.texts
        self.expected = about.frames
        fields = self._look(about, deinterlace, about.frames if told is None else len(told.frames.starts))
        self._take_colour(about.samples, about.samples if told is None or about.samples.is_rgb else told.samples)
        self._take_times(told, about.sound)
        if fields is not None:
            self.note(fields)
        if about.rotated:
            self.note("rotated as the file asks")
        if about.alpha and reading.shows_transparency(path, most):
            self.note("transparency dropped")
        for left_out in about.notes:
            self.note(left_out)

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

    def _look(self, about: probing.Probe, deinterlace: str, count: int | None) -> str | None:
        """Take the format from the first frames and choose how to deal with fields; return a note on these.

        Raises:
            UnreadableInputError: no frame can be decoded.
        """
        with reading.frames_as_y4m(self._path) as (stream, messages):
            try:
                reader = Y4mReader(stream, self.name)
            except LimitError:
                raise
            except UnreadableInputError:
                reason = messages[0] if messages else "ffmpeg gives no frame"
                raise UnreadableInputError(f"{self.name}: damaged: no frame of it can be decoded: {reason}") from None
            self.format = reader.format
            if about.samples.is_rgb:
                return None
            self._filters, note = deinterlacing(reader, deinterlace, marked=about.interlaced, count=count or 0)
            return note

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


class KeptStream(FFmpegSource):
    """A stream of y4m whose samples ffmpeg converts, kept in a temporary file, since ffmpeg reads files.

    Args:
        head: its first line, which has been read. rest: the stream behind it.
        name, most, deinterlace: as of `FFmpegSource`.
    """

    def __init__(self, head: bytes, rest: BinaryIO, name: str, most: int | None, deinterlace: str) -> None:
        with ExitStack() as stack:
            folder = stack.enter_context(temporary_folder(name))
            path = os.path.join(folder, "stream.y4m")
            with keeping(name), open(path, "wb") as file:
                file.write(head)
                shutil.copyfileobj(rest, file)
                size = file.tell()
            super().__init__(path, name, most, deinterlace=deinterlace)
            self._folder = stack.pop_all()
        self.note(f"{size / 1e6:.1f} MB of it were kept in {tempfile.gettempdir()} while it was converted")

    def close(self) -> None:
        super().close()
        self._folder.close()
