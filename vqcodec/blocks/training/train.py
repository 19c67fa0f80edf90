"""Training of a model in rounds: encode the corpus with the current tables, collect statistics, fit new tables.

Work is cut into (picture, rung) pairs, and all statistics are sums of integers. So the model does not depend on the
number of threads, nor on interruptions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.effort import TRAINING_EFFORT
from vqcodec.blocks.layout import PLANE_TYPES
from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.model.tables import Model, Transforms
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.picture_planes import Samples, plane_type, rounded
from vqcodec.blocks.search.encoder import check_planes, search_tile
from vqcodec.blocks.search.partition_search import PARTITION_SCRATCH
from vqcodec.blocks.signal.restoration import FilterSums, solve
from vqcodec.blocks.signal.restoration import collect as collect_filter
from vqcodec.blocks.training.fitting import fit_model
from vqcodec.blocks.training.statistics import Collector, PlaneStatistics, new_statistics
from vqcodec.blocks.training.transform_training import Spectra, SpectrumCollector, spectrum_count, train_transforms
from vqcodec.kernels.records import new_record
from vqcodec.threads import default_threads

DEFAULT_RUNGS = (14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54)  # steps 3.4 to 108, half an octave apart
DEFAULT_ROUNDS = 4
SPECTRA_PER_PICTURE = 500  # of each kind, from each rung
ENOUGH_SPECTRA = 20_000  # a corpus with fewer spectra gets no transforms of its own

Picture = Sequence[Samples]
Kept = TypeVar("Kept")


class Collected(NamedTuple):
    """The statistics of one round of training.

    Attributes:
        tables: statistics by plane type and rung.
        filters: sums for the restoration filter by plane type and rung; zero unless `Wanted.filters`.
        spectra: of luma residuals; empty unless `Wanted.spectra`.
    """

    tables: list[list[PlaneStatistics]]
    filters: list[list[FilterSums]]
    spectra: Spectra


class Wanted(NamedTuple):
    """Whether to collect spectra of residuals, and sums for the restoration filter."""

    spectra: bool
    filters: bool


def _nothing(rungs: int) -> Collected:
    """Return statistics of nothing."""
    kinds = range(len(PLANE_TYPES))
    return Collected(
        [[new_statistics() for _ in range(rungs)] for _ in kinds],
        [[FilterSums.zeros() for _ in range(rungs)] for _ in kinds],
        {},
    )


class _Worker:
    """Encodes pictures and collects their statistics. Each thread needs its own worker, because it holds scratch."""

    def __init__(self) -> None:
        self._scratch = new_record(PARTITION_SCRATCH)
        self._collector = Collector()
        self._spectra = SpectrumCollector(SPECTRA_PER_PICTURE)

    def run(self, planes: Picture, model: Model, parameters: CodingParameters, wanted: Wanted) -> Collected:
        """Return the statistics of one picture at one step, as those of a single rung."""
        result = _nothing(1)
        searched = search_tile(planes, model, parameters, None, [self._scratch])
        rung = model.rung_of(parameters.step_index)
        for index, plane in enumerate(searched):
            kind = plane_type(index, parameters.subsampling)
            if wanted.filters:
                height, width = plane.shape
                original = rounded(plane.source[:height, :width])
                result.filters[kind][0] = result.filters[kind][0] + collect_filter(original, plane.plane)
            self._collector.collect(plane, model.search_tables(kind, rung), result.tables[kind][0])
        if wanted.spectra:
            result.spectra.update(self._spectra.collect(searched[0]))
        return result


def _tasks(pictures: Iterable[Picture], rungs: int) -> Iterator[tuple[int, Picture]]:
    """Yield each picture with each rung."""
    for picture in pictures:
        for rung in range(rungs):
            yield rung, picture


def collect_round(
    pictures: Iterable[Picture],
    model: Model,
    parameters: CodingParameters,
    wanted: Wanted,
    threads: int,
    advance: Callable[[], None],
) -> Collected:
    """Encode every picture at every rung of `model`; return the sum of the statistics."""
    sums = _nothing(len(model.rungs))
    workers: SimpleQueue[_Worker] = SimpleQueue()
    for _ in range(threads):
        workers.put(_Worker())

    def run(rung: int, picture: Picture) -> Collected:
        worker = workers.get()
        try:
            step = replace(parameters, step_index=int(model.rungs[rung]))
            return worker.run(picture, model, step, wanted)
        finally:
            workers.put(worker)

    def take(rung: int, future: Future[Collected]) -> None:
        part = future.result()
        for kind in range(len(PLANE_TYPES)):
            sums.tables[kind][rung].add(part.tables[kind][0])
            if wanted.filters:
                sums.filters[kind][rung] = sums.filters[kind][rung] + part.filters[kind][0]
        for number, rows in part.spectra.items():
            sums.spectra.setdefault(number, []).extend(rows)
        advance()

    with ThreadPoolExecutor(threads) as pool:
        running: list[tuple[int, Future[Collected]]] = []
        for rung, picture in _tasks(pictures, len(model.rungs)):
            check_planes(picture, parameters)
            running.append((rung, pool.submit(run, rung, picture)))
            if len(running) > threads:  # so that only a few pictures are in memory
                take(*running.pop(0))
        for item in running:
            take(*item)
    return sums


def _fit_filters(sums: list[list[FilterSums]]) -> npt.NDArray[np.int16]:
    """Return int16 (plane types, rungs, classes, taps): a rung's neighbours count a quarter as much as itself."""

    def shared(rungs: list[FilterSums], rung: int) -> FilterSums:
        total = rungs[rung] + rungs[rung] + rungs[rung] + rungs[rung]
        for neighbour in (rung - 1, rung + 1):
            if 0 <= neighbour < len(rungs):
                total = total + rungs[neighbour]
        return total

    return np.stack([np.stack([solve(shared(rungs, rung)) for rung in range(len(rungs))]) for rungs in sums])


