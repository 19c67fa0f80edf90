"""Fit the tables of predicted frames to statistics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.signal.restoration import FilterSums, solve
from vqcodec.blocks.training.fitting import fit_offsets, merge_contexts
from vqcodec.blocks.training.statistics import PlaneStatistics
from vqcodec.entropy.huffman import code_lengths
from vqcodec.video.mc.contexts import POOLS, TRANSFORM_SIZES, Pool
from vqcodec.video.mc.model.tables import PLANE_TYPES, PREDICTED_CLASSES, VideoModel
from vqcodec.video.mc.training.statistics import GroupStatistics

TABLES = {
    "nodes": 128,
    "shapes": 32,
    "vectors": 24,
    "luma_masks": 192,
    "luma_patterns": 160,
    "chroma_masks": 96,
    "chroma_patterns": 64,
}
"""Largest number of tables in each pool."""

_COUNT_SCALE = 64  # resolution of smoothed counts when code lengths are made
_POOL_WEIGHT = {"luma_patterns": 24.0, "chroma_patterns": 24.0}  # weight of similar contexts, in symbols
_USUAL_WEIGHT = 12.0  # likewise, in all other pools
_PRIOR_WEIGHT = 2.0  # weight of the prior tables among similar contexts, in symbols
_OFFSET_SETS = 2  # sets of reconstruction offsets along the ladder


def _smoothed(counts: npt.NDArray[np.float64], prior: npt.NDArray[np.float64], pool: Pool) -> npt.NDArray[np.float64]:
    """Return `counts` (classes, rungs, contexts, symbols) plus the weighted distributions of similar contexts.

    Similar contexts are the same context on all rungs and in all classes, and contexts that differ only in size.
    """
    shape = (*counts.shape[:2], TRANSFORM_SIZES, pool.contexts // TRANSFORM_SIZES, pool.symbols)
    everywhere = counts.sum(axis=(0, 1), keepdims=True) + _PRIOR_WEIGHT * prior
    sizes = counts.reshape(shape).sum(axis=2, keepdims=True) + _PRIOR_WEIGHT * prior.reshape(shape)
    alike = everywhere / everywhere.sum(axis=3, keepdims=True)
    of_sizes = np.broadcast_to(sizes / sizes.sum(axis=4, keepdims=True), shape).reshape(counts.shape)
    return counts + _POOL_WEIGHT.get(pool.name, _USUAL_WEIGHT) * 0.5 * (alike + of_sizes)


def _prior_distribution(prior: VideoModel, pool: Pool) -> npt.NDArray[np.float64]:
    """Return the distributions implied by the code lengths of the prior, (classes, rungs, contexts, symbols)."""
    weights = 2.0 ** -prior.lengths[pool.name].astype(np.float64)
    return (weights / weights.sum(axis=1, keepdims=True))[prior.rows[pool.name]]


def _fit_pool(
    number: int, statistics: Sequence[GroupStatistics], prior: VideoModel
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
    """Fit a pool; return the table of each context (classes, rungs, contexts), and the code lengths of the tables."""
    pool = POOLS[number]
    counts = np.stack(
        [
            np.stack([group.classes[frame_class].counts[number] for group in statistics]).astype(np.float64)
            for frame_class in range(PREDICTED_CLASSES)
        ]
    )
    counts = _smoothed(counts, _prior_distribution(prior, pool), pool)
    rows, centres = merge_contexts(counts.reshape(-1, pool.symbols), TABLES[pool.name])
    lengths = code_lengths(np.maximum(np.rint(centres * _COUNT_SCALE), 1).astype(np.int64))
    return rows.reshape(counts.shape[:3]).astype(np.uint16), lengths


def _shared_filter(sums: Sequence[FilterSums], rung: int) -> npt.NDArray[np.int16]:
    """Return the filter coefficients of a rung; the sums of neighbouring rungs count a quarter."""
    total = sums[rung] + sums[rung] + sums[rung] + sums[rung]
    for neighbour in (rung - 1, rung + 1):
        if 0 <= neighbour < len(sums):
            total = total + sums[neighbour]
    return solve(total)


def fit_video_model(statistics: Sequence[GroupStatistics], prior: VideoModel, filters: bool) -> VideoModel:
    """Return the model that codes the collected frames in the fewest bits.

    Args:
        statistics: one for each rung of `prior`.
        prior: fills in where there is too little data.
        filters: whether sums for the restoration filter were collected.
    """
    rungs = len(statistics)
    rows, lengths = {}, {}
    for number, pool in enumerate(POOLS):
        rows[pool.name], lengths[pool.name] = _fit_pool(number, statistics, prior)
    halves = np.arange(rungs) * _OFFSET_SETS // rungs
    sets = np.zeros((PREDICTED_CLASSES, rungs), dtype=np.uint8)
    offsets: list[npt.NDArray[np.int8]] = []
    for frame_class in range(PREDICTED_CLASSES):
        for half in np.unique(halves):
            sets[frame_class, halves == half] = len(offsets)
            chosen = [group.classes[frame_class] for group, other in zip(statistics, halves) if other == half]
            none = np.zeros(0, dtype=np.int64)
            offsets.append(
                np.stack(
                    [
                        fit_offsets([PlaneStatistics(none, c.offset_sums[k], c.offset_counts[k]) for c in chosen])
                        for k in range(PLANE_TYPES)
                    ]
                )
            )
    restoration = None
    if filters:
        restoration = np.stack(
            [
                np.stack(
                    [
                        np.stack(
                            [
                                _shared_filter([g.classes[frame_class].filters[k] for g in statistics], rung)
                                for k in range(PLANE_TYPES)
                            ]
                        )
                        for rung in range(rungs)
                    ]
                )
                for frame_class in range(PREDICTED_CLASSES)
            ]
        )
    return VideoModel(prior.intra, prior.rungs, rows, lengths, sets, np.stack(offsets), restoration)
