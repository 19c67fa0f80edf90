"""Training of the tables of planes that are predicted from memory, as changes of a model's other tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.effort import TRAINING_EFFORT
from vqcodec.blocks.layout import PLANE_TYPES, REMEMBERING
from vqcodec.blocks.model.initial import lengths_from_bits
from vqcodec.blocks.model.memory_tables import MemoryChanges, MemoryTables
from vqcodec.blocks.model.plane_tables import MEMORY_POOLS, POOL_RANGES, PlaneTables
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.syntax.contexts import (
    ALL_CONTEXTS,
    ALL_WITH_MEMORY,
    CHOICE_CONTEXTS,
    CHOOSE_MEMORY,
    COUNT_STARTS,
    ELEMENTS,
    FIRST_CHOICE,
    FIRST_FRACTION,
    FIRST_VECTOR,
    FLAG_SYMBOLS,
    MEMORY_ELEMENTS,
    MOTION_SYMBOLS,
)
from vqcodec.blocks.syntax.motion import CANDIDATES, FIRST_EXPLICIT, LAST_MOTION
from vqcodec.blocks.training.fitting import merge_contexts, smoothed
from vqcodec.blocks.training.statistics import PlaneStatistics
from vqcodec.blocks.training.train import Shard, Wanted, collect_round
from vqcodec.carriers.carrier import Carrier
from vqcodec.entropy.huffman import code_lengths
from vqcodec.entropy.tables import TableSet

RUNG_GROUPS = 3
TABLES = {"flags": 64, "patterns": 32, "motions": 16}  # largest number of own tables of one plane type
_SYMBOLS_A_TABLE = 400  # fewer symbols than this do not get another table
_FEWEST_SYMBOLS = 12.0  # of a context, on all rungs of a group, for it to have a table of its own
_TABLE_ROW_BITS = 6.0  # what it must save beside the table it has without memory
_COUNT_SCALE = 64
_SHARES = ((0.3, 0.6, 0.85), (0.7, 0.8, 0.9), (0.6, 0.7, 0.8))  # first guesses of how often memory is chosen
_UNCODED = ((0.6, 0.6, 0.6), (0.9, 0.9, 0.9), (0.5, 0.5, 0.5))


def initial_changes(model: Model) -> MemoryChanges:
    """Return tables to start from: those of the model, and formulas for what it has never seen."""
    groups = (np.arange(len(model.rungs)) * RUNG_GROUPS // len(model.rungs)).astype(np.uint8)
    groups = np.unique(groups, return_inverse=True)[1].astype(np.uint8)
    rows = np.zeros((int(groups.max()) + 1, ALL_WITH_MEMORY), dtype=np.uint16)
    choice = np.arange(FIRST_CHOICE, FIRST_CHOICE + CHOICE_CONTEXTS)
    rows[:, choice] = 1 + np.minimum((choice - FIRST_CHOICE) % 10, 8)
    flags = np.stack([_choice_bits(_SHARES[k // 3][k % 3], _UNCODED[k // 3][k % 3]) for k in range(9)])
    symbols = np.arange(MOTION_SYMBOLS)
    candidates = np.where(symbols < FIRST_EXPLICIT, 1.5 + symbols % CANDIDATES + 0.7 * (symbols // CANDIDATES), 6.0)
    motions = np.stack(
        [
            np.where(symbols <= LAST_MOTION, candidates, 16.0),
            1.5 + 0.6 * symbols,
            np.where(symbols == 0, 1.0, np.where(symbols < 16, 5.0, 16.0)),
        ]
    )
    rows[:, ALL_CONTEXTS:] = 1
    rows[:, FIRST_VECTOR:] = 2
    rows[:, FIRST_FRACTION:] = 3
    tables = MemoryTables(
        rows, {"flags": TableSet(lengths_from_bits(flags)), "motions": TableSet(lengths_from_bits(motions))}
    )
    return MemoryChanges(groups, (tables,) * len(PLANE_TYPES))


def _choice_bits(share: float, uncoded: float) -> npt.NDArray[np.float64]:
    """Return ideal code lengths of the choice symbols if memory is chosen with probability `share`."""
    symbols = np.arange(FLAG_SYMBOLS)
    others = 2.0 ** -np.where(symbols < 8, 2.5 + 0.5 * (symbols >> 1), 5.0)
    memory = symbols >> 1 == CHOOSE_MEMORY
    others = np.where(memory, 0, others)
    weights = (1 - share) * others / others.sum() + np.where(
        memory, share * np.where(symbols & 1, 1 - uncoded, uncoded), 0
    )
    return -np.log2(np.maximum(weights, 2.0**-16))


def train_memory(
    shards: Sequence[Shard],
    *,
    carrier: Carrier,
    model: Model,
    parameters: CodingParameters,
    rounds: int = 2,
    progress: Callable[[str, float], object] = lambda _round, _part: None,
) -> Model:
    """Return `model` with tables for planes that are predicted from memory; its other tables stay.

    Args:
        shards: each gives pictures (`train.Remembered`) whenever it is iterated. What a picture is predicted from must
            not be the picture itself. A shard can be pickled.
        carrier: brings shards to where they are encoded.
        parameters: subsampling, chroma step, tune and effort, as for `train.train`.
        rounds: number of rounds of encoding, collecting and fitting.
        progress: called with the round as text, and the part of it that is done, 0 to 1.
    """
    parameters = replace(parameters, effort=max(parameters.effort, TRAINING_EFFORT))
    changes = model.memory or initial_changes(model)
    for number in range(rounds):

        def tell(part: float, label: str = f"memory round {number + 1} of {rounds}") -> None:
            progress(label, part)

        known = with_memory(model, changes)
        found, _ = collect_round(shards, known, parameters, Wanted(False, False), carrier, tell)
        tables = [[of_rung.tables[REMEMBERING + kind] for of_rung in found] for kind in range(len(PLANE_TYPES))]
        changes = fit_changes(tables, model, changes.groups)
    return with_memory(model, changes)


def with_memory(model: Model, changes: MemoryChanges | None) -> Model:
    """Return `model` with other tables for planes that are predicted from memory."""
    restoration = model.restoration if model.restores else None
    return Model(model.rungs, model.planes, model.transforms, restoration, changes)


def fit_changes(
    statistics: Sequence[Sequence[PlaneStatistics]], model: Model, groups: npt.NDArray[np.uint8]
) -> MemoryChanges:
    """Return the changes that code the planes behind `statistics` in few bits, and that are few themselves.

    Args:
        statistics: of planes that are predicted from memory, by plane type, by rung.
        groups: uint8 (rungs,), the group of each rung.
    """
    start = initial_changes(model)
    planes = []
    for base, first, rungs in zip(model.planes, start.planes, statistics):
        prior = first.changed(base, groups)
        planes.append(_fit_plane(rungs, base, prior, groups))
    return MemoryChanges(groups, tuple(planes))


def _fit_plane(
    statistics: Sequence[PlaneStatistics], base: PlaneTables, prior: PlaneTables, groups: npt.NDArray[np.uint8]
) -> MemoryTables:
    count = int(groups.max()) + 1
    seen = np.array([s.counts.any() for s in statistics])
    middles = [_middle(np.flatnonzero(groups == group), seen) for group in range(count)]
    sums = np.stack(
        [np.sum([s.counts for s, g in zip(statistics, groups) if g == group], axis=0) for group in range(count)]
    )
    rows = np.zeros((count, ALL_WITH_MEMORY), dtype=np.uint16)
    pools = {}
    for pool, most in TABLES.items():
        first, end = POOL_RANGES[pool]
        counts, filled = _pool_counts(sums, prior, middles, pool)
        always = _without_base(first, end)
        totals = counts.sum(axis=2)
        base_bits = None
        if pool in base.pools:
            lengths = np.stack([base.pools[pool].prices[base.rows[middle, first:end]] for middle in middles])
            base_bits = (counts * lengths).sum(axis=2)
        own = always[None, :] | (totals >= _FEWEST_SYMBOLS)
        wanted = np.flatnonzero(own)
        tables = int(min(most, max(3 if always.any() else 0, totals.sum() // _SYMBOLS_A_TABLE), len(wanted)))
        if not tables:
            continue
        chosen = filled.reshape(-1, filled.shape[2])[wanted]
        labels, centres = merge_contexts(chosen, tables)
        lengths = code_lengths(np.maximum(np.rint(centres * _COUNT_SCALE), 1).astype(np.int64))
        part = np.zeros(own.size, dtype=np.int64)
        part[wanted] = 1 + labels
        if base_bits is not None:
            flat = counts.reshape(-1, counts.shape[2])
            new_bits = (flat[wanted] * lengths[labels]).sum(axis=1)
            keep = np.tile(always, count)[wanted] | (base_bits.ravel()[wanted] > new_bits + _TABLE_ROW_BITS)
            part[wanted[~keep]] = 0
        rows[:, first:end], lengths = _without_unused(part.reshape(count, -1), lengths)
        if len(lengths):
            pools[pool] = TableSet(lengths, pool)
    return MemoryTables(rows, pools)


def _middle(rungs: npt.NDArray[np.intp], seen: npt.NDArray[np.bool_]) -> int:
    """Return the middle one of rungs, of those that were seen if any was."""
    return int(np.median(rungs[seen[rungs]] if seen[rungs].any() else rungs))


def _without_unused(
    rows: npt.NDArray[np.int64], lengths: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return rows (0 for none, else 1 plus a table) and tables, without the tables that no row names."""
    used = np.unique(rows[rows > 0])
    numbers = np.zeros(len(lengths) + 1, dtype=np.int64)
    numbers[used] = 1 + np.arange(len(used))
    return numbers[rows], lengths[used - 1]


