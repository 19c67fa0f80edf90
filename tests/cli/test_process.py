"""What only shows in real processes: pipes, signals, and what the shell sees."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from synthetic_speech import synthetic_speech

VQCODEC = [sys.executable, "-m", "vqcodec"]


def vqcodec(*args: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    """Run a command line as a process of its own."""
    return subprocess.run([*VQCODEC, *args], capture_output=True, **options)  # type: ignore[call-overload,no-any-return]


def test_pipes_between_processes(workspace: Path) -> None:
    with Path("photo.png").open("rb") as picture:
        encoded = vqcodec("encode", "-", "-o", "-", "--quiet", stdin=picture)
    assert (encoded.returncode, encoded.stderr) == (0, b"")
    decoded = vqcodec("decode", "-", "--format", "ppm", "--quiet", input=encoded.stdout)
    assert (decoded.returncode, decoded.stderr) == (0, b"")
    assert decoded.stdout.startswith(b"P6\n52 44\n255\n")


def test_a_reader_that_goes_away_is_no_error_to_talk_about(workspace: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run([*VQCODEC, "info", "photo.vqc"], stdout=write_end, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output(workspace: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*VQCODEC, "decode", "photo.vqc", "-o", "-"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 8
    assert done.stderr.count(b"\n") == 1
    assert b"standard output: cannot be written" in done.stderr


def _heed_interrupts() -> None:
    """Undo what a shell does to the commands it runs in the background: they, and their children, ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("number", "code", "jobs"), [(signal.SIGINT, 130, "1"), (signal.SIGINT, 130, "2"), (signal.SIGTERM, 143, "2")]
)
def test_interruption_leaves_whole_files_only(workspace: Path, number: signal.Signals, code: int, jobs: str) -> None:
    names = [f"many{index:03}.png" for index in range(200)]
    samples = np.random.default_rng(0).integers(0, 256, (512, 512, 3)).astype(np.uint8)
    Image.fromarray(samples).save(names[0])
    for name in names[1:]:
        os.link(names[0], name)
    command = [*VQCODEC, "encode", *names, "-d", "new", "--jobs", jobs, "--quiet", "-e", "9", "-c", "classic-4x4-256"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=_heed_interrupts)
    try:
        deadline = time.monotonic() + 120
        while not list(Path().glob("new/*.vqc")):
            assert time.monotonic() < deadline
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(number)
        _, stderr = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == code
    made = sorted(Path("new").iterdir())
    assert 0 < len(made) < len(names)
    assert {path.suffix for path in made} == {".vqc"}, "a temporary file was left"
    assert len({path.read_bytes() for path in made}) == 1, "a file is not whole"
    if number == signal.SIGINT:
        assert stderr.startswith(b"vqcodec: interrupted")
        assert stderr.count(b"\n") == 1


def test_interrupted_speech_leaves_nothing(workspace: Path) -> None:
    talk = np.tile(synthetic_speech(4, 16000), 150).astype(np.int16)
    soundfile.write("long.wav", talk, 16000)
    before = set(Path().iterdir())
    command = [*VQCODEC, "encode", "long.wav", "-o", "long.vqc", "--quiet", "-e", "9"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=_heed_interrupts)
    try:
        time.sleep(5)
        assert running.poll() is None
        running.send_signal(signal.SIGINT)
        _, stderr = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130
    assert stderr.startswith(b"vqcodec: interrupted")
    assert stderr.count(b"\n") == 1
    assert set(Path().iterdir()) == before


def test_the_module_runs_like_the_script(workspace: Path) -> None:
    done = vqcodec("encode", "missing.png", "-o", "x.vqc")
    assert done.returncode == 3
    assert done.stderr.startswith(b"vqcodec: missing.png: no such file")
    assert done.stdout == b""


def test_completion_offers_commands_and_codebooks(workspace: Path) -> None:
    def complete(line: str) -> list[str]:
        environment = os.environ | {
            "_VQCODEC_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(line.count(" ")),
        }
        done = vqcodec(env=environment)
        return done.stdout.decode().split()

    assert {"encode", "decode", "codebook"} <= set(complete("vqcodec "))
    assert complete("vqcodec train") == ["train-codebook"]
    assert "classic-4x4-256" in complete("vqcodec encode -c cla")
    assert "webp" in complete("vqcodec decode --format w")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
class TestTerminal:
    """Behaviour that depends on whether standard output and standard error are a terminal."""

    @staticmethod
    def on_terminal(*args: str) -> tuple[int, bytes, bytes]:
        """Run with standard error on a terminal; returns the exit code, standard output, and the terminal's text."""
        master, slave = os.openpty()
        process = subprocess.Popen(
            [*VQCODEC, *args], stdout=subprocess.PIPE, stderr=slave, env=os.environ | {"TERM": "xterm"}
        )
        os.close(slave)
        shown = bytearray()
        while True:
            try:
                block = os.read(master, 4096)
            except OSError:  # the other end is closed
                break
            if not block:
                break
            shown += block
        os.close(master)
        stdout, _ = process.communicate(timeout=30)
        return process.returncode, stdout, bytes(shown)

    def test_progress_is_shown_on_the_terminal_alone(self, workspace: Path) -> None:
        code, stdout, shown = self.on_terminal("encode", "photo.png", "grey.png", "-d", "new")
        assert code == 0
        assert b"encoding 2 files" in shown
        assert stdout.startswith(b"photo.png -> new/photo.vqc: ")
        assert b"photo.png ->" not in shown, "results belong on standard output"

    @pytest.mark.parametrize("option", ["--no-progress", "--quiet"])
    def test_progress_can_be_silenced(self, workspace: Path, option: str) -> None:
        code, _stdout, shown = self.on_terminal("encode", "photo.png", "-o", "x.vqc", option)
        assert (code, shown) == (0, b"")

    def test_messages_take_the_progress_bar_away(self, workspace: Path) -> None:
        code, _stdout, shown = self.on_terminal("decode", "one.vqc", "two.vqc")
        assert code != 0
        assert b"decoding 2 files" in shown
        for name in (b"one", b"two"):
            assert re.search(rb"(?:\n|\x1b\[2K)vqcodec: " + name + rb"\.vqc: ", shown), shown

    def test_no_binary_to_a_terminal(self, workspace: Path) -> None:
        master, slave = os.openpty()
        done = subprocess.run(
            [*VQCODEC, "encode", "photo.png", "-o", "-"], stdout=slave, stderr=subprocess.PIPE, check=False
        )
        os.close(slave)
        os.close(master)
        assert done.returncode == 2
        assert b"standard output is a terminal" in done.stderr


def test_first_run_says_that_kernels_are_compiled(workspace: Path, tmp_path: Path) -> None:
    """Into an empty cache: announced once; not again when they are there; not at all with --quiet."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "kernels"), "VQCODEC_KERNELS": "jit"}
    first = vqcodec("decode", "classic.vqc", "-o", "a.png", env=environment)
    assert first.stderr.count(b"compiling kernels") == 1
    assert b"vqcodec warm" in first.stderr
    again = vqcodec("decode", "classic.vqc", "-o", "b.png", env=environment)
    assert again.stderr == b""
