"""The bits of predicted frames by part; encoder and decoder count the same parts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.syntax.flag_contexts import ESCAPE_ROW, KINDS, OTHER_VALUES, PART_ROWS
from vqcodec.blocks.syntax.parts import ESCAPE, PART_NAMES
from vqcodec.entropy.range_coder import PRICE_UNIT

# Rows of the counts. The first four are coefficients, each by the parts of the block engine; the others are one count
INTRA_LUMA, INTRA_CHROMA, INTER_LUMA, INTER_CHROMA, NODE, SHAPE, VECTOR = range(7)
GROUPS = 7
_COEFFICIENT_GROUPS = ("intra luma", "intra chroma", "luma", "chroma")
_OWN_NAMES = ("nodes", "residual shapes", "vectors")


def new_frame_bits() -> npt.NDArray[np.int64]:
    """Return zeroed counts of one frame, int64 (GROUPS, parts of the block engine)."""
    return np.zeros((GROUPS, len(PART_NAMES)), dtype=np.int64)


def add_mixed_frame(
    counts: npt.NDArray[np.int64], frame_class: int, spent: npt.NDArray[np.int64], motion: npt.NDArray[np.int64]
) -> None:
    """Add the bits of what is coded by mixed chances to the counts of a frame, rounded down.

    Args:
        frame_class: of the frame.
        spent: in the frame, as `spent` of `blocks.syntax.flag_contexts.MIXING_STATE`.
        motion: likewise, as `spent` of `syntax.mixed.MOTION_MIXING`.
    """
    by_kind = spent[:OTHER_VALUES].reshape(-1, PART_ROWS) // PRICE_UNIT
    for group, kind in ((INTRA_LUMA, 0), (INTRA_CHROMA, 1), (INTER_LUMA, 2), (INTER_CHROMA, 3)):
        row = by_kind[kind if kind < KINDS else kind + 2 * frame_class]
        counts[group, :ESCAPE_ROW] += row[:ESCAPE_ROW]
        counts[group, ESCAPE] += row[ESCAPE_ROW]
    counts[NODE:, 0] += motion.reshape(-1, GROUPS - NODE)[frame_class] // PRICE_UNIT


def named_bits(counts: npt.NDArray[np.int64]) -> dict[str, int]:
    """Return the bits of a frame by name, without names whose count is 0."""
    named = {
        f"{group} {part}": int(bits)
        for group, row in zip(_COEFFICIENT_GROUPS, counts)
        for part, bits in zip(PART_NAMES, row)
    }
    named.update((name, int(row[0])) for name, row in zip(_OWN_NAMES, counts[NODE:]))
    return {name: bits for name, bits in named.items() if bits}
