"""How work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

Progress = Callable[[float], None]
"""Called with the part of the work that is done, 0 to 1. If it raises, the work ends and nothing is written."""


@runtime_checkable
class SpokenProgress(Protocol):
    """Progress that can also be told how the work goes, such as its speed."""

    def __call__(self, done: float) -> None:
        """Be told the part of the work that is done, as `Progress` is."""

    def say(self, words: str) -> None:
        """Be told how the work goes; always called before the next call with the part that is done."""


def part_of_work(progress: Progress | None, start: float, end: float) -> Progress | None:
    """Return the progress of a part of the work that takes all from `start` to `end`, 0 to 1; None if there is none."""
    if progress is None:
        return None
    return lambda done: progress(start + (end - start) * done)
