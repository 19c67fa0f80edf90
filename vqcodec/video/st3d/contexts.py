"""The contexts of this engine's elements, among those of the block engine.

The elements share the alphabets of `blocks.syntax.contexts`, and so the tables and their training. Skip masks and masks
of 8x8 blocks take contexts of partitions; masks of bands those of choices; parts those of transforms; modes and vectors
those of intra modes.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.syntax.contexts import ENERGY_CLASSES, FIRST_CHOICE, FIRST_MODE, FIRST_PARTITION, FIRST_TRANSFORM
from vqcodec.kernels.jit import inline_kernel
from vqcodec.video.st3d.layout import (
    ALONE,
    BAND_MASK,
    CLASS_OF_BAND,
    CLASS_OF_PAIR_BAND,
    DEEP,
    FIRST_CLASS_FORM,
    MODE,
    PAIRS,
    SKIPPED,
    SMALL,
    VECTOR_X,
    VECTOR_Y,
)

_QUARTERS_FIRST = FIRST_PARTITION + 27
_CHOICES_A_MODE, _MODE_ROW = 40, 18
_VECTOR_ROWS = 8
_NEAR_VECTOR = 2  # half samples

DIRECT_VECTORS = 31  # symbols of differences -15 to 15. Those after them are classes, two of each width, with raw bits


@inline_kernel
def kind_of(bands):
    """Return the kind of a slab: 0, 1 or 2 for 1, 2 or 4 bands."""
    return bands >> 1


@inline_kernel
def zero_mode(bands):
    """Return the mode with all frames of a slab in one transform and without motion."""
    return DEEP if bands == 4 else (PAIRS if bands == 2 else ALONE)


@inline_kernel
def band_class(bands, mode, band):
    """Return the class of a band of a macroblock with this mode."""
    if bands == 4:
        return CLASS_OF_BAND[mode, band]
    if bands == 2:
        return CLASS_OF_PAIR_BAND[1 if mode == ALONE else 0, band]
    return CLASS_OF_BAND[ALONE, 0]


@inline_kernel
def band_form(class_, small):
    """Return the form of the coefficients of a class; `small` for 8x8 blocks. Conditioning adds 0, 2 or 4."""
    return 2 * FIRST_CLASS_FORM[class_] + (0 if small else 1)


@inline_kernel
def skip_context(maps, row, column, bands):
    """Return the context of the skip mask of the 2x2 macroblocks from (row, column) on."""
    above = left = 0
    if row > 0:
        above = maps[SKIPPED, row - 1, column] + maps[SKIPPED, row - 1, min(column + 1, maps.shape[2] - 1)]
    if column > 0:
        left = maps[SKIPPED, row, column - 1] + maps[SKIPPED, min(row + 1, maps.shape[1] - 1), column - 1]
    return FIRST_PARTITION + kind_of(bands) * 9 + above * 3 + left


@inline_kernel
def quarters_context(class_):
    """Return the context of the mask of coded 8x8 blocks in a band of a class."""
    return _QUARTERS_FIRST + class_


@inline_kernel
def _mode_class(maps, row, column, bands):
    """Return 0 for the simplest mode of a slab, 1 for that with motion, 2 for others."""
    mode = maps[MODE, row, column]
    if mode == zero_mode(bands):
        return 0
    return 1 if mode == zero_mode(bands) + 1 else 2


@inline_kernel
def mode_context(maps, row, column, bands, tools):
    """Return the context of the mode of the macroblock at (row, column); `tools`: `GroupParameters.tools`."""
    above = _mode_class(maps, row - 1, column, bands) if row > 0 else 0
    left = _mode_class(maps, row, column - 1, bands) if column > 0 else 0
    return FIRST_MODE + ((kind_of(bands) - 1) * 4 + tools) * _MODE_ROW + above * 3 + left


@inline_kernel
def vector_context(component, predicted, moved):
    """Return the context of a component of a vector.

    Args:
        component: 0 vertical, 1 horizontal.
        predicted: the predicted value of the component.
        moved: 1 if the vertical component differed from its prediction and this is the horizontal one, else 0.
    """
    size = 0 if predicted == 0 else (1 if abs(predicted) <= _NEAR_VECTOR else 2)
    return FIRST_MODE + (_VECTOR_ROWS + component) * _MODE_ROW + size * 2 + moved


@inline_kernel
def _median(a, b, c):
    return max(min(a, b), min(max(a, b), c))


@inline_kernel
def predicted_vector(maps, row, column):
    """Return (y, x) of the median of the vectors to the left, above, and above to the left of a macroblock."""
    left_y = left_x = above_y = above_x = corner_y = corner_x = 0
    if column > 0:
        left_y, left_x = maps[VECTOR_Y, row, column - 1], maps[VECTOR_X, row, column - 1]
    if row > 0:
        above_y, above_x = maps[VECTOR_Y, row - 1, column], maps[VECTOR_X, row - 1, column]
    if row > 0 and column > 0:
        corner_y, corner_x = maps[VECTOR_Y, row - 1, column - 1], maps[VECTOR_X, row - 1, column - 1]
    return _median(left_y, above_y, corner_y), _median(left_x, above_x, corner_x)


@inline_kernel
def _choice_class(slab, row, column):
    """Return 0 to 4: what is coded of the macroblock at (row, column)."""
    if slab.luma.shape[0] == 1:
        parts = slab.parts[0, row, column]
        small = 1 if parts & SMALL else 0
        if parts & 7 == 0:
            return 0
        return 1 + small if parts & 6 == 0 else 3 + small
    mask = slab.maps[BAND_MASK, row, column]
    if mask < 2:
        return mask
    if mask < 4:
        return 2
    return 4 if mask >= 12 else 3


@inline_kernel
def choice_context(slab, row, column):
    """Return the context of the mask of coded bands; in a slab of one frame, the context of the parts."""
    bands, mode = slab.luma.shape[0], slab.maps[MODE, row, column]
    index = 0
    if bands == 2:
        index = 2 if mode == ALONE else 1
    elif bands == 4:
        index = 3 + mode if mode < PAIRS else (5 if mode < ALONE else 6)
    above = _choice_class(slab, row - 1, column) if row > 0 else 0
    left = _choice_class(slab, row, column - 1) if column > 0 else 0
    return FIRST_CHOICE + index * _CHOICES_A_MODE + left * 6 + above


@inline_kernel
def parts_context(class_, size_known):
    """Return the context of the parts of a coded band; `size_known` is 1 if an earlier band told the block size."""
    return FIRST_TRANSFORM + class_ * 2 + size_known


@inline_kernel
def energy_around(energy, y, x):
    """Return how much was coded to the left of and above the block at (y, x), as a class of 0 to 5.

    Args:
        energy: uint8 (height / 8, width / 8), of a band, see `layout.Slab`.
        y, x: in samples.
    """
    i, j = y >> 3, x >> 3
    total = 0
    if j > 0:
        total += energy[i, j - 1]
    if i > 0:
        total += energy[i - 1, j]
    return np.int64(ENERGY_CLASSES[total])
