"""The syntax of macroblocks above their coefficients: skip masks, modes and vectors, and what is coded of each band."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.syntax.contexts import RAW_SIGNS
from vqcodec.blocks.syntax.parts import CHOICE, PARTITION, SIGN, TRANSFORM
from vqcodec.blocks.syntax.parts import MODE as MODE_PART
from vqcodec.blocks.syntax.symbols import count_symbol, token
from vqcodec.entropy.bits import get_bits
from vqcodec.entropy.tables import NO_CODE
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.video.st3d.contexts import (
    DIRECT_VECTORS,
    band_class,
    choice_context,
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
    MAX_VECTOR,
    MODE,
    MODES,
    PAIRS_MOTION,
    SKIPPED,
    SMALL,
    VECTOR_X,
    VECTOR_Y,
)

_ALL_QUARTERS = 15
_HALF = DIRECT_VECTORS >> 1  # largest magnitude of a difference that has a symbol of its own
_LEAST_WIDTH, _MOST_WIDTH = 4, 6  # raw bits of larger differences; the widest class is not written


@inline_kernel
def macroblock_of(top, left, number):
    """Return (row, column) of macroblock `number` (0 to 3) of the superblock at (top, left)."""
    return np.int64(top + (number >> 1)), np.int64(left + (number & 1))


@inline_kernel
def component_symbol(difference):
    """Return the symbol of the difference of a component of a vector from its prediction."""
    if abs(difference) <= _HALF:
        return difference + _HALF
    width = _LEAST_WIDTH if abs(difference) < 32 else _LEAST_WIDTH + 1
    return DIRECT_VECTORS + 2 * (width - _LEAST_WIDTH) + (1 if difference < 0 else 0)


@inline_kernel
def mode_symbol(mode, simplest, prices):
    """Return the symbol of a mode: itself, or, if that has no code, another that a decoder takes for it.

    Args:
        simplest: the simplest mode of the slab; below it, and above ALONE, symbols stand for the nearest mode.
        prices: of the symbols, see `entropy.tables.TableSet.prices`.
    """
    if prices[mode] == NO_CODE:
        if mode == simplest:
            for symbol in range(mode):
                if prices[symbol] != NO_CODE:
                    return np.int64(symbol)
        if mode == MODES - 1:
            for symbol in range(MODES, prices.shape[0]):
                if prices[symbol] != NO_CODE:
                    return np.int64(symbol)
    return np.int64(mode)


@inline_kernel
def unlike_skips(slab, top, left, mask):
    """Return the macroblocks of a superblock, as a mask, in which the slab and a skip mask differ; none are outside."""
    maps = slab.maps
    unlike = np.int64(0)
    for number in range(4):
        row, column = macroblock_of(top, left, number)
        if row < maps.shape[1] and column < maps.shape[2] and maps[SKIPPED, row, column] != (mask >> number) & 1:
            unlike |= 1 << number
    return unlike


@inner_kernel
def write_skips(slab, top, left, tables, tokens, count):
    """Append the skip mask of the superblock at (top, left).

    Macroblocks outside the slab count as skipped, if that has a code.

    Args:
        tables: `blocks.model.tables.SearchTables` of luma.
    """
    context = skip_context(slab.maps, top, left, slab.luma.shape[0])
    prices = tables.flags[tables.rows[context]]
    wanted = -1
    for mask in range(15, -1, -1):
        if unlike_skips(slab, top, left, mask) == 0 and (wanted < 0 or prices[wanted] == NO_CODE):
            wanted = mask
    tokens[count] = token(context, wanted)
    return count + 1


@inner_kernel
def read_skips(slab, buffer, position, top, left, tables, part_bits):
    """Return (skip mask of the superblock at (top, left), new position)."""
    table = tables.rows[skip_context(slab.maps, top, left, slab.luma.shape[0])]
    return count_symbol(buffer, position, table, tables.flags, part_bits, PARTITION)


@inner_kernel
def _write_component(component, predicted, value, moved, tokens, count):
    """Append a component of a vector (0 vertical, 1 horizontal); return the new count."""
    difference = value - predicted
    tokens[count] = token(vector_context(component, predicted, moved), component_symbol(difference))
    if abs(difference) <= _HALF:
        return count + 1
    width = _LEAST_WIDTH if abs(difference) < 32 else _LEAST_WIDTH + 1
    tokens[count + 1] = token(RAW_SIGNS + width, abs(difference) - (1 << width))
    return count + 2


@inner_kernel
def _read_component(buffer, position, component, predicted, moved, tables, part_bits):
    """Return (a component of a vector, new position)."""
    table = tables.rows[vector_context(component, predicted, moved)]
    symbol, position = count_symbol(buffer, position, table, tables.modes, part_bits, MODE_PART)
    difference = symbol - _HALF
    if symbol >= DIRECT_VECTORS:
        width = min(_LEAST_WIDTH + ((symbol - DIRECT_VECTORS) >> 1), _MOST_WIDTH)
        rest, position = get_bits(buffer, position, width)
        part_bits[SIGN] += width
        difference = (1 << width) + rest
        if (symbol - DIRECT_VECTORS) & 1:
            difference = -difference
    return min(max(predicted + difference, -MAX_VECTOR), MAX_VECTOR), position


@inner_kernel
def write_mode(slab, row, column, tools, tables, tokens, count):
    """Append mode and vector of the macroblock at (row, column).

    Args:
        tools: `GroupParameters.tools`.
        tables: `blocks.model.tables.SearchTables` of luma.
    """
    maps, bands = slab.maps, slab.luma.shape[0]
    mode = np.int64(maps[MODE, row, column])
    context = mode_context(maps, row, column, bands, tools)
    symbol = mode_symbol(mode, np.int64(zero_mode(bands)), tables.modes[tables.rows[context]])
    tokens[count] = token(context, symbol)
    count += 1
    if mode in (DEEP_MOTION, PAIRS_MOTION):
        near_y, near_x = predicted_vector(maps, row, column)
        near_y, near_x = np.int64(near_y), np.int64(near_x)
        y, x = np.int64(maps[VECTOR_Y, row, column]), np.int64(maps[VECTOR_X, row, column])
        count = _write_component(np.int64(0), near_y, y, np.int64(0), tokens, count)
        count = _write_component(np.int64(1), near_x, x, np.int64(1 if y != near_y else 0), tokens, count)
    return count


@inner_kernel
def read_mode(slab, buffer, position, row, column, tools, tables, part_bits):
    """Read mode and vector of the macroblock at (row, column) into the maps; return the new position."""
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


@inline_kernel
def mask_symbol(mask, bands, prices):
    """Return the symbol of a mask of bands: itself, or, if that has no code, one with more bits, which mean nothing."""
    if prices[mask] == NO_CODE:
        for symbol in range(mask, prices.shape[0], 1 << bands):
            if prices[symbol] != NO_CODE:
                return np.int64(symbol)
    return np.int64(mask)


@inner_kernel
def write_parts(slab, row, column, tables, tokens, count):
    """Append which bands of the macroblock at (row, column) are coded, which components, and which blocks of luma.

    Args:
        tables: `blocks.model.tables.SearchTables` of luma.
    """
    bands, mode = slab.luma.shape[0], np.int64(slab.maps[MODE, row, column])
    mask = np.int64(slab.maps[BAND_MASK, row, column])
    context = choice_context(slab, row, column)
    if bands == 1:
        tokens[count] = token(context, np.int64(slab.parts[0, row, column]))
    else:
        tokens[count] = token(context, mask_symbol(mask, bands, tables.flags[tables.rows[context]]))
    count += 1
    size_known = np.int64(0)
    for band in range(bands):
        if not (mask >> band) & 1:
            continue
        class_ = band_class(bands, mode, band)
        parts = np.int64(slab.parts[band, row, column])
        if bands > 1:
            shown = parts & ~SMALL if size_known else parts
            tokens[count] = token(parts_context(class_, size_known), shown)
            count += 1
        if parts & LUMA_CODED:
            size_known = np.int64(1)
            if parts & SMALL:
                tokens[count] = token(quarters_context(class_), np.int64(slab.quarters[band, row, column]))
                count += 1
    return count


@inner_kernel
def read_parts(slab, buffer, position, row, column, tables, part_bits):
    """Read what `write_parts` writes into `slab.parts`, `slab.quarters` and the maps; return the new position."""
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
            slab.quarters[band, row, column] = _ALL_QUARTERS
            if small:
                table = tables.rows[quarters_context(class_)]
                quarters, position = count_symbol(buffer, position, table, tables.flags, part_bits, PARTITION)
                slab.quarters[band, row, column] = quarters
    return position
