"""Search of the best way to code one block of a predicted frame: candidates, explicit motion, no motion."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.coefficients import reconstruct_levels
from vqcodec.blocks.layout import DONE, SUPERBLOCK_LOG, UNIT_LOG
from vqcodec.blocks.leaf_search import search_leaf
from vqcodec.blocks.records import record_type
from vqcodec.blocks.steps import STEPS
from vqcodec.jit import inline_kernel, inner_kernel, kernel, merged_kernel
from vqcodec.video.mc.candidates import list_candidates, list_predictors
from vqcodec.video.mc.contexts import (
    CANDIDATES,
    FIRST_EXPLICIT,
    FIRST_MERGE,
    FIRST_SKIP,
    INTRA_BLOCK,
    choice_of_references,
    node_context,
    vector_context,
)
from vqcodec.video.mc.layout import (
    ENTRIES,
    EXPLICIT,
    FIRST_COUNT,
    GRID_LOG,
    INTRA,
    KIND,
    LISTS,
    MERGED,
    MOTION,
    NODE_SIZES,
    ROOT,
    SKIPPED,
    UNDECODED,
)
from vqcodec.video.mc.motion_search import (
    STARTS,
    hadamard_difference,
    predict_from_phases,
    search_vector,
    vector_bits,
)
from vqcodec.video.mc.prediction import predict_chroma_motion, predict_luma_motion
from vqcodec.video.mc.reconstruction import (
    is_part_coded,
    note_motion,
    place_transform,
    transform_form,
    transform_log,
    update_guides,
)
from vqcodec.video.mc.residual_search import RESIDUAL_SCRATCH, code_block

HUGE = 1e30
MERGE_MARGIN = 1.25  # candidates with a greater Hadamard cost, beside the best, are not tried with a residual
EXPLICIT_MARGIN = 1.15
EXPLICIT_TRIALS = 3  # the best of each list, and both

BLOCK_SEARCH_SCRATCH = record_type(
    target=(np.int16, (ROOT, ROOT)),
    pair_target=(np.int16, (ROOT, ROOT)),
    rows=(np.int32, (4, ROOT)),
    candidates=(np.int64, (CANDIDATES + 1, MOTION)),
    candidate_costs=(np.float64, CANDIDATES),
    starts=(np.int64, (STARTS, 2)),
    predictors=(np.int64, (LISTS, ENTRIES, 2, 2)),
    vectors=(np.int64, (LISTS, ENTRIES, 2)),
    vector_costs=(np.float64, (LISTS, ENTRIES)),
    found=(np.int64, (NODE_SIZES + 1, LISTS, ENTRIES, 3)),
    explicit=(np.int64, (EXPLICIT_TRIALS, MOTION)),
    explicit_costs=(np.float64, EXPLICIT_TRIALS),
    vector=(np.int64, 2),
    best=(np.int64, MOTION),
    result=(np.float64, 3),
    residual=RESIDUAL_SCRATCH,
)
"""Working arrays of the block search.

Attributes:
    target, pair_target: the block to predict; what the second of two predictions should be.
    found: by size of node, the vectors found there (1 if there is one, row, column), to start from below it.
    best: motion of the best way so far.
    result: of `code_block`.
