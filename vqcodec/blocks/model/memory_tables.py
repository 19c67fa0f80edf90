"""The tables of planes that are predicted from memory, as changes of the tables of planes that are not.

A codebook with a memory is trained on few data, and it shall stay small. So most contexts keep the table that they have
in planes without memory, and the others share few tables, on groups of rungs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import PLANE_TYPES
from vqcodec.blocks.model.model_arrays import ModelArrays, check_rows
from vqcodec.blocks.model.plane_tables import MEMORY_POOLS, POOL_RANGES, PlaneTables
from vqcodec.blocks.syntax.contexts import ALL_CONTEXTS, ALL_WITH_MEMORY
from vqcodec.entropy.tables import TableSet
from vqcodec.errors import CodebookError

GROUPS = "memory_groups"
_OWN = ("flags", "patterns", "motions")


@dataclass(frozen=True)
class MemoryTables:
    """What changes in the tables of one plane type where it is predicted from memory.

    Attributes:
        rows: uint16 (groups, ALL_WITH_MEMORY): 0 for the table that the context has without memory, else 1 plus the
            number of a table in `pools`. Contexts of motion have no other table.
        pools: own table sets by name: "motions", and "flags" and "patterns" unless they are empty.
    """

    rows: npt.NDArray[np.uint16]
    pools: Mapping[str, TableSet]

    def changed(self, base: PlaneTables, groups: npt.NDArray[np.uint8]) -> PlaneTables:
        """Return the tables of `base` with these changes.

        Args:
            groups: uint8 (rungs,), the group of each rung.
        """
        own = self.rows[groups].astype(np.int64)
        rows = np.zeros(own.shape, dtype=np.int64)
        rows[:, :ALL_CONTEXTS] = base.rows
        pools = {}
        for name in MEMORY_POOLS:
            sets = [pools_of[name].lengths for pools_of in (base.pools, self.pools) if name in pools_of]
            pools[name] = TableSet(np.concatenate(sets), name)
            first, end = POOL_RANGES[name]
            start = len(sets[0]) if name in base.pools else 0
            part = own[:, first:end]
            rows[:, first:end] = np.where(part > 0, start + part - 1, rows[:, first:end])
        return PlaneTables(rows.astype(np.uint16), pools, base.offset_sets, base.offsets)

    def to_arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Return the tables as arrays of a codebook."""
        pools = {f"memory_{prefix}_{name}": tables.lengths for name, tables in self.pools.items()}
        return {f"memory_{prefix}_rows": self.rows, **pools}

    @classmethod
    def from_arrays(cls, held: ModelArrays, prefix: str, groups: int) -> MemoryTables:
        """Return the tables that `to_arrays` wrote; errors as in `Model.from_arrays`."""
        name = f"memory_{prefix}_rows"
        rows = held.take(name, np.uint16, (groups, ALL_WITH_MEMORY))
        pools = {}
        for pool, (first, end) in POOL_RANGES.items():
            key, count = f"memory_{prefix}_{pool}", 0
            if pool in _OWN and (pool == "motions" or key in held):
                lengths = held.take(key, np.uint8, (None, MEMORY_POOLS[pool]))
                pools[pool] = TableSet(lengths, f"codebook: '{key}'")
                count = len(lengths)
            check_rows(rows[:, first:end], count + 1, name)
        if rows[:, ALL_CONTEXTS:].min() == 0:
            raise CodebookError(f"codebook: '{name}' leaves a context of motion without a table")
        return cls(rows, pools)


@dataclass(frozen=True)
class MemoryChanges:
    """The changes of all plane types.

    Attributes:
        groups: uint8 (rungs,), the group of each rung.
        planes: of luma and of chroma.
    """

    groups: npt.NDArray[np.uint8]
    planes: tuple[MemoryTables, ...]

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the changes as arrays of a codebook."""
        arrays: dict[str, npt.NDArray[Any]] = {GROUPS: self.groups}
        for prefix, tables in zip(PLANE_TYPES, self.planes):
            arrays |= tables.to_arrays(prefix)
        return arrays

    @classmethod
    def from_arrays(cls, held: ModelArrays, rungs: int) -> MemoryChanges | None:
        """Return the changes that a codebook's arrays hold, or None; errors as in `Model.from_arrays`."""
        if GROUPS not in held:
            return None
        groups = held.take(GROUPS, np.uint8, (rungs,))
        if np.any(np.diff(groups, prepend=groups[:1]) > 1) or groups[0] > 0:
            raise CodebookError(f"codebook: '{GROUPS}' must number groups of rungs from 0 on")
        count = int(groups.max()) + 1
        return cls(groups, tuple(MemoryTables.from_arrays(held, prefix, count) for prefix in PLANE_TYPES))
