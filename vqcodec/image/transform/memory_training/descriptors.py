"""What pictures look like from afar: by it the candidates are found that may predict a picture."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

GRID = 8  # means a side
_SIZE_WEIGHT = 16  # of an octave of height or width, in grey levels
_MIDDLE = 128.0
DIMENSION = 3 * GRID * GRID + 2


def describe(planes: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return the means of GRID x GRID parts of each plane, and the size: uint8 (DIMENSION,).

    A picture in grey looks like one in colour without colour.

    Args:
        planes: (1 or 3, height, width), 0 to 255.
    """
    count, height, width = planes.shape
    means = np.full((3, GRID, GRID), _MIDDLE)
    rows, columns = _bounds(height), _bounds(width)
    sums = np.zeros((count, height + 1, width + 1))
    np.cumsum(np.cumsum(planes, axis=1, dtype=np.float64), axis=2, out=sums[:, 1:, 1:])
    (top, bottom), (left, right) = rows, columns
    parts = (
        sums[:, bottom][:, :, right]
        - sums[:, top][:, :, right]
        - sums[:, bottom][:, :, left]
        + sums[:, top][:, :, left]
    )
    means[:count] = parts / ((bottom - top)[:, None] * (right - left))
    size = [_SIZE_WEIGHT * math.log2(side) for side in (height, width)]
    return np.rint(np.clip([*means.ravel(), *size], 0, 255)).astype(np.uint8)


def _bounds(length: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return where the GRID parts of a length begin and end; parts of short lengths overlap."""
    starts = np.arange(GRID) * length // GRID
    ends = -(-(np.arange(GRID) + 1) * length // GRID)
    return starts, ends
