"""Search of the residual of a block whose motion is given: which transforms it has, and which of them are coded."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.reconstruction import record_block
from vqcodec.blocks.layout import SAMPLE_BITS, SUPERBLOCK_LOG, Block
from vqcodec.blocks.search.leaf_search import LEAF_SCRATCH
from vqcodec.blocks.search.quantization import quantize_block
from vqcodec.blocks.signal.transforms import COSINE, transform_forward
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.blocks.syntax.contexts import surrounding_energy
from vqcodec.blocks.syntax.significance import tree_depth
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
    luma_levels, chroma_levels: the levels found, by trial.
    split_levels: the levels of four transforms, until it is known whether they are better than one.
"""


@inner_kernel
def _code_square(plane, y, x, log_size, tables, lambda_, passes, leaf):
    """Transform and quantise the residual in `leaf.residual` of the square at (y, x) of `plane`.

    Args:
        tables: `blocks.model.tables.SearchTables`.
        lambda_: distortion per bit, float32, in squared steps of the plane.
        passes: of the quantizer.
        leaf: record of LEAF_SCRATCH.

    Returns:
        (bits, distortion, sum of magnitudes, distortion without coefficients), distortions in squared samples.
    """
    values = leaf.quantizer.values
    transform_forward(leaf.residual, log_size, log_size, np.int64(COSINE), leaf.between, values)
    step = STEP_SIZES[plane.steps[0, 0]]
    scale = np.float32(1) / step
    for i in range(1 << log_size):
        for j in range(1 << log_size):
            values[i, j] *= scale
    energy = surrounding_energy(plane.blocks, y, x)
    bits, distortion, total, nothing = quantize_block(
        log_size, log_size, transform_form(log_size), tables, lambda_, energy, passes, leaf.quantizer
    )
    square = step * step
    return bits, distortion * square, total, nothing * square


@inline_kernel
def _keep_levels(leaf, log_size, levels, top, left):
    """Copy the levels of the significant groups to `levels` at (top, left), and zeros elsewhere.

    `blocks.search.leaf_search.keep_levels` has one place for them; here they are kept by trial and by quarter.
    """
    groups = leaf.quantizer.state.significance[tree_depth(log_size, log_size)]
    found = leaf.quantizer.levels
    for i in range(1 << log_size):
        for j in range(1 << log_size):
            levels[top + i, left + j] = found[i, j] if groups[i >> 1, j >> 1] else 0


@inline_kernel
def _load_residual(source, y, x, log_size, prediction, top, left, residual):
    """Fill `residual` with source minus prediction, in samples.

    `blocks.search.leaf_search.load_residual` takes a prediction that begins in its corner, and is not vectorised; here
    quarters of a prediction occur as well.

    Args:
        source: int16 in 1/16; the square is at (y, x).
        prediction: in 1/16; the square is at (top, left).
    """
    size = 1 << log_size
    scale = np.float32(1.0 / (1 << SAMPLE_BITS))
    for i in range(size):
        a, b, target = source[y + i, x : x + size], prediction[top + i, left : left + size], residual[i]
        for j in range(size):
            target[j] = np.float32(np.int32(a[j]) - np.int32(b[j])) * scale


