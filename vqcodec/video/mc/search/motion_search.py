"""Search of a vector: in whole samples by absolute differences, then in halves and quarters by Hadamard differences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.search.quantization import HUGE_LEAF_COST
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.video.mc.layout import BORDER, REACH, VECTOR_MAX
from vqcodec.video.mc.motion.candidates import vector_bits
from vqcodec.video.mc.motion.interpolation import clamped_position

STARTS = 17
_BOUND = VECTOR_MAX - 16
_AROUND = np.array([[0, 1], [0, -1], [1, 0], [-1, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=np.int64)
_ROUNDS = 12  # most steps at one distance
_SPARSE_FROM = 32  # the coarse search compares every second row only of blocks of this size or larger


@inline_kernel
def absolute_difference(target, plane, top, left, size, stride):
    """Return the sum of absolute differences between a block and the block of `plane` at (top, left).

    Args:
        target: int16 (64, 64); the block lies in its corner.
        plane: int16.
        stride: 1 to compare all rows, 2 to compare every second row; the sum is multiplied by it.
    """
    total = np.int32(0)
    for i in range(0, size, stride):
        a, b = target[i, :size], plane[top + i, left : left + size]
        for j in range(size):
            total += np.int32(abs(np.int32(a[j]) - np.int32(b[j])))
    return total * stride


@inner_kernel
def hadamard_difference(target, plane, top, left, size, rows):
    """Return a quarter of the sum of the absolute 4x4 Hadamard coefficients of a difference, in 1/16.

    Args:
        target: int16 (64, 64); the block lies in its corner.
        plane: int16; it is compared with the block at (top, left) of this plane.
        size: of the block, in samples.
        rows: int32 (4, 64) scratch.
    """
    total = np.int32(0)
    r0, r1, r2, r3 = rows[0], rows[1], rows[2], rows[3]
    for first in range(0, size, 4):
        # Differences and sums are separate loops: LLVM vectorises a loop only if it needs few overlap checks
        for k in range(4):
            a, b, row = target[first + k], plane[top + first + k, left : left + size], rows[k]
            for j in range(size):
                row[j] = np.int32(a[j]) - np.int32(b[j])
        for j in range(size):
            upper, above = r0[j] + r1[j], r0[j] - r1[j]
            lower, below = r2[j] + r3[j], r2[j] - r3[j]
            r0[j], r1[j], r2[j], r3[j] = upper + lower, above + below, upper - lower, above - below
        for k in range(4):
            row = rows[k]
            for j in range(0, size, 4):
                e, f = np.int32(row[j] + row[j + 2]), np.int32(row[j + 1] + row[j + 3])
                g, h = np.int32(row[j] - row[j + 2]), np.int32(row[j + 1] - row[j + 3])
                # |e + f| + |e - f| is twice the larger of |e| and |f|
                greater = max(np.int32(abs(e)), np.int32(abs(f))) + max(np.int32(abs(g)), np.int32(abs(h)))
                total = np.int32(total + greater)
    return total >> 1


class VectorCosts(NamedTuple):
    """What a vector costs, as the search weighs it.

    Attributes:
        predictors: int64 (2, 2), (row, column) of both predictors.
        lengths: uint8 (VECTOR_SYMBOLS,), code lengths in the vector's context.
        bit: cost of a bit, float32, in 1/16 of samples.
        difference: weight of the differences, float32.
    """

    predictors: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.uint8]
    bit: np.float32
    difference: np.float32


@inline_kernel
def _place(phases, y, x, row, column):
    """Return (phase, top, left) of the block at (y, x), displaced by (row, column) quarters, in the padded phases."""
    rows, columns = phases.shape[1] - 2 * BORDER, phases.shape[2] - 2 * BORDER
    top = clamped_position(y + (row >> 2), rows, REACH, BORDER)
    left = clamped_position(x + (column >> 2), columns, REACH, BORDER)
    return 4 * (row & 3) + (column & 3), top, left


@inline_kernel
def _coarse_cost(phases, target, y, x, size, row, column, costs):
    """Return the cost of a vector in whole samples, by absolute differences."""
    _, top, left = _place(phases, y, x, row, column)
    bits, _ = vector_bits(row, column, costs.predictors, costs.lengths)
    stride = 2 if size >= _SPARSE_FROM else 1
    return costs.difference * absolute_difference(target, phases[0], top, left, size, stride) + costs.bit * bits


@inline_kernel
def _fine_cost(phases, target, y, x, size, row, column, costs, rows):
    """Return the cost of a vector, by Hadamard differences."""
    phase, top, left = _place(phases, y, x, row, column)
    bits, _ = vector_bits(row, column, costs.predictors, costs.lengths)
    return costs.difference * hadamard_difference(target, phases[phase], top, left, size, rows) + costs.bit * bits


@inline_kernel
def _whole(component):
    """Return a component of a vector, rounded to whole samples, in quarters."""
    return (component + 2) >> 2 << 2


@inner_kernel
def search_vector(phases, target, y, x, size, costs, count, reach, neighbours, scratch):
    """Find the vector that predicts a block best for its bits.

    Args:
        phases: int16 (PHASES, rows, columns), the padded reference in all phases.
        target: int16 (64, 64), the block at (y, x) of the frame, in the corner.
        size: of the block, in samples.
        costs: VectorCosts.
        count: number of vectors in `scratch.starts` to start from.
        reach: first distance of the search around the best start, in whole samples.
        neighbours: 4 or 8 vectors are tried around the best one.
        scratch: record of BLOCK_SEARCH_SCRATCH.

    Returns:
        (cost, row, column) of the best vector, in quarters. The cost is float32: Hadamard differences in 1/16 *
        `costs.difference` + bits * `costs.bit`.
    """
    best_row = best_column = np.int64(0)
    best = HUGE_LEAF_COST
    starts, rows = scratch.starts, scratch.rows
    for number in range(count):
        row, column = _whole(starts[number, 0]), _whole(starts[number, 1])
        known = False
        for i in range(number):
            known = known or (_whole(starts[i, 0]) == row and _whole(starts[i, 1]) == column)
        if known:
            continue
        cost = _coarse_cost(phases, target, y, x, size, row, column, costs)
        if cost < best:
            best, best_row, best_column = cost, row, column
    distance = reach
    while distance >= 1:
        for _round in range(_ROUNDS):
            centre_row, centre_column, improved = best_row, best_column, False
            for k in range(neighbours):
                row = centre_row + 4 * distance * _AROUND[k, 0]
                column = centre_column + 4 * distance * _AROUND[k, 1]
                if abs(row) > _BOUND or abs(column) > _BOUND:
                    continue
                cost = _coarse_cost(phases, target, y, x, size, row, column, costs)
                if cost < best:
                    best, best_row, best_column, improved = cost, row, column, True
            if not improved:
                break
        distance >>= 1
    best = _fine_cost(phases, target, y, x, size, best_row, best_column, costs, rows)
    for number in range(count):
        row, column = starts[number, 0], starts[number, 1]
        near = abs(row - best_row) <= 8 and abs(column - best_column) <= 8
        if near and ((row | column) & 3) != 0:
            cost = _fine_cost(phases, target, y, x, size, row, column, costs, rows)
            if cost < best:
                best, best_row, best_column = cost, row, column
    for part in range(2):
        distance = 2 >> part
        centre_row, centre_column = best_row, best_column
        for k in range(neighbours):
            row = centre_row + distance * _AROUND[k, 0]
            column = centre_column + distance * _AROUND[k, 1]
            cost = _fine_cost(phases, target, y, x, size, row, column, costs, rows)
            if cost < best:
                best, best_row, best_column = cost, row, column
    return best, best_row, best_column


@inline_kernel
def _copy_phase(phases, y, x, row, column, size, prediction):
    """Fill `prediction` with the block at (y, x), displaced by the vector (row, column)."""
    phase, top, left = _place(phases, y, x, row, column)
    plane = phases[phase]
    for i in range(size):
        source, target = plane[top + i, left : left + size], prediction[i]
        for j in range(size):
            target[j] = source[j]


@inline_kernel
def _average_phase(phases, y, x, row, column, size, prediction):
    """Replace `prediction` by its mean with the block at (y, x), displaced by the vector (row, column)."""
    phase, top, left = _place(phases, y, x, row, column)
    plane = phases[phase]
    for i in range(size):
        source, target = plane[top + i, left : left + size], prediction[i]
        for j in range(size):
            target[j] = np.int32(np.int32(target[j]) + np.int32(source[j]) + np.int32(1)) >> 1


@inner_kernel
def predict_from_phases(phases, slots, y, x, size, motion, prediction):
    """Predict the luma block at (y, x); the result is that of `predict_luma_motion`, and faster.

    Args:
        phases: int16 (SLOTS, PHASES, rows, columns), the padded references in all phases.
        slots: int64 (LISTS, ENTRIES), of the references.
        motion: int64 (MOTION,).
        prediction: int16 (64, 64), filled in its corner, in 1/16.
    """
    first, second = motion[0], motion[1]
    if first >= 0:
        _copy_phase(phases[slots[0, first]], y, x, motion[2], motion[3], size, prediction)
        if second >= 0:
            _average_phase(phases[slots[1, second]], y, x, motion[4], motion[5], size, prediction)
    else:
        _copy_phase(phases[slots[1, second]], y, x, motion[4], motion[5], size, prediction)
