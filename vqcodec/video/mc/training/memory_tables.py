"""Code tables of first frames that are predicted from memory, fitted to such frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.search.encoder import SearchedPlane
from vqcodec.blocks.training.fitting import merge_contexts
from vqcodec.entropy.huffman import code_lengths
from vqcodec.threads import map_shards
from vqcodec.video.mc.contexts import POOLS
from vqcodec.video.mc.encoder import FrameCoder, encode_frames
from vqcodec.video.mc.layout import InterFrame, Sources
from vqcodec.video.mc.memory import MemoryFrames
from vqcodec.video.mc.model.adaptation import FrameCounts, new_counts
from vqcodec.video.mc.model.tables import KEY_CLASS, MEMORY_CLASS, MemoryTables, VideoModel
from vqcodec.video.mc.parameters import GroupParameters
from vqcodec.video.mc.training.memory_candidates import FirstFrame
from vqcodec.video.mc.training.memory_training import Remembered

_TABLES = {
    "nodes": 24,
    "shapes": 6,
    "vectors": 3,
    "luma_masks": 24,
    "luma_patterns": 16,
    "chroma_masks": 12,
    "chroma_patterns": 8,
}
"""Largest number of tables in each pool."""

_PRIOR_WEIGHT = 24.0  # weight of the tables of key frames in each context, in symbols
_COUNT_SCALE = 64  # resolution of smoothed counts when code lengths are made

Counts = list[list[npt.NDArray[np.int64]]]
"""Symbols by rung and pool, int64 (contexts, symbols) each."""


class _Counter:
    """Keeps the symbols of a first frame that is predicted from memory (an `encoder.Observer`)."""

    def __init__(self) -> None:
        self.counts: FrameCounts = new_counts()

    def intra(self, searched: Sequence[SearchedPlane], sources: Sources) -> None:
        """Nothing: there is no intra frame."""

    def predicted(self, frame_class: int, frame: InterFrame, sources: Sources, counts: FrameCounts) -> None:
        """Keep the symbols of the frame."""
        if frame_class == MEMORY_CLASS:
            self.counts = counts


def fitted_tables(
    remembered: Remembered, model: VideoModel, effort: int, threads: int | None
) -> tuple[MemoryTables | None, float]:
    """Return tables for the frames that a memory serves, and the bits that they save such a frame.

    What they save is measured with tables fitted to one half of the frames, on the other half.

    Returns:
        (tables, mean bits saved); (None, 0.0) if there are too few frames.
    """
    served = [(first, choice.items) for first, choice in remembered.tried if choice.items]
    if len(served) < 2:
        return None, 0.0
    memory = MemoryFrames(remembered.memory, model)
    tasks = [(first, items, int(rung)) for first, items in served for rung in model.rungs]

    def count(task: tuple[FirstFrame, tuple[int, ...], int]) -> FrameCounts:
        first, items, step = task
        counter = _Counter()
        given = memory.frames(items, *first.frame.luma.shape)
        with FrameCoder(model, effort, threads=1) as coder:
            encode_frames([first.frame], coder, GroupParameters(1, step, items=items), observer=counter, memory=given)
        return counter.counts

    found = map_shards(count, tasks, threads)
    rungs = len(model.rungs)
    halves = [_sum(found, rungs, half) for half in range(2)]
    saved = sum(_saved_bits(_fit(halves[half], model), halves[1 - half], model) for half in range(2))
    both = [[a + b for a, b in zip(*pools)] for pools in zip(*halves)]
    return _fit(both, model), saved / len(tasks)


def _sum(found: Sequence[FrameCounts], rungs: int, half: int) -> Counts:
    """Return the symbols of every second frame by rung; `found` has all rungs of a frame, then those of the next."""
    sums: Counts = [list(new_counts()) for _ in range(rungs)]
    for number, counts in enumerate(found):
        if number // rungs % 2 == half:
            for mine, theirs in zip(sums[number % rungs], counts):
                mine += theirs
    return sums


def _fit(counts: Counts, model: VideoModel) -> MemoryTables:
    """Return the tables that code these symbols in the fewest bits."""
    rows, lengths = {}, {}
    for number, pool in enumerate(POOLS):
        prior = np.stack([model.prior(pool.name, KEY_CLASS, rung) for rung in range(len(counts))])
        weights = 2.0 ** -prior.astype(np.float64)
        smoothed = np.stack([pools[number] for pools in counts]) + _PRIOR_WEIGHT * weights / weights.sum(
            axis=2, keepdims=True
        )
        groups, centres = merge_contexts(smoothed.reshape(-1, pool.symbols), _TABLES[pool.name])
        rows[pool.name] = groups.reshape(smoothed.shape[:2]).astype(np.uint16)
        lengths[pool.name] = code_lengths(np.maximum(np.rint(centres * _COUNT_SCALE), 1).astype(np.int64))
    return MemoryTables(rows, lengths)


def _saved_bits(tables: MemoryTables, counts: Counts, model: VideoModel) -> int:
    """Return by how many bits the tables code these symbols better than those of key frames."""
    saved = 0
    for rung, pools in enumerate(counts):
        for pool, counted in zip(POOLS, pools):
            usual = model.prior(pool.name, KEY_CLASS, rung).astype(np.int64)
            own = tables.lengths[pool.name][tables.rows[pool.name][rung]].astype(np.int64)
            saved += int(((usual - own) * counted).sum())
    return saved
