"""The formats that video is written in: their names, what they hold, and ffmpeg's options for them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from vqcodec.errors import UsageError
from vqcodec.files.endpoints import Destination, is_pattern, name_of

_X264 = ("-c:v", "libx264", "-crf", "17")  # on ffmpeg's scale of 0 to 51: the loss of coding again is not visible
_X264_LOSSLESS = ("-c:v", "libx264", "-qp", "0")
_VP9 = ("-c:v", "libvpx-vp9", "-crf", "18", "-b:v", "0", "-deadline", "good", "-cpu-used", "4", "-row-mt", "1")


@dataclass(frozen=True)
class OutputFormat:
    """A way to write video.

    Attributes:
        name: for users.
        muxer: ffmpeg's name of the container; empty for y4m and pictures.
        sound: whether the format can hold sound.
        pictures: whether each frame is a file of its own.
        even: whether width and height must be even.
        rgb: filters of ffmpeg behind those that make RGB; None for formats that take YCbCr.
        marks: whether RGB is marked with its primaries and transfer.
        coders: ffmpeg's options for picture and sound.
        lossless: the same without further loss; None if there is no such way.
    """

    name: str
    muxer: str = ""
    sound: bool = False
    pictures: bool = False
    even: bool = False
    rgb: str | None = None
    marks: bool = False
    coders: tuple[str, ...] = ()
    lossless: tuple[str, ...] | None = None

    def check_lossless(self, width: int, height: int) -> None:
        """Raise UsageError if frames of this size cannot be written without further loss."""
        if self.lossless is None:
            raise UsageError(f"{self.name} cannot hold video without loss; write mkv")
        if self.even and self.name != "mkv" and (width % 2 or height % 2):
            raise UsageError(f"{self.name} cannot hold {width}x{height} pixels without loss; write mkv")


Y4M = OutputFormat("y4m", lossless=())
_MP4 = OutputFormat(
    "mp4", "mp4", sound=True, even=True, coders=(*_X264, "-c:a", "aac"), lossless=(*_X264_LOSSLESS, "-c:a", "alac")
)
_JPEG = OutputFormat("jpg", pictures=True, rgb="format=yuvj444p", coders=("-c:v", "mjpeg", "-q:v", "2"))
FORMATS = {
    ".y4m": Y4M,
    ".mp4": _MP4,
    ".mkv": OutputFormat(
        "mkv",
        "matroska",
        sound=True,
        even=True,
        coders=(*_X264, "-c:a", "flac"),  # AAC is late in players that ignore its delay
        lossless=("-c:v", "ffv1", "-level", "3", "-c:a", "flac"),
    ),
    ".mov": replace(_MP4, name="mov", muxer="mov"),
    ".webm": OutputFormat("webm", "webm", sound=True, coders=(*_VP9, "-c:a", "libopus")),
    ".gif": OutputFormat(  # a palette for each frame, so that ffmpeg need not hold them all
        "gif", "gif", rgb="split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1"
    ),
    ".webp": OutputFormat(
        "webp", "webp", rgb="format=bgra", coders=("-c:v", "libwebp_anim", "-q:v", "90", "-loop", "0")
    ),
    ".png": OutputFormat("png", pictures=True, rgb="null", marks=True, lossless=()),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
}
"""Formats by file name extension."""


def format_names() -> str:
    """Return the names of the formats for users, separated by commas."""
    return ", ".join(dict.fromkeys(found.name for found in FORMATS.values()))


def find_format(name: str | None, destination: Destination | None) -> OutputFormat:
    """Return the format named by `name`, or else by the extension of the destination; y4m if that is not a path.

    Raises:
        UsageError: neither names a format, or the names of pictures have no pattern.
    """
    if name is not None:
        extension = "." + name.lower().removeprefix(".")
        if extension not in FORMATS:
            raise UsageError(f"format {name!r} is unknown for video; choose one of {format_names()}")
        found = FORMATS[extension]
    elif not isinstance(destination, (str, os.PathLike)):
        return Y4M
    else:
        extension = os.path.splitext(os.fspath(destination))[1].lower()
        if extension not in FORMATS:
            raise UsageError(
                f"{name_of(destination)}: the extension names no video format; say one with format=: {format_names()}"
            )
        found = FORMATS[extension]
    if found.pictures and not is_pattern(destination):
        shown = "pictures" if destination is None else name_of(destination)
        raise UsageError(
            f"{shown}: a video is written as many pictures; give a pattern such as frames/%05d.{found.name}"
        )
    return found
