"""Engine video/mc of the reference decoder: the codebook, and tables that adapt (FORMAT.md, 18.2, 18.10)."""

from __future__ import annotations

from dataclasses import replace

from reference_decoder import Codebook, CodebookMissing, HuffmanCode, require
from reference_transform_mixed import Mixed
from reference_transform_tables import I1, I2, U1, U2, model_of, take

POOLS = {
    "nodes": (108, 32),
    "shapes": (24, 68),
    "vectors": (8, 288),
    "luma_masks": (720, 16),
    "luma_patterns": (384, 256),
    "chroma_masks": (720, 16),
    "chroma_patterns": (384, 256),
}
"""Contexts and symbols of each pool."""

BITS = {"nodes": 5, "shapes": 7, "vectors": 9}
"""Of the symbols that may be coded by mixed chances, besides masks."""


class VideoModel:
    """18.2"""

    def __init__(self, codebook: Codebook):
        pictures = {name[6:]: array for name, array in codebook.arrays.items() if name.startswith("intra_")}
        self.pictures = model_of(replace(codebook, arrays=pictures))
        self.rungs = take(codebook, "rungs", U1, None).elements
        n = len(self.rungs)
        require(all(rung < 64 for rung in self.rungs) and self.rungs == sorted(set(self.rungs)), CodebookMissing)
        self.rows, self.lengths = {}, {}
        for name, (contexts, symbols) in POOLS.items():
            lengths = take(codebook, f"{name}_lengths", U1, None, symbols)
            self.rows[name] = take(codebook, f"{name}_rows", U2, 3, n, contexts).elements
            self.lengths[name] = [
                lengths.elements[start : start + symbols] for start in range(0, len(lengths.elements), symbols)
            ]
            require(max(self.rows[name]) < len(self.lengths[name]), CodebookMissing)
            require(all(min(row) > 0 for row in self.lengths[name]), CodebookMissing)
        self.memory_rows, self.memory_lengths = {}, {}
        for name, (contexts, symbols) in POOLS.items() if "memory_nodes_rows" in codebook.arrays else ():
            lengths = take(codebook, f"memory_{name}_lengths", U1, None, symbols).elements
            self.memory_rows[name] = take(codebook, f"memory_{name}_rows", U2, n, contexts).elements
            self.memory_lengths[name] = [lengths[start : start + symbols] for start in range(0, len(lengths), symbols)]
            require(max(self.memory_rows[name]) < len(self.memory_lengths[name]), CodebookMissing)
            require(all(min(row) > 0 for row in self.memory_lengths[name]), CodebookMissing)
        self.offset_sets = take(codebook, "offset_sets", U1, 3, n).elements
        self.offsets = take(codebook, "offsets", I1, None, 2, 32, 256, 4).elements
        self.restoration: list[list[int]] = []
        if "restoration" in codebook.arrays:
            weights = take(codebook, "restoration", I2, 3, n, 2, 120, 36).elements
            require(all(abs(weight) <= 2048 for weight in weights), CodebookMissing)
            self.restoration = [weights[start : start + 36] for start in range(0, len(weights), 36)]

    def rung_of(self, step_index: int) -> int:
        return min(range(len(self.rungs)), key=lambda rung: (abs(self.rungs[rung] - step_index), rung))

    def filter_weights(self, frame_class: int, rung: int, chroma: bool) -> list[list[int]]:
        start = ((frame_class * len(self.rungs) + rung) * 2 + chroma) * 120
        return self.restoration[start : start + 120]


class Context:
    """18.10: the code of one context, and what changes it."""

    def __init__(self, lengths: list[int]):
        self.prior = [2**16 >> length for length in lengths]
        self.counts = [0] * len(lengths)
        self.fresh = 0
        self.code = HuffmanCode(lengths)

    def frame_ends(self, occurrences: list[int]) -> None:
        self.counts = [count - (count >> 6) + 256 * n for count, n in zip(self.counts, occurrences)]
        self.fresh += 256 * sum(occurrences)
        if 16 * self.fresh > 65536 + sum(self.counts):
            self.code = HuffmanCode(package_merge([p + c for p, c in zip(self.prior, self.counts)]))
            self.fresh = 0


class ClassTables:
    """The tables of one class of frames. Contexts are made when they are first asked for."""

    def __init__(self, model: VideoModel, number: int, rung: int):
        self.model, self.rung = model, rung
        self.number = number
        self.mixed: Mixed | None = None  # 18.12
        self.c, self.from_memory = number % 3, number == 3
        self.contexts: dict[tuple[str, int], Context] = {}
        self.occurrences: dict[tuple[str, int], list[int]] = {}

    def lengths(self, pool: str, context: int) -> list[int]:
        """Before any frame."""
        model, contexts = self.model, POOLS[pool][0]
        if self.from_memory and model.memory_rows:
            return model.memory_lengths[pool][model.memory_rows[pool][self.rung * contexts + context]]
        row = (self.c * len(model.rungs) + self.rung) * contexts + context
        return model.lengths[pool][model.rows[pool][row]]

    def read(self, bits, pool: str, context: int) -> int:
        if self.mixed and pool in BITS:
            coarse = context // 27 if pool == "nodes" else 0
            kind = self.number, pool
            return self.mixed.walk(kind, 0, context, coarse, self.lengths(pool, context), BITS[pool])
        key = pool, context
        if key not in self.contexts:
            self.contexts[key] = Context(self.lengths(pool, context))
        symbol = self.contexts[key].code.read(bits)
        self.occurrences.setdefault(key, [0] * POOLS[pool][1])[symbol] += 1
        return symbol

    def offset(self, chroma: bool, situation: int, pattern: int, component: int) -> int:
        chosen = self.model.offset_sets[self.c * len(self.model.rungs) + self.rung]
        return self.model.offsets[(((chosen * 2 + chroma) * 32 + situation) * 256 + pattern) * 4 + component]

    def frame_ends(self) -> None:
        for key, context in self.contexts.items():
            context.frame_ends(self.occurrences.get(key, [0] * POOLS[key[0]][1]))
        self.occurrences = {}


def package_merge(weights: list[int]) -> list[int]:
    """Code lengths of at most 15 bits."""
    symbols = sorted(range(len(weights)), key=lambda symbol: (weights[symbol], -symbol))
    leaves = [(weights[symbol], [symbol]) for symbol in symbols]
    items = leaves
    for _ in range(14):
        packages = [(items[i][0] + items[i + 1][0], items[i][1] + items[i + 1][1]) for i in range(0, len(items) - 1, 2)]
        items = sorted(leaves + packages, key=lambda item: item[0])  # stable: symbols before packages
    lengths = [0] * len(weights)
    for _, inside in items[: 2 * len(weights) - 2]:
        for symbol in inside:
            lengths[symbol] += 1
    return lengths