"""


@inline_kernel
def _squared_difference(target, prediction, size):
    """Return the squared difference of two blocks, in samples."""
    total = np.int64(0)
    for i in range(size):
        a, b = target[i], prediction[i]
        line = np.int32(0)
        for j in range(size):
            d = np.int32(a[j]) - np.int32(b[j])
            line += np.int32(d * d) >> 4
        total += line
    return total / 16.0


@merged_kernel
def _rank_candidates(frame, phases, y, x, log_size, node_bits, settings, scratch):
    """Find the candidates' costs with a residual, by Hadamard differences; return (the best to skip, its number).

    Costs of those that repeat an earlier one are HUGE.
    """
    size = 1 << log_size
    best, best_number = HUGE, np.int64(0)
    prediction = scratch.residual.prediction
    for number in range(CANDIDATES):
        motion = scratch.candidates[number]
        scratch.candidate_costs[number] = HUGE
        known = False
        for i in range(number):
            same = True
            for k in range(MOTION):
                same = same and scratch.candidates[i, k] == motion[k]
            known = known or same
        if known:
            continue
        predict_from_phases(phases, frame.slots, y, x, size, motion, prediction)
        cost = _squared_difference(scratch.target, prediction, size)
        cost += settings.lambda_ * node_bits[FIRST_SKIP + number]
        if cost < best:
            best, best_number = cost, np.int64(number)
        difference = hadamard_difference(scratch.target, prediction, np.int64(0), np.int64(0), size, scratch.rows)
        scratch.candidate_costs[number] = difference + settings.weight * node_bits[FIRST_MERGE + number]
    return best, best_number


@inline_kernel
def _least(costs, count):
    """Return the number of the least of the first `count` costs."""
    best = 0
    for i in range(1, count):
        if costs[i] < costs[best]:
            best = i
    return best


@merged_kernel
def _list_starts(frame, log_size, side, entry, scratch):
    """Fill `scratch.starts` with the vectors to start a search from; return their number."""
    starts, predictors = scratch.starts, scratch.predictors[side, entry]
    for number in range(2):
        starts[number, 0], starts[number, 1] = predictors[number, 0], predictors[number, 1]
    starts[2, 0], starts[2, 1] = 0, 0
    count = 3
    above = scratch.found[log_size - GRID_LOG + 1, side, entry]
    if above[0] == 1:
        starts[count, 0], starts[count, 1] = above[1], above[2]
        count += 1
    for number in range(3):
        motion = scratch.candidates[number]
        for other in range(LISTS):
            same = motion[other] >= 0 and frame.times[other, motion[other]] == frame.times[side, entry]
            if same and count < STARTS:
                starts[count, 0], starts[count, 1] = motion[2 + 2 * other], motion[3 + 2 * other]
                count += 1
    return count


@merged_kernel
def _search_lists(frame, phases, y, x, log_size, node_bits, tables, settings, scratch):
    """Find the best vector to every reference, into `scratch.vectors` and `vector_costs`."""
    size = np.int64(1) << log_size
    lengths = tables.vectors[vector_context(log_size, np.int64(0))]
    for side in range(LISTS):
        for entry in range(ENTRIES):
            scratch.vector_costs[side, entry] = HUGE
            if entry >= frame.numbers[FIRST_COUNT + side]:
                continue
            predictors = scratch.predictors[side, entry]
            list_predictors(frame, y, x, size, np.int64(side), np.int64(entry), scratch.vector, predictors)
            vector = scratch.vectors[side, entry]
            twin = -1
            for other in range(frame.numbers[FIRST_COUNT] if side == 1 else 0):
                if frame.times[0, other] == frame.times[side, entry]:
                    twin = other
            header = node_bits[FIRST_EXPLICIT + 2 * (2 * side + entry)]
            if twin >= 0:
                vector[0], vector[1] = scratch.vectors[0, twin, 0], scratch.vectors[0, twin, 1]
                bits, _ = vector_bits(vector[0], vector[1], predictors, lengths)
                known, _ = vector_bits(vector[0], vector[1], scratch.predictors[0, twin], lengths)
                header += bits - known - np.int64(node_bits[FIRST_EXPLICIT + 2 * twin])
                scratch.vector_costs[side, entry] = scratch.vector_costs[0, twin] + settings.weight * header
            else:
                count = _list_starts(frame, log_size, np.int64(side), np.int64(entry), scratch)
                cost = search_vector(
                    phases[frame.slots[side, entry]],
                    scratch.target,
                    y,
                    x,
                    size,
                    predictors,
                    lengths,
                    settings.weight,
                    np.float32(1),
                    scratch.starts,
                    count,
                    settings.reach if log_size > GRID_LOG else min(settings.reach, 2),
                    settings.neighbours,
                    scratch.rows,
                    vector,
                )
                scratch.vector_costs[side, entry] = cost + settings.weight * header
            found = scratch.found[log_size - GRID_LOG, side, entry]
            found[0], found[1], found[2] = 1, vector[0], vector[1]


@merged_kernel
def _search_pair(frame, phases, y, x, log_size, first, second, node_bits, tables, settings, scratch):
    """Refine the best vectors of both lists for their mean, in turn, into `scratch.explicit[2]`; return the cost."""
    size = np.int64(1) << log_size
    pair = scratch.explicit[2]
    pair[0], pair[1] = first, second
    for k in range(2):
        pair[2 + k], pair[4 + k] = scratch.vectors[0, first, k], scratch.vectors[1, second, k]
    lengths = tables.vectors[vector_context(log_size, np.int64(1))]
    header = np.float32(node_bits[FIRST_EXPLICIT + 2 * choice_of_references(first, second)])
    best = HUGE
    side = np.int64(1) if scratch.vector_costs[0, first] < scratch.vector_costs[1, second] else np.int64(0)
    prediction = scratch.residual.prediction
    for _turn in range(2):
        fixed = 1 - side
        entry = pair[side]
        alone = scratch.best  # not needed until the search is over
        alone[0] = pair[0] if fixed == 0 else -1
        alone[1] = pair[1] if fixed == 1 else -1
        for k in range(2, MOTION):
            alone[k] = pair[k]
        predict_from_phases(phases, frame.slots, y, x, size, alone, prediction)
        for i in range(size):
            a, b, target = scratch.target[i], prediction[i], scratch.pair_target[i]
            for j in range(size):
                target[j] = 2 * np.int32(a[j]) - np.int32(b[j])
        scratch.starts[0, 0], scratch.starts[0, 1] = pair[2 + 2 * side], pair[3 + 2 * side]
        for k in range(2):
            scratch.starts[1, k] = scratch.predictors[side, entry, 0, k]
        cost = search_vector(
            phases[frame.slots[side, entry]],
            scratch.pair_target,
            y,
            x,
            size,
            scratch.predictors[side, entry],
            lengths,
            settings.weight,
            np.float32(0.5),
            scratch.starts,
            np.int64(2),
            np.int64(1),
            settings.neighbours,
            scratch.rows,
            scratch.vector,
        )
        other, _ = vector_bits(
            pair[2 + 2 * fixed], pair[3 + 2 * fixed], scratch.predictors[fixed, pair[fixed]], lengths
        )
        total = cost + settings.weight * (header + other)
        if total >= best:
            break
        best = np.float64(total)
        pair[2 + 2 * side], pair[3 + 2 * side] = scratch.vector[0], scratch.vector[1]
        side = fixed
    return best


@merged_kernel
def _list_explicit(frame, phases, y, x, log_size, node_bits, tables, settings, scratch):
    """Fill `scratch.explicit` and `explicit_costs`: the best vector of each list, and both together."""
    _search_lists(frame, phases, y, x, log_size, node_bits, tables, settings, scratch)
    first = np.int64(_least(scratch.vector_costs[0], ENTRIES))
    second = np.int64(_least(scratch.vector_costs[1], ENTRIES))
    for side in range(LISTS):
        motion, entry = scratch.explicit[side], first if side == 0 else second
        for k in range(MOTION):
            motion[k] = 0
        motion[side], motion[1 - side] = entry, -1
        for k in range(2):
            motion[2 + 2 * side + k] = scratch.vectors[side, entry, k]
        scratch.explicit_costs[side] = scratch.vector_costs[side, entry]
    scratch.explicit_costs[2] = HUGE
    if settings.both:
        if frame.times[0, first] == frame.times[1, second]:
            second = 1 - second
        if scratch.vector_costs[1, second] < HUGE:
            scratch.explicit_costs[2] = _search_pair(
                frame, phases, y, x, log_size, first, second, node_bits, tables, settings, scratch
            )


@inline_kernel
def _motion_bits(motion, log_size, tables, scratch):
    """Return the bits of the vectors of an explicit motion."""
    both = np.int64(motion[0] >= 0 and motion[1] >= 0)
    lengths = tables.vectors[vector_context(log_size, both)]
    total = np.int64(0)
    for side in range(LISTS):
        if motion[side] >= 0:
            bits, _ = vector_bits(
                motion[2 + 2 * side], motion[3 + 2 * side], scratch.predictors[side, motion[side]], lengths
            )
            total += bits
    return total


@inner_kernel
def clear_block(frame, y, x, log_size):
    """Mark the block at (y, x) as not decoded in all planes and in the motion map."""
    for number in range(3):
        plane = frame.luma if number == 0 else (frame.blue if number == 1 else frame.red)
        half = 0 if number == 0 else 1
        units = max(1, 1 << (log_size - half) >> UNIT_LOG)
        top, left = y >> (half + UNIT_LOG), x >> (half + UNIT_LOG)
        for v in range(top, min(top + units, plane.blocks.shape[1])):
            for u in range(left, min(left + units, plane.blocks.shape[2])):
                plane.blocks[DONE, v, u] = 0
    units = 1 << log_size >> GRID_LOG
    for v in range(y >> GRID_LOG, min((y >> GRID_LOG) + units, frame.motion.shape[1])):
        for u in range(x >> GRID_LOG, min((x >> GRID_LOG) + units, frame.motion.shape[2])):
            frame.motion[KIND, v, u] = UNDECODED


@kernel
def search_intra_block(plane, source, y, x, log_size, tables, settings, scratch):
    """Code a square without motion, as the block engine does; return its cost."""
    return search_leaf(plane, source, y, x, log_size, log_size, tables, settings, scratch)


@inner_kernel
def _apply_square(plane, y, x, log_size, coded, levels, top, left, tables, scratch):
    """Store the levels of a square and reconstruct it, the prediction being in `scratch` (BLOCK_SCRATCH)."""
    size = 1 << log_size
    for i in range(size):
        for j in range(size):
            plane.levels[y + i, x + j] = levels[top + i, left + j] if coded else 0
    total = used_width = used_height = np.int64(0)
    if coded:
        step = np.int64(STEPS[plane.steps[0, 0]])
        total, used_width, used_height = reconstruct_levels(
            plane.levels,
            y,
            x,
            log_size,
            log_size,
            transform_form(log_size),
            step,
            tables,
            scratch.coefficient_state,
            scratch.coefficients,
        )
    place_transform(plane, y, x, log_size, total, used_width, used_height, tables, scratch)


@merged_kernel
def apply_motion(frame, y, x, log_size, kind, shape, tables, trial, scratch):
    """Reconstruct the block at (y, x) along `scratch.best`, with the levels of `trial`, by the decoder's functions."""
    motion, residual = scratch.best, scratch.residual
    block = residual.leaf.block
    note_motion(frame.motion, y, x, log_size, kind, motion, shape)
    luma = shape >> 2
    small_log = transform_log(log_size, luma)
    small = np.int64(1) << small_log
    for part in range(1 if small_log == log_size else 4):
        top, left = small * (part >> 1), small * (part & 1)
        predict_luma_motion(frame, y + top, x + left, small, small, motion, residual.motion, block.prediction)
        coded = is_part_coded(luma, part)
        _apply_square(
            frame.luma,
            y + top,
            x + left,
            small_log,
            coded,
            residual.luma_levels[trial],
            top,
            left,
            tables.luma,
            block,
        )
    half = np.int64(1) << log_size >> 1
    for number in range(2):
        plane = frame.blue if number == 0 else frame.red
        predict_chroma_motion(
            frame, np.int64(number), y >> 1, x >> 1, half, half, motion, residual.motion, block.prediction
        )
        coded = (shape >> (1 - number)) & 1 == 1
        levels = residual.chroma_levels[trial, number]
        _apply_square(
            plane, y >> 1, x >> 1, log_size - 1, coded, levels, np.int64(0), np.int64(0), tables.chroma, block
        )
    update_guides(frame, y, x, log_size)


