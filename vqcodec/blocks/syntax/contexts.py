"""The syntax elements and how their contexts are numbered.

An element is an alphabet with a number of contexts. Contexts are numbered consecutively through all elements. So a
token is a context and a symbol, and one flat histogram holds all statistics. Elements of one alphabet size share a set
of tables: FLAGS (16 symbols: all small alphabets), MODES (the 40 intra modes), PATTERNS (the 256 codewords of a 2x2
group of magnitudes), and in planes that are predicted from memory MOTIONS (32 symbols: all that tells motion). A model
maps each context to one of its tables.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vqcodec.blocks.layout import (
    DC,
    DONE,
    ENERGY,
    GUIDE_SIZE_SHIFT,
    HORIZONTAL,
    LAST_ANGLE,
    LOG_HEIGHT,
    LOG_WIDTH,
    MEMORY,
    MODE,
    SIZE_CLASSES,
    UNIT_LOG,
    VERTICAL,
)
from vqcodec.kernels.jit import inline_kernel

FLAG_SYMBOLS = 16
MODE_SYMBOLS = 40
PATTERN_SYMBOLS = 256

# Contexts of each element
PARTITION_CONTEXTS = 4 * 3 * 3  # square size, neighbours smaller above and to the left
CHOICE_CONTEXTS = SIZE_CLASSES * 4 * 10  # size, energy around, kinds of the two neighbours' modes
STEP_CONTEXTS = 16  # change of step of the superblock to the left
TRANSFORM_CONTEXTS = SIZE_CLASSES * 2  # size, and whether the mode is an angle
MASK_LEVELS, MASK_PLACES, MASK_SURROUNDINGS = 4, 3, 15
FORMS = SIZE_CLASSES * 4  # size, and direction of the prediction or alternative transform
MASK_CONTEXTS = FORMS * MASK_LEVELS * MASK_PLACES * MASK_SURROUNDINGS
MODE_GROUPS = 18
MODE_CONTEXTS = MODE_GROUPS * MODE_GROUPS
PATTERN_PLACES, PATTERN_SURROUNDINGS = 4, 8 * 3
PATTERN_CONTEXTS = FORMS * PATTERN_PLACES * PATTERN_SURROUNDINGS

FIRST_PARTITION = 0
FIRST_CHOICE = FIRST_PARTITION + PARTITION_CONTEXTS
FIRST_STEP = FIRST_CHOICE + CHOICE_CONTEXTS
FIRST_TRANSFORM = FIRST_STEP + STEP_CONTEXTS
FIRST_MASK = FIRST_TRANSFORM + TRANSFORM_CONTEXTS
FLAG_CONTEXTS = FIRST_MASK + MASK_CONTEXTS
FIRST_MODE = FLAG_CONTEXTS
FIRST_PATTERN = FIRST_MODE + MODE_CONTEXTS
ALL_CONTEXTS = FIRST_PATTERN + PATTERN_CONTEXTS

# Contexts of planes that are predicted from memory; they come after all others
MOTION_SYMBOLS = 32
MOTION_CONTEXTS = SIZE_CLASSES * 3  # size, and flavours of the neighbours, or whether luma is predicted from memory
VECTOR_CONTEXTS = 3  # rows; columns, by whether the rows are as predicted
FRACTION_CONTEXTS = 1
FIRST_MOTION = ALL_CONTEXTS
FIRST_VECTOR = FIRST_MOTION + MOTION_CONTEXTS
FIRST_FRACTION = FIRST_VECTOR + VECTOR_CONTEXTS
ALL_WITH_MEMORY = FIRST_FRACTION + FRACTION_CONTEXTS

# Tokens are uint32: context * 65536 + symbol. Contexts from RAW_SIGNS on mean raw bits; their number is added
RAW_SIGNS = 0xF000
RAW_ESCAPE = 0xF100
RAW_LENGTH = 0xF140  # bits that tell the length of an escape
RAW_BITS = 0x3F  # the part of a context that is the number of raw bits
RAW_VECTOR = 0xF200
RAW_COPY = 0xF300  # a value of the range coder; its context is added
RAW_COPY_BITS = 0xFF00  # bits for it
RAW_KEY = 0xFF20  # the key of a sample value for it
RAW_LEVEL = 0xFF21  # the sample value
RAW_COARSE, RAW_FINE = 0xFF22, 0xFF23  # coarse context of the flag or escape that follows, fine context of the escape
TOKEN_SHIFT = 16

# Symbols of the choice element: twice one of these, plus 1 if the block has coefficients
CHOOSE_FIRST, CHOOSE_SECOND, CHOOSE_THIRD, CHOOSE_OTHER, CHOOSE_FROM_FIRST = range(5)
CHOOSE_MEMORY = 7


class Element(NamedTuple):
    """A syntax element: its name in reports, its first context and their number, its alphabet."""

    name: str
    first: int
    contexts: int
    symbols: int


class Look(NamedTuple):
    """What is known of a block's coefficients before they are read: `coefficient_form` and `surrounding_energy`."""

    form: int
    energy: int


