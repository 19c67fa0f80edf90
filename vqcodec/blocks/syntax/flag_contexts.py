"""The contexts of values whose chances are mixed: a fine one and a coarse one.

Flags are the symbols of all elements but the patterns. Their fine context is the one that chooses the table. The coarse
context tells of each element what its tables do not know: the number of the plane, the mode, or the place of the node
of a significance tree. Escapes have a value for each bit that tells their length.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import ALL_MODES, SIZE_CLASSES, SUPERBLOCK_LOG, UNIT_LOG
from vqcodec.blocks.syntax.contexts import (
    FIRST_MASK,
    FIRST_MODE,
    FLAG_CONTEXTS,
    MASK_LEVELS,
    MASK_PLACES,
    MASK_SURROUNDINGS,
    MODE_CONTEXTS,
)
from vqcodec.blocks.syntax.parts import MODE
from vqcodec.entropy.mixing import ESTIMATES
from vqcodec.entropy.words import leading_zeros
from vqcodec.kernels.jit import inline_kernel
from vqcodec.kernels.records import record_type

FLAG_BITS, MODE_BITS, ESCAPE_BITS = 4, 6, 4  # of a symbol; nodes of an escape
MOST_ZEROS = 12  # before the highest bit of an escape
KINDS = 2  # of planes: luma and chroma have contexts of their own
RESIDUAL_KINDS = 8  # planes of residuals: luma and chroma of four classes; they have no flags but the masks of squares
_PLANES = 3
_NODES = 85  # of a significance tree: 1 + 4 + 16 + 64
_ESCAPE_PLACES, _ESCAPE_LENGTHS = 4, 10
_SIZES = SUPERBLOCK_LOG - UNIT_LOG + 1

_FIRST_CHOICE = _PLANES * _SIZES
_FIRST_STEP = _FIRST_CHOICE + _PLANES * SIZE_CLASSES
_FIRST_TRANSFORM = _FIRST_STEP + 1
_FIRST_MASK = _FIRST_TRANSFORM + ALL_MODES
_COARSE_CONTEXTS = _FIRST_MASK + SIZE_CLASSES * _NODES
COARSE_STEP, COARSE_MODE = np.int64(_FIRST_STEP), np.int64(0)

# Where the counters of a kind of planes begin: a node for each bit before, by context
_FINE_MODES = FLAG_CONTEXTS << FLAG_BITS
_COARSE_FLAGS = _FINE_MODES + (MODE_CONTEXTS << MODE_BITS)
_COARSE_MODES = _COARSE_FLAGS + (_COARSE_CONTEXTS << FLAG_BITS)
_FINE_ESCAPES = _COARSE_MODES + (1 << MODE_BITS)
_COARSE_ESCAPES = _FINE_ESCAPES + (_ESCAPE_PLACES * _ESCAPE_LENGTHS << ESCAPE_BITS)
_COUNTERS = _COARSE_ESCAPES + (SIZE_CLASSES * _ESCAPE_PLACES << ESCAPE_BITS)

# Likewise for a kind of residuals
_FORM_MASKS = MASK_LEVELS * MASK_PLACES * MASK_SURROUNDINGS
_COARSE_MASKS = _SIZES * _FORM_MASKS << FLAG_BITS
_RESIDUAL_FINE_ESCAPES = _COARSE_MASKS + (SIZE_CLASSES * _NODES << FLAG_BITS)
_RESIDUAL_COARSE_ESCAPES = _RESIDUAL_FINE_ESCAPES + (_ESCAPE_PLACES * _ESCAPE_LENGTHS << ESCAPE_BITS)
_RESIDUAL_COUNTERS = _RESIDUAL_COARSE_ESCAPES + (SIZE_CLASSES * _ESCAPE_PLACES << ESCAPE_BITS)

ESCAPE_ROW = MODE + 1  # after those of the first of `parts.PART_NAMES`
PART_ROWS = int(ESCAPE_ROW + 1)
_ROWS = (KINDS + RESIDUAL_KINDS) * PART_ROWS
OTHER_VALUES = np.int64(_ROWS)  # in `spent`: those of copies and palettes

MIXING_STATE = record_type(
    counters=(np.uint32, KINDS * _COUNTERS + RESIDUAL_KINDS * _RESIDUAL_COUNTERS),
    weights=(np.int32, (_ROWS, ESTIMATES)),
    spent=(np.int64, _ROWS + 1),
)
"""What writer and reader keep.

