"""Search of a vector: whole samples by absolute differences, then halves and quarters by Hadamard differences."""

from __future__ import annotations

import numpy as np

from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.video.mc.layout import BORDER, REACH, VECTOR_MAX
from vqcodec.video.mc.motion.candidates import vector_bits
from vqcodec.video.mc.motion.interpolation import clamped_position

STARTS = 12
_BOUND = VECTOR_MAX - 16
_AROUND = np.array([[0, 1], [0, -1], [1, 0], [-1, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=np.int64)
_ROUNDS = 12  # most steps at one distance
_SPARSE_FROM = 32  # blocks from this size on are compared in every second row while the search is coarse


@inline_kernel
def absolute_difference(target, plane, v, u, size, stride):
    """Return the sum of absolute differences of `target` (int16 (64, 64)) and the block of `plane` at (v, u)."""
    total = np.int32(0)
    for i in range(0, size, stride):
        a, b = target[i, :size], plane[v + i, u : u + size]
        for j in range(size):
            total += np.int32(abs(np.int32(a[j]) - np.int32(b[j])))
    return total * stride


@inner_kernel
def hadamard_difference(target, plane, v, u, size, rows):
    """Return the sum of the absolute 4x4 Hadamard coefficients of the difference, a quarter each, in 1/16.

    Args:
        target: int16 (64, 64); the block to compare lies in its corner.
        plane: int16; the block of it at (v, u).
        rows: int32 (4, 64) scratch.
    """
    total = np.int32(0)
    r0, r1, r2, r3 = rows[0], rows[1], rows[2], rows[3]
    for top in range(0, size, 4):
        # first the differences, then their sums: with all arrays in one loop LLVM would have to tell too many apart
        for k in range(4):
            a, b, row = target[top + k], plane[v + top + k, u : u + size], rows[k]
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
                # |e + f| + |e - f| is twice the greater of |e| and |f|
                greater = max(np.int32(abs(e)), np.int32(abs(f))) + max(np.int32(abs(g)), np.int32(abs(h)))
                total = np.int32(total + greater)
    return total >> 1


@inline_kernel
def _place(phases, y, x, row, column):
    """Return (phase, top, left) of the block at (y, x) displaced by (row, column) quarters in the phases."""
    rows, columns = phases.shape[1] - 2 * BORDER, phases.shape[2] - 2 * BORDER
    top = clamped_position(y + (row >> 2), rows, REACH, BORDER)
    left = clamped_position(x + (column >> 2), columns, REACH, BORDER)
    return 4 * (row & 3) + (column & 3), top, left


@inner_kernel
def search_vector(
    phases, target, y, x, size, predictors, lengths, weight, scale, starts, count, reach, neighbours, rows, result
):
    """Find the vector that predicts `target` best for its bits.

    Args:
        phases: int16 (16, rows, columns), the padded reference in all phases.
        target: int16 (64, 64), the block at (y, x) of the frame, in the corner.
        weight: cost of a bit, in 1/16; scale: weight of differences.
        starts: int64 (STARTS, 2), vectors to start from, `count` of them.
        reach: first distance of the search around the best start, whole samples.
        neighbours: 4 or 8, tried around the best.
        rows: int32 (4, 64) scratch.
        result: int64 (2,), filled with row and column.

    Returns:
        The cost: Hadamard differences in 1/16 * scale + weight * bits.
    """
    best_row = best_column = np.int64(0)
    best = np.float32(1e30)
    stride = 2 if size >= _SPARSE_FROM else 1
    plane = phases[0]
    for number in range(count):
        row, column = (starts[number, 0] + 2) >> 2 << 2, (starts[number, 1] + 2) >> 2 << 2
        known = False
        for i in range(number):
            known = known or ((starts[i, 0] + 2) >> 2 << 2 == row and (starts[i, 1] + 2) >> 2 << 2 == column)
        if known:
            continue
        _, top, left = _place(phases, y, x, row, column)
        bits, _ = vector_bits(row, column, predictors, lengths)
        cost = scale * absolute_difference(target, plane, top, left, size, stride) + weight * bits
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
                _, top, left = _place(phases, y, x, row, column)
                bits, _ = vector_bits(row, column, predictors, lengths)
                cost = scale * absolute_difference(target, plane, top, left, size, stride) + weight * bits
                if cost < best:
                    best, best_row, best_column, improved = cost, row, column, True
            if not improved:
                break
        distance >>= 1
    _, top, left = _place(phases, y, x, best_row, best_column)
    bits, _ = vector_bits(best_row, best_column, predictors, lengths)
    best = scale * hadamard_difference(target, plane, top, left, size, rows) + weight * bits
    for number in range(count):
        row, column = starts[number, 0], starts[number, 1]
        near = abs(row - best_row) <= 8 and abs(column - best_column) <= 8
        if near and ((row | column) & 3) != 0:
            phase, top, left = _place(phases, y, x, row, column)
            bits, _ = vector_bits(row, column, predictors, lengths)
            cost = scale * hadamard_difference(target, phases[phase], top, left, size, rows) + weight * bits
            if cost < best:
                best, best_row, best_column = cost, row, column
    for part in range(2):
        distance = 2 >> part
        centre_row, centre_column = best_row, best_column
        for k in range(neighbours):
            row = centre_row + distance * _AROUND[k, 0]
            column = centre_column + distance * _AROUND[k, 1]
            phase, top, left = _place(phases, y, x, row, column)
            bits, _ = vector_bits(row, column, predictors, lengths)
            cost = scale * hadamard_difference(target, phases[phase], top, left, size, rows) + weight * bits
            if cost < best:
                best, best_row, best_column = cost, row, column
    result[0], result[1] = best_row, best_column
    return best


@inline_kernel
def _copy_phase(phases, y, x, row, column, size, prediction):
    phase, top, left = _place(phases, y, x, row, column)
    plane = phases[phase]
    for i in range(size):
        source, target = plane[top + i, left : left + size], prediction[i]
        for j in range(size):
            target[j] = source[j]


@inline_kernel
def _average_phase(phases, y, x, row, column, size, prediction):
    phase, top, left = _place(phases, y, x, row, column)
    plane = phases[phase]
    for i in range(size):
        source, target = plane[top + i, left : left + size], prediction[i]
        for j in range(size):
            target[j] = np.int32(np.int32(target[j]) + np.int32(source[j]) + np.int32(1)) >> 1


@inner_kernel
def predict_from_phases(phases, slots, y, x, size, motion, prediction):
    """Predict the luma block at (y, x) into `prediction` (int16 (64, 64)): what `predict_luma_motion` gives, quicker.

    Args:
        phases: int16 (SLOTS, 16, rows, columns).
        motion: int64 (MOTION,).
    """
    first, second = motion[0], motion[1]
    if first >= 0:
        _copy_phase(phases[slots[0, first]], y, x, motion[2], motion[3], size, prediction)
        if second >= 0:
            _average_phase(phases[slots[1, second]], y, x, motion[4], motion[5], size, prediction)
    else:
        _copy_phase(phases[slots[1, second]], y, x, motion[4], motion[5], size, prediction)
