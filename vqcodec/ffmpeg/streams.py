"""The streams of a file as ffmpeg lists them, which of its sound tracks to take, and what is left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from vqcodec.errors import UsageError
from vqcodec.names import printable

_STREAM = re.compile(
    r"^ *Stream #0:(?P<number>\d+)(?:\[[^]]*\])?(?:\((?P<language>[^)]*)\))?: (?P<kind>\w+): (?P<about>.*)\n"
    r"(?P<more>(?: {4,}.*\n)*)",
    re.MULTILINE,
)
_ALPHA = re.compile(r", (?:yuva|gbrap|rgba|bgra|argb|abgr|ya8|ya16|pal8)")
_WHOLE = re.compile(r"Duration: (\d+):(\d+):(\d+(?:\.\d+)?)")
_TRACK = re.compile(r"^ +DURATION +: (\d+):(\d+):(\d+\.\d+)$", re.MULTILINE)
_CHAPTERS = re.compile(r"^ *Chapters:", re.MULTILINE)
_UNKNOWN = "und"


@dataclass(frozen=True)
class Stream:
    """A stream of a file.

    Attributes:
        number: in the file, from 0 on.
        kind: ffmpeg's word, such as `Video`, `Audio` or `Subtitle`.
        language: three letters as the file has them, such as `eng`; empty if it does not tell.
        line: what ffmpeg says of it, up to the end of its line.
        default: whether the file marks it as the one to play.
        picture: whether it is a still picture, such as a cover.
        alpha: whether it may have transparency.
        end_s: when it ends, in seconds, if the file tells it of each stream, as Matroska does; else None.
    """

    number: int
    kind: str
    language: str
    line: str
    default: bool
    picture: bool
    alpha: bool
    end_s: Fraction | None


def streams_in(told: str) -> list[Stream]:
    """Return the streams of the first input, as ffmpeg lists them in its messages at the level `info`."""
    return [
        Stream(
            int(found["number"]),
            found["kind"],
            (found["language"] or _UNKNOWN).replace(_UNKNOWN, ""),
            f": {found['kind']}: {found['about']}",
            "(default)" in found["about"],
            "(attached pic)" in found["about"],
            found["kind"] == "Video" and _may_have_alpha(found["about"], found["more"]),
            _seconds(_TRACK.search(found["more"])),
        )
        for found in _STREAM.finditer(told.partition("\nOutput #0")[0] + "\n")
    ]


def duration_in(told: str) -> Fraction | None:
    """Return how long a file lasts, in seconds, by ffmpeg's messages; None if they do not tell."""
    return _seconds(_WHOLE.search(told))


def moving(streams: Sequence[Stream]) -> list[Stream]:
    """Return the streams of moving pictures."""
    return [stream for stream in streams if stream.kind == "Video" and not stream.picture]


def choose_sound(streams: Sequence[Stream], track: int | str | None, name: str) -> Stream | None:
    """Return the sound track to take; None if there is none.

    Args:
        track: its number among the sound tracks, from 1 on, or its language; None for the one that the file marks as
            the default, else the first.
        name: of the file in messages.

    Raises:
        UsageError: there is no such track.
    """
    tracks = _sounds(streams)
    if track is None:
        return next((one for one in tracks if one.default), tracks[0] if tracks else None)
    wanted = str(track).lower()
    if wanted.isdecimal() and 0 < int(wanted) <= len(tracks):
        return tracks[int(wanted) - 1]
    found = next((one for one in tracks if one.language.lower() == wanted), None)
    if found is None:
        there = ", ".join(_described(tracks, one) for one in tracks)
        raise UsageError(f"{name}: has no sound track {printable(str(track), 20)}; it has {there or 'no sound'}")
    return found


def left_out(told: str, streams: Sequence[Stream], sound: Stream | None) -> list[str]:
    """Return notes on what is not taken of a file.

    Args:
        told: ffmpeg's messages. sound: the track that is taken.
    """
    tracks = _sounds(streams)
    notes = []
    if len(moving(streams)) > 1:
        notes.append("only the first of its video streams is taken")
    if sound is not None and len(tracks) > 1:
        notes.append(f"of its {len(tracks)} sound tracks, {_described(tracks, sound)} is taken; choose with --track")
    others = {"subtitles": any(one.kind == "Subtitle" for one in streams), "chapters": bool(_CHAPTERS.search(told))}
    if any(others.values()):
        notes.append(f"its {' and '.join(name for name, there in others.items() if there)} are left out")
    return notes


def _sounds(streams: Sequence[Stream]) -> list[Stream]:
    return [stream for stream in streams if stream.kind == "Audio"]


def _described(tracks: Sequence[Stream], one: Stream) -> str:
    """Return a track for people, as in "2 (deu)"."""
    language = f" ({printable(one.language, 12)})" if one.language else ""
    return f"{tracks.index(one) + 1}{language}"


def _may_have_alpha(about: str, more: str) -> bool:
    """Return whether samples of a stream of video may be transparent: GIF and animated WebP always decode so."""
    return _ALPHA.search(about) is not None or re.search(r"^ *alpha_mode +: 1$", more, re.MULTILINE) is not None


def _seconds(found: re.Match[str] | None) -> Fraction | None:
    """Return the seconds of hours, minutes and seconds that were found."""
    return None if found is None else 3600 * int(found[1]) + 60 * int(found[2]) + Fraction(found[3])
