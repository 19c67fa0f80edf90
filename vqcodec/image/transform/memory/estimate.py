"""About how many bits a picture takes alone, and with an item of a memory to predict from, without coding it.

Cells of 8x8 samples are predicted, and each coefficient of the residual counts log2(1 + (coefficient / step)^2) / 2.
Alone, a cell is predicted from the samples above and to its left in four simple ways. From an item it is predicted
at the displacement with the least absolute difference in luma, near that of the whole picture. These are far fewer ways
than the coder has. So only the ratio of both figures means something: it is applied to what coding alone really takes.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_BITS, SAMPLE_MIDDLE
from vqcodec.kernels.jit import inner_kernel, kernel

SIDE = 8
RADIUS = 3  # samples that a cell is displaced by, at most, from where the whole picture is
REDUCTION, FAR = 4, 4  # the whole picture is displaced by up to FAR samples of the picture reduced so much
_PLACES = 2 * RADIUS + 1
_USE_BITS = 2.0  # of a cell, to say that and how it is predicted from an item
_FARTHER = 0.05  # grey levels that a displacement of the whole picture must gain for each reduced sample
_CHROMA_SHARE = 2.0**-0.25  # of luma's step
_WAYS = 4
_BITS_A_NAT = 0.5 / math.log(2)

FloatArray = npt.NDArray[np.float32]
Planes = npt.NDArray[np.int16]


def _cosines() -> FloatArray:
    k = np.arange(SIDE)
    basis = 0.5 * np.cos((2 * k[None] + 1) * k[:, None] * np.pi / (2 * SIDE))
    basis[0] /= np.sqrt(2.0)
    return basis.astype(np.float32)


_COSINES = _cosines()
_TURNED = np.ascontiguousarray(_COSINES.T)


def whole_cells(planes: Planes) -> Planes:
    """Return planes (..., height, width) of whole cells; the last samples are repeated."""
    height, width = planes.shape[-2:]
    if height % SIDE == 0 and width % SIDE == 0:
        return np.ascontiguousarray(planes)
    padding = [(0, 0)] * (planes.ndim - 2) + [(0, -height % SIDE), (0, -width % SIDE)]
    return np.pad(planes, padding, mode="edge")


def cells_of(planes: npt.NDArray) -> npt.NDArray:
    """Cut planes (..., height, width) into cells (..., rows, columns, SIDE, SIDE); the last samples are repeated."""
    whole = whole_cells(planes)
    rows, columns = whole.shape[-2] // SIDE, whole.shape[-1] // SIDE
    return whole.reshape(*planes.shape[:-2], rows, SIDE, columns, SIDE).swapaxes(-3, -2)


def _scales(planes: int, step: float) -> FloatArray:
    """Return by what the samples of each plane are multiplied, to be in steps."""
    unit = step * (1 << SAMPLE_BITS)
    return np.array([1 / unit, *[1 / (unit * _CHROMA_SHARE)] * (planes - 1)], np.float32)


def bits_alone(planes: Planes, step: float) -> FloatArray:
    """Return the estimate for each cell, float32 (rows, columns), all planes together.

    Args:
        planes: (1 or 3, height, width), int16 in 1/16, luma first; chroma of full size.
        step: quantizer step of luma, in samples.
    """
    whole = whole_cells(planes)
    bits = np.empty((whole.shape[1] // SIDE, whole.shape[2] // SIDE), np.float32)
    _alone(whole, _scales(len(planes), step), np.empty((3, SIDE, SIDE), np.float32), bits)
    return bits


def bits_given(planes: Planes, item: Planes, step: float, alone: FloatArray) -> FloatArray:
    """Return the estimate for each cell, float32 (rows, columns), if it may be predicted from an item.

    Args:
        planes: (1 or 3, height, width), int16 in 1/16, luma first; chroma of full size.
        item: (1 or 3, any height, any width), likewise; it lies at the top left, and its edges are repeated. Chroma
            that is missing is 128.
        step: quantizer step of luma, in samples.
        alone: what `bits_alone` gives for `planes`.
    """
    whole = whole_cells(planes)
    count, height, width = whole.shape
    reference = np.empty((count, height + 2 * RADIUS, width + 2 * RADIUS), np.int16)
    small = (planes.shape[1] // REDUCTION, planes.shape[2] // REDUCTION)
    bits = np.empty(alone.shape, np.float32)
    _given(
        whole,
        np.ascontiguousarray(item),
        _scales(count, step),
        alone,
        reference,
        np.empty(small, np.int32),
        np.empty((small[0] + 2 * FAR, small[1] + 2 * FAR), np.int32),
        np.empty((width + 2 * (width // SIDE)), np.int32),
        np.empty((3, SIDE, SIDE), np.float32),
        bits,
    )
    return bits


@inner_kernel
def _information(work, scale):
    """Return the bits of a residual, `work[0]`, and of these the bits of its mean.

    Args:
        work: float32 (3, SIDE, SIDE); what follows the residual is overwritten.
        scale: by which the samples are multiplied.
    """
    for i in range(SIDE):
        for j in range(SIDE):
            work[1, i, j] = 0
        for k in range(SIDE):
            factor = _COSINES[i, k] * scale
            for j in range(SIDE):
                work[1, i, j] += factor * work[0, k, j]
    for i in range(SIDE):
        for j in range(SIDE):
            work[2, i, j] = 0
        for k in range(SIDE):
            factor = work[1, i, k]
            for j in range(SIDE):
                work[2, i, j] += factor * _TURNED[k, j]
    even = odd = np.float64(1)  # at the finest step, too, the product of so many is far below the greatest float64
    for i in range(SIDE):
        for j in range(0, SIDE, 2):
            even *= np.float64(1 + work[2, i, j] * work[2, i, j])
            odd *= np.float64(1 + work[2, i, j + 1] * work[2, i, j + 1])
    mean = math.log(np.float64(1 + work[2, 0, 0] * work[2, 0, 0]))
    return (math.log(even) + math.log(odd)) * _BITS_A_NAT, mean * _BITS_A_NAT


@kernel
def _alone(planes, scales, work, bits):
    """Fill `bits` (float32 by cell), all planes together.

    Args:
        planes: int16 (planes, height, width) of whole cells; scales: float32 (planes,).
        work: float32 (3, SIDE, SIDE).
    """
    for row in range(bits.shape[0]):
        for column in range(bits.shape[1]):
            y, x = row * SIDE, column * SIDE
            total = np.float64(0)
            for number in range(planes.shape[0]):
                plane = planes[number]
                corner = np.int64(SAMPLE_MIDDLE)  # stands for all that lies outside
                if row == 0 and column > 0:
                    corner = np.int64(plane[0, x - 1])
                elif column == 0 and row > 0:
                    corner = np.int64(plane[y - 1, 0])
                mean = np.float32(0)
                for k in range(SIDE):
                    mean += np.float32(plane[y - 1, x + k] if row > 0 else corner)
                    mean += np.float32(plane[y + k, x - 1] if column > 0 else corner)
                mean /= np.float32(2 * SIDE)
                least = np.float64(0)
                for way in range(_WAYS):
                    for i in range(SIDE):
                        left = np.float32(plane[y + i, x - 1] if column > 0 else corner)
                        for j in range(SIDE):
                            above = np.float32(plane[y - 1, x + j] if row > 0 else corner)
                            predicted = mean
                            if way == 1:
                                predicted = above
                            elif way == 2:
                                predicted = left
                            elif way == 3:
                                predicted = (above + left) / np.float32(2)
                            work[0, i, j] = np.float32(plane[y + i, x + j]) - predicted
                    cost, _ = _information(work, scales[number])
                    if way == 0 or cost < least:
                        least = cost
                total += least
            bits[row, column] = np.float32(total)


@inner_kernel
def _reduce(plane, above, left, reduced):
    """Fill `reduced` (int32) with sums of REDUCTION x REDUCTION samples, whose edges are repeated.

    The first of them lies `above` and `left` of the plane's first sample.
    """
    for row in range(reduced.shape[0]):
        for column in range(reduced.shape[1]):
            total = np.int32(0)
            for i in range(REDUCTION):
                y = min(max(row * REDUCTION + i - above, 0), plane.shape[0] - 1)
                for j in range(REDUCTION):
                    x = min(max(column * REDUCTION + j - left, 0), plane.shape[1] - 1)
                    total += np.int32(plane[y, x])
            reduced[row, column] = total


@inner_kernel
def _whole_displacement(luma, item, small, around):
    """Return by how many rows and columns the item is to be displaced, multiples of REDUCTION.

    Args:
        luma, item: int16 planes; small, around: int32, room for the picture reduced, and for the item with a border.
    """
    height, width = small.shape
    best_row = best_column = np.int64(FAR)
    if min(height, width) >= 2 * FAR:
        _reduce(luma, 0, 0, small)
        _reduce(item, FAR * REDUCTION, FAR * REDUCTION, around)
        farther = _FARTHER * height * width * (REDUCTION * REDUCTION << SAMPLE_BITS)
        least = np.float64(0)
        for row in range(2 * FAR + 1):
            for column in range(2 * FAR + 1):
                total = np.int64(0)
                for i in range(height):
                    part = np.int32(0)
                    for j in range(width):
                        part += abs(small[i, j] - around[row + i, column + j])
                    total += part
                cost = total + farther * (abs(row - FAR) + abs(column - FAR))
                if (row == 0 and column == 0) or cost < least:
                    least, best_row, best_column = cost, np.int64(row), np.int64(column)
    return (best_row - FAR) * REDUCTION, (best_column - FAR) * REDUCTION


@inner_kernel
def _find_places(luma, reference, row, sums, columns):
    """Leave in `sums`, from `luma.shape[1]` on, at which displacement each cell of a row of cells differs least.

    Args:
        luma: int16 plane of whole cells; reference: int16, with RADIUS samples around it.
        row: of cells; columns: of cells.
        sums: int32 (width + 2 * columns,), the last of them the least differences so far.
    """
    width, y = luma.shape[1], row * SIDE
    for place in range(_PLACES * _PLACES):
        top, left = place // _PLACES, place % _PLACES
        for x in range(width):
            sums[x] = 0
        for i in range(0, SIDE, 2):  # every second row
            line, other = luma[y + i], reference[y + i + top]
            for x in range(width):
                sums[x] += abs(np.int32(line[x]) - np.int32(other[x + left]))
        for column in range(columns):
            total = np.int32(0)
            for j in range(SIDE):
                total += sums[column * SIDE + j]
            if place == _PLACES * _PLACES // 2:  # no displacement takes the fewest bits
                total -= np.int32(SIDE << SAMPLE_BITS)
            if place == 0 or total < sums[width + columns + column]:
                sums[width + columns + column] = total
                sums[width + column] = place


@kernel
def _given(planes, item, scales, alone, reference, small, around, sums, work, bits):
    """Fill `bits` (float32 by cell), all planes together.

    Args:
        planes: int16 (planes, height, width) of whole cells; item: int16 (1 or 3, any height, any width).
        scales: float32 (planes,); alone: as `bits`.
        reference: int16, room for the item with RADIUS samples around it.
        small, around, sums, work: room for `_whole_displacement`, `_find_places` and `_information`.
    """
    down, across = _whole_displacement(planes[0], item[0], small, around)
    for number in range(planes.shape[0]):
        for i in range(reference.shape[1]):
            y = min(max(i - RADIUS + down, 0), item.shape[1] - 1)
            for j in range(reference.shape[2]):
                x = min(max(j - RADIUS + across, 0), item.shape[2] - 1)
                reference[number, i, j] = item[number, y, x] if number < item.shape[0] else SAMPLE_MIDDLE
    width, columns = planes.shape[2], bits.shape[1]
    for row in range(bits.shape[0]):
        _find_places(planes[0], reference[0], row, sums, columns)
        for column in range(columns):
            place = sums[width + column]
            y, x = row * SIDE, column * SIDE
            top, left = y + place // _PLACES, x + place % _PLACES
            total = np.float64(_USE_BITS)
            for number in range(planes.shape[0]):
                for i in range(SIDE):
                    for j in range(SIDE):
                        difference = planes[number, y + i, x + j] - reference[number, top + i, left + j]
                        work[0, i, j] = np.float32(difference)
                cost, mean = _information(work, scales[number])
                total += cost - max(mean - 1, 0)
            bits[row, column] = min(np.float32(total), alone[row, column])
