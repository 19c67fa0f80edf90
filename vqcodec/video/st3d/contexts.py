"""Which contexts of the block engine's tables the elements of this engine take.

The elements share the alphabets, and so the tables and their training, of `blocks.contexts`: skip masks and masks of
8x8 blocks stand among the partitions, masks of bands among the choices, parts among the transforms, modes and vectors
among the intra modes.
"""

from __future__ import annotations

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

DIRECT_VECTORS = 31  # symbols of vector differences -15 to 15; then pairs of classes with 4, 5 and 6 more bits


@inline_kernel
def kind_of(bands):
    """Return 0, 1 or 2 for a slab of 1, 2 or 4 bands."""
    return bands >> 1


@inline_kernel
def zero_mode(bands):
    """Return the mode of macroblocks whose frames all lie in one transform, without motion."""
    return DEEP if bands == 4 else (PAIRS if bands == 2 else ALONE)


@inline_kernel
def band_class(bands, mode, band):
    """Return the class of a band of a macroblock of `mode`."""
    if bands == 4:
        return CLASS_OF_BAND[mode, band]
    if bands == 2:
        return CLASS_OF_PAIR_BAND[1 if mode == ALONE else 0, band]
    return CLASS_OF_BAND[ALONE, 0]


@inline_kernel
def band_form(class_, small):
    """Return the form of coefficients; the conditioning adds 0, 2 or 4."""
    return 2 * FIRST_CLASS_FORM[class_] + (0 if small else 1)


@inline_kernel
def skip_context(maps, row, column, bands):
    """Return the context of the skip mask of the 2x2 macroblocks at (row, column)."""
    above = left = 0
    if row > 0:
        above = maps[SKIPPED, row - 1, column] + maps[SKIPPED, row - 1, min(column + 1, maps.shape[2] - 1)]
    if column > 0:
        left = maps[SKIPPED, row, column - 1] + maps[SKIPPED, min(row + 1, maps.shape[1] - 1), column - 1]
    return FIRST_PARTITION + kind_of(bands) * 9 + above * 3 + left


@inline_kernel
def quarters_context(class_):
    """Return the context of the mask of 8x8 blocks."""
    return _QUARTERS_FIRST + class_


@inline_kernel
def _mode_class(maps, row, column, bands):
    mode = maps[MODE, row, column]
    if mode == zero_mode(bands):
        return 0
    return 1 if mode == zero_mode(bands) + 1 else 2


@inline_kernel
def mode_context(maps, row, column, bands, tools):
    """Return the context of the mode; `tools` are the packet's flags, 0 to 3."""
    above = _mode_class(maps, row - 1, column, bands) if row > 0 else 0
    left = _mode_class(maps, row, column - 1, bands) if column > 0 else 0
    return FIRST_MODE + ((kind_of(bands) - 1) * 4 + tools) * _MODE_ROW + above * 3 + left


@inline_kernel
def vector_context(component, predicted, moved):
    """Return the context of a vector's component (0 vertical), of the predicted one, and whether the other differs."""
    size = 0 if predicted == 0 else (1 if abs(predicted) <= _NEAR_VECTOR else 2)
    return FIRST_MODE + (_VECTOR_ROWS + component) * _MODE_ROW + size * 2 + moved


@inline_kernel
def _median(a, b, c):
    return max(min(a, b), min(max(a, b), c))


@inline_kernel
def predicted_vector(maps, row, column):
    """Return the median vector of the macroblocks to the left, above, and above to the left."""
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
    """Return the context of the mask of bands; of the parts, in a slab of one frame."""
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
    """Return the context of the parts of a band that is coded."""
    return FIRST_TRANSFORM + class_ * 2 + size_known


@inline_kernel
def energy_around(energy, y, x):
    """Return 0 to 5: how much was coded to the left of and above place (y, x) of a map of energies."""
    total = 0
    if x > 0:
        total += energy[y, x - 1]
    if y > 0:
        total += energy[y - 1, x]
    return ENERGY_CLASSES[total]
