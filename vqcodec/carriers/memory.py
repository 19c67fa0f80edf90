"""How much memory this process takes, and may take."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from vqcodec.errors import UsageError

_STATUS = Path("/proc/self/statm")
_MEBIBYTE = 1 << 20
_SHARE_KEPT = 0.5  # of what is free at the start, for what is kept; the rest is for the work


def resident_bytes() -> int | None:
    """Return the bytes of memory that this process takes now; None if the system does not tell."""
    with suppress(OSError, ValueError, IndexError):
        return int(_STATUS.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return None


def machine_bytes() -> int | None:
    """Return the bytes of memory that the machine has; None if the system does not tell."""
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


class MemoryBudget:
    """The memory that the process may take, and who takes it.

    Args:
        most: bytes for the whole process; None for half of what the machine has.

    Raises:
        UsageError: the process takes more already.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most if most is not None else (machine_bytes() or 0) // 2 or None
        taken = resident_bytes() or 0
        if most is not None and taken >= most:
            raise UsageError(
                f"--memory {most // _MEBIBYTE}M is too little: the program itself takes {taken // _MEBIBYTE} MB; "
                f"give at least {2 * taken // _MEBIBYTE}M"
            )
        self._for_values = None if self._most is None else max(0.0, _SHARE_KEPT * (self._most - taken))
        self._kept = 0
        self._careful = most is not None
        self._each = 0.0
        self._finished = 0

    def take(self, size: int) -> bool:
        """Take `size` bytes for a value that is kept, if there is room; `give_back` returns them."""
        if self._for_values is not None and self._kept + size > self._for_values:
            return False
        self._kept += size
        return True

    def give_back(self, size: int) -> None:
        """Give back what was taken."""
        self._kept -= size

    def admits(self, idle: int, running: int) -> bool:
        """Whether one more shard may be worked on.

        What a shard takes is learnt from those that are finished. So with a limit that somebody set, one begins alone.

        Args:
            idle: bytes that the process took before the work began.
            running: shards that are worked on now. With none, one may always begin.
        """
        taken = resident_bytes()
        if not running or taken is None or self._most is None:
            return True
        if self._careful and running > self._finished:
            return False
        self._each = max(self._each, (taken - idle) / running)
        return max(taken, idle + running * self._each) + self._each <= self._most

    def finished(self, idle: int, running: int) -> None:
        """Tell that a shard is finished, one of so many; its memory has not been freed yet."""
        self._finished += 1
        taken = resident_bytes()
        if taken is not None:
            self._each = max(self._each, (taken - idle) / running)
