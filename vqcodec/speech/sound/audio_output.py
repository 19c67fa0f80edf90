"""Sound files out, block by block: through libsndfile, M4A through ffmpeg, and WAV into a pipe as it comes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from vqcodec.errors import OutputError
from vqcodec.files.endpoints import Destination, name_of
from vqcodec.files.texts import in_one, in_order
from vqcodec.speech.sound.formats import M4A, AudioFormat
from vqcodec.speech.sound.streamed_output import can_stream, stream_audio
from vqcodec.speech.sound.tag_output import copy_with_texts, held, writes_anew

_BLOCK = 1 << 15  # samples of a channel written at a time; libsndfile's Vorbis writer needs stack for each
_WAV_BYTES = (1 << 32) - (1 << 16)  # largest size that a WAV header can hold, without header and tags


def write_audio(
    blocks: Iterable[NDArray[np.int16]],
    destination: Destination,
    *,
    format: AudioFormat,
    rate: int,
    channels: int,
    length: int | None,
    tags: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> int:
    """Write a sound file; return its size in bytes. A path gets the whole file or nothing.

    A pipe gets WAV, and samples without a header, as they come; other formats when they are complete.

    Args:
        blocks: int16 (samples, channels) each.
        destination: a path, or a binary file object, which need not be seekable.
        format: of the file.
        rate: Hz.
        channels: number of channels.
        length: samples of a channel in all blocks together; None if it is not known, which only a pipe of a format that
            `can_stream` allows.
        tags: texts by title (`files.texts`); `tag_output.notes_on_texts` says what the format does not hold.
        overwrite: whether to replace an existing file.

    Raises:
        OutputError: the file exists and `overwrite` is not set, or it cannot be written.
    """
    name, tags = name_of(destination), in_order(tags or {})
    if is_streamed(format, destination):
        return stream_audio(
            blocks,
            cast(BinaryIO, destination),
            name=name,
            format=format,
            rate=rate,
            channels=channels,
            length=length,
            tags=tags,
        )
    if format.name == M4A:
        return _write_m4a(blocks, destination, rate, channels, tags, overwrite)
    container = format.name
    if container == "WAV" and length is not None and length > _WAV_BYTES // (2 * channels):
        container = "RF64"
    described = replace(format, name=container)
    with _seekable(destination, overwrite) as file:
        if tags and writes_anew(format.name):
            with tempfile.SpooledTemporaryFile(max_size=1 << 24) as spool:
                bare = cast(BinaryIO, spool)
                _write_by_libsndfile(blocks, bare, name, described, rate, channels, {})
                bare.seek(0)
                with _naming_failures(name):
                    copy_with_texts(bare, file, format.name, tags)
        else:
            single = {key: in_one(text) for key, text in tags.items() if key in held(format.name)}
            _write_by_libsndfile(blocks, file, name, described, rate, channels, single)
        return file.seek(0, os.SEEK_END)


def _write_by_libsndfile(
    blocks: Iterable[NDArray[np.int16]],
    file: BinaryIO,
    name: str,
    format: AudioFormat,
    rate: int,
    channels: int,
    tags: Mapping[str, str],
) -> None:
    """Write a whole sound file; `tags` have one value each, of those that the format holds."""
    guarded = _Guarded(file)
    sound = _open(guarded, name, format.name, format.subtype, rate, channels)
    try:
        for key, text in tags.items():
            setattr(sound, key, text)
        for block in blocks:
            for start in range(0, len(block), _BLOCK):
                with _naming_failures(name, guarded):
                    sound.write(block[start : start + _BLOCK])
    finally:
        with _naming_failures(name, guarded):
            sound.close()


def is_streamed(format: AudioFormat, destination: Destination | None) -> bool:
    """Return whether `write_audio` writes blocks as they come: the format allows it, and the destination needs it."""
    if destination is None or isinstance(destination, (str, os.PathLike)):
        return False
    return can_stream(format) and not _can_seek(destination)


def _can_seek(stream: BinaryIO) -> bool:
    """Whether a file object can go back."""
    try:
        return stream.seekable()
    except AttributeError:
        return False


def _write_m4a(
    blocks: Iterable[NDArray[np.int16]],
    destination: Destination,
    rate: int,
    channels: int,
    tags: Mapping[str, str],
    overwrite: bool,
) -> int:
    """Write AAC in M4A, through ffmpeg. Arguments and errors as `write_audio`."""
    from vqcodec.ffmpeg import program
    from vqcodec.ffmpeg.texts import ffmetadata

    name = name_of(destination)
    with tempfile.TemporaryDirectory(prefix="vqcodec-") as folder, _seekable(destination, overwrite) as file:
        with open(os.path.join(folder, "texts"), "w", encoding="utf-8", newline="") as texts:
            texts.write(ffmetadata(tags))
        sound = ["-f", "s16le", "-ar", str(rate), "-ac", str(channels), "-i", "-"]
        kept = ["-f", "ffmetadata", "-i", "texts", "-map_metadata", "1"]
        with program.writing([*sound, *kept, "-c:a", "aac", "out.m4a"], name, folder) as samples:
            for block in blocks:
                samples.write(block.astype("<i2").tobytes())
        with open(os.path.join(folder, "out.m4a"), "rb") as written, _naming_failures(name):
            shutil.copyfileobj(written, file)
        return file.tell()


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
            f"{name}: {container} cannot hold {channels} channels at {rate} samples a second; "
            "say another format= or rate="
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
