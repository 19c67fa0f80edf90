"""Intra prediction of a block from the reconstructed samples around it.

Modes as in HEVC (Lainema et al. 2012, "Intra coding of the HEVC standard"): planar, DC and 33 angles, with the
references smoothed by block size and angle; angles interpolate with four taps (Catmull and Rom 1974), and planar, DC,
horizontal and vertical prediction are blended with the nearest references towards the block's edges (as PDPC in VVC).
All samples are integers in 1/16; predictions are not clipped, reconstruction is.

References are int32 (4, REFERENCES): rows LEFT, TOP, SMOOTH_LEFT, SMOOTH_TOP; entry 0 of each is the corner, entry
i + 1 the sample i rows below (columns right of) the block's first.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import (
    DC,
    HORIZONTAL,
    PLANAR,
    SAMPLE_MIDDLE,
    SUPERBLOCK,
    UNIT_LOG,
    VERTICAL,
)
from vqcodec.kernels.jit import inline_kernel, inner_kernel

LEFT, TOP, SMOOTH_LEFT, SMOOTH_TOP = range(4)
REFERENCES = 2 * SUPERBLOCK + 4  # the corner, width + height samples, and 3 more for interpolation
_ORIGIN = SUPERBLOCK + 4  # position of the corner in the line of references that an angle reads

_HALF = [26, 21, 17, 13, 9, 5, 2, 0, -2, -5, -9, -13, -17, -21, -26]
ANGLES = np.array([0, 0, 32, *_HALF, -32, *_HALF[::-1], 32], dtype=np.int32)  # displacement a row, 1/32 sample
INVERSE_ANGLES = np.array([0 if a >= 0 else round(8192 / a) for a in ANGLES], dtype=np.int32)


def _interpolation_taps() -> np.ndarray:
    """Return int32 (32, 4): Catmull-Rom weights in 1/128 for each fraction of 1/32, every row summing to 128."""
    f = np.arange(32)[:, None] / 32
    weights = np.hstack(
        [
            -0.5 * f + f**2 - 0.5 * f**3,
            1 - 2.5 * f**2 + 1.5 * f**3,
            0.5 * f + 2 * f**2 - 1.5 * f**3,
            -0.5 * f**2 + 0.5 * f**3,
        ]
    )
    taps = np.rint(128 * weights).astype(np.int32)
    taps[np.arange(32), np.where(np.arange(32) < 16, 1, 2)] += 128 - taps.sum(axis=1)
    return taps


TAPS = _interpolation_taps()


@inner_kernel
def gather_references(samples, done, y, x, width, height, references):
    """Fill `references` for the block at (y, x). A sample that is not decoded yet repeats the one before it.

    Args:
        samples: int16 (rows, columns), in 1/16.
        done: uint8 by unit, nonzero if its samples are decoded.
        references: int32 (4, REFERENCES), see the module's description.
    """
    rows, columns = samples.shape
    count = width + height
    top_right = 0  # number of references available in the row above
    if y > 0:
        while top_right < count and x + top_right < columns and done[(y - 1) >> UNIT_LOG, (x + top_right) >> UNIT_LOG]:
            first = top_right
            top_right += 1 << UNIT_LOG
            for i in range(first, top_right):
                references[TOP, i + 1] = samples[y - 1, x + i]
    bottom_left = 0  # number of references available in the column to the left
    if x > 0:
        while (
            bottom_left < count and y + bottom_left < rows and done[(y + bottom_left) >> UNIT_LOG, (x - 1) >> UNIT_LOG]
        ):
            first = bottom_left
            bottom_left += 1 << UNIT_LOG
            for i in range(first, bottom_left):
                references[LEFT, i + 1] = samples[y + i, x - 1]
    if top_right > 0 and bottom_left > 0:
        corner = np.int32(samples[y - 1, x - 1])
    elif top_right > 0:
        corner = references[TOP, 1]
    elif bottom_left > 0:
        corner = references[LEFT, 1]
    else:
        corner = np.int32(SAMPLE_MIDDLE)
    references[TOP, 0] = corner
    references[LEFT, 0] = corner
    for i in range(top_right, count + 3):
        references[TOP, i + 1] = references[TOP, top_right]
    for i in range(bottom_left, count + 3):
        references[LEFT, i + 1] = references[LEFT, bottom_left]
    for side in range(2):
        smooth = SMOOTH_LEFT + side
        other = references[TOP - side, 1]
        references[smooth, 0] = (other + 2 * corner + references[side, 1] + 2) >> 2
        for i in range(1, count):
            references[smooth, i] = (
                references[side, i - 1] + 2 * references[side, i] + references[side, i + 1] + 2
            ) >> 2
        for i in range(count, count + 4):
            references[smooth, i] = references[side, count]


@inline_kernel
def uses_smooth_references(log_width, log_height, mode):
    """Whether `mode` predicts from smoothed references in a block of this size."""
    size = (log_width + log_height) >> 1
    if size == 2 or mode == DC:
        return False
    if mode == PLANAR:
        return True
    distance = min(abs(mode - VERTICAL), abs(mode - HORIZONTAL))
    return distance > (7 if size == 3 else (1 if size == 4 else 0))


@inline_kernel
def _predict_planar(left, top, log_width, log_height, prediction):
    width, height = 1 << log_width, 1 << log_height
    right, bottom = top[width + 1], left[height + 1]
    shift = log_width + log_height + 1
    for i in range(height):
        for j in range(width):
            across = ((width - 1 - j) * left[i + 1] + (j + 1) * right) << log_height
            down = ((height - 1 - i) * top[j + 1] + (i + 1) * bottom) << log_width
            prediction[i, j] = np.int32(across + down + (1 << (shift - 1))) >> shift


@inline_kernel
def _predict_mean(left, top, log_width, log_height, prediction):
    """Fill `prediction` with the mean of the references along the longer side; of both sides if they are equal."""
    width, height = 1 << log_width, 1 << log_height
    total = np.int32(0)
    shift = max(log_width, log_height)
    if width >= height:
        for j in range(width):
            total += top[j + 1]
    if height >= width:
        for i in range(height):
            total += left[i + 1]
    if width == height:
        shift += 1
    mean = (total + (1 << (shift - 1))) >> shift
    for i in range(height):
        for j in range(width):
            prediction[i, j] = mean


@inline_kernel
def _predict_angle(along, across, along_size, across_size, angle, inverse_angle, linear, line, lines):
    """Fill the first `across_size` rows of `lines` with `along_size` samples each, displaced copies of the reference.

    Args:
        along, across: references of the side that the angle points to, and of the other side.
        angle: displacement a row in 1/32 sample; inverse_angle: its inverse in 1/256.
        linear: whether to interpolate with two taps instead of four.
        line: int32 (LINE,) scratch.
        lines: int32 (32, 32).
    """
    count = along_size + across_size
    for i in range(count + 4):
        line[_ORIGIN + i] = along[i]
    if angle < 0:
        for i in range(((across_size * angle) >> 5) - 1, 0):
            line[_ORIGIN + i] = across[min((i * inverse_angle + 128) >> 8, count)]
    for i in range(across_size):
        position = (i + 1) * angle
        fraction = position & 31
        start = _ORIGIN + (position >> 5)
        source = line[start : start + along_size + 3]
        if fraction == 0:
            for j in range(along_size):
                lines[i, j] = source[j + 1]
        elif linear:
            for j in range(along_size):
                lines[i, j] = np.int32((32 - fraction) * source[j + 1] + fraction * source[j + 2] + 16) >> 5
        else:
            a, b, c, d = TAPS[fraction, 0], TAPS[fraction, 1], TAPS[fraction, 2], TAPS[fraction, 3]
            for j in range(along_size):
                total = a * source[j] + b * source[j + 1] + c * source[j + 2] + d * source[j + 3]
                lines[i, j] = np.int32(total + 64) >> 7


@inline_kernel
def _blend_edges(left, top, mode, log_width, log_height, prediction):
    """Blend the prediction near the block's edges with the references. Weights in 1/64 halve every few samples."""
    width, height = 1 << log_width, 1 << log_height
    scale = (log_width + log_height - 2) >> 2
    reach = 3 << scale  # beyond it the weight is 0
    corner = left[0]
    if mode == VERTICAL:
        for i in range(height):
            for j in range(min(width, reach)):
                weight = 32 >> ((2 * j) >> scale)
                prediction[i, j] += np.int32(weight * (left[i + 1] - corner) + 32) >> 6
    elif mode == HORIZONTAL:
        for i in range(min(height, reach)):
            weight = 32 >> ((2 * i) >> scale)
            for j in range(width):
                prediction[i, j] += np.int32(weight * (top[j + 1] - corner) + 32) >> 6
    else:
        for i in range(height):
            down = 32 >> ((2 * i) >> scale) if i < reach else 0
            for j in range(width if i < reach else min(width, reach)):
                across = 32 >> ((2 * j) >> scale) if j < reach else 0
                value = prediction[i, j]
                pull = across * (left[i + 1] - value) + down * (top[j + 1] - value)
                prediction[i, j] = value + (np.int32(pull + 32) >> 6)


