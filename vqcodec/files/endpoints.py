"""Sources and destinations: paths, bytes in memory and binary file objects, with the same errors for all."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import BinaryIO, cast

from vqcodec import limits
from vqcodec.errors import LimitError, OutputError, UnreadableInputError, UsageError, VQCodecError
from vqcodec.files.descriptors import descriptor_of
from vqcodec.files.streams import WholeWriter, read_up_to

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
Destination = str | os.PathLike[str] | BinaryIO

PATTERN = re.compile(r"%0?\d*d")


def name_of(endpoint: Source | Destination) -> str:
    """Return the name of a source or destination in messages and reports."""
    if isinstance(endpoint, (str, os.PathLike)):
        return os.fspath(endpoint)
    if isinstance(endpoint, (bytes, bytearray, memoryview)):
        return "<bytes>"
    name = getattr(endpoint, "name", None)
    return name if isinstance(name, str) and name else "<stream>"


def read_all(source: Source, name: str) -> bytes:
    """Return all bytes of `source`.

    Raises:
        UnreadableInputError: the file does not exist, is a folder, or the system refuses access.
        LimitError: it holds more than `limits.MAX_CHUNK_BYTES`. No more than that is ever read.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    with reading_errors(name):
        if isinstance(source, (str, os.PathLike)):
            with open(source, "rb") as stream:
                return _read_bounded(stream, name)
        return _read_bounded(source, name)


@contextmanager
def seekable(source: Source, name: str) -> Iterator[BinaryIO]:
    """Return `source` as a seekable binary file. A source that is not a regular file is read whole.

    Raises:
        UnreadableInputError, LimitError: as `read_all`.
    """
    if isinstance(source, (str, os.PathLike)) and os.path.isfile(source):
        with reading_errors(name), open(source, "rb") as stream:
            yield stream
    else:
        yield io.BytesIO(read_all(source, name))


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Add `name` to the message of an error from a function that does not know the source of its bytes."""
    try:
        yield
    except OutputError:  # it names the destination
        raise
    except VQCodecError as error:
        message = str(error)
        if message.startswith(f"{name}:"):
            raise
        raise type(error)(f"{name}: {message}") from error


@contextmanager
def reading_errors(name: str) -> Iterator[None]:
    """Convert errors of the system in reading the source `name` to `vqcodec.errors`."""
    try:
        yield
    except FileNotFoundError:
        raise UnreadableInputError(f"{name}: no such file; check the name") from None
    except IsADirectoryError:
        raise UnreadableInputError(f"{name}: is a folder; name the files in it") from None
    except BrokenPipeError:  # from an output written in the block
        raise
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL, or a closed file object
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableInputError(f"{name}: cannot be read: {reason}") from None


def _read_bounded(stream: BinaryIO, name: str) -> bytes:
    """Return all bytes of `stream`, or raise LimitError."""
    data = read_up_to(stream, limits.MAX_CHUNK_BYTES + 1)
    if len(data) > limits.MAX_CHUNK_BYTES:
        raise LimitError(f"{name}: more than {limits.MAX_CHUNK_BYTES} bytes; a file may have at most that")
    return data


def check_destination(destination: Destination | None, sources: Iterable[Source], *, overwrite: bool = False) -> None:
    """Check that a destination is none of the sources, and that it can be written.

    Call it before the work, so that no work is wasted; writing checks again.

    Raises:
        UsageError: the destination is a source, perhaps through a link.
        OutputError: it is a folder; it exists and `overwrite` is not set; its folder is missing or not writable.
    """
    from vqcodec.files.atomic import check_writable

    if not isinstance(destination, (str, os.PathLike)):
        return
    own_file = descriptor_of(destination) is None and not _is_device(destination)
    if own_file and any(_same_file(destination, source) for source in sources):
        raise UsageError(f"{name_of(destination)}: is also an input; name another output")
    check_writable(destination, overwrite=overwrite)


def is_pattern(destination: object) -> bool:
    """Return whether a destination is a pattern for the names of pictures, such as `frames/%05d.png`."""
    return isinstance(destination, (str, os.PathLike)) and len(PATTERN.findall(os.fspath(destination))) == 1


def whole(stream: BinaryIO) -> BinaryIO:
    """Return a stream that writes all it is given to `stream`; see `WholeWriter`."""
    return stream if isinstance(stream, WholeWriter) else cast(BinaryIO, WholeWriter(stream, name_of(stream)))


def write_all(data: bytes, destination: Destination, *, overwrite: bool = False) -> None:
    """Write `data` to `destination`. A file at a path appears complete or not at all.

    Raises:
        OutputError: it exists and `overwrite` is not set, or the system refuses to write.
    """
    with writable(destination, overwrite=overwrite) as stream:
        stream.write(data)
        stream.flush()


def writable(destination: Destination, *, overwrite: bool = False) -> AbstractContextManager[BinaryIO]:
    """Return a context that gives a binary file. A path gets what is written when the block ends without an error.

    Raises:
        OutputError: it exists and `overwrite` is not set, or the system refuses to write.
    """
    if isinstance(destination, (str, os.PathLike)):
        from vqcodec.files.atomic import writing

        return writing(destination, overwrite=overwrite)
    return nullcontext(whole(destination))


def _is_device(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a device or a named pipe (/dev/null), which is written to and never replaced."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISFIFO(mode)


def _same_file(path: str | os.PathLike[str], source: Source) -> bool:
    """Whether `path` and `source` are one file."""
    if not isinstance(source, (str, os.PathLike)):
        return False
    try:
        return os.path.samefile(path, source)
    except OSError:
        return False
