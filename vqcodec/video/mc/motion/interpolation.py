"""Interpolation of references, block by block, or of a whole reference in all phases before a search.

Luma is interpolated to quarters of a sample, chroma to eighths (see `blocks.signal.interpolation`).
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.signal.interpolation import (
    HALF_TAP,
    QUARTER_TAPS,
    TAP_BITS,
    filter_eight,
    interpolate_eighths,
    interpolate_quarters,
)
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.video.mc.layout import BORDER, REACH

PHASES = 16  # 4 * row phase + column phase, in quarters


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
        taps = QUARTER_TAPS[across]
        for i in range(rows):
            source, target = padded[i], between[i]
            for j in range(columns):
                target[j] = source[j]
            if across > 0:
                filter_eight(source, 0, taps, columns - 7, target[3:])
        for down in range(4):
            plane = phases[4 * down + across]
            a, b, c, d = QUARTER_TAPS[down, 0], QUARTER_TAPS[down, 1], QUARTER_TAPS[down, 2], QUARTER_TAPS[down, 3]
            e, f, g, h = QUARTER_TAPS[down, 4], QUARTER_TAPS[down, 5], QUARTER_TAPS[down, 6], QUARTER_TAPS[down, 7]
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
                    target[j] = np.int32(total + HALF_TAP) >> TAP_BITS


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
        between: int32 scratch, at least (ROOT + BETWEEN_ROWS, ROOT).
        prediction: int32, filled in its corner, in 1/16.
    """
    rows, columns = reference.shape[0] - 2 * BORDER, reference.shape[1] - 2 * BORDER
    top = clamped_position(y + (row >> 2), rows, REACH, BORDER)
    left = clamped_position(x + (column >> 2), columns, REACH, BORDER)
    interpolate_quarters(reference, top, left, row & 3, column & 3, width, height, between, prediction)


@inner_kernel
def predict_chroma(reference, y, x, row, column, width, height, between, prediction):
    """Interpolate the chroma block at (y, x), displaced by the vector (row, column) in eighths of a chroma sample.

    Args:
        reference: int16, padded by BORDER / 2.
        between: int32 scratch, at least (ROOT + BETWEEN_ROWS, ROOT).
        prediction: int32, filled in its corner, in 1/16.
    """
    border = BORDER >> 1
    rows, columns = reference.shape[0] - 2 * border, reference.shape[1] - 2 * border
    top = clamped_position(y + (row >> 3), rows, REACH >> 1, border)
    left = clamped_position(x + (column >> 3), columns, REACH >> 1, border)
    interpolate_eighths(reference, top, left, row & 7, column & 7, width, height, between, prediction)
