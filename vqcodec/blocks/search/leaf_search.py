"""Search of the best way to code one block: modes by their Hadamard cost, then the most promising in full."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.decoding.reconstruction import (
    BLOCK_SCRATCH,
    gather_block_references,
    predict_block,
    reconstruct_block,
    record_block,
    record_motion,
    transform_kind,
)
from vqcodec.blocks.layout import (
    ALL_MODES,
    FIRST_ANGLE,
    FROM_FIRST,
    MEMORY,
    PALETTE,
    PLANE_MODES,
    SAMPLE_BITS,
    SUPERBLOCK,
    SUPERBLOCK_LOG,
    UNIT,
)
from vqcodec.blocks.search.copy_search import coded_bits, copied_bits, place_bits, rank_copies
from vqcodec.blocks.search.hadamard import hadamard_cost
from vqcodec.blocks.search.memory_search import MOTIONS, motion_bits, rank_motions
from vqcodec.blocks.search.palette_search import PALETTE_SEARCH, palette_bits, search_palette
from vqcodec.blocks.search.quantization import HUGE_LEAF_COST, QUANTIZER_SCRATCH, quantize_block
from vqcodec.blocks.search.repeats import LEADS, LEVELS
from vqcodec.blocks.signal.secondary import alternatives, apply_secondary
from vqcodec.blocks.signal.transforms import transform_forward
from vqcodec.blocks.steps import MATRIX_BITS, STEP_SIZES, STEPS
from vqcodec.blocks.syntax.coefficients import reconstruct_levels
from vqcodec.blocks.syntax.contexts import (
    CHOOSE_OTHER,
    coefficient_form,
    mode_context,
    size_class,
    surrounding_energy,
    transform_context,
)
from vqcodec.blocks.syntax.copies import copies_itself, list_copies
from vqcodec.blocks.syntax.leaves import choice_of, likely_modes
from vqcodec.blocks.syntax.motion import FLAVOUR_BITS, leaf_choice_context
from vqcodec.blocks.syntax.significance import tree_depth
from vqcodec.entropy.tables import bits_of
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.kernels.records import record_type

CANDIDATE_MARGIN = np.float32(1.15)  # a mode is tried in full if its Hadamard cost is below this times the least


LEAF_SCRATCH = record_type(
    residual=(np.float32, (SUPERBLOCK, SUPERBLOCK)),
    spectrum=(np.float32, (SUPERBLOCK, SUPERBLOCK)),
    secondary=(np.float32, (2, 64)),
    between=(np.float32, (SUPERBLOCK, SUPERBLOCK)),
    hadamard=(np.int32, 16),
    mode_costs=(np.float32, ALL_MODES),
    candidates=(np.int32, ALL_MODES),
    motions=(np.int64, MOTIONS),
    motion_costs=(np.float32, MOTIONS),
    leads=(np.int64, (LEVELS, SUPERBLOCK // UNIT, SUPERBLOCK // UNIT, LEADS)),
    best_levels=(np.int16, (SUPERBLOCK, SUPERBLOCK)),
    palette=PALETTE_SEARCH,
    block=BLOCK_SCRATCH,
    quantizer=QUANTIZER_SCRATCH,
)
"""Working arrays of the leaf search and of the kernels that it calls; each thread has a set.

