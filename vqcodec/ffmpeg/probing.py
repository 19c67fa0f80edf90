"""Ask ffmpeg what a file says of itself: its streams and its texts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from vqcodec.errors import UnreadableInputError
from vqcodec.ffmpeg.colours import Told, told_in
from vqcodec.ffmpeg.inputs import playlist_in
from vqcodec.ffmpeg.program import run
from vqcodec.ffmpeg.streams import choose_sound, duration_in, left_out, moving, streams_in
from vqcodec.ffmpeg.texts import parse_texts
from vqcodec.names import printable

_TEXTS = ("-f", "ffmetadata", "-")  # as an output of ffmpeg
_ROTATED = re.compile(r"^ *display ?matrix: rotation of", re.MULTILINE | re.IGNORECASE)
_RATE = re.compile(r"([\d.]+)(k?) fps")


@dataclass(frozen=True)
class Probe:
    """The contents of a file, as FFmpeg reports them.

    Attributes:
        samples: what they mean, by the header of the file.
        interlaced: whether the frames are pairs of fields.
        rotated: whether the file asks for rotation, which reading applies.
        sound: number of the stream of sound to take; None without sound.
        frames: approximate number of frames; None if unknown.
        texts: by title, of the titles in `files.texts.TITLES`.
        alpha: whether its samples may be transparent.
        notes: what is not taken of the file, for the user.
    """

    samples: Told
    interlaced: bool
    rotated: bool
    sound: int | None
    frames: int | None
    texts: Mapping[str, str]
    alpha: bool
    notes: Sequence[str] = ()


def probe(path: str, name: str, track: int | str | None = None, *, audio: bool = True) -> Probe:
    """Return the contents of a file; `name` is its name in messages, `track` as of `streams.choose_sound`.

    Without `audio`, no sound is taken, and none is spoken of.

    Raises:
        UnreadableInputError: ffmpeg is missing, cannot read the file, or finds no video in it.
        UsageError: it has no such track.
    """
    texts, told = run(path, _asking_for_texts(path), "info")
    streams = streams_in(told)
    if not moving(streams):
        if re.search(r"^Input #0", told, re.MULTILINE):
            raise UnreadableInputError(f'{name}: holds no video stream; sound alone is coded with medium="speech"')
        playlist = playlist_in(path)
        if playlist is not None:
            raise UnreadableInputError(f"{name}: is {playlist}, which only names other files; give the video itself")
        raise UnreadableInputError(f"{name}: not a video that ffmpeg can read: {_reason(told)}")
    about = moving(streams)[0].line
    sound = choose_sound(streams, track, name) if audio else None
    return Probe(
        samples=told_in(about),
        interlaced=any(word in about for word in ("top first", "bottom first", "top coded", "bottom coded")),
        rotated=_ROTATED.search(told) is not None,
        sound=None if sound is None else sound.number,
        frames=_expected_frames(told, about),
        texts=parse_texts(texts),
        alpha=moving(streams)[0].alpha,
        notes=left_out(told, streams, sound),
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
    streams = streams_in(told)
    readable = re.search(r"^Input #0", told, re.MULTILINE) is not None
    return Contents(readable, bool(moving(streams)), any(stream.kind == "Audio" for stream in streams))


def texts(path: str) -> dict[str, str]:
    """Return the texts of a file by title, of the titles in `files.texts.TITLES`."""
    return parse_texts(run(path, _asking_for_texts(path))[0])


def _asking_for_texts(path: str) -> list[str]:
    """Return arguments with which ffmpeg tells the texts of a file. In Ogg they belong to the first stream."""
    with suppress(OSError, ValueError), open(path, "rb") as file:
        if file.read(4) == b"OggS":
            return ["-map_metadata", "0:s:0", *_TEXTS]
    return [*_TEXTS]


def _expected_frames(told: str, about: str) -> int | None:
    """Return the approximate number of frames, from duration and rate; None if unknown."""
    seconds, rate = duration_in(told), _RATE.search(about)
    if seconds is None or rate is None:
        return None
    return max(1, round(float(seconds) * float(rate[1]) * (1000 if rate[2] else 1)))


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
