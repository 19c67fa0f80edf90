"""Prediction of a sample of alpha from those above it and to its left, and the context of the error.

A sample is predicted by its mirror image if the neighbours of both agree: soft shadows of symmetric shapes then cost
next to nothing. Otherwise ten neighbours, weighted, predict it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

NEIGHBOURS = ((0, -1), (-1, 0), (-1, -1), (-1, 1), (-2, 0), (0, -2), (-2, 1), (-2, -1), (-1, -2), (-1, 2))
"""Rows and columns from a sample to its neighbours, in the order of their weights."""
WEIGHT_BITS = 6
WEIGHT_SUM = 1 << WEIGHT_BITS  # of all weights; that of the first neighbour is what the others leave
PRESETS = (
    (0, 0, 0, 0, 0, 0, 0, 0, 0),  # left
    (64, 0, 0, 0, 0, 0, 0, 0, 0),  # above
    (64, -64, 0, 0, 0, 0, 0, 0, 0),  # plane
    (32, 0, 0, 0, 0, 0, 0, 0, 0),  # mean
)
"""Weights of the second and later neighbours that need not be sent."""
ACTIVITIES = (1, 2, 3, 5, 8, 14)
LEVELS = len(ACTIVITIES) + 2  # of contexts: flat surroundings, then by the errors of the neighbours
_MARGIN = 2
_FITTED = 1 << 16  # most samples that weights are fitted to
_REWEIGHTINGS = 3
_FEWEST_PAIRS = 4  # of equal lines that make an axis


class Axes(NamedTuple):
    """Mirror axes: a sample at x has its image at `across` - x, one at y at `down` - y; -1 for none."""

    across: int
    down: int


def neighbours_of(plane: npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
    """Return the neighbours of each sample, int16 (10, height, width).

    Beyond the left and the right border the sample at the border is repeated, in the sample's own row (from which only
    what lies left is known) the first one above. Of the first row all neighbours are the one to the left, 0 at
    first. The second row has the first row above it twice.
    """
    height, width = plane.shape
    wide = np.pad(plane.astype(np.int16), ((_MARGIN, 0), (_MARGIN, _MARGIN)), mode="edge")
    own = wide[_MARGIN:].copy()  # rows whose left margin is known before the row is
    own[1:, :_MARGIN] = plane[:-1, :1]
    own[0, :_MARGIN] = 0
    result = np.empty((len(NEIGHBOURS), height, width), np.int16)
    for number, (down, across) in enumerate(NEIGHBOURS):
        rows = own if down == 0 else wide[_MARGIN + down : _MARGIN + down + height]
        result[number] = rows[:, _MARGIN + across : _MARGIN + across + width]
    result[:, 0] = result[0, 0]
    return result


def whole_weights(others: tuple[int, ...] | npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """Return the weights of all neighbours, int32 (10,), from those of the second and later ones."""
    rest = np.asarray(others, np.int32)
    return np.concatenate([[WEIGHT_SUM - rest.sum()], rest]).astype(np.int32)


def weighted(neighbours: npt.NDArray[np.int16], weights: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the prediction by weights for each sample, 0 to 255."""
    total = np.full(neighbours.shape[1:], WEIGHT_SUM >> 1, np.int32)
    for neighbour, weight in zip(neighbours, weights, strict=True):
        if weight:
            total += weight * neighbour.astype(np.int32)
    return np.clip(total >> WEIGHT_BITS, 0, 255)