def train(
    pictures: Iterable[Picture],
    *,
    parameters: CodingParameters,
    steps: Sequence[int] = DEFAULT_RUNGS,
    rounds: int = DEFAULT_ROUNDS,
    prior: Model | None = None,
    threads: int | None = None,
    progress: Callable[[str, int], None] | None = None,
    resumed: tuple[int, Model | None] = (0, None),
    finished: Callable[[int, Model], object] = lambda _round, _model: None,
) -> Model:
    """Fit a model to `pictures`.

    Args:
        pictures: planes (uint8, or int16 in 1/16; luma first) of each picture. Each round iterates over them, so give a
            list or another re-iterable.
        parameters: subsampling, chroma step, tune and effort to train for. An effort below TRAINING_EFFORT is raised to
            it. The step index is not used.
        steps: step indices of the rungs, ascending.
        rounds: number of rounds of encoding, collecting and fitting.
        prior: model to start from, which fills in if data are few; None for tables from formulas.
        threads: None for all CPUs; the result does not depend on it.
        progress: called with (round as text, number of (picture, rung) pairs done in it).
        resumed: rounds that are done already, and the model after them.
        finished: called after each round with its number, from 1 on, and the model.

    Raises:
        UsageError: planes do not fit the subsampling.
    """
    rungs = np.asarray(steps, dtype=np.uint8)
    base = prior or initial_model(rungs)
    parameters = replace(parameters, effort=max(parameters.effort, TRAINING_EFFORT))
    done, model = resumed
    model = model or _on_ladder(base, rungs)
    for number in range(done, rounds):
        pairs = 0

        def advance(label: str = f"round {number + 1} of {rounds}") -> None:
            nonlocal pairs
            pairs += 1
            if progress:
                progress(label, pairs)

        needs_transforms = number == 0 and rounds > 1 and not base.transforms.small.size
        wanted = Wanted(needs_transforms, number == rounds - 1)
        found = collect_round(pictures, model, parameters, wanted, threads or default_threads(), advance)
        transforms = model.transforms
        if needs_transforms and spectrum_count(found.spectra) >= ENOUGH_SPECTRA:
            transforms = Transforms(*train_transforms(found.spectra, threads))
        filters = _fit_filters(found.filters) if wanted.filters else None
        model = fit_model(found.tables, base, rungs, transforms, filters)
        finished(number + 1, model)
    return model


def _on_ladder(model: Model, rungs: npt.NDArray[np.uint8]) -> Model:
    """Return `model` on other rungs: each takes the tables of the model's nearest rung."""
    nearest = [model.rung_of(int(step)) for step in rungs]
    planes = tuple(
        replace(plane, rows=plane.rows[nearest], offset_sets=plane.offset_sets[nearest]) for plane in model.planes
    )
    return Model(rungs, planes, model.transforms)
