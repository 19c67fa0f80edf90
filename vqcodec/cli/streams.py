"""The standard streams of the process: none is missing, and what goes to standard output goes whole or is an error."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO

from vqcodec.errors import OutputError
from vqcodec.files.streams import put

STDOUT = "standard output"


def prepare() -> None:
    """Replace the standard streams by ones that do not lose data.

    A descriptor that is closed is opened on the null device, so that no output file is given its number. Reading from
    standard input then fails as reading from a file does, and writing to standard output raises OutputError. Standard
    error accepts everything, because a message that cannot be shown must not end the work.
    """
    closed = [_is_closed(descriptor) for descriptor in range(3)]
    if any(closed):
        _open_descriptors()
    if closed[0] or sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(_ClosedInput()))
    sys.stdout = _text(_StandardOutput(None if closed[1] else _raw(sys.stdout), STDOUT), sys.stdout)
    if not closed[2]:
        sys.stderr = _text(_StandardOutput(_raw(sys.stderr), "standard error", forgiving=True), sys.stderr)
    else:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def stdout_is_closed() -> bool:
    """Whether the process was started without standard output."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return isinstance(raw, _StandardOutput) and raw.missing


class _StandardOutput(io.RawIOBase):
    """Standard output or standard error, written to whole.

    After the first failure it accepts and drops everything, so that the interpreter can flush it at the end.

    Args:
        raw: the stream; None if it is closed.
        name: in messages.
        forgiving: whether a failure is no error.
    """

    def __init__(self, raw: Any, name: str, *, forgiving: bool = False) -> None:
        self._raw = raw
        self._shown = name
        self._forgiving = forgiving
        self._failed = False
        self.name = "<stderr>" if forgiving else "<stdout>"

    @property
    def missing(self) -> bool:
        """Whether the stream is closed."""
        return self._raw is None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if not self._failed:
            try:
                if self._raw is None:
                    raise OutputError(f"{self._shown}: cannot be written: it is closed")
                put(self._raw, memoryview(data), self._shown)
            except (OSError, OutputError):
                self._failed = True
                if not self._forgiving:
                    raise
        return len(data)

    def isatty(self) -> bool:
        return self._raw is not None and self._raw.isatty()

    def fileno(self) -> int:
        if self._raw is None:
            raise io.UnsupportedOperation("closed")
        return int(self._raw.fileno())


class _ClosedInput(io.RawIOBase):
    """Standard input that is closed."""

    name = "<stdin>"

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise OSError(errno.EBADF, "it is closed")


def _is_closed(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False


def _open_descriptors() -> None:
    """Open the null device for the descriptors 0 to 2 that are closed; child processes inherit it."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def _raw(stream: TextIO) -> Any:
    """Return the unbuffered stream below a text stream, which is of no use afterwards."""
    stream.flush()
    below = stream.detach()  # type: ignore[attr-defined]
    return below.detach() if hasattr(below, "detach") else below


def _text(raw: io.RawIOBase, old: TextIO | None) -> io.TextIOWrapper:
    """Return a text stream to `raw`. File names may hold anything: what the encoding lacks is shown escaped."""
    encoding = getattr(old, "encoding", None) or "utf-8"
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors="backslashreplace", line_buffering=True)
