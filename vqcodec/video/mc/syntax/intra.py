"""The syntax of blocks without motion: luma, blue and red as the block engine codes a leaf."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.plane_decoding import decode_leaf
from vqcodec.blocks.layout import SUPERBLOCK_LOG, Block
from vqcodec.blocks.syntax.leaves import emit_leaf
from vqcodec.blocks.syntax.symbols import token
from vqcodec.kernels.jit import inner_kernel
from vqcodec.video.mc.motion.reconstruction import update_guides
from vqcodec.video.mc.parts import INTRA_CHROMA, INTRA_LUMA
from vqcodec.video.mc.syntax.symbols import TABLES_TOKEN


@inner_kernel
def _emit_square(plane, y, x, log_size, transforms, state, tokens, count):
    return emit_leaf(plane, Block(y, x, log_size, log_size), transforms, state, tokens, count)


@inner_kernel
def _decode_square(plane, buffer, position, y, x, log_size, tables, part_bits, scratch):
    return decode_leaf(plane, buffer, position, Block(y, x, log_size, log_size), tables, part_bits, scratch)


@inner_kernel
def emit_intra(frame, y, x, log_size, transforms, state, tokens, count):
    """Append the tokens of the block at (y, x), at most as large as the largest transform; return the new count.

    Args:
        transforms: int8, the small alternative transforms of the picture model for luma and chroma.
        state: record of EMIT_STATE.
    """
    tokens[count] = token(TABLES_TOKEN, INTRA_LUMA)
    count = _emit_square(frame.luma, y, x, log_size, transforms[0], state, tokens, count + 1)
    for number in range(2):
        plane = frame.blue if number == 0 else frame.red
        tokens[count] = token(TABLES_TOKEN, INTRA_CHROMA)
        count = _emit_square(plane, y >> 1, x >> 1, log_size - 1, transforms[1], state, tokens, count + 1)
    return count


@inner_kernel
def decode_intra(frame, buffer, position, y, x, log_size, tables, part_bits, scratch):
    """Read and reconstruct the block at (y, x); return the new position.

    Luma of a block larger than the largest transform is four squares. The encoder here writes no such block.

    Args:
        tables: decoding tables of the picture model for luma and chroma.
        part_bits: int64 (parts.GROUPS, parts), to which the bits are added.
        scratch: record of BLOCK_SCRATCH.
    """
    small_log = min(log_size, SUPERBLOCK_LOG)
    small = np.int64(1) << small_log
    for part in range(1 if small_log == log_size else 4):
        top, left = y + small * (part >> 1), x + small * (part & 1)
        position = _decode_square(
            frame.luma, buffer, position, top, left, small_log, tables[0], part_bits[INTRA_LUMA], scratch
        )
    update_guides(frame, y, x, log_size)
    for number in range(2):
        plane = frame.blue if number == 0 else frame.red
        position = _decode_square(
            plane, buffer, position, y >> 1, x >> 1, log_size - 1, tables[1], part_bits[INTRA_CHROMA], scratch
        )
    return position
