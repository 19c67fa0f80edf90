"""Read a file through ffmpeg: its frames as y4m, its sound as WAV."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO

from vqcodec.ffmpeg.program import failure, reading

_PIECE = 1 << 20
_OPAQUE = b"\xff"
_WITH_ALPHA = ("libvpx-vp9", "libvpx")  # decoders that give the transparency which ffmpeg's own leave out


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


def shows_transparency(path: str, frames: int | None = None) -> bool:
    """Return whether some sample of the first video stream is not opaque; it is decoded up to the first such frame.

    If ffmpeg cannot decode the transparency that the stream has, it counts as shown.

    Args:
        frames: at most how many to look at; None for all.
    """
    most = [] if frames is None else ["-frames:v", str(frames)]
    command = ["-map", "0:V:0", *most, "-vf", "alphaextract,format=gray", "-f", "rawvideo", "-"]
    looked_at = 0
    for decoders in ((), *(("-c:v", decoder) for decoder in _WITH_ALPHA)):
        with reading(path, command, decoders) as (stream, _):
            while data := stream.read(_PIECE):
                looked_at += len(data)
                if data.count(_OPAQUE) != len(data):
                    return True
        if looked_at:
            return False
    return True


def sound_as_wav(path: str, demuxer: str | None = None) -> AbstractContextManager[tuple[BinaryIO, list[str]]]:
    """Give the first sound stream of a file as WAV of 32-bit floats, and ffmpeg's messages, as `frames_as_y4m` does.

    The header declares no length.

    Args:
        demuxer: FFmpeg's name of the file's format, where its bytes do not tell.
    """
    command = ["-map", "0:a:0", "-c:a", "pcm_f32le", "-bitexact", "-f", "wav", "-"]
    return reading(path, command, ("-f", demuxer) if demuxer else ())


def extract_sound(path: str, target: str, stream: int | None = None) -> str | None:
    """Write a stream of sound as 16-bit WAV to `target`; return why ffmpeg fails, None if it does not.

    Args:
        stream: its number in the file; None for the first stream of sound.
    """
    chosen = "0:a:0" if stream is None else f"0:{stream}"
    command = ["-map", chosen, "-c:a", "pcm_s16le", "-rf64", "auto", "-f", "wav", "-y", f"file:{target}"]
    return failure(path, command)
