"""Prediction of a block from a reference, a picture of the codebook's memory: displaced, and fitted or not.

The fitted flavour multiplies and shifts the reference as suits the decoded samples above and to the left of the block.
The combined flavour does so with two: two references, or a reference of chroma and decoded luma. So nothing is sent for
it. All arithmetic is on integers.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.cross_plane import SLOPE_BITS, TEMPLATE, solve, solve_two
from vqcodec.blocks.layout import MEMORY_BORDER, SAMPLE_MAX, SUPERBLOCK
from vqcodec.blocks.signal.interpolation import BETWEEN_ROWS, interpolate_eighths, interpolate_quarters
from vqcodec.blocks.syntax.contexts import is_done
from vqcodec.blocks.syntax.motion import (
    COMBINED,
    FITTED,
    FLAVOUR_BITS,
    FRACTION_LOG,
    column_of,
    list_places,
    predicted_place,
    reference_of,
    row_of,
)
from vqcodec.kernels.jit import inline_kernel, inner_kernel

TAPS_SHAPE = (SUPERBLOCK + BETWEEN_ROWS, SUPERBLOCK)  # of scratch for the interpolation
_RIDGE = 1024  # four squared sample values: how strongly the gain is pulled towards 1


@inline_kernel
def clamped(position, size):
    """Return where a block begins in a reference with its border, along one axis.

    A block farther out is moved back: all samples along the axis are equal there.

    Args:
        position: of the block without the border; size: of the reference without the border.
    """
    return min(max(position, 3 - MEMORY_BORDER + 1), size + 3) + MEMORY_BORDER


@inline_kernel
def _whole(plane, displacement):
    """Return a displacement in whole samples of the plane, rounded down."""
    return displacement >> (FRACTION_LOG if plane.guides.shape[0] == 0 else FRACTION_LOG + 1)


@inner_kernel
def _interpolate(plane, block, place, taps, prediction):
    """Fill `prediction` with the samples of a block's place.

    Displacements are in quarters of a sample in planes without guides, else in eighths.
    """
    reference = plane.memory[reference_of(place)]
    width, height = 1 << block.log_width, 1 << block.log_height
    row, column = row_of(place), column_of(place)
    top = clamped(block.y + _whole(plane, row), reference.shape[0] - 2 * MEMORY_BORDER)
    left = clamped(block.x + _whole(plane, column), reference.shape[1] - 2 * MEMORY_BORDER)
    if plane.guides.shape[0] == 0:
        mask = (1 << FRACTION_LOG) - 1
        interpolate_quarters(reference, top, left, row & mask, column & mask, width, height, taps, prediction)
    else:
        mask = (2 << FRACTION_LOG) - 1
        interpolate_eighths(reference, top, left, row & mask, column & mask, width, height, taps, prediction)


@inner_kernel
def copy_samples(plane, block, motion, prediction):
    """Fill `prediction` with the samples of the plane that a block (`layout.Block`) is copied from.

    Args:
        motion: as `layout.Plane.motion` has it; the block may be copied from there (`copies.may_copy`).
    """
    place = motion >> FLAVOUR_BITS
    top, left = block.y + row_of(place), block.x + column_of(place)
    for i in range(1 << block.log_height):
        for j in range(1 << block.log_width):
            prediction[i, j] = plane.samples[top + i, left + j]


@inner_kernel
def predict_from_memory(plane, block, motion, scratch):
    """Predict a block (`layout.Block`) from memory into `scratch.prediction`.

    Args:
        motion: as `layout.Plane.motion` has it.
        scratch: record of `reconstruction.BLOCK_SCRATCH`.
    """
    place, flavour = motion >> FLAVOUR_BITS, motion & ((1 << FLAVOUR_BITS) - 1)
    _interpolate(plane, block, place, scratch.taps, scratch.prediction)
    if flavour == FITTED:
        _fit(plane, block, place, place, FITTED, scratch)
    elif flavour == COMBINED:
        other = place
        if plane.guides.shape[0] == 0:
            references = plane.memory.shape[0]
            number = reference_of(place) + 1
            other = predicted_place(list_places(plane, block), number if number < references else np.int64(0))
            _interpolate(plane, block, other, scratch.taps, scratch.turned)
        else:
            first = plane.guides[0]
            for i in range(1 << block.log_height):
                for j in range(1 << block.log_width):
                    scratch.turned[i, j] = first[block.y + i, block.x + j]
        _fit(plane, block, place, other, COMBINED, scratch)


@inline_kernel
def _sample_of(plane, place, row, column):
    """Return the sample of a place for (row, column) of the plane, displaced by whole samples."""
    reference = plane.memory[reference_of(place)]
    i = min(max(row + _whole(plane, row_of(place)) + MEMORY_BORDER, 0), reference.shape[0] - 1)
    j = min(max(column + _whole(plane, column_of(place)) + MEMORY_BORDER, 0), reference.shape[1] - 1)
    return int(reference[i, j])


@inner_kernel
def _fit(plane, block, place, other, flavour, scratch):
    """Change `scratch.prediction` by what suits the block's surroundings: gain and offset, or two gains and an offset.

    Args:
        place: of the prediction.
        other: of `scratch.turned`, which the second gain is for; in planes with guides the first guide is there.
        flavour: FITTED or COMBINED.
    """
    y, x, log_width, log_height = block
    samples, blocks, prediction, second = plane.samples, plane.blocks, scratch.prediction, scratch.turned
    rows, columns = samples.shape
    width, height = 1 << log_width, 1 << log_height
    guided = plane.guides.shape[0] > 0
    count = st = s1 = s2 = s1t = s2t = s11 = s22 = s12 = 0
    for side in range(2 * TEMPLATE):
        distance = (side >> 1) + 1
        start = -distance if side & 1 == 0 else 0
        end = width if side & 1 == 0 else height
        for i in range(start, end):
            row = y - distance if side & 1 == 0 else y + i
            column = x + i if side & 1 == 0 else x - distance
            if row < 0 or column < 0 or row >= rows or column >= columns or not is_done(blocks, row, column):
                continue
            t, a, b = int(samples[row, column]), _sample_of(plane, place, row, column), 0
            if flavour == COMBINED:
                b = int(plane.guides[0, row, column]) if guided else _sample_of(plane, other, row, column)
            count += 1
            st += t
            s1 += a
            s2 += b
            s1t += a * t
            s2t += b * t
            s11 += a * a
            s22 += b * b
            s12 += a * b
    mean = mean1 = mean2 = 0
    slope1, slope2 = 1 << SLOPE_BITS, 0
    if flavour == COMBINED and not guided:
        slope1, slope2 = 1 << (SLOPE_BITS - 1), 1 << (SLOPE_BITS - 1)
    if count > 0:
        ridge = count * count * _RIDGE
        v11, c1 = count * s11 - s1 * s1, count * s1t - s1 * st
        if flavour == COMBINED:
            v22, v12, c2 = count * s22 - s2 * s2, count * s12 - s1 * s2, count * s2t - s2 * st
            rest1, rest2 = (
                c1 - ((slope1 * v11 + slope2 * v12) >> SLOPE_BITS),
                c2 - ((slope1 * v12 + slope2 * v22) >> SLOPE_BITS),
            )
            more1, more2 = solve_two(v11 + ridge, v12, v22 + ridge, rest1, rest2)
            slope1, slope2 = slope1 + more1, slope2 + more2
        else:
            slope1 = solve(c1 + ridge, v11 + ridge)
        half = count >> 1
        mean, mean1, mean2 = (st + half) // count, (s1 + half) // count, (s2 + half) // count
    rounding = 1 << (SLOPE_BITS - 1)
    if flavour == COMBINED:
        for i in range(height):
            for j in range(width):
                change = slope1 * (np.int64(prediction[i, j]) - mean1) + slope2 * (np.int64(second[i, j]) - mean2)
                prediction[i, j] = min(max(mean + ((change + rounding) >> SLOPE_BITS), 0), SAMPLE_MAX)
    elif count > 0:
        for i in range(height):
            for j in range(width):
                change = slope1 * (np.int64(prediction[i, j]) - mean1)
                prediction[i, j] = min(max(mean + ((change + rounding) >> SLOPE_BITS), 0), SAMPLE_MAX)
