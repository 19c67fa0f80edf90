"""The bits of predicted frames by part; encoder and decoder count the same parts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.syntax.parts import PART_NAMES

# Rows of the counts. The first four are coefficients, each by the parts of the block engine; the others are one count
INTRA_LUMA, INTRA_CHROMA, INTER_LUMA, INTER_CHROMA, NODE, SHAPE, VECTOR = range(7)
GROUPS = 7
_COEFFICIENT_GROUPS = ("intra luma", "intra chroma", "luma", "chroma")
_OWN_NAMES = ("nodes", "residual shapes", "vectors")


def new_frame_bits() -> npt.NDArray[np.int64]:
    """Return zeroed counts of one frame, int64 (GROUPS, parts of the block engine)."""
    return np.zeros((GROUPS, len(PART_NAMES)), dtype=np.int64)


def named_bits(counts: npt.NDArray[np.int64]) -> dict[str, int]:
    """Return the bits of a frame by name, without names whose count is 0."""
    named = {
        f"{group} {part}": int(bits)
        for group, row in zip(_COEFFICIENT_GROUPS, counts)
        for part, bits in zip(PART_NAMES, row)
    }
    named.update((name, int(row[0])) for name, row in zip(_OWN_NAMES, counts[NODE:]))
    return {name: bits for name, bits in named.items() if bits}
