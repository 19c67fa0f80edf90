"""Interpolation of references, block by block, or of a whole reference in all phases before a search.

Luma is interpolated to quarters of a sample with eight taps, chroma to eighths with four. Rows are filtered first, then
columns; each result is rounded to 1/16 of a sample value. A reference is padded: beyond its edges the samples at the
edges are repeated.

Source of the taps: Ugur et al. 2013, "Motion compensated prediction and interpolation filter design in H.265/HEVC".
"""

from __future__ import annotations

import numpy as np

from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.video.mc.layout import BORDER, REACH

LUMA_TAPS = np.array(
    [
        [0, 0, 0, 64, 0, 0, 0, 0],
        [-1, 4, -10, 58, 17, -5, 1, 0],
        [-1, 4, -11, 40, 40, -11, 4, -1],
        [0, 1, -5, 17, 58, -10, 4, -1],
    ],
    dtype=np.int32,
)
CHROMA_TAPS = np.array(
    [
        [0, 64, 0, 0],
        [-2, 58, 10, -2],
        [-4, 54, 16, -2],
        [-6, 46, 28, -4],
        [-4, 36, 36, -4],
        [-4, 28, 46, -6],
        [-2, 16, 54, -4],
        [-2, 10, 58, -2],
    ],
    dtype=np.int32,
)
PHASES = 16  # 4 * row phase + column phase, in quarters
TAP_BITS = 6
_HALF = 1 << (TAP_BITS - 1)
BETWEEN_ROWS = 64 + 8  # rows that a block of 64 rows needs for interpolation along columns


@kernel
def pad_reference(samples, border, padded):
    """Copy `samples` into the middle of `padded` and repeat the edges.

    Args:
        samples: int16 (rows, columns).
        border: samples to add on each side.
        padded: int16 (rows + 2 border, columns + 2 border), filled.
    """
    rows, columns = samples.shape
    for i in range(rows + 2 * border):
        source, target = samples[min(max(i - border, 0), rows - 1)], padded[i]
        for j in range(border):
            target[j] = source[0]
            target[border + columns + j] = source[columns - 1]
        for j in range(columns):
            target[border + j] = source[j]


@inline_kernel
def _filter_eight(source, start, taps, count, target):
    """Fill `target` with `count` interpolated samples; the first lies between source[start + 3] and the next one."""
    a, b, c, d = taps[0], taps[1], taps[2], taps[3]
    e, f, g, h = taps[4], taps[5], taps[6], taps[7]
    line = source[start : start + count + 7]
    for j in range(count):
        total = a * line[j] + b * line[j + 1] + c * line[j + 2] + d * line[j + 3]
        total += e * line[j + 4] + f * line[j + 5] + g * line[j + 6] + h * line[j + 7]
        target[j] = np.int32(total + _HALF) >> TAP_BITS


@kernel
def interpolate_phases(padded, between, phases):
    """Fill `phases` with the padded reference, displaced by every number of quarters below a sample.

    Samples whose taps would reach beyond the border are copied without displacement. Nothing reads them.

    Args:
        padded: int16 (rows, columns).
        between: int16 (rows, columns) scratch.
        phases: int16 (PHASES, rows, columns), filled; phase 4 * (quarters down) + (quarters to the right).
    """
    rows, columns = padded.shape
    for across in range(4):
        taps = LUMA_TAPS[across]
        for i in range(rows):
            source, target = padded[i], between[i]
            for j in range(columns):
                target[j] = source[j]
            if across > 0:
                _filter_eight(source, 0, taps, columns - 7, target[3:])
        for down in range(4):
            plane = phases[4 * down + across]
            a, b, c, d = LUMA_TAPS[down, 0], LUMA_TAPS[down, 1], LUMA_TAPS[down, 2], LUMA_TAPS[down, 3]
            e, f, g, h = LUMA_TAPS[down, 4], LUMA_TAPS[down, 5], LUMA_TAPS[down, 6], LUMA_TAPS[down, 7]
            for i in range(rows):
                target, here = plane[i], between[i]
                if down == 0 or i < 3 or i >= rows - 4:
                    for j in range(columns):
                        target[j] = here[j]
                    continue
                r0, r1, r2 = between[i - 3], between[i - 2], between[i - 1]
                r4, r5, r6, r7 = between[i + 1], between[i + 2], between[i + 3], between[i + 4]
                for j in range(columns):
                    total = a * r0[j] + b * r1[j] + c * r2[j] + d * here[j]
                    total += e * r4[j] + f * r5[j] + g * r6[j] + h * r7[j]
                    target[j] = np.int32(total + _HALF) >> TAP_BITS


