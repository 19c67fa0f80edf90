"""The first pass of the encoder: mode, vector and replenishment of each macroblock, from the frames as they are.

Every way to transform a macroblock is tried on its luma, as if its neighbours gave and took nothing by lifting, and
quantised with the true code lengths. Rows of macroblocks do not know of each other.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SAMPLE_BITS
from vqcodec.blocks.steps import STEP_BITS
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.video.st3d.contexts import band_class, zero_mode
from vqcodec.video.st3d.layout import (
    ALONE,
    DEEP_MOTION,
    MACROBLOCK,
    MAX_VECTOR,
    MODE,
    PAIRS,
    PAIRS_MOTION,
    PIXEL_LIKE,
    SKIPPED,
    VECTOR_X,
    VECTOR_Y,
)
from vqcodec.video.st3d.search.quantizing import code_residual
from vqcodec.video.st3d.signal.blocks import mean_around
from vqcodec.video.st3d.signal.lifting import fetch

_MODE_BITS = np.float32(2.0)  # of another mode than the simplest; of a vector besides
_VECTOR_BITS = np.float32(8.0)
_SKIP_BITS = np.float32(0.5)
_TRIAL_ENERGY = np.int64(3)
_UNKNOWN_CHROMA = np.float32(12.0)  # squared steps a frame that chroma of a coded macroblock is thought to cost at most


@inner_kernel
def _difference(planes, earlier, later, y, x, down, right, block):
    """Return the sum of absolute differences of a macroblock of one frame and of another, displaced by quarters."""
    fetch(planes[earlier], y, x, MACROBLOCK, down, right, block)
    total = np.int64(0)
    for i in range(MACROBLOCK):
        for j in range(MACROBLOCK):
            total += abs(planes[later, y + i, x + j] - block[i, j])
    return total


@inner_kernel
def _trajectory_cost(planes, y, x, v, u, weight, block):
    """Return how unlike the frames are along the vector (v, u), in half samples a frame, plus what it costs."""
    total = _difference(planes, np.int64(0), np.int64(1), y, x, 2 * v, 2 * u, block)
    if planes.shape[0] == 4:
        total += _difference(planes, np.int64(2), np.int64(3), y, x, 2 * v, 2 * u, block)
        total += _difference(planes, np.int64(0), np.int64(2), y, x, 4 * v, 4 * u, block)
    return total + weight * (abs(v) + abs(u) + (2 if v != 0 or u != 0 else 0))


@inner_kernel
def _search_vector(planes, y, x, start_y, start_x, weight, search_range, block):
    """Return the best vector found around none and (start_y, start_x), in halves, by steps that shrink."""
    zero = np.int64(0)
    best_y = best_x = zero
    best = _trajectory_cost(planes, y, x, zero, zero, weight, block)
    if start_y != 0 or start_x != 0:
        cost = _trajectory_cost(planes, y, x, start_y, start_x, weight, block)
        if cost < best:
            best, best_y, best_x = cost, start_y, start_x
    step = np.int64(2 * search_range)
    while step > 0:
        centre_y, centre_x = best_y, best_x
        for k in range(9):
            v, u = centre_y + step * (k // 3 - 1), centre_x + step * (k % 3 - 1)
            if k == 4 or abs(v) > MAX_VECTOR or abs(u) > MAX_VECTOR:
                continue
            cost = _trajectory_cost(planes, y, x, v, u, weight, block)
            if cost < best:
                best, best_y, best_x = cost, v, u
        if step > 4 or (best_y == centre_y and best_x == centre_x):
            step >>= 1
    return best_y, best_x


@inner_kernel
def _fetch_all(planes, y, x, v, u, fetched):
    """Fetch what the bands of a macroblock at (y, x) are made of along the vector (v, u), in halves.

    For pairs each frame at one vector, towards its fellow; for four frames also along the vector to its second and
    third neighbour.
    """
    down, right = 2 * v, 2 * u
    side = np.int64(MACROBLOCK)
    fetch(planes[0], y, x, side, down, right, fetched[0])
    fetch(planes[1], y, x, side, -down, -right, fetched[1])
    if planes.shape[0] == 4:
        fetch(planes[2], y, x, side, down, right, fetched[2])
        fetch(planes[3], y, x, side, -down, -right, fetched[3])
        fetch(planes[0], y, x, side, 2 * down, 2 * right, fetched[4])
        fetch(planes[1], y, x, side, down, right, fetched[5])
        fetch(planes[2], y, x, side, -2 * down, -2 * right, fetched[6])
        fetch(planes[3], y, x, side, -3 * down, -3 * right, fetched[7])


@inline_kernel
def _band_sample(planes, fetched, mode, band, y, x, i, j):
    """Return a sample of a band of a macroblock, in 1/16, float32."""
    bands = planes.shape[0]
    order = np.int64(band)
    if bands == 4 and (band == 1 or band == 2):
        order = np.int64(3 - band)
    own = np.float32(planes[order, y + i, x + j])
    if mode == ALONE:
        return own
    half = bands >> 1
    if band >= half:  # a difference within a pair
        return own - np.float32(fetched[2 * (band - half), i, j])
    mean = np.float32(0.5) * (own + np.float32(fetched[2 * band + 1, i, j]))
    if mode > DEEP_MOTION:
        return mean
    if band == 1:
        return mean - np.float32(0.5) * np.float32(fetched[4, i, j] + fetched[5, i, j])
    return np.float32(0.5) * mean + np.float32(0.25) * np.float32(fetched[6, i, j] + fetched[7, i, j])


@inner_kernel
def _trial_cost(planes, slab, y, x, mode, tables, settings, scratch):
    """Return the cost of the luma of a macroblock in `mode`, in squared steps; its samples are fetched already."""
    bands = planes.shape[0]
    around = np.float32(mean_around(planes[0], y, x, np.int64(MACROBLOCK)))
    scale = np.float32(1.0 / (1 << SAMPLE_BITS))
    residual = scratch.residual
    total = np.float32(0)
    zero = np.int64(0)
    for band in range(bands):
        class_ = band_class(bands, mode, band)
        mean = around if PIXEL_LIKE[class_] else np.float32(0)
        for i in range(MACROBLOCK):
            for j in range(MACROBLOCK):
                sample = _band_sample(planes, scratch.fetched, mode, band, y, x, i, j)
                residual[i, j] = (sample - mean) * scale
        step = np.float32(slab.steps[0, class_]) * np.float32(1.0 / (1 << STEP_BITS))
        cost, _, _ = code_residual(
            np.int64(4), zero, bands, mode, np.int64(band), zero, zero, step, _TRIAL_ENERGY, tables, settings,
            scratch.levels[1, band], scratch,
        )  # fmt: skip
        total += cost
    return total


@inner_kernel
def _replenishment_cost(planes, chroma, slab, row, column):
    """Return the distortions of luma and chroma, in squared steps, if a macroblock stays as it was before the slab."""
    class_ = band_class(1, ALONE, 0)
    result_luma, result_chroma = np.float32(0), np.float32(0)
    y, x = row * MACROBLOCK, column * MACROBLOCK
    for frame in range(planes.shape[0]):
        for i in range(MACROBLOCK):
            for j in range(MACROBLOCK):
                error = np.float32(planes[frame, y + i, x + j] - slab.last_luma[y + i, x + j])
                result_luma += error * error
        for component in range(2):
            for i in range(y >> 1, (y + MACROBLOCK) >> 1):
                for j in range(x >> 1, (x + MACROBLOCK) >> 1):
                    error = np.float32(chroma[component, frame, i, j] - slab.last_chroma[component, i, j])
                    result_chroma += error * error
    unit = np.float32(2.0 ** (SAMPLE_BITS - STEP_BITS))
    luma_step, chroma_step = unit * slab.steps[0, class_], unit * slab.steps[1, class_]
    return result_luma / (luma_step * luma_step), result_chroma / (chroma_step * chroma_step)


@kernel
def decide_row(planes, chroma, slab, row, has_last, tables, settings, scratch):
    """Fill the maps of a row of macroblocks with modes, vectors and what is skipped.

    Args:
        planes: int16 (frames, height, width), luma in 1/16; chroma: int16 (2, frames, ...).
        has_last: whether there is a frame before the slab.
        tables: `model.SearchTables` of luma.
    """
    maps, bands = slab.maps, slab.luma.shape[0]
    factor = settings.lambda_factor
    simplest = np.int64(zero_mode(bands))
    single_step = np.float32(slab.steps[0, 0])
    weight = np.int64(single_step * np.float32(0.05))
    y = np.int64(row * MACROBLOCK)
    zero = np.int64(0)
    for column in range(maps.shape[2]):
        x = np.int64(column * MACROBLOCK)
        maps[MODE, row, column] = simplest
        skip_luma = skip_chroma = np.float32(0)
        skippable = has_last and settings.replenish
        if skippable:
            skip_luma, skip_chroma = _replenishment_cost(planes, chroma, slab, row, column)
        elif bands == 1 or (settings.motion == 0 and settings.adaptive == 0):
            continue
        best_mode, best_v, best_u = simplest, zero, zero
        if bands > 1:
            _fetch_all(planes, y, x, zero, zero, scratch.fetched)
        best = _trial_cost(planes, slab, y, x, simplest, tables, settings, scratch)
        if bands > 1 and settings.adaptive:
            for mode in range(PAIRS if bands == 4 else ALONE, ALONE + 1, 2):
                cost = _trial_cost(planes, slab, y, x, np.int64(mode), tables, settings, scratch) + factor * _MODE_BITS
                if cost < best:
                    best, best_mode = cost, np.int64(mode)
        if bands > 1 and settings.motion:
            start_y = start_x = zero
            if column > 0:
                start_y, start_x = np.int64(maps[VECTOR_Y, row, column - 1]), np.int64(maps[VECTOR_X, row, column - 1])
            v, u = _search_vector(planes, y, x, start_y, start_x, weight, settings.search_range, scratch.fetched[0])
            if v != 0 or u != 0:
                _fetch_all(planes, y, x, v, u, scratch.fetched)
                overhead = factor * (_MODE_BITS + (_VECTOR_BITS if v != start_y or u != start_x else _MODE_BITS))
                for mode in range(simplest + 1, ALONE, 2):
                    if mode == PAIRS_MOTION and bands == 4 and not settings.adaptive:
                        continue
                    cost = _trial_cost(planes, slab, y, x, np.int64(mode), tables, settings, scratch) + overhead
                    if cost < best:
                        best, best_mode, best_v, best_u = cost, np.int64(mode), v, u
        if skippable:
            other = best + min(skip_chroma, np.float32(bands) * _UNKNOWN_CHROMA)
            if skip_luma + skip_chroma + factor * _SKIP_BITS < other:
                maps[SKIPPED, row, column] = 1
                continue
        maps[MODE, row, column] = best_mode
        maps[VECTOR_Y, row, column], maps[VECTOR_X, row, column] = best_v, best_u