@inner_kernel
def _code_luma(search, y, x, log_size, trial, scratch):
    """Find the best way to code luma's residual.

    Returns:
        (luma in the shape, distortion, bits, distortion without coefficients), distortions in squared samples.
    """
    plane, source, effort, tables = search.frame.luma, search.sources.luma, search.effort, search.tables.luma
    lambda_, passes = effort.lambdas.samples, effort.passes
    leaf, levels = scratch.leaf, scratch.luma_levels[trial]
    zero = best = np.float32(0)
    best_distortion = best_bits = np.float32(0)
    best_luma = np.int64(0)
    whole = log_size <= SUPERBLOCK_LOG
    if whole:
        _load_residual(source, y, x, log_size, scratch.prediction, 0, 0, leaf.residual)
        bits, distortion, total, nothing = _code_square(
            plane, y, x, log_size, tables, effort.lambdas.luma_steps, passes, leaf
        )
        zero = best = best_distortion = nothing
        if total > 0 and distortion + lambda_ * bits < best:
            best_distortion, best_bits, best_luma = distortion, bits, np.int64(1)
            best = best_distortion + lambda_ * bits
            _keep_levels(leaf, log_size, levels, 0, 0)
        if best_luma == 0 and effort.cut_only_coded:
            return best_luma, best_distortion, best_bits, zero
        if log_size == 3 and not effort.small_transforms:
            return best_luma, best_distortion, best_bits, zero
    small_log = log_size - 1
    small = 1 << small_log
    mask = np.int64(0)
    split_distortion = split_bits = split_zero = np.float32(0)
    for part in range(4):
        top, left = small * (part >> 1), small * (part & 1)
        _load_residual(source, y + top, x + left, small_log, scratch.prediction, top, left, leaf.residual)
        bits, distortion, total, nothing = _code_square(
            plane, y + top, x + left, small_log, tables, effort.lambdas.luma_steps, passes, leaf
        )
        split_zero += nothing
        if total > 0 and distortion + lambda_ * bits < nothing:
            mask |= np.int64(1) << part
            split_distortion += distortion
            split_bits += bits
            _keep_levels(leaf, small_log, scratch.split_levels, top, left)
        else:
            total = np.int64(0)
            split_distortion += nothing
            for i in range(small):
                for j in range(small):
                    scratch.split_levels[top + i, left + j] = 0
        block = Block(y + top, x + left, small_log, small_log)
        record_block(plane.blocks, block, np.int64(INTER_MODE), np.int64(0), total)
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
def code_block(search, y, x, log_size, motion, explicit, trial, scratch):
    """Find the best way to code the residual of the block at (y, x); its luma is predicted in `scratch.prediction`.

    Args:
        search: `search_records.Search`.
        motion: int64 (MOTION,), of the prediction; chroma is predicted along it.
        explicit: 1 for explicit motion, 0 for merged motion.
        trial: number of the trial; the levels are kept under it.
        scratch: record of RESIDUAL_SCRATCH.

    Returns:
        (shape, distortion, bits, distortion without coefficients), distortions in squared samples. The bits include
        those of the shape. If the shape is 0, the block is best not coded, and distortion and bits have no meaning.
    """
    frame, effort, tables = search.frame, search.effort, search.tables
    luma, distortion, bits, zero = _code_luma(search, y, x, log_size, trial, scratch)
    shape = luma << 2
    half_log = log_size - 1
    half = 1 << half_log
    top, left = y >> 1, x >> 1
    for number in range(2):
        plane = frame.blue if number == 0 else frame.red
        source = search.sources.blue if number == 0 else search.sources.red
        prediction = scratch.chroma_prediction
        predict_chroma_motion(frame, number, top, left, half, half, motion, scratch.motion, prediction)
        _load_residual(source, top, left, half_log, prediction, 0, 0, scratch.leaf.residual)
        chroma_bits, chroma_distortion, total, nothing = _code_square(
            plane, top, left, half_log, tables.chroma, effort.lambdas.chroma_steps, effort.passes, scratch.leaf
        )
        zero += nothing
        if total > 0 and chroma_distortion + effort.lambdas.samples * chroma_bits < nothing:
            shape |= np.int64(2) >> number
            distortion += chroma_distortion
            bits += chroma_bits
            _keep_levels(scratch.leaf, half_log, scratch.chroma_levels[trial, number], 0, 0)
        else:
            distortion += nothing
    if shape != 0:
        bits += tables.shapes[shape_context(frame.luma.blocks, y, x, log_size, explicit), shape]
    return shape, distortion, bits, zero
