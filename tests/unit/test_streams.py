"""Streams that take or give a part at once, or nothing."""

from __future__ import annotations

import errno
import io
from typing import Any

import pytest

from vqcodec import api
from vqcodec.errors import OutputError
from vqcodec.files.endpoints import read_all, write_all
from vqcodec.files.streams import WholeWriter, put, read_up_to


class Piecemeal(io.RawIOBase):
    """An unbuffered stream that takes and gives at most three bytes at once, and has room for `room` bytes."""

    def __init__(self, data: bytes = b"", room: int = 1 << 20) -> None:
        self.data, self.taken, self.room = data, b"", room

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data[: min(3, self.room - len(self.taken))])
        if not piece:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.taken += piece
        return len(piece)

    def readinto(self, buffer: Any) -> int:
        piece = self.data[: min(3, len(buffer))]
        self.data = self.data[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


class Writer:
    """A file-like object that only has `write`, which returns what it is told to."""

    def __init__(self, result: object) -> None:
        self.result, self.taken = result, b""

    def write(self, data: bytes) -> object:
        self.taken += data
        return self.result


def test_all_is_written_in_as_many_writes_as_it_takes() -> None:
    stream = Piecemeal()
    write_all(b"0123456789", stream)  # type: ignore[arg-type]
    assert stream.taken == b"0123456789"


def test_a_stream_that_fills_up_is_an_error_with_the_reason() -> None:
    with pytest.raises(OutputError, match=r"^it: cannot be written: the disk is full$"):
        put(Piecemeal(room=7), b"0123456789", "it")


def test_a_stream_that_takes_nothing_is_an_error() -> None:
    with pytest.raises(OutputError, match="takes no more data"):
        put(Writer(0), b"01", "it")


def test_a_stream_that_returns_no_count_is_believed() -> None:
    stream = Writer(None)
    put(stream, b"0123", "it")
    assert stream.taken == b"0123"


def test_views_of_any_items_are_written_whole() -> None:
    stream = Piecemeal()
    assert WholeWriter(stream, "it").write(memoryview(b"01234567").cast("I")) == 8
    assert stream.taken == b"01234567"


def test_the_interface_writes_whole_files_to_unbuffered_streams(coded: bytes) -> None:
    stream = Piecemeal()
    report = api.decode(coded, stream, format="bmp")  # type: ignore[arg-type]
    assert report.output_bytes == len(stream.taken)
    assert stream.taken[:2] == b"BM"


def test_a_source_is_read_to_its_end(coded: bytes) -> None:
    assert read_up_to(Piecemeal(b"0123456789"), 8) == b"01234567"  # type: ignore[arg-type]
    assert read_all(Piecemeal(b"0123456789"), "it") == b"0123456789"  # type: ignore[arg-type]
    assert api.info(Piecemeal(coded)).input_bytes == len(coded)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def coded() -> bytes:
    """A small encoded picture."""
    data = api.encode(b"P5 4 4 255\n" + bytes(range(16))).data
    assert data is not None
    return data
