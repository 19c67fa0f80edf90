"""Input files whose outputs are there: those that are left out, and those that are deleted once that is safe."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace

from vqcodec.cli.inputs import STANDARD, Inputs, Item
from vqcodec.errors import OutputError, UnreadableInputError, UsageError, VQCodecError
from vqcodec.files.atomic import remove_unfinished
from vqcodec.files.sniffing import picture_paths

REASONS = {"exists": "their outputs exist", "up to date": "they are not newer than their outputs"}
"""Why items are left out: as JSON has it, and in words."""


def mark(items: list[Item], *, skip_existing: bool, if_newer: bool, delete_source: bool) -> Inputs:
    """Return items with those marked that are left out. What a killed batch left unfinished is removed.

    Args:
        items: with their outputs.
        skip_existing: leave out those whose output exists. if_newer: also if that is older than the input.
        delete_source: whether inputs are to be deleted.

    Raises:
        UsageError: what is asked for makes no sense, or not for these items.
    """
    if skip_existing and if_newer:
        raise UsageError("--skip-existing and --if-newer exclude one another; give one of them")
    piped = any(STANDARD in (item.input, item.output) for item in items)
    for asked, option in ((if_newer, "--if-newer"), (delete_source, "--delete-source")):
        if asked and piped:
            raise UsageError(f"{option} is for files; standard input and standard output are none")
    if not (skip_existing or if_newer):
        return Inputs(items)
    folders = dict.fromkeys(os.path.dirname(item.destination) for item in items if item.destination)
    unfinished = sum(remove_unfinished(folder or ".") for folder in folders)
    remarks = [f"removed what a killed run left unfinished: {unfinished}"] if unfinished else []
    return Inputs([replace(item, skipped=_left_out(item, if_newer=if_newer)) for item in items], remarks)


def _left_out(item: Item, *, if_newer: bool) -> str:
    """Return why an item is left out, one of REASONS; nothing if it is not."""
    if item.destination is None or not os.path.lexists(item.destination):
        return ""
    if not if_newer:
        return "exists"
    return "" if _is_newer(item, item.destination) else "up to date"


def _is_newer(item: Item, output: str) -> bool:
    """Return whether an input was changed after its output; also if the system does not tell."""
    paths = [item.input, *(picture_paths(item.input) if item.video else [])]
    try:
        changed = max(os.stat(path).st_mtime_ns for path in paths if os.path.lexists(path))
        return changed > os.stat(output).st_mtime_ns
    except (OSError, ValueError):  # then the work says what is wrong
        return True


def delete(item: Item, check: Callable[[str], None]) -> VQCodecError | None:
    """Delete an input file if that is safe; return why it stays, None if it is gone.

    Args:
        check: called with the path of the output; raises a VQCodecError if that does not hold what it should.
    """
    output, seen = item.destination, item.seen
    try:
        if seen is None or not stat.S_ISREG(seen.st_mode) or output is None or not os.path.isfile(output):
            raise UsageError(
                f"{item.name}: stays, because --delete-source is for single files, and not for links to them"
            )
        check(output)
        _settle(output)
        if not _is_as_before(item.input, seen):
            raise UnreadableInputError(f"{item.name}: stays, because it was changed meanwhile; do it again")
        os.unlink(item.input)
    except VQCodecError as error:
        return error
    except OSError as error:
        return OutputError(f"{item.name}: stays, because it cannot be deleted: {error.strerror}")
    return None


def _settle(path: str) -> None:
    """Wait until a file and its name are on the disk: a power cut must not take both files."""
    for place in (path, os.path.dirname(path) or "."):
        if os.name == "nt" and place != path:  # where a folder cannot be opened
            continue
        number = os.open(place, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _is_as_before(path: str, seen: os.stat_result) -> bool:
    now = os.lstat(path)
    return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) == (
        seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns,
    )  # fmt: skip