@inline_kernel
def clamped_position(position, size, reach, border):
    """Return where a block begins in a padded reference, along one axis, in whole samples.

    A block farther out than `reach` is moved back: all samples along the axis are equal there.

    Args:
        position: of the block in the frame; size: of the frame along the axis.
        reach: farthest position beyond the frame; border: of the padded reference.
    """
    return min(max(position, -reach), size + (reach >> 3)) + border


@inner_kernel
def predict_luma(reference, y, x, row, column, width, height, between, prediction):
    """Interpolate the luma block at (y, x), displaced by the vector (row, column) in quarters of a sample.

    Args:
        reference: int16, padded by BORDER.
        between: int32 scratch, at least (BETWEEN_ROWS, 64).
        prediction: int32, filled in its corner, in 1/16.
    """
    rows, columns = reference.shape[0] - 2 * BORDER, reference.shape[1] - 2 * BORDER
    top = clamped_position(y + (row >> 2), rows, REACH, BORDER)
    left = clamped_position(x + (column >> 2), columns, REACH, BORDER)
    down, across = row & 3, column & 3
    first, count = (0, height) if down == 0 else (-3, height + 7)
    for i in range(count):
        source, target = reference[top + first + i], between[i]
        if across == 0:
            line = source[left : left + width]
            for j in range(width):
                target[j] = line[j]
        else:
            _filter_eight(source, left - 3, LUMA_TAPS[across], width, target)
    if down == 0:
        for i in range(height):
            line, target = between[i], prediction[i]
            for j in range(width):
                target[j] = line[j]
        return
    a, b, c, d = LUMA_TAPS[down, 0], LUMA_TAPS[down, 1], LUMA_TAPS[down, 2], LUMA_TAPS[down, 3]
    e, f, g, h = LUMA_TAPS[down, 4], LUMA_TAPS[down, 5], LUMA_TAPS[down, 6], LUMA_TAPS[down, 7]
    for i in range(height):
        r0, r1, r2, r3 = between[i], between[i + 1], between[i + 2], between[i + 3]
        r4, r5, r6, r7 = between[i + 4], between[i + 5], between[i + 6], between[i + 7]
        target = prediction[i]
        for j in range(width):
            total = a * r0[j] + b * r1[j] + c * r2[j] + d * r3[j]
            total += e * r4[j] + f * r5[j] + g * r6[j] + h * r7[j]
            target[j] = np.int32(total + _HALF) >> TAP_BITS


@inner_kernel
def predict_chroma(reference, y, x, row, column, width, height, between, prediction):
    """Interpolate the chroma block at (y, x), displaced by the vector (row, column) in eighths of a chroma sample.

    Args:
        reference: int16, padded by BORDER / 2.
        between: int32 scratch, at least (BETWEEN_ROWS, 64).
        prediction: int32, filled in its corner, in 1/16.
    """
    border = BORDER >> 1
    rows, columns = reference.shape[0] - 2 * border, reference.shape[1] - 2 * border
    top = clamped_position(y + (row >> 3), rows, REACH >> 1, border)
    left = clamped_position(x + (column >> 3), columns, REACH >> 1, border)
    down, across = row & 7, column & 7
    first, count = (0, height) if down == 0 else (-1, height + 3)
    for i in range(count):
        source, target = reference[top + first + i], between[i]
        line = source[left - 1 : left + width + 2]
        a, b, c, d = CHROMA_TAPS[across, 0], CHROMA_TAPS[across, 1], CHROMA_TAPS[across, 2], CHROMA_TAPS[across, 3]
        for j in range(width):
            total = a * line[j] + b * line[j + 1] + c * line[j + 2] + d * line[j + 3]
            target[j] = np.int32(total + _HALF) >> TAP_BITS
    if down == 0:
        for i in range(height):
            line, target = between[i], prediction[i]
            for j in range(width):
                target[j] = line[j]
        return
    a, b, c, d = CHROMA_TAPS[down, 0], CHROMA_TAPS[down, 1], CHROMA_TAPS[down, 2], CHROMA_TAPS[down, 3]
    for i in range(height):
        r0, r1, r2, r3 = between[i], between[i + 1], between[i + 2], between[i + 3]
        target = prediction[i]
        for j in range(width):
            total = a * r0[j] + b * r1[j] + c * r2[j] + d * r3[j]
            target[j] = np.int32(total + _HALF) >> TAP_BITS
