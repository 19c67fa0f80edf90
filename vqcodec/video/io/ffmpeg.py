"""FFmpeg as a helper process: probe a file, read its frames as y4m and its sound as WAV."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

from vqcodec.errors import UnreadableInputError
from vqcodec.names import printable
from vqcodec.video.io.texts import parse_texts

REMEDY = "pip install imageio-ffmpeg, or name an ffmpeg in IMAGEIO_FFMPEG_EXE"
MATRICES = {"bt709": 1, "fcc": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "bt2020nc": 9, "bt2020c": 10}
"""Numbers of ITU-T H.273 by FFmpeg's names of colour matrices."""

MATRIX_NAMES = {number: name for name, number in MATRICES.items()}

_QUIET = ("-hide_banner", "-nostdin", "-loglevel")
_VIDEO = re.compile(r"^\s*Stream #\d+:\d+.*: Video: (?P<about>.*)$", re.MULTILINE)
_AUDIO = re.compile(r"^\s*Stream #\d+:\d+.*: Audio: ", re.MULTILINE)
_PIXELS = re.compile(
    r"\b(?P<name>(?:yuv|gray|rgb|bgr|gbr|nv|pal|mono|argb|abgr|ya|p0|x2)[a-z0-9]*)(?:\((?P<colour>[^)]*)\))?(?:, | |$)"
)
_DURATION = re.compile(r"Duration: (\d+):(\d+):(\d+(?:\.\d+)?)")
_RATE = re.compile(r"([\d.]+)(k?) fps")
_TIME_BASE = re.compile(r"^#tb 0: (\d+)/(\d+)", re.MULTILINE)
_MAX_MESSAGES = 1 << 16


@dataclass(frozen=True)
class Probe:
    """The contents of a file, as FFmpeg reports them.

    Attributes:
        pixels: FFmpeg's name of the pixel format, such as `yuv420p10le`; empty if unknown.
        matrix: number of the colour matrix in ITU-T H.273; None if unknown.
        interlaced: whether the frames are pairs of fields.
        rotated: whether the file asks for rotation, which reading applies.
        sound: whether the file has sound.
        frames: approximate number of frames; None if unknown.
    """

    pixels: str
    matrix: int | None
    interlaced: bool
    rotated: bool
    sound: bool
    frames: int | None


def executable() -> str:
    """Return the path of ffmpeg.

    Raises:
        UnreadableInputError: ffmpeg is not installed, or IMAGEIO_FFMPEG_EXE does not name a program.
    """
    try:
        import imageio_ffmpeg

        path = imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise UnreadableInputError(f"ffmpeg is not at hand, which this kind of video needs: {REMEDY}") from None
    if shutil.which(path) is None:  # imageio_ffmpeg does not check the path in the environment
        raise UnreadableInputError(f"ffmpeg is not at hand: {printable(path, 200)} is no program; {REMEDY}")
    return path


def probe(path: str, name: str) -> Probe:
    """Return the contents of a file; `name` is its name in messages.

    Raises:
        UnreadableInputError: ffmpeg is missing, cannot read the file, or finds no video in it.
    """
    told = _run(["-i", _literal(path)], "info")[1]
    found = _VIDEO.search(told)
    if found is None:
        if re.search(r"^Input #0", told, re.MULTILINE):
            raise UnreadableInputError(f"{name}: holds no video stream; sound alone is coded with --media speech")
        raise UnreadableInputError(f"{name}: not a video that ffmpeg can read: {_reason(told)}")
    about = found["about"]
    pixels = _PIXELS.search(about)
    colour = (pixels and pixels["colour"]) or ""
    matrix = next((MATRICES[word] for word in re.split(r"[,/ ]+", colour) if word in MATRICES), None)
    return Probe(
        pixels=pixels["name"] if pixels else "",
        matrix=matrix,
        interlaced=any(word in about for word in ("top first", "bottom first", "top coded", "bottom coded")),
        rotated="rotation of" in told,
        sound=_AUDIO.search(told) is not None,
        frames=_expected_frames(told, about),
    )


def frame_times(path: str) -> tuple[Fraction, list[int]] | None:
    """Return (unit of time in seconds, times of the frames in that unit); None if the file does not tell.

    The times are those of the packets of the first video stream, sorted, and begin with 0. Nothing is decoded.
    """
    told, _ = _run(["-i", _literal(path), "-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"], "quiet")
    base = _TIME_BASE.search(told)
    times = sorted({int(row.split(",")[2]) for row in told.splitlines() if row.startswith("0,")})
    if base is None or not times:
        return None
    return Fraction(int(base[1]), int(base[2])), [time - times[0] for time in times]


def texts(path: str) -> dict[str, str]:
    """Return the texts of a file by title, of the titles in `texts.TITLES`."""
    return parse_texts(_run(["-i", _literal(path), "-f", "ffmetadata", "-"], "quiet")[0])


@contextmanager
def frames_as_y4m(path: str, name: str, filters: Sequence[str] = ()) -> Iterator[tuple[BinaryIO, list[str]]]:
    """Give the frames of the first video stream as y4m, 8-bit 4:2:0, and ffmpeg's messages.

    No frame is dropped or repeated. The messages are complete when the stream has been read to its end.

    Args:
        name: of the file in messages.
        filters: of ffmpeg, to apply to the frames.
    """
    command = ["-i", _literal(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    if filters:
        command += ["-vf", ",".join(filters)]
    command += ["-pix_fmt", "yuv420p", "-strict", "-1", "-f", "yuv4mpegpipe", "-"]
    messages: list[str] = []
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            [executable(), *_QUIET, "error", *command],
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
    command = ["-y", "-i", _literal(path), "-map", "0:a:0", "-c:a", "pcm_s16le", "-rf64", "auto", "-f", "wav", target]
    process = subprocess.run([executable(), *_QUIET, "quiet", *command], capture_output=True, check=False)
    return process.returncode == 0


def _literal(path: str) -> str:
    """Return a path as ffmpeg needs it, so that no character of it has a special meaning."""
    return f"file:{path}"


def _run(arguments: list[str], level: str) -> tuple[str, str]:
    """Run ffmpeg; return its standard output and its messages, even if it fails."""
    process = subprocess.run(
        [executable(), *_QUIET, level, *arguments], capture_output=True, check=False, stdin=subprocess.DEVNULL
    )
    return process.stdout.decode("utf-8", "replace"), process.stderr.decode("utf-8", "replace")


def _expected_frames(told: str, about: str) -> int | None:
    """Return the approximate number of frames, from duration and rate; None if unknown."""
    duration, rate = _DURATION.search(told), _RATE.search(about)
    if duration is None or rate is None:
        return None
    seconds = 3600 * int(duration[1]) + 60 * int(duration[2]) + float(duration[3])
    return max(1, round(seconds * float(rate[1]) * (1000 if rate[2] else 1)))


def _reason(told: str) -> str:
    """Return the most helpful part of ffmpeg's messages."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    for line in lines:
        if "Error opening input: " in line:
            return printable(line.partition("Error opening input: ")[2], 100)
    return printable(lines[-1], 100) if lines else "no reason given"


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
