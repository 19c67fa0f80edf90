"""Standard streams that are closed or full, as a shell makes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

VQCODEC = f"{sys.executable} -m vqcodec"
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run `vqcodec` with what follows, in a shell."""
    line = command.replace("vqcodec", VQCODEC)
    return subprocess.run(["bash", "-c", line], capture_output=True, env=os.environ | environment, check=False)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_is_cut_by_a_size_limit_is_an_error(workspace: Path, unbuffered: str) -> None:
    done = shell("ulimit -f 1; vqcodec decode photo.vqc -o - -f bmp > out.bmp", PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 8
    assert done.stderr.startswith(b"vqcodec: standard output: cannot be written: the file would be larger")


def test_a_reader_of_an_unbuffered_output_that_goes_away(workspace: Path) -> None:
    samples = 300 * 400 * 3  # more than a pipe holds
    Path("big.ppm").write_bytes(b"P6 400 300 255\n" + bytes(samples))
    shell("vqcodec encode big.ppm -e 0 -q 0 --quiet")
    done = shell("vqcodec decode big.vqc -o - -f ppm | head -c 10 >&2; exit ${PIPESTATUS[0]}", PYTHONUNBUFFERED="1")
    assert (done.returncode, done.stderr[:9]) == (141, b"P6\n400 30")


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_work_that_needs_no_standard_stream_is_done_without(workspace: Path, closed: str) -> None:
    done = shell(f"vqcodec encode photo.png -o new.vqc {closed}")
    assert (done.returncode, done.stderr) == (0, b"")
    assert Path("new.vqc").read_bytes() == Path("photo.vqc").read_bytes()


@pytest.mark.parametrize(
    "command",
    [
        "info photo.vqc",
        "codebook list",
        "--version",
        "encode --help",
        "encode photo.png -o new.vqc --json",
        "decode photo.vqc -o - -f ppm",
    ],
)
def test_what_was_asked_for_cannot_be_shown(workspace: Path, command: str) -> None:
    done = shell(f"vqcodec {command} >&-")
    assert done.returncode == 8
    assert done.stderr.startswith(b"vqcodec: standard output: cannot be written: it is closed")
    assert done.stderr.count(b"\n") == 1


@full
@pytest.mark.parametrize("command", ["info photo.vqc", "--help", "compare photo.png photo.vqc --json"])
def test_a_report_that_finds_no_room(workspace: Path, command: str) -> None:
    done = shell(f"vqcodec {command} > /dev/full")
    assert (done.returncode, done.stderr) == (8, b"vqcodec: standard output: cannot be written: the disk is full\n")


@full
def test_a_log_on_a_full_disk_does_not_end_a_batch(workspace: Path) -> None:
    done = shell("vqcodec encode photo.png grey.png small.png -d new -j 1 > /dev/full")
    assert (done.returncode, done.stderr) == (8, b"vqcodec: standard output: cannot be written: the disk is full\n")
    assert sorted(path.name for path in Path("new").iterdir()) == ["grey.vqc", "photo.vqc", "small.vqc"]


@full
def test_messages_that_find_no_room_do_not_matter(workspace: Path) -> None:
    assert shell("vqcodec encode deep.png -o new.vqc 2> /dev/full").returncode == 0
    assert shell("vqcodec encode missing.png -o other.vqc 2> /dev/full").returncode == 3


def test_standard_input_that_is_needed_and_closed(workspace: Path) -> None:
    done = shell("vqcodec encode - -o new.vqc <&-")
    assert (done.returncode, done.stderr) == (3, b"vqcodec: <stdin>: cannot be read: it is closed\n")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
@pytest.mark.parametrize("output", ["/dev/stdout > new.vqc", "/dev/fd/3 3> new.vqc", ">(cat > new.vqc); wait $!"])
def test_outputs_that_are_descriptors_of_the_shell(workspace: Path, output: str) -> None:
    done = shell(f"vqcodec encode photo.png -o {output}")
    assert done.returncode == 0
    assert Path("new.vqc").read_bytes() == Path("photo.vqc").read_bytes()