def fitted_weights(plane: npt.NDArray[np.uint8], neighbours: npt.NDArray[np.int16]) -> npt.NDArray[np.int8]:
    """Return weights of the second and later neighbours, in 1/64, that make the errors small where alpha changes."""
    stack = neighbours.reshape(len(NEIGHBOURS), -1)
    changing = np.flatnonzero((stack != stack[0]).any(axis=0))
    changing = changing[:: max(1, changing.size // _FITTED)]
    inputs = (stack[1:, changing] - stack[0, changing]).T.astype(np.float64)
    wanted = (plane.reshape(-1)[changing] - stack[0, changing]).astype(np.float64)
    ridge = 1e-3 * max(1, changing.size) * np.eye(len(NEIGHBOURS) - 1)  # neighbours may depend on one another
    importance = np.ones(changing.size)
    solution = np.zeros(len(NEIGHBOURS) - 1)
    for _ in range(_REWEIGHTINGS):
        scaled = inputs * importance[:, None]
        solution = np.linalg.solve(scaled.T @ inputs + ridge, scaled.T @ wanted)
        importance = 1 / np.sqrt((wanted - inputs @ solution) ** 2 + 0.3)  # nearer to bits than squares are
    return np.clip(np.rint(WEIGHT_SUM * solution), -128, 127).astype(np.int8)


def mirrored(plane: npt.NDArray[np.uint8], axes: Axes) -> npt.NDArray[np.int16]:
    """Return the mirror image that predicts each sample, int16 (height, width); -1 where none does.

    The image below the axis `down` counts if the two samples to the left agree with theirs, or else the image beyond
    the axis `across` if the sample above and the one to the right of that do. Beyond the border everything is 0.
    """
    height, width = plane.shape
    result = np.full((height, width), -1, np.int16)
    wide = np.pad(plane.astype(np.int16), ((1, 0), (_MARGIN, _MARGIN)))
    inside = wide[1:, _MARGIN:-_MARGIN]
    columns = np.arange(axes.across // 2 + 1, min(width, axes.across + 1)) if axes.across >= 0 else np.arange(0)
    if columns.size:
        images = axes.across - columns
        above = wide[:-1]
        agrees = above[:, _MARGIN + columns] == above[:, _MARGIN + images]
        agrees &= above[:, _MARGIN + columns + 1] == above[:, _MARGIN + images - 1]
        result[:, columns] = np.where(agrees, inside[:, images], -1)
    rows = np.arange(axes.down // 2 + 1, min(height, axes.down + 1)) if axes.down >= 0 else np.arange(0)
    if rows.size:
        own, image = wide[1 + rows], wide[1 + axes.down - rows]
        agrees = own[:, 1 : 1 + width] == image[:, 1 : 1 + width]
        agrees &= own[:, :width] == image[:, :width]
        result[rows] = np.where(agrees, image[:, _MARGIN:-_MARGIN], result[rows])
    return result


def axes_of(plane: npt.NDArray[np.uint8]) -> Axes:
    """Return the axes about which most rows and columns that change have an equal image."""
    return Axes(_axis_of(plane.T), _axis_of(plane))


def _axis_of(lines: npt.NDArray[np.uint8]) -> int:
    """Return the sum of the numbers that most pairs of equal, changing lines have, or -1 if they are few."""
    places: dict[bytes, list[int]] = {}
    for number, line in enumerate(np.ascontiguousarray(lines)):
        if line.min() != line.max():
            places.setdefault(line.tobytes(), []).append(number)
    votes: dict[int, int] = {}
    for equal in places.values():
        for first, second in zip(equal, reversed(equal), strict=True):
            if first < second:
                votes[first + second] = votes.get(first + second, 0) + 1
    best = max(votes, key=lambda axis: (votes[axis], -axis), default=-1)
    return best if best >= 0 and votes[best] >= _FEWEST_PAIRS else -1


def levels_of(neighbours: npt.NDArray[np.int16], errors: npt.NDArray[np.int16]) -> npt.NDArray[np.int64]:
    """Return the level of each sample's context, 0 to LEVELS - 1, from its neighbours and all errors, both int16."""
    width = errors.shape[1]
    sizes = np.pad(np.abs(errors).astype(np.int32), ((1, 0), (1, 1)))
    activity = 2 * (sizes[1:, :width] + sizes[:-1, 1:-1]) + sizes[:-1, :width] + sizes[:-1, 2:]
    flat = (neighbours == neighbours[0]).all(axis=0) & (activity == 0)
    return np.where(flat, 0, 1 + np.digitize(activity, ACTIVITIES))
