"""From statistics to tables: smoothing, merging of contexts, code lengths, reconstruction offsets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SIZE_CLASSES
from vqcodec.blocks.model.plane_tables import POOL_RANGES, POOLS, PlaneTables
from vqcodec.blocks.model.tables import Model, Transforms
from vqcodec.blocks.syntax.coefficients import OFFSET_BITS
from vqcodec.blocks.syntax.contexts import COUNT_STARTS, ELEMENTS, FORMS, Element
from vqcodec.blocks.training.statistics import OFFSET_SCALE, PlaneStatistics
from vqcodec.entropy.huffman import code_lengths
from vqcodec.entropy.tables import TableSet
from vqcodec.threads import map_shards

TABLES = {"flags": 384, "modes": 64, "patterns": 192}  # largest number of tables in each pool of one plane type
_FIRST_FACTOR = {"mask": FORMS, "pattern": FORMS, "choice": SIZE_CLASSES, "partition": 4, "mode": 18}
_POOL_WEIGHT = {"pattern": 24.0, "mode": 16.0}  # weight of the pooled distribution in symbols; others 8
_PRIOR_WEIGHT = 12.0  # weight of the prior model's distribution in the pool of a context, in symbols
_PARENT_WEIGHT = {"pattern": 96.0, "mode": 96.0}  # weight of a parent's distribution in symbols; others 32
_TILT_INERTIA = 8.0  # symbols by which a parent's frequency of a symbol is believed before the corpus changes it
_MERGE_ROUNDS = 8
_COUNT_SCALE = 64  # resolution of smoothed counts when code lengths are made
OFFSET_SETS = 3  # sets of reconstruction offsets along the ladder
_OFFSET_LIMIT = 0.3  # of the step
_OFFSET_PRIOR = -0.06
_OFFSET_PRIOR_WEIGHT = 8.0


def _prior_distribution(prior: Model, plane_type: int, rung: int, pool: str) -> npt.NDArray[np.float64]:
    """Return the distributions that the prior's code lengths imply, float64 (contexts of the pool, symbols)."""
    first, end = POOL_RANGES[pool]
    plane = prior.planes[plane_type]
    lengths = plane.pools[pool].lengths[plane.rows[rung, first:end]].astype(np.float64)
    weights = np.where(lengths > 0, 2.0**-lengths, 0.0)
    return weights / weights.sum(axis=1, keepdims=True)


