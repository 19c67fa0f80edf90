"""The encoder's choice of the items that a picture is predicted from.

Means of cells of 8x8 samples find the nearest items. Then the bits that each would save are estimated by cell, and
items are taken one by one while they save bits.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import MAX_REFERENCES, SAMPLE_BITS
from vqcodec.image.transform.memory.estimate import FloatArray, Planes, bits_alone, bits_given, cells_of
from vqcodec.image.transform.memory.store import ItemStore
from vqcodec.kernels.jit import kernel

_NEAREST = 16  # items whose savings are estimated
_SCALE = 3.0  # bits that the coder spends for one of the estimate
_FEWEST_BITS = 24.0  # that an item must save
_FEWEST_SHARE = 0.03  # likewise, of the bits without memory
_SAME = 0.25  # of the step: means that differ by less are about the same

_AT_ONCE = 32  # factors whose product is below the greatest float64


def unlikeness(means: npt.NDArray, others: npt.NDArray, step: float) -> npt.NDArray[np.float64]:
    """Return how unlike sets of means are, about in bits, summed over each set: float64 (others,).

    Where they differ much it matters little how much, since such parts are not predicted from each other. So a few
    large differences count less than in a squared error.

    Args:
        means: a set of means, in samples; others: several such sets.
        step: quantizer step.
    """
    count = len(others)
    totals = np.empty(count, np.float64)
    mine = np.ascontiguousarray(means, np.float32).reshape(-1)
    theirs = np.ascontiguousarray(others, np.float32).reshape(count, -1)
    _unlikeness(mine, theirs, np.float32(1 / (_SAME * step)), totals)
    return totals


@kernel
def _unlikeness(means, others, scale, totals):
    """Fill `totals` (float64 (others,)): means are float32 (size,), others float32 (others, size)."""
    size = means.shape[0]
    for number in range(others.shape[0]):
        total = np.float64(0)
        for first in range(0, size, _AT_ONCE):
            product = np.float64(1)
            for i in range(first, min(first + _AT_ONCE, size)):
                difference = (means[i] - others[number, i]) * scale
                product *= np.float64(1 + difference * difference)
            total += math.log(product)
        totals[number] = total / math.log(2)


class Choice(NamedTuple):
    """Items that a picture is predicted from.

    Attributes:
        items: their numbers, the best first; none if none is worth it.
        saved_share: of the bits of the picture, that they are estimated to save.
    """

    items: list[int]
    saved_share: float


class ItemChooser:
    """Chooses items of a store for pictures of one subsampling.

    Args:
        store: all of its items are decoded once.
        subsampling: "444" or "grey".
    """

    def __init__(self, store: ItemStore, subsampling: str) -> None:
        self._store = store
        self._subsampling = subsampling
        groups: dict[tuple[int, ...], list[tuple[int, FloatArray]]] = {}
        for number in range(len(store)):
            means = cell_means(self._planes(number))
            groups.setdefault(means.shape, []).append((number, means))
        self._groups = [
            (np.array([number for number, _ in group]), np.stack([means for _, means in group]))
            for group in groups.values()
        ]

    def nearest(self, planes: Planes, step: float, count: int, excluded: Collection[int] = ()) -> list[int]:
        """Return the numbers of the `count` items nearest to a picture, the nearest first.

        Args:
            planes: of the picture, chroma at full size; int16 (planes, height, width) in 1/16.
            step: quantizer step, in samples.
            count: how many are wanted.
            excluded: numbers that are left out.
        """
        mine = cell_means(planes)
        distances = np.full(len(self._store), np.inf)
        for numbers, means in self._groups:
            if means.shape[1:] != mine.shape:
                rows = np.minimum(np.arange(mine.shape[1]), means.shape[2] - 1)
                columns = np.minimum(np.arange(mine.shape[2]), means.shape[3] - 1)
                means = means[:, :, rows[:, None], columns]
            distances[numbers] = unlikeness(mine, means, step)
        distances[list(excluded)] = np.inf
        order = np.argsort(distances, kind="stable")[:count]
        return [int(number) for number in order if np.isfinite(distances[number])]

    def choose(self, planes: Sequence[npt.NDArray[np.int16]], step: float, excluded: Collection[int] = ()) -> Choice:
        """Return the items that are worth predicting from.

        Args:
            planes: of the picture, chroma at full size; int16 in 1/16.
            step: quantizer step, in samples.
            excluded: numbers that are left out.
        """
        picture = np.stack(planes)
        near = self.nearest(picture, step, _NEAREST, excluded)
        if not near:
            return Choice([], 0.0)
        alone = bits_alone(picture, step)
        given = [bits_given(picture, self._planes(number), step, alone) for number in near]
        return greedy_choice(_SCALE * alone, [_SCALE * bits for bits in given], near)

    def _planes(self, number: int) -> Planes:
        return np.stack(self._store[number].planes_for(self._subsampling))


def cell_means(planes: Planes) -> FloatArray:
    """Return the means of the cells of planes in 1/16, in samples: float32 (planes, rows, columns)."""
    means: FloatArray = cells_of(planes).mean(axis=(-1, -2), dtype=np.float32)
    return means / np.float32(1 << SAMPLE_BITS)


def greedy_choice(alone: FloatArray, bits: Sequence[FloatArray], numbers: Sequence[int]) -> Choice:
    """Choose up to MAX_REFERENCES of `numbers`: one by one what saves most bits beside those before.

    Args:
        alone: bits of each cell without memory.
        bits: likewise, predicted from each of the items `numbers`.
    """
    best = alone
    chosen: list[int] = []
    total = float(alone.sum())
    least = max(_FEWEST_BITS, _FEWEST_SHARE * total)
    while len(chosen) < MAX_REFERENCES:
        savings = [float(np.maximum(best - other, 0).sum()) for other in bits]
        leader = int(np.argmax(savings))
        if savings[leader] < least:
            break
        chosen.append(numbers[leader])
        best = np.minimum(best, bits[leader])
    return Choice(chosen, 1.0 - float(best.sum()) / total if chosen else 0.0)
