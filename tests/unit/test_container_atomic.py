"""Files that appear whole or not at all."""

import errno
import os
import stat
import subprocess
import sys

import pytest

from vqcodec.errors import OutputError
from vqcodec.files.atomic import check_writable, writing
from vqcodec.files.descriptors import descriptor_of


def only(folder, *names):
    return sorted(os.listdir(folder)) == sorted(names)


def test_the_file_appears_at_the_end(tmp_path):
    path = tmp_path / "a.vqc"
    with writing(path, durable=True) as file:
        file.write(b"data")
        assert not path.exists()
    assert path.read_bytes() == b"data"
    assert only(tmp_path, "a.vqc")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_nothing_is_left_when_the_block_fails(tmp_path, error):
    path = tmp_path / "a.vqc"
    path.write_bytes(b"old")

    def fail():
        with writing(path, overwrite=True) as file:
            file.write(b"x" * 100_000)
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert only(tmp_path, "a.vqc")


def test_an_existing_file_is_kept_unless_told(tmp_path):
    path = tmp_path / "a.vqc"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match=r"a\.vqc: exists already; pass overwrite=True"), writing(path):
        pytest.fail("the block must not begin")
    with writing(path, overwrite=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_in_the_meantime_is_kept(tmp_path, monkeypatch, links):
    path = tmp_path / "a.vqc"
    if not links:
        monkeypatch.setattr(os, "link", refuse(errno.ENOTSUP))

    def race():
        with writing(path) as file:
            file.write(b"mine")
            path.write_bytes(b"theirs")

    with pytest.raises(OutputError, match="exists already"):
        race()
    assert path.read_bytes() == b"theirs"
    assert only(tmp_path, "a.vqc")


def test_without_hard_links(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    with writing(tmp_path / "a.vqc") as file:
        file.write(b"data")
    assert (tmp_path / "a.vqc").read_bytes() == b"data"
    assert only(tmp_path, "a.vqc")


def refuse(number):
    def refused(*_args, **_more):
        raise OSError(number, os.strerror(number))

    return refused


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_permissions(tmp_path):
    before = os.umask(0o027)
    try:
        new, old = tmp_path / "new.vqc", tmp_path / "old.vqc"
        old.write_bytes(b"")
        old.chmod(0o666)
        for path in (new, old):
            with writing(path, overwrite=True) as file:
                file.write(b"data")
    finally:
        os.umask(before)
    assert stat.S_IMODE(new.stat().st_mode) == 0o640
    assert stat.S_IMODE(old.stat().st_mode) == 0o666


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_symbolic_link_stays(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "a.vqc", tmp_path / "link.vqc"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with writing(link, overwrite=True) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert only(tmp_path / "folder", "a.vqc")


@pytest.mark.skipif(os.name != "posix", reason="devices")
def test_a_device_is_written_to_and_not_replaced():
    with writing("/dev/null") as file:
        file.write(b"data")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_names_that_cannot_be(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    cases = {
        tmp_path: "is a folder",
        tmp_path / "no" / "a.vqc": "folder does not exist",
        tmp_path / "file" / "a.vqc": "is a file",
        tmp_path / ("x" * 300): "name is too long",
        str(tmp_path / "a\0b"): "cannot be the name",
    }
    for path, reason in cases.items():
        with pytest.raises(OutputError, match=reason) as caught, writing(path):
            pytest.fail("the block must not begin")
        assert str(caught.value).isprintable()


def test_no_permission(tmp_path, monkeypatch):
    for number, reason in ((errno.EACCES, "no permission"), (errno.EROFS, "read-only")):
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", refuse(number))
            with pytest.raises(OutputError, match=reason), writing(tmp_path / "a.vqc"):
                pytest.fail("the block must not begin")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk():
    with pytest.raises(OutputError, match="the disk is full"), writing("/dev/full") as file:
        file.write(b"x" * 100_000)


def test_a_file_that_cannot_grow_leaves_nothing(tmp_path):
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "from vqcodec.files.atomic import writing\n"
        "from vqcodec.errors import OutputError\n"
        "try:\n"
        "    with writing(sys.argv[1]) as file:\n"
        "        file.write(b'x' * 100000)\n"
        "except OutputError as error:\n"
        "    print(error)\n"
    )
    pytest.importorskip("resource")
    command = [sys.executable, "-c", code, str(tmp_path / "a.vqc")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "cannot be written" in done.stdout
    assert only(tmp_path)


def test_errors_of_the_block_itself_pass_unchanged(tmp_path):
    with pytest.raises(FileNotFoundError), writing(tmp_path / "a.vqc"):
        (tmp_path / "missing").read_bytes()
    assert only(tmp_path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere/a.vqc", "the folder does not exist; make it first"),
        ("file/a.vqc", "its folder is a file"),
        ("folder", "is a folder"),
        ("file", "exists already"),
        ("x" * 300, "the name is too long"),
    ],
)
def test_what_cannot_be_written_is_found_without_writing(tmp_path, name, reason):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=reason):
        check_writable(tmp_path / name)
    assert only(tmp_path, "file", "folder")


def test_a_check_leaves_nothing_behind(tmp_path):
    check_writable(tmp_path / "a.vqc")
    assert only(tmp_path)


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="needs /dev/fd")
class TestDescriptors:
    def test_what_the_owner_wrote_stays_and_nothing_is_renamed(self, tmp_path):
        path = tmp_path / "log"
        with open(path, "ab", buffering=0) as file:
            file.write(b"before ")
            name = f"/dev/fd/{file.fileno()}"
            check_writable(name)
            with writing(name) as out:
                assert not out.seekable()
                out.write(b"data")
            file.write(b" after")
        assert path.read_bytes() == b"before data after"
        assert only(tmp_path, "log")

    def test_a_descriptor_for_reading_is_refused(self, tmp_path):
        (tmp_path / "a").write_bytes(b"old")
        with open(tmp_path / "a", "rb") as file, pytest.raises(OutputError, match="open only for reading"):
            check_writable(f"/dev/fd/{file.fileno()}")
        with pytest.raises(OutputError, match="it is closed"):
            check_writable("/dev/fd/987")

    def test_links_to_descriptors_are_followed(self, tmp_path):
        os.symlink("/dev/fd/1", tmp_path / "link")
        assert descriptor_of(tmp_path / "link") == descriptor_of("/dev/stdout") == 1
        assert descriptor_of(tmp_path / "other") is None
        assert descriptor_of(f"/proc/{os.getppid()}/fd/1") is None
