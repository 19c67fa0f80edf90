"""Parallel work: fixed shards on threads, results in the order of the shards."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def default_threads() -> int:
    """Return the number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def map_shards(function: Callable[[Item], Result], shards: Iterable[Item], threads: int | None = None) -> list[Result]:
    """Return the results of `function` for each shard, computed on `threads` threads, in the order of the shards.

    The shards must not depend on `threads`, so that the results do not either.

    Args:
        threads: None for all CPUs.
    """
    items = list(shards)
    workers = min(threads or default_threads(), len(items))
    if workers <= 1:
        return [function(item) for item in items]
    pool, wanted = ThreadPoolExecutor(workers), True
    try:
        return list(pool.map(function, items))
    except KeyboardInterrupt:
        wanted = False
        raise
    finally:
        # A shard that nobody waits for any more may compile a kernel, which takes minutes
        pool.shutdown(wait=wanted, cancel_futures=True)


def map_ahead(
    function: Callable[[Item, threading.Event], Result], items: Iterable[Item], threads: int | None = None
) -> Iterator[Result]:
    """Yield the results of `function` for each item, in the order of the items; only a few are worked on ahead.

    Args:
        function: called with an item, and with an event that is set when no result is wanted any more.
        threads: None for all CPUs.
    """
    workers = threads or default_threads()
    stopped = threading.Event()
    pool = ThreadPoolExecutor(workers)
    running: deque[Future[Result]] = deque()
    try:
        for item in items:
            running.append(pool.submit(function, item, stopped))
            if len(running) > 2 * workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)
