"""Codebooks of the engine image/transform whose arrays are random: they reach what trained ones rarely do."""

from __future__ import annotations

import numpy as np

from vqcodec.codebook.codebook import Codebook

CONTEXTS, MEMORY_CONTEXTS = 8398, 8423
POOLS = (("flags", 16, 0, 5386), ("modes", 40, 5386, 5710), ("patterns", 256, 5710, CONTEXTS))
"""Name, symbols, first context and the one after the last (FORMAT.md, 9.5)."""
SPECIAL = (
    (0, 36, [2, 2, 2, 2] + [0] * 12),  # partitions: 0 to 3
    (36, 316, [4, 4, 5, 5, 5, 5, 2, 2, 5, 5, 5, 5, 5, 5, 5, 5]),  # choices: half of them a mode symbol
)
"""First context, the one after the last, and code lengths under which what a picture seldom has is not rare."""
REMEMBERING_CHOICES = [4, 4, *[5] * 12, 2, 2]  # half of them memory
TABLES = 12  # in each pool


def random_codebook(seed: int, alternatives: int = 1, restoration: bool = True, even: float = 0.5) -> Codebook:
    """A codebook of three rungs; `even` is the share of contexts in which all symbols are about equally likely."""
    chance = np.random.default_rng(seed)
    rungs = np.sort(chance.permutation(64)[:3]).astype(np.uint8)
    arrays = {"rungs": rungs}
    for kind in ("luma", "chroma"):
        arrays[f"{kind}_rows"] = np.zeros((3, CONTEXTS), np.uint16)
        for pool, symbols, first, end in POOLS:
            lengths = [even_lengths(symbols), *(random_lengths(symbols, chance) for _ in range(TABLES - 1))]
            arrays[f"{kind}_{pool}"] = np.array(lengths, np.uint8)
            rows = chance.integers(0, TABLES, (3, end - first))
            arrays[f"{kind}_rows"][:, first:end] = np.where(chance.random(rows.shape) < even, 0, rows)
        for table, (first, end, special) in enumerate(SPECIAL, 1):
            arrays[f"{kind}_flags"][table] = special
            arrays[f"{kind}_rows"][:, first:end][chance.random((3, end - first)) < even] = table
        arrays[f"{kind}_offset_sets"] = chance.integers(0, 2, 3).astype(np.uint8)
        arrays[f"{kind}_offsets"] = chance.integers(-128, 128, (2, 32, 256, 4)).astype(np.int8)
    if alternatives:
        arrays["small_transforms"] = chance.integers(-128, 128, (11, alternatives, 16, 16)).astype(np.int8)
        arrays["large_transforms"] = chance.integers(-128, 128, (2, 11, alternatives, 64, 64)).astype(np.int8)
    if restoration:
        reach = 2048 >> (seed % 3 * 3)
        arrays["restoration"] = chance.integers(-reach, reach + 1, (2, 3, 120, 36)).astype(np.int16)
    return Codebook("image/transform", f"random-{seed}", arrays)


def even_lengths(symbols: int) -> list[int]:
    """A whole code whose lengths differ by one at most."""
    longest = (symbols - 1).bit_length()
    shorter = (1 << longest) - symbols
    return [longest - 1] * shorter + [longest] * (symbols - shorter)


def random_lengths(symbols: int, chance: np.random.Generator) -> np.ndarray:
    """A whole code: a tree whose leaves are split at random, some of the symbols left out."""
    leaves = [1, 1]
    for _ in range(int(chance.integers(0, symbols - 1))):
        split = int(chance.integers(0, len(leaves)) if chance.random() < 0.9 else len(leaves) - 1)
        if leaves[split] < 16:
            leaves[split] += 1
            leaves.append(leaves[split])
    lengths = np.zeros(symbols, np.uint8)
    lengths[chance.permutation(symbols)[: len(leaves)]] = leaves
    return lengths


def with_random_memory(book: Codebook, items: list[bytes], seed: int) -> Codebook:
    """The codebook with a memory, and random tables for planes that are predicted from it."""
    chance = np.random.default_rng(seed)
    arrays = dict(book.arrays)
    arrays["memory_bytes"] = np.frombuffer(b"".join(items), np.uint8)
    arrays["memory_sizes"] = np.array([len(item) for item in items], np.uint32)
    arrays["memory_groups"] = np.array([0, 0, 1], np.uint8)
    for kind in ("luma", "chroma"):
        rows = np.zeros((2, MEMORY_CONTEXTS), np.uint16)
        for pool, symbols, first, end in (POOLS[0], POOLS[2], ("motions", 32, CONTEXTS, MEMORY_CONTEXTS)):
            tables = [even_lengths(symbols), *(random_lengths(symbols, chance) for _ in range(TABLES - 1))]
            arrays[f"memory_{kind}_{pool}"] = np.array(tables, np.uint8)
            rows[:, first:end] = chance.integers(pool == "motions", TABLES + 1, (2, end - first))
        arrays[f"memory_{kind}_flags"][1] = REMEMBERING_CHOICES
        rows[:, 36:316] = np.where(chance.random((2, 280)) < 0.8, 2, rows[:, 36:316])
        arrays[f"memory_{kind}_rows"] = rows
    return Codebook(book.engine, f"remembering-{seed}", arrays)
