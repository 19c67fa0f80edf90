"""The same work on many files: several at a time, results in order, and a clean end at Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Progress = Callable[[float], None]
"""What work reports to; `run` gives one that also takes a word on how it goes, and has `takes_words` set."""

Work = Callable[[Item, Progress], Result]


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
    progress: Callable[..., None] | None = None,
) -> Iterator[Outcome[Item, Result]]:
    """Do `work` on every item, `jobs` at a time, and yield the outcomes in the order of the items.

    Threads are enough, because kernels and Pillow release the GIL. With one job the work is done in the
    calling thread.

    Args:
        items: what to work on.
        work: called with an item and a function that it calls with the part of its work done (0 to 1).
        jobs: at least 1.
        progress: called with an item's index, the part of its work done, and perhaps a word on how it goes; from any
            thread.

    Raises:
        KeyboardInterrupt: items not begun are dropped; those under way end at their next call of progress.
    """
    interrupted = threading.Event()

    def one(index: int) -> Outcome[Item, Result]:
        def advance(done: float, word: str | None = None) -> None:
            if interrupted.is_set():
                raise KeyboardInterrupt
            if progress is not None:
                progress(index, done, *([] if word is None else [word]))

        advance.takes_words = True  # type: ignore[attr-defined]
        advance(0.0)
        try:
            outcome = Outcome(items[index], result=work(items[index], advance))
        except BrokenPipeError:
            raise
        except Exception as error:  # one file's failure, of whatever kind, must not keep the others from their turn
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
        interrupted.set()  # of no effect when all is done
        pool.shutdown(cancel_futures=True)
