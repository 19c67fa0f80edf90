"""Reading ranges of bytes: of a path, of bytes, of a seekable file object, and of any URL that fsspec knows."""

from __future__ import annotations

import os
import re
from threading import Lock
from typing import Any, BinaryIO, Protocol

from vqcodec.errors import CorruptFileError, UnreadableInputError, UsageError
from vqcodec.files.endpoints import Source, name_of, reading_errors
from vqcodec.files.streams import read_up_to

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


class Access(Protocol):
    """A file of which ranges are read, by any thread.

    Attributes:
        name: in messages.
        size: in bytes, when it was opened.
    """

    name: str
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset` on; fewer only at the end of the file."""

    def close(self) -> None:
        """Close what was opened here. A second call does nothing."""


def access_to(source: Source, name: str | None = None) -> Access:
    """Return the access to a pack.

    Args:
        source: a path; a URL such as `https://host/icons.vqp` or `s3://bucket/icons.vqp`, for which the package fsspec
            is needed; bytes; a binary file object, which must be seekable and stays open.
        name: in messages; None for that of the source.

    Raises:
        UnreadableInputError: it does not exist, or cannot be read at any position.
        UsageError: it is a URL, and fsspec is not installed or does not know it.
    """
    called = name_of(source) if name is None else name
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _Bytes(bytes(source), called)
    if isinstance(source, (str, os.PathLike)):
        if isinstance(source, str) and is_url(source):
            return _Remote(source, called)
        with reading_errors(called):
            return _File(open(source, "rb"), called, own=True)
    with reading_errors(called):
        return _File(source, called, own=False)


def is_url(text: str) -> bool:
    """Return whether a text is a URL and not the path of a file that exists, or a drive of Windows."""
    return "://" in text and _URL.match(text) is not None and not os.path.exists(text)


class _Bytes:
    def __init__(self, data: bytes, name: str) -> None:
        self.name, self.size = name, len(data)
        self._data = data

    def read(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]

    def close(self) -> None:
        pass


class _File:
    """A seekable file; one thread at a time seeks and reads."""

    def __init__(self, file: BinaryIO, name: str, *, own: bool) -> None:
        self.name = name
        self._file, self._own = file, own
        self._lock = Lock()
        try:
            self.size = file.seek(0, os.SEEK_END)
        except (AttributeError, OSError, ValueError):
            if own:
                file.close()
            raise UnreadableInputError(f"{name}: cannot be read at any position; save it to a file first") from None

    def read(self, offset: int, length: int) -> bytes:
        with self._lock, reading_errors(self.name):
            self._file.seek(offset)
            return read_up_to(self._file, length)

    def close(self) -> None:
        if self._own:
            self._file.close()


class _Remote:
    """A file that fsspec reads: a request a range."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        try:
            import fsspec
        except ImportError:
            raise UsageError(f"{name}: a URL needs the package fsspec: pip install 'vqcodec[remote]'") from None
        try:
            self._system, self._path = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:  # a protocol whose package is missing, or that it does not know
            raise UsageError(f"{name}: {error}") from None
        size = self._asked(self._system.size, self._path)
        if size is None:
            raise UnreadableInputError(f"{name}: the server does not say how long it is; download it first")
        self.size: int = int(size)

    def read(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self.size)
        if offset >= end:
            return b""
        data: bytes = self._asked(self._system.cat_file, self._path, start=offset, end=end)
        if len(data) != end - offset:
            raise CorruptFileError(
                f"{self.name}: {len(data)} bytes where {end - offset} were asked for; the file has changed, or the "
                "server does not give ranges"
            )
        return data

    def close(self) -> None:
        pass

    def _asked(self, function: Any, *arguments: Any, **named: Any) -> Any:
        """Return what fsspec gives; its many errors become one."""
        try:
            return function(*arguments, **named)
        except FileNotFoundError:
            raise UnreadableInputError(f"{self.name}: no such file; check the address") from None
        except Exception as error:  # each protocol has errors of its own
            raise UnreadableInputError(f"{self.name}: cannot be read: {' '.join(str(error).split())}") from None
