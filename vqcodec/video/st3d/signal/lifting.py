"""The temporal Haar transform along motion, by lifting: exactly invertible whatever the motion.

A pair of frames (A, B) becomes H = B - P(A) and L = A + U(H): P fetches each macroblock of B from A along its vector,
U gives half of H back to the samples it was fetched from, the first macroblock in raster order to each (Secker and
Taubman 2001, "Motion-compensated highly scalable video compression using an adaptive 3D wavelet transform based on
lifting"; Pesquet-Popescu and Bottreau 2001). Without motion it is the Haar transform: L the mean, H the difference.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.video.st3d.layout import DEEP_MOTION, MODE, PAIRS_MOTION, VECTOR_X, VECTOR_Y


@inline_kernel
def clamped(position, size):
    """Return the position of the sample that stands for one outside 0 to size - 1."""
    return min(max(position, 0), size - 1)


@inner_kernel
def fetch(source, y, x, size, down, right, target):
    """Fetch `size` x `size` samples at (y, x) displaced by (down, right) quarters of samples, bilinear, into `target`.

    Args:
        source: int16 plane, continued beyond its edges by the samples there.
        target: int32, at least `size` a side.
    """
    rows, columns = source.shape
    top, left = y + (down >> 2), x + (right >> 2)
    v, u = down & 3, right & 3
    for i in range(size):
        upper, lower = source[clamped(top + i, rows)], source[clamped(top + i + 1, rows)]
        if v == 0 and u == 0 and left >= 0 and left + size <= columns:
            for j in range(size):
                target[i, j] = upper[left + j]
            continue
        for j in range(size):
            near, far = clamped(left + j, columns), clamped(left + j + 1, columns)
            first = (4 - u) * np.int32(upper[near]) + u * np.int32(upper[far])
            second = (4 - u) * np.int32(lower[near]) + u * np.int32(lower[far])
            target[i, j] = ((4 - v) * first + v * second + 8) >> 4


@inline_kernel
def _moves(maps, row, column, level):
    """Whether the macroblock's transform reaches `level` (1: within pairs, 2: across)."""
    return maps[MODE, row, column] <= (PAIRS_MOTION if level == 1 else DEEP_MOTION)


@kernel
def predict(target, source, sign, maps, size, level, block):
    """Add `sign` times what `source` predicts, where the transform reaches `level`, to `target` (int16 planes).

    Args:
        size: of a macroblock in these planes, 16 or 8.
        block: int32 (16, 16) scratch.
    """
    scale = level * (size >> 3)
    for row in range(maps.shape[1]):
        for column in range(maps.shape[2]):
            if not _moves(maps, row, column, level):
                continue
            y, x = row * size, column * size
            down, right = np.int64(maps[VECTOR_Y, row, column]) * scale, np.int64(maps[VECTOR_X, row, column]) * scale
            fetch(source, y, x, size, down, right, block)
            for i in range(size):
                for j in range(size):
                    target[y + i, x + j] += sign * block[i, j]


@kernel
def update(target, source, sign, maps, size, level, owned):
    """Add `sign` times half of `source` to the samples of `target` that it was predicted from, to the nearest.

    Args:
        owned: uint8 scratch of the planes' shape.
    """
    rows, columns = target.shape
    scale = level * (size >> 3)
    owned[:, :] = 0
    for row in range(maps.shape[1]):
        for column in range(maps.shape[2]):
            if not _moves(maps, row, column, level):
                continue
            down = (np.int64(maps[VECTOR_Y, row, column]) * scale + 2) >> 2
            right = (np.int64(maps[VECTOR_X, row, column]) * scale + 2) >> 2
            for i in range(row * size, (row + 1) * size):
                v = i + down
                if v < 0 or v >= rows:
                    continue
                for j in range(max(column * size, -right), min((column + 1) * size, columns - right)):
                    if owned[v, j + right] == 0:
                        owned[v, j + right] = 1
                        target[v, j + right] += sign * ((source[i, j] + 1) >> 1)


def _scratch(plane: npt.NDArray[np.int16]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    return np.empty((16, 16), dtype=np.int32), np.empty(plane.shape, dtype=np.uint8)


def analyse(planes: npt.NDArray[np.int16], maps: npt.NDArray[np.int16], size: int) -> npt.NDArray[np.int16]:
    """Return the bands of a slab's planes of one component, int16 (bands, rows, columns) in 1/16.

    Args:
        planes: int16 (frames, rows, columns), in 1/16; 1, 2 or 4 frames.
        maps: modes and vectors, see `layout.Slab`.
        size: of a macroblock in these planes, 16 or 8.
    """
    if len(planes) == 1:
        return planes.copy()
    block, owned = _scratch(planes[0])
    side, up, down = np.int64(size), np.int64(1), np.int64(-1)
    order = [0, 1] if len(planes) == 2 else [0, 2, 1, 3]
    bands = planes[order]
    half = len(planes) // 2
    for pair in range(half):
        predict(bands[half + pair], bands[pair], down, maps, side, np.int64(1), block)
        update(bands[pair], bands[half + pair], up, maps, side, np.int64(1), owned)
    if half == 2:
        predict(bands[1], bands[0], down, maps, side, np.int64(2), block)
        update(bands[0], bands[1], up, maps, side, np.int64(2), owned)
    return bands


def synthesise(bands: npt.NDArray[np.int16], maps: npt.NDArray[np.int16], size: int) -> npt.NDArray[np.int16]:
    """Return the planes whose bands `analyse` gives; arguments and result as there."""
    if len(bands) == 1:
        return bands.copy()
    planes = bands.copy()
    block, owned = _scratch(planes[0])
    side, up, down = np.int64(size), np.int64(1), np.int64(-1)
    half = len(planes) // 2
    if half == 2:
        update(planes[0], planes[1], down, maps, side, np.int64(2), owned)
        predict(planes[1], planes[0], up, maps, side, np.int64(2), block)
    for pair in range(half):
        update(planes[pair], planes[half + pair], down, maps, side, np.int64(1), owned)
        predict(planes[half + pair], planes[pair], up, maps, side, np.int64(1), block)
    return planes[[0, 1] if half == 1 else [0, 2, 1, 3]]
