"""What both passes of the encoder share: transform and quantise one block, given the bands before."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SUPERBLOCK
from vqcodec.blocks.search.quantization import QUANTIZER_SCRATCH, quantize_block
from vqcodec.blocks.signal.transforms import COSINE, transform_forward
from vqcodec.blocks.steps import STEP_BITS
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.st3d.layout import MACROBLOCK, MAX_BANDS
from vqcodec.video.st3d.signal.blocks import (
    BLOCK_SCRATCH,
    class_of,
    condition,
    form_of,
    square_within,
    store_magnitudes,
)

_FLAG_BITS = np.float32(0.5)  # estimated bits of a coded block in the masks above it

ENCODER_SCRATCH = record_type(
    block=BLOCK_SCRATCH,
    quantizer=QUANTIZER_SCRATCH,
    prediction=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    residual=(np.float32, (SUPERBLOCK, SUPERBLOCK)),
    between=(np.float32, (SUPERBLOCK, SUPERBLOCK)),
    levels=(np.int16, (2, MAX_BANDS, MACROBLOCK, MACROBLOCK)),
    chroma_levels=(np.int16, (2, MAX_BANDS, MACROBLOCK >> 1, MACROBLOCK >> 1)),
    zero=(np.float32, (4, MAX_BANDS)),
    cost=(np.float32, (4, MAX_BANDS)),
    quarters=(np.uint8, (2, MAX_BANDS)),
    chroma_coded=(np.uint8, (2, MAX_BANDS)),
    fetched=(np.int32, (8, MACROBLOCK, MACROBLOCK)),
)
"""Working arrays of the encoder.

Attributes:
    levels: of luma, by size (0: 8x8 blocks, 1: 16x16) and band; chroma_levels: by plane and band.
    zero, cost: of a band, without coefficients and as quantised, in squared steps. The rows are luma in 8x8 blocks,
        luma in 16x16 blocks, blue, red.
    quarters: which blocks of a band are coded, by size; chroma_coded: whether chroma is coded, by plane.
    fetched: blocks of frames, displaced.
"""


@inline_kernel
def step_size(component_steps, class_):
    """Return the quantizer step of a class of bands, float32, in samples; `component_steps`: row of `Slab.steps`."""
    return np.float32(component_steps[class_]) * np.float32(1.0 / (1 << STEP_BITS))


@inner_kernel
def code_residual(block, steps, energy, tables, effort, levels, scratch):
    """Transform and quantise `scratch.residual`, the residual of a block.

    Args:
        block: BandBlock.
        steps: int32 (BAND_CLASSES,), fixed-point steps of the component.
        energy: of the blocks around, see `contexts.energy_around`.
        tables: `blocks.model.tables.SearchTables`.
        effort: SlabEffort.
        levels: int16, of a macroblock of the component, filled where the block lies.
        scratch: record of ENCODER_SCRATCH.

    Returns:
        (cost, cost without coefficients, whether the block has any), in squared steps. The block has none if that is
        cheaper; both costs are then the same.
    """
    quantizer = scratch.quantizer
    values = quantizer.values
    log_size, size = block.square.log_width, 1 << block.square.log_width
    transform_forward(scratch.residual, log_size, log_size, np.int64(COSINE), scratch.between, values)
    scale = np.float32(1.0) / step_size(steps, class_of(block))
    for i in range(size):
        for j in range(size):
            values[i, j] *= scale
    magnitudes = scratch.block.magnitudes
    condition(block, magnitudes, quantizer.state)
    bits, distortion, total, zero = quantize_block(
        log_size, log_size, form_of(block), tables, effort.lambda_, energy, effort.passes, quantizer
    )
    cost = distortion + effort.lambda_ * (bits + _FLAG_BITS)
    coded = total > 0 and cost < zero
    store_magnitudes(block, coded, magnitudes, quantizer.state)
    significance = quantizer.state.significance[log_size - 1]
    inner = square_within(block)
    for i in range(size):
        for j in range(size):
            kept = coded and significance[i >> 1, j >> 1] != 0
            levels[inner.y + i, inner.x + j] = quantizer.levels[i, j] if kept else 0
    return cost if coded else zero, zero, coded