`candidates` are modes to try, `motions` what to try with mode MEMORY, `leads` where blocks may be copied from.
"""


@inline_kernel
def mode_bits(tables, context, choice, left, above, mode, coded):
    """Return the bits of the choice symbol, and of the mode if the choice is CHOOSE_OTHER."""
    bits = bits_of(tables.flags[tables.rows[context], 2 * choice + coded])
    if choice == CHOOSE_OTHER:
        bits += bits_of(tables.modes[tables.rows[mode_context(left, above)], mode])
    return bits


@inner_kernel
def load_residual(source, block, prediction, residual):
    """Fill `residual` (float32) with source minus prediction in a block (`layout.Block`), in samples."""
    y, x = block.y, block.x
    width, height = 1 << block.log_width, 1 << block.log_height
    scale = np.float32(1.0 / (1 << SAMPLE_BITS))
    original = source[y : y + height, x : x + width]
    for i in range(height):
        for j in range(width):
            residual[i, j] = np.float32(original[i, j] - prediction[i, j]) * scale


@inner_kernel
def rank_modes(plane, source, block, likely, context, weight, tables, settings, scratch):
    """Fill `scratch.mode_costs` with Hadamard cost + `weight` * bits by mode, HUGE_LEAF_COST for modes not looked at.

    Planar, DC and every `settings.angle_stride`-th angle are looked at. With `settings.refine`, the angles around the
    best one follow, at half the distance each time.

    Args:
        likely: the result of `likely_modes`.
        context: of the choice symbol.
        weight: cost of a bit in samples, the square root of lambda.
    """
    first, second, third, left, above = likely
    costs = scratch.mode_costs
    for mode in range(PLANE_MODES):
        costs[mode] = HUGE_LEAF_COST
    stride = settings.angle_stride
    coarse = FIRST_ANGLE + (PLANE_MODES - 1 - FIRST_ANGLE) // stride + 1
    centre = best_angle = np.int64(FIRST_ANGLE)
    for number in range(coarse + 8):
        mode = number if number < FIRST_ANGLE else FIRST_ANGLE + (number - FIRST_ANGLE) * stride
        if number >= coarse:
            if (number - coarse) & 1 == 0:
                stride >>= 1
                centre = best_angle
            if stride == 0 or settings.refine == 0:
                break
            mode = centre + (stride if number & 1 else -stride)
            if mode < FIRST_ANGLE or mode >= PLANE_MODES:
                continue
        predict_block(plane, block, mode, scratch.block)
        cost = hadamard_cost(source, block, scratch.block.prediction, scratch.hadamard)
        choice = choice_of(mode, first, second, third)
        costs[mode] = cost + weight * mode_bits(tables, context, choice, left, above, mode, np.int64(1))
        if mode >= FIRST_ANGLE and costs[mode] < costs[best_angle]:
            best_angle = mode


@inner_kernel
def list_candidates(costs, settings, likely, guides, candidates):
    """Fill `candidates` with the modes to try in full; return their number.

    They are the `settings.trials` modes of least cost within CANDIDATE_MARGIN of the best, then the first
    `settings.likely_trials` likely modes, then the modes that predict from the guides. `costs` are overwritten.
    """
    count = 0
    limit = HUGE_LEAF_COST
    for trial in range(settings.trials):
        best = 0
        for mode in range(1, PLANE_MODES):
            if costs[mode] < costs[best]:
                best = mode
        if trial == 0:
            limit = costs[best] * CANDIDATE_MARGIN
        if costs[best] > limit or costs[best] >= HUGE_LEAF_COST:
            break
        costs[best] = HUGE_LEAF_COST
        candidates[count] = best
        count += 1
    ranked = count
    for k in range(settings.likely_trials):
        mode = likely[0] if k == 0 else likely[1]
        known = False
        for i in range(ranked):
            known = known or candidates[i] == mode
        if not known:
            candidates[count] = mode
            count += 1
    for mode in range(FROM_FIRST, FROM_FIRST + (3 if guides > 1 else guides)):
        candidates[count] = mode
        count += 1
    return count


@inner_kernel
def transform_block(log_width, log_height, mode, transform, tables, scratch):
    """Transform `scratch.residual` into `scratch.quantizer.values`, by the plain transform or an alternative."""
    values = scratch.quantizer.values
    kind = transform_kind(log_width, log_height, mode, transform)
    target = values if transform == 0 else scratch.spectrum
    transform_forward(scratch.residual, log_width, log_height, kind, scratch.between, target)
    if transform > 0:
        apply_secondary(
            scratch.spectrum,
            log_width,
            log_height,
            mode,
            transform - 1,
            tables.small_forward,
            tables.large_forward,
            scratch.secondary,
            values,
        )


@inner_kernel
def flatten_spectrum(matrix, log_width, log_height, values):
    """Divide the coefficients of a block by the factors of their frequencies, so that all have one step, in place.

    Args:
        matrix: as `layout.Plane.matrix`; nothing is done if its size is 0.
        values: float32 (32, 32).
    """
    if matrix.shape[0] == 0:
        return
    down, across = SUPERBLOCK_LOG - log_height, SUPERBLOCK_LOG - log_width
    one = np.float32(1 << MATRIX_BITS)
    for fy in range(1 << log_height):
        for fx in range(1 << log_width):
            values[fy, fx] *= one / np.float32(matrix[fy << down, fx << across])


@inner_kernel
def try_mode(plane, source, block, mode, transform, energy, step, tables, settings, scratch):
    """Predict, transform and quantise the block in `mode`; return the result of `quantize_block`.

    An alternative `transform` reuses the residual: the plain transform of the same mode must have been tried just
    before.
    """
    log_width, log_height = block.log_width, block.log_height
    if transform == 0:
        predict_block(plane, block, mode, scratch.block)
        load_residual(source, block, scratch.block.prediction, scratch.residual)
    transform_block(log_width, log_height, mode, transform, tables, scratch)
    form = coefficient_form(log_width, log_height, mode, transform, plane.memory.shape[0])
    values = scratch.quantizer.values
    flatten_spectrum(plane.matrix, log_width, log_height, values)
    scale = np.float32(1) / step
    for fy in range(1 << log_height):
        for fx in range(1 << log_width):
            values[fy, fx] *= scale
    return quantize_block(
        log_width, log_height, form, tables, settings.lambda_factor, energy, settings.passes, scratch.quantizer
    )


@inner_kernel
def keep_levels(log_width, log_height, scratch):
    """Copy the levels of the significant groups to `scratch.best_levels`; the others become 0."""
    groups = scratch.quantizer.state.significance[tree_depth(log_width, log_height)]
    levels, best = scratch.quantizer.levels, scratch.best_levels
    for i in range(1 << log_height):
        for j in range(1 << log_width):
            best[i, j] = levels[i, j] if groups[i >> 1, j >> 1] else 0


@inner_kernel
def apply_block(plane, block, mode, transform, coded, tables, scratch):
    """Store the best levels and reconstruct the block with the decoder's functions.

    `scratch.block.motion` is set if the mode is MEMORY, `scratch.block.palette.painted` if it is PALETTE.
    """
    y, x, log_width, log_height = block
    levels = plane.levels[y : y + (1 << log_height), x : x + (1 << log_width)]
    for i in range(1 << log_height):
        for j in range(1 << log_width):
            levels[i, j] = scratch.best_levels[i, j] if coded else 0
    predict_block(plane, block, mode, scratch.block)
    total = used_width = used_height = np.int64(0)
    if coded:
        step = np.int64(STEPS[plane.steps[y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG]])
        total, used_width, used_height = reconstruct_levels(
            plane.levels,
            block,
            coefficient_form(log_width, log_height, mode, transform, plane.memory.shape[0]),
            step,
            tables,
            scratch.block.coefficient_state,
            scratch.block.coefficients,
        )
    reconstruct_block(
        plane,
        block,
        mode,
        transform,
        used_width,
        used_height,
        tables.small_transforms,
        tables.large_transforms,
        scratch.block,
    )
    record_block(plane.blocks, block, mode, transform, total)
    record_motion(plane, block, mode, scratch.block)


@inner_kernel
def _side_bits(plane, block, mode, likely, context, tables, scratch):
    """Return the bits of a block without those of transform and coefficients: if it has none, and if it has some.

    Args:
        likely: the result of `likely_modes`; context: of the choice symbol.
        scratch: record of LEAF_SCRATCH; `block.motion` is set if the mode is MEMORY.
    """
    motion, added = scratch.block.motion[0], np.float32(0)
    if plane.palettes:
        added = palette_bits(plane, block, False)
    if copies_itself(plane):
        if mode == MEMORY:
            bits = (
                added + copied_bits(plane, block, True) + place_bits(motion >> FLAVOUR_BITS, list_copies(plane, block))
            )
            return bits + coded_bits(False), bits + coded_bits(True)
        added += copied_bits(plane, block, False)
    elif mode == MEMORY:
        added += motion_bits(plane, block, motion, tables)
    first, second, third, left, above = likely
    choice = choice_of(mode, first, second, third)
    uncoded = mode_bits(tables, context, choice, left, above, mode, np.int64(0))
    coded = mode_bits(tables, context, choice, left, above, mode, np.int64(1))
    return uncoded + added, coded + added


@inner_kernel
def search_leaf(plane, source, block, tables, settings, scratch):
    """Find the best way to code a block: fill the plane's levels, samples and maps.

    Args:
        plane: `layout.Plane`; block: `layout.Block`.
        source: int16 (height, width), the original samples in 1/16.
        tables: `model.SearchTables`.
        settings: `effort.LeafSettings`.
        scratch: record of LEAF_SCRATCH.

    Returns:
        The cost, float32: squared error + lambda * bits, in squared samples.
    """
    y, x, log_width, log_height = block
    step = STEP_SIZES[plane.steps[y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG]]
    lambda_ = settings.lambda_factor * step * step
    gather_block_references(plane, block, scratch.block)
    likely = likely_modes(plane, block)
    left, above = likely[3], likely[4]
    energy = surrounding_energy(plane.blocks, y, x)
    size = size_class(log_width, log_height)
    context = leaf_choice_context(plane, block, energy, left, above)
    weight = np.float32(np.sqrt(lambda_))
    rank_modes(plane, source, block, likely, context, weight, tables, settings, scratch)
    count = list_candidates(scratch.mode_costs, settings, likely, plane.guides.shape[0], scratch.candidates)
    motions = np.int64(0)
    copying = copies_itself(plane)
    if copying:
        motions = rank_copies(plane, source, block, weight, settings, scratch)
    elif plane.memory.shape[0] > 0:
        motions = rank_motions(plane, source, block, weight, tables, settings, scratch)
    plain = HUGE_LEAF_COST
    best, best_mode, best_coded, best_transform = HUGE_LEAF_COST, np.int64(0), np.int64(0), np.int64(0)
    best_motion = np.int64(-1)
    for i in range(count + motions):
        mode = np.int64(MEMORY if i < motions else scratch.candidates[i - motions])
        if i < motions:
            scratch.block.motion[0] = scratch.motions[i]
        choice_bits, side_bits = _side_bits(plane, block, mode, likely, context, tables, scratch)
        trials = alternatives(tables.small_transforms, log_width, log_height, mode)
        transform_row = tables.rows[transform_context(size, mode)]
        for transform in range(min(trials, settings.transforms) + 1):
            if transform > 0 and plain > best * settings.transform_margin:
                break
            bits, distortion, total, zero = try_mode(
                plane, source, block, mode, transform, energy, step, tables, settings, scratch
            )
            if transform == 0:
                cost = zero * step * step + lambda_ * choice_bits
                if cost < best:
                    best, best_mode, best_coded, best_transform = cost, mode, np.int64(0), np.int64(0)
                    best_motion = scratch.block.motion[0]
                if total == 0:
                    break
            bits += side_bits
            if trials > 0:
                bits += bits_of(tables.flags[transform_row, transform])
            cost = distortion * step * step + lambda_ * bits
            if transform == 0:
                plain = cost
            if total > 0 and cost < best:
                best, best_mode, best_coded, best_transform = cost, mode, np.int64(1), np.int64(transform)
                best_motion = scratch.block.motion[0]
                keep_levels(log_width, log_height, scratch)
    if plane.palettes:
        cost = search_palette(plane, source, block, lambda_, best, scratch.palette, scratch.block.palette)
        if cost < best:
            best, best_mode, best_coded, best_transform = cost, np.int64(PALETTE), np.int64(0), np.int64(0)
    scratch.block.motion[0] = best_motion
    apply_block(plane, block, best_mode, best_transform, best_coded, tables, scratch)
    return best
