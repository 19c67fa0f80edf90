"""Interpolation of displaced blocks from a padded reference: to quarters of a sample, or to eighths with fewer taps.

Rows are filtered first, then columns; each result is rounded to 1/16 of a sample value. A reference is padded: beyond
its edges the samples at the edges are repeated.

Source of the taps: Ugur et al. 2013, "Motion compensated prediction and interpolation filter design in H.265/HEVC".
"""

from __future__ import annotations

import numpy as np

from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel

QUARTER_TAPS = np.array(
    [
        [0, 0, 0, 64, 0, 0, 0, 0],
        [-1, 4, -10, 58, 17, -5, 1, 0],
        [-1, 4, -11, 40, 40, -11, 4, -1],
        [0, 1, -5, 17, 58, -10, 4, -1],
    ],
    dtype=np.int32,
)
EIGHTH_TAPS = np.array(
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
TAP_BITS = 6
HALF_TAP = 1 << (TAP_BITS - 1)
BETWEEN_ROWS = 8  # rows that interpolation along columns needs beside those of the block, at most


@kernel
def pad_reference(samples, border, padded):
    """Copy `samples` into `padded` and repeat the edges.

    Args:
        samples: int16 (rows, columns).
        border: samples to add above and to the left.
        padded: int16, filled, with at least so many more rows and columns.
    """
    rows, columns = samples.shape
    for i in range(padded.shape[0]):
        source, target = samples[min(max(i - border, 0), rows - 1)], padded[i]
        for j in range(border):
            target[j] = source[0]
        for j in range(columns):
            target[border + j] = source[j]
        for j in range(border + columns, padded.shape[1]):
            target[j] = source[columns - 1]


@inline_kernel
def filter_eight(source, start, taps, count, target):
    """Fill `target` with `count` interpolated samples; the first lies between source[start + 3] and the next one."""
    a, b, c, d = taps[0], taps[1], taps[2], taps[3]
    e, f, g, h = taps[4], taps[5], taps[6], taps[7]
    line = source[start : start + count + 7]
    for j in range(count):
        total = a * line[j] + b * line[j + 1] + c * line[j + 2] + d * line[j + 3]
        total += e * line[j + 4] + f * line[j + 5] + g * line[j + 6] + h * line[j + 7]
        target[j] = np.int32(total + HALF_TAP) >> TAP_BITS


@inner_kernel
def interpolate_quarters(reference, top, left, down, across, width, height, between, prediction):
    """Interpolate a block with eight taps.

    Args:
        reference: int16, with at least 3 samples before the block and 4 after it.
        top, left: of the block in `reference`, in whole samples.
        down, across: what is to be added, 0 to 3 quarters of a sample.
        between: int32 scratch, at least (height + BETWEEN_ROWS, width).
        prediction: int32, filled in its corner, in 1/16.
    """
    first, count = (0, height) if down == 0 else (-3, height + 7)
    for i in range(count):
        source, target = reference[top + first + i], between[i]
        if across == 0:
            line = source[left : left + width]
            for j in range(width):
                target[j] = line[j]
        else:
            filter_eight(source, left - 3, QUARTER_TAPS[across], width, target)
    if down == 0:
        for i in range(height):
            line, target = between[i], prediction[i]
            for j in range(width):
                target[j] = line[j]
        return
    a, b, c, d = QUARTER_TAPS[down, 0], QUARTER_TAPS[down, 1], QUARTER_TAPS[down, 2], QUARTER_TAPS[down, 3]
    e, f, g, h = QUARTER_TAPS[down, 4], QUARTER_TAPS[down, 5], QUARTER_TAPS[down, 6], QUARTER_TAPS[down, 7]
    for i in range(height):
        r0, r1, r2, r3 = between[i], between[i + 1], between[i + 2], between[i + 3]
        r4, r5, r6, r7 = between[i + 4], between[i + 5], between[i + 6], between[i + 7]
        target = prediction[i]
        for j in range(width):
            total = a * r0[j] + b * r1[j] + c * r2[j] + d * r3[j]
            total += e * r4[j] + f * r5[j] + g * r6[j] + h * r7[j]
            target[j] = np.int32(total + HALF_TAP) >> TAP_BITS


@inner_kernel
def interpolate_eighths(reference, top, left, down, across, width, height, between, prediction):
    """Interpolate a block with four taps.

    Arguments are as for `interpolate_quarters`, with 0 to 7 eighths of a sample; 1 sample before the block and 2 after
    it are enough.
    """
    first, count = (0, height) if down == 0 else (-1, height + 3)
    for i in range(count):
        source, target = reference[top + first + i], between[i]
        line = source[left - 1 : left + width + 2]
        a, b, c, d = EIGHTH_TAPS[across, 0], EIGHTH_TAPS[across, 1], EIGHTH_TAPS[across, 2], EIGHTH_TAPS[across, 3]
        for j in range(width):
            total = a * line[j] + b * line[j + 1] + c * line[j + 2] + d * line[j + 3]
            target[j] = np.int32(total + HALF_TAP) >> TAP_BITS
    if down == 0:
        for i in range(height):
            line, target = between[i], prediction[i]
            for j in range(width):
                target[j] = line[j]
        return
    a, b, c, d = EIGHTH_TAPS[down, 0], EIGHTH_TAPS[down, 1], EIGHTH_TAPS[down, 2], EIGHTH_TAPS[down, 3]
    for i in range(height):
        r0, r1, r2, r3 = between[i], between[i + 1], between[i + 2], between[i + 3]
        target = prediction[i]
        for j in range(width):
            total = a * r0[j] + b * r1[j] + c * r2[j] + d * r3[j]
            target[j] = np.int32(total + HALF_TAP) >> TAP_BITS
