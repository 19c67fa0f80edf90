"""Where packs are read from: files, streams, and addresses, from which no more is fetched than an item needs."""

from __future__ import annotations

import http.server
import io
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from packed import COUNT, TILES, coded, filler, item, packed, samples_of

from vqcodec import Pack, decode_image
from vqcodec.errors import UnreadableInputError, UsageError

ROUGH = {f"x{number}.png": item(100 + number, 90) for number in (7, 8)}


class Counted(io.BytesIO):
    """A file that counts what is read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads: list[int] = []

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.reads.append(len(found))
        return found


def test_one_item_is_read_without_the_others() -> None:
    data = packed({**{f"{number:05}": filler(number, 400) for number in range(3000)}, **ROUGH})
    assert len(data) > 1_200_000
    file = Counted(data)
    with Pack(file) as pack:
        opening = sum(file.reads)
        assert opening < 9_000, "head and tail"
        file.reads.clear()
        assert np.array_equal(pack["x7.png"], decode_image(coded(107, 90)))
        assert sum(file.reads) < 9_000, "a block of names and the item"
        assert len(file.reads) <= 4
        file.reads.clear()
        assert np.array_equal(pack["x8.png"], decode_image(coded(108, 90)))
        assert sum(file.reads) == pack.item("x8.png").bytes, "the item alone"
    assert not file.closed


def test_threads_read_one_pack(tiles_path: Path) -> None:
    expected = [samples_of(number) for number in range(COUNT)]
    with Pack(tiles_path) as pack, ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            found = list(pool.map(pack.__getitem__, TILES))
            assert all(np.array_equal(one, other) for one, other in zip(found, expected))


def test_a_stream_must_be_seekable() -> None:
    read_end, write_end = os.pipe()
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe, pytest.raises(UnreadableInputError, match=r"at any position"):
        Pack(pipe)


class Ranges(http.server.BaseHTTPRequestHandler):
    """A server that gives ranges, and counts them."""

    data = b""
    given: ClassVar[list[int]] = []

    def do_HEAD(self) -> None:
        self._head(200, len(self.data))

    def do_GET(self) -> None:
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        piece = self.data[int(first) : int(last) + 1 if last else None]
        self.given.append(len(piece))
        self._head(206, len(piece), f"bytes {first}-{int(first) + len(piece) - 1}/{len(self.data)}")
        self.wfile.write(piece)

    def _head(self, code: int, length: int, content_range: str = "") -> None:
        self.send_response(code)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(length))
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server that runs in a thread."""
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}/tiles.vqp"
    served.shutdown()
    thread.join()


def test_ranges_of_a_url(server: str) -> None:
    pytest.importorskip("aiohttp", reason="needs fsspec[http]")
    pytest.importorskip("fsspec")
    Ranges.data, Ranges.given = packed({**{f"{number}": filler(number, 400) for number in range(500)}, **ROUGH}), []
    with Pack(server) as pack:
        assert np.array_equal(pack["x7.png"], decode_image(coded(107, 90)))
    assert sum(Ranges.given) < 15_000 < len(Ranges.data) // 12
    with pytest.raises(UnreadableInputError, match=r"cannot be read|no such file"):
        Pack(server.replace("http://127.0.0.1", "http://127.0.0.1:1/"))


def test_urls_of_other_systems(tiles_data: bytes) -> None:
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://packs/tiles.vqp", "wb") as file:
        file.write(tiles_data)
    with Pack("memory://packs/tiles.vqp") as pack:
        assert np.array_equal(pack[TILES[1]], samples_of(1))
        with pytest.raises(UsageError, match=r"only a pack in a file"):
            pack.remove(TILES[1])
    with pytest.raises(UnreadableInputError, match=r"no such file"):
        Pack("memory://packs/other.vqp")
    with pytest.raises(UsageError, match=r"nosuch"):
        Pack("nosuch://a/b.vqp")


def test_a_url_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(UsageError, match=r"pip install 'vqcodec\[remote\]'"):
        Pack("https://example.org/a.vqp")
