"""Reading videos: the frames of a source to encode, and of each side of a comparison."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from vqcodec.api.media import Side
from vqcodec.codebook.codebook import Codebook
from vqcodec.container.wrapping import codebook_of
from vqcodec.files.endpoints import Source, naming, seekable
from vqcodec.files.temporary import keeping, temporary_folder
from vqcodec.media.encoding import EncodeOptions
from vqcodec.video.decoding import Decoding
from vqcodec.video.files import read_video
from vqcodec.video.io.frame_source import FrameSource, PartSource
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.sources import open_video
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.io.y4m import MAGIC


@contextmanager
def opened(source: Source, name: str, asked: EncodeOptions) -> Iterator[tuple[FrameSource, int | None]]:
    """Give the frames to encode, and the size in bytes if they are in one file."""
    most = None if asked.frames is None else asked.frames[1]
    with (
        _as_path_or_stream(source, name) as (origin, size),
        open_video(
            origin,
            name,
            rate=asked.fps,
            most=most,
            track=asked.track,
            deinterlace=asked.deinterlace or "auto",
            audio=asked.audio is not False,
        ) as whole,
    ):
        frames = whole
        if asked.frames is not None:
            frames = PartSource(frames, *asked.frames)
        yield frames, size


@contextmanager
def frames_of(
    side: Side, codebook: Codebook | None, threads: int | None
) -> Iterator[tuple[VideoFormat, Iterator[Frame], Sequence[str]]]:
    """Give the format and the frames of one side of a comparison, and what reading changes, as it becomes known."""
    if not side.coded:
        with opened(side.source, side.name, EncodeOptions(audio=False)) as (frames, _):
            yield frames.format, frames.frames(), frames.notes
        return
    with naming(side.name), seekable(side.source, side.name) as file:
        video = read_video(file)
        decoding = Decoding(video, codebook_of(video.media, codebook), threads=threads)
        yield video.header.format, decoding.frames(), ()


@contextmanager
def _as_path_or_stream(source: Source, name: str) -> Iterator[tuple[str | BinaryIO, int | None]]:
    """Give a path, for ffmpeg to open, or a stream of y4m, and the size. Other bytes go to a temporary file."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        yield path, os.path.getsize(path) if os.path.isfile(path) else None
        return
    if not isinstance(source, (bytes, bytearray, memoryview)):
        yield source, None
        return
    data = bytes(source)
    if data.startswith(MAGIC):
        yield io.BytesIO(data), len(data)
        return
    with temporary_folder(name) as folder:
        path = os.path.join(folder, "source")
        with keeping(name), open(path, "wb") as file:
            file.write(data)
        yield path, len(data)
