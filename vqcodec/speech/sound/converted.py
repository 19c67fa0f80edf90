"""Sound that ffmpeg reads: M4A, WebM, WMA, AMR, AC-3 and others, and the sound of a video."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from vqcodec.errors import UnreadableInputError
from vqcodec.ffmpeg import probing
from vqcodec.ffmpeg.reading import sound_as_wav
from vqcodec.speech.sound.layout import layout_of_mask
from vqcodec.speech.sound.mixing import Block
from vqcodec.speech.sound.source import FileSource, check_shape

_BLOCK = 1 << 16  # samples read at a time, of all channels together
_SAMPLE = 4  # bytes of a sample
_MOST_CHUNKS = 100
_LARGEST_CHUNK = 1 << 20


class ConvertedSource(FileSource):
    """The first sound of a file that ffmpeg reads. Its length is known once it has been read."""

    def __init__(self, origin: str | bytes, name: str, demuxer: str | None = None) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if isinstance(origin, str):
            self._path = origin
        else:
            self._folder = tempfile.TemporaryDirectory(prefix="vqcodec-")  # for as long as the source
            self._path = os.path.join(self._folder.name, "sound")
            with open(self._path, "wb") as file:
                file.write(origin)
        self._demuxer = demuxer
        with sound_as_wav(self._path, demuxer) as (stream, messages):
            form = _read_header(stream)
            if form is None:
                stream.read()
        if form is None:
            raise UnreadableInputError(f"{name}: {_why_not(self._path, messages)}")
        rate, channels, mask = form
        check_shape(rate, channels, name)
        super().__init__(rate, channels, layout_of_mask(mask, channels))
        self.name, self.size, self.format = name, os.path.getsize(self._path), "ffmpeg"
        self.tags = probing.texts(self._path)

    def _read(self) -> Iterator[Block]:
        count, frame = 0, _SAMPLE * self.channels
        with sound_as_wav(self._path, self._demuxer) as (stream, messages):
            _read_header(stream)
            while data := stream.read(max(1, _BLOCK // self.channels) * frame):
                samples = np.frombuffer(data[: len(data) // frame * frame], "<f4")
                block = samples.reshape(-1, self.channels).astype(np.float64)
                count += len(block)
                if len(block):
                    yield block
        if count == 0:
            reason = f"damaged: {messages[0]}" if messages else "holds no samples"
            raise UnreadableInputError(f"{self.name}: {reason}")
        self.repairs.damage = messages[0] if messages else ""
        self._counted = count


def _read_header(stream: BinaryIO) -> tuple[int, int, int] | None:
    """Read the header of a stream of WAV from ffmpeg; return rate, channels and mask of channels, None at its end."""
    if len(stream.read(12)) < 12:
        return None
    form = b""
    for _ in range(_MOST_CHUNKS):
        chunk = stream.read(8)
        if len(chunk) < 8:
            return None
        if chunk[:4] == b"data":
            break
        length = int.from_bytes(chunk[4:], "little")
        content = stream.read(min(length + length % 2, _LARGEST_CHUNK))
        form = content if chunk[:4] == b"fmt " else form
    if len(form) < 16:
        return None
    mask = int.from_bytes(form[20:24], "little") if len(form) >= 40 else 0
    return int.from_bytes(form[4:8], "little"), int.from_bytes(form[2:4], "little"), mask


def _why_not(path: str, messages: list[str]) -> str:
    """Return why a file gives no sound."""
    about = probing.contents(path)
    if about.readable and not about.sound:
        return "holds no sound"
    if about.readable and messages:
        return f"its sound cannot be decoded: {messages[-1]}"
    return "not sound that libsndfile or ffmpeg can read; is it a sound file, and whole?"
