"""The syntax of a block's coefficients: that of the block engine, conditioned on the bands before."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.syntax.coefficients import emit_coefficients, parse_coefficients
from vqcodec.blocks.syntax.contexts import Look
from vqcodec.kernels.jit import inner_kernel
from vqcodec.video.st3d.contexts import energy_around
from vqcodec.video.st3d.signal.blocks import class_of, condition, form_of, square_within


@inner_kernel
def write_coefficients(component, block, levels, tokens, count, scratch):
    """Append the tokens of a block that has coefficients; return the new count.

    Args:
        component: Component; block: BandBlock.
        levels: int16, of a macroblock of the component.
        scratch: record of BLOCK_SCRATCH.
    """
    condition(block, scratch.magnitudes, scratch.state)
    energy = energy_around(component.energy[block.band], block.square.y, block.square.x)
    look = Look(form_of(block), energy)
    return emit_coefficients(levels, square_within(block), look, scratch.state, tokens, count)


@inner_kernel
def read_coefficients(component, block, buffer, position, tables, part_bits, scratch):
    """Read a block that has coefficients, dequantised, into `scratch.coefficients`.

    Args:
        component: Component; block: BandBlock.
        tables: `blocks.model.tables.DecoderTables`.
        part_bits: int64 (parts,), to which the bits of each part are added.
        scratch: record of BLOCK_SCRATCH.

    Returns:
        (new position, sum of magnitudes, bounds of the nonzero coefficients: width and height).
    """
    condition(block, scratch.magnitudes, scratch.state)
    energy = energy_around(component.energy[block.band], block.square.y, block.square.x)
    return parse_coefficients(
        buffer,
        position,
        block.square,
        Look(form_of(block), energy),
        np.int64(component.steps[class_of(block)]),
        tables,
        part_bits,
        scratch.state,
        scratch.coefficients,
        scratch.values,
    )
