"""The named errors of vqcodec, each with its exit code on the command line.

Every failure that a user can meet is one of these. The message is one line: the file or option, the fault, and the
remedy if there is one. Any other exception is a defect of the program.
"""

from __future__ import annotations

from vqcodec.names import visible


class VQCodecError(Exception):
    """Base of all errors that vqcodec raises on purpose."""

    exit_code = 1

    def __str__(self) -> str:
        """Return the message, safe for a terminal and for a log: much of it comes from files."""
        return visible(super().__str__())


class UsageError(VQCodecError):
    """The request is impossible: options that exclude one another, an output that is the input."""

    exit_code = 2


class UnreadableInputError(VQCodecError):
    """An input does not exist, cannot be opened, or is not a readable medium."""

    exit_code = 3


class CorruptFileError(VQCodecError):
    """A vqcodec file is truncated, damaged or inconsistent."""

    exit_code = 4


class UnsupportedError(VQCodecError):
    """A valid file that this version cannot decode: a later format version, an unknown engine or critical chunk."""

    exit_code = 5


class CodebookError(VQCodecError):
    """A codebook is missing, is the wrong one, or does not fit the request."""

    exit_code = 6


class LimitError(VQCodecError):
    """A size beyond the documented limits of `vqcodec.limits`."""

    exit_code = 7


class OutputError(VQCodecError):
    """An output already exists, or cannot be written."""

    exit_code = 8


class SchedulerError(VQCodecError):
    """A scheduler of workers is not there, or went away, or has no workers."""

    exit_code = 9


INTERRUPTED_EXIT_CODE = 130  # 128 + SIGINT, as shells report it
