"""Importance of a block for other frames, and the bits it gets for that; a choice of the encoder alone.

If a block is found again in other frames, its error is inherited by them, and its bits serve them as well. Its
distortion then counts for several frames, and its lambda is divided by a power of that number. The levels of the
hierarchy have finer steps and smaller lambdas for the same reason; here both follow the content.

Source: the macroblock tree of x264 (J. Garrett-Glaser, "A novel macroblock-tree algorithm for high-performance
optimization of dependent video coding in H.264/AVC", 2009), along the hierarchy instead of the order of display.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.layout import GRID, ROOT

MOST_ADVANCE = 5  # eighths of an octave
LAMBDA_PARTS = 4  # changes of lambda are in quarters of an octave
_ADVANCE_AN_OCTAVE = (
    4.0  # eighths of an octave of the step, for each doubling of the frames in which the first one stays
)
_ADVANCE_FROM = 4.5  # log2 of 1 + the number of those frames, from which on there is an advance
_KEPT_BELOW = 15.0  # mean squared difference below which a block counts as unchanged
_TEXTURE = 40.0  # variance of a block that costs one bit for each sample

_STRENGTH = 0.5  # octaves of lambda for each octave of importance
_MOST_OCTAVES = 1.5  # largest change of lambda
_USUAL = {1: 3.4, 2: 1.7}  # log2 of the importance at which lambda does not change, by level
_DISTORTION = 0.05  # assumed distortion of a block, in squared steps
_DEVIATION = 1.25  # standard deviation divided by mean absolute difference
_LEAST_DEVIATION = np.float32(0.1)
_MOST_GROWTH = np.float32(1.5)  # largest growth of deviations when the distance in time doubles

FloatArray = npt.NDArray[np.float32]
Errors = Mapping[tuple[int, int], FloatArray]
"""Mean absolute differences between a frame's blocks and their matches in a neighbour, by (direction, distance).

Each is float32 (rows / GRID, columns / GRID), in samples. The direction is -1 or 1; the distance is in frames.
"""


def _cells(plane: FloatArray) -> FloatArray:
    """Return the blocks of GRID x GRID samples of a plane as (rows, GRID, columns, GRID), padded by repetition."""
    height, width = plane.shape
    whole = np.pad(plane, ((0, -height % GRID), (0, -width % GRID)), mode="edge")
    return whole.reshape(whole.shape[0] // GRID, GRID, whole.shape[1] // GRID, GRID)


def first_frame_advance(frames: Sequence[Frame], distance: int) -> int:
    """Return how much finer to quantize the first frame of a group, in eighths of an octave, 0 to MOST_ADVANCE.

    It grows with how long textured blocks stay unchanged. Every `distance` frames blocks are compared with the first
    frame; each block counts with the bits that its texture costs.

    Args:
        frames: of the group, in display order.
        distance: from a key frame to the next, in frames.
    """
    first = _cells(frames[0].luma.astype(np.float32))
    cost = np.log2(1 + first.var(axis=(1, 3)) / _TEXTURE)
    later = frames[distance::distance]
    if not later or not cost.any():
        return 0
    kept = np.zeros(cost.shape)
    for frame in later:
        difference = first - _cells(frame.luma.astype(np.float32))
        kept += (difference * difference).mean(axis=(1, 3)) < _KEPT_BELOW
    stay = len(frames) * float((kept * cost).sum() / (cost.sum() * len(later)))
    return min(max(round(_ADVANCE_AN_OCTAVE * (np.log2(1 + stay) - _ADVANCE_FROM)), 0), MOST_ADVANCE)


def lambda_changes(errors: Errors, level: int, distance: int, keys: int, step: float) -> npt.NDArray[np.int64] | None:
    """Return the change of lambda for each superblock of a frame; None for no change.

    Args:
        errors: of the frame.
        level: of the frame in the hierarchy.
        distance: from a key frame to the next, in frames.
        keys: number of key frames after the frame.
        step: quantizer step of the frame, in samples.

    Returns:
        int64 (rows of superblocks, columns), in octaves / LAMBDA_PARTS.
    """
    if level not in _USUAL or not errors:
        return None
    octaves = np.log2(_importance(errors, level, distance, keys, step))
    across, down = -(-octaves.shape[1] * GRID // ROOT), -(-octaves.shape[0] * GRID // ROOT)
    side = ROOT // GRID
    starts = [np.arange(count) * side for count in (down, across)]
    sums = np.add.reduceat(np.add.reduceat(octaves, starts[0], axis=0), starts[1], axis=1)
    rows = np.diff(np.append(starts[0], octaves.shape[0]))
    columns = np.diff(np.append(starts[1], octaves.shape[1]))
    change = -_STRENGTH * (sums / np.outer(rows, columns) - _USUAL[level])
    return np.rint(LAMBDA_PARTS * np.clip(change, -_MOST_OCTAVES, _MOST_OCTAVES)).astype(np.int64)


def _importance(errors: Errors, level: int, distance: int, keys: int, step: float) -> FloatArray:
    """Return how many frames inherit the distortion of each block, its own frame included."""
    reach = distance >> (level - 1)  # frames to its nearest references
    blocks = next(iter(errors.values()))
    result: FloatArray = np.ones_like(blocks)
    for direction in (-1, 1):
        shares = _shares(errors, direction, distance, step)
        if not shares:
            continue
        between = _between(shares, reach)
        result += between
        if level == 1 and direction > 0 and keys:
            chain = 1 + between  # the last key frame
            for _ in range(keys - 1):
                chain = 1 + 2 * between + shares[distance] * chain
            result += shares[distance] * chain
    return result


def _shares(errors: Errors, direction: int, distance: int, step: float) -> dict[int, FloatArray]:
    """Return which part of its distortion each block hands on, by distance in time: 1, 2, 4 frames and so on.

    Distances that were not measured are extrapolated.
    """
    distortion = np.float32(_DISTORTION * step * step)
    deviations: dict[int, FloatArray] = {}
    apart = 1
    while apart <= distance:
        if (direction, apart) in errors:
            deviations[apart] = np.float32(_DEVIATION) * errors[direction, apart]
        elif apart // 2 in deviations:
            far = deviations[apart // 2]
            near = deviations.get(apart // 4, far)
            growth = np.clip(far / np.maximum(near, _LEAST_DEVIATION), np.float32(1), _MOST_GROWTH)
            deviations[apart] = (far * growth).astype(np.float32)
        apart *= 2
    return {apart: distortion / (distortion + value * value) for apart, value in deviations.items()}


def _between(shares: Mapping[int, FloatArray], reach: int) -> FloatArray:
    """Return the importance of blocks for the frames on one side up to `reach`.

    Those frames have another reference at `reach` as well, so a block counts half.
    """
    blocks = next(iter(shares.values()))
    result: FloatArray = np.zeros_like(blocks)
    apart = 1
    while 2 * apart <= reach:
        if apart in shares:
            result += shares[apart] * (1 + 2 * result) / 2
        apart *= 2
    return result
