"""The encoder's choice of the items that a picture is predicted from.

Means of cells of 8x8 samples find the nearest items. Then the bits that each would save are estimated by cell, and
items are taken one by one while they save bits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import MAX_REFERENCES, SAMPLE_BITS
from vqcodec.image.transform.memory.estimate import FloatArray, Planes, bits_alone, bits_given, cells_of
from vqcodec.image.transform.memory.looks import LUMA_MEANS, look_of
from vqcodec.image.transform.memory.store import ItemStore
from vqcodec.image.transform.memory.unlikeness import unlikeness

_NEAREST = 16  # items whose savings are estimated
_SCALE = 3.0  # bits that the coder spends for one of the estimate
_FEWEST_BITS = 24.0  # that an item must save
_FEWEST_SHARE = 0.03  # likewise, of the bits without memory

_LIKELY = 96  # items that are decoded to find the nearest, if it is known what all look like
_LOOK_STEPS = 2.0  # coarser than for means of cells, since what items look like is known coarsely
_SIZE_BITS = 12.0  # for each doubling of a side, that an item is less like a picture


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
        store: if nothing is known of what its items look like, all of them are decoded once; else those that are likely
            to be of use.
        subsampling: "444" or "grey".
        looks: float32 (items, 24), what they look like (see `looks`); None if that is not known.
    """

    def __init__(self, store: ItemStore, subsampling: str, looks: FloatArray | None = None) -> None:
        self._store = store
        self._subsampling = subsampling
        self._looks = looks if looks is None or subsampling != "grey" else looks[:, :LUMA_MEANS]
        self._sizes = np.log2([store.size_of(number) for number in range(len(store))])
        self._means: dict[int, FloatArray] = {}
        self._groups = self._grouped(range(len(store))) if looks is None else []

    def _grouped(self, numbers: Iterable[int]) -> list[tuple[npt.NDArray[np.int64], FloatArray]]:
        """Return items by the shape of their means: their numbers and these means."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for number in numbers:
            if number not in self._means:
                self._means[number] = cell_means(self._planes(number))
            groups.setdefault(self._means[number].shape, []).append(number)
        return [(np.array(group), np.stack([self._means[number] for number in group])) for group in groups.values()]

    def _likely(self, planes: Planes, step: float, excluded: Collection[int]) -> list[int]:
        """Return the numbers of the _LIKELY items that look most like a picture; arguments as for `nearest`."""
        assert self._looks is not None
        distances = unlikeness(look_of(planes)[: self._looks.shape[1]], self._looks, _LOOK_STEPS * step)
        distances += _SIZE_BITS * np.abs(self._sizes - np.log2(planes.shape[1:])).sum(axis=1)
        distances[list(excluded)] = np.inf
        likely: list[int] = np.sort(np.argsort(distances, kind="stable")[:_LIKELY]).tolist()
        return likely

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
        groups = self._groups
        if self._looks is not None:
            groups = self._grouped(self._likely(planes, step, excluded))
        for numbers, means in groups:
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
