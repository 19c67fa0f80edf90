"""How frames of two fields become whole pictures: which filters of ffmpeg to use, by what the frames look like."""

from __future__ import annotations

from collections.abc import Iterable

from vqcodec.video.io.fields import MOST_FRAMES, Fields, looked_at
from vqcodec.video.io.frames import Frame


def deinterlacing(frames: Iterable[Frame], asked: str, *, marked: bool, count: int) -> tuple[list[str], str | None]:
    """Return the filters to apply to the frames of a file, and a note on them; none for progressive frames.

    No filter changes the number or the times of frames.

    Args:
        frames: of the file, as they are; no more than needed are taken.
        asked: `auto`, `on` or `off`.
        marked: whether the file says that its frames are interlaced.
        count: number of its frames.
    """
    if asked == "off":
        return [], "interlaced frames kept as they are" if marked else None
    kind, upper_first = looked_at(frames, marked=marked)
    parity = "tff" if upper_first else "bff"
    if asked == "on":
        known = kind in (Fields.INTERLACED, Fields.TELECINED)
        return [f"yadif=parity={parity if known else 'auto'}"], "frames converted from interlaced to progressive ones"
    if kind is Fields.TELECINED:
        rejoined = [
            "format=yuv420p|yuv422p|yuv444p",
            f"fieldmatch=order={parity}:combmatch=full",
            "yadif=deint=interlaced",
        ]
        return rejoined, "telecined film: its fields put together again to whole frames"
    if kind is Fields.INTERLACED:
        unsaid = "" if marked else ", though not marked so,"
        return [f"yadif=parity={parity}"], f"interlaced frames{unsaid} converted to progressive ones"
    if not marked:
        return [], None
    if kind is Fields.UNKNOWN and count > MOST_FRAMES:
        return ["yadif"], "interlaced frames converted to progressive ones"
    return [], "its frames are marked as interlaced, but look progressive; they are kept as they are"
