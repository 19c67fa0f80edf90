"""Prediction of a block from a reference, a picture of the codebook's memory: displaced, and fitted or not.

The fitted flavour multiplies and shifts the reference as suits the decoded samples above and to the left of the block.
So nothing is sent for it. All arithmetic is on integers.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.cross_plane import SLOPE_BITS, TEMPLATE, solve
from vqcodec.blocks.layout import MEMORY_BORDER, SAMPLE_MAX, SUPERBLOCK
from vqcodec.blocks.signal.interpolation import BETWEEN_ROWS, interpolate_eighths, interpolate_quarters
from vqcodec.blocks.syntax.contexts import is_done
from vqcodec.blocks.syntax.motion import FITTED, FLAVOUR_BITS, FRACTION_LOG, column_of, reference_of, row_of
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


@inner_kernel
def predict_from_memory(plane, block, motion, taps, prediction):
    """Predict a block (`layout.Block`) from memory into `prediction` (int32 (32, 32), 1/16).

    Args:
        motion: as `layout.Plane.motion` has it. Displacements are in quarters of a sample in planes without guides,
            else in eighths.
        taps: int32 scratch of shape TAPS_SHAPE.
    """
    place = motion >> FLAVOUR_BITS
    reference = plane.memory[reference_of(place)]
    y, x, log_width, log_height = block
    width, height = 1 << log_width, 1 << log_height
    rows, columns = reference.shape[0] - 2 * MEMORY_BORDER, reference.shape[1] - 2 * MEMORY_BORDER
    shift = FRACTION_LOG if plane.guides.shape[0] == 0 else FRACTION_LOG + 1
    row, column = row_of(place), column_of(place)
    top, left = y + (row >> shift), x + (column >> shift)
    down, across = row & ((1 << shift) - 1), column & ((1 << shift) - 1)
    start_row, start_column = clamped(top, rows), clamped(left, columns)
    if plane.guides.shape[0] == 0:
        interpolate_quarters(reference, start_row, start_column, down, across, width, height, taps, prediction)
    else:
        interpolate_eighths(reference, start_row, start_column, down, across, width, height, taps, prediction)
    if motion & ((1 << FLAVOUR_BITS) - 1) == FITTED:
        _fit(plane, block, reference, top - y, left - x, prediction)


@inner_kernel
def _fit(plane, block, reference, down, across, prediction):
    """Change `prediction` by the gain and the offset that suit the block's surroundings.

    Args:
        down, across: displacement in whole samples.
    """
    y, x, log_width, log_height = block
    samples, blocks = plane.samples, plane.blocks
    rows, columns = samples.shape
    width, height = 1 << log_width, 1 << log_height
    last_row, last_column = reference.shape[0] - 1, reference.shape[1] - 1
    count = st = sr = srt = srr = 0
    for side in range(2 * TEMPLATE):
        distance = (side >> 1) + 1
        start = -distance if side & 1 == 0 else 0
        end = width if side & 1 == 0 else height
        for i in range(start, end):
            row = y - distance if side & 1 == 0 else y + i
            column = x + i if side & 1 == 0 else x - distance
            if row < 0 or column < 0 or row >= rows or column >= columns or not is_done(blocks, row, column):
                continue
            there = reference[min(max(row + down + MEMORY_BORDER, 0), last_row)]
            t, r = int(samples[row, column]), int(there[min(max(column + across + MEMORY_BORDER, 0), last_column)])
            count += 1
            st += t
            sr += r
            srt += r * t
            srr += r * r
    if count == 0:
        return
    ridge = count * count * _RIDGE
    slope = solve(count * srt - sr * st + ridge, count * srr - sr * sr + ridge)
    half = count >> 1
    mean, mean_reference = (st + half) // count, (sr + half) // count
    rounding = 1 << (SLOPE_BITS - 1)
    for i in range(height):
        for j in range(width):
            change = slope * (np.int64(prediction[i, j]) - mean_reference)
            prediction[i, j] = min(max(mean + ((change + rounding) >> SLOPE_BITS), 0), SAMPLE_MAX)
