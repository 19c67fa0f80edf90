"""The temporal Haar transform along the motion, by lifting; it can be inverted exactly for any motion.

A pair of frames (A, B) becomes H = B - P(A) and L = A + U(H). P fetches each macroblock of B from A along its vector. U
adds half of H to the samples from which it was fetched; if several macroblocks were fetched from a sample, the first in
raster order counts. Without motion this is the Haar transform: L is the mean and H the difference.

Source: Secker and Taubman 2001, "Motion-compensated highly scalable video compression using an adaptive 3D wavelet
transform based on lifting"; Pesquet-Popescu and Bottreau 2001, "Three-dimensional lifting schemes for motion
compensated video compression".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.video.st3d.layout import DEEP_MOTION, MODE, PAIRS_MOTION, VECTOR_X, VECTOR_Y


@inline_kernel
def clamped(position, size):
    """Return `position`, limited to 0 to `size` - 1."""
    return min(max(position, 0), size - 1)


@inner_kernel
def fetch(source, y, x, size, down, right, target):
    """Fetch the block at (y, x), displaced by (down, right) quarters of a sample, with bilinear interpolation.

    Args:
        source: int16 plane; beyond its edges the samples at the edges are repeated.
        size: of the block, in samples.
        target: int32, at least (size, size), filled in its corner.
    """
    rows, columns = source.shape
    top, left = y + (down >> 2), x + (right >> 2)
    part_down, part_right = down & 3, right & 3
    for i in range(size):
        upper, lower = source[clamped(top + i, rows)], source[clamped(top + i + 1, rows)]
        if part_down == 0 and part_right == 0 and left >= 0 and left + size <= columns:
            for j in range(size):
                target[i, j] = upper[left + j]
            continue
        for j in range(size):
            near, far = clamped(left + j, columns), clamped(left + j + 1, columns)
            first = (4 - part_right) * np.int32(upper[near]) + part_right * np.int32(upper[far])
            second = (4 - part_right) * np.int32(lower[near]) + part_right * np.int32(lower[far])
            target[i, j] = ((4 - part_down) * first + part_down * second + 8) >> 4


@inline_kernel
def _moves(maps, row, column, level):
    """Return whether a macroblock is transformed at `level` (1: within pairs, 2: across pairs)."""
    return maps[MODE, row, column] <= (PAIRS_MOTION if level == 1 else DEEP_MOTION)


@kernel
def predict(target, source, sign, maps, size, level, block):
    """Add `sign` times the prediction from `source` to `target`, in the macroblocks transformed at `level`.

    Args:
        target, source: int16 planes.
        sign: 1 or -1.
        maps: see `layout.Slab`.
        size: of a macroblock in these planes: 16 or 8.
        level: 1 or 2.
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
    """Add `sign` times half of `source` to the samples of `target` from which `source` was predicted.

    Vectors are rounded to whole samples. Each sample of `target` changes once at most. Arguments are as for `predict`.

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
                y = i + down
                if y < 0 or y >= rows:
                    continue
                for j in range(max(column * size, -right), min((column + 1) * size, columns - right)):
                    if owned[y, j + right] == 0:
                        owned[y, j + right] = 1
                        target[y, j + right] += sign * ((source[i, j] + 1) >> 1)


def _scratch(plane: npt.NDArray[np.int16]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Return the scratch of `predict` and of `update`."""
    return np.empty((16, 16), dtype=np.int32), np.empty(plane.shape, dtype=np.uint8)


def analyse(planes: npt.NDArray[np.int16], maps: npt.NDArray[np.int16], size: int) -> npt.NDArray[np.int16]:
    """Return the bands of one component of a slab, int16 (bands, rows, columns) in 1/16.

    Args:
        planes: int16 (frames, rows, columns), in 1/16; 1, 2 or 4 frames.
        maps: modes and vectors, see `layout.Slab`.
        size: of a macroblock in these planes: 16 or 8.
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
    """Return the planes whose bands are `bands`: the inverse of `analyse`."""
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