def smoothed(counts: npt.NDArray[np.float64], prior: npt.NDArray[np.float64], element: Element) -> npt.NDArray:
    """Return `counts` (contexts, symbols) plus weighted distributions of similar contexts and of the prior."""
    factor = _FIRST_FACTOR.get(element.name, 1)
    shape = (factor, element.contexts // factor, element.symbols)
    pooled = counts.reshape(shape).sum(axis=0, keepdims=True) + _PRIOR_WEIGHT * prior.reshape(shape)
    pooled /= pooled.sum(axis=2, keepdims=True)
    return counts + _POOL_WEIGHT.get(element.name, 8.0) * pooled.reshape(counts.shape)


def _with_parent(counts: npt.NDArray[np.float64], parent: npt.NDArray[np.float64], element: Element) -> npt.NDArray:
    """Return `counts` (contexts, symbols) plus the weighted distribution that a parent has for each context.

    A small corpus leaves most contexts with few symbols, and there a parent of many pictures knows better than similar
    contexts of the corpus do. By as much as a symbol is more frequent in similar contexts of the corpus than the parent
    says, it is made more likely in all of them.
    """
    factor = _FIRST_FACTOR.get(element.name, 1)
    shape = (factor, element.contexts // factor, element.symbols)
    found, said = counts.reshape(shape), parent.reshape(shape)
    expected = (found.sum(axis=2, keepdims=True) * said).sum(axis=0, keepdims=True)
    tilted = said * (found.sum(axis=0, keepdims=True) + _TILT_INERTIA) / (expected + _TILT_INERTIA)
    tilted /= tilted.sum(axis=2, keepdims=True)
    return counts + _PARENT_WEIGHT.get(element.name, 32.0) * tilted.reshape(counts.shape)


def _pool_counts(
    statistics: Sequence[PlaneStatistics],
    prior: Model,
    plane_type: int,
    steps: npt.NDArray[np.uint8],
    pool: str,
    of_parent: bool,
) -> npt.NDArray[np.float64]:
    """Return the smoothed counts of a pool, (rungs, contexts, symbols)."""
    fill = _with_parent if of_parent else smoothed
    symbols, (first, _) = POOLS[pool], POOL_RANGES[pool]
    stack = []
    for rung, sums in enumerate(statistics):
        base = _prior_distribution(prior, plane_type, prior.rung_of(int(steps[rung])), pool)
        parts = []
        for element in ELEMENTS:
            if first <= element.first < POOL_RANGES[pool][1]:
                start = COUNT_STARTS[element.first]
                counts = sums.counts[start : start + element.contexts * symbols].astype(np.float64)
                rows = slice(element.first - first, element.first - first + element.contexts)
                parts.append(fill(counts.reshape(element.contexts, symbols), base[rows], element))
        stack.append(np.concatenate(parts))
    return np.stack(stack)


def merge_contexts(
    counts: npt.NDArray[np.float64], tables: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Group the rows of `counts` (rows, symbols) into at most `tables` groups, so that sharing a code costs few bits.

    This is Lloyd's algorithm. The distortion is the ideal code length of a row under a group's distribution. It starts
    from rows in the order of their entropy, at equal intervals of the running sum of the roots of their totals, and
    from the largest others.

    Returns:
        (group of each row, counts of each group). No group is empty.
    """
    totals = counts.sum(axis=1)
    shares = counts / totals[:, None]
    entropy = -(shares * np.log2(np.maximum(shares, 1e-12))).sum(axis=1)
    order = np.argsort(entropy, kind="stable")
    running = np.cumsum(np.sqrt(totals[order]))
    picks = np.searchsorted(running, (np.arange(tables) + 0.5) * running[-1] / tables)
    picked = order[np.unique(np.minimum(picks, len(order) - 1))]
    others = np.setdiff1d(np.argsort(-totals, kind="stable"), picked, assume_unique=True)
    centres = counts[np.concatenate([picked, others[: tables - len(picked)]])]
    groups = np.full(len(counts), -1, dtype=np.int64)
    for _ in range(_MERGE_ROUNDS):
        bits = -np.log2(np.maximum(centres / centres.sum(axis=1, keepdims=True), 2.0**-16))
        before = groups
        groups = np.unique(np.argmin(counts @ bits.T, axis=1), return_inverse=True)[1]
        if np.array_equal(groups, before):
            break
        by_group = np.argsort(groups, kind="stable")
        firsts = np.searchsorted(groups[by_group], np.arange(groups.max() + 1))
        centres = np.add.reduceat(counts[by_group], firsts, axis=0)
    return groups, centres


def fit_offsets(statistics: Sequence[PlaneStatistics]) -> npt.NDArray[np.int8]:
    """Return the offsets of some rungs, int8 (OFFSET_CELLS, 256, 4): means, pulled towards a prior if data are few."""
    sums = np.sum([s.offset_sums for s in statistics], axis=0) / OFFSET_SCALE
    counts = np.sum([s.offset_counts for s in statistics], axis=0).astype(np.float64)[..., None]
    means = (sums + _OFFSET_PRIOR_WEIGHT * _OFFSET_PRIOR) / (counts + _OFFSET_PRIOR_WEIGHT)
    return np.rint(np.clip(means, -_OFFSET_LIMIT, _OFFSET_LIMIT) * (1 << OFFSET_BITS)).astype(np.int8)


def _fit_plane(
    statistics: Sequence[PlaneStatistics],
    prior: Model,
    plane_type: int,
    steps: npt.NDArray[np.uint8],
    of_parent: bool,
) -> PlaneTables:
    """Return the tables of one plane type, fitted to its statistics by rung."""
    rows, pools = [], {}
    for pool, tables in TABLES.items():
        counts = _pool_counts(statistics, prior, plane_type, steps, pool, of_parent)
        groups, centres = merge_contexts(counts.reshape(-1, counts.shape[2]), tables)
        rows.append(groups.reshape(counts.shape[:2]))
        lengths = code_lengths(np.maximum(np.rint(centres * _COUNT_SCALE), 1).astype(np.int64))
        pools[pool] = TableSet(lengths, pool)
    sets = np.arange(len(steps)) * OFFSET_SETS // len(steps)
    offsets = [
        fit_offsets([s for s, number in zip(statistics, sets) if number == wanted]) for wanted in np.unique(sets)
    ]
    return PlaneTables(
        rows=np.concatenate(rows, axis=1).astype(np.uint16),
        pools=pools,
        offset_sets=np.unique(sets, return_inverse=True)[1].astype(np.uint8),
        offsets=np.stack(offsets),
    )


def fit_model(
    statistics: Sequence[Sequence[PlaneStatistics]],
    prior: Model,
    steps: npt.NDArray[np.uint8],
    transforms: Transforms,
    restoration: npt.NDArray[np.int16] | None,
    of_parent: bool = False,
    threads: int | None = None,
) -> Model:
    """Return the model that codes the planes behind `statistics` in the fewest bits.

    Args:
        statistics: by plane type, by rung.
        prior: model that fills in if there are few data.
        steps: step index of each rung, ascending.
        transforms, restoration: parts of the model that are not fitted here.
        of_parent: whether `prior` was trained itself. It then fills in each context by its own distribution.
        threads: None for all CPUs. The result does not depend on it.
    """

    def fitted(kind: int) -> PlaneTables:
        return _fit_plane(statistics[kind], prior, kind, steps, of_parent)

    return Model(steps, tuple(map_shards(fitted, range(len(statistics)), threads)), transforms, restoration)
