"""Pictures that are the frames of one video: a folder, or a pattern."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from vqcodec.errors import VQCodecError
from vqcodec.files.folders import is_media_name, is_numbered_sequence
from vqcodec.files.sniffing import picture_paths


def is_one_video(name: str, medium: str | None, *, to_one_file: bool = False) -> bool:
    """Return whether a folder or a pattern is the pictures of one video.

    Args:
        medium: that is asked for; None to let the pictures decide.
        to_one_file: whether the command line has one output, with a name of its own.
    """
    pictures = picture_paths(name)
    if not pictures:
        return False
    if medium not in (None, "video"):
        return False
    return medium == "video" or to_one_file or (_holds_only(name, pictures) and _are_frames(pictures))


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
