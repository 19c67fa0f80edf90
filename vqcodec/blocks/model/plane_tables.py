"""The tables of one plane type: pools of code lengths, and maps that tell which table a context uses on a rung."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.model.model_arrays import ModelArrays, check_rows
from vqcodec.blocks.syntax.contexts import (
    ALL_CONTEXTS,
    ALL_WITH_MEMORY,
    FIRST_MODE,
    FIRST_PATTERN,
    FLAG_SYMBOLS,
    MODE_SYMBOLS,
    MOTION_SYMBOLS,
    OFFSET_CELLS,
    PATTERN_SYMBOLS,
)
from vqcodec.entropy.tables import TableSet

POOLS = {"flags": FLAG_SYMBOLS, "modes": MODE_SYMBOLS, "patterns": PATTERN_SYMBOLS}
MEMORY_POOLS = {**POOLS, "motions": MOTION_SYMBOLS}
POOL_RANGES = {
    "flags": (0, FIRST_MODE),
    "modes": (FIRST_MODE, FIRST_PATTERN),
    "patterns": (FIRST_PATTERN, ALL_CONTEXTS),
    "motions": (ALL_CONTEXTS, ALL_WITH_MEMORY),
}


@dataclass(frozen=True)
class PlaneTables:
    """The tables of one plane type.

    Attributes:
        rows: uint16 (rungs, ALL_CONTEXTS), or (rungs, ALL_WITH_MEMORY) for planes that are predicted from memory.
        pools: the table sets by name (`POOLS`, or `MEMORY_POOLS`).
        offset_sets: uint8 (rungs,), the set of offsets of each rung.
        offsets: int8 (sets, OFFSET_CELLS, 256, 4).
    """

    rows: npt.NDArray[np.uint16]
    pools: Mapping[str, TableSet]
    offset_sets: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int8]

    def to_arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Return the tables of a plane type without memory as arrays of a codebook."""
        return {
            f"{prefix}_rows": self.rows,
            **{f"{prefix}_{name}": self.pools[name].lengths for name in POOLS},
            f"{prefix}_offset_sets": self.offset_sets,
            f"{prefix}_offsets": self.offsets,
        }

    @classmethod
    def from_arrays(cls, held: ModelArrays, prefix: str, rungs: int) -> PlaneTables:
        """Return the tables that `to_arrays` wrote; errors as in `Model.from_arrays`."""
        rows = held.take(f"{prefix}_rows", np.uint16, (rungs, ALL_CONTEXTS))
        pools = {}
        for name, symbols in POOLS.items():
            lengths = held.take(f"{prefix}_{name}", np.uint8, (None, symbols))
            first, end = POOL_RANGES[name]
            check_rows(rows[:, first:end], len(lengths), f"{prefix}_rows")
            pools[name] = TableSet(lengths, f"codebook: '{prefix}_{name}'")
        sets = held.take(f"{prefix}_offset_sets", np.uint8, (rungs,))
        offsets = held.take(f"{prefix}_offsets", np.int8, (None, OFFSET_CELLS, PATTERN_SYMBOLS, 4))
        check_rows(sets, len(offsets), f"{prefix}_offset_sets")
        return cls(rows, pools, sets, offsets)


@lru_cache(maxsize=1)
def no_motions() -> TableSet:
    """Return what stands for the pool of motions where there is none."""
    return TableSet(np.eye(1, MOTION_SYMBOLS, dtype=np.uint8))
