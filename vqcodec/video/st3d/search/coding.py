"""The second pass of the encoder: choose what is coded of each macroblock, write it, and reconstruct its bands."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.search.leaf_search import load_residual
from vqcodec.blocks.search.quantization import HUGE_LEAF_COST
from vqcodec.blocks.syntax.coefficients import reconstruct_levels
from vqcodec.entropy.tables import NO_CODE, bits_of
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.video.st3d.contexts import band_class, choice_context, energy_around, parts_context, quarters_context
from vqcodec.video.st3d.layout import BAND_MASK, MODE, SKIPPED, SMALL, SUPERBLOCK_SIDE
from vqcodec.video.st3d.search.quantizing import code_residual
from vqcodec.video.st3d.signal.blocks import (
    block_at,
    class_of,
    component_of,
    is_coded,
    luma_log_size,
    predict_block,
    reconstruct_block,
    record_energy,
    square_within,
    store_magnitudes,
)
from vqcodec.video.st3d.syntax.coefficients import write_coefficients
from vqcodec.video.st3d.syntax.macroblocks import macroblock_of, mask_symbol, write_mode, write_parts, write_skips

_PARTS_BITS = np.float32(0.5)  # estimated bits of a coded band in the mask of bands


@inner_kernel
def _flag_bits(tables, context, symbol):
    """Return the bits of a flag symbol."""
    return bits_of(tables.flags[tables.rows[context], symbol])


@inner_kernel
def _restore(component, block, coded, levels, tables, scratch):
    """Reconstruct a block from `scratch.prediction` and its levels; return the sum of its magnitudes.

    Args:
        coded: whether the block has coefficients.
        levels: int16, of a macroblock of the component.
    """
    total = used_width = used_height = np.int64(0)
    if coded:
        step = np.int64(component.steps[class_of(block)])
        state, coefficients = scratch.block.state, scratch.block.coefficients
        total, used_width, used_height = reconstruct_levels(
            levels, square_within(block), np.int64(0), step, tables, state, coefficients
        )
    reconstruct_block(component, block, used_width, used_height, scratch.prediction, scratch.block)
    return total


@inner_kernel
def _try_block(component, block, source, levels, tables, effort, scratch):
    """Predict and quantise a block; reconstruct it if it is of the first band, from which others are predicted.

    Args:
        source: int16 (bands, height, width), the bands of the component as they are to be coded.
        levels: int16, of a macroblock of the component.

    Returns:
        As `quantizing.code_residual`.
    """
    predict_block(component, block, scratch.prediction)
    load_residual(source[block.band], block.square, scratch.prediction, scratch.residual)
    energy = energy_around(component.energy[block.band], block.square.y, block.square.x)
    cost, without, coded = code_residual(block, component.steps, energy, tables, effort, levels, scratch)
    if block.band == 0:
        _restore(component, block, coded, levels, tables, scratch)
    return cost, without, coded


@inner_kernel
def _code_luma(slab, source, row, column, size, tables, effort, scratch):
    """Quantise the luma bands of a macroblock in 8x8 (size 0) or 16x16 blocks (size 1)."""
    component = component_of(slab, 0)
    log_size = np.int64(3 + size)
    for band in range(slab.luma.shape[0]):
        quarters = 0
        cost = without = np.float32(0)
        class_ = np.int64(0)
        for part in range(1 if size else 4):
            block = block_at(slab, 0, row, column, band, part, log_size)
            class_ = class_of(block)
            best, nothing, coded = _try_block(
                component, block, source, scratch.levels[size, band], tables, effort, scratch
            )
            cost += best
            without += nothing
            quarters |= (1 if coded else 0) << part
        if size == 0 and quarters:
            cost += effort.lambda_ * _flag_bits(tables, quarters_context(class_), quarters)
        scratch.quarters[size, band] = 15 if size and quarters else quarters
        scratch.cost[size, band], scratch.zero[size, band] = cost, without


@inner_kernel
def _code_chroma(slab, source, row, column, tables, effort, scratch):
    """Quantise the chroma bands of a macroblock."""
    for number in range(1, 3):
        component = component_of(slab, number)
        for band in range(slab.luma.shape[0]):
            block = block_at(slab, number, row, column, band, 0, 3)
            levels = scratch.chroma_levels[number - 1, band]
            cost, without, coded = _try_block(component, block, source[number - 1], levels, tables, effort, scratch)
            scratch.cost[1 + number, band], scratch.zero[1 + number, band] = cost, without
            scratch.chroma_coded[number - 1, band] = coded


@inner_kernel
def _parts_within(slab, row, column, size, allowed, tables, effort, scratch):
    """Choose which components of each band of a macroblock are coded, and record it in the slab.

    Args:
        size: of the luma blocks, 0 or 1 as in `_code_luma`.
        allowed: the mask of bands that are coded; -1 if any may be.

    Returns:
        The cost of all that depends on the choice but the mask of bands.
    """
    bands, mode = slab.luma.shape[0], np.int64(slab.maps[MODE, row, column])
    lambda_ = effort.lambda_
    small = 0 if size else SMALL
    size_known = np.int64(0)
    mask = 0
    total = np.float32(0)
    context = choice_context(slab, row, column)
    for band in range(bands):
        class_ = band_class(bands, mode, band)
        best, best_parts = HUGE_LEAF_COST, 0
        possible = 1 if scratch.quarters[size, band] else 0
        possible |= (scratch.chroma_coded[0, band] << 1) | (scratch.chroma_coded[1, band] << 2)
        for parts in range(8):
            if parts & ~possible or (allowed >= 0 and (1 if parts else 0) != (allowed >> band) & 1):
                continue
            shown = parts | (small if parts & 1 and not size_known else 0)
            if bands == 1:
                cost = lambda_ * _flag_bits(tables, context, shown)
            elif parts:
                cost = lambda_ * (_flag_bits(tables, parts_context(class_, size_known), shown) + _PARTS_BITS)
            else:
                cost = np.float32(0)
            for number in range(3):
                place = size if number == 0 else 1 + number
                cost += scratch.cost[place, band] if (parts >> number) & 1 else scratch.zero[place, band]
            if cost < best:
                best, best_parts = cost, parts
        if best_parts & 1:
            best_parts |= small
            size_known = np.int64(1)
        slab.parts[band, row, column] = best_parts
        slab.quarters[band, row, column] = scratch.quarters[size, band]
        mask |= (1 if best_parts else 0) << band
        total += best
    slab.maps[BAND_MASK, row, column] = mask
    return total


@inner_kernel
def _choose_parts(slab, row, column, size, tables, effort, scratch):
    """Choose which components of each band of a macroblock are coded; as `_parts_within`, with the mask of bands.

    Returns:
        The cost of all that depends on the choice.
    """
    bands = slab.luma.shape[0]
    total = _parts_within(slab, row, column, size, np.int64(-1), tables, effort, scratch)
    if bands == 1:
        return total
    prices = tables.flags[tables.rows[choice_context(slab, row, column)]]
    mask = np.int64(slab.maps[BAND_MASK, row, column])
    price = prices[mask_symbol(mask, bands, prices)]
    if price == NO_CODE:
        best, best_mask = HUGE_LEAF_COST, mask
        for other in range(1 << bands):
            if prices[mask_symbol(other, bands, prices)] != NO_CODE:
                cost = _parts_within(slab, row, column, size, np.int64(other), tables, effort, scratch)
                if cost < best:
                    best, best_mask = cost, np.int64(other)
        total = _parts_within(slab, row, column, size, best_mask, tables, effort, scratch)
        price = prices[mask_symbol(best_mask, bands, prices)]
    return total + effort.lambda_ * bits_of(price)


@inline_kernel
def _keep_levels(block, found, levels):
    """Copy the levels of a block from those of its macroblock to those of its component (bands, height, width)."""
    square, inner = block.square, square_within(block)
    for i in range(1 << square.log_height):
        for j in range(1 << square.log_width):
            levels[block.band, square.y + i, square.x + j] = found[inner.y + i, inner.x + j]


@inner_kernel
def _finish_component(slab, levels, number, row, column, tables, tokens, count, scratch):
    """Append the tokens of a component of a macroblock, keep its levels and reconstruct it; return the new count.

    Args:
        levels: int16 (bands, height, width), of the component.
        number: 0 luma, 1 blue, 2 red.
    """
    component, inner = component_of(slab, number), scratch.block
    log_size = luma_log_size(slab, row, column) if number == 0 else np.int64(3)
    for band in range(slab.luma.shape[0]):
        found = scratch.levels[log_size - 3, band] if number == 0 else scratch.chroma_levels[number - 1, band]
        for part in range(4 if number == 0 and log_size == 3 else 1):
            block = block_at(slab, number, row, column, band, part, log_size)
            coded = is_coded(slab, number, row, column, band, part)
            predict_block(component, block, scratch.prediction)
            if coded:
                count = write_coefficients(component, block, found, tokens, count, inner)
                _keep_levels(block, found, levels)
            total = _restore(component, block, coded, found, tables, scratch)
            store_magnitudes(block, coded, inner.magnitudes, inner.state)
            record_energy(component, block, total)
    return count


@kernel
def code_row(slab, bands, levels, top, has_last, tools, tables, effort, tokens, scratch):
    """Code the two rows of macroblocks from `top` on.

    Args:
        slab: `layout.Slab`; the modes, vectors and skips in its maps are filled, everything else is filled here.
        bands: Planes, the bands to code.
        levels: Planes of the same shapes, all 0; filled with the levels of coded blocks.
        has_last: whether macroblocks may be skipped.
        tools: `GroupParameters.tools`.
        tables: `blocks.model.tables.SearchTables` of luma and of chroma.
        effort: SlabEffort.
        tokens: uint32, for luma and for chroma.
        scratch: record of ENCODER_SCRATCH.

    Returns:
        (number of tokens of luma, number of tokens of chroma).
    """
    maps = slab.maps
    rows, columns = maps.shape[1], maps.shape[2]
    large, small = np.int64(1), np.int64(0)
    count = chroma_count = np.int64(0)
    for left in range(0, columns, SUPERBLOCK_SIDE):
        if has_last:
            count = write_skips(slab, top, left, tables[0], tokens[0], count)
        for number in range(4):
            row, column = macroblock_of(top, left, number)
            if row >= rows or column >= columns:
                continue
            if not maps[SKIPPED, row, column]:
                _code_chroma(slab, bands.chroma, row, column, tables[1], effort, scratch)
                _code_luma(slab, bands.luma, row, column, large, tables[0], effort, scratch)
                cost = _choose_parts(slab, row, column, large, tables[0], effort, scratch)
                if effort.sizes > 1:
                    _code_luma(slab, bands.luma, row, column, small, tables[0], effort, scratch)
                    if _choose_parts(slab, row, column, small, tables[0], effort, scratch) >= cost:
                        _choose_parts(slab, row, column, large, tables[0], effort, scratch)
                if slab.luma.shape[0] > 1 and tools > 0:
                    count = write_mode(slab, row, column, tools, tables[0], tokens[0], count)
                count = write_parts(slab, row, column, tables[0], tokens[0], count)
            count = _finish_component(slab, levels.luma, np.int64(0), row, column, tables[0], tokens[0], count, scratch)
            for chroma in range(2):
                chroma_count = _finish_component(
                    slab, levels.chroma[chroma], np.int64(1 + chroma), row, column, tables[1], tokens[1],
                    chroma_count, scratch,
                )  # fmt: skip
    return count, chroma_count
