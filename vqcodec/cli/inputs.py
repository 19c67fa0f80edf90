"""The inputs that a command line names: files, folders with all below them, patterns, and lists of names in a file."""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from vqcodec.errors import UnreadableInputError, UsageError, VQCodecError
from vqcodec.files.endpoints import read_all
from vqcodec.files.folders import files_below, is_coded_name
from vqcodec.files.sniffing import picture_paths
from vqcodec.names import printable

STANDARD = "-"
STDIN_NAME = "<stdin>"
_SHOWN = 3


@dataclass(frozen=True)
class Item:
    """One input, and where its output goes (None if there is none); "-" is standard input or output.

    Attributes:
        below: path from the folder or list that named the input, for an output folder to mirror; None if it was named
            itself.
        video: whether a folder or pattern is the pictures of one video.
        skipped: why it is left out; empty if it is not.
        seen: what the system said of an input file when it was found; None for anything else.
        failure: why it cannot be an input.
    """

    input: str
    output: str | None = None
    below: str | None = None
    video: bool = False
    skipped: str = ""
    seen: os.stat_result | None = None
    failure: VQCodecError | None = None

    @property
    def name(self) -> str:
        """How messages call the input."""
        return STDIN_NAME if self.input == STANDARD else self.input

    @property
    def source(self) -> str | BinaryIO:
        """What to read."""
        return sys.stdin.buffer if self.input == STANDARD else self.input

    @property
    def destination(self) -> str | None:
        """Where the API writes; None for standard output, which the command writes itself."""
        return None if self.output == STANDARD else self.output


@dataclass
class Inputs:
    """The inputs of a command, and what it says of them at its end."""

    items: list[Item] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def find_inputs(
    names: Sequence[str] | None,
    files_from: str | None = None,
    *,
    wanted: Callable[[str], bool] = is_coded_name,
    kind: str = ".vqc files",
    is_video: Callable[[str], bool] = lambda _name: False,
    without: str | None = None,
) -> Inputs:
    """Return the inputs: every folder stands for the files in it and below it, every pattern for what it matches.

    Args:
        names: of files, folders and patterns; one may be "-".
        files_from: a file with more names, one a line or each followed by a zero byte; "-" for standard input.
        wanted: returns whether a file in a folder is an input, by its name. kind: what such files are called.
        is_video: returns whether a folder or pattern is the pictures of one video, and so one input.
        without: a folder that is left out, such as that of the outputs.

    Raises:
        UsageError: no input is named, or standard input twice.
        UnreadableInputError: the folders hold nothing of use, or the list cannot be read.
    """
    inputs = Inputs()
    listed = [] if files_from is None else _names_in(files_from)
    given = [(name, False) for name in names or ()] + [(name, True) for name in listed]
    if not given:
        raise UsageError("there is no input; name files or folders" + (f" in {files_from}" if files_from else ""))
    check_stdin([*(names or ()), *([STANDARD] if files_from == STANDARD else [])])
    others: list[str] = []
    for name, by_list in given:
        if not by_list and is_video(name):
            inputs.items.append(Item(name, video=True))
            continue
        paths = sorted(glob.glob(name, recursive=True)) if is_unexpanded(name) else [name]
        if not paths:
            failure = UnreadableInputError(f"{printable(name, 400)}: no file matches; check the pattern")
            inputs.items.append(Item(name, failure=failure))
        for path in paths:
            if not os.path.isdir(path):
                inputs.items.append(Item(path, below=_relative(name) if by_list else None))
                continue
            found = files_below(path, wanted, without)
            others += [os.path.join(path, other) for other in found.others]
            if not found.paths and not found.unreadable:
                inputs.remarks.append(f"{path}: no {kind} there")
            inputs.items += [Item(os.path.join(path, below), below=below) for below in found.paths]
            inputs.items += [Item(folder, failure=_unreadable(folder, why)) for folder, why in found.unreadable]
    if not inputs.items:
        raise UnreadableInputError(f"{', '.join(name for name, _ in given[:_SHOWN])}: no {kind} there")
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        inputs.remarks.append(f"left out, because they are no {kind}: {', '.join(others[:_SHOWN])}{more}")
    return inputs


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


def check_stdin(names: Sequence[str]) -> None:
    """Raise UsageError if standard input is named twice, or is a terminal."""
    if names.count(STANDARD) > 1:
        raise UsageError("standard input (-) can be read only once; give it once")
    if STANDARD in names and sys.stdin.isatty():
        raise UsageError("standard input is a terminal; pipe a file into it, or name one")


def check_last_name(names: Sequence[str] | None, is_written: Callable[[str], bool]) -> None:
    """Raise UsageError if the last of several names is of no file, but of one that the command might write."""
    if names and len(names) > 1 and not os.path.lexists(names[-1]) and is_written(names[-1]):
        told = printable(names[-1], 400)
        raise UsageError(f"{told}: no such file; to write it, put -o before its name: -o {told}")


def is_unexpanded(name: str) -> bool:
    """Return whether a name is a pattern that the shell has left as it is, and no file."""
    return glob.has_magic(name) and not os.path.lexists(name)


def _names_in(files_from: str) -> list[str]:
    """Return the names in a list."""
    list_ = Item(files_from)
    data = read_all(list_.source, list_.name)
    names = data.split(b"\0") if b"\0" in data else data.splitlines()
    return [os.fsdecode(name) for name in names if name]


def _relative(name: str) -> str | None:
    """Return a name as a path below an output folder; None if it leads elsewhere."""
    path = os.path.normpath(name)
    return None if os.path.isabs(path) or path.split(os.sep)[0] == ".." else path


def _unreadable(path: str, why: str) -> UnreadableInputError:
    return UnreadableInputError(f"{printable(path, 400)}: the folder cannot be read: {why}")
