"""Bounds on the work of a test that do not depend on the clock: calls in Python and memory."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Work:
    """What a block of code took.

    Attributes:
        calls: number of functions called, those written in C included. Loops in kernels do not count.
        peak_bytes: most memory that it held at a time.
    """

    calls: int = 0
    peak_bytes: int = 0


@contextmanager
def counted_work() -> Iterator[Work]:
    """Measure the work of the `with` block; the figures are there when it has ended, with an error or without."""
    work = Work()

    def count(_frame: object, event: str, _argument: object) -> None:
        if event in ("call", "c_call"):
            work.calls += 1

    before = sys.getprofile()
    tracemalloc.start()
    sys.setprofile(count)
    try:
        yield work
    finally:
        sys.setprofile(before)
        work.peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
