"""The encoder's choice of the items that a picture is predicted from.

Means of cells of 8x8 samples find the nearest items. Then the bits that each would save are estimated by cell, and
items are taken one by one while they save bits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import MAX_REFERENCES, SAMPLE_BITS
from vqcodec.image.transform.memory.estimate import bits_alone, bits_given, cells_of
from vqcodec.image.transform.memory.store import ItemStore

_NEAREST = 16  # items whose savings are estimated
_SCALE = 3.0  # bits that the coder spends for one of the estimate
_FEWEST_BITS = 24.0  # that an item must save
_FEWEST_SHARE = 0.03  # likewise, of the bits without memory
_SAME = 0.25  # of the step: means that differ by less are about the same

Plane = npt.NDArray[np.int16]
FloatArray = npt.NDArray[np.float32]


def fine_planes(planes: Sequence[Plane]) -> FloatArray:
    """Return planes of one size, int16 in 1/16, as float32 (planes, height, width)."""
    return np.stack(planes).astype(np.float32) / np.float32(1 << SAMPLE_BITS)


def unlikeness(means: npt.NDArray, others: npt.NDArray, step: float) -> npt.NDArray[np.float64]:
    """Return how unlike sets of means are, about in bits, summed over the last axis.

    Where they differ much it matters little how much, since such parts are not predicted from each other. So a few
    large differences count less than in a squared error.

    Args:
        means, others: of shapes that broadcast, in samples.
        step: quantizer step.
    """
    difference = (np.asarray(means, np.float32) - others) / np.float32(_SAME * step)
    total: npt.NDArray[np.float64] = np.log2(1 + difference * difference).sum(axis=-1, dtype=np.float64)
    return total


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

    def nearest(self, planes: FloatArray, step: float, count: int, excluded: Collection[int] = ()) -> list[int]:
        """Return the numbers of the `count` items nearest to a picture, the nearest first.

        Args:
            planes: of the picture, chroma at full size; float32 (planes, height, width).
            step: quantizer step.
            count: how many are wanted.
            excluded: numbers that are left out.
        """
        mine = cell_means(planes)
        distances = np.full(len(self._store), np.inf)
        for numbers, means in self._groups:
            rows = np.minimum(np.arange(mine.shape[1]), means.shape[2] - 1)
            columns = np.minimum(np.arange(mine.shape[2]), means.shape[3] - 1)
            shown = means[:, :, rows[:, None], columns].reshape(len(numbers), -1)
            distances[numbers] = unlikeness(mine.ravel(), shown, step)
        distances[list(excluded)] = np.inf
        order = np.argsort(distances, kind="stable")[:count]
        return [int(number) for number in order if np.isfinite(distances[number])]

    def choose(self, planes: Sequence[Plane], step: float, excluded: Collection[int] = ()) -> list[int]:
        """Return the numbers of the items that are worth predicting from, the best first; none if none is.

        Args:
            planes: of the picture, chroma at full size; int16 in 1/16.
            step: quantizer step, in samples.
            excluded: numbers that are left out.
        """
        picture = fine_planes(planes)
        near = self.nearest(picture, step, _NEAREST, excluded)
        if not near:
            return []
        alone = bits_alone(picture, step)
        given = [bits_given(picture, self._planes(number), step, alone) for number in near]
        return greedy_choice(_SCALE * alone, [_SCALE * bits for bits in given], near)

    def _planes(self, number: int) -> FloatArray:
        return fine_planes(self._store[number].planes_for(self._subsampling))


def cell_means(planes: FloatArray) -> FloatArray:
    """Return the means of the cells of planes, float32 (planes, rows, columns)."""
    means: FloatArray = cells_of(planes).mean(axis=(-1, -2))
    return means


def greedy_choice(alone: FloatArray, bits: Sequence[FloatArray], numbers: Sequence[int]) -> list[int]:
    """Return up to MAX_REFERENCES of `numbers`: one by one what saves most bits beside those before.

    Args:
        alone: bits of each cell without memory.
        bits: likewise, predicted from each of the items `numbers`.
    """
    best = alone
    chosen: list[int] = []
    least = max(_FEWEST_BITS, _FEWEST_SHARE * float(alone.sum()))
    while len(chosen) < MAX_REFERENCES:
        savings = [float(np.maximum(best - other, 0).sum()) for other in bits]
        leader = int(np.argmax(savings))
        if savings[leader] < least:
            break
        chosen.append(numbers[leader])
        best = np.minimum(best, bits[leader])
    return chosen
