"""The same work on many files: several at a time, results in order, and a clean end at Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from vqcodec.media.progress import SpokenProgress

Item = TypeVar("Item")
Result = TypeVar("Result")

Work = Callable[[Item, SpokenProgress], Result]


@dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """What became of one item: a result, or the error that it ended in."""

    item: Item
    result: Result | None = None
    error: Exception | None = None


def run(
    items: Sequence[Item],
    work: Work[Item, Result],
    *,
    jobs: int = 1,
    progress: Callable[[int, float, str], None] | None = None,
) -> Iterator[Outcome[Item, Result]]:
    """Do `work` on every item, `jobs` at a time, and yield the outcomes in the order of the items.

    Threads are enough, because kernels and Pillow release the GIL. With one job, the calling thread does the work.

    Args:
        items: what to work on.
        work: called with an item and with the progress to report to.
        jobs: at least 1.
        progress: called with an item's index, the part of its work that is done, and words on how it goes, which may be
            empty; from any thread.

    Raises:
        KeyboardInterrupt: items that have not begun are dropped; the others end at their next report of progress.
    """
    interrupted = threading.Event()

    def one(index: int) -> Outcome[Item, Result]:
        advance = _Advance(index, interrupted, progress)
        advance(0.0)
        try:
            outcome = Outcome(items[index], result=work(items[index], advance))
        except BrokenPipeError:
            raise
        except Exception as error:  # one file's failure must not stop the others
            outcome = Outcome(items[index], error=error)
        advance(1.0)
        return outcome

    if jobs <= 1 or len(items) <= 1:
        yield from map(one, range(len(items)))
        return
    from concurrent.futures import ThreadPoolExecutor  # slow to import, for a `--help` that does not need it

    pool = ThreadPoolExecutor(min(jobs, len(items)))
    try:
        for future in [pool.submit(one, index) for index in range(len(items))]:
            yield future.result()
    finally:
        interrupted.set()  # no effect if all are done
        pool.shutdown(cancel_futures=True)


class _Advance:
    """The progress of one item, as its work reports it (`SpokenProgress`); ends the work when interrupted."""

    def __init__(
        self, index: int, interrupted: threading.Event, progress: Callable[[int, float, str], None] | None
    ) -> None:
        self._index = index
        self._interrupted = interrupted
        self._progress = progress
        self._words = ""

    def __call__(self, done: float) -> None:
        if self._interrupted.is_set():
            raise KeyboardInterrupt
        if self._progress is not None:
            self._progress(self._index, done, self._words)

    def say(self, words: str) -> None:
        self._words = words