ELEMENTS = (
    Element("partition", FIRST_PARTITION, PARTITION_CONTEXTS, FLAG_SYMBOLS),
    Element("choice", FIRST_CHOICE, CHOICE_CONTEXTS, FLAG_SYMBOLS),
    Element("step", FIRST_STEP, STEP_CONTEXTS, FLAG_SYMBOLS),
    Element("transform", FIRST_TRANSFORM, TRANSFORM_CONTEXTS, FLAG_SYMBOLS),
    Element("mask", FIRST_MASK, MASK_CONTEXTS, FLAG_SYMBOLS),
    Element("mode", FIRST_MODE, MODE_CONTEXTS, MODE_SYMBOLS),
    Element("pattern", FIRST_PATTERN, PATTERN_CONTEXTS, PATTERN_SYMBOLS),
)

MEMORY_ELEMENTS = (
    Element("motion", FIRST_MOTION, MOTION_CONTEXTS, MOTION_SYMBOLS),
    Element("vector", FIRST_VECTOR, VECTOR_CONTEXTS, MOTION_SYMBOLS),
    Element("fraction", FIRST_FRACTION, FRACTION_CONTEXTS, MOTION_SYMBOLS),
)

OFFSET_CELLS = PATTERN_PLACES * PATTERN_SURROUNDINGS // 3  # contexts of reconstruction offsets

# Start of each context's counts in the flat histogram
_SYMBOLS = np.concatenate([np.full(e.contexts, e.symbols) for e in (*ELEMENTS, *MEMORY_ELEMENTS)])
COUNT_STARTS = (np.cumsum(_SYMBOLS) - _SYMBOLS).astype(np.int64)
COUNT_SIZE = int(_SYMBOLS.sum())

ENERGY_CLASSES = np.array([0, 1, 2, 2, 3, 3, 3, *[4] * 4, *[5] * 6], dtype=np.int32)  # by left + above, 0 to 16
_SURROUNDING_CLASSES = np.digitize(np.arange(24), [1, 2, 4, 6, 9, 14, 23]).astype(np.int32)


@inline_kernel
def size_class(log_width, log_height):
    """Return 0 (4x4) to 6 (32x32)."""
    return log_width + log_height - 2 * UNIT_LOG


@inline_kernel
def partition_context(blocks, y, x, log_size):
    """Return the context of the partition of the square node at (y, x): which neighbours have smaller blocks."""
    above = left = 0
    if y > 0 and blocks[LOG_WIDTH, (y - 1) >> UNIT_LOG, x >> UNIT_LOG] < log_size:
        above = 2 if blocks[LOG_WIDTH, (y - 1) >> UNIT_LOG, x >> UNIT_LOG] + 1 < log_size else 1
    if x > 0 and blocks[LOG_HEIGHT, y >> UNIT_LOG, (x - 1) >> UNIT_LOG] < log_size:
        left = 2 if blocks[LOG_HEIGHT, y >> UNIT_LOG, (x - 1) >> UNIT_LOG] + 1 < log_size else 1
    return FIRST_PARTITION + ((log_size - UNIT_LOG) * 3 + above) * 3 + left


@inline_kernel
def guided_partition_context(blocks, guide_modes, y, x, log_size):
    """Return the context of a partition in chroma planes that are predicted from memory.

    It counts the neighbours that have smaller blocks, and by how much luma's blocks in the middles of the node's
    quarters are smaller than the node, at most.

    Args:
        guide_modes: as in `layout.Plane`.
    """
    near = 0
    if y > 0 and blocks[LOG_WIDTH, (y - 1) >> UNIT_LOG, x >> UNIT_LOG] < log_size:
        near += 1
    if x > 0 and blocks[LOG_HEIGHT, y >> UNIT_LOG, (x - 1) >> UNIT_LOG] < log_size:
        near += 1
    finer = np.int64(0)
    for quarter in range(4):
        v = (y + (((quarter >> 1) * 2 + 1) << log_size >> 2)) >> UNIT_LOG
        u = (x + (((quarter & 1) * 2 + 1) << log_size >> 2)) >> UNIT_LOG
        finer = max(finer, log_size - UNIT_LOG - (np.int64(guide_modes[v, u]) >> GUIDE_SIZE_SHIFT))
    return FIRST_PARTITION + ((log_size - UNIT_LOG) * 3 + near) * 3 + min(finer, 2)


