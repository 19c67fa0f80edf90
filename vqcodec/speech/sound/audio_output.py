"""Sound files out, through libsndfile: 16-bit samples written block by block."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from vqcodec.errors import OutputError, UsageError
from vqcodec.files.endpoints import Destination, name_of
from vqcodec.speech.sound.audio import TAGS

_BLOCK = 1 << 15  # samples of a channel written at a time; libsndfile's Vorbis writer needs stack for each
_WAV_BYTES = (1 << 32) - (1 << 16)  # largest size that a WAV header can hold, without header and tags


@dataclass(frozen=True)
class AudioFormat:
    """A format to write, by libsndfile's names."""

    name: str
    subtype: str


FORMATS = {
    ".wav": AudioFormat("WAV", "PCM_16"),
    ".flac": AudioFormat("FLAC", "PCM_16"),
    ".ogg": AudioFormat("OGG", "VORBIS"),
}
"""Formats by file name extension. OGG Vorbis is lossy."""


def format_names() -> str:
    """Return the names of the formats, as users give them, for messages and help."""
    return ", ".join(extension.removeprefix(".") for extension in FORMATS)


def find_format(name: str | None, destination: Destination | None) -> AudioFormat:
    """Return the format called `name`; if `name` is None, that of the destination's extension.

    A destination that is not a path gets WAV.

    Raises:
        UsageError: neither the name nor the extension is that of a sound format.
    """
    if name is not None:
        extension = "." + name.lower().removeprefix(".")
        if extension not in FORMATS:
            raise UsageError(f"format {name!r} is unknown for sound; choose one of {format_names()}")
        return FORMATS[extension]
    if not isinstance(destination, (str, os.PathLike)):
        return FORMATS[".wav"]
    extension = os.path.splitext(os.fspath(destination))[1].lower()
    if extension not in FORMATS:
        raise UsageError(
            f"{name_of(destination)}: the extension names no sound format; say one with format=: {format_names()}"
        )
    return FORMATS[extension]


def write_audio(
    blocks: Iterable[NDArray[np.int16]],
    destination: Destination,
    *,
    format: AudioFormat,
    rate: int,
    channels: int,
    length: int,
    tags: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> int:
    """Write a sound file; return its size in bytes. A path gets the whole file or nothing.

    Args:
        blocks: int16 (samples, channels) each.
        destination: a path, or a binary file object, which need not be seekable.
        format: of the file.
        rate: Hz.
        channels: number of channels.
        length: samples of a channel in all blocks together.
        tags: texts by name; only those among `TAGS` are written.
        overwrite: whether to replace an existing file.

    Raises:
        OutputError: the file exists and `overwrite` is not set, or it cannot be written.
    """
    name = name_of(destination)
    container = format.name
    if container == "WAV" and length > _WAV_BYTES // (2 * channels):
        container = "RF64"
    with _seekable(destination, overwrite) as file:
        guarded = _Guarded(file)
        sound = _open(guarded, name, container, format.subtype, rate, channels)
        try:
            for key in TAGS:
                if tags and key in tags:
                    setattr(sound, key, tags[key])
            for block in blocks:
                for start in range(0, len(block), _BLOCK):
                    with _naming_failures(name, guarded):
                        sound.write(block[start : start + _BLOCK])
        finally:
            with _naming_failures(name, guarded):
                sound.close()
        return file.seek(0, os.SEEK_END)


class _Guarded:
    """The file that libsndfile's callbacks write to. It keeps the first error, which cffi would only print."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: BaseException | None = None

    def check(self) -> None:
        """Raise the first error, if there was one."""
        if self._error is not None:
            raise self._error

    def write(self, data: bytes) -> int:
        return self._attempt(self._file.write, data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._attempt(self._file.seek, offset, whence)

    def tell(self) -> int:
        return self._attempt(self._file.tell)

    def read(self, count: int = -1) -> bytes:
        del count
        return b""

    def _attempt(self, function: Callable[..., int], *arguments: Any) -> int:
        try:
            return function(*arguments)
        except BaseException as error:
            self._error = self._error or error
            return 0


def _open(file: _Guarded, name: str, container: str, subtype: str, rate: int, channels: int) -> Any:
    """Open `file` for writing, through libsndfile.

    Raises:
        OutputError: the format cannot hold such a sound.
    """
    import soundfile

    try:
        return soundfile.SoundFile(file, "w", rate, channels, subtype, format=container)
    except (RuntimeError, TypeError, ValueError):
        raise OutputError(
            f"{name}: {container} cannot hold {channels} channels at {rate} samples a second; say another format="
        ) from None


@contextmanager
def _seekable(destination: Destination, overwrite: bool) -> Iterator[BinaryIO]:
    """Give a seekable file, so that libsndfile can complete the header; it ends up at the destination."""
    if isinstance(destination, (str, os.PathLike)):
        from vqcodec.files.atomic import writing

        with writing(destination, overwrite=overwrite) as file:
            if file.seekable():
                yield file
                return
            with _spooled(file) as spool:
                yield spool
        return
    with _spooled(destination) as spool:
        yield spool


@contextmanager
def _spooled(target: BinaryIO) -> Iterator[BinaryIO]:
    """Give a temporary file, and copy it to `target` if the block ends without an error."""
    with tempfile.SpooledTemporaryFile(max_size=1 << 24) as spool:
        yield cast(BinaryIO, spool)
        spool.seek(0)
        with _naming_failures(name_of(target)):
            shutil.copyfileobj(spool, target)
            with suppress(AttributeError):
                target.flush()


@contextmanager
def _naming_failures(name: str, guarded: _Guarded | None = None) -> Iterator[None]:
    """Turn errors of the system and of libsndfile into an OutputError; an error that `guarded` has kept comes first."""
    try:
        try:
            yield
        finally:
            if guarded is not None:
                guarded.check()
    except BrokenPipeError:
        raise
    except (RuntimeError, OSError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise OutputError(f"{name}: cannot be written: {reason}") from None
