"""Codewords in a tree of boxes, the data that the searches read.

Codewords and vectors are mapped to the plane (component along the main axis of the codebook, norm of the rest). The
map never lengthens a distance (by the Cauchy-Schwarz inequality for the second coordinate). So the distance to a box
in that plane is a lower bound of the distance to every codeword inside. For pictures the plane is "mean and
deviation", as in the equal-average equal-variance elimination of Baek, Jeon and Sung 1997, "A fast encoding
algorithm for vector quantization".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, kernel
from vqcodec.vq._bounds import box_threshold

FloatArray = npt.NDArray[np.float32]

LANES = 16  # codewords in a leaf, and elements of the vectors that kernels compute with
_ABSENT_COST = 1e37
_ABSENT_BOX = np.float32(1e18)  # its square is beyond any threshold, and within float32
_AXIS_SAMPLE = 4096  # codewords
_AXIS_ITERATIONS = 64  # at most
_AXIS_TOLERANCE = 1e-4


class BoxTree(NamedTuple):
    """Codewords in leaves of 16, as the kernels read them.

    Attributes:
        axis: float32 (dimension,), unit vector along which the codewords vary most.
        leaves: float32 (n_leaves, dimension, 16), the codewords less the offset.
        half_costs: float32 (n_leaves, 16), (|c|^2 + penalty) / 2; very large where there is no codeword.
        originals: float32 (n_leaves, dimension, 16), the codewords as they are.
        penalties: float64 (n_leaves, 16), theirs; infinite where there is no codeword.
        numbers: int32 (n_leaves, 16), the codewords' indices, rising within a leaf.
        places: int32 (size,), where each codeword stands: 16 leaf + lane.
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


@allocating_kernel
def _find_axis(moved, axis):
    """Write the main axis of `moved`, float32 (n, dimension), as a float64 unit vector; return its share of variance.

    The power method on the scatter matrix, until the share hardly grows: any unit vector makes a valid plane, and where
    the method converges slowly, other axes are as good. LAPACK would wake its threads for this, and wait for them.
    """
    dimension = moved.shape[1]
    scatter = np.zeros((dimension, dimension))
    for i in range(moved.shape[0]):
        for a in range(dimension):
            for b in range(dimension):
                scatter[a, b] += np.float64(moved[i, a]) * np.float64(moved[i, b])
    widest = 0
    total = 0.0
    for a in range(dimension):
        total += scatter[a, a]
        if scatter[a, a] > scatter[widest, widest]:
            widest = a
    axis[:] = 0.0
    axis[widest] = 1.0
    if not total > 0.0:
        return 0.0
    for a in range(dimension):
        for b in range(dimension):
            scatter[a, b] /= total
    image = np.empty(dimension)
    share = 0.0
    for _ in range(_AXIS_ITERATIONS):
        image[:] = 0.0
        for a in range(dimension):
            for b in range(dimension):
                image[b] += axis[a] * scatter[a, b]
        squared = 0.0
        for a in range(dimension):
            squared += image[a] * image[a]
        before, share = share, np.sqrt(squared)
        for a in range(dimension):
            axis[a] = image[a] / share
        if share - before <= _AXIS_TOLERANCE * share:
            break
    return share


@kernel
def _map_to_plane(moved, axis, points):
    """Write where `moved`, float32 (n, dimension), lie in the plane: along `axis` (float32), and norm of the rest."""
    for i in range(moved.shape[0]):
        along = 0.0
        for d in range(moved.shape[1]):
            along += np.float64(moved[i, d]) * np.float64(axis[d])
        across = 0.0
        for d in range(moved.shape[1]):
            rest = np.float64(moved[i, d]) - along * np.float64(axis[d])
            across += rest * rest
        points[i, 0] = along
        points[i, 1] = np.sqrt(across)


def main_axis(moved: FloatArray) -> tuple[FloatArray, float]:
    """The main axis of codewords, of which a sample suffices.

    Args:
        moved: float32 (size, dimension), the codewords less the offset.

    Returns:
        A unit vector, float32 (dimension,), along which they vary most, and its share of all variance, 0..1.
    """
    axis = np.empty(moved.shape[1])
    share = _find_axis(np.ascontiguousarray(moved[:: -(-len(moved) // _AXIS_SAMPLE)]), axis)
    return axis.astype(np.float32), share


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
    points = np.empty((size, 2))
    _map_to_plane(moved, axis, points)
    groups = -(-size // LANES**2)
    groups += -groups % LANES
    leaves = groups * LANES
    order = _order_by_boxes(points)
    numbers = np.full(leaves * LANES, -1, np.int64)
    numbers[:size] = order
    members = numbers.reshape(leaves, LANES)
    squared_norms = np.square(moved, dtype=np.float64).sum(axis=1)
    half_costs = 0.5 * (squared_norms + penalties)
    places = np.empty(size, np.int32)
    places[order] = np.arange(size)
    return BoxTree(
        axis,
        _in_leaves(moved, order, leaves, 0.0),
        _in_leaves(half_costs.astype(np.float32), order, leaves, _ABSENT_COST),
        _in_leaves(codewords, order, leaves, 0.0),
        _in_leaves(penalties, order, leaves, np.inf),
        np.maximum(members, 0).astype(np.int32),
        places,
        _boxes_of(points, penalties, members),
        _boxes_of(points, penalties, numbers.reshape(groups, LANES**2)),
        box_threshold(dimension, float(np.sqrt(squared_norms.max())), float(half_costs.max())),
    )


def _in_leaves(values: npt.NDArray, order: npt.NDArray[np.int64], leaves: int, absent: float) -> npt.NDArray:
    """`values` (size, ...) of the codewords in this order, in leaves of 16 along the last axis; then `absent`."""
    shape = (leaves, *values.shape[1:], LANES)
    laid_out = np.full(shape, absent, values.dtype) if absent else np.zeros(shape, values.dtype)  # zeros cost nothing
    places = np.arange(len(order))
    laid_out[places // LANES, ..., places % LANES] = values[order]
    return laid_out


def _order_by_boxes(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Indices of `points` (n, 2) in an order where runs of 16 (and of 16 runs) lie in small boxes: a k-d tree's leaves.

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
