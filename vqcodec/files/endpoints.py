"""Where bytes come from and go to: paths, bytes in memory, binary file objects; the same errors for each."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from vqcodec import limits
from vqcodec.errors import LimitError, OutputError, UnreadableInputError, UsageError, VQCodecError

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
Destination = str | os.PathLike[str] | BinaryIO


def name_of(endpoint: Source | Destination) -> str:
    """How messages and reports call a source or destination."""
    if isinstance(endpoint, (str, os.PathLike)):
        return os.fspath(endpoint)
    if isinstance(endpoint, (bytes, bytearray, memoryview)):
        return "<bytes>"
    name = getattr(endpoint, "name", None)
    return name if isinstance(name, str) and name else "<stream>"


def read_all(source: Source, name: str) -> bytes:
    """All bytes of `source`.

    Raises:
        UnreadableInputError: there is no such file, it is a folder, or the system refuses it.
        LimitError: it holds more than `limits.MAX_CHUNK_BYTES`; no more than that is ever read.
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
    """`source` as a binary file in which one can go back and forth; read whole only where it is not such a file.

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
    """Put `name` before the message of an error from a part that does not know where its bytes came from."""
    try:
        yield
    except OutputError:  # which names the destination
        raise
    except VQCodecError as error:
        message = str(error)
        if message.startswith(f"{name}:"):
            raise
        raise type(error)(f"{name}: {message}") from error


@contextmanager
def reading_errors(name: str) -> Iterator[None]:
    """What the system has to say of a source called `name`, in the words of `vqcodec.errors`."""
    try:
        yield
    except FileNotFoundError:
        raise UnreadableInputError(f"{name}: no such file; check the name") from None
    except IsADirectoryError:
        raise UnreadableInputError(f"{name}: is a folder; name the files in it") from None
    except BrokenPipeError:  # of an output that is written meanwhile
        raise
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it, a closed file object
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableInputError(f"{name}: cannot be read: {reason}") from None


def _read_bounded(stream: BinaryIO, name: str) -> bytes:
    data = stream.read(limits.MAX_CHUNK_BYTES + 1)
    if len(data) > limits.MAX_CHUNK_BYTES:
        raise LimitError(f"{name}: more than {limits.MAX_CHUNK_BYTES} bytes; a file may have at most that")
    return data


def check_destination(destination: Destination | None, sources: Iterable[Source], *, overwrite: bool = False) -> None:
    """Refuse a destination that is one of the sources, or that exists and may not be overwritten.

    Meant to be called before the work, so that it is not done in vain; writing checks again.

    Raises:
        UsageError: the destination is a source, perhaps through a link.
        OutputError: it exists and `overwrite` is not set, or is a folder.
    """
    if not isinstance(destination, (str, os.PathLike)) or not os.path.lexists(destination):
        return
    name = name_of(destination)
    if os.path.isdir(destination):
        raise OutputError(f"{name}: is a folder; name a file in it")
    if not _is_device(destination) and any(_same_file(destination, source) for source in sources):
        raise UsageError(f"{name}: is also an input; name another output")
    if not overwrite and not _is_device(destination):
        raise OutputError(f"{name}: exists already; pass --force to replace it")


def write_all(data: bytes, destination: Destination, *, overwrite: bool = False) -> None:
    """Write `data` to `destination`: to a path all or nothing, never half.

    Raises:
        OutputError: it exists and `overwrite` is not set, or the system refuses it.
    """
    if isinstance(destination, (str, os.PathLike)):
        from vqcodec.files.atomic import writing

        with writing(destination, overwrite=overwrite) as stream:
            stream.write(data)
        return
    try:
        destination.write(data)
        destination.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{name_of(destination)}: cannot be written: {reason}") from None


def _is_device(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a device or a named pipe (/dev/null), which is written to and never replaced."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISFIFO(mode)


def _same_file(path: str | os.PathLike[str], source: Source) -> bool:
    if not isinstance(source, (str, os.PathLike)):
        return False
    try:
        return os.path.samefile(path, source)
    except OSError:
        return False
