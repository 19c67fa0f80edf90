"""About how many bits a picture takes alone, and with an item of a memory to predict from, without coding it.

Cells of 8x8 samples are predicted, and each coefficient of the residual counts log2(1 + (coefficient / step)^2) / 2.
Alone, a cell is predicted from the samples above and to its left in four simple ways. From an item it is predicted
at the displacement with the least absolute difference in luma, near that of the whole picture. These are far fewer ways
than the coder has. So only the ratio of both figures means something: it is applied to what coding alone really takes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SIDE = 8
RADIUS = 3  # samples that a cell is displaced by, at most, from where the whole picture is
REDUCTION, FAR = 4, 4  # the whole picture is displaced by up to FAR samples of the picture reduced so much
_MIDDLE = np.float32(128.0)
_USE_BITS = 2.0  # of a cell, to say that and how it is predicted from an item
_FARTHER = 0.05 * np.add.outer(np.abs(np.arange(-FAR, FAR + 1)), np.abs(np.arange(-FAR, FAR + 1)))  # grey levels
_CHROMA_SHARE = 2.0**-0.25  # of luma's step

FloatArray = npt.NDArray[np.float32]


def _cosines() -> FloatArray:
    k = np.arange(SIDE)
    basis = 0.5 * np.cos((2 * k[None] + 1) * k[:, None] * np.pi / (2 * SIDE))
    basis[0] /= np.sqrt(2.0)
    return basis.astype(np.float32)


_COSINES = _cosines()


def cells_of(planes: FloatArray) -> FloatArray:
    """Cut planes (..., height, width) into cells (..., rows, columns, SIDE, SIDE); the last samples are repeated."""
    height, width = planes.shape[-2:]
    padding = [(0, 0)] * (planes.ndim - 2) + [(0, -height % SIDE), (0, -width % SIDE)]
    padded = np.pad(planes, padding, mode="edge")
    rows, columns = padded.shape[-2] // SIDE, padded.shape[-1] // SIDE
    return padded.reshape(*planes.shape[:-2], rows, SIDE, columns, SIDE).swapaxes(-3, -2)


def _steps(planes: int, step: float) -> FloatArray:
    return np.array([step, *[step * _CHROMA_SHARE] * (planes - 1)], np.float32).reshape(-1, 1, 1, 1, 1)


def _information(residual: FloatArray, step: float) -> tuple[FloatArray, FloatArray]:
    """Return the bits of cells (planes, rows, columns, SIDE, SIDE), and of these the bits of their means."""
    coefficients = (_COSINES @ residual @ _COSINES.T) / _steps(len(residual), step)
    bits = np.log2(1.0 + coefficients * coefficients) * np.float32(0.5)
    return bits.sum(axis=(-1, -2)), bits[..., 0, 0]


def bits_alone(planes: FloatArray, step: float) -> FloatArray:
    """Return the estimate for each cell, float32 (rows, columns), all planes together.

    Args:
        planes: (1 or 3, height, width), 0 to 255, luma first; chroma of full size.
        step: quantizer step of luma.
    """
    cells = cells_of(planes)
    above = np.full_like(cells[..., 0, :], _MIDDLE)
    left = np.full_like(cells[..., :, 0], _MIDDLE)
    above[:, 1:] = cells[:, :-1, :, -1, :]
    left[:, :, 1:] = cells[:, :, :-1, :, -1]
    above[:, 0, 1:] = left[:, 0, 1:, :1]
    left[:, 1:, 0] = above[:, 1:, 0, :1]
    above, left = above[..., None, :], left[..., :, None]
    mean = (above.mean(axis=-1, keepdims=True) + left.mean(axis=-2, keepdims=True)) / 2
    ways = (mean, above, left, (above + left) / 2)
    best: FloatArray = np.min([_information(cells - way, step)[0] for way in ways], axis=0)
    return best.sum(axis=0)


def bits_given(planes: FloatArray, item: FloatArray, step: float, alone: FloatArray) -> FloatArray:
    """Return the estimate for each cell, float32 (rows, columns), if it may be predicted from an item.

    Args:
        planes: (1 or 3, height, width), 0 to 255, luma first; chroma of full size.
        item: (1 or 3, any height, any width), likewise; it lies at the top left, and its edges are repeated.
        step: quantizer step of luma.
        alone: what `bits_alone` gives for `planes`.
    """
    cells = cells_of(planes)
    _, rows, columns, _, _ = cells.shape
    reference = _reference(item, len(planes), rows * SIDE, columns * SIDE, _whole_displacement(planes[0], item[0]))
    best = _displacements(cells[0], reference[0])
    predicted = np.empty_like(cells)
    for place in np.unique(best):
        there = best == place
        predicted[:, there] = _shifted(reference, int(place), rows, columns)[:, there]
    bits, means = _information(cells - predicted, step)
    given: FloatArray = (bits - np.maximum(means - 1, 0)).sum(axis=0) + np.float32(_USE_BITS)
    return np.minimum(given, alone)


def _displacements(cells: FloatArray, reference: FloatArray) -> npt.NDArray[np.intp]:
    """Return at which displacement each cell of luma differs least, in every second row: intp (rows, columns)."""
    rows, columns = cells.shape[:2]
    luma = np.ascontiguousarray(cells[:, :, ::2].swapaxes(1, 2)).reshape(rows * SIDE // 2, columns * SIDE)
    side = 2 * RADIUS + 1
    differences = np.empty((side * side, rows, columns), np.float32)
    for place in range(side * side):
        top, left = divmod(place, side)
        shifted = reference[top : top + rows * SIDE : 2, left : left + columns * SIDE]
        parts = np.abs(luma - shifted).reshape(rows, SIDE // 2, columns, SIDE)
        differences[place] = parts.sum(axis=1).sum(axis=-1)
    differences[side * side // 2] -= np.float32(SIDE)  # no displacement takes the fewest bits
    return np.argmin(differences, axis=0)


def _whole_displacement(luma: FloatArray, item: FloatArray) -> tuple[int, int]:
    """Return the rows and columns that the item is to be displaced by, multiples of REDUCTION."""
    height, width = (side // REDUCTION for side in luma.shape)
    if min(height, width) < 2 * FAR:
        return 0, 0
    small = _reduced(luma, 0, height, 0, width)
    around = _reduced(item, -FAR, height + FAR, -FAR, width + FAR)
    windows = np.lib.stride_tricks.sliding_window_view(around, (height, width))
    differences = np.abs(windows - small).mean(axis=(2, 3)) + _FARTHER
    row, column = divmod(int(np.argmin(differences)), 2 * FAR + 1)
    return (row - FAR) * REDUCTION, (column - FAR) * REDUCTION


def _reduced(plane: FloatArray, top: int, bottom: int, left: int, right: int) -> FloatArray:
    """Return a part, in reduced samples, of a plane reduced by means; its edges are repeated."""
    rows = np.clip(np.arange(top * REDUCTION, bottom * REDUCTION), 0, plane.shape[0] - 1)
    columns = np.clip(np.arange(left * REDUCTION, right * REDUCTION), 0, plane.shape[1] - 1)
    parts = plane[rows[:, None], columns].reshape(bottom - top, REDUCTION, right - left, REDUCTION)
    means: FloatArray = parts.mean(axis=(1, 3), dtype=np.float32)
    return means


def _reference(item: FloatArray, planes: int, height: int, width: int, place: tuple[int, int]) -> FloatArray:
    """Return the item's planes, displaced, with a border of RADIUS around this size; chroma that is missing is 128."""
    rows = np.clip(np.arange(-RADIUS, height + RADIUS) + place[0], 0, item.shape[1] - 1)
    columns = np.clip(np.arange(-RADIUS, width + RADIUS) + place[1], 0, item.shape[2] - 1)
    shown = item[:planes, rows[:, None], columns]
    if len(shown) == planes:
        return shown
    return np.concatenate([shown, np.full((planes - len(shown), *shown.shape[1:]), _MIDDLE)])


def _shifted(reference: FloatArray, place: int, rows: int, columns: int) -> FloatArray:
    """Return the cells of a reference at one of the displacements."""
    top, left = divmod(place, 2 * RADIUS + 1)
    part = reference[:, top : top + rows * SIDE, left : left + columns * SIDE]
    return part.reshape(len(reference), rows, SIDE, columns, SIDE).swapaxes(2, 3)
