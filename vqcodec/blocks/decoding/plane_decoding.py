"""Kernels that read a plane's bits and reconstruct it."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.reconstruction import (
    gather_block_references,
    predict_block,
    reconstruct_block,
    record_block,
    record_motion,
)
from vqcodec.blocks.layout import SUPERBLOCK_LOG
from vqcodec.blocks.syntax.leaves import parse_leaf
from vqcodec.blocks.syntax.partitions import (
    PLACES,
    leaf_count,
    leaf_of,
    next_node,
    node_corner,
    parse_cut,
    parse_step,
)
from vqcodec.kernels.jit import inner_kernel, kernel


@inner_kernel
def decode_leaf(plane, buffer, position, block, tables, part_bits, scratch):
    """Read and reconstruct a block (`layout.Block`); return the new position. Arguments as in `decode_plane`."""
    position, mode, transform, total, used_width, used_height = parse_leaf(
        plane, buffer, position, block, tables, part_bits, scratch
    )
    gather_block_references(plane, block, scratch)
    predict_block(plane, block, mode, scratch)
    reconstruct_block(
        plane,
        block,
        mode,
        transform,
        used_width,
        used_height,
        tables.small_transforms,
        tables.large_transforms,
        scratch,
    )
    record_block(plane.blocks, block, mode, transform, total)
    record_motion(plane, block, mode, scratch)
    return position


@kernel
def decode_plane(plane, buffer, position, end, base_step, modulated, tables, part_bits, scratch):
    """Read and reconstruct a whole plane. The writer of its superblocks is `partitions.emit_superblock`.

    Args:
        plane: `layout.Plane`, empty.
        buffer: padded uint8 of the payload; `position` and `end` in bits.
        base_step: step index that the changes of modulated superblocks refer to.
        modulated: whether superblocks change their step.
        tables: `model.DecoderTables`.
        part_bits: int64, to which the bits of each part (`parts.PART_NAMES`) are added.
        scratch: record of BLOCK_SCRATCH.

    Returns:
        The new position. If the payload is too short, it lies beyond `end`, and the plane is not complete.
    """
    rows, columns = plane.steps.shape
    for superblock in range(rows * columns):
        row, column = superblock // columns, superblock % columns
        if modulated:
            position = parse_step(plane, buffer, position, row, column, base_step, tables, part_bits, scratch.values)
        place, log_size = np.int64(0), np.int64(SUPERBLOCK_LOG)
        while place < PLACES:
            y, x = node_corner(row << SUPERBLOCK_LOG, column << SUPERBLOCK_LOG, place)
            cut, position = parse_cut(plane, buffer, position, y, x, log_size, tables, part_bits, scratch.values)
            for part in range(leaf_count(cut)):
                block = leaf_of(y, x, log_size, cut, part)
                position = decode_leaf(plane, buffer, position, block, tables, part_bits, scratch)
            place, log_size = next_node(place, log_size, cut)
        if position > end:
            break
    return position
