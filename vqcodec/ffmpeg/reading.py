"""Read a file through ffmpeg: its frames as y4m, its sound as WAV."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO

from vqcodec.ffmpeg.program import reading, succeeds


def frames_as_y4m(path: str, filters: Sequence[str] = ()) -> AbstractContextManager[tuple[BinaryIO, list[str]]]:
    """Give the frames of the first video stream as y4m, 8-bit 4:2:0, and ffmpeg's messages.

    No frame is dropped or repeated. The messages are complete when the stream has been read to its end.

    Args:
        filters: of ffmpeg, to apply to the frames.
    """
    command = ["-map", "0:V:0", "-fps_mode", "passthrough"]
    if filters:
        command += ["-vf", ",".join(filters)]
    return reading(path, [*command, "-pix_fmt", "yuv420p", "-strict", "-1", "-f", "yuv4mpegpipe", "-"])


def sound_as_wav(path: str, demuxer: str | None = None) -> AbstractContextManager[tuple[BinaryIO, list[str]]]:
    """Give the first sound stream of a file as WAV of 32-bit floats, and ffmpeg's messages, as `frames_as_y4m` does.

    The header declares no length.

    Args:
        demuxer: FFmpeg's name of the file's format, where its bytes do not tell.
    """
    command = ["-map", "0:a:0", "-c:a", "pcm_f32le", "-bitexact", "-f", "wav", "-"]
    return reading(path, command, demuxer)


def extract_sound(path: str, target: str, stream: int | None = None) -> bool:
    """Write a stream of sound as 16-bit WAV to `target`; return whether ffmpeg succeeded.

    Args:
        stream: its number in the file; None for the first stream of sound.
    """
    chosen = "0:a:0" if stream is None else f"0:{stream}"
    command = ["-map", chosen, "-c:a", "pcm_s16le", "-rf64", "auto", "-f", "wav", "-y", f"file:{target}"]
    return succeeds(path, command)
