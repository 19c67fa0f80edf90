"""The carrier to many machines: the workers of a Dask scheduler, or processes of this machine.

A shard is a task of Dask. What is kept stays with the worker that made it. If a worker is lost, Dask does its tasks
again elsewhere, and those whose kept values were lost with it.
"""

from __future__ import annotations

import logging
import operator
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vqcodec.carriers.messages import Message, packed, unpacked
from vqcodec.errors import OutputError, SchedulerError, UsageError, VQCodecError
from vqcodec.version import __version__

if TYPE_CHECKING:
    from distributed import Client, Future

_AHEAD = 3  # shards for each thread of a worker that are on their way, or finished and not drawn yet
_LEAST_AHEAD = 8
_CONNECT_S = 10
_WORKERS_S = 60  # to wait for the first worker, or for another one when all are gone
_LOOK_S = 5.0  # between looks at whether there are workers
_REMEDY = "pip install 'vqcodec[distributed]'"


class DaskCarrier:
    """Works on shards on the workers of a Dask client; see `Carrier`.

    Args:
        client: of a scheduler.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._address = str(client.scheduler.address)

    def map(self, function: Callable[..., Any], shards: Iterable[Any], *common: Any) -> Iterator[Any]:
        """As `Carrier.map`."""
        for future in self._submitted(_worked, function, shards, common):
            yield self._result_of(future)

    def keep(self, function: Callable[..., tuple[Any, Any]], shards: Iterable[Any], *common: Any) -> Iterator[Any]:
        """As `Carrier.keep`."""
        for future in self._submitted(_worked_to_keep, function, shards, common):
            submit = self._client.submit
            with self._speaking():
                message, handle = (submit(operator.itemgetter(n), future, pure=False) for n in range(2))
            yield self._result_of(message), handle

    def _submitted(
        self, call: Callable[..., Any], function: Callable[..., Any], shards: Iterable[Any], common: tuple[Any, ...]
    ) -> Iterator[Any]:
        """Yield the future of `call` for each shard."""
        begun: deque[Any] = deque()
        submit = self._client.submit
        with self._speaking():
            shared = submit(_same, common, pure=False)
            for shard in shards:
                begun.append(submit(call, __version__, function, shard, shared, pure=False))
                if len(begun) >= self._ahead():
                    yield begun.popleft()
            while begun:
                yield begun.popleft()

    def _ahead(self) -> int:
        """Return how many shards may be on their way."""
        return max(_LEAST_AHEAD, _AHEAD * sum(worker["nthreads"] for worker in self._workers().values()))

    def _workers(self) -> dict[str, Any]:
        workers: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return workers

    def _result_of(self, future: Future) -> Any:
        """Return the result whose message a future stands for."""
        with self._speaking():
            seen = time.monotonic()
            while True:
                try:
                    return unpacked(future.result(timeout=_LOOK_S))
                except TimeoutError:
                    if future.status == "error":  # the work itself has timed out
                        raise
                    if self._workers():
                        seen = time.monotonic()
                    elif time.monotonic() - seen > _WORKERS_S:
                        raise SchedulerError(f"{self._address}: it has no workers any more; start some") from None

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Convert what Dask raises into named errors."""
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        try:
            yield
        except VQCodecError:
            raise
        except KilledWorker as error:
            raise SchedulerError(
                f"{self._address}: workers died again and again over one shard (the last: {error.last_worker}); "
                "they may have too little memory"
            ) from None
        except (CancelledError, CommClosedError, TimeoutError, OSError) as error:
            if self._client.status == "running" and isinstance(error, OSError):
                raise  # of the work itself
            raise SchedulerError(f"{self._address}: the scheduler went away; start it again") from None
        except ModuleNotFoundError as error:
            raise SchedulerError(f"{self._address}: its workers lack {error.name}; install vqcodec there") from None


class _Sent(NamedTuple):
    """What all shards of a work share, as a task's result."""

    common: tuple[Any, ...]


def _same(common: tuple[Any, ...]) -> _Sent:
    """Return what all shards share: a task, so that it can be made again if its worker is lost."""
    return _Sent(common)


def _worked(version: str, function: Callable[..., Any], shard: Any, shared: _Sent) -> Message:
    """Work on a shard, on a worker; return the result as it travels."""
    return packed(_call(version, function, shard, shared))


def _worked_to_keep(
    version: str, function: Callable[..., tuple[Any, Any]], shard: Any, shared: _Sent
) -> tuple[Message, Any]:
    """Work on a shard, on a worker; return the result as it travels, and what is kept."""
    result, value = _call(version, function, shard, shared)
    return packed(result), value


def _call(version: str, function: Callable[..., Any], shard: Any, shared: _Sent) -> Any:
    if version != __version__:
        raise SchedulerError(f"a worker has vqcodec {__version__}, and this is {version}; install the same there")
    return function(shard, *shared.common)


@contextmanager
def connected(
    scheduler: str | None, workers: int | None, memory: int | None = None, folder: Path | None = None
) -> Iterator[DaskCarrier]:
    """Return a carrier to the workers of a scheduler, or to processes of this machine that end with the block.

    Args:
        scheduler: its address, such as `tcp://10.0.0.1:8786`; None for processes of this machine.
        workers: number of these processes.
        memory: bytes that they may take together; None for what the machine has. A scheduler's workers have limits of
            their own.
        folder: where they may put what their memory does not hold; None for the system's own.

    Raises:
        UsageError: Dask is not installed.
        SchedulerError: there is no scheduler at that address, or it has no workers.
        OutputError: nothing can be written to the folder.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise UsageError(f"workers and schedulers need Dask: {_REMEDY}") from None
    timeouts = {"distributed.comm.timeouts.connect": f"{_CONNECT_S}s", "distributed.comm.retry.count": 0}
    with dask.config.set(timeouts), _quiet(), ExitStack() as stack:
        address: Any = scheduler
        if scheduler is None:
            try:
                space = stack.enter_context(tempfile.TemporaryDirectory(prefix=".vqcodec-", dir=folder))
            except OSError as error:
                raise OutputError(f"{folder}: cannot be written: {error.strerror}") from None
            address = stack.enter_context(
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",
                    local_directory=space,
                    memory_limit="auto" if memory is None else memory // (workers or 1),
                    silence_logs=logging.CRITICAL,
                )
            )
        try:
            client = stack.enter_context(Client(address, timeout=f"{_CONNECT_S}s", set_as_default=False))
        except (OSError, TimeoutError, ValueError) as error:
            said = "is no address of a scheduler" if isinstance(error, ValueError) else "no scheduler answers there"
            raise SchedulerError(f"{scheduler}: {said}; start one with `dask scheduler`, or use --workers") from None
        try:
            client.wait_for_workers(1, timeout=_WORKERS_S)
        except TimeoutError:
            raise SchedulerError(f"{scheduler}: it has no workers; start some with `dask worker {scheduler}`") from None
        yield DaskCarrier(client)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from writing to the terminal: what goes wrong is said in one line."""
    # Dask gives some of them levels of their own
    names = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    lost = False
    try:
        yield
    except SchedulerError:  # its lost connections go on to speak, from other threads
        lost = True
        raise
    finally:
        if not lost:
            for logger, level in zip(loggers, before):
                logger.setLevel(level)
