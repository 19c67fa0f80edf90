"""Motion known from the surroundings: candidates that a block can take over, and predictors of a vector.

As in HEVC, they come from neighbours in space, from the same place in a frame coded before, from combinations of
these, and last from zero vectors.

Source: Helle et al. 2012, "Block merging for quadtree-based partitioning in HEVC"; Lin et al. 2013, "Motion vector
coding in the HEVC standard".
"""

from __future__ import annotations

import numpy as np

from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.video.mc.contexts import CANDIDATES, VECTOR_CLASSES, is_decoded, vector_class
from vqcodec.video.mc.layout import (
    COLOCATED_TIME,
    FIRST_COUNT,
    FIRST_REFERENCE,
    FIRST_ROW,
    GRID_LOG,
    INTRA,
    KIND,
    MOTION,
    SECOND_COUNT,
    TIME,
    VECTOR_MAX,
)

_SPATIAL = 4  # candidates from neighbours in space, at most


@inline_kernel
def scaled(value, wanted, given):
    """Return a component of a vector, scaled from the distance in time `given` to the distance `wanted`.

    The result is rounded, and its magnitude is at most VECTOR_MAX if it had to be scaled.
    """
    if wanted == given or given == 0:
        return value
    product = value * wanted
    magnitude = (2 * abs(product) + abs(given)) // (2 * abs(given))
    magnitude = min(magnitude, VECTOR_MAX)
    return magnitude if (product >= 0) == (given > 0) else -magnitude


@inline_kernel
def has_motion(motion, y, x):
    """Return whether there is a decoded block with motion at (y, x), in samples."""
    return is_decoded(motion, y, x) and motion[KIND, y >> GRID_LOG, x >> GRID_LOG] != INTRA


@inner_kernel
def temporal_vector(frame, y, x, size, time, vector):
    """Fill `vector` for a reference at `time` from the motion of the frame `colocated`.

    The motion comes from the unit below and to the right of the block, or else from the unit at its middle. If that
    has two vectors, the one that points to the same side in time as `time` is taken.

    Args:
        y, x, size: of the block, in samples.
        vector: int64 (2,), filled with row and column.

    Returns:
        Whether a vector was found.
    """
    colocated = frame.colocated
    here, there = frame.numbers[TIME], frame.numbers[COLOCATED_TIME]
    for trial in range(2):
        reach = size if trial == 0 else size >> 1
        if not has_motion(colocated, y + reach, x + reach):
            continue
        grid_row, grid_column = (y + reach) >> GRID_LOG, (x + reach) >> GRID_LOG
        chosen = -1
        for side in range(2):
            entry = np.int64(colocated[FIRST_REFERENCE + side, grid_row, grid_column])
            if entry < 0:
                continue
            if chosen < 0 or (frame.colocated_times[side, entry] - there) * (time - here) > 0:
                chosen = side
        if chosen < 0:
            continue
        entry = np.int64(colocated[FIRST_REFERENCE + chosen, grid_row, grid_column])
        given = there - frame.colocated_times[chosen, entry]
        for k in range(2):
            component = np.int64(colocated[FIRST_ROW + 2 * chosen + k, grid_row, grid_column])
            vector[k] = scaled(component, here - time, given)
        return True
    return False


@inline_kernel
def same_motion(a, b):
    """Return whether two motions (MOTION numbers each) are equal."""
    same = True
    for k in range(MOTION):
        same = same and a[k] == b[k]
    return same


@inline_kernel
def _add_neighbour(frame, y, x, candidates, count):
    """Append the motion of the block at (y, x) if it has one that is not listed yet; return the new count."""
    motion = frame.motion
    if not has_motion(motion, y, x):
        return count
    for k in range(MOTION):
        candidates[count, k] = motion[FIRST_REFERENCE + k, y >> GRID_LOG, x >> GRID_LOG]
    for i in range(count):
        if same_motion(candidates[i], candidates[count]):
            return count
    return count + 1


