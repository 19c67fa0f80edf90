"""Folders of files: which files in them and below are of use, and which pictures are the frames of a video."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vqcodec.files.sniffing import SOUND_SUFFIXES, VIDEO_SUFFIXES

CODED_SUFFIX = ".vqc"
FEWEST_FRAMES = 12
"""Pictures that a numbered sequence must have to be taken for a video; a few numbered photographs are none."""

_UNCLEAR = (".lpcm", ".pcm", ".raw")  # samples of a rate that nothing tells, or pictures of a camera
_MEDIA_SUFFIXES = (
    ".apng", ".avif", ".bmp", ".dds", ".gif", ".ico", ".j2k", ".jfif", ".jp2", ".jpeg", ".jpg", ".mpo", ".pbm", ".pcx",
    ".pgm", ".png", ".pnm", ".ppm", ".psd", ".qoi", ".tga", ".tif", ".tiff", ".webp",
    *(suffix for suffix in SOUND_SUFFIXES if suffix not in _UNCLEAR),
    *VIDEO_SUFFIXES, ".3gp", ".avi", ".dv", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mxf", ".webm", ".wmv",
    ".y4m",
)  # fmt: skip
_NUMBERED = re.compile(r"(?s)(.*?)(\d{1,18})(\.[^.]*)")


@dataclass
class Found:
    """The files in a folder and below it.

    Attributes:
        paths: of use, from the folder on, in the order of their names.
        others: of no use, or hidden.
        unreadable: folders that cannot be read, and why.
    """

    paths: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def is_media_name(name: str) -> bool:
    """Return whether a file is called as pictures, sound files and videos are."""
    return name.lower().endswith(_MEDIA_SUFFIXES)


def is_coded_name(name: str) -> bool:
    """Return whether a file is called as vqcodec's own files are."""
    return name.lower().endswith(CODED_SUFFIX)


def files_below(folder: str, wanted: Callable[[str], bool], without: str | None = None) -> Found:
    """Return the files in a folder and all below it; links to folders are not followed.

    Args:
        wanted: returns whether a file of that name is of use.
        without: a folder that is left out.
    """
    found = Found()

    def unreadable(error: OSError) -> None:
        found.unreadable.append((error.filename or folder, error.strerror or str(error)))

    omitted = None if without is None else os.path.realpath(without)
    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and os.path.realpath(os.path.join(place, name)) != omitted
        )
        for name in sorted(names):
            path = os.path.relpath(os.path.join(place, name), folder)
            (found.paths if name[0] != "." and wanted(name) else found.others).append(path)
    return found


def is_numbered_sequence(paths: Sequence[str]) -> bool:
    """Return whether files are numbered without a gap, alike before and behind the number; they are in that order."""
    if len(paths) < FEWEST_FRAMES:
        return False
    parts = [_NUMBERED.fullmatch(path) for path in paths]
    if not all(parts) or len({(part[1], part[3]) for part in parts if part}) > 1:
        return False
    numbers = [int(part[2]) for part in parts if part]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))
