"""The program ffmpeg: where it is, what it may open, how it is run.

A file to read is opened here and given to ffmpeg as its standard input. ffmpeg never sees a name, so no character of
a name has a meaning for it, and it finds out what the file holds from its bytes. It may open nothing else
(`inputs.OPTIONS`). A process ends with the call or the `with` block that started it, whatever happens there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

from vqcodec.errors import OutputError, UnreadableInputError
from vqcodec.ffmpeg import inputs
from vqcodec.files.endpoints import reading_errors
from vqcodec.names import printable

REMEDY = "pip install imageio-ffmpeg, or name an ffmpeg in IMAGEIO_FFMPEG_EXE"

_QUIET = ("-hide_banner", "-nostdin", "-loglevel")
_MAX_MESSAGES = 1 << 16


def executable() -> str:
    """Return the absolute path of ffmpeg.

    Raises:
        UnreadableInputError: ffmpeg is not installed, or IMAGEIO_FFMPEG_EXE does not name a program.
    """
    try:
        import imageio_ffmpeg

        path = imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise UnreadableInputError(f"ffmpeg is not at hand, which this kind of file needs: {REMEDY}") from None
    found = shutil.which(path)  # imageio_ffmpeg does not check the path in the environment
    if found is None:
        raise UnreadableInputError(f"ffmpeg is not at hand: {printable(path, 200)} is no program; {REMEDY}")
    return os.path.abspath(found)


def is_at_hand() -> bool:
    """Return whether there is an ffmpeg."""
    try:
        executable()
    except UnreadableInputError:
        return False
    return True


def run(path: str, arguments: Sequence[str], level: str = "quiet") -> tuple[str, str]:
    """Run ffmpeg on a file; return its standard output and its messages, even if it fails.

    Args:
        path: of the file.
        arguments: what stands behind the input. level: of the messages, such as `info`.

    Raises:
        UnreadableInputError: ffmpeg is missing, or the file cannot be opened.
    """
    process = _finished(path, arguments, level)
    return process.stdout.decode("utf-8", "replace"), process.stderr.decode("utf-8", "replace")


def failure(path: str, arguments: Sequence[str]) -> str | None:
    """Run ffmpeg on a file; return why it fails, None if it does not. Arguments and errors as `run`."""
    process = _finished(path, arguments, "error")
    if process.returncode == 0:
        return None
    lines = process.stderr[-_MAX_MESSAGES:].decode("utf-8", "replace").strip().splitlines()
    return _plain(lines[-1]) if lines else "no reason given"


@contextmanager
def reading(path: str, arguments: Sequence[str], before: Sequence[str] = ()) -> Iterator[tuple[BinaryIO, list[str]]]:
    """Give what ffmpeg makes of a file, and ffmpeg's messages; these are complete at the end of what it gives.

    Args:
        path: of the file.
        arguments: what stands behind the input, up to `-` for standard output.
        before: what stands before the input, such as the decoder to use.

    Raises:
        UnreadableInputError: ffmpeg is missing, or the file cannot be opened.
    """
    command = [executable(), *_QUIET, "error", *before, *inputs.OPTIONS, *arguments]
    messages: list[str] = []
    with tempfile.TemporaryFile() as told:
        with reading_errors(path), open(path, "rb") as file:
            process = subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=told, start_new_session=True)
        assert process.stdout is not None
        try:
            yield cast(BinaryIO, _Finishing(process, told, messages)), messages
        finally:
            process.stdout.close()
            process.kill()
            process.wait()


@contextmanager
def writing(arguments: Sequence[str], name: str, folder: str) -> Iterator[BinaryIO]:
    """Give the standard input of ffmpeg with these arguments.

    Args:
        arguments: inputs and output; relative names are in `folder`.
        name: of the output in messages.
        folder: where ffmpeg runs.

    Raises:
        OutputError: ffmpeg fails or is missing.
    """
    try:
        command = [executable(), "-hide_banner", "-loglevel", "error", "-y", *arguments]
    except UnreadableInputError as error:
        raise OutputError(f"{name}: {error}") from None
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=told, start_new_session=True, cwd=folder
        )
        assert process.stdin is not None
        try:
            with suppress(BrokenPipeError):  # ffmpeg has ended early; its messages say why
                yield cast(BinaryIO, process.stdin)
                process.stdin.close()
            failed = process.wait() != 0
        finally:
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.kill()
            process.wait()
        if failed:
            told.seek(0)
            lines = told.read(_MAX_MESSAGES).decode("utf-8", "replace").strip().splitlines()
            reason = printable(lines[0], 200) if lines else "no reason given"
            raise OutputError(f"{name}: ffmpeg cannot write it: {reason}")


def _finished(path: str, arguments: Sequence[str], level: str) -> subprocess.CompletedProcess[bytes]:
    """Run ffmpeg on a file to its end."""
    command = [executable(), *_QUIET, level, *inputs.OPTIONS, *arguments]
    with reading_errors(path), open(path, "rb") as file:
        return subprocess.run(command, stdin=file, capture_output=True, check=False)


def _plain(line: str) -> str:
    """Return a message of ffmpeg without the part that it comes from, fit to print."""
    return printable(re.sub(r"^\[[^]]*\] ", "", line), 120)


class _Finishing:
    """The output of ffmpeg as a binary file; when it ends, the messages are collected."""

    def __init__(self, process: subprocess.Popen[bytes], told: BinaryIO, messages: list[str]) -> None:
        self._process = process
        self._told = told
        self._messages = messages
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        return self._checked(self._process.stdout.read(size), size)  # type: ignore[union-attr]

    def readline(self, size: int = -1) -> bytes:
        return self._checked(self._process.stdout.readline(size), size)  # type: ignore[union-attr]

    def _checked(self, data: bytes, size: int) -> bytes:
        if not data and size and not self._ended:
            self._ended = True
            self._process.wait()
            self._told.seek(0)
            text = self._told.read(_MAX_MESSAGES).decode("utf-8", "replace")
            self._messages += [_plain(line) for line in text.splitlines() if line]
        return data
