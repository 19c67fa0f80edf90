"""Engine image/transform of the reference decoder: superblocks, blocks and modes (FORMAT.md, 9.4 to 9.7, 9.9, 9.15)."""

from __future__ import annotations

import reference_transform_copies as copies
import reference_transform_memory as memory
import reference_transform_palettes as palettes
from reference_decoder import BitReader
from reference_transform_plane import Block, Plane, Unit, clip
from reference_transform_prediction import predict
from reference_transform_residual import (
    CoefficientReader,
    dequantised,
    form,
    has_alternatives,
    inverse_transform,
    scale_by_frequency,
    undo_alternative,
)
from reference_transform_tables import Model, Tables, step_of

PLANAR, DC, VERTICAL = 0, 1, 26
BLOCK, QUARTERS, UPPER_LOWER = 0, 1, 2
MODE_SYMBOL, REMEMBERING = 3, 7
CHOICE_CONTEXT, STEP_CONTEXT, TRANSFORM_CONTEXT, MODE_CONTEXT, PATTERN_CONTEXT = 36, 316, 332, 5386, 5710


class PlaneDecoder:
    """Decodes one plane of a tile."""

    def __init__(self, plane: Plane, bits: BitReader, model: Model, tables: Tables, rung: int, modulated: bool):
        self.plane, self.bits = plane, bits
        self.model, self.tables, self.rung = model, tables, rung
        self.modulated = modulated

    def symbol(self, context: int, coarse: int = 0) -> int:
        """9.5; `coarse` is for mixed chances (9.22)"""
        code = self.tables.code(self.rung, context)
        if self.plane.mixed and context < PATTERN_CONTEXT:
            return self.plane.mixed.symbol(bool(self.plane.guides), context, coarse, code.lengths)
        return code.read(self.bits)

    def decode(self) -> None:
        """9.4"""
        for y in range(0, self.plane.height, 32):
            for x in range(0, self.plane.width, 32):
                self.read_step(y // 32, x // 32)
                self.node(y, x, 5)

    def read_step(self, row: int, column: int) -> None:
        """9.6"""
        base = self.plane.base_step
        step = base
        if self.modulated:
            before = self.plane.steps[row, column - 1] - base if column > 0 else 0
            step = clip(base + self.symbol(STEP_CONTEXT + clip(before + 7, 0, 14), 33) - 7, 0, 63)
        self.plane.steps[row, column] = step

    def node(self, y: int, x: int, k: int) -> None:
        """9.4"""
        plane, side, half = self.plane, 1 << k, 1 << k >> 1
        if not plane.contains(y, x):
            return
        cut = BLOCK
        if y + side > plane.height or x + side > plane.width:
            cut = QUARTERS
        elif k > 2:
            cut = self.symbol(self.partition_context(y, x, k), 4 * len(plane.guides) + k - 2)
        if cut == BLOCK:
            self.block(Block(y, x, k, k))
        elif cut == QUARTERS:
            for down, right in ((0, 0), (0, half), (half, 0), (half, half)):
                self.node(y + down, x + right, k - 1)
        elif cut == UPPER_LOWER:
            self.block(Block(y, x, k, k - 1))
            self.block(Block(y + half, x, k, k - 1))
        else:
            self.block(Block(y, x, k - 1, k))
            self.block(Block(y, x + half, k - 1, k))

    # 9.5 Contexts

    def partition_context(self, y: int, x: int, k: int) -> int:
        above, left = self.plane.unit(y - 1, x), self.plane.unit(y, x - 1)
        finer_above = clip(k - above.lw, 0, 2) if above else 0
        finer_left = clip(k - left.lh, 0, 2) if left else 0
        if self.plane.memory and self.plane.luma_units:
            return memory.partition_context(self.plane, y, x, k, (finer_above > 0) + (finer_left > 0))
        return ((k - 2) * 3 + finer_above) * 3 + finer_left

    def energy_around(self, block: Block) -> int:
        units = (self.plane.unit(block.y, block.x - 1), self.plane.unit(block.y - 1, block.x))
        energy = sum(unit.energy for unit in units if unit)
        return sum(energy >= bound for bound in (1, 2, 4, 7, 11))

    def neighbour_mode(self, y: int, x: int) -> int:
        unit = self.plane.unit(y, x)
        if unit is None:
            return DC
        return unit.mode if unit.mode <= 34 else PLANAR

    # 9.4 A block

    def block(self, block: Block) -> None:
        energy = self.energy_around(block)
        left, above = self.neighbour_mode(block.y, block.x - 1), self.neighbour_mode(block.y - 1, block.x)
        size = block.lw + block.lh - 4
        kinds = 9 if left == above > DC else min(left, 2) * 3 + min(above, 2)
        if self.plane.memory:
            kinds = memory.choice_kinds(self.plane, block)
        place, flavour, choice = None, 0, 0
        painted = palettes.read_palette(self.plane, block, self.plane.values) if self.plane.values else None
        if self.plane.copies and painted is None:
            place, choice = self.plane.copies.read(self.plane, block)
        if place is None and painted is None:
            coarse = 12 + 7 * len(self.plane.guides) + size
            choice = self.symbol(CHOICE_CONTEXT + (size * 4 + min(energy, 3)) * 10 + kinds, coarse)
        if painted is not None:
            mode = palettes.PALETTE
        elif place is not None:
            mode = memory.REMEMBERED
        elif self.plane.memory and choice // 2 == REMEMBERING:
            mode = memory.REMEMBERED
            place, flavour = memory.read_motion(self.plane, block, self.symbol, self.bits.bits)
        else:
            mode = self.read_mode(block, choice // 2, left, above)
        residual, total = self.read_residual(block, mode, energy) if choice % 2 else (None, 0)
        if painted is not None:
            prediction = painted
        elif place is None:
            prediction = predict(self.plane, block, mode)
        elif self.plane.copies:
            prediction = copies.copied(self.plane, block, place)
        else:
            prediction = memory.from_memory(self.plane, block, place, flavour)
        for i in range(block.height):
            for j in range(block.width):
                sample = prediction[i][j] + (residual[i][j] if residual else 0)
                self.plane.samples[block.y + i][block.x + j] = clip(sample, 0, 4080)
        area = block.width * block.height
        energy = min(8, (16 * total + area - 1) // area)
        self.plane.keep(block, Unit(block.lw, block.lh, mode, energy, total > 0, place, flavour))

    def read_residual(self, block: Block, mode: int, energy: int) -> tuple[list[list[int]], int]:
        """The residual, and the sum of magnitudes."""
        alternative = 0
        if has_alternatives(self.model, block, mode) and not self.plane.guides:
            size = block.lw + block.lh - 4
            symbol = self.symbol(TRANSFORM_CONTEXT + size * 2 + (2 <= mode <= 34), 34 + mode)
            alternative = min(symbol, self.model.alternatives)
        reader = CoefficientReader(
            block, form(block, mode, alternative, self.plane.memory is not None), energy, self.bits, self.symbol
        )
        if self.plane.mixed:
            reader.mix(self.plane.mixed, self.symbol, bool(self.plane.guides))
        groups = reader.groups()
        step = step_of(self.plane.step_index(block.y, block.x))
        coefficients = dequantised(groups, step, self.tables, self.rung)
        if self.plane.shaped:
            scale_by_frequency(block, coefficients)
        total = sum(abs(level) for group in groups for level in group.levels)
        if alternative > 0:
            undo_alternative(self.model, block, mode, alternative - 1, coefficients)
        sine = block.lw + block.lh == 4 and mode <= 34 and alternative == 0
        return inverse_transform(block, sine, coefficients), total

    # 9.7 Modes

    def read_mode(self, block: Block, chosen: int, left: int, above: int) -> int:
        if chosen < MODE_SYMBOL:
            return self.likely_modes(block, left, above)[chosen]
        if chosen == MODE_SYMBOL:
            return min(self.symbol(MODE_CONTEXT + mode_group(left) * 18 + mode_group(above)), 34)
        guides = len(self.plane.guides)
        return [PLANAR, 35, min(35 + chosen - 4, 37)][guides]

    def likely_modes(self, block: Block, left: int, above: int) -> list[int]:
        if self.plane.guides:
            middle_y, middle_x = block.y + block.height // 2, block.x + block.width // 2
            first = self.plane.luma_modes[middle_y // 4][middle_x // 4]
            first = first if first <= 34 else PLANAR
            second = above if left == first else left
            third = above
        else:
            if left == above and left > DC:
                return [left, 2 + (left + 29) % 32, 2 + (left - 1) % 32]
            first, second, third = left, above, PLANAR
        if second == first:
            second = DC if first == PLANAR else PLANAR
        if third in (first, second):
            third = next(mode for mode in (PLANAR, DC, VERTICAL) if mode not in (first, second))
        return [first, second, third]


def mode_group(mode: int) -> int:
    """G"""
    return mode if mode < 2 else min(17, 2 + (mode - 2) // 2)
