"""Engine image/transform of the reference decoder: coefficients and their transforms (FORMAT.md, 9.8 to 9.12)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from reference_decoder import BitReader, require
from reference_transform_plane import Block, clip
from reference_transform_tables import FIRST_PATTERN_CONTEXT, Model, Tables

ReadSymbol = Callable[[int], int]
"""Reads the next symbol in a context."""

Coefficients = dict[tuple[int, int], int]
"""By row and column, those that are not 0, in 1/8."""

Places = set[tuple[int, int]]

FIRST_MASK_CONTEXT = 346


# 9.8 Coefficients


@dataclass
class Group:
    """A significant group of 2x2 coefficients: its place, how it was coded, and its signed magnitudes."""

    row: int
    column: int
    situation: int
    pattern: int
    levels: list[int]


class CoefficientReader:
    """Reads the coefficients of one block."""

    def __init__(self, block: Block, form: int, energy: int, bits: BitReader, symbol: ReadSymbol):
        self.block, self.form, self.energy = block, form, energy
        self.bits, self.symbol = bits, symbol
        self.depth = max(block.lw, block.lh) - 1
        self.sums: dict[tuple[int, int], int] = {}  # M, of the groups read so far
        self.mixed: Any = None

    def mix(self, mixed: Any, coarse_symbol: Callable[[int, int], int], kind: object) -> None:
        """9.22: read masks and escapes by mixed chances."""
        self.mixed, self.coarse_symbol, self.kind = mixed, coarse_symbol, kind

    def rows(self, depth: int) -> int:
        return min(self.block.height // 2, 1 << depth)

    def columns(self, depth: int) -> int:
        return min(self.block.width // 2, 1 << depth)

    def significant_groups(self) -> Places:
        nodes = {(0, 0)}
        for depth in range(self.depth):
            children: Places = set()
            tall = self.rows(depth + 1) // self.rows(depth)
            broad = self.columns(depth + 1) // self.columns(depth)
            for row, column in sorted(nodes):
                context = self.mask_context(depth, row, column, nodes, children, tall, broad)
                number = (4**depth - 1) // 3 + row * self.columns(depth) + column
                mask = self.coarse_symbol(context, 74 + 85 * self.size + number) if self.mixed else self.symbol(context)
                for p in range(tall):
                    for q in range(broad):
                        if mask >> (2 * p + q) & 1:
                            children.add((row * tall + p, column * broad + q))
            nodes = children
        return nodes

    def mask_context(
        self, depth: int, row: int, column: int, nodes: Places, children: Places, tall: int, broad: int
    ) -> int:
        place, surroundings = 0, self.energy
        if depth > 0:
            place = 0 if row + column == 0 else 1 if row + column <= 2 else 2
            left = {(row * tall + p, column * broad - 1) for p in range(tall)}
            above = {(row * tall - 1, column * broad + q) for q in range(broad)}
            coming = {(row, column + 1), (row + 1, column)}
            surroundings = 3 * len((left | above) & children) + len(coming & nodes)
        return FIRST_MASK_CONTEXT + ((self.form_of(depth, row, column) * 4 + depth) * 3 + place) * 15 + surroundings

    def form_of(self, depth: int, row: int, column: int) -> int:
        """The form of a node; of a group at the last depth."""
        return self.form

    def groups(self) -> list[Group]:
        """The significant groups."""
        places = self.significant_groups()
        groups = []
        for gy, gx in sorted(places, key=lambda place: (sum(place), place)):
            situation = self.situation(gy, gx)
            coming = len({(gy, gx + 1), (gy + 1, gx)} & places)
            pattern = self.symbol(
                FIRST_PATTERN_CONTEXT + (self.form_of(self.depth, gy, gx) * 32 + situation) * 3 + coming
            )
            levels = self.levels(gy, gx, [pattern >> (6 - 2 * k) & 3 for k in range(4)])
            self.sums[gy, gx] = sum(abs(level) for level in levels)
            groups.append(Group(gy, gx, situation, pattern, levels))
        return groups

    def situation(self, gy: int, gx: int) -> int:
        """place * 8 + S"""
        near = self.near(gy, gx)
        strength = sum(near >= bound for bound in (1, 2, 4, 6, 9, 14, 23))
        return [0, 1, 2, 2, 3][min(gy + gx, 4)] * 8 + strength

    def near(self, gy: int, gx: int) -> int:
        """s"""

        def m(i: int, j: int) -> int:
            return self.sums.get((i, j), 0)

        near = 2 * m(gy, gx - 1) + 2 * m(gy - 1, gx) + m(gy - 1, gx - 1)
        return near + m(gy, gx - 2) + m(gy - 2, gx) + m(gy - 1, gx + 1)

    @property
    def size(self) -> int:
        return self.block.lw + self.block.lh - 4

    def levels(self, gy: int, gx: int, components: list[int]) -> list[int]:
        negative = [component > 0 and self.bits.bit() == 1 for component in components]
        magnitudes = [self.escaped(gy, gx) if component == 3 else component for component in components]
        return [-m if minus else m for m, minus in zip(magnitudes, negative, strict=True)]

    def escaped(self, gy: int, gx: int) -> int:
        zeros = 0
        if self.mixed:
            fine = min(gy + gx, 3) * 10 + min(self.near(gy, gx).bit_length(), 9)
            zeros = self.mixed.zeros(self.kind, fine, self.size * 4 + min(gy + gx, 3))
            return min(3 + 2**zeros - 1 + self.bits.bits(zeros), 8193)
        while self.bits.bit() == 0:
            zeros += 1
            require(zeros <= 24)
        return min(3 + 2**zeros - 1 + self.bits.bits(zeros), 8193)


def form(block: Block, mode: int, alternative: int, remembering: bool) -> int:
    """9.5, 9.18"""
    look = 1 if 7 <= mode <= 13 else 2 if 23 <= mode <= 29 else 0
    if remembering:
        look = 1 if mode == 38 else 2 if look else 0
    if alternative > 0:
        look = 3
    return look * 7 + block.lw + block.lh - 4


# 9.10 Dequantisation


def dequantised(groups: list[Group], step: int, tables: Tables, rung: int) -> Coefficients:
    coefficients: Coefficients = {}
    for group in groups:
        for k, level in enumerate(group.levels):
            if level != 0:
                offset = tables.offset(rung, group.situation, group.pattern, k) if abs(level) <= 3 else -1
                value = min(((64 * abs(level) + offset) * step + 256) >> 9, 65535)
                coefficients[2 * group.row + k // 2, 2 * group.column + k % 2] = value if level > 0 else -value
    return coefficients


def scale_by_frequency(block: Block, coefficients: Coefficients) -> None:
    for (row, column), value in coefficients.items():
        factor = 45 + 3 * (row * 32 // block.height + column * 32 // block.width) // 2
        scaled = min((abs(value) * factor + 32) >> 6, 65535)
        coefficients[row, column] = scaled if value > 0 else -scaled


# 9.11 Alternative transforms


def has_alternatives(model: Model, block: Block, mode: int) -> bool:
    fits = block.lw == block.lh == 2 or min(block.lw, block.lh) >= 3
    return model.alternatives > 0 and mode <= 34 and fits


@cache
def group_order(n: int) -> list[tuple[int, int]]:
    """Rows and columns by 2x2 groups along the diagonals."""
    groups = [(gy, gx) for gy in range(n // 2) for gx in range(n // 2)]
    groups.sort(key=lambda group: (sum(group), group))
    return [(2 * gy + k // 2, 2 * gx + k % 2) for gy, gx in groups for k in range(4)]


def undo_alternative(model: Model, block: Block, mode: int, alternative: int, coefficients: Coefficients) -> None:
    group = mode if mode < 2 else 2 + ((mode if mode <= 18 else 36 - mode) - 2) // 2
    n = 4 if block.lw + block.lh == 4 else 8
    if n == 4:
        basis = model.small[group * model.alternatives + alternative]
    else:
        larger = 0 if block.lw + block.lh == 6 else 11
        basis = model.large[(larger + group) * model.alternatives + alternative]
    values = [coefficients.pop(place, 0) for place in group_order(n)]
    for i in range(n):
        for j in range(n):
            total = sum(value * basis[k][n * i + j] for k, value in enumerate(values) if value)
            place = (j, i) if mode >= 18 else (i, j)
            coefficients[place] = clip((64 + total) >> 7, -65535, 65535)


# 9.12 Inverse transform


@cache
def cosine_matrix(n: int) -> list[list[int]]:
    def entry(k: int, x: int) -> int:
        scale = math.sqrt((1 if k == 0 else 2) / n)
        return round(2048 * scale * math.cos(math.pi * (2 * x + 1) * k / (2 * n)))

    return [[entry(k, x) for x in range(n)] for k in range(n)]


SINE_MATRIX = [[467, 878, 1182, 1345], [1182, 1182, 0, -1182], [1345, -467, -1182, 878], [878, -1345, 1182, -467]]


def inverse_transform(block: Block, sine: bool, coefficients: Coefficients) -> list[list[int]]:
    down = SINE_MATRIX if sine else cosine_matrix(block.height)
    across = SINE_MATRIX if sine else cosine_matrix(block.width)
    used = sorted({u for _, u in coefficients})
    between = [dict.fromkeys(used, 1024) for _ in range(block.height)]
    for (v, u), value in coefficients.items():
        for i in range(block.height):
            between[i][u] += down[v][i] * value
    residual = []
    for row in between:
        clipped = {u: clip(total >> 11, -131070, 131070) for u, total in row.items()}
        sums = (sum(across[u][j] * value for u, value in clipped.items()) for j in range(block.width))
        residual.append([(512 + total) >> 10 for total in sums])
    return residual
