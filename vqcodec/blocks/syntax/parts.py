"""The parts of coded planes, whose bits encoder and decoder count."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import PLANE_TYPES
from vqcodec.blocks.syntax.contexts import ELEMENTS
from vqcodec.entropy.range_coder import PRICE_UNIT

PART_NAMES = (*(element.name for element in ELEMENTS), "sign", "escape")
# np.int64 instead of int: numba compiles a helper again for each literal integer in its calls
MEMORY_PART_NAMES = ("motion", "vector")  # of planes that are predicted from memory, besides
PARTITION, CHOICE, STEP, TRANSFORM, MASK, MODE, PATTERN, SIGN, ESCAPE = map(np.int64, range(len(PART_NAMES)))
MOTION, VECTOR = np.int64(len(PART_NAMES)), np.int64(len(PART_NAMES) + 1)

_VALUES = {
    (False, False): "padding",
    (True, False): "copies",
    (False, True): "palettes",
    (True, True): "copies and palettes",
}
"""Of all planes of a tile, by whether blocks may be copied and may have palettes."""

PartBits = npt.NDArray[np.int64]  # (plane types, parts), in bits


def new_part_bits(remembering: bool = False) -> PartBits:
    """Return zeroed counts for the planes of a tile. Kernels add to the row of their plane's type.

    Args:
        remembering: whether the planes are predicted from memory, which has parts of its own.
    """
    parts = len(PART_NAMES) + (len(MEMORY_PART_NAMES) if remembering else 0)
    return np.zeros((len(PLANE_TYPES), parts), dtype=np.int64)


def values_part(copying: bool, palettes: bool) -> str:
    """Return the name of the values of the range coder that are no flags; blocks may be copied, or have palettes."""
    return _VALUES[copying, palettes]


def add_mixed(counts: PartBits, spent: npt.NDArray[np.int64]) -> int:
    """Add the bits of what is coded by mixed chances to the counts of a tile; return how many bits they are.

    Args:
        spent: as in `flag_contexts.MIXING_STATE`.
    """
    elements = int(MODE) + 2  # those of flags, then escapes
    mixed = spent[: len(PLANE_TYPES) * elements].reshape(len(PLANE_TYPES), elements) // PRICE_UNIT
    counts[:, : int(MODE) + 1] += mixed[:, :-1]
    counts[:, ESCAPE] += mixed[:, -1]
    return int(mixed.sum())


def bits_by_part(counts: PartBits, types: int, padding: int) -> dict[str, int]:
    """Return the bits of a tile by name ("luma mask"), with the `padding` to whole bytes.

    Args:
        counts: of the tile.
        types: number of plane types in the tile: 1 for luma alone, so that chroma is not named, else 2.
        padding: bits that fill the last byte.
    """
    named = {
        f"{plane_type} {part}": bits
        for plane_type, row in zip(PLANE_TYPES[:types], counts.tolist())
        for part, bits in zip((*PART_NAMES, *MEMORY_PART_NAMES), row)
    }
    return {**named, "padding": padding}


def add_bits(total: dict[str, int], more: Mapping[str, int]) -> None:
    """Add the bits in `more` to `total`, name by name."""
    for name, bits in more.items():
        total[name] = total.get(name, 0) + bits
