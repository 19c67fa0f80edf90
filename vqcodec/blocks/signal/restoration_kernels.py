"""Kernels of the restoration filter: classes of samples, the filter itself, and the sums from which it is trained.

All arithmetic is on integers. Samples are int16 in 1/16 with a border of `BORDER` repeated samples. Sizes are whole
units of 4x4 samples.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import (
    CODED,
    LOG_HEIGHT,
    LOG_WIDTH,
    SAMPLE_MAX,
    SUPERBLOCK,
    SUPERBLOCK_LOG,
    UNIT,
    UNIT_LOG,
)
from vqcodec.blocks.steps import STEPS
from vqcodec.kernels.jit import allocating_kernel, inline_kernel, kernel

BORDER = 3  # the diamond's reach
COEFFICIENT_BITS = 10  # fractional bits of a filter coefficient

# One half of the 7x7 diamond without its centre. The other half is its mirror image, with the same coefficients.
TAP_ROWS = np.array([0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 3], dtype=np.int64)
TAP_COLUMNS = np.array([1, 2, 3, -2, -1, 0, 1, 2, -1, 0, 1, 0], dtype=np.int64)
POSITIONS = 12
LEVELS = 3  # each pair of differences counts three times: plain, loosely clipped and tightly clipped
TAPS = LEVELS * POSITIONS

DIRECTIONS = 5  # none, horizontal or vertical structure, either diagonal
ACTIVITIES = 6
CODED_STATES = 2  # whether the block has coefficients
EDGE_STATES = 2  # whether the sample is at the edge of its block
UNIT_CLASSES = DIRECTIONS * ACTIVITIES * CODED_STATES
CLASSES = UNIT_CLASSES * EDGE_STATES

# Activity classes begin at these mean second differences of the 12x12 samples around a unit, in hundredths of the
# step. A sum over 144 samples in 1/16 reaches a cut if 100 sum / (144 * 16) >= cut * step / 64.
ACTIVITY_CUTS = np.array([5, 12, 25, 50, 90], dtype=np.int64)
SUM_FACTOR, CUT_FACTOR = 25, 9

# Which of the four samples of a unit's row are at the edge of the block. Rows 0 to 3: bit 0 if the unit is at the
# block's left edge, bit 1 if at its right edge. Row 4: the row is at the upper or lower edge.
ROW_PATTERNS = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]], dtype=np.int64)
PATTERNS = 5
WHOLE_ROW = 4


@inline_kernel
def _second_difference(a, b, c):
    """Return |a - 2 b + c|, in 32 bits so that LLVM vectorises loops over it."""
    return np.int32(abs(np.int32(np.int32(a) + np.int32(c) - np.int32(2) * np.int32(b))))


@allocating_kernel
def sum_unit_differences(padded, first_unit_row, last_unit_row, sums):
    """Sum second differences over the units of some rows of units.

    Args:
        padded: int16 (height + 2 BORDER, width + 2 BORDER).
        sums: int32 (height / 4, width / 4, 4), written: vertical, horizontal, and both diagonal differences.
    """
    width = padded.shape[1] - 2 * BORDER
    line = np.zeros((4, width), dtype=np.int32)
    for unit_row in range(first_unit_row, last_unit_row):
        line[:] = 0
        for i in range(UNIT):
            y = unit_row * UNIT + i + BORDER
            above, here, below = padded[y - 1, BORDER - 1 :], padded[y, BORDER - 1 :], padded[y + 1, BORDER - 1 :]
            for x in range(width):
                line[0, x] += _second_difference(above[x + 1], here[x + 1], below[x + 1])
                line[1, x] += _second_difference(here[x], here[x + 1], here[x + 2])
                line[2, x] += _second_difference(above[x], here[x + 1], below[x + 2])
                line[3, x] += _second_difference(above[x + 2], here[x + 1], below[x])
        for unit in range(width >> UNIT_LOG):
            x = unit << UNIT_LOG
            for direction in range(4):
                of = line[direction]
                sums[unit_row, unit, direction] = of[x] + of[x + 1] + of[x + 2] + of[x + 3]


@inline_kernel
def _direction(vertical, horizontal, falling, rising):
    """Return the class of direction: 1 to 4 if one sum of second differences is 1.5 times its opposite, else 0."""
    straight_high, straight_low = max(vertical, horizontal), min(vertical, horizontal)
    slanted_high, slanted_low = max(falling, rising), min(falling, rising)
    if straight_high * (slanted_low + 1) >= slanted_high * (straight_low + 1):
        if 2 * straight_high < 3 * straight_low or straight_high == 0:
            return 0
        return 1 if vertical > horizontal else 2
    if 2 * slanted_high < 3 * slanted_low:
        return 0
    return 3 if falling > rising else 4


@kernel
def classify_units(sums, blocks, steps, first_unit_row, last_unit_row, classes):
    """Find the classes of the units of some rows of units by the direction and activity around them, coded or not.

    Args:
        sums: int32 (units, units, 4), as `sum_unit_differences` writes them.
        steps: uint8 step indices by superblock.
        blocks: uint8 (fields, units, units).
        classes: uint8 (units, units), written: (direction * ACTIVITIES + activity) * CODED_STATES + coded.
    """
    unit_rows, unit_columns = classes.shape
    shift = SUPERBLOCK_LOG - UNIT_LOG
    for row in range(first_unit_row, last_unit_row):
        for column in range(unit_columns):
            vertical = horizontal = falling = rising = np.int64(0)
            for i in range(row - 1, row + 2):
                for j in range(column - 1, column + 2):
                    near = sums[min(max(i, 0), unit_rows - 1), min(max(j, 0), unit_columns - 1)]
                    vertical += near[0]
                    horizontal += near[1]
                    falling += near[2]
                    rising += near[3]
            level = CUT_FACTOR * np.int64(STEPS[steps[row >> shift, column >> shift]])
            activity = 0
            for cut in ACTIVITY_CUTS:
                activity += SUM_FACTOR * (vertical + horizontal) >= cut * level
            direction = _direction(vertical, horizontal, falling, rising)
            coded = np.int64(blocks[CODED, row, column] != 0)
            classes[row, column] = (direction * ACTIVITIES + activity) * CODED_STATES + coded


@inline_kernel
def _row_pattern(blocks, unit_row, unit_column, i):
    """Return the row of ROW_PATTERNS for row `i` of a unit."""
    height = 1 << np.int64(blocks[LOG_HEIGHT, unit_row, unit_column])
    width = 1 << np.int64(blocks[LOG_WIDTH, unit_row, unit_column])
    from_top = ((unit_row << UNIT_LOG) + i) & (height - 1)
    if from_top == 0 or from_top == height - 1:
        return WHOLE_ROW
    from_left = (unit_column << UNIT_LOG) & (width - 1)
    return np.int64(from_left == 0) + 2 * np.int64(from_left + UNIT == width)


@inline_kernel
def _loose_bound(step_index):
    """Return one and a half steps, in 1/16."""
    return np.int16((3 * STEPS[step_index]) >> 3)


@inline_kernel
def _tight_bound(step_index):
    """Return five sixteenths of a step, in 1/16."""
    return np.int16((5 * STEPS[step_index]) >> 6)


@inline_kernel
def _clipped_sum(a, b, bound):
    """Return the sum of a and b (int16), each clipped to +-bound."""
    return np.int16(np.int16(min(max(a, np.int16(-bound)), bound)) + np.int16(min(max(b, np.int16(-bound)), bound)))


@inline_kernel
def _product(weight, value):
    """Return the product in 32 bits."""
    return np.int32(np.int32(weight) * np.int32(value))


@allocating_kernel
def filter_rows(padded, blocks, steps, classes, weights, first_row, last_row, filtered):
    """Filter some rows of samples.

    out = x + (sum over positions k of u_k (a + b) + v_k (loose(a) + loose(b)) + w_k (tight(a) + tight(b))) / 1024,
    rounded, where a and b are the differences to x of the samples at position k and its mirror image. Differences take
    13 bits with their sign and their sums 14, so both fit int16. Products and their sum need int32. LLVM vectorises the
    loop over the samples because it is innermost and free of look-ups.

    Args:
        padded: int16 (height + 2 BORDER, width + 2 BORDER).
        blocks: uint8 (fields, height / 4, width / 4).
        steps: uint8 step indices by superblock.
        classes: uint8 (height / 4, width / 4) of `classify_units`.
        weights: int64 (UNIT_CLASSES * PATTERNS, TAPS). Each holds the int16 coefficients of the four samples of a
            unit's row.
        filtered: int16 (height, width), written.
    """
    width = filtered.shape[1]
    packed = np.zeros((TAPS, SUPERBLOCK // UNIT), dtype=np.int64)
    single = packed.view(np.int16)
    total = np.zeros(SUPERBLOCK, dtype=np.int32)
    for y in range(first_row, last_row):
        unit_row = y >> UNIT_LOG
        for start in range(0, width, SUPERBLOCK):
            count = min(SUPERBLOCK, width - start)
            for unit in range(count >> UNIT_LOG):
                column = (start >> UNIT_LOG) + unit
                pattern = _row_pattern(blocks, unit_row, column, y & (UNIT - 1))
                of_class = weights[np.int64(classes[unit_row, column]) * PATTERNS + pattern]
                for tap in range(TAPS):
                    packed[tap, unit] = of_class[tap]
            step_index = steps[y >> SUPERBLOCK_LOG, start >> SUPERBLOCK_LOG]
            loose, tight = _loose_bound(step_index), _tight_bound(step_index)
            centre = padded[y + BORDER, start + BORDER : start + BORDER + count]
            total[:] = 1 << (COEFFICIENT_BITS - 1)
            for k in range(POSITIONS):
                column = start + BORDER + TAP_COLUMNS[k]
                after = padded[y + BORDER + TAP_ROWS[k], column : column + count]
                column = start + BORDER - TAP_COLUMNS[k]
                before = padded[y + BORDER - TAP_ROWS[k], column : column + count]
                plain_weights, loose_weights, tight_weights = (
                    single[k],
                    single[POSITIONS + k],
                    single[2 * POSITIONS + k],
                )
                for x in range(count):
                    a, b = np.int16(after[x] - centre[x]), np.int16(before[x] - centre[x])
                    plain = _product(plain_weights[x], np.int16(a + b))
                    bounded = _product(loose_weights[x], _clipped_sum(a, b, loose))
                    small = _product(tight_weights[x], _clipped_sum(a, b, tight))
                    total[x] += np.int32(np.int32(plain + bounded) + small)
            target = filtered[y, start : start + count]
            for x in range(count):
                value = np.int32(np.int32(centre[x]) + (total[x] >> COEFFICIENT_BITS))
                target[x] = min(max(value, np.int32(0)), np.int32(SAMPLE_MAX))


@allocating_kernel
def collect_rows(padded, original, blocks, steps, classes, first_row, last_row, products, targets, counts):
    """Add the products of the filter's inputs over some rows of samples to sums by class.

    Args:
        padded, blocks, steps, classes: as for `filter_rows`.
        original: int16 (rows, columns) in 1/16, at most (height, width). Samples beyond it are not counted.
        products: int64 (CLASSES, TAPS, TAPS), added to: lower triangle of the sums of products of inputs.
        targets: int64 (CLASSES, TAPS), added to: sums of products of inputs and of original - decoded.
        counts: int64 (CLASSES,), added to.
    """
    inputs = np.zeros(TAPS, dtype=np.int64)
    for y in range(first_row, min(last_row, original.shape[0])):
        for x in range(original.shape[1]):
            unit_row, column = y >> UNIT_LOG, x >> UNIT_LOG
            pattern = _row_pattern(blocks, unit_row, column, y & (UNIT - 1))
            at_edge = ROW_PATTERNS[pattern, x & (UNIT - 1)]
            of_class = np.int64(classes[unit_row, column]) * EDGE_STATES + at_edge
            step_index = steps[y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG]
            loose, tight = _loose_bound(step_index), _tight_bound(step_index)
            centre = padded[y + BORDER, x + BORDER]
            for k in range(POSITIONS):
                row, tap = TAP_ROWS[k], TAP_COLUMNS[k]
                a = np.int16(padded[y + BORDER + row, x + BORDER + tap] - centre)
                b = np.int16(padded[y + BORDER - row, x + BORDER - tap] - centre)
                inputs[k] = a + b
                inputs[POSITIONS + k] = _clipped_sum(a, b, loose)
                inputs[2 * POSITIONS + k] = _clipped_sum(a, b, tight)
            missing = np.int64(original[y, x]) - centre
            counts[of_class] += 1
            for i in range(TAPS):
                targets[of_class, i] += inputs[i] * missing
                for j in range(i + 1):
                    products[of_class, i, j] += inputs[i] * inputs[j]