@inline_kernel
def surrounding_energy(blocks, y, x):
    """Return 0 to 5: the class of the sum of the energies of the blocks to the left of and above (y, x)."""
    total = 0
    if x > 0:
        total += blocks[ENERGY, y >> UNIT_LOG, (x - 1) >> UNIT_LOG]
    if y > 0:
        total += blocks[ENERGY, (y - 1) >> UNIT_LOG, x >> UNIT_LOG]
    return ENERGY_CLASSES[total]


@inline_kernel
def choice_context(size, energy, left_mode, above_mode):
    """Return the context of the joint symbol of mode choice and presence of coefficients."""
    kinds = 9 if left_mode == above_mode and left_mode > DC else min(left_mode, 2) * 3 + min(above_mode, 2)
    return FIRST_CHOICE + (size * 4 + min(energy, 3)) * 10 + kinds


@inline_kernel
def memory_choice_context(size, energy, luma, neighbours):
    """Return the context of the choice symbol in planes that are predicted from memory.

    Args:
        luma: what luma has at the middle of the block: 0 without memory (and in luma itself), 1 for memory without
            coefficients, 2 for memory with coefficients.
        neighbours: 0 to 2, the number of neighbours that are predicted from memory.
    """
    return FIRST_CHOICE + (size * 4 + min(energy, 3)) * 10 + luma * 3 + neighbours


@inline_kernel
def coefficient_form(log_width, log_height, mode, transform, remembering):
    """Return 0 to FORMS - 1: the size of a block, and the expected look of its coefficients.

    The look is 3 with an alternative transform, else 1 or 2 if the prediction is nearly horizontal or vertical (at most
    9/32 samples a row aside), else 0. In planes that are predicted from memory (`remembering` is their number of
    references), 1 is for the blocks of mode MEMORY, and 2 for both directions. Copied blocks have 0.
    """
    look = 0
    if transform > 0:
        look = 3
    elif mode == MEMORY:
        look = 1 if remembering > 0 else 0
    elif abs(mode - HORIZONTAL) <= 3:
        look = 2 if remembering > 0 else 1
    elif abs(mode - VERTICAL) <= 3:
        look = 2
    return look * SIZE_CLASSES + size_class(log_width, log_height)


@inline_kernel
def mode_group(mode):
    """Return 0 (planar), 1 (DC) or 2 to 17, pairs of neighbouring angles."""
    return mode if mode < 2 else min(MODE_GROUPS - 1, 2 + ((mode - 2) >> 1))


@inline_kernel
def mode_context(left_mode, above_mode):
    """Return the context of a mode that is not one of the likely modes."""
    return FIRST_MODE + mode_group(left_mode) * MODE_GROUPS + mode_group(above_mode)


@inline_kernel
def transform_context(size, mode):
    """Return the context of the choice of transform."""
    return FIRST_TRANSFORM + size * 2 + (1 if 1 < mode <= LAST_ANGLE else 0)


@inline_kernel
def pattern_surroundings(total):
    """Return 0 to 7 for the weighted sum of the magnitudes coded around a group."""
    return _SURROUNDING_CLASSES[min(total, 23)]


@inline_kernel
def offset_cell(context):
    """Return the cell of reconstruction offsets of a pattern context: frequency and magnitudes before it."""
    return ((context - FIRST_PATTERN) // 3) % OFFSET_CELLS


@inline_kernel
def neighbour_mode(blocks, y, x):
    """Return the mode of the block over (y, x); planar if it is predicted from other planes."""
    mode = np.int64(blocks[MODE, y >> UNIT_LOG, x >> UNIT_LOG])
    return mode if mode <= LAST_ANGLE else 0


@inline_kernel
def is_done(blocks, y, x):
    """Whether the unit over (y, x) is decoded."""
    return blocks[DONE, y >> UNIT_LOG, x >> UNIT_LOG] != 0


@inline_kernel
def mark_done(blocks, block):
    """Mark the units of a block as decoded."""
    y, x, log_width, log_height = block
    for v in range(y >> UNIT_LOG, (y + (1 << log_height)) >> UNIT_LOG):
        for u in range(x >> UNIT_LOG, (x + (1 << log_width)) >> UNIT_LOG):
            blocks[DONE, v, u] = 1
