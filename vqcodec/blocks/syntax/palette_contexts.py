"""The contexts of the values that tell palettes, as numbers, and the chances that they have at first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SIZE_CLASSES
from vqcodec.entropy.range_coder import CHANCE_BITS, EVEN

MOST_COLOURS = 16  # of a palette
_KINDS = 4  # luma; chroma beside one value of luma, 2 to 4, or more
_NEAR = 3
COUNT_BITS = 4  # of the number of colours less 1
_COUNT_SIZES = 2  # blocks up to 64 samples, and larger ones
PATTERNS = 128  # of which of the colours around a sample are equal
_FEWER_PATTERNS = 32  # without those two samples away
_PALETTES = 3  # of 2 colours, 3 or 4, and more
_TURNS = 3  # above, above to the right, above to the left
_PLACES = 4  # of the index to the left: the first, the last, in the lower or upper half

FIRST_OF_PALETTES = 398
FIRST_USED = FIRST_OF_PALETTES
FIRST_COUNT = FIRST_USED + _KINDS * _NEAR * SIZE_CLASSES
FIRST_LEFT = FIRST_COUNT + (_COUNT_SIZES << COUNT_BITS)
FIRST_TURN = FIRST_LEFT + _PALETTES * PATTERNS
FIRST_REST = FIRST_TURN + _TURNS * (_PALETTES - 1) * _FEWER_PATTERNS
FIRST_FOLLOWER = FIRST_REST + _PLACES * (COUNT_BITS + 1 << COUNT_BITS)
FOLLOWER_CONTEXTS = 12  # luma, first or later; Cb; Cr; each for two followers
VALUE_CONTEXTS = FIRST_FOLLOWER + FOLLOWER_CONTEXTS

# Chances at first, as they are on average in sprites and screenshots
_USED = (4600, 23000, 52000)
_LIKE_LEFT = (16000, 39000, 27000, 57500, 65200)
_LIKE_ABOVE = (35000, 49000, 42000)
_LIKE_RIGHT, _LIKE_CORNER = 30000, 20000
KNOWN = 3  # values that the chances above count as learned from


def used_context(kind: int, near: int, size: int) -> int:
    """Return the context of whether a block has a palette; kernels compute the same."""
    return FIRST_USED + (kind * _NEAR + near) * SIZE_CLASSES + size


def _first_chances() -> npt.NDArray[np.int32]:
    """Return int32 (VALUE_CONTEXTS,): the chances of 1 at first, in 1 / 2^CHANCE_BITS."""
    chances = np.full(VALUE_CONTEXTS, EVEN, dtype=np.int32)
    for kind in range(_KINDS):
        for near in range(_NEAR):
            start = used_context(kind, near, 0)
            chances[start : start + SIZE_CLASSES] = _USED[near]
    for pattern in range(PATTERNS):
        alike = sum(pattern >> bit & 1 for bit in (0, 1, 2, 5))  # above, above left, above right, two to the left
        chances[FIRST_LEFT + pattern : FIRST_TURN : PATTERNS] = _LIKE_LEFT[alike]
    for pattern in range(_FEWER_PATTERNS):
        alike = (pattern >> 3 & 1) + (pattern >> 4 & 1)  # above left and above right are as above
        for kind in range(_PALETTES - 1):
            chances[FIRST_TURN + kind * _FEWER_PATTERNS + pattern] = _LIKE_ABOVE[alike]
    turn = (_PALETTES - 1) * _FEWER_PATTERNS
    chances[FIRST_TURN + turn : FIRST_TURN + 2 * turn] = _LIKE_RIGHT
    chances[FIRST_TURN + 2 * turn : FIRST_REST] = _LIKE_CORNER
    return chances


FIRST_CHANCES = _first_chances()


def index_bits() -> npt.NDArray[np.float32]:
    """Return float32 (VALUE_CONTEXTS, 2): the bits of the values 0 and 1 by the chances at first."""
    chance = FIRST_CHANCES / (1 << CHANCE_BITS)
    return np.stack([-np.log2(1 - chance), -np.log2(chance)], axis=1).astype(np.float32)
