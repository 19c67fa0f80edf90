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
        originals: float32 (n_leaves, dimension, 16), the codewords as they are.
        penalties: float64 (n_leaves, 16), theirs; infinite where there is no codeword.
        numbers: int32 (n_leaves, 16), the codewords' indices, rising within a leaf.
        places: int32 (size,), the leaf of each codeword.
        leaf_boxes: float32 (5, n_leaves): low and high of the first coordinate, of the second, least penalty.
        group_boxes: float32 (5, n_groups), the same for each 16 leaves; n_leaves = 16 n_groups, n_groups a multiple
            of 16, filled with boxes that are too far for anything.
        threshold: float32 (3,), see `_bounds.box_threshold`.
    """

    axis: FloatArray
    leaves: FloatArray
    half_costs: FloatArray
    originals: FloatArray
    penalties: npt.NDArray[np.float64]
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


def build_tree(
    codewords: FloatArray, offset: FloatArray, axis: FloatArray, penalties: npt.NDArray[np.float64]
) -> BoxTree:
    """The tree of some codewords.

    Args:
        codewords: float32 (size, dimension).
        offset: float32 (dimension,), subtracted from codewords (and vectors) to keep the scores' errors small.
        axis: float32 (dimension,), the main axis of the codewords less the offset.
        penalties: float64 (size,).
    """
    size, dimension = codewords.shape
    moved = codewords - offset
    wide = moved.astype(np.float64)
    along = wide @ axis
    across = np.sqrt(np.square(wide - np.outer(along, axis)).sum(axis=1))
    points = np.stack([along, across], axis=1)
    groups = -(-size // LANES**2)
    groups += -groups % LANES
    leaves = groups * LANES
    numbers = np.full(leaves * LANES, -1, np.int64)
    numbers[:size] = _order_by_boxes(points)
    members = numbers.reshape(leaves, LANES)
    squared_norms = np.square(wide).sum(axis=1)
    half_costs = 0.5 * (squared_norms + penalties)
    places = np.empty(size, np.int32)
    places[numbers[:size]] = np.arange(size) // LANES
    return BoxTree(
        axis,
        _in_leaves(moved, members, np.float32(0.0)),
        _in_leaves(half_costs.astype(np.float32), members, _ABSENT_COST),
        _in_leaves(codewords, members, np.float32(0.0)),
        _in_leaves(penalties, members, np.inf),
        np.maximum(members, 0).astype(np.int32),
        places,
        _boxes_of(points, penalties, members),
        _boxes_of(points, penalties, numbers.reshape(groups, LANES**2)),
        box_threshold(dimension, float(np.sqrt(squared_norms.max())), float(half_costs.max())),
    )


def _in_leaves(values: npt.NDArray, members: npt.NDArray[np.int64], absent: np.floating | float) -> npt.NDArray:
    """`values` (size, ...) of each leaf's members, the codewords being the last axis; `absent` where there is none."""
    laid_out = values[members]
    laid_out[members < 0] = absent
    return np.ascontiguousarray(np.moveaxis(laid_out, 1, -1))


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
            order[start:stop].sort()
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
