"""Engine image/transform of the reference decoder: the step ladder and the codebook (FORMAT.md, 9.1, 9.2, 9.5)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from reference_decoder import Array, Codebook, CodebookMissing, HuffmanCode, require

# 9.1 The step ladder

OCTAVE = [64, 70, 76, 83, 91, 99, 108, 117]


def step_of(index: int) -> int:
    """In 1/64 sample."""
    return OCTAVE[index % 8] << (index // 8)


# 9.2 Codebook arrays

I1, U1, I2, U2 = range(4)
FIRST_MODE_CONTEXT, FIRST_PATTERN_CONTEXT, CONTEXTS = 5386, 5710, 8398
MEMORY_CONTEXTS = 8423
POOLS = {"flags": (16, 0), "modes": (40, FIRST_MODE_CONTEXT), "patterns": (256, FIRST_PATTERN_CONTEXT)}
"""Symbols and first context of each pool."""


def take(codebook: Codebook, name: str, kind: int, *shape: int | None) -> Array:
    """An array that must have this type and shape; None stands for any length."""
    require(name in codebook.arrays, CodebookMissing)
    array = codebook.arrays[name]
    require(array.kind == kind and len(array.shape) == len(shape), CodebookMissing)
    require(all(wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)), CodebookMissing)
    return array


def matrices(array: Array, count: int, side: int) -> list[list[list[int]]]:
    """The last two axes of an array, `side` long each, as a list of `count` matrices."""
    rows = [array.elements[start : start + side] for start in range(0, count * side * side, side)]
    return [rows[start : start + side] for start in range(0, count * side, side)]


def pool_of(context: int) -> str:
    """The pool of a context."""
    firsts = (("motions", CONTEXTS), ("patterns", FIRST_PATTERN_CONTEXT), ("modes", FIRST_MODE_CONTEXT), ("flags", 0))
    return next(name for name, first in firsts if context >= first)


class Tables:
    """The codes and reconstruction offsets of one type of planes."""

    def __init__(self, codebook: Codebook, kind: str, rungs: int):
        self.rows = take(codebook, f"{kind}_rows", U2, rungs, CONTEXTS).elements
        self.codes: dict[str, list[HuffmanCode]] = {}
        for pool, (symbols, first) in POOLS.items():
            lengths = take(codebook, f"{kind}_{pool}", U1, None, symbols)
            end = min(start for start in (FIRST_MODE_CONTEXT, FIRST_PATTERN_CONTEXT, CONTEXTS) if start > first)
            for rung in range(rungs):
                used = self.rows[rung * CONTEXTS + first : rung * CONTEXTS + end]
                require(max(used) < lengths.shape[0], CodebookMissing)
            starts = range(0, len(lengths.elements), symbols)
            self.codes[pool] = [HuffmanCode(lengths.elements[start : start + symbols]) for start in starts]
        self.offset_sets = take(codebook, f"{kind}_offset_sets", U1, rungs).elements
        offsets = take(codebook, f"{kind}_offsets", I1, None, 32, 256, 4)
        require(max(self.offset_sets) < offsets.shape[0], CodebookMissing)
        self.offsets = offsets.elements
        self.changed: Callable[[int, int], HuffmanCode | None] = lambda _rung, _context: None

    def code(self, rung: int, context: int) -> HuffmanCode:
        """9.5, 9.18"""
        if changed := self.changed(rung, context):
            return changed
        return self.codes[pool_of(context)][self.rows[rung * CONTEXTS + context]]

    def remembering(self, codebook: Codebook, kind: str, groups: list[int]) -> Tables:
        """9.18: the tables of planes that are predicted from memory."""
        tables = copy.copy(self)
        count, own = max(groups) + 1, {}
        rows = take(codebook, f"memory_{kind}_rows", U2, count, MEMORY_CONTEXTS).elements
        for pool, symbols in (("flags", 16), ("patterns", 256), ("motions", 32)):
            if pool == "motions" or f"memory_{kind}_{pool}" in codebook.arrays:
                lengths = take(codebook, f"memory_{kind}_{pool}", U1, None, symbols).elements
                starts = range(0, len(lengths), symbols)
                own[pool] = [HuffmanCode(lengths[start : start + symbols]) for start in starts]
        for at, row in enumerate(rows):
            context = at % MEMORY_CONTEXTS
            require(row <= len(own.get(pool_of(context), [])), CodebookMissing)
            require(row > 0 or context < CONTEXTS, CodebookMissing)
        tables.changed = lambda rung, context: (
            own[pool_of(context)][row - 1] if (row := rows[groups[rung] * MEMORY_CONTEXTS + context]) else None
        )
        return tables

    def offset(self, rung: int, situation: int, pattern: int, component: int) -> int:
        """9.10"""
        return self.offsets[((self.offset_sets[rung] * 32 + situation) * 256 + pattern) * 4 + component]


@dataclass
class Model:
    """A codebook of the engine."""

    rungs: list[int]
    luma: Tables
    chroma: Tables
    alternatives: int
    small: list[list[list[int]]]  # by group and alternative
    large: list[list[list[int]]]  # by size, group and alternative
    restoration: list[list[int]]  # by type of planes, rung and class
    remembering: list[Tables] = field(default_factory=list)  # 9.18: of luma and chroma; none without a memory

    def rung_of(self, step_index: int) -> int:
        """The nearest rung; of two that are equally near, the smaller."""
        return min(range(len(self.rungs)), key=lambda rung: (abs(self.rungs[rung] - step_index), rung))


def model_of(codebook: Codebook) -> Model:
    rungs = take(codebook, "rungs", U1, None).elements
    require(all(rung < 64 for rung in rungs) and rungs == sorted(set(rungs)), CodebookMissing)
    luma, chroma = (Tables(codebook, kind, len(rungs)) for kind in ("luma", "chroma"))
    model = Model(rungs, luma, chroma, 0, [], [], [])
    if "small_transforms" in codebook.arrays:
        small = take(codebook, "small_transforms", I1, 11, None, 16, 16)
        model.alternatives = small.shape[1]
        require(model.alternatives <= 8, CodebookMissing)
        large = take(codebook, "large_transforms", I1, 2, 11, model.alternatives, 64, 64)
        model.small = matrices(small, 11 * model.alternatives, 16)
        model.large = matrices(large, 22 * model.alternatives, 64)
    if "restoration" in codebook.arrays:
        weights = take(codebook, "restoration", I2, 2, len(rungs), 120, 36).elements
        require(all(abs(weight) <= 2048 for weight in weights), CodebookMissing)
        model.restoration = [weights[start : start + 36] for start in range(0, len(weights), 36)]
    if "memory_groups" in codebook.arrays:
        groups = take(codebook, "memory_groups", U1, len(rungs)).elements
        require(groups[0] == 0 and all(b - a in (0, 1) for a, b in pairwise(groups)), CodebookMissing)
        model.remembering = [
            tables.remembering(codebook, kind, groups) for tables, kind in ((luma, "luma"), (chroma, "chroma"))
        ]
    return model
