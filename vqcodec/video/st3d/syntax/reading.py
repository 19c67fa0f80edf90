"""From bits to the reconstructed bands of a slab, two rows of macroblocks at a time."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SUPERBLOCK
from vqcodec.kernels.jit import inner_kernel, kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.st3d.contexts import zero_mode
from vqcodec.video.st3d.layout import MODE, SKIPPED, SUPERBLOCK_SIDE
from vqcodec.video.st3d.signal.blocks import (
    BLOCK_SCRATCH,
    block_at,
    component_of,
    is_coded,
    luma_log_size,
    predict_block,
    reconstruct_block,
    record_energy,
    store_magnitudes,
)
from vqcodec.video.st3d.syntax.coefficients import read_coefficients
from vqcodec.video.st3d.syntax.macroblocks import macroblock_of, read_mode, read_parts, read_skips

DECODER_SCRATCH = record_type(block=BLOCK_SCRATCH, prediction=(np.int32, (SUPERBLOCK, SUPERBLOCK)))
"""Working arrays of reading."""


@inner_kernel
def _decode_component(slab, number, buffer, position, row, column, tables, part_bits, scratch):
    """Read and reconstruct a component of the macroblock at (row, column); return the new position."""
    component = component_of(slab, number)
    log_size = luma_log_size(slab, row, column) if number == 0 else np.int64(3)
    for band in range(slab.luma.shape[0]):
        for part in range(4 if number == 0 and log_size == 3 else 1):
            block = block_at(slab, number, row, column, band, part, log_size)
            coded = is_coded(slab, number, row, column, band, part)
            predict_block(component, block, scratch.prediction)
            total = used_width = used_height = np.int64(0)
            if coded:
                position, total, used_width, used_height = read_coefficients(
                    component, block, buffer, position, tables, part_bits, scratch.block
                )
            store_magnitudes(block, coded, scratch.block.magnitudes, scratch.block.state)
            reconstruct_block(component, block, used_width, used_height, scratch.prediction, scratch.block)
            record_energy(component, block, total)
    return position


@kernel
def decode_luma_row(slab, buffer, position, end, top, has_last, tools, tables, part_bits, scratch):
    """Read the maps, and read and reconstruct luma, of the two rows of macroblocks from `top` on.

    Args:
        slab: `layout.Slab`.
        buffer: padded uint8; position, end: in bits.
        has_last: whether macroblocks may be skipped.
        tools: `GroupParameters.tools`.
        tables: `blocks.model.tables.DecoderTables` of luma.
        part_bits: int64 (parts,), to which the bits of each part are added.
        scratch: record of DECODER_SCRATCH.

    Returns:
        The new position. If it is beyond `end`, the packet is too short and the rows are not complete.
    """
    maps, bands = slab.maps, slab.luma.shape[0]
    rows, columns = maps.shape[1], maps.shape[2]
    for left in range(0, columns, SUPERBLOCK_SIDE):
        skips = np.int64(0)
        if has_last:
            skips, position = read_skips(slab, buffer, position, top, left, tables, part_bits)
        for number in range(4):
            row, column = macroblock_of(top, left, number)
            if row >= rows or column >= columns:
                continue
            maps[MODE, row, column] = zero_mode(bands)
            maps[SKIPPED, row, column] = (skips >> number) & 1
            if not maps[SKIPPED, row, column]:
                if bands > 1 and tools > 0:
                    position = read_mode(slab, buffer, position, row, column, tools, tables, part_bits)
                position = read_parts(slab, buffer, position, row, column, tables, part_bits)
            position = _decode_component(slab, np.int64(0), buffer, position, row, column, tables, part_bits, scratch)
            if position > end:
                return position
    return position


@kernel
def decode_chroma_row(slab, buffer, position, end, top, tables, part_bits, scratch):
    """Read and reconstruct chroma of the two rows of macroblocks from `top` on; as `decode_luma_row`."""
    rows, columns = slab.maps.shape[1], slab.maps.shape[2]
    for left in range(0, columns, SUPERBLOCK_SIDE):
        for number in range(4):
            row, column = macroblock_of(top, left, number)
            if row >= rows or column >= columns:
                continue
            for chroma in range(1, 3):
                position = _decode_component(
                    slab, np.int64(chroma), buffer, position, row, column, tables, part_bits, scratch
                )
            if position > end:
                return position
    return position
