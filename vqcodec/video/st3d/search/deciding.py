"""The first pass of the encoder: choose mode, vector and skip of each macroblock, from the source frames.

Every transform along time is tried on the luma of the macroblock alone, without the lifting steps of its neighbours.
The result is quantised with the true code lengths. Rows of macroblocks do not depend on each other.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SAMPLE_BITS, Block
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
from vqcodec.video.st3d.signal.blocks import BandBlock, mean_around
from vqcodec.video.st3d.signal.lifting import fetch

_MODE_BITS = np.float32(2.0)  # estimated bits of a mode other than the simplest, or of a vector that is predicted
_VECTOR_BITS = np.float32(8.0)  # estimated bits of another vector
_SKIP_BITS = np.float32(0.5)
_TRIAL_ENERGY = np.int64(3)  # assumed energy around a block
_UNKNOWN_CHROMA = np.float32(12.0)  # assumed largest cost of a coded macroblock's chroma, in squared steps a frame


@inner_kernel
def _difference(planes, earlier, later, y, x, down, right, block):
    """Return the sum of absolute differences between a macroblock of frame `later` and its origin in frame `earlier`.

    Args:
        y, x: of the macroblock, in samples; down, right: of its origin from there, in quarters of a sample.
        block: int32 (16, 16) scratch.
    """
    fetch(planes[earlier], y, x, MACROBLOCK, down, right, block)
    total = np.int64(0)
    for i in range(MACROBLOCK):
        for j in range(MACROBLOCK):
            total += abs(planes[later, y + i, x + j] - block[i, j])
    return total


@inner_kernel
def _trajectory_cost(planes, y, x, vector_y, vector_x, weight, block):
    """Return the cost of a vector: the differences of the frames along it, plus `weight` times its length."""
    down, right = 2 * vector_y, 2 * vector_x
    total = _difference(planes, np.int64(0), np.int64(1), y, x, down, right, block)
    if planes.shape[0] == 4:
        total += _difference(planes, np.int64(2), np.int64(3), y, x, down, right, block)
        total += _difference(planes, np.int64(0), np.int64(2), y, x, 2 * down, 2 * right, block)
    moved = 2 if vector_y != 0 or vector_x != 0 else 0
    return total + weight * (abs(vector_y) + abs(vector_x) + moved)


@inner_kernel
def _search_vector(planes, y, x, start_y, start_x, weight, search_range, block):
    """Return (y, x) of the best vector found around zero and around (start_y, start_x).

    Args:
        weight: cost of half a sample of length, beside absolute differences in 1/16.
        search_range: first distance of the search, in whole samples.
        block: int32 (16, 16) scratch.
    """
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
            vector_y, vector_x = centre_y + step * (k // 3 - 1), centre_x + step * (k % 3 - 1)
            if k == 4 or abs(vector_y) > MAX_VECTOR or abs(vector_x) > MAX_VECTOR:
                continue
            cost = _trajectory_cost(planes, y, x, vector_y, vector_x, weight, block)
            if cost < best:
                best, best_y, best_x = cost, vector_y, vector_x
        if step > 4 or (best_y == centre_y and best_x == centre_x):
            step >>= 1
    return best_y, best_x


@inner_kernel
def _fetch_all(planes, y, x, vector_y, vector_x, fetched):
    """Fetch the blocks from which the bands of the macroblock at (y, x) are made along a vector.

    In a pair each frame is fetched at the place of the other frame. Of four frames each is fetched at the places of
    frames two and three away as well.
    """
    down, right = 2 * vector_y, 2 * vector_x
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
    """Return sample (i, j) of a band of the macroblock at (y, x), float32, in 1/16; `fetched`: of `_fetch_all`."""
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
def _trial_cost(planes, slab, y, x, mode, tables, effort, scratch):
    """Return the cost of the luma of a macroblock in `mode`, in squared steps; `scratch.fetched` is filled."""
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
        square = Block(y, x, np.int64(4), np.int64(4))
        block = BandBlock(square, zero, np.int64(bands), np.int64(band), mode, zero)
        levels = scratch.levels[1, band]
        cost, _, _ = code_residual(block, slab.steps[0], _TRIAL_ENERGY, tables, effort, levels, scratch)
        total += cost
    return total


@inner_kernel
def _skip_cost(planes, chroma, slab, row, column):
    """Return (distortion of luma, distortion of chroma) of a macroblock if it is skipped, in squared steps."""
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
def decide_row(source, slab, row, has_last, tables, effort, scratch):
    """Fill the maps of a row of macroblocks with modes, vectors and skips.

    Args:
        source: Planes, the frames of the slab in 1/16.
        slab: `layout.Slab`.
        has_last: whether macroblocks may be skipped.
        tables: `blocks.model.tables.SearchTables` of luma.
        effort: SlabEffort.
        scratch: record of ENCODER_SCRATCH.
    """
    planes, maps, bands = source.luma, slab.maps, slab.luma.shape[0]
    lambda_ = effort.lambda_
    simplest = np.int64(zero_mode(bands))
    single_step = np.float32(slab.steps[0, 0])
    weight = np.int64(single_step * np.float32(0.05))
    y = np.int64(row * MACROBLOCK)
    zero = np.int64(0)
    for column in range(maps.shape[2]):
        x = np.int64(column * MACROBLOCK)
        maps[MODE, row, column] = simplest
        skip_luma = skip_chroma = np.float32(0)
        skippable = has_last and effort.replenish
        if skippable:
            skip_luma, skip_chroma = _skip_cost(planes, source.chroma, slab, row, column)
        elif bands == 1 or (effort.motion == 0 and effort.adaptive == 0):
            continue
        best_mode, best_y, best_x = simplest, zero, zero
        if bands > 1:
            _fetch_all(planes, y, x, zero, zero, scratch.fetched)
        best = _trial_cost(planes, slab, y, x, simplest, tables, effort, scratch)
        if bands > 1 and effort.adaptive:
            for mode in range(PAIRS if bands == 4 else ALONE, ALONE + 1, 2):
                cost = _trial_cost(planes, slab, y, x, np.int64(mode), tables, effort, scratch) + lambda_ * _MODE_BITS
                if cost < best:
                    best, best_mode = cost, np.int64(mode)
        if bands > 1 and effort.motion:
            start_y = start_x = zero
            if column > 0:
                start_y, start_x = np.int64(maps[VECTOR_Y, row, column - 1]), np.int64(maps[VECTOR_X, row, column - 1])
            vector_y, vector_x = _search_vector(
                planes, y, x, start_y, start_x, weight, effort.search_range, scratch.fetched[0]
            )
            if vector_y != 0 or vector_x != 0:
                _fetch_all(planes, y, x, vector_y, vector_x, scratch.fetched)
                predicted = vector_y == start_y and vector_x == start_x
                overhead = lambda_ * (_MODE_BITS + (_MODE_BITS if predicted else _VECTOR_BITS))
                for mode in range(simplest + 1, ALONE, 2):
                    if mode == PAIRS_MOTION and bands == 4 and not effort.adaptive:
                        continue
                    cost = _trial_cost(planes, slab, y, x, np.int64(mode), tables, effort, scratch) + overhead
                    if cost < best:
                        best, best_mode, best_y, best_x = cost, np.int64(mode), vector_y, vector_x
        if skippable:
            other = best + min(skip_chroma, np.float32(bands) * _UNKNOWN_CHROMA)
            if skip_luma + skip_chroma + lambda_ * _SKIP_BITS < other:
                maps[SKIPPED, row, column] = 1
                continue
        maps[MODE, row, column] = best_mode
        maps[VECTOR_Y, row, column], maps[VECTOR_X, row, column] = best_y, best_x