Attributes:
    counters: see `vqcodec.entropy.mixing`, by kind of plane, context and node; zeros at first.
    weights: by kind of plane and element; escapes come last.
    spent: what they took, likewise, in 1 / `range_coder.PRICE_UNIT` bit; at OTHER_VALUES, what other values took.
"""


@inline_kernel
def coarse_partition(plane, log_size):
    """Return the coarse context of the partition of a square node of a plane."""
    return plane.guides.shape[0] * _SIZES + log_size - UNIT_LOG


@inline_kernel
def coarse_choice(plane, size):
    """Return the coarse context of the choice of a block with this size class."""
    return _FIRST_CHOICE + plane.guides.shape[0] * SIZE_CLASSES + size


@inline_kernel
def coarse_transform(mode):
    """Return the coarse context of the choice of a transform."""
    return _FIRST_TRANSFORM + mode


@inline_kernel
def coarse_mask(log_width, log_height, depth, row, column, columns):
    """Return the coarse context of the mask of a node: the size of its block, and its number in the tree.

    Args:
        depth, row, column: of the node; at its depth there are so many `columns`.
    """
    number = ((1 << 2 * depth) - 1) // 3 + row * columns + column
    return _FIRST_MASK + (log_width + log_height - 2 * UNIT_LOG) * _NODES + number


@inline_kernel
def fine_escape(gy, gx, around):
    """Return the fine context of the escapes of a group: its place, and the magnitudes around it, weighted, in bits."""
    bits = 64 - leading_zeros(np.uint64(around))
    return min(gy + gx, _ESCAPE_PLACES - 1) * _ESCAPE_LENGTHS + min(bits, _ESCAPE_LENGTHS - 1)


@inline_kernel
def coarse_escape(log_width, log_height, gy, gx):
    """Return the coarse context of the escapes of a group: the size of its block, and its place."""
    return (log_width + log_height - 2 * UNIT_LOG) * _ESCAPE_PLACES + min(gy + gx, _ESCAPE_PLACES - 1)


@inline_kernel
def _residuals(kind):
    """Return where the counters of a kind of residuals begin."""
    return KINDS * _COUNTERS + (kind - KINDS) * _RESIDUAL_COUNTERS


@inline_kernel
def fine_place(kind, context):
    """Return where the counters of a flag begin; `kind` is 0 in luma, 1 in chroma, KINDS and more in residuals."""
    if kind >= KINDS:
        mask = context - FIRST_MASK
        form = mask // _FORM_MASKS >> 1  # that of a square is twice its number
        return _residuals(kind) + ((form * _FORM_MASKS + mask % _FORM_MASKS) << FLAG_BITS)
    if context < FIRST_MODE:
        return kind * _COUNTERS + (context << FLAG_BITS)
    return kind * _COUNTERS + _FINE_MODES + ((context - FIRST_MODE) << MODE_BITS)


@inline_kernel
def coarse_place(kind, context, coarse):
    """Return where the counters of the coarse context of a flag begin; `context` is its fine one."""
    if kind >= KINDS:
        return _residuals(kind) + _COARSE_MASKS + ((coarse - _FIRST_MASK) << FLAG_BITS)
    if context < FIRST_MODE:
        return kind * _COUNTERS + _COARSE_FLAGS + (coarse << FLAG_BITS)
    return kind * _COUNTERS + _COARSE_MODES


@inline_kernel
def escape_places(kind, fine, coarse):
    """Return where the counters of both contexts of an escape begin."""
    if kind >= KINDS:
        first, second = _residuals(kind) + _RESIDUAL_FINE_ESCAPES, _residuals(kind) + _RESIDUAL_COARSE_ESCAPES
    else:
        first, second = kind * _COUNTERS + _FINE_ESCAPES, kind * _COUNTERS + _COARSE_ESCAPES
    return first + (fine << ESCAPE_BITS), second + (coarse << ESCAPE_BITS)
