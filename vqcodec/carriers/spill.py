"""Values in a file without a name: it takes no memory, and is gone with the process, however that ends."""

from __future__ import annotations

import os
import pickle
import tempfile
import threading
from pathlib import Path
from typing import Any, NamedTuple

from vqcodec.errors import OutputError
from vqcodec.files.streams import put, write_failure


class Place(NamedTuple):
    """Where a value is in a spill file: the first byte, the bytes of its description, and those of each buffer."""

    start: int
    described: int
    buffers: tuple[int, ...]


class Packed(NamedTuple):
    """A value as it is written: a description, and the buffers of its arrays, which are not copied."""

    description: bytes
    buffers: list[pickle.PickleBuffer]

    @property
    def size(self) -> int:
        """Bytes of both."""
        return len(self.description) + sum(buffer.raw().nbytes for buffer in self.buffers)


def packed(value: Any) -> Packed:
    """Return a value as it is written."""
    buffers: list[pickle.PickleBuffer] = []
    return Packed(pickle.dumps(value, protocol=5, buffer_callback=buffers.append), buffers)


class SpillFile:
    """A file of values, in a folder.

    Raises:
        OutputError: there cannot be such a file.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._name = f"{folder or tempfile.gettempdir()}: the training data that --memory has no room for"
        try:
            self._file = tempfile.TemporaryFile(prefix=".vqcodec-", dir=folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise write_failure(self._name, error) from None
        self._lock = threading.Lock()

    def write(self, value: Packed) -> Place:
        """Write a value behind the others.

        Raises:
            OutputError: the disk is full, or cannot be written to.
        """
        with self._lock:
            try:
                start = self._file.seek(0, os.SEEK_END)
            except OSError as error:
                raise write_failure(self._name, error) from None
            put(self._file, value.description, self._name)
            for buffer in value.buffers:
                put(self._file, buffer.raw(), self._name)
        return Place(start, len(value.description), tuple(buffer.raw().nbytes for buffer in value.buffers))

    def read(self, place: Place) -> Any:
        """Return the value at a place.

        Raises:
            OutputError: the disk does not give it back.
        """
        with self._lock:
            self._file.seek(place.start)
            description = self._take(place.described)
            buffers = [self._take(size) for size in place.buffers]
        return pickle.loads(description, buffers=buffers)

    def _take(self, size: int) -> bytearray:
        """Return the next `size` bytes."""
        data = bytearray(size)
        rest = memoryview(data)
        while rest:
            try:
                count = self._file.readinto(rest)
            except OSError as error:
                raise OutputError(f"{self._name}: cannot be read back: {error.strerror}") from None
            if not count:
                raise OutputError(f"{self._name}: cannot be read back: it ends early")
            rest = rest[count:]
        return data
