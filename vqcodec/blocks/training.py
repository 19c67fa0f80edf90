"""Training of a model: encode the corpus with the present tables, collect, refit, again.

Work is cut into (picture, rung) pairs that do not depend on the number of threads, and all statistics are sums of
integers, so the model is the same on any number of threads, and after an interruption.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.encoder import check_planes, search_tile
from vqcodec.blocks.fitting import fit_model
from vqcodec.blocks.initial import initial_model
from vqcodec.blocks.model import PLANE_TYPES, Model, Transforms
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.partition_search import new_partition_scratch
from vqcodec.blocks.picture_planes import plane_type
from vqcodec.blocks.statistics import Collector, PlaneStatistics, new_statistics
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.blocks.transform_training import Spectra, SpectrumCollector, train_transforms
from vqcodec.jit import default_threads

DEFAULT_RUNGS = (14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54)  # steps 3.4 to 108, half an octave apart
DEFAULT_ROUNDS = 4
TRANSFORM_STEP = 37  # the transforms are trained at the rung nearest to this step, for all
SPECTRA_PER_PICTURE = 2_000  # of each kind
ENOUGH_SPECTRA = 20_000  # below this a corpus is too small for transforms of its own

Picture = Sequence[npt.NDArray[np.uint8]]


class _Worker:
    """Encodes and collects with scratch of its own."""

    def __init__(self) -> None:
        self._scratch = new_partition_scratch()
        self._collector = Collector()
        self._spectra = SpectrumCollector(SPECTRA_PER_PICTURE)

    def run(
        self, planes: Picture, model: Model, parameters: CodingParameters, with_spectra: bool
    ) -> tuple[list[PlaneStatistics], Spectra]:
        """Return the statistics of one picture at one step, by plane type, and the spectra of its luma."""
        statistics = [new_statistics() for _ in PLANE_TYPES]
        searched = search_tile(planes, model, parameters, None, [self._scratch])
        rung = model.rung_of(parameters.step_index)
        for index, plane in enumerate(searched):
            kind = plane_type(index, parameters.subsampling)
            self._collector.collect(plane, model.search_tables(kind, rung), statistics[kind])
        return statistics, self._spectra.collect(searched[0]) if with_spectra else {}


def _tasks(pictures: Iterable[Picture], rungs: int) -> Iterator[tuple[int, Picture]]:
    for picture in pictures:
        for rung in range(rungs):
            yield rung, picture


def collect_statistics(
    pictures: Iterable[Picture],
    model: Model,
    parameters: CodingParameters,
    spectrum_rung: int | None,
    threads: int,
    advance: Callable[[], None],
) -> tuple[list[list[PlaneStatistics]], Spectra]:
    """Encode every picture at every rung of `model`.

    Returns:
        (sums by plane type and rung, spectra of the residuals at `spectrum_rung`, none for None).
    """
    sums = [[new_statistics() for _ in model.rungs] for _ in PLANE_TYPES]
    spectra: Spectra = {}
    workers: SimpleQueue[_Worker] = SimpleQueue()
    for _ in range(threads):
        workers.put(_Worker())

    def run(rung: int, picture: Picture) -> tuple[list[PlaneStatistics], Spectra]:
        worker = workers.get()
        try:
            step = replace(parameters, step_index=int(model.rungs[rung]))
            return worker.run(picture, model, step, rung == spectrum_rung)
        finally:
            workers.put(worker)

    def take(rung: int, future: Future[tuple[list[PlaneStatistics], Spectra]]) -> None:
        parts, found = future.result()
        for kind, part in enumerate(parts):
            sums[kind][rung].add(part)
        for number, rows in found.items():
            spectra.setdefault(number, []).extend(rows)
        advance()

    with ThreadPoolExecutor(threads) as pool:
        running: list[tuple[int, Future[tuple[list[PlaneStatistics], Spectra]]]] = []
        for rung, picture in _tasks(pictures, len(model.rungs)):
            check_planes(picture, parameters)
            running.append((rung, pool.submit(run, rung, picture)))
            if len(running) > threads:  # pictures are read as they are needed
                take(*running.pop(0))
        for item in running:
            take(*item)
    return sums, spectra


def train(
    pictures: Iterable[Picture],
    *,
    parameters: CodingParameters,
    steps: Sequence[int] = DEFAULT_RUNGS,
    rounds: int = DEFAULT_ROUNDS,
    prior: Model | None = None,
    threads: int | None = None,
    progress: Callable[[str, int], None] | None = None,
    checkpoint: Path | None = None,
) -> Model:
    """Fit a model to `pictures`.

    Args:
        pictures: planes (uint8, luma first) of each picture; iterated once a round, so a list or a re-iterable.
        parameters: subsampling, chroma step, tune and effort to train for; the step index is not used.
        steps: step indices of the rungs, ascending.
        rounds: of encoding, collecting and refitting.
        prior: model to start from and to believe where data are few; None for formula-based tables.
        threads: None for all CPUs; does not change the result.
        progress: called with (round as text, pictures times rungs done in it).
        checkpoint: folder for the model after each round; training resumes from the last one found there.

    Raises:
        UsageError: planes do not fit the subsampling.
        CodebookError: a checkpoint cannot be used.
    """
    rungs = np.asarray(steps, dtype=np.uint8)
    base = prior or initial_model(rungs)
    done, model = _resume(checkpoint, rounds)
    model = model or _on_ladder(base, rungs)
    for number in range(done, rounds):
        finished = 0

        def advance(label: str = f"round {number + 1} of {rounds}") -> None:
            nonlocal finished
            finished += 1
            if progress:
                progress(label, finished)

        wanted = number == 0 and rounds > 1 and not base.transforms.small.size
        spectrum_rung = model.rung_of(TRANSFORM_STEP) if wanted else None
        statistics, spectra = collect_statistics(
            pictures, model, parameters, spectrum_rung, threads or default_threads(), advance
        )
        transforms = model.transforms
        if spectrum_rung is not None and sum(len(rows) for kind in spectra.values() for rows in kind) > ENOUGH_SPECTRA:
            step = float(STEP_SIZES[rungs[spectrum_rung]])
            transforms = Transforms(*train_transforms(spectra, step, threads))
        model = fit_model(statistics, base, rungs, transforms)
        _save(checkpoint, number + 1, model)
    return model


def _on_ladder(model: Model, rungs: npt.NDArray[np.uint8]) -> Model:
    """Return `model` with its tables assigned to other rungs, the nearest of its own to each."""
    nearest = [model.rung_of(int(step)) for step in rungs]
    planes = tuple(
        replace(plane, rows=plane.rows[nearest], offset_rows=plane.offset_rows[nearest]) for plane in model.planes
    )
    return Model(rungs, planes, model.transforms)


def _save(folder: Path | None, number: int, model: Model) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    data = io.BytesIO()
    np.savez_compressed(data, **model.to_arrays())
    unfinished = folder / "unfinished.npz"
    unfinished.write_bytes(data.getvalue())
    unfinished.replace(folder / f"round-{number}.npz")


def _resume(folder: Path | None, rounds: int) -> tuple[int, Model | None]:
    """Return (rounds done, model after them) as found in `folder`."""
    for number in range(rounds, 0, -1):
        path = folder / f"round-{number}.npz" if folder else None
        if path and path.exists():
            with np.load(path) as arrays:
                return number, Model.from_arrays(dict(arrays))
    return 0, None
