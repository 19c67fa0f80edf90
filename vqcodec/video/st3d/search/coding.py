"""The second pass of the encoder: what is coded of each macroblock, given its bands; reconstruction and tokens."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import Block
from vqcodec.blocks.search.leaf_search import load_residual
from vqcodec.blocks.signal.transforms import COSINE, transform_forward
from vqcodec.blocks.steps import STEP_BITS
from vqcodec.blocks.syntax.coefficients import emit_coefficients, reconstruct_levels
from vqcodec.blocks.training.statistics import collect_levels
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.video.st3d.contexts import (
    band_class,
    band_form,
    choice_context,
    energy_around,
    parts_context,
    quarters_context,
)
from vqcodec.video.st3d.layout import BAND_MASK, LUMA_CODED, MACROBLOCK, MODE, SKIPPED, SMALL
from vqcodec.video.st3d.search.quantizing import code_residual
from vqcodec.video.st3d.signal.blocks import (
    block_energy,
    condition,
    predict_block,
    reconstruct_block,
    record_energy,
    store_magnitudes,
)
from vqcodec.video.st3d.syntax.writing import write_mode, write_parts, write_skips

_BLUE = 2  # row of `scratch.cost`


@inline_kernel
def _step_size(slab, kind, class_):
    return np.float32(slab.steps[kind, class_]) * np.float32(1.0 / (1 << STEP_BITS))


@inner_kernel
def _flag_bits(tables, context, symbol):
    return np.float32(tables.flags[tables.rows[context], symbol])


@inner_kernel
def _restore(target, y, x, log_size, levels, top, left, step, coded, tables, scratch):
    """Write the reconstruction of a block to `target`, from `scratch.prediction` and its levels; return their sum."""
    total = used_width = used_height = np.int64(0)
    block = scratch.block
    if coded:
        total, used_width, used_height = reconstruct_levels(
            levels, Block(2 * top, 2 * left, log_size, log_size), np.int64(0), step, tables, block.state,
            block.coefficients,
        )  # fmt: skip
    reconstruct_block(target, y, x, log_size, used_width, used_height, scratch.prediction, block)
    return total


@inner_kernel
def _code_luma(slab, source, row, column, size, tables, settings, scratch):
    """Quantise the luma bands of a macroblock in 8x8 (size 0) or 16x16 blocks (1); return their cost."""
    bands, mode = slab.luma.shape[0], np.int64(slab.maps[MODE, row, column])
    log_size = np.int64(3 + size)
    zero = np.int64(0)
    total = np.float32(0)
    for band in range(bands):
        class_ = band_class(bands, mode, band)
        step, fixed = _step_size(slab, 0, class_), np.int64(slab.steps[0, class_])
        levels = scratch.levels[size, band]
        quarters = 0
        cost = without = np.float32(0)
        for quarter in range(1 if size else 4):
            top, left = np.int64(4 * (quarter >> 1)), np.int64(4 * (quarter & 1))
            y, x = row * MACROBLOCK + 2 * top, column * MACROBLOCK + 2 * left
            predict_block(
                slab.luma, slab.last_luma, slab.maps, row, column, band, y, x, 1 << log_size, scratch.prediction
            )
            load_residual(source[band], Block(y, x, log_size, log_size), scratch.prediction, scratch.residual)
            energy = np.int64(energy_around(slab.energy[band], y >> 3, x >> 3))
            best, nothing, coded = code_residual(
                log_size, zero, bands, mode, np.int64(band), top, left, step, energy, tables, settings, levels, scratch
            )
            cost += best
            without += nothing
            quarters |= (1 if coded else 0) << quarter
            if band == 0:
                _restore(slab.luma[0], y, x, log_size, levels, top, left, fixed, coded, tables, scratch)
        if size == 0 and quarters:
            cost += settings.lambda_factor * _flag_bits(tables, quarters_context(class_), quarters)
        scratch.quarters[size, band] = 15 if size and quarters else quarters
        scratch.cost[size, band], scratch.zero[size, band] = cost, without
        total += cost
    return total


@inner_kernel
def _code_chroma(slab, source, row, column, tables, settings, scratch):
    """Quantise the chroma bands of a macroblock."""
    bands, mode = slab.luma.shape[0], np.int64(slab.maps[MODE, row, column])
    log_size, zero = np.int64(3), np.int64(0)
    y, x = row * 8, column * 8
    for component in range(2):
        plane = np.int64(1 + component)
        samples = slab.chroma[component]
        for band in range(bands):
            class_ = band_class(bands, mode, band)
            step, fixed = _step_size(slab, 1, class_), np.int64(slab.steps[1, class_])
            levels = scratch.chroma_levels[component, band]
            predict_block(
                samples, slab.last_chroma[component], slab.maps, row, column, band, y, x, 8, scratch.prediction
            )
            square = Block(y, x, log_size, log_size)
            load_residual(source[component, band], square, scratch.prediction, scratch.residual)
            energy = np.int64(energy_around(slab.chroma_energy[component, band], row, column))
            cost, without, coded = code_residual(
                log_size,
                plane,
                bands,
                mode,
                np.int64(band),
                zero,
                zero,
                step,
                energy,
                tables,
                settings,
                levels,
                scratch,
            )
            scratch.cost[_BLUE + component, band] = cost
            scratch.zero[_BLUE + component, band] = without
            scratch.chroma_coded[component, band] = coded
            if band == 0:
                _restore(samples[0], y, x, log_size, levels, zero, zero, fixed, coded, tables, scratch)


@inner_kernel
def _choose_parts(slab, row, column, size, tables, settings, scratch):
    """Choose what is coded of each band of a macroblock and note it; return the cost of all that depends on it."""
    bands, mode = slab.luma.shape[0], np.int64(slab.maps[MODE, row, column])
    factor = settings.lambda_factor
    small = 0 if size else SMALL
    size_known = np.int64(0)
    mask = 0
    total = np.float32(0)
    context = choice_context(slab, row, column)
    for band in range(bands):
        class_ = band_class(bands, mode, band)
        best, best_parts, nothing = np.float32(1e30), 0, np.float32(0)
        for plane in range(3):
            nothing += scratch.zero[size if plane == 0 else 1 + plane, band]
        for parts in range(8):
            possible = 1 if scratch.quarters[size, band] else 0
            possible |= (scratch.chroma_coded[0, band] << 1) | (scratch.chroma_coded[1, band] << 2)
            if parts & ~possible:
                continue
            shown = parts | (small if parts & 1 and not size_known else 0)
            if bands == 1:
                cost = factor * _flag_bits(tables, context, shown)
            elif parts:
                cost = factor * (_flag_bits(tables, parts_context(class_, size_known), shown) + np.float32(0.5))
            else:
                cost = np.float32(0)
            for plane in range(3):
                place = size if plane == 0 else 1 + plane
                cost += scratch.cost[place, band] if (parts >> plane) & 1 else scratch.zero[place, band]
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
    if bands > 1:
        total += factor * _flag_bits(tables, context, mask)
    return total


@inner_kernel
def _finish_block(
    samples, last, maps, energy, plane, row, column, band, y, x, log_size, coded, levels, step, source, tables,
    sums, counts, tokens, count, scratch,
):  # fmt: skip
    """Append the tokens of a block, if it is coded, and reconstruct it; return (tokens, sum of magnitudes)."""
    block, bands = scratch.block, samples.shape[0]
    predict_block(samples, last, maps, row, column, band, y, x, 1 << log_size, scratch.prediction)
    top, left = ((y >> 1) & 7, (x >> 1) & 7) if plane == 0 else (np.int64(0), np.int64(0))
    if coded:
        mode = np.int64(maps[MODE, row, column])
        form = np.int64(band_form(band_class(bands, mode, band), log_size == 3))
        condition(block.magnitudes, block.state, plane, bands, mode, band, top, left, log_size)
        square = Block(2 * top, 2 * left, log_size, log_size)
        count = emit_coefficients(levels, square, form, energy, block.state, tokens, count)
        if counts.shape[0] > 0:
            load_residual(source, Block(y, x, log_size, log_size), scratch.prediction, scratch.residual)
            values = scratch.quantizer.values
            transform_forward(scratch.residual, log_size, log_size, np.int64(COSINE), scratch.between, values)
            size = np.float32(step) * np.float32(1.0 / (1 << STEP_BITS))
            collect_levels(levels, values, square, form, size, block.state, sums, counts)
    total = _restore(samples[band], y, x, log_size, levels, top, left, step, coded, tables, scratch)
    store_magnitudes(block.magnitudes, block.state, plane, band, top, left, log_size, coded)
    return count, total


@inner_kernel
def _finish_luma(slab, source, row, column, tables, sums, counts, tokens, count, scratch):
    """Append the tokens of a macroblock's luma and reconstruct it."""
    bands, mode = slab.luma.shape[0], np.int64(slab.maps[MODE, row, column])
    small = np.int64(0)
    for band in range(bands):
        if slab.parts[band, row, column] & LUMA_CODED:
            small = np.int64(slab.parts[band, row, column]) & SMALL
    log_size = np.int64(3 if small else 4)
    for band in range(bands):
        luma = slab.parts[band, row, column] & LUMA_CODED
        step = np.int64(slab.steps[0, band_class(bands, mode, band)])
        for quarter in range(4 if small else 1):
            y = np.int64(row * MACROBLOCK + 8 * (quarter >> 1))
            x = np.int64(column * MACROBLOCK + 8 * (quarter & 1))
            coded = (luma and (slab.quarters[band, row, column] >> quarter) & 1) != 0
            energy = np.int64(energy_around(slab.energy[band], y >> 3, x >> 3))
            count, total = _finish_block(
                slab.luma, slab.last_luma, slab.maps, energy, np.int64(0), row, column, band, y, x, log_size, coded,
                scratch.levels[0 if small else 1, band], step, source[band], tables, sums, counts, tokens, count,
                scratch,
            )  # fmt: skip
            record_energy(slab.energy[band], y, x, log_size, total)
    return count


