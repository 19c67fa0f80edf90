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

_BLOCK = 1 << 15  # samples of a channel written at a time: libsndfile's Vorbis writer needs stack for each
_WAV_BYTES = (1 << 32) - (1 << 16)  # what WAV's 32-bit sizes can count, without header and tags


@dataclass(frozen=True)
class AudioFormat:
    """A format to write, in libsndfile's names."""

    name: str
    subtype: str


FORMATS = {
    ".wav": AudioFormat("WAV", "PCM_16"),
    ".flac": AudioFormat("FLAC", "PCM_16"),
    ".ogg": AudioFormat("OGG", "VORBIS"),
}
"""Formats by file name extension; OGG is lossy again."""


def format_names() -> str:
    """The formats as users name them, for messages and help."""
    return ", ".join(extension.removeprefix(".") for extension in FORMATS)


def find_format(name: str | None, destination: Destination | None) -> AudioFormat:
    """The format that `name` says, or else the destination's extension; WAV where there is no path to go by.

    Raises:
        UsageError: neither names a sound format.
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
            f"{name_of(destination)}: the extension names no sound format; "
            f"say one with --format (format=): {format_names()}"
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
    """Write a sound file: to a path all or nothing, never half.

    Args:
        blocks: int16 (samples, channels) each.
        destination: a path, or a binary file object, which need not be seekable.
        length: samples of a channel that the blocks have together.
        tags: texts by key; those that are not among `TAGS` are left out.
        overwrite: replace a file that exists.

    Returns:
        Its size in bytes.

    Raises:
        OutputError: it exists and `overwrite` is not set, or it cannot be written.
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
    """A file as libsndfile calls back to it. What goes wrong is kept: cffi would print it, and go on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: BaseException | None = None

    def check(self) -> None:
        """Raise the first thing that went wrong."""
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
    import soundfile

    try:
        return soundfile.SoundFile(file, "w", rate, channels, subtype, format=container)
    except (RuntimeError, TypeError, ValueError):
        raise OutputError(
            f"{name}: {container} cannot hold {channels} channels at {rate} samples a second; choose another --format"
        ) from None


@contextmanager
def _seekable(destination: Destination, overwrite: bool) -> Iterator[BinaryIO]:
    """A file that libsndfile can go back in, to complete the header, and that ends up at the destination."""
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
    """A temporary file that is copied to `target` when the block ends well."""
    with tempfile.SpooledTemporaryFile(max_size=1 << 24) as spool:
        yield cast(BinaryIO, spool)
        spool.seek(0)
        with _naming_failures(name_of(target)):
            shutil.copyfileobj(spool, target)
            with suppress(AttributeError):
                target.flush()


@contextmanager
def _naming_failures(name: str, guarded: _Guarded | None = None) -> Iterator[None]:
    """What the system or libsndfile has to say of writing, as an OutputError; what `guarded` has kept comes first."""
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
