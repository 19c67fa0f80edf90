"""Read a file through ffmpeg: its frames as y4m, its sound as WAV."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from vqcodec.ffmpeg.program import QUIET, executable, literal
from vqcodec.names import printable

_MAX_MESSAGES = 1 << 16


@contextmanager
def frames_as_y4m(path: str, name: str, filters: Sequence[str] = ()) -> Iterator[tuple[BinaryIO, list[str]]]:
    """Give the frames of the first video stream as y4m, 8-bit 4:2:0, and ffmpeg's messages.

    No frame is dropped or repeated. The messages are complete when the stream has been read to its end.

    Args:
        name: of the file in messages.
        filters: of ffmpeg, to apply to the frames.
    """
    command = ["-i", literal(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    if filters:
        command += ["-vf", ",".join(filters)]
    command += ["-pix_fmt", "yuv420p", "-strict", "-1", "-f", "yuv4mpegpipe", "-"]
    messages: list[str] = []
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            [executable(), *QUIET, "error", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=told,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            yield _Finishing(process, told, messages), messages  # type: ignore[misc]
        finally:
            process.stdout.close()
            process.terminate()
            process.wait()


def extract_sound(path: str, target: str) -> bool:
    """Write the first sound stream of a file as 16-bit WAV to `target`; return whether ffmpeg succeeded."""
    command = ["-y", "-i", literal(path), "-map", "0:a:0", "-c:a", "pcm_s16le", "-rf64", "auto", "-f", "wav", target]
    process = subprocess.run([executable(), *QUIET, "quiet", *command], capture_output=True, check=False)
    return process.returncode == 0


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
            self._messages += [printable(re.sub(r"^\[[^]]*\] ", "", line), 120) for line in text.splitlines() if line]
        return data
