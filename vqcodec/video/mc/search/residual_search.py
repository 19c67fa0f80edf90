"""Search of the residual of a block whose motion is given: which transforms, which of them coded."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.reconstruction import record_block
from vqcodec.blocks.layout import SAMPLE_BITS, SUPERBLOCK_LOG, Block
from vqcodec.blocks.search.leaf_search import LEAF_SCRATCH
from vqcodec.blocks.search.quantization import quantize_block
from vqcodec.blocks.signal.transforms import COSINE, transform_forward
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.blocks.syntax.coefficients import tree_depth
from vqcodec.blocks.syntax.contexts import surrounding_energy
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.mc.contexts import shape_context
from vqcodec.video.mc.layout import INTER_MODE, ROOT
from vqcodec.video.mc.motion.prediction import MOTION_SCRATCH, predict_chroma_motion
from vqcodec.video.mc.motion.reconstruction import transform_form

TRIALS = 2  # the best so far, and the one that is tried

RESIDUAL_SCRATCH = record_type(
    prediction=(np.int16, (ROOT, ROOT)),
    chroma_prediction=(np.int32, (ROOT, ROOT)),
    luma_levels=(np.int16, (TRIALS, ROOT, ROOT)),
    chroma_levels=(np.int16, (TRIALS, 2, ROOT // 2, ROOT // 2)),
    split_levels=(np.int16, (ROOT, ROOT)),
    motion=MOTION_SCRATCH,
    leaf=LEAF_SCRATCH,
)
"""Working arrays of the residual search.

Attributes:
    prediction: of luma, filled by the caller.
    luma_levels, chroma_levels: what was found, by trial.
    split_levels: those of four transforms, before it is known whether they are better than one.
"""


@inner_kernel
def code_residual(log_size, energy, step, tables, lambda_factor, passes, leaf):
    """Transform and quantise the square in `leaf.residual`; return what `quantize_block` returns.

    Args:
        step: float32, in samples.
        lambda_factor: distortion per bit in squared steps.
        leaf: record of LEAF_SCRATCH.
    """
    values = leaf.quantizer.values
    transform_forward(leaf.residual, log_size, log_size, np.int64(COSINE), leaf.between, values)
    scale = np.float32(1) / step
    for v in range(1 << log_size):
        for u in range(1 << log_size):
            values[v, u] *= scale
    return quantize_block(
        log_size, log_size, transform_form(log_size), tables, lambda_factor, energy, passes, leaf.quantizer
    )


@inline_kernel
def _keep_levels(leaf, log_size, levels, top, left):
    """Copy the levels of the significant groups to `levels` at (top, left), zeros elsewhere."""
    groups = leaf.quantizer.state.significance[tree_depth(log_size, log_size)]
    found = leaf.quantizer.levels
    for i in range(1 << log_size):
        for j in range(1 << log_size):
            levels[top + i, left + j] = found[i, j] if groups[i >> 1, j >> 1] else 0


@inline_kernel
def _load_residual(source, y, x, size, prediction, top, left, residual):
    """Fill `residual` with source minus prediction in samples."""
    scale = np.float32(1.0 / (1 << SAMPLE_BITS))
    for i in range(size):
        a, b, target = source[y + top + i, x + left : x + left + size], prediction[top + i], residual[i]
        for j in range(size):
            target[j] = np.float32(np.int32(a[j]) - np.int32(b[left + j])) * scale


@inner_kernel
def _code_luma(frame, sources, y, x, log_size, tables, settings, trial, scratch):
    """Find out how luma's residual is coded best; return (luma of the shape, distortion, bits, distortion of none)."""
    leaf, levels = scratch.leaf, scratch.luma_levels[trial]
    step = STEP_SIZES[frame.luma.steps[0, 0]]
    square, lambda_ = step * step, settings.lambda_
    zero = best = np.float32(0)
    best_distortion = best_bits = np.float32(0)
    best_luma = np.int64(0)
    whole = log_size <= SUPERBLOCK_LOG
    if whole:
        _load_residual(sources.luma, y, x, 1 << log_size, scratch.prediction, 0, 0, leaf.residual)
        energy = surrounding_energy(frame.luma.blocks, y, x)
        bits, distortion, total, nothing = code_residual(
            log_size, energy, step, tables.luma, settings.lambda_factor, settings.passes, leaf
        )
        zero = best = best_distortion = nothing * square
        if total > 0 and distortion * square + lambda_ * bits < best:
            best_distortion, best_bits, best_luma = distortion * square, bits, np.int64(1)
            best = best_distortion + lambda_ * bits
            _keep_levels(leaf, log_size, levels, 0, 0)
        if best_luma == 0 and settings.cut_only_coded:
            return best_luma, best_distortion, best_bits, zero
        if log_size == 3 and not settings.small_transforms:
            return best_luma, best_distortion, best_bits, zero
    small_log = log_size - 1
    small = 1 << small_log
    mask = np.int64(0)
    split_distortion = split_bits = split_zero = np.float32(0)
    for part in range(4):
        top, left = small * (part >> 1), small * (part & 1)
        _load_residual(sources.luma, y, x, small, scratch.prediction, top, left, leaf.residual)
        energy = surrounding_energy(frame.luma.blocks, y + top, x + left)
        bits, distortion, total, nothing = code_residual(
            small_log, energy, step, tables.luma, settings.lambda_factor, settings.passes, leaf
        )
        split_zero += nothing * square
        if total > 0 and distortion * square + lambda_ * bits < nothing * square:
            mask |= np.int64(1) << part
            split_distortion += distortion * square
            split_bits += bits
            _keep_levels(leaf, small_log, scratch.split_levels, top, left)
        else:
            total = np.int64(0)
            split_distortion += nothing * square
            for i in range(small):
                for j in range(small):
                    scratch.split_levels[top + i, left + j] = 0
        block = Block(y + top, x + left, small_log, small_log)
        record_block(frame.luma.blocks, block, np.int64(INTER_MODE), np.int64(0), total)
        if whole and split_distortion + lambda_ * split_bits >= best:
            return best_luma, best_distortion, best_bits, zero
    if not whole:
        zero = split_zero
        if mask == 0:
            return np.int64(0), zero, np.float32(0), zero
    if mask > 0:
        best_luma, best_distortion, best_bits = 1 + mask, split_distortion, split_bits
        for i in range(1 << log_size):
            for j in range(1 << log_size):
                levels[i, j] = scratch.split_levels[i, j]
    return best_luma, best_distortion, best_bits, zero


