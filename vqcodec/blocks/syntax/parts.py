"""Where the bits of coded planes went: the parts that encoder and decoder count alike."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import PLANE_TYPES
from vqcodec.blocks.syntax.contexts import ELEMENTS

PART_NAMES = (*(element.name for element in ELEMENTS), "sign", "escape")
# Not int: helpers are compiled anew for every literal integer that they are called with
PARTITION, CHOICE, STEP, TRANSFORM, MASK, MODE, PATTERN, SIGN, ESCAPE = map(np.int64, range(len(PART_NAMES)))

PartBits = npt.NDArray[np.int64]  # (plane types, parts), in bits


def new_part_bits() -> PartBits:
    """Return zeroed counts for the planes of a tile; kernels add to the row of their plane's type."""
    return np.zeros((len(PLANE_TYPES), len(PART_NAMES)), dtype=np.int64)


def bits_by_part(counts: PartBits, types: int, padding: int) -> dict[str, int]:
    """Return the bits of a tile by name ("luma mask"), with the `padding` to whole bytes.

    Args:
        counts: of the tile.
        types: how many plane types the tile has: 1 if it has luma alone, so that chroma is not named.
    """
    named = {
        f"{plane_type} {part}": bits
        for plane_type, row in zip(PLANE_TYPES[:types], counts.tolist())
        for part, bits in zip(PART_NAMES, row)
    }
    return {**named, "padding": padding}


def add_bits(total: dict[str, int], more: Mapping[str, int]) -> None:
    """Add the bits `more` to those of the same names in `total`."""
    for name, bits in more.items():
        total[name] = total.get(name, 0) + bits
