"""Ask ffmpeg what a file says of itself: its streams and its texts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vqcodec.errors import UnreadableInputError
from vqcodec.ffmpeg.colours import Told, told_in
from vqcodec.ffmpeg.inputs import playlist_in
from vqcodec.ffmpeg.program import run
from vqcodec.ffmpeg.texts import parse_texts
from vqcodec.names import printable

_VIDEO = re.compile(r"^\s*Stream #\d+:\d+.*: Video: (?P<about>.*)$", re.MULTILINE)
_AUDIO = re.compile(r"^\s*Stream #\d+:\d+.*: Audio: ", re.MULTILINE)
_DURATION = re.compile(r"Duration: (\d+):(\d+):(\d+(?:\.\d+)?)")
_RATE = re.compile(r"([\d.]+)(k?) fps")


@dataclass(frozen=True)
class Probe:
    """The contents of a file, as FFmpeg reports them.

    Attributes:
        samples: what they mean, by the header of the file.
        interlaced: whether the frames are pairs of fields.
        rotated: whether the file asks for rotation, which reading applies.
        sound: whether the file has sound.
        frames: approximate number of frames; None if unknown.
    """

    samples: Told
    interlaced: bool
    rotated: bool
    sound: bool
    frames: int | None


def probe(path: str, name: str) -> Probe:
    """Return the contents of a file; `name` is its name in messages.

    Raises:
        UnreadableInputError: ffmpeg is missing, cannot read the file, or finds no video in it.
    """
    told = run(path, [], "info")[1]
    found = _VIDEO.search(told)
    if found is None:
        if re.search(r"^Input #0", told, re.MULTILINE):
            raise UnreadableInputError(f'{name}: holds no video stream; sound alone is coded with medium="speech"')
        playlist = playlist_in(path)
        if playlist is not None:
            raise UnreadableInputError(f"{name}: is {playlist}, which only names other files; give the video itself")
        raise UnreadableInputError(f"{name}: not a video that ffmpeg can read: {_reason(told)}")
    about = found["about"]
    return Probe(
        samples=told_in(found[0]),
        interlaced=any(word in about for word in ("top first", "bottom first", "top coded", "bottom coded")),
        rotated="rotation of" in told,
        sound=_AUDIO.search(told) is not None,
        frames=_expected_frames(told, about),
    )


@dataclass(frozen=True)
class Contents:
    """What a file holds: whether ffmpeg can read it, and whether it has moving pictures and sound."""

    readable: bool
    video: bool
    sound: bool


def contents(path: str) -> Contents:
    """Return what a file holds. The picture on the cover of a recording does not count as video.

    Raises:
        UnreadableInputError: ffmpeg is missing, or the file cannot be opened.
    """
    told = run(path, [], "info")[1]
    video = any("(attached pic)" not in found["about"] for found in _VIDEO.finditer(told))
    readable = re.search(r"^Input #0", told, re.MULTILINE) is not None
    return Contents(readable, video, _AUDIO.search(told) is not None)


def texts(path: str) -> dict[str, str]:
    """Return the texts of a file by title, of the titles in `texts.TITLES`."""
    return parse_texts(run(path, ["-f", "ffmetadata", "-"])[0])


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
    if "Protocol not found" in told:
        return "this ffmpeg is too old; version 6 or later is needed"
    if "Format not on whitelist" in told:
        return "it is of a kind that is not read; convert it to mkv or mp4"
    for line in lines:
        if "Error opening input: " in line:
            return printable(line.partition("Error opening input: ")[2], 100)
    return printable(lines[-1], 100) if lines else "no reason given"
