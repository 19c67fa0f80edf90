"""Pictures that are the frames of one video: a folder, or a pattern."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vqcodec.errors import VQCodecError
from vqcodec.files.folders import is_media_name, is_numbered_sequence
from vqcodec.files.sniffing import picture_paths
from vqcodec.media.encoding import ENCODE_OPTIONS


def medium_asked_for(asked: Mapping[str, Any]) -> str | None:
    """Return the medium that options of `vqcodec.encode` ask for, themselves or by a codebook; None if they do not."""
    if asked.get("medium") is not None:
        return str(asked["medium"])
    if any(option.media == ("video",) and option.name in asked for option in ENCODE_OPTIONS):
        return "video"
    if "codebook" not in asked:
        return None
    from vqcodec.codebook.library import load_codebook

    try:
        return load_codebook(asked["codebook"]).engine.partition("/")[0]
    except VQCodecError:  # which encoding reports
        return None


def is_one_video(name: str, medium: str | None, *, to_one_file: bool) -> bool:
    """Return whether a folder or a pattern is the pictures of one video.

    Args:
        medium: that is asked for; None to let the pictures decide.
        to_one_file: whether there is one output, with a name of its own.
    """
    pictures = picture_paths(name)
    if not pictures:
        return False
    if medium not in (None, "video"):
        return False
    return medium == "video" or to_one_file or (_holds_only(name, pictures) and _are_frames(pictures))


def as_one_pattern(names: Sequence[str] | None, medium: str | None, *, to_one_file: bool) -> Sequence[str] | None:
    """Return the names of inputs, or one pattern instead if the shell has expanded it to the pictures of one video.

    These are all files of the pattern, alike before and behind a number, and go to one output that is a file.
    """
    if not (to_one_file and names and len(names) > 1) or medium not in (None, "video"):
        return names
    parts = [re.fullmatch(r"(.*?)(\d+)(\D*)", name, re.DOTALL) for name in names]
    ends = {(part[1], part[3]) for part in parts if part}
    if len(ends) == 1 and all(parts):
        before, after = ends.pop()
        pattern = f"{glob.escape(before)}*{glob.escape(after)}"
        if set(picture_paths(pattern)) == set(names):
            return [pattern]
    return names


def _holds_only(name: str, pictures: Sequence[str]) -> bool:
    """Return whether a folder holds no media but these pictures, and no folders."""
    if not os.path.isdir(name):
        return True
    known = set(pictures)
    with os.scandir(name) as entries:
        others = [entry for entry in entries if entry.name[0] != "." and entry.path not in known]
    return not any(entry.is_dir() or is_media_name(entry.name) for entry in others)


def _are_frames(pictures: Sequence[str]) -> bool:
    """Return whether pictures are numbered without a gap, and of one size."""
    if not is_numbered_sequence(pictures):
        return False
    from vqcodec.image import pillow

    sizes = set()
    for path in pictures:
        try:
            with pillow.reading(path), pillow.open_picture(Path(path)) as image:
                sizes.add(image.size)
        except VQCodecError:  # which encoding reports
            return False
    return len(sizes) == 1