@inner_kernel
def list_candidates(frame, y, x, size, vector, candidates):
    """Fill `candidates` with the motions that a block can take over.

    Args:
        y, x, size: of the block, in samples.
        vector: int64 (2,) scratch.
        candidates: int64 (CANDIDATES + 1, MOTION); the last row is scratch.

    Returns:
        The number of candidates from the surroundings. Those after them are combinations and zero vectors.
    """
    count = 0
    for trial in range(5):
        if count == _SPATIAL:
            break
        near_y = y + size - 1 if trial == 0 else (y + size if trial == 3 else y - 1)
        near_x = x + size - 1 if trial == 1 else (x + size if trial == 2 else x - 1)
        count = _add_neighbour(frame, near_y, near_x, candidates, count)
    if temporal_vector(frame, y, x, size, frame.times[0, 0], vector):
        candidates[count, 0], candidates[count, 1] = 0, 0
        candidates[count, 2], candidates[count, 3] = vector[0], vector[1]
        temporal_vector(frame, y, x, size, frame.times[1, 0], vector)
        candidates[count, 4], candidates[count, 5] = vector[0], vector[1]
        count += 1
    known = count
    for i in range(known):
        for j in range(known):
            a, b = candidates[i], candidates[j]
            if i == j or count >= CANDIDATES or a[0] < 0 or b[1] < 0:
                continue
            if frame.times[0, a[0]] == frame.times[1, b[1]] and a[2] == b[4] and a[3] == b[5]:
                continue
            candidates[count, 0], candidates[count, 2], candidates[count, 3] = a[0], a[2], a[3]
            candidates[count, 1], candidates[count, 4], candidates[count, 5] = b[1], b[4], b[5]
            count += 1
    for number in range(CANDIDATES - count):
        rest = candidates[count + number]
        rest[0] = min(number, frame.numbers[FIRST_COUNT] - 1)
        rest[1] = min(number, frame.numbers[SECOND_COUNT] - 1)
        for k in range(2, MOTION):
            rest[k] = 0
    return known


@inner_kernel
def _neighbour_vector(frame, y, x, side, time, exact, vector):
    """Fill `vector` from the block at (y, x) for a reference at `time`; list `side` is looked at first.

    If `exact`, only a vector to the frame at `time` is taken. Otherwise any vector is taken and scaled.

    Returns:
        Whether a vector was found.
    """
    motion = frame.motion
    if not has_motion(motion, y, x):
        return False
    grid_row, grid_column = y >> GRID_LOG, x >> GRID_LOG
    here = frame.numbers[TIME]
    for trial in range(2):
        other = side if trial == 0 else 1 - side
        entry = np.int64(motion[FIRST_REFERENCE + other, grid_row, grid_column])
        if entry < 0:
            continue
        target = frame.times[other, entry]
        if exact and target != time:
            continue
        for k in range(2):
            component = np.int64(motion[FIRST_ROW + 2 * other + k, grid_row, grid_column])
            vector[k] = scaled(component, here - time, here - target)
        return True
    return False


@inner_kernel
def list_predictors(frame, y, x, size, side, entry, vector, predictors):
    """Fill `predictors` for a vector to reference `entry` of list `side`.

    The first predictor comes from the blocks below to the left, the second from the blocks above. In each group an
    unscaled vector is preferred to a scaled one. If one of them is missing, or both are equal, the same place in the
    frame `colocated` is used, and then zero vectors.

    Args:
        y, x, size: of the block, in samples.
        vector: int64 (2,) scratch.
        predictors: int64 (2, 2), filled with (row, column) of both.
    """
    time = frame.times[side, entry]
    count = 0
    for group in range(2):
        found = False
        for exact in range(1, -1, -1):
            for trial in range(2 + group):
                if found:
                    break
                if group == 0:
                    near_y, near_x = y + size - trial, x - 1
                else:
                    near_y = y - 1
                    near_x = x + size - trial if trial < 2 else x - 1
                found = _neighbour_vector(frame, near_y, near_x, side, time, exact == 1, vector)
        if found and (count == 0 or vector[0] != predictors[0, 0] or vector[1] != predictors[0, 1]):
            predictors[count, 0], predictors[count, 1] = vector[0], vector[1]
            count += 1
    if (
        count < 2
        and temporal_vector(frame, y, x, size, time, vector)
        and (count == 0 or vector[0] != predictors[0, 0] or vector[1] != predictors[0, 1])
    ):
        predictors[count, 0], predictors[count, 1] = vector[0], vector[1]
        count += 1
    for rest in range(count, 2):
        predictors[rest, 0], predictors[rest, 1] = 0, 0


@inner_kernel
def vector_bits(row, column, predictors, lengths):
    """Return (bits of a vector, number of the predictor that gives the fewest).

    Args:
        predictors: int64 (2, 2), (row, column) of both.
        lengths: uint8 (VECTOR_SYMBOLS,), code lengths in the vector's context.
    """
    best, best_number = np.int64(1 << 20), np.int64(0)
    for number in range(2):
        down = vector_class(row - predictors[number, 0])
        across = vector_class(column - predictors[number, 1])
        if down >= VECTOR_CLASSES or across >= VECTOR_CLASSES:
            continue
        symbol = (number * VECTOR_CLASSES + down) * VECTOR_CLASSES + across
        bits = np.int64(lengths[symbol]) + down + across
        if bits < best:
            best, best_number = bits, np.int64(number)
    return best, best_number
