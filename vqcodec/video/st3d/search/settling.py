"""Between the passes of the encoder: skips, modes and vectors for which the codebook has no code give way to others.

What `deciding` chooses, row by row and with estimated bits, meets its contexts here, in coding order. A codebook that
has a code for every symbol changes nothing.
"""

from __future__ import annotations

import numpy as np

from vqcodec.entropy.tables import NO_CODE
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.video.st3d.contexts import (
    mode_context,
    predicted_vector,
    skip_context,
    vector_context,
    zero_mode,
)
from vqcodec.video.st3d.layout import (
    ALONE,
    DEEP_MOTION,
    MAX_VECTOR,
    MODE,
    MODES,
    PAIRS_MOTION,
    SKIPPED,
    SUPERBLOCK_SIDE,
    VECTOR_X,
    VECTOR_Y,
)
from vqcodec.video.st3d.syntax.macroblocks import component_symbol, macroblock_of, mode_symbol, unlike_skips

_UNWANTED_SKIP = 8  # a skip that was not chosen is worse than this number of those that are given up


@inner_kernel
def _settle_skips(slab, top, left, tables):
    """Give the superblock at (top, left) the skip mask nearest to the chosen one that has a code."""
    maps = slab.maps
    prices = tables.flags[tables.rows[skip_context(maps, top, left, slab.luma.shape[0])]]
    best, best_mask = np.int64(1 << 30), np.int64(0)
    for mask in range(16):
        if prices[mask] == NO_CODE:
            continue
        unlike = unlike_skips(slab, top, left, mask)
        loss = np.int64(0)
        for number in range(4):
            if (unlike >> number) & 1:
                loss += _UNWANTED_SKIP if (mask >> number) & 1 else 1
        if loss < best:
            best, best_mask = loss, np.int64(mask)
    for number in range(4):
        row, column = macroblock_of(top, left, number)
        if row < maps.shape[1] and column < maps.shape[2]:
            maps[SKIPPED, row, column] = (best_mask >> number) & 1
            if maps[SKIPPED, row, column]:
                maps[MODE, row, column] = zero_mode(slab.luma.shape[0])
                maps[VECTOR_Y, row, column] = maps[VECTOR_X, row, column] = 0


@inline_kernel
def _component_near(component, predicted, wanted, moved, tables):
    """Return the value nearest to `wanted` that has a code as a component of a vector; above MAX_VECTOR if none has."""
    prices = tables.modes[tables.rows[vector_context(component, predicted, moved)]]
    for distance in range(2 * MAX_VECTOR + 1):
        for value in (wanted - distance, wanted + distance):
            if abs(value) <= MAX_VECTOR and prices[component_symbol(value - predicted)] != NO_CODE:
                return value
    return np.int64(MAX_VECTOR + 1)


@inner_kernel
def _vector_near(maps, row, column, tables):
    """Return (y, x) of the vector nearest to that of a macroblock whose components have codes, and whether there is."""
    near_y, near_x = predicted_vector(maps, row, column)
    near_y, near_x = np.int64(near_y), np.int64(near_x)
    wanted_y, wanted_x = np.int64(maps[VECTOR_Y, row, column]), np.int64(maps[VECTOR_X, row, column])
    y = _component_near(np.int64(0), near_y, wanted_y, np.int64(0), tables)
    if y > MAX_VECTOR:
        return y, wanted_x, False
    x = _component_near(np.int64(1), near_x, wanted_x, np.int64(1 if y != near_y else 0), tables)
    return y, x, x <= MAX_VECTOR


@inner_kernel
def _settle_mode(slab, row, column, tools, tables):
    """Give a macroblock a mode that has a code: the chosen one, else the simplest, else none in time, else any."""
    maps, bands = slab.maps, slab.luma.shape[0]
    prices = tables.modes[tables.rows[mode_context(maps, row, column, bands, tools)]]
    chosen, simplest = np.int64(maps[MODE, row, column]), np.int64(zero_mode(bands))
    wanted_y, wanted_x = np.int64(maps[VECTOR_Y, row, column]), np.int64(maps[VECTOR_X, row, column])
    for attempt in range(3 + 2 * MODES):
        mode = chosen
        if attempt > 2:
            mode = np.int64((attempt - 3) % MODES)
        elif attempt > 0:
            mode = simplest if attempt == 1 else np.int64(ALONE)
        if mode < simplest or prices[mode_symbol(mode, simplest, prices)] == NO_CODE:
            continue
        if mode not in (DEEP_MOTION, PAIRS_MOTION):
            maps[MODE, row, column] = mode
            maps[VECTOR_Y, row, column] = maps[VECTOR_X, row, column] = 0
            return
        y, x, found = _vector_near(maps, row, column, tables)
        exact = y == wanted_y and x == wanted_x
        if found and (exact or attempt >= 3 + MODES):  # another vector is the last resort
            maps[MODE, row, column] = mode
            maps[VECTOR_Y, row, column], maps[VECTOR_X, row, column] = y, x
            return


@kernel
def settle_slab(slab, has_last, tools, tables):
    """Change what `decide_row` has put into the maps of a slab where it has no code.

    Args:
        slab: `layout.Slab`.
        has_last: whether macroblocks may be skipped.
        tools: `GroupParameters.tools`.
        tables: `blocks.model.tables.SearchTables` of luma.
    """
    maps = slab.maps
    for top in range(0, maps.shape[1], SUPERBLOCK_SIDE):
        for left in range(0, maps.shape[2], SUPERBLOCK_SIDE):
            if has_last:
                _settle_skips(slab, top, left, tables)
            if slab.luma.shape[0] == 1 or tools == 0:
                continue
            for number in range(4):
                row, column = macroblock_of(top, left, number)
                if row < maps.shape[1] and column < maps.shape[2] and not maps[SKIPPED, row, column]:
                    _settle_mode(slab, row, column, tools, tables)
