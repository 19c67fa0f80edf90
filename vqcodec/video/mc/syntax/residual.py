"""The syntax of the residual of a block with motion: its shape, then the coefficients of its transforms.

The shape says how luma is cut into transforms and which transforms of luma and chroma are coded. Then come the coded
squares: luma, blue, red.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SUPERBLOCK_LOG, Block
from vqcodec.blocks.steps import STEPS
from vqcodec.blocks.syntax.coefficients import emit_coefficients, parse_coefficients
from vqcodec.blocks.syntax.contexts import Look, surrounding_energy
from vqcodec.blocks.syntax.symbols import token
from vqcodec.kernels.jit import inner_kernel
from vqcodec.video.mc.contexts import shape_context
from vqcodec.video.mc.motion.reconstruction import is_part_coded, transform_form, transform_log
from vqcodec.video.mc.parts import INTER_CHROMA, INTER_LUMA, SHAPE
from vqcodec.video.mc.syntax.mixed import SHAPES, get_element
from vqcodec.video.mc.syntax.symbols import FIRST_SHAPE_TOKEN, TABLES_TOKEN


@inner_kernel
def _emit_square(plane, y, x, log_size, group, state, tokens, count):
    """Append the tokens of the coefficients of the square at (y, x); return the new count.

    Args:
        group: INTER_LUMA or INTER_CHROMA, which says which tables they use.
        state: record of COEFFICIENT_STATE.
    """
    tokens[count] = token(TABLES_TOKEN, group)
    look = Look(transform_form(log_size), surrounding_energy(plane.blocks, y, x))
    block = Block(y, x, log_size, log_size)
    return emit_coefficients(plane.levels, block, look, state, tokens, count + 1)


@inner_kernel
def read_square(plane, buffer, position, y, x, log_size, tables, part_bits, scratch):
    """Read the coefficients of the square at (y, x), dequantised, into `scratch.coefficients`.

    Args:
        tables: `blocks.model.tables.DecoderTables`.
        part_bits: int64 (parts,), to which the bits are added.
        scratch: record of BLOCK_SCRATCH.

    Returns:
        (new position, sum of magnitudes, bounds of the nonzero coefficients: width and height).
    """
    energy = surrounding_energy(plane.blocks, y, x)
    step = np.int64(STEPS[plane.steps[0, 0]])
    return parse_coefficients(
        buffer,
        position,
        Block(y, x, log_size, log_size),
        Look(transform_form(log_size), energy),
        step,
        tables,
        part_bits,
        scratch.coefficient_state,
        scratch.coefficients,
        scratch.values,
    )


@inner_kernel
def emit_residual(frame, y, x, log_size, shape, explicit, state, tokens, count):
    """Append the tokens of the residual of the block at (y, x); return the new count.

    The reader has no counterpart of the loop over squares here: it predicts and reconstructs each square when it has
    read it (`reading`).

    Args:
        shape: of the residual, not 0; explicit: 1 for explicit motion, 0 for merged motion.
        state: record of COEFFICIENT_STATE.
    """
    tokens[count] = token(FIRST_SHAPE_TOKEN + shape_context(frame.luma.blocks, y, x, log_size, explicit), shape)
    count += 1
    luma = shape >> 2
    small_log = transform_log(log_size, luma)
    small = np.int64(1) << small_log
    for part in range(1 if small_log == log_size else 4):
        if is_part_coded(luma, part):
            top, left = y + small * (part >> 1), x + small * (part & 1)
            count = _emit_square(frame.luma, top, left, small_log, np.int64(INTER_LUMA), state, tokens, count)
    for number in range(2):
        if (shape >> (1 - number)) & 1:
            plane = frame.blue if number == 0 else frame.red
            count = _emit_square(plane, y >> 1, x >> 1, log_size - 1, np.int64(INTER_CHROMA), state, tokens, count)
    return count


@inner_kernel
def read_shape(frame, buffer, position, y, x, log_size, explicit, tables, part_bits, scratch):
    """Return (shape of the residual of the block at (y, x), new position).

    Luma of a block larger than the largest transform is always cut: one transform then means all four.

    Args:
        explicit: 1 for explicit motion, 0 for merged motion.
        tables: `adaptation.FrameDecoding`.
        part_bits: int64 (parts.GROUPS, parts), to which the bits are added.
        scratch: record of `reading.FRAME_SCRATCH`.
    """
    context = shape_context(frame.luma.blocks, y, x, log_size, explicit)
    shape, after = get_element(buffer, position, SHAPES, context, tables.shapes, tables, scratch)
    part_bits[SHAPE, 0] += after - position
    if shape >> 2 == 1 and log_size > SUPERBLOCK_LOG:
        shape = np.int64(16 << 2) | (shape & 3)
    return shape, after
