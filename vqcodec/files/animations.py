"""Pictures with several frames: animated GIF, PNG and WebP are videos, and still ones are pictures."""

from __future__ import annotations

import io
import os
import struct
from typing import BinaryIO

from vqcodec.files.endpoints import Source

_GIF, _PNG, _RIFF = b"GIF8", b"\x89PNG\r\n\x1a\n", b"RIFF"
_MOST_CHUNKS = 1000  # looked at


def is_animation(head: bytes, source: Source) -> bool:
    """Return whether a source is a GIF, PNG or WebP file with more than one frame.

    Args:
        head: its first bytes. source: a path, or all of its bytes; of streams nothing is read.
    """
    if not head.startswith((_GIF, _PNG, _RIFF)):
        return False
    try:
        if isinstance(source, (str, os.PathLike)):
            with open(source, "rb") as file:
                return _has_frames(file)
        if isinstance(source, (bytes, bytearray, memoryview)):
            return _has_frames(io.BytesIO(source))
    except (OSError, struct.error, IndexError):  # cut off, or unreadable, which the reader reports
        pass
    return False


def _has_frames(file: BinaryIO) -> bool:
    """Return whether a file has at least two frames."""
    head = file.read(12)
    file.seek(0)
    if head.startswith(_GIF):
        return _gif_has_frames(file)
    if head.startswith(_PNG):
        return _png_has_frames(file)
    return head[8:12] == b"WEBP" and _webp_has_frames(file)


def _gif_has_frames(file: BinaryIO) -> bool:
    frames = 0
    _skip_colours(file, file.read(13)[10])
    while True:
        kind = file.read(1)
        if kind == b"!":
            file.read(1)
        elif kind == b",":
            frames += 1
            if frames == 2:
                return True
            _skip_colours(file, file.read(9)[8])
            file.read(1)
        else:
            return False
        while size := file.read(1)[0]:
            file.seek(size, os.SEEK_CUR)


def _skip_colours(file: BinaryIO, flags: int) -> None:
    """Skip the table of colours that the flags of a GIF speak of."""
    if flags & 0x80:
        file.seek(3 << ((flags & 7) + 1), os.SEEK_CUR)


def _png_has_frames(file: BinaryIO) -> bool:
    file.seek(len(_PNG))
    for _ in range(_MOST_CHUNKS):
        size, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"acTL":
            return bool(struct.unpack(">I", file.read(4))[0] > 1)
        if kind == b"IDAT":
            break
        file.seek(size + 4, os.SEEK_CUR)
    return False


def _webp_has_frames(file: BinaryIO) -> bool:
    file.seek(12)
    frames = 0
    while frames < 2:
        kind, size = struct.unpack("<4sI", file.read(8))
        if kind in (b"VP8 ", b"VP8L"):
            return False
        frames += kind == b"ANMF"
        file.seek(size + size % 2, os.SEEK_CUR)
    return True
