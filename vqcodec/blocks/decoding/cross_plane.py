"""Prediction of a block from planes of the same picture that are decoded already.

The relation between the planes is fitted by least squares to the decoded samples above and to the left of the block.
So no parameters are sent. All arithmetic is on integers: the moments are exact, and divisions round towards minus
infinity.
"""

from __future__ import annotations

from vqcodec.blocks.layout import FROM_BOTH, FROM_SECOND, SAMPLE_MAX, SAMPLE_MIDDLE
from vqcodec.blocks.syntax.contexts import is_done
from vqcodec.kernels.jit import inline_kernel, inner_kernel

TEMPLATE = 2  # number of rows above and of columns to the left that are fitted
SLOPE_BITS = 10
SLOPE_MAX = 8 << SLOPE_BITS
_RIDGE = 256  # one squared sample value, added to the variance of a regressor
_MOMENT_BITS = 20  # moments are reduced to this many bits before two slopes are solved for


@inline_kernel
def solve(numerator, denominator):
    """Return numerator / denominator as a bounded slope."""
    return min(max((numerator << SLOPE_BITS) // denominator, -SLOPE_MAX), SLOPE_MAX)


@inline_kernel
def solve_two(v11, v12, v22, c1, c2):
    """Return the two slopes of a regression with these variances and covariances, which have one common scale."""
    while max(v11, v22) >> _MOMENT_BITS != 0:
        v11, v12, v22, c1, c2 = v11 >> 1, v12 >> 1, v22 >> 1, c1 >> 1, c2 >> 1
    determinant = max(v11 * v22 - v12 * v12, 1)
    limit = 1 << (2 * _MOMENT_BITS)
    first = min(max(c1 * v22 - c2 * v12, -limit), limit)
    second = min(max(c2 * v11 - c1 * v12, -limit), limit)
    return solve(first, determinant), solve(second, determinant)


@inner_kernel
def predict_from_planes(plane, block, mode, prediction):
    """Predict a block (`layout.Block`) of `plane` from its guides into `prediction` (int32 (32, 32), 1/16).

    `mode` is FROM_FIRST, FROM_BOTH or FROM_SECOND, and the plane has the guides that it names.
    """
    y, x, log_width, log_height = block
    samples, blocks = plane.samples, plane.blocks
    rows, columns = samples.shape
    width, height = 1 << log_width, 1 << log_height
    first = plane.guides[1 if mode == FROM_SECOND else 0]
    second = plane.guides[plane.guides.shape[0] - 1]
    count = st = s1 = s2 = s1t = s2t = s11 = s22 = s12 = 0
    for side in range(2 * TEMPLATE):
        distance = (side >> 1) + 1
        start = -distance if side & 1 == 0 else 0
        end = width + (width >> 1) if side & 1 == 0 else height + (height >> 1)
        for i in range(start, end):
            row = y - distance if side & 1 == 0 else y + i
            column = x + i if side & 1 == 0 else x - distance
            if row < 0 or column < 0 or row >= rows or column >= columns or not is_done(blocks, row, column):
                continue
            t, a, b = int(samples[row, column]), int(first[row, column]), int(second[row, column])
            count += 1
            st += t
            s1 += a
            s2 += b
            s1t += a * t
            s2t += b * t
            s11 += a * a
            s22 += b * b
            s12 += a * b
    slope1 = slope2 = 0
    mean, mean1, mean2 = SAMPLE_MIDDLE, SAMPLE_MIDDLE, SAMPLE_MIDDLE
    if count > 0:
        ridge = count * count * _RIDGE
        v11, c1 = count * s11 - s1 * s1 + ridge, count * s1t - s1 * st
        if mode == FROM_BOTH:
            v22, c2 = count * s22 - s2 * s2 + ridge, count * s2t - s2 * st
            slope1, slope2 = solve_two(v11, count * s12 - s1 * s2, v22, c1, c2)
        else:
            slope1 = solve(c1, v11)
        half = count >> 1
        mean, mean1, mean2 = (st + half) // count, (s1 + half) // count, (s2 + half) // count
    rounding = 1 << (SLOPE_BITS - 1)
    near, far = first[y : y + height, x : x + width], second[y : y + height, x : x + width]
    for i in range(height):
        for j in range(width):
            change = slope1 * (near[i, j] - mean1) + slope2 * (far[i, j] - mean2)
            prediction[i, j] = min(max(mean + ((change + rounding) >> SLOPE_BITS), 0), SAMPLE_MAX)
