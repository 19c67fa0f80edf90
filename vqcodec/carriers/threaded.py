"""The carrier within this process: threads, and a file for what the memory does not hold."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from vqcodec.carriers.memory import MemoryBudget, resident_bytes
from vqcodec.carriers.spill import SpillFile, packed
from vqcodec.threads import default_threads

_AHEAD = 2  # shards for each thread that are begun, or finished and not drawn yet


class _InMemory:
    """A value that is kept in memory."""

    def __init__(self, value: Any, size: int, budget: MemoryBudget) -> None:
        self._value = value
        weakref.finalize(self, budget.give_back, size)

    def load(self) -> Any:
        """Return the value."""
        return self._value


class _Spilled:
    """A value that is kept in a file, which is gone with the last of its values."""

    def __init__(self, value: Any, file: SpillFile) -> None:
        self._file = file
        self._place = file.write(value)

    def load(self) -> Any:
        """Return the value."""
        return self._file.read(self._place)


class _Running:
    """How many threads are in the block."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self.count += 1

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self.count -= 1


class ThreadCarrier:
    """Works on shards on threads of this process; see `Carrier`.

    Args:
        threads: None for as many as there are CPUs.
        memory: bytes that the process may take; None for half of what the machine has.
        folder: where a file is made for what the memory does not hold; None for the system's own.

    Raises:
        UsageError: the process takes more memory already.
    """

    def __init__(self, threads: int | None = None, memory: int | None = None, folder: Path | None = None) -> None:
        self._threads = threads or default_threads()
        self._budget = MemoryBudget(memory)
        self._folder = folder

    def map(self, function: Callable[..., Any], shards: Iterable[Any], *common: Any) -> Iterator[Any]:
        """As `Carrier.map`."""

        idle, running = resident_bytes() or 0, _Running()

        def run(shard: Any) -> Any:
            with running:
                result = function(_loaded(shard), *common)
                self._budget.finished(idle, running.count)
            return result

        if self._threads == 1:
            yield from map(run, shards)
            return
        begun: deque[Future[Any]] = deque()
        pool, wanted = ThreadPoolExecutor(self._threads), True
        try:
            for shard in shards:
                while len(begun) >= _AHEAD * self._threads or not self._admits(begun, idle):
                    yield begun.popleft().result()
                begun.append(pool.submit(run, shard))
                del shard  # so that a handle goes with its last owner
            while begun:
                yield begun.popleft().result()
        except (KeyboardInterrupt, GeneratorExit):
            wanted = False
            raise
        finally:
            # A shard that nobody waits for any more may compile a kernel, which takes minutes
            pool.shutdown(wait=wanted, cancel_futures=True)

    def keep(self, function: Callable[..., tuple[Any, Any]], shards: Iterable[Any], *common: Any) -> Iterator[Any]:
        """As `Carrier.keep`."""
        file: SpillFile | None = None
        for result, value in self.map(function, shards, *common):
            pack = packed(value)
            if self._budget.take(pack.size):
                yield result, _InMemory(value, pack.size, self._budget)
                continue
            file = file or SpillFile(self._folder)
            yield result, _Spilled(pack, file)

    def _admits(self, begun: deque[Future[Any]], idle: int) -> bool:
        """Whether the memory allows one more shard; waits until it does, or until all that have begun are finished."""
        while True:
            running = [future for future in begun if not future.done()]
            if self._budget.admits(idle, len(running)):
                return True
            if len(running) <= 1 and begun:
                return False  # the caller draws the oldest result, which frees it
            wait(running, return_when=FIRST_COMPLETED)


def _loaded(shard: Any) -> Any:
    """Return a shard with values in place of their handles."""
    if isinstance(shard, (_InMemory, _Spilled)):
        return shard.load()
    if type(shard) is tuple:
        return tuple(map(_loaded, shard))
    return shard
