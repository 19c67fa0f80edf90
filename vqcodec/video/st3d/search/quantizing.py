"""What the encoder's passes share: transform and quantise one block, given the bands before."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SUPERBLOCK
from vqcodec.blocks.search.quantization import QUANTIZER_SCRATCH, quantize_block
from vqcodec.blocks.signal.transforms import COSINE, transform_forward
from vqcodec.kernels.jit import inner_kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.st3d.contexts import band_class, band_form
from vqcodec.video.st3d.layout import MACROBLOCK, MAX_BANDS
from vqcodec.video.st3d.signal.blocks import BLOCK_SCRATCH, condition, store_magnitudes

_FLAG_BITS = np.float32(0.5)  # what a coded block is thought to cost in the masks above it

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
    zero, cost: of a band without coefficients and as quantised, in squared steps: luma in 8x8 blocks, in 16x16, blue,
        red.
    quarters: which blocks of a band are coded, by size; chroma_coded: whether chroma is, by plane.
    fetched: blocks of frames, displaced.
"""


@inner_kernel
def code_residual(log_size, plane, bands, mode, band, top, left, step, energy, tables, settings, levels, scratch):
    """Transform and quantise `scratch.residual` into `levels` (int16, its corner at (top, left) groups).

    Args:
        plane: 0 luma, 1 blue, 2 red; top, left: of the block's groups within the macroblock.
        step: float32, in samples.
        settings: `effort.Settings`.

    Returns:
        (cost as quantised, cost without coefficients, whether there are any), in squared steps. The cost without is
        returned for both if that is the lower.
    """
    quantizer = scratch.quantizer
    values = quantizer.values
    size = 1 << log_size
    transform_forward(scratch.residual, log_size, log_size, np.int64(COSINE), scratch.between, values)
    scale = np.float32(1.0) / step
    for i in range(size):
        for j in range(size):
            values[i, j] *= scale
    form = np.int64(band_form(band_class(bands, mode, band), log_size == 3))
    magnitudes = scratch.block.magnitudes
    condition(magnitudes, quantizer.state, plane, bands, mode, band, top, left, log_size)
    factor = settings.lambda_factor
    bits, distortion, total, zero = quantize_block(
        log_size, log_size, form, tables, factor, energy, settings.passes, quantizer
    )
    cost = distortion + factor * (bits + _FLAG_BITS)
    coded = total > 0 and cost < zero
    store_magnitudes(magnitudes, quantizer.state, plane, band, top, left, log_size, coded)
    significance = quantizer.state.significance[log_size - 1]
    for i in range(size):
        for j in range(size):
            kept = coded and significance[i >> 1, j >> 1] != 0
            levels[2 * top + i, 2 * left + j] = quantizer.levels[i, j] if kept else 0
    return cost if coded else zero, zero, coded
