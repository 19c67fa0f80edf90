"""Kernels that read a slab's bits and reconstruct its bands."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SUPERBLOCK, Block
from vqcodec.blocks.syntax.coefficients import parse_coefficients
from vqcodec.blocks.syntax.parts import CHOICE, PARTITION, SIGN, TRANSFORM
from vqcodec.blocks.syntax.parts import MODE as MODE_PART
from vqcodec.blocks.syntax.symbols import count_symbol
from vqcodec.entropy.bits import get_bits
from vqcodec.kernels.jit import inner_kernel, kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.st3d.contexts import (
    DIRECT_VECTORS,
    band_class,
    band_form,
    choice_context,
    energy_around,
    mode_context,
    parts_context,
    predicted_vector,
    quarters_context,
    skip_context,
    vector_context,
    zero_mode,
)
from vqcodec.video.st3d.layout import (
    BAND_MASK,
    DEEP_MOTION,
    LUMA_CODED,
    MACROBLOCK,
    MAX_VECTOR,
    MODE,
    MODES,
    PAIRS_MOTION,
    SKIPPED,
    SMALL,
    VECTOR_X,
    VECTOR_Y,
)
from vqcodec.video.st3d.signal.blocks import (
    BLOCK_SCRATCH,
    block_energy,
    condition,
    predict_block,
    reconstruct_block,
    record_energy,
    store_magnitudes,
)

DECODER_SCRATCH = record_type(block=BLOCK_SCRATCH, prediction=(np.int32, (SUPERBLOCK, SUPERBLOCK)))


@inner_kernel
def _read_component(buffer, position, component, predicted, moved, tables, part_bits):
    """Return (a component of a vector, new position)."""
    table = tables.rows[vector_context(component, predicted, moved)]
    symbol, position = count_symbol(buffer, position, table, tables.modes, part_bits, MODE_PART)
    difference = symbol - (DIRECT_VECTORS >> 1)
    if symbol >= DIRECT_VECTORS:
        width = min(4 + ((symbol - DIRECT_VECTORS) >> 1), 6)
        rest, position = get_bits(buffer, position, width)
        part_bits[SIGN] += width
        difference = (1 << width) + rest
        if (symbol - DIRECT_VECTORS) & 1:
            difference = -difference
    return min(max(predicted + difference, -MAX_VECTOR), MAX_VECTOR), position


@inner_kernel
def _read_mode(slab, buffer, position, row, column, tools, tables, part_bits):
    """Read mode and vector of a macroblock into the maps; return the new position."""
    maps, bands = slab.maps, slab.luma.shape[0]
    table = tables.rows[mode_context(maps, row, column, bands, tools)]
    mode, position = count_symbol(buffer, position, table, tables.modes, part_bits, MODE_PART)
    mode = min(max(mode, zero_mode(bands)), MODES - 1)
    maps[MODE, row, column] = mode
    if mode in (DEEP_MOTION, PAIRS_MOTION):
        near_y, near_x = predicted_vector(maps, row, column)
        near_y, near_x = np.int64(near_y), np.int64(near_x)
        y, position = _read_component(buffer, position, np.int64(0), near_y, np.int64(0), tables, part_bits)
        moved = np.int64(1 if y != near_y else 0)
        x, position = _read_component(buffer, position, np.int64(1), near_x, moved, tables, part_bits)
        maps[VECTOR_Y, row, column], maps[VECTOR_X, row, column] = y, x
    return position


@inner_kernel
def _read_parts(slab, buffer, position, row, column, tables, part_bits):
    """Read which bands are coded, what of them, and in which blocks; return the new position."""
    bands, mode = slab.luma.shape[0], np.int64(slab.maps[MODE, row, column])
    table = tables.rows[choice_context(slab, row, column)]
    mask, position = count_symbol(buffer, position, table, tables.flags, part_bits, CHOICE)
    if bands == 1:
        slab.parts[0, row, column] = mask
        mask = np.int64(1 if mask & 7 else 0)
    mask &= (1 << bands) - 1
    slab.maps[BAND_MASK, row, column] = mask
    size_known = small = np.int64(0)
    for band in range(bands):
        if not (mask >> band) & 1:
            continue
        class_ = band_class(bands, mode, band)
        if bands > 1:
            table = tables.rows[parts_context(class_, size_known)]
            parts, position = count_symbol(buffer, position, table, tables.flags, part_bits, TRANSFORM)
            slab.parts[band, row, column] = parts
        parts = np.int64(slab.parts[band, row, column])
        if parts & LUMA_CODED:
            if not size_known:
                small, size_known = parts & SMALL, np.int64(1)
            parts = (parts & ~SMALL) | small
            slab.parts[band, row, column] = parts
            slab.quarters[band, row, column] = 15
            if small:
                table = tables.rows[quarters_context(class_)]
                quarters, position = count_symbol(buffer, position, table, tables.flags, part_bits, PARTITION)
                slab.quarters[band, row, column] = quarters
    return position


@inner_kernel
def _decode_block(
    samples, last, maps, energy, buffer, position, plane, row, column, band, y, x, log_size, coded, step, tables,
    part_bits, scratch,
):  # fmt: skip
    """Read (if `coded`) and reconstruct a block; return (new position, sum of magnitudes)."""
    block, bands = scratch.block, samples.shape[0]
    predict_block(samples, last, maps, row, column, band, y, x, 1 << log_size, scratch.prediction)
    inside = (MACROBLOCK >> 1) - 1  # groups of a macroblock along a side, less 1
    top, left = ((y >> 1) & inside, (x >> 1) & inside) if plane == 0 else (np.int64(0), np.int64(0))
    total = used_width = used_height = np.int64(0)
    if coded:
        mode = np.int64(maps[MODE, row, column])
        form = np.int64(band_form(band_class(bands, mode, band), log_size == 3))
        condition(block.magnitudes, block.state, plane, bands, mode, band, top, left, log_size)
        position, total, used_width, used_height = parse_coefficients(
            buffer, position, Block(y, x, log_size, log_size), form, energy, step, tables, block.state, part_bits,
            block.coefficients,
        )  # fmt: skip
    store_magnitudes(block.magnitudes, block.state, plane, band, top, left, log_size, coded)
    reconstruct_block(samples[band], y, x, log_size, used_width, used_height, scratch.prediction, block)
    return position, total


@kernel
def decode_luma_row(slab, buffer, position, end, top, has_last, tools, tables, part_bits, scratch):
    """Read and reconstruct luma of the two rows of macroblocks from `top` on; return the new position.

    Reading past `end` stops it after the macroblock: the caller compares positions.

    Args:
        has_last: whether macroblocks may be skipped; tools: the packet's flags, 0 to 3.
    """
    maps, bands = slab.maps, slab.luma.shape[0]
    rows, columns = maps.shape[1], maps.shape[2]
    for left in range(0, columns, 2):
        skips = np.int64(0)
        if has_last:
            table = tables.rows[skip_context(maps, top, left, bands)]
            skips, position = count_symbol(buffer, position, table, tables.flags, part_bits, PARTITION)
        for k in range(4):
            row, column = top + (k >> 1), left + (k & 1)
            if row >= rows or column >= columns:
                continue
            maps[MODE, row, column] = zero_mode(bands)
            maps[SKIPPED, row, column] = (skips >> k) & 1
            if not maps[SKIPPED, row, column]:
                if bands > 1 and tools > 0:
                    position = _read_mode(slab, buffer, position, row, column, tools, tables, part_bits)
                position = _read_parts(slab, buffer, position, row, column, tables, part_bits)
            mode = np.int64(maps[MODE, row, column])
            small = np.int64(0)
            for band in range(bands):
                if slab.parts[band, row, column] & LUMA_CODED:
                    small = np.int64(slab.parts[band, row, column]) & SMALL
            log_size = np.int64(3 if small else 4)
            for band in range(bands):
                luma = slab.parts[band, row, column] & LUMA_CODED
                step = np.int64(slab.steps[0, band_class(bands, mode, band)])
                for quarter in range(4 if small else 1):
                    y = row * MACROBLOCK + 8 * (quarter >> 1)
                    x = column * MACROBLOCK + 8 * (quarter & 1)
                    coded = luma and (slab.quarters[band, row, column] >> quarter) & 1
                    energy = np.int64(energy_around(slab.energy[band], y >> 3, x >> 3))
                    position, total = _decode_block(
                        slab.luma, slab.last_luma, maps, energy, buffer, position, np.int64(0), row, column, band,
                        y, x, log_size, coded != 0, step, tables, part_bits, scratch,
                    )  # fmt: skip
                    record_energy(slab.energy[band], y, x, log_size, total)
            if position > end:
                return position
    return position


@kernel
def decode_chroma_row(slab, buffer, position, end, top, tables, part_bits, scratch):
    """Read and reconstruct chroma of the two rows of macroblocks from `top` on; return the new position."""
    maps, bands = slab.maps, slab.luma.shape[0]
    rows, columns = maps.shape[1], maps.shape[2]
    log_size = np.int64(3)
    for left in range(0, columns, 2):
        for k in range(4):
            row, column = top + (k >> 1), left + (k & 1)
            if row >= rows or column >= columns:
                continue
            mode = np.int64(maps[MODE, row, column])
            for component in range(2):
                energies = slab.chroma_energy[component]
                for band in range(bands):
                    coded = slab.parts[band, row, column] & (2 << component)
                    step = np.int64(slab.steps[1, band_class(bands, mode, band)])
                    energy = np.int64(energy_around(energies[band], row, column))
                    position, total = _decode_block(
                        slab.chroma[component], slab.last_chroma[component], maps, energy, buffer, position,
                        np.int64(1 + component), row, column, band, row * 8, column * 8, log_size, coded != 0, step,
                        tables, part_bits, scratch,
                    )  # fmt: skip
                    energies[band, row, column] = block_energy(total, log_size)
            if position > end:
                return position
    return position