@merged_kernel
def _try_intra(frame, sources, y, x, log_size, node_bits, intra, settings, limit, scratch):
    """Code the block without motion, in place; return its cost, HUGE once it is beyond `limit`."""
    clear_block(frame, y, x, log_size)
    leaf = scratch.residual.leaf
    cost = np.float64(settings.lambda_ * node_bits[INTRA_BLOCK])
    cost += search_intra_block(frame.luma, sources.luma, y, x, log_size, intra[0], settings.intra, leaf)
    if cost >= limit:
        return HUGE
    update_guides(frame, y, x, log_size)
    for number in range(2):
        plane = frame.blue if number == 0 else frame.red
        source = sources.blue if number == 0 else sources.red
        cost += search_intra_block(plane, source, y >> 1, x >> 1, log_size - 1, intra[1], settings.chroma_intra, leaf)
    return cost


@merged_kernel
def search_block(frame, sources, phases, y, x, log_size, tables, intra, settings, scratch):
    """Code the block at (y, x) as well as can be without cutting it: fill the planes and the motion map.

    Args:
        frame: `layout.InterFrame`; what the block depends on is decoded.
        sources: `residual_search.Sources`.
        phases: int16 (SLOTS, 16, rows, columns), the references in all phases.
        tables: `adaptation.FrameLengths`.
        intra: search tables of the picture model for luma and chroma.
        settings: `effort.BlockSettings`.
        scratch: record of BLOCK_SEARCH_SCRATCH.

    Returns:
        (its cost, whether it is skipped and nothing spoke for a residual).
    """
    size = np.int64(1) << log_size
    lambda_ = np.float64(settings.lambda_)
    residual, result = scratch.residual, scratch.result
    for i in range(size):
        source, target = sources.luma[y + i, x : x + size], scratch.target[i]
        for j in range(size):
            target[j] = source[j]
    node_bits = tables.nodes[node_context(frame.motion, frame.colocated, y, x, log_size)]
    list_candidates(frame, y, x, size, scratch.vector, scratch.candidates)
    _, skip = _rank_candidates(frame, phases, y, x, log_size, node_bits, settings, scratch)
    best, kind, shape = HUGE, np.int64(SKIPPED), np.int64(0)
    best_number, chosen, trial = skip, np.int64(0), np.int64(1)
    least = scratch.candidate_costs[_least(scratch.candidate_costs, CANDIDATES)]
    smallest = least
    any_coded = False
    for turn in range(settings.merges + 1):
        number = skip if turn == 0 else np.int64(_least(scratch.candidate_costs, CANDIDATES))
        if turn > 0 and scratch.candidate_costs[number] > MERGE_MARGIN * least:
            break
        scratch.candidate_costs[number] = HUGE
        motion = scratch.candidates[number]
        predict_from_phases(phases, frame.slots, y, x, size, motion, residual.prediction)
        coded_shape = code_block(
            frame, sources, y, x, log_size, motion, np.int64(0), tables, settings, trial, residual, result
        )
        cost = result[2] + lambda_ * node_bits[FIRST_SKIP + number]
        if cost < best:
            best, kind, shape, best_number = cost, np.int64(SKIPPED), np.int64(0), number
        if coded_shape != 0:
            any_coded = True
            cost = result[0] + lambda_ * (result[1] + node_bits[FIRST_MERGE + number])
            if cost < best:
                best, kind, shape, best_number = cost, np.int64(MERGED), coded_shape, number
                chosen, trial = trial, 1 - trial
    easy = kind == SKIPPED and not any_coded
    explicit = np.int64(-1)
    if settings.explicit > 0 and not (easy and settings.stop_search) and log_size <= SUPERBLOCK_LOG:
        _list_explicit(frame, phases, y, x, log_size, node_bits, tables, settings, scratch)
        for _turn in range(settings.explicit):
            number = np.int64(_least(scratch.explicit_costs, EXPLICIT_TRIALS))
            smallest = min(smallest, scratch.explicit_costs[number])
            if scratch.explicit_costs[number] > EXPLICIT_MARGIN * smallest + 2 * settings.weight:
                break
            scratch.explicit_costs[number] = HUGE
            motion = scratch.explicit[number]
            symbol = FIRST_EXPLICIT + 2 * choice_of_references(motion[0], motion[1])
            bits = _motion_bits(motion, log_size, tables, scratch)
            predict_from_phases(phases, frame.slots, y, x, size, motion, residual.prediction)
            coded_shape = code_block(
                frame, sources, y, x, log_size, motion, np.int64(1), tables, settings, trial, residual, result
            )
            cost = result[2] + lambda_ * (bits + node_bits[symbol])
            if cost < best:
                best, kind, shape, explicit = cost, np.int64(EXPLICIT), np.int64(0), number
            if coded_shape != 0:
                cost = result[0] + lambda_ * (result[1] + bits + node_bits[symbol + 1])
                if cost < best:
                    best, kind, shape, explicit = cost, np.int64(EXPLICIT), coded_shape, number
                    chosen, trial = trial, 1 - trial
    for k in range(MOTION):
        scratch.best[k] = scratch.candidates[best_number, k] if explicit < 0 else scratch.explicit[explicit, k]
    worth = smallest > 16 * settings.intra_from * size * size
    if shape != 0 and worth and log_size <= SUPERBLOCK_LOG:
        cost = _try_intra(frame, sources, y, x, log_size, node_bits, intra, settings, best, scratch)
        if cost < best:
            for k in range(MOTION):
                scratch.best[k] = -1 if k < 2 else 0
            note_motion(frame.motion, y, x, log_size, np.int64(INTRA), scratch.best, np.int64(0))
            return cost, False
    apply_motion(frame, y, x, log_size, kind, shape, tables, chosen, scratch)
    return best, easy