@inner_kernel
def _finish_chroma(slab, source, row, column, tables, sums, counts, tokens, count, scratch):
    """Append the tokens of a macroblock's chroma and reconstruct it."""
    bands, mode = slab.luma.shape[0], np.int64(slab.maps[MODE, row, column])
    log_size = np.int64(3)
    for component in range(2):
        for band in range(bands):
            coded = (slab.parts[band, row, column] & (2 << component)) != 0
            step = np.int64(slab.steps[1, band_class(bands, mode, band)])
            energy = np.int64(energy_around(slab.chroma_energy[component, band], row, column))
            count, total = _finish_block(
                slab.chroma[component], slab.last_chroma[component], slab.maps, energy, np.int64(1 + component), row,
                column, band, np.int64(row * 8), np.int64(column * 8), log_size, coded,
                scratch.chroma_levels[component, band], step, source[component, band], tables, sums, counts, tokens,
                count, scratch,
            )  # fmt: skip
            slab.chroma_energy[component, band, row, column] = block_energy(total, log_size)
    return count


@kernel
def code_row(
    slab, luma, chroma, top, has_last, tools, tables, chroma_tables, settings, statistics, chroma_statistics, tokens,
    chroma_tokens, scratch,
):  # fmt: skip
    """Code the two rows of macroblocks from `top` on; return how many tokens of luma and of chroma there are.

    Args:
        slab: with its maps of modes, vectors and skips filled; everything else is filled here.
        luma: int16 (bands, height, width), the bands; chroma: int16 (2, bands, ...).
        has_last, tools: as in `decoding.decode_luma_row`.
        tables, chroma_tables: `model.SearchTables`.
        settings: `effort.Settings`.
        statistics, chroma_statistics: offset sums and counts (see `blocks.statistics`), of size 0 to collect none.
    """
    maps, bands = slab.maps, slab.luma.shape[0]
    rows, columns = maps.shape[1], maps.shape[2]
    count = chroma_count = np.int64(0)
    for left in range(0, columns, 2):
        if has_last:
            count = write_skips(slab, top, left, tokens, count)
        for k in range(4):
            row, column = np.int64(top + (k >> 1)), np.int64(left + (k & 1))
            if row >= rows or column >= columns:
                continue
            if not maps[SKIPPED, row, column]:
                _code_chroma(slab, chroma, row, column, chroma_tables, settings, scratch)
                _code_luma(slab, luma, row, column, np.int64(1), tables, settings, scratch)
                cost = _choose_parts(slab, row, column, np.int64(1), tables, settings, scratch)
                if settings.sizes > 1:
                    _code_luma(slab, luma, row, column, np.int64(0), tables, settings, scratch)
                    if _choose_parts(slab, row, column, np.int64(0), tables, settings, scratch) >= cost:
                        _choose_parts(slab, row, column, np.int64(1), tables, settings, scratch)
                if bands > 1 and tools > 0:
                    count = write_mode(slab, row, column, tools, tokens, count)
                count = write_parts(slab, row, column, tokens, count)
            count = _finish_luma(slab, luma, row, column, tables, statistics[0], statistics[1], tokens, count, scratch)
            chroma_count = _finish_chroma(
                slab, chroma, row, column, chroma_tables, chroma_statistics[0], chroma_statistics[1], chroma_tokens,
                chroma_count, scratch,
            )  # fmt: skip
    return count, chroma_count
