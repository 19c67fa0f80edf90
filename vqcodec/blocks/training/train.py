"""Training of a model in rounds: encode the corpus with the current tables, collect statistics, fit new tables.

Work is cut into pairs of a shard of pictures and a rung, and all statistics are sums of integers. So the model does not
depend on what carries the shards, nor on interruptions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.effort import TRAINING_EFFORT
from vqcodec.blocks.layout import PLANE_TYPES, REMEMBERING
from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.model.tables import Model, Transforms
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.picture_planes import References, Samples, plane_type, rounded, tables_type
from vqcodec.blocks.search.encoder import check_planes, search_tile
from vqcodec.blocks.search.partition_search import PARTITION_SCRATCH
from vqcodec.blocks.signal.restoration import FilterSums, solve
from vqcodec.blocks.signal.restoration import collect as collect_filter
from vqcodec.blocks.training.fitting import fit_model
from vqcodec.blocks.training.outcome import CodedSums, Usage, lagrangian, usage_of
from vqcodec.blocks.training.statistics import Collector, PlaneStatistics, new_statistics
from vqcodec.blocks.training.transform_training import Spectra, SpectrumCollector, chosen_spectra, train_transforms
from vqcodec.carriers.carrier import Carrier
from vqcodec.kernels.records import new_record

DEFAULT_RUNGS = (14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54)  # steps 3.4 to 108, half an octave apart
DEFAULT_ROUNDS = 4
SPECTRA_PER_PICTURE = 500  # of each kind, from each rung
PARENT_RIDGE = 4000.0  # pull of filters towards those of a parent, in samples; those of a rung count four times
ENOUGH_SPECTRA = 20_000  # a corpus with fewer spectra gets no transforms of its own

Picture = Sequence[Samples]


class Remembered(NamedTuple):
    """A picture that is predicted from memory: its planes, and the planes of what it is predicted from."""

    planes: Picture
    references: References


Shard = Iterable[Picture | Remembered]


class Collected(NamedTuple):
    """The statistics of pictures at one rung.

    Attributes:
        tables: statistics by plane type, then those of planes that are predicted from memory.
        filters: sums for the restoration filter by plane type; zero unless `Wanted.filters`.
        coded: what the pictures take.
    """

    tables: list[PlaneStatistics]
    filters: list[FilterSums]
    coded: CodedSums

    @classmethod
    def nothing(cls) -> Collected:
        """Return statistics of nothing."""
        tables = [new_statistics() for _ in range(2 * REMEMBERING)]
        return cls(tables, [FilterSums.zeros() for _ in PLANE_TYPES], CodedSums())

    def add(self, other: Collected) -> None:
        """Add the statistics of `other` in place."""
        for mine, theirs in zip(self.tables, other.tables):
            mine.add(theirs)
        for kind in range(len(PLANE_TYPES)):
            self.filters[kind] = self.filters[kind] + other.filters[kind]
        self.coded.add(other.coded)


class RoundFigures(NamedTuple):
    """What a round came to, with the model that it began with: see `outcome.lagrangian` and `outcome.Usage`."""

    cost: float
    usage: Usage


class Wanted(NamedTuple):
    """Whether to collect spectra of residuals, and sums for the restoration filter."""

    spectra: bool
    filters: bool


def collect_shard(
    part: tuple[int, Shard], model: Model, parameters: CodingParameters, wanted: Wanted
) -> tuple[Collected, Spectra]:
    """Encode the pictures of a shard at a rung; return their statistics, and the spectra of luma residuals if wanted.

    Raises:
        UsageError: planes do not fit the subsampling.
    """
    rung, pictures = part
    parameters = replace(parameters, step_index=int(model.rungs[rung]))
    scratch, collector, spectrum_collector = (
        new_record(PARTITION_SCRATCH),
        Collector(),
        SpectrumCollector(SPECTRA_PER_PICTURE),
    )
    result, spectra = Collected.nothing(), Spectra()
    for picture in pictures:
        planes, references = picture if isinstance(picture, Remembered) else (picture, ())
        check_planes(planes, parameters)
        parameters = replace(parameters, remembering=bool(references))
        searched = search_tile(planes, model, parameters, None, [scratch], references=references)
        for index, plane in enumerate(searched):
            kind = plane_type(index, parameters.subsampling)
            if wanted.filters:
                height, width = plane.shape
                original = rounded(plane.source[:height, :width])
                result.filters[kind] = result.filters[kind] + collect_filter(original, plane.plane)
            kind = tables_type(index, parameters)
            tables = model.search_tables(kind, rung)
            result.coded.add_searched(plane, tables)
            collector.collect(plane, tables, result.tables[kind])
        if wanted.spectra:
            for number, rows in spectrum_collector.collect(searched[0]).items():
                spectra.setdefault(number, []).extend(rows)
    return result, spectra


def _collect_and_keep(
    part: tuple[int, Shard], model: Model, parameters: CodingParameters, wanted: Wanted
) -> tuple[tuple[Collected, dict[int, int]], Spectra]:
    """As `collect_shard`; the number of spectra of each kind comes back, and they are kept."""
    collected, spectra = collect_shard(part, model, parameters, wanted)
    return (collected, {number: sum(map(len, rows)) for number, rows in spectra.items()}), spectra


def _without_spectra(part: tuple[int, Shard], model: Model, parameters: CodingParameters, wanted: Wanted) -> Collected:
    return collect_shard(part, model, parameters, wanted)[0]


def collect_round(
    shards: Sequence[Shard],
    model: Model,
    parameters: CodingParameters,
    wanted: Wanted,
    carrier: Carrier,
    tell: Callable[[float], object],
) -> tuple[list[Collected], Spectra]:
    """Encode every shard at every rung of `model`; return the sums by rung, and the spectra to train transforms on.

    There are none of these if they are not wanted, or if they are fewer than ENOUGH_SPECTRA.
    """
    rungs = len(model.rungs)
    sums = [Collected.nothing() for _ in range(rungs)]
    parts = [(rung, shard) for shard in shards for rung in range(rungs)]
    kept: list[tuple[dict[int, int], Any]] = []
    common = (model, parameters, wanted)
    found: Iterable[Any] = (
        carrier.keep(_collect_and_keep, parts, *common)
        if wanted.spectra
        else carrier.map(_without_spectra, parts, *common)
    )
    for number, result in enumerate(found):
        if wanted.spectra:
            (collected, counts), handle = result
            kept.append((counts, handle))
        else:
            collected = result
        sums[number % rungs].add(collected)
        tell((number + 1) / len(parts))
    return sums, chosen_spectra(kept, carrier, ENOUGH_SPECTRA)


def _fit_filters(
    sums: Sequence[Sequence[FilterSums]], steps: npt.NDArray[np.uint8], parent: Model | None
) -> npt.NDArray[np.int16]:
    """Return int16 (plane types, rungs, classes, taps): a rung's neighbours count a quarter as much as itself.

    The filter of a parent, if there is one, stands in for samples that the corpus lacks.

    Args:
        sums: by plane type, by rung.
        steps: step index of each rung.
    """

    def fitted(kind: int, rung: int) -> npt.NDArray[np.int16]:
        rungs = sums[kind]
        total = rungs[rung] + rungs[rung] + rungs[rung] + rungs[rung]
        for neighbour in (rung - 1, rung + 1):
            if 0 <= neighbour < len(rungs):
                total = total + rungs[neighbour]
        if parent is None or not parent.restores:
            return solve(total)
        return solve(total, PARENT_RIDGE, parent.restoration[kind, parent.rung_of(int(steps[rung]))])

    return np.stack([np.stack([fitted(kind, rung) for rung in range(len(steps))]) for kind in range(len(sums))])


def train(
    shards: Sequence[Shard],
    *,
    carrier: Carrier,
    parameters: CodingParameters,
    steps: Sequence[int] = DEFAULT_RUNGS,
    rounds: int = DEFAULT_ROUNDS,
    prior: Model | None = None,
    threads: int | None = None,
    progress: Callable[[str, float], object] = lambda _round, _part: None,
    resumed: tuple[int, Model | None] = (0, None),
    finished: Callable[[int, Model, RoundFigures], object] = lambda _round, _model, _figures: None,
) -> Model:
    """Fit a model to pictures.

    Args:
        shards: each gives the planes (uint8, or int16 in 1/16; luma first) of its pictures whenever it is iterated. It
            can be pickled. Pictures that are predicted from memory do not count.
        carrier: brings shards to where they are encoded.
        parameters: subsampling, chroma step, tune and effort to train for. An effort below TRAINING_EFFORT is raised to
            it. The step index is not used.
        steps: step indices of the rungs, ascending.
        rounds: number of rounds of encoding, collecting and fitting.
        prior: model to start from, which fills in if data are few; None for tables from formulas.
        threads: for what is not done in shards; None for all CPUs. The result does not depend on it.
        progress: called with the round as text, and the part of it that is done, 0 to 1.
        resumed: rounds that are done already, and the model after them.
        finished: called after each round with its number, from 1 on, the model, and what the round came to.

    Raises:
        UsageError: planes do not fit the subsampling.
    """
    rungs = np.asarray(steps, dtype=np.uint8)
    base = prior or initial_model(rungs)
    parameters = replace(parameters, effort=max(parameters.effort, TRAINING_EFFORT))
    done, model = resumed
    model = model or _on_ladder(base, rungs)
    for number in range(done, rounds):

        def tell(part: float, label: str = f"round {number + 1} of {rounds}") -> None:
            progress(label, part)

        needs_transforms = number == 0 and rounds > 1 and not base.transforms.small.size
        wanted = Wanted(needs_transforms, number == rounds - 1)
        found, spectra = collect_round(shards, model, parameters, wanted, carrier, tell)
        transforms = Transforms(*train_transforms(spectra, threads)) if spectra else model.transforms
        tables = [[of_rung.tables[kind] for of_rung in found] for kind in range(len(PLANE_TYPES))]
        sums = [[of_rung.filters[kind] for of_rung in found] for kind in range(len(PLANE_TYPES))]
        filters = _fit_filters(sums, rungs, prior) if wanted.filters else None
        model = fit_model(tables, base, rungs, transforms, filters, prior is not None, threads)
        usage = usage_of([plane for kind in tables for plane in kind])
        finished(number + 1, model, RoundFigures(lagrangian([of_rung.coded for of_rung in found], steps), usage))
    return model


def _on_ladder(model: Model, rungs: npt.NDArray[np.uint8]) -> Model:
    """Return `model` on other rungs: each takes the tables of the model's nearest rung."""
    nearest = [model.rung_of(int(step)) for step in rungs]
    planes = tuple(
        replace(plane, rows=plane.rows[nearest], offset_sets=plane.offset_sets[nearest]) for plane in model.planes
    )
    return Model(rungs, planes, model.transforms)
