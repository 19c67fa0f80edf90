"""Codewords in a tree of boxes, the data that the search by elimination reads.

Codewords and vectors are mapped to the plane (component along the main axis of the codebook, norm of the rest). The
map never lengthens a distance (by the Cauchy-Schwarz inequality for the second coordinate), so the distance to a
box in that plane bounds from below the distance to every codeword inside. For pictures the plane is "mean and
deviation", as in the equal-average equal-variance elimination of Baek, Jeon and Sung 1997, "A fast encoding
algorithm for vector quantization".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vqcodec.vq._bounds import box_threshold
from vqcodec.vq._simd import LANES

FloatArray = npt.NDArray[np.float32]

_ABSENT_COST = np.float32(1e37)
_ABSENT_BOX = np.float32(1e18)  # its square is beyond any threshold, and within float32


@dataclass(frozen=True)
class BoxTree:
    """Codewords in leaves of 16, as the kernel reads them.

    Attributes:
        axis: float32 (dimension,), unit vector along which the codewords vary most.
        leaves: float32 (n_leaves, dimension, 16), the codewords less the offset.
        half_costs: float32 (n_leaves, 16), (|c|^2 + penalty) / 2; very large where there is no codeword.
        numbers: int32 (n_leaves, 16), the codewords' indices.
        places: int32 (size,), the leaf of each codeword.
        leaf_boxes: float32 (5, n_leaves): low and high of the first coordinate, of the second, least penalty.
        group_boxes: float32 (5, n_groups), the same for each 16 leaves; n_leaves = 16 n_groups, n_groups a multiple
            of 16, filled with boxes that are too far for anything.
        threshold: float32 (3,), see `_bounds.box_threshold`.
    """

    axis: FloatArray
    leaves: FloatArray
    half_costs: FloatArray
    numbers: npt.NDArray[np.int32]
    places: npt.NDArray[np.int32]
    leaf_boxes: FloatArray
    group_boxes: FloatArray
    threshold: FloatArray


def main_axis(moved: FloatArray) -> tuple[FloatArray, float]:
    """The unit vector, float32 (dimension,), along which `moved` (size, dimension) varies most; its share of all
    variance, 0..1."""
    wide = moved.astype(np.float64)
    variances, axes = np.linalg.eigh(wide.T @ wide)
    total = float(variances.sum())
    return axes[:, -1].astype(np.float32), float(variances[-1]) / total if total > 0 else 0.0


def build_tree(moved: FloatArray, axis: FloatArray, penalties: npt.NDArray[np.float64]) -> BoxTree:
    """The tree of some codewords.

    Args:
        moved: float32 (size, dimension), the codewords less the offset.
        axis: float32 (dimension,), their main axis.
        penalties: float64 (size,).
    """
    size, dimension = moved.shape
    wide = moved.astype(np.float64)
    along = wide @ axis
    across = np.sqrt(np.square(wide - np.outer(along, axis)).sum(axis=1))
    points = np.stack([along, across], axis=1)
    groups = -(-size // LANES**2)
    groups += -groups % LANES
    leaves = groups * LANES
    numbers = np.full(leaves * LANES, -1, np.int64)
    numbers[:size] = _order_by_boxes(points)
    used = numbers >= 0
    squared_norms = np.square(wide).sum(axis=1)
    half_costs = np.full(leaves * LANES, _ABSENT_COST)
    half_costs[used] = 0.5 * (squared_norms + penalties)[numbers[used]]
    codewords = np.zeros((leaves * LANES, dimension), np.float32)
    codewords[used] = moved[numbers[used]]
    places = np.empty(size, np.int32)
    places[numbers[used]] = np.flatnonzero(used) // LANES
    leaf_boxes = _boxes_of(points, penalties, numbers.reshape(leaves, LANES))
    return BoxTree(
        axis,
        np.ascontiguousarray(codewords.reshape(leaves, LANES, dimension).swapaxes(1, 2)),
        half_costs.reshape(leaves, LANES),
        np.maximum(numbers, 0).astype(np.int32).reshape(leaves, LANES),
        places,
        leaf_boxes,
        _boxes_of(points, penalties, numbers.reshape(groups, LANES**2)),
        box_threshold(dimension, float(np.sqrt(squared_norms.max())), float(half_costs[used].max())),
    )


def _order_by_boxes(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Indices of `points` (n, 2) such that runs of 16 (and of 16 runs) lie in small boxes: a k-d tree's leaves.

    Each run is halved across its wider axis, at a power of two of leaves, so that 16 leaves have a parent.
    """
    order = np.arange(len(points))
    pending = [(0, len(points))]
    while pending:
        start, stop = pending.pop()
        leaves = -(-(stop - start) // LANES)
        if leaves <= 1:
            continue
        run = order[start:stop]
        keys = points[run, points[run].var(axis=0).argmax()]
        middle = LANES << (leaves - 1).bit_length() - 1
        order[start:stop] = run[np.argpartition(keys, middle)]
        pending += [(start, start + middle), (start + middle, stop)]
    return order


def _boxes_of(
    points: npt.NDArray[np.float64], penalties: npt.NDArray[np.float64], members: npt.NDArray[np.int64]
) -> FloatArray:
    """Bounds (5, n) of the points whose numbers stand in each row of `members`; -1 stands for no point."""
    present = members >= 0
    rows = np.empty((5, len(members)))
    for axis in range(2):
        coordinates = points[members, axis]
        rows[2 * axis] = np.where(present, coordinates, np.inf).min(axis=1)
        rows[2 * axis + 1] = np.where(present, coordinates, -np.inf).max(axis=1)
    rows[4] = np.where(present, penalties[members], np.inf).min(axis=1)
    rows[:, ~present.any(axis=1)] = _ABSENT_BOX
    return rows.astype(np.float32)
