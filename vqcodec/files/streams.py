"""Whole reads and writes on streams that may take or give less than what is asked for, and one wording of failures."""

from __future__ import annotations

import errno
import io
import select
from typing import Any, BinaryIO

from vqcodec.errors import OutputError
from vqcodec.interruption import waiting_for_input

_REMEDIES = {
    errno.ENOENT: "the folder does not exist; make it first",
    errno.ENOTDIR: "its folder is a file",
    errno.EACCES: "no permission to write there; choose another folder",
    errno.EPERM: "no permission to write there; choose another folder",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than the system allows",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EPIPE: "the reader has closed the pipe",
    errno.EBADF: "it is closed, or open only for reading",
}


def write_failure(name: str, error: OSError) -> OutputError:
    """Return the error for a failure of the system in writing to `name`, with a remedy."""
    reason = _REMEDIES.get(error.errno or 0, error.strerror or str(error))
    return OutputError(f"{name}: cannot be written: {reason}")


def put(stream: Any, data: bytes | memoryview, name: str) -> None:
    """Write all of `data` to a binary stream, in as many writes as the stream needs.

    An unbuffered stream may take only a part at once: on a disk that is nearly full, at a size limit, on a pipe.

    Args:
        stream: an object with `write`. One that returns no count is taken to have written all, unless it is unbuffered.
        name: of the stream in messages.

    Raises:
        OutputError: the system refuses to write, or the stream takes nothing more.
        BrokenPipeError: the reader of a pipe has gone.
    """
    rest: bytes | memoryview = data
    while len(rest):
        try:
            taken = stream.write(rest)
        except BlockingIOError as error:
            taken = error.characters_written
            _wait_for_room(stream, name)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise write_failure(name, error) from None
        else:
            if taken is None and isinstance(stream, io.RawIOBase):  # as raw streams say that they would block
                taken = 0
                _wait_for_room(stream, name)
            elif taken is None:
                return
            elif taken == 0:
                raise OutputError(f"{name}: cannot be written: it takes no more data")
        rest = memoryview(rest)[taken:]


class WholeWriter:
    """A binary stream of someone else, of which `write` writes all it is given, and failures are OutputErrors.

    Args:
        stream: an object with `write`, and perhaps `flush`.
        name: of the stream in messages.
    """

    def __init__(self, stream: Any, name: str) -> None:
        self._stream = stream
        self.name = name

    def write(self, data: Any) -> int:
        """Write all of `data`, as `put`; return the number of bytes."""
        view = memoryview(data)
        put(self._stream, data if view.contiguous and view.itemsize == 1 else view.tobytes(), self.name)
        return view.nbytes

    def flush(self) -> None:
        """Flush the stream if it can be flushed; errors as `put`."""
        flush = getattr(self._stream, "flush", None)
        while flush is not None:
            try:
                flush()
            except BlockingIOError:
                _wait_for_room(self._stream, self.name)
                continue
            except BrokenPipeError:
                raise
            except OSError as error:
                raise write_failure(self.name, error) from None
            return


def read_up_to(stream: BinaryIO, size: int) -> bytes:
    """Return `size` bytes of a binary stream, or all if it has fewer. An unbuffered stream may give less at once."""
    blocks: list[bytes] = []
    while size > 0:
        block = stream.read(size)
        if block is None:  # a stream that would block
            _wait(stream, reading=True)
            continue
        if not block:
            break
        blocks.append(block)
        size -= len(block)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def read_some(stream: BinaryIO, size: int) -> bytes:
    """Return what a binary stream has, from 1 to `size` bytes; wait if it has nothing yet. Nothing means its end."""
    read = getattr(stream, "read1", stream.read)
    while True:
        with waiting_for_input():
            block: bytes | None = read(size)
        if block is not None:
            return block
        _wait(stream, reading=True)


def _wait_for_room(stream: Any, name: str) -> None:
    """Wait until a stream that does not block takes data again."""
    try:
        _wait(stream, reading=False)
    except (OSError, ValueError) as error:
        raise OutputError(f"{name}: cannot be written: {error}") from None


def _wait(stream: Any, *, reading: bool) -> None:
    """Wait until a stream that does not block can be read from, or written to."""
    descriptor = stream.fileno()
    select.select([descriptor] if reading else [], [] if reading else [descriptor], [])
