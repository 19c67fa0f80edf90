"""Sources and destinations of every kind, and what can be wrong with each."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from vqcodec import limits
from vqcodec.errors import LimitError, OutputError, UnreadableInputError, UsageError
from vqcodec.files import endpoints


def test_every_kind_of_source_gives_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with path.open("rb") as stream:
        sources = [path, str(path), b"abc", bytearray(b"abc"), memoryview(b"abc"), io.BytesIO(b"abc"), stream]
        for source in sources:
            assert endpoints.read_all(source, "name") == b"abc"


def test_names() -> None:
    assert endpoints.name_of("a/b.png") == "a/b.png"
    assert endpoints.name_of(Path("b.png")) == "b.png"
    assert endpoints.name_of(b"x") == "<bytes>"
    assert endpoints.name_of(io.BytesIO()) == "<stream>"


@pytest.mark.parametrize(
    ("name", "fault"), [("missing", "no such file"), (".", "is a folder"), ("a\0b", "cannot be read")]
)
def test_unreadable_sources_are_named(tmp_path: Path, name: str, fault: str) -> None:
    with pytest.raises(UnreadableInputError, match=rf"^called: .*{fault}"):
        endpoints.read_all(os.path.join(tmp_path, name), "called")


def test_a_closed_stream_is_unreadable() -> None:
    stream = io.BytesIO(b"abc")
    stream.close()
    with pytest.raises(UnreadableInputError, match="called"):
        endpoints.read_all(stream, "called")


def test_endless_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_CHUNK_BYTES", 1000)
    assert len(endpoints.read_all(io.BytesIO(bytes(1000)), "called")) == 1000
    with pytest.raises(LimitError, match=r"called: more than 1000 bytes"), open("/dev/zero", "rb") as endless:
        endpoints.read_all(endless, "called")


def test_destination_that_is_the_source_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    (tmp_path / "soft").symlink_to(path)
    os.link(path, tmp_path / "hard")
    for name in ("file", "soft", "hard", "../" + tmp_path.name + "/file"):
        with pytest.raises(UsageError, match="also an input"):
            endpoints.check_destination(tmp_path / name, [b"", path], overwrite=True)


def test_destination_that_exists_is_refused_unless_it_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with pytest.raises(OutputError, match="exists already; pass overwrite=True"):
        endpoints.check_destination(path, [])
    endpoints.check_destination(path, [], overwrite=True)
    endpoints.check_destination(tmp_path / "new", [path])
    endpoints.check_destination("/dev/null", ["/dev/null"])
    endpoints.check_destination(None, [path])
    with pytest.raises(OutputError, match="is a folder"):
        endpoints.check_destination(tmp_path, [], overwrite=True)


def test_every_kind_of_destination_gets_the_bytes(tmp_path: Path) -> None:
    stream = io.BytesIO()
    endpoints.write_all(b"abc", stream)
    endpoints.write_all(b"abc", tmp_path / "file")
    assert stream.getvalue() == (tmp_path / "file").read_bytes() == b"abc"
    with pytest.raises(OutputError, match="exists already"):
        endpoints.write_all(b"", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"abc"


def test_a_stream_that_cannot_take_it() -> None:
    with (
        open("/dev/full", "wb", buffering=0) as full,
        pytest.raises(OutputError, match=r"^/dev/full: cannot be written: the disk is full"),
    ):
        endpoints.write_all(b"abc", full)