def _without_base(first: int, end: int) -> npt.NDArray[np.bool_]:
    """Return which contexts of a pool cannot keep the table that they have without memory: their symbols are others."""
    contexts = np.arange(first, end)
    choice = (contexts >= FIRST_CHOICE) & (contexts < FIRST_CHOICE + CHOICE_CONTEXTS)
    return choice | (contexts >= ALL_CONTEXTS)


def _pool_counts(
    sums: npt.NDArray[np.int64], prior: PlaneTables, middles: Sequence[int], pool: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the counts of a pool, (groups, contexts, symbols), as they are and smoothed."""
    symbols, (first, end) = MEMORY_POOLS[pool], POOL_RANGES[pool]
    plain, full = [], []
    for group, middle in enumerate(middles):
        lengths = prior.pools[pool].lengths[prior.rows[middle, first:end]].astype(np.float64)
        weights = np.where(lengths > 0, 2.0**-lengths, 0.0)
        weights /= weights.sum(axis=1, keepdims=True)
        parts, filled = [], []
        for element in (*ELEMENTS, *MEMORY_ELEMENTS):
            if first <= element.first < end:
                start = COUNT_STARTS[element.first]
                counts = sums[group, start : start + element.contexts * symbols].astype(np.float64)
                counts = counts.reshape(element.contexts, symbols)
                at = element.first - first
                parts.append(counts)
                filled.append(smoothed(counts, weights[at : at + element.contexts], element))
        plain.append(np.concatenate(parts))
        full.append(np.concatenate(filled))
    return np.stack(plain), np.stack(full)
