"""The syntax elements of predicted frames and the numbers of their contexts.

Coefficients use the elements of the block engine (`blocks.syntax.contexts`), with tables of their own. Only some of
its contexts occur here: those of square blocks without a direction. This module numbers them without gaps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vqcodec.blocks.syntax.contexts import (
    ALL_CONTEXTS,
    FIRST_MASK,
    FIRST_PATTERN,
    FLAG_SYMBOLS,
    MASK_LEVELS,
    MASK_PLACES,
    MASK_SURROUNDINGS,
    PATTERN_PLACES,
    PATTERN_SURROUNDINGS,
    PATTERN_SYMBOLS,
    surrounding_energy,
)
from vqcodec.kernels.jit import inline_kernel
from vqcodec.video.mc.layout import GRID_LOG, INTRA, KIND, LOG_SIZE, NODE_SIZES, SKIPPED, UNDECODED

# Symbols of a node: it is cut, or it is a block with this motion. Skipped and merged blocks take the motion of a
# candidate; a skipped block has no residual. The symbol of explicit motion is FIRST_EXPLICIT + 2 * (choice of
# references) + (1 with a residual).
CUT = 0
CANDIDATES = 5
FIRST_SKIP = 1
FIRST_MERGE = FIRST_SKIP + CANDIDATES
FIRST_EXPLICIT = FIRST_MERGE + CANDIDATES
REFERENCE_CHOICES = 8  # entries 0, 1 of the first list, of the second, then both lists: 00, 01, 10, 11
INTRA_BLOCK = FIRST_EXPLICIT + 2 * REFERENCE_CHOICES
NODE_SYMBOLS = 32
NODE_CONTEXTS = NODE_SIZES * 3 * 3 * 3

# Symbols of a residual's shape: 4 * luma + 2 * blue + red. Luma is 0 without coefficients, 1 for one transform, and
# 1 plus the mask of the coded quarters for four transforms
SHAPE_SYMBOLS = 68
SHAPE_CONTEXTS = NODE_SIZES * 2 * 3

# Symbols of a vector's difference: (predictor * VECTOR_CLASSES + class of rows) * VECTOR_CLASSES + class of columns.
# A class is the number of bits of the magnitude
VECTOR_CLASSES = 12
VECTOR_SYMBOLS = 2 * VECTOR_CLASSES * VECTOR_CLASSES
VECTOR_CONTEXTS = NODE_SIZES * 2

NODE_BITS, SHAPE_BITS, VECTOR_BITS = 5, 7, 9  # of a symbol

TRANSFORM_SIZES = 4  # 4x4 to 32x32
MASK_CONTEXTS = TRANSFORM_SIZES * MASK_LEVELS * MASK_PLACES * MASK_SURROUNDINGS
PATTERN_CONTEXTS = TRANSFORM_SIZES * PATTERN_PLACES * PATTERN_SURROUNDINGS


class Pool(NamedTuple):
    """The tables of one alphabet: its name, and the numbers of its contexts and symbols."""

    name: str
    contexts: int
    symbols: int


POOLS = (
    Pool("nodes", NODE_CONTEXTS, NODE_SYMBOLS),
    Pool("shapes", SHAPE_CONTEXTS, SHAPE_SYMBOLS),
    Pool("vectors", VECTOR_CONTEXTS, VECTOR_SYMBOLS),
    Pool("luma_masks", MASK_CONTEXTS, FLAG_SYMBOLS),
    Pool("luma_patterns", PATTERN_CONTEXTS, PATTERN_SYMBOLS),
    Pool("chroma_masks", MASK_CONTEXTS, FLAG_SYMBOLS),
    Pool("chroma_patterns", PATTERN_CONTEXTS, PATTERN_SYMBOLS),
)
NODES, SHAPES, VECTORS, LUMA_MASKS, LUMA_PATTERNS, CHROMA_MASKS, CHROMA_PATTERNS = range(len(POOLS))


def coefficient_rows() -> np.ndarray:
    """Return the row of each context of the block engine in the tables of coefficients.

    Returns:
        int32 (ALL_CONTEXTS,): a number below MASK_CONTEXTS or PATTERN_CONTEXTS; 0 for contexts that do not occur.
    """
    rows = np.zeros(ALL_CONTEXTS, dtype=np.int32)
    masks = MASK_CONTEXTS // TRANSFORM_SIZES
    patterns = PATTERN_CONTEXTS // TRANSFORM_SIZES
    for size in range(TRANSFORM_SIZES):
        form = 2 * size
        first = FIRST_MASK + form * masks
        rows[first : first + masks] = size * masks + np.arange(masks)
        first = FIRST_PATTERN + form * patterns
        rows[first : first + patterns] = size * patterns + np.arange(patterns)
    return rows


@inline_kernel
def node_context(motion, colocated, y, x, log_size):
    """Return the context of the node at (y, x), in samples.

    It depends on the size, on how many of the left and upper neighbours are skipped and are cut finer, and on the same
    place in the frame `colocated`: 0 if it was skipped in blocks at least as large, 1 if some of it was not skipped,
    2 if some of it was cut finer or had no motion.
    """
    skipped = finer = before = 0
    grid_row, grid_column = y >> GRID_LOG, x >> GRID_LOG
    if x > 0:
        skipped += motion[KIND, grid_row, grid_column - 1] == SKIPPED
        finer += motion[LOG_SIZE, grid_row, grid_column - 1] < log_size
    if y > 0:
        skipped += motion[KIND, grid_row - 1, grid_column] == SKIPPED
        finer += motion[LOG_SIZE, grid_row - 1, grid_column] < log_size
    half = 1 << log_size >> (GRID_LOG + 1)
    for quarter in range(4):
        i, j = grid_row + half * (quarter >> 1), grid_column + half * (quarter & 1)
        if i < colocated.shape[1] and j < colocated.shape[2]:
            if colocated[LOG_SIZE, i, j] < log_size or colocated[KIND, i, j] == INTRA:
                before = 2
            elif before == 0 and colocated[KIND, i, j] != SKIPPED:
                before = 1
    return (((log_size - GRID_LOG) * 3 + skipped) * 3 + finer) * 3 + before


@inline_kernel
def shape_context(blocks, y, x, log_size, explicit):
    """Return the context of the shape of the residual of the block at (y, x), in samples.

    Args:
        blocks: maps of luma, see `blocks.layout`.
        explicit: 1 for explicit motion, 0 for merged motion.
    """
    energy = surrounding_energy(blocks, y, x)
    near = 0 if energy == 0 else (1 if energy < 3 else 2)
    return ((log_size - GRID_LOG) * 2 + explicit) * 3 + near


@inline_kernel
def vector_context(log_size, both):
    """Return the context of a vector's difference; `both` is 1 for a block with two vectors, else 0."""
    return (log_size - GRID_LOG) * 2 + both


@inline_kernel
def vector_class(value):
    """Return the number of bits of the magnitude of a component: its class. Only classes below VECTOR_CLASSES exist."""
    magnitude = abs(value)
    bits = 0
    while magnitude > 0:
        magnitude >>= 1
        bits += 1
    return bits


@inline_kernel
def references_of(choice):
    """Return (entry of the first list, entry of the second list) of a choice of references; -1 stands for none."""
    if choice < 2:
        return choice, -1
    if choice < 4:
        return -1, choice - 2
    return (choice - 4) >> 1, (choice - 4) & 1


@inline_kernel
def choice_of_references(first, second):
    """Return the choice of references with these entries: the inverse of `references_of`."""
    if second < 0:
        return first
    if first < 0:
        return 2 + second
    return 4 + 2 * first + second


@inline_kernel
def is_decoded(motion, y, x):
    """Return whether there is a decoded block at (y, x), in samples; false outside the frame."""
    grid_row, grid_column = y >> GRID_LOG, x >> GRID_LOG
    if grid_row < 0 or grid_column < 0 or grid_row >= motion.shape[1] or grid_column >= motion.shape[2]:
        return False
    return motion[KIND, grid_row, grid_column] != UNDECODED
