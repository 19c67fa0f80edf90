"""Paths that mean an open descriptor of this process: `/dev/stdout`, `/dev/fd/3`, what a shell writes for `>(...)`."""

from __future__ import annotations

import errno
import os
import re

_MOST_LINKS = 40
_DESCRIPTOR = re.compile(r"(?:/dev/fd|/proc/(?:self|thread-self|(\d+)(?:/task/\d+)?)/fd)/(\d+)")


def descriptor_of(path: str | os.PathLike[str]) -> int | None:
    """Return the number of the descriptor that a path means, perhaps by links; None for every other path.

    Such a path is never replaced by another file: what is written belongs to whoever opened the descriptor.
    """
    name = os.fspath(path)
    for _ in range(_MOST_LINKS):
        try:
            name = os.path.join(os.path.realpath(os.path.dirname(name) or "."), os.path.basename(name))
            found = _DESCRIPTOR.fullmatch(name)
            if found is not None:
                return int(found[2]) if found[1] in (None, str(os.getpid())) else None
            name = os.path.join(os.path.dirname(name), os.readlink(name))
        except (OSError, ValueError):  # not a link
            return None
    return None


def open_descriptor(number: int) -> int:
    """Return a new descriptor for what descriptor `number` writes to.

    Raises:
        OSError: it is not open, or not for writing.
    """
    try:
        copy = os.dup(number)
    except (OSError, OverflowError):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF)) from None
    try:
        os.write(copy, b"")
    except OSError:
        os.close(copy)
        raise
    return copy
