"""The encoder's choice of the items that a picture is predicted from.

A descriptor, means of cells of 8x8 samples, finds the nearest items. Then the error of each block of 8x8 samples is
measured for small displacements, and items are taken one by one while they save bits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import MAX_REFERENCES
from vqcodec.image.transform.memory.store import ItemStore

CELL = 8
_NEAREST = 16  # items whose errors are measured
_REACH = 2  # samples that blocks are displaced by, at most
_INTRA_SHARE = 0.35  # of the variance within a block: what is left of it after prediction from neighbours, about
_FEWEST_BITS = 24.0  # that an item must save
_FEWEST_SHARE = 0.03  # likewise, of the bits without memory
_CHROMA_WEIGHT = 1.0

Plane = npt.NDArray[np.int16]
Means = tuple[npt.NDArray[np.float32], ...]


def cell_means(planes: Sequence[Plane]) -> Means:
    """Return the means of the cells of planes of one size, float32 (rows, columns), in samples."""
    means = []
    for plane in planes:
        extra = ((0, -plane.shape[0] % CELL), (0, -plane.shape[1] % CELL))
        whole = np.pad(plane, extra, mode="edge").astype(np.float32) / np.float32(16)
        means.append(whole.reshape(whole.shape[0] // CELL, CELL, -1, CELL).mean(axis=(1, 3)))
    return tuple(means)


class ItemChooser:
    """Chooses items of a store for pictures of one subsampling.

    Args:
        store: all of its items are decoded once.
        subsampling: "444" or "grey".
    """

    def __init__(self, store: ItemStore, subsampling: str) -> None:
        self._store = store
        self._subsampling = subsampling
        self._means = [cell_means(store[number].planes_for(subsampling)) for number in range(len(store))]

    def nearest(self, planes: Sequence[Plane], count: int, excluded: Collection[int] = ()) -> list[int]:
        """Return the numbers of the `count` items nearest to a picture, the nearest first.

        Args:
            planes: of the picture, chroma at full size; int16 in 1/16.
            excluded: numbers that are left out.
        """
        means = cell_means(planes)
        distances = np.array([_distance(means, others) for others in self._means])
        distances[list(excluded)] = np.inf
        order = np.argsort(distances, kind="stable")[:count]
        return [int(number) for number in order if np.isfinite(distances[number])]

    def choose(self, planes: Sequence[Plane], step: float, excluded: Collection[int] = ()) -> list[int]:
        """Return the numbers of the items that are worth predicting from, the best first; none if none is.

        Args:
            planes: of the picture, as for `nearest`.
            step: quantizer step, in samples.
            excluded: numbers that are left out.
        """
        near = self.nearest(planes, _NEAREST, excluded)
        if not near:
            return []
        alone = block_bits(_INTRA_SHARE * block_variances(planes), step, len(planes))
        bits = [
            block_bits(block_errors(planes, self._store[number].planes_for(self._subsampling)), step, len(planes))
            for number in near
        ]
        return greedy_choice(alone, bits, near)


def greedy_choice(
    alone: npt.NDArray[np.float64], bits: Sequence[npt.NDArray[np.float64]], numbers: Sequence[int]
) -> list[int]:
    """Return up to MAX_REFERENCES of `numbers`: one by one what saves most bits beside those before.

    Args:
        alone: bits of each block without memory.
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


def block_bits(errors: npt.NDArray[np.float64], step: float, planes: int) -> npt.NDArray[np.float64]:
    """Return about the bits of the residual of blocks whose squared error, over all planes, is `errors`."""
    samples = CELL * CELL * planes
    return 0.5 * samples * np.log2(1 + errors / (samples * step * step / 6))


def block_variances(planes: Sequence[Plane]) -> npt.NDArray[np.float64]:
    """Return the sum of the squared differences from the block's mean, by block, over all planes."""
    total: npt.NDArray[np.float64] = np.zeros(())
    for plane in planes:
        cells = _cells(plane)
        total = total + ((cells - cells.mean(axis=(1, 3), keepdims=True)) ** 2).sum(axis=(1, 3), dtype=np.float64)
    return total


def block_errors(planes: Sequence[Plane], item: Sequence[Plane]) -> npt.NDArray[np.float64]:
    """Return the least squared error of each block, over all planes, from an item displaced by up to _REACH samples."""
    height, width = planes[0].shape
    best: npt.NDArray[np.float64] | None = None
    padded = [_fitted(plane, height + 2 * _REACH, width + 2 * _REACH) for plane in item]
    for down in range(2 * _REACH + 1):
        for across in range(2 * _REACH + 1):
            total: npt.NDArray[np.float64] = np.zeros(())
            for plane, other in zip(planes, padded):
                moved = other[down : down + height, across : across + width]
                total = total + (_cells(plane - moved) ** 2).sum(axis=(1, 3), dtype=np.float64)
            best = total if best is None else np.minimum(best, total)
    assert best is not None  # there is a displacement
    return best


def _fitted(plane: Plane, height: int, width: int) -> Plane:
    """Return a plane with _REACH samples added before it, cut or repeated to a size."""
    rows = np.clip(np.arange(height) - _REACH, 0, plane.shape[0] - 1)
    columns = np.clip(np.arange(width) - _REACH, 0, plane.shape[1] - 1)
    return plane[np.ix_(rows, columns)]


def _cells(plane: Plane) -> npt.NDArray[np.float32]:
    """Return the cells of a plane in samples, float32 (rows, CELL, columns, CELL); missing samples are repeated."""
    extra = ((0, -plane.shape[0] % CELL), (0, -plane.shape[1] % CELL))
    whole = np.pad(plane, extra, mode="edge").astype(np.float32) / np.float32(16)
    return whole.reshape(whole.shape[0] // CELL, CELL, -1, CELL)


def _distance(means: Means, others: Means) -> float:
    """Return the mean squared difference of two descriptors; the second one is repeated or cut to the first's size."""
    total = 0.0
    for mine, theirs in zip(means, others):
        if theirs.shape != mine.shape:
            rows = np.minimum(np.arange(mine.shape[0]), theirs.shape[0] - 1)
            columns = np.minimum(np.arange(mine.shape[1]), theirs.shape[1] - 1)
            theirs = theirs[np.ix_(rows, columns)]
        total += float(np.mean((mine - theirs) ** 2))
    return total
