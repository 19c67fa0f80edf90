"""Training on workers: what it takes on one and two of them, and what a model says of many.

    python -m benchmarks.cluster             print the figures and write them to benchmarks/results/cluster.json

A training on one thread is watched first: how long its shards take, how large the messages are that they would be, and
how long the process that trains adds up. From that a model says what W workers take:

    time = map / W + reduce + messages * MESSAGE_S + bytes / BYTES_A_SECOND

`map` is the time of all shards, `reduce` everything else. Messages are results, and what all shards of a pass share,
once for each worker. One message and one byte are measured on this machine, through a Dask scheduler.

The model is checked twice: against the training on one and two processes; and against 64 simulated workers, threads
that sleep as long as a shard takes and send a message of its size, for a corpus so much larger that all have work.
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import RESULTS, write_json
from vqcodec.api.training import train_codebook
from vqcodec.carriers import cluster
from vqcodec.carriers.carrier import Carrier
from vqcodec.carriers.cluster import DaskCarrier
from vqcodec.carriers.messages import packed
from vqcodec.carriers.threaded import ThreadCarrier

MANY = 64
TIMES_LARGER = 20
TRAININGS: dict[str, dict[str, Any]] = {
    "image/block": {"medium": "image", "engine": "block", "size": 256, "lambda_": 8.0, "rounds": 4, "layout": "grey"},
    "image/transform": {"medium": "image", "engine": "transform", "rounds": 1, "effort": 1, "pixels": 400_000},
    "speech/ld-celp": {"medium": "speech", "engine": "ld-celp", "rounds": 2},
}


@dataclass
class Pass:
    """A pass over shards: seconds and result bytes of each, bytes of what they share, seconds between results."""

    seconds: list[float] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    shared: int = 0
    between: float = 0.0


class WatchingCarrier:
    """A carrier on one thread that watches what goes through it."""

    def __init__(self) -> None:
        self._inner = ThreadCarrier(1)
        self.passes: list[Pass] = []

    def map(self, function: Callable[..., Any], shards: Iterable[Any], *common: Any) -> Iterator[Any]:
        """As `Carrier.map`."""
        return self._watched(self._inner.map(function, shards, *common), common, lambda result: result)

    def keep(self, function: Callable[..., Any], shards: Iterable[Any], *common: Any) -> Iterator[Any]:
        """As `Carrier.keep`."""
        return self._watched(self._inner.keep(function, shards, *common), common, lambda found: found[0])

    def _watched(self, found: Iterator[Any], common: Any, message: Callable[[Any], Any]) -> Iterator[Any]:
        one = Pass(shared=_size(common))
        self.passes.append(one)
        while True:
            begin = time.perf_counter()
            try:
                result = next(found)
            except StopIteration:
                return
            one.seconds.append(time.perf_counter() - begin)
            one.results.append(_size(message(result)))
            begin = time.perf_counter()
            yield result
            one.between += time.perf_counter() - begin


def _size(value: Any) -> int:
    """Bytes of a value as it is sent."""
    try:
        return len(pickle.dumps(packed(value), protocol=5))
    except (AttributeError, TypeError, pickle.PicklingError):
        return 0


@contextmanager
def _through(carrier: Carrier) -> Iterator[None]:
    """Have `train_codebook(workers=1)` work with a carrier that is there already: starting it does not count."""
    connected = cluster.connected

    @contextmanager
    def instead(*_asked: Any) -> Iterator[Carrier]:
        yield carrier

    cluster.connected = instead  # type: ignore[assignment]
    try:
        yield
    finally:
        cluster.connected = connected


def trained(carrier: Carrier, sources: list[Path], options: dict[str, Any]) -> tuple[float, str]:
    """Seconds that a training takes, and the identity of the codebook."""
    with _through(carrier):
        begin = time.perf_counter()
        book = train_codebook(sources, workers=1, threads=1, **options)
    return time.perf_counter() - begin, book.identity


def sleeping(shard: tuple[float, int], _shared: bytes) -> bytes:
    """A shard of the simulation: takes so long, and returns so many bytes."""
    time.sleep(shard[0])
    return bytes(shard[1])


def message_cost(carrier: DaskCarrier) -> tuple[float, float]:
    """Seconds that a message takes, and bytes a second, through the scheduler."""
    times = []
    for size, count in ((0, 400), (2_000_000, 100)):
        begin = time.perf_counter()
        for _ in carrier.map(sleeping, [(0.0, size)] * count, b""):
            pass
        times.append((time.perf_counter() - begin) / count)
    return times[0], 2_000_000 / max(times[1] - times[0], 1e-9)


@dataclass(frozen=True)
class Model:
    """What a training takes on workers, by the formula above."""

    passes: list[Pass]
    whole: float
    message_s: float
    bytes_a_second: float

    @property
    def mapped(self) -> float:
        """Seconds of all shards."""
        return sum(sum(one.seconds) for one in self.passes)

    def seconds(self, workers: int, larger: int = 1) -> float:
        """Seconds on so many workers, of a corpus so many times larger."""
        reduce = self.whole - self.mapped - sum(one.between for one in self.passes)
        reduce += larger * sum(one.between for one in self.passes)
        messages = sum(larger * len(one.results) + workers for one in self.passes)
        sent = sum(larger * sum(one.results) + workers * one.shared for one in self.passes)
        return larger * self.mapped / workers + reduce + messages * self.message_s + sent / self.bytes_a_second


def simulated(carrier: DaskCarrier, model: Model, larger: int) -> float:
    """Seconds of the passes of a training on a corpus so many times larger, all but the work itself."""
    begin = time.perf_counter()
    for one in model.passes:
        shards = list(zip(one.seconds, one.results, strict=True)) * larger
        for _ in carrier.map(sleeping, shards, bytes(one.shared)):
            time.sleep(one.between / max(1, len(one.results)))
    reduce = model.whole - model.mapped - sum(one.between for one in model.passes)
    return time.perf_counter() - begin + reduce


def measure(sources: dict[str, list[Path]]) -> dict[str, Any]:
    """A row for each training."""
    from distributed import Client, LocalCluster

    rows = []
    quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with tempfile.TemporaryDirectory() as space:
        for engine, options in TRAININGS.items():
            files = sources[options["medium"]]
            trained(ThreadCarrier(1), files, options)  # compiles
            watching = WatchingCarrier()
            whole, identity = trained(watching, files, options)
            measured, costs = {}, (0.0, 1.0)
            for workers in (1, 2):
                with (
                    LocalCluster(n_workers=workers, threads_per_worker=1, local_directory=space, **quiet) as local,
                    Client(local) as client,
                ):
                    carrier = DaskCarrier(client)
                    trained(carrier, files, options)  # compiles
                    measured[workers], same = trained(carrier, files, options)
                    assert same == identity
                    costs = message_cost(carrier)
            model = Model(watching.passes, whole, *costs)
            with (
                LocalCluster(n_workers=2, threads_per_worker=MANY // 2, local_directory=space, **quiet) as local,
                Client(local) as client,
            ):
                many = simulated(DaskCarrier(client), model, TIMES_LARGER)
            results = [size for one in model.passes for size in one.results]
            row = {
                "engine": engine,
                "shards": len(results),
                "map_s": model.mapped,
                "reduce_s": whole - model.mapped,
                "result_bytes": float(np.mean(results)),
                "message_s": costs[0],
                "bytes_a_second": costs[1],
                "one_s": measured[1],
                "one_model_s": model.seconds(1),
                "two_s": measured[2],
                "two_model_s": model.seconds(2),
                "many_s": many,
                "many_model_s": model.seconds(MANY, TIMES_LARGER),
                "many_alone_s": TIMES_LARGER * whole,
            }
            print(row, flush=True)
            rows.append(row)
    return {"rows": rows, "many": MANY, "larger": TIMES_LARGER}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("pictures", type=Path, nargs="?", default=Path("../../shared/data/images/train"))
    parser.add_argument("speech", type=Path, nargs="?", default=Path("../../shared/data/speech/train"))
    parser.add_argument("--json", type=Path, default=RESULTS / "cluster.json")
    options = parser.parse_args()
    pictures = sorted(options.pictures.glob("wp_*.png"))[:12]
    speech = sorted(options.speech.glob("*.flac"))[:24]
    write_json(options.json, "cluster", measure({"image": pictures, "speech": speech}))


if __name__ == "__main__":
    main()
