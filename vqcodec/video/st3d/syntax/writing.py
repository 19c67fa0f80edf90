"""Tokens of what stands above the coefficients: skip masks, modes, vectors, what is coded of each band."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.syntax.contexts import RAW_SIGNS
from vqcodec.blocks.syntax.symbols import token
from vqcodec.kernels.jit import inner_kernel
from vqcodec.video.st3d.contexts import (
    DIRECT_VECTORS,
    band_class,
    choice_context,
    mode_context,
    parts_context,
    predicted_vector,
    quarters_context,
    skip_context,
    vector_context,
)
from vqcodec.video.st3d.layout import (
    BAND_MASK,
    DEEP_MOTION,
    LUMA_CODED,
    MODE,
    PAIRS_MOTION,
    SKIPPED,
    SMALL,
    VECTOR_X,
    VECTOR_Y,
)


@inner_kernel
def write_skips(slab, top, left, tokens, count):
    """Append the skip mask of the 2x2 macroblocks at (top, left); those outside count as skipped."""
    maps = slab.maps
    mask = 0
    for k in range(4):
        row, column = top + (k >> 1), left + (k & 1)
        if row >= maps.shape[1] or column >= maps.shape[2] or maps[SKIPPED, row, column]:
            mask |= 1 << k
    tokens[count] = token(skip_context(maps, top, left, slab.luma.shape[0]), mask)
    return count + 1


@inner_kernel
def _write_component(component, predicted, value, moved, tokens, count):
    difference = value - predicted
    context = vector_context(component, predicted, moved)
    half = DIRECT_VECTORS >> 1
    if abs(difference) <= half:
        tokens[count] = token(context, difference + half)
        return count + 1
    width = 4 if abs(difference) < 32 else 5
    tokens[count] = token(context, DIRECT_VECTORS + 2 * (width - 4) + (1 if difference < 0 else 0))
    tokens[count + 1] = token(RAW_SIGNS + width, abs(difference) - (1 << width))
    return count + 2


@inner_kernel
def write_mode(slab, row, column, tools, tokens, count):
    """Append mode and vector of a macroblock."""
    maps = slab.maps
    mode = np.int64(maps[MODE, row, column])
    tokens[count] = token(mode_context(maps, row, column, slab.luma.shape[0], tools), mode)
    count += 1
    if mode in (DEEP_MOTION, PAIRS_MOTION):
        near_y, near_x = predicted_vector(maps, row, column)
        near_y, near_x = np.int64(near_y), np.int64(near_x)
        y, x = np.int64(maps[VECTOR_Y, row, column]), np.int64(maps[VECTOR_X, row, column])
        count = _write_component(np.int64(0), near_y, y, np.int64(0), tokens, count)
        count = _write_component(np.int64(1), near_x, x, np.int64(1 if y != near_y else 0), tokens, count)
    return count


@inner_kernel
def write_parts(slab, row, column, tokens, count):
    """Append which bands of a macroblock are coded, what of them, and in which blocks."""
    bands, mode = slab.luma.shape[0], np.int64(slab.maps[MODE, row, column])
    mask = np.int64(slab.maps[BAND_MASK, row, column])
    if bands == 1:
        tokens[count] = token(choice_context(slab, row, column), np.int64(slab.parts[0, row, column]))
    else:
        tokens[count] = token(choice_context(slab, row, column), mask)
    count += 1
    size_known = np.int64(0)
    for band in range(bands):
        if not (mask >> band) & 1:
            continue
        class_ = band_class(bands, mode, band)
        parts = np.int64(slab.parts[band, row, column])
        if bands > 1:
            shown = parts & ~SMALL if size_known else parts
            tokens[count] = token(parts_context(class_, size_known), shown)
            count += 1
        if parts & LUMA_CODED:
            size_known = np.int64(1)
            if parts & SMALL:
                tokens[count] = token(quarters_context(class_), np.int64(slab.quarters[band, row, column]))
                count += 1
    return count
