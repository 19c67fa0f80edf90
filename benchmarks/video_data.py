"""Clips to measure video codecs on: lossless files, read by ffmpeg as frames of 8 bits and 4:2:0."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import DATA, MissingDataError
from vqcodec.video.io.frames import Frame, chroma_size

CLIPS = DATA / "video" / "dev"
SHORTEST = 24  # frames of a clip: a shorter one would tell of its intra frame alone
FRAMES = 97  # one intra frame and twelve groups of eight
SUFFIXES = {".mkv", ".y4m"}

Raw = NDArray[np.uint8]  # (frames, bytes of the three planes of a frame)


@dataclass(frozen=True)
class Clip:
    """The first frames of a clip.

    Attributes:
        name: of the file, without its suffix.
        rate: frames a second.
        raw: shape (frames, bytes): the planes Y, U and V of a frame one after the other.
    """

    name: str
    width: int
    height: int
    rate: Fraction
    raw: Raw

    @cached_property
    def digest(self) -> str:
        """What tells these samples from others."""
        return hashlib.sha256(self.raw.tobytes()).hexdigest()[:16]

    def first(self, frames: int) -> Clip:
        """The clip's beginning."""
        return Clip(self.name, self.width, self.height, self.rate, self.raw[:frames])

    def frames(self) -> list[Frame]:
        """The frames as the video engines take them."""
        return [Frame(*planes) for planes in zip(*split_planes(self.raw, self.width, self.height))]


def split_planes(raw: Raw, width: int, height: int) -> tuple[NDArray[np.uint8], ...]:
    """The planes Y, U and V of raw frames, each of shape (frames, height, width); U and V have half the size."""
    shapes = [(height, width), *[(chroma_size(height), chroma_size(width))] * 2]
    bounds = np.cumsum([0, *(rows * columns for rows, columns in shapes)])
    return tuple(
        raw[:, start:end].reshape(-1, *shape) for start, end, shape in zip(bounds[:-1], bounds[1:], shapes, strict=True)
    )


def frame_bytes(width: int, height: int) -> int:
    """The bytes of the three planes of a frame."""
    return width * height + 2 * chroma_size(width) * chroma_size(height)


def joined_planes(frames: list[Frame]) -> Raw:
    """Frames as raw frames."""
    return np.stack([np.concatenate([plane.reshape(-1) for plane in frame]) for frame in frames])


def find_ffmpeg() -> str:
    """The ffmpeg of the package imageio-ffmpeg.

    Raises:
        MissingDataError: it is not installed.
    """
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise MissingDataError("ffmpeg is missing: pip install imageio-ffmpeg") from error


def ffmpeg_version() -> dict[str, str]:
    """The version of ffmpeg, which brings its codecs with it, as `common.write_json` takes it.

    Raises:
        MissingDataError: it is not installed.
    """
    shown = subprocess.run([find_ffmpeg(), "-version"], capture_output=True, check=True, text=True).stdout
    return {"ffmpeg": shown.split()[2]}


def find_clips(folder: Path = CLIPS, names: tuple[str, ...] = (), frames: int = FRAMES) -> list[Clip]:
    """The clips of a folder in the order of their names.

    Args:
        names: take only those whose name begins with one of these; all if there are none.
        frames: the most to take from each.

    Raises:
        MissingDataError: there are none, or ffmpeg is not installed.
    """
    paths = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES)
    paths = [path for path in paths if not names or path.stem.startswith(names)]
    if not paths:
        raise MissingDataError(f"{folder}: missing, or holds no such clip (.mkv or .y4m)")
    program = find_ffmpeg()
    clips = [read_clip(program, path, frames) for path in paths]
    return [clip for clip in clips if len(clip.raw) >= min(frames, SHORTEST)]


def read_clip(program: str, path: Path, frames: int = FRAMES) -> Clip:
    """The first frames of one file."""
    target = ("-frames:v", str(frames), "-pix_fmt", "yuv420p", "-fps_mode", "passthrough", "-f", "yuv4mpegpipe", "-")
    command = [program, "-v", "error", "-threads", "1", "-i", str(path), *target]
    return parse_y4m(path.stem, subprocess.run(command, capture_output=True, check=True).stdout)


def parse_y4m(name: str, data: bytes) -> Clip:
    """A clip from a Y4M file of 4:2:0 such as ffmpeg writes: no frame has parameters of its own."""
    header, _, body = data.partition(b"\n")
    fields = {field[:1]: field[1:] for field in header.decode("ascii").split()[1:]}
    width, height = int(fields["W"]), int(fields["H"])
    marker = len(b"FRAME\n")
    stride = marker + frame_bytes(width, height)
    raw = np.frombuffer(body[: len(body) // stride * stride], np.uint8).reshape(-1, stride)[:, marker:]
    return Clip(name, width, height, Fraction(*map(int, fields["F"].split(":"))), raw)


def y4m_bytes(clip: Clip) -> bytes:
    """A clip as a Y4M file."""
    rate = f"{clip.rate.numerator}:{clip.rate.denominator}"
    head = f"YUV4MPEG2 W{clip.width} H{clip.height} F{rate} Ip A1:1 C420jpeg\n".encode("ascii")
    return head + b"".join(b"FRAME\n" + frame.tobytes() for frame in clip.raw)