@inner_kernel
def code_block(frame, sources, y, x, log_size, motion, explicit, tables, settings, trial, scratch, result):
    """Find out how the residual of the block at (y, x) is coded best, `scratch.prediction` being that of luma.

    Args:
        motion: int64 (MOTION,), that of the prediction, for chroma.
        explicit: 0 for merged motion, 1 for explicit.
        tables: `adaptation.FrameLengths`.
        settings: `effort.BlockSettings`.
        trial: where the levels go.
        scratch: record of RESIDUAL_SCRATCH.
        result: float64 (3,), filled with the distortion of a coded block, its bits with those of the shape, and the
            distortion of a block that is not coded.

    Returns:
        The shape; 0 if the block is best not coded (the first two results are then meaningless).
    """
    luma, distortion, bits, zero = _code_luma(frame, sources, y, x, log_size, tables, settings, trial, scratch)
    shape = luma << 2
    half_log = log_size - 1
    half = 1 << half_log
    step = STEP_SIZES[frame.blue.steps[0, 0]]
    square = step * step
    for number in range(2):
        plane = frame.blue if number == 0 else frame.red
        source = sources.blue if number == 0 else sources.red
        predict_chroma_motion(
            frame, number, y >> 1, x >> 1, half, half, motion, scratch.motion, scratch.chroma_prediction
        )
        _load_residual(source, y >> 1, x >> 1, half, scratch.chroma_prediction, 0, 0, scratch.leaf.residual)
        energy = surrounding_energy(plane.blocks, y >> 1, x >> 1)
        chroma_bits, chroma_distortion, total, nothing = code_residual(
            half_log, energy, step, tables.chroma, settings.chroma_lambda_factor, settings.passes, scratch.leaf
        )
        zero += nothing * square
        if total > 0 and chroma_distortion * square + settings.lambda_ * chroma_bits < nothing * square:
            shape |= np.int64(2) >> number
            distortion += chroma_distortion * square
            bits += chroma_bits
            _keep_levels(scratch.leaf, half_log, scratch.chroma_levels[trial, number], 0, 0)
        else:
            distortion += nothing * square
    if shape != 0:
        bits += tables.shapes[shape_context(frame.luma.blocks, y, x, log_size, explicit), shape]
    result[0], result[1], result[2] = distortion, bits, zero
    return shape