@inner_kernel
def predict_from_neighbours(references, log_width, log_height, mode, line, turned, prediction):
    """Predict a block in `mode` (0 to 34) into the corner of `prediction` (int32 (32, 32), 1/16).

    Args:
        references: as `gather_references` fills them.
        line: int32 scratch of LINE entries; turned: int32 (32, 32) scratch.
    """
    smooth = uses_smooth_references(log_width, log_height, mode)
    left = references[SMOOTH_LEFT if smooth else LEFT]
    top = references[SMOOTH_TOP if smooth else TOP]
    width, height = 1 << log_width, 1 << log_height
    if mode == PLANAR:
        _predict_planar(left, top, log_width, log_height, prediction)
    elif mode == DC:
        _predict_mean(left, top, log_width, log_height, prediction)
    else:
        transposed = mode < 18
        along, across = (left, top) if transposed else (top, left)
        along_size, across_size = (height, width) if transposed else (width, height)
        _predict_angle(
            along,
            across,
            along_size,
            across_size,
            ANGLES[mode],
            INVERSE_ANGLES[mode],
            smooth,
            line,
            turned if transposed else prediction,
        )
        if transposed:
            for i in range(height):
                for j in range(width):
                    prediction[i, j] = turned[j, i]
    if mode <= DC or ANGLES[mode] == 0:
        _blend_edges(left, top, mode, log_width, log_height, prediction)


LINE = _ORIGIN + REFERENCES + 4
