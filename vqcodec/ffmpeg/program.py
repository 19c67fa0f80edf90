"""The program ffmpeg: where it is, how it is run."""

from __future__ import annotations

import shutil
import subprocess

from vqcodec.errors import UnreadableInputError
from vqcodec.names import printable

REMEDY = "pip install imageio-ffmpeg, or name an ffmpeg in IMAGEIO_FFMPEG_EXE"
QUIET = ("-hide_banner", "-nostdin", "-loglevel")


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


def literal(path: str) -> str:
    """Return a path as ffmpeg needs it, so that no character of it has a special meaning."""
    return f"file:{path}"


def run(arguments: list[str], level: str) -> tuple[str, str]:
    """Run ffmpeg; return its standard output and its messages, even if it fails."""
    process = subprocess.run(
        [executable(), *QUIET, level, *arguments], capture_output=True, check=False, stdin=subprocess.DEVNULL
    )
    return process.stdout.decode("utf-8", "replace"), process.stderr.decode("utf-8", "replace")
