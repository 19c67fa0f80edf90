"""Colours that cannot be seen, under alpha 0: they are replaced by what costs next to nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Level = npt.NDArray[np.floating]


def without_hidden_colours(samples: np.ndarray) -> np.ndarray:
    """Return a picture that looks the same: what is under alpha 0 continues the colours around it smoothly.

    The visible colours are averaged, weighted by alpha, over cells of 2, 4, 8 and more samples. A hidden sample takes
    the mean of the smallest cells near it that have any colour, interpolated.

    Args:
        samples: uint8 (height, width, 1 to 4 channels). If nothing is hidden, or there is no alpha, it is returned.
    """
    if samples.shape[2] not in (2, 4):
        return samples
    alpha = samples[:, :, -1]
    hidden = alpha == 0
    if not hidden.any():
        return samples
    colours = range(samples.shape[2] - 1)
    planes = [np.where(hidden, 0, samples[:, :, channel]).astype(np.float32) for channel in colours]
    result = samples.copy()
    for channel, spread in enumerate(_spread(planes, alpha.astype(np.float32))):
        result[:, :, channel] = np.where(hidden, np.rint(spread).astype(np.uint8), samples[:, :, channel])
    return result


def _spread(planes: Sequence[Level], weights: Level) -> Sequence[Level]:
    """Return planes with values where `weights` are 0: those of the planes of half the size, interpolated."""
    known = weights > 0
    if known.all() or weights.size == 1:
        return planes
    total = _cell_sums(weights)
    least = np.maximum(total, np.float32(1e-6))
    means = [_cell_sums(plane * weights) / least for plane in planes]
    coarse = [_doubled(half, *weights.shape) for half in _spread(means, total)]
    return [np.where(known, plane, other) for plane, other in zip(planes, coarse, strict=True)]


def _cell_sums(plane: Level) -> Level:
    """Return the sums of cells of 2x2 samples; beyond the border there is nothing."""
    even = np.pad(plane, ((0, plane.shape[0] & 1), (0, plane.shape[1] & 1)))
    return even[::2, ::2] + even[::2, 1::2] + even[1::2, ::2] + even[1::2, 1::2]


def _doubled(half: Level, height: int, width: int) -> Level:
    """Return a plane of twice the size, interpolated with weights 3/4 and 1/4; the border is repeated."""
    rows = _doubled_rows(half)[:height]
    return np.ascontiguousarray(_doubled_rows(rows.T)[:width].T)


def _doubled_rows(half: Level) -> Level:
    before = np.concatenate([half[:1], half[:-1]])
    after = np.concatenate([half[1:], half[-1:]])
    result = np.empty((2 * half.shape[0], half.shape[1]), np.float32)
    result[::2] = 0.75 * half + 0.25 * before
    result[1::2] = 0.75 * half + 0.25 * after
    return result
