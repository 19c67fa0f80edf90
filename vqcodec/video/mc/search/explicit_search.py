"""Search of explicit motion: the best vector to every reference, and the best pair of vectors."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.search.partition_search import HUGE_NODE_COST
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.video.mc.contexts import FIRST_EXPLICIT, choice_of_references, vector_context
from vqcodec.video.mc.layout import ENTRIES, FIRST_COUNT, GRID_LOG, LISTS, MOTION
from vqcodec.video.mc.motion.candidates import list_predictors, vector_bits
from vqcodec.video.mc.search.motion_search import STARTS, VectorCosts, predict_from_phases, search_vector
from vqcodec.video.mc.search.search_records import least


@inner_kernel
def _list_starts(search, y, x, log_size, side, entry, scratch):
    """Fill `scratch.starts` with the vectors to start a search from; return their number."""
    frame = search.frame
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
    far = search.far[frame.slots[side, entry]]
    for number in range(far.shape[0]):
        if (far[number, 0] != 0 or far[number, 1] != 0) and count < STARTS:
            starts[count, 0], starts[count, 1] = far[number, 0], far[number, 1]
            count += 1
    return _start_at_matches(search.matches[frame.slots[side, entry]], y, x, log_size, starts, count)


@inline_kernel
def _start_at_matches(matches, y, x, log_size, starts, count):
    """Append to `starts` where the block at (y, x) stands in a reference, or its corners do; return the new count.

    Args:
        matches: int16, `Search.matches` of the reference.
    """
    last = (1 << log_size - GRID_LOG) - 1
    for number in range(matches.shape[2] >> 1 if last == 0 else 4):
        v, u = (y >> GRID_LOG) + last * (number >> 1), (x >> GRID_LOG) + last * (number & 1)
        which = 0
        if last == 0:
            v, u, which = y >> GRID_LOG, x >> GRID_LOG, 2 * number
        if v < matches.shape[0] and u < matches.shape[1] and count < STARTS:
            row, column = np.int64(matches[v, u, which]), np.int64(matches[v, u, which + 1])
            if row != 0 or column != 0:
                starts[count, 0], starts[count, 1] = row, column
                count += 1
    return count


@inner_kernel
def _search_lists(search, y, x, log_size, node_bits, scratch):
    """Find the best vector to every reference: fill `scratch.vectors` and `scratch.vector_costs`.

    A frame that is in both lists is searched once.
    """
    frame, effort = search.frame, search.effort
    size = np.int64(1) << log_size
    lengths = search.tables.vectors[vector_context(log_size, np.int64(0))]
    weight = effort.lambdas.differences
    for side in range(LISTS):
        for entry in range(ENTRIES):
            scratch.vector_costs[side, entry] = HUGE_NODE_COST
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
                scratch.vector_costs[side, entry] = scratch.vector_costs[0, twin] + weight * header
            else:
                count = _list_starts(search, y, x, log_size, np.int64(side), np.int64(entry), scratch)
                cost, vector[0], vector[1] = search_vector(
                    search.phases[frame.slots[side, entry]],
                    scratch.target,
                    y,
                    x,
                    size,
                    VectorCosts(predictors, lengths, weight, np.float32(1)),
                    count,
                    effort.reach if log_size > GRID_LOG else min(effort.reach, 2),
                    effort.neighbours,
                    scratch,
                )
                scratch.vector_costs[side, entry] = cost + weight * header
            found = scratch.found[log_size - GRID_LOG, side, entry]
            found[0], found[1], found[2] = 1, vector[0], vector[1]


@inline_kernel
def _load_pair_target(search, y, x, size, pair, side, scratch):
    """Fill `scratch.pair_target` with what the vector of list `side` should predict, given the other of the pair."""
    alone, prediction = scratch.best, scratch.residual.prediction  # both are not needed until the search is over
    for k in range(MOTION):
        alone[k] = pair[k]
    alone[side] = -1
    predict_from_phases(search.phases, search.frame.slots, y, x, size, alone, prediction)
    for i in range(size):
        a, b, target = scratch.target[i], prediction[i], scratch.pair_target[i]
        for j in range(size):
            target[j] = 2 * np.int32(a[j]) - np.int32(b[j])


@inner_kernel
def _search_pair(search, y, x, log_size, first, second, node_bits, scratch):
    """Refine the best vectors of both lists, in turn, for the mean of both predictions.

    Args:
        first, second: entries of the references in their lists.

    Returns:
        The cost of the pair, which is in `scratch.explicit[2]`.
    """
    frame, effort = search.frame, search.effort
    size = np.int64(1) << log_size
    pair = scratch.explicit[2]
    pair[0], pair[1] = first, second
    for k in range(2):
        pair[2 + k], pair[4 + k] = scratch.vectors[0, first, k], scratch.vectors[1, second, k]
    lengths = search.tables.vectors[vector_context(log_size, np.int64(1))]
    header = np.float32(node_bits[FIRST_EXPLICIT + 2 * choice_of_references(first, second)])
    best = HUGE_NODE_COST
    side = np.int64(1) if scratch.vector_costs[0, first] < scratch.vector_costs[1, second] else np.int64(0)
    for _turn in range(2):
        fixed = 1 - side
        entry = pair[side]
        _load_pair_target(search, y, x, size, pair, side, scratch)
        scratch.starts[0, 0], scratch.starts[0, 1] = pair[2 + 2 * side], pair[3 + 2 * side]
        for k in range(2):
            scratch.starts[1, k] = scratch.predictors[side, entry, 0, k]
        cost, row, column = search_vector(
            search.phases[frame.slots[side, entry]],
            scratch.pair_target,
            y,
            x,
            size,
            VectorCosts(scratch.predictors[side, entry], lengths, effort.lambdas.differences, np.float32(0.5)),
            np.int64(2),
            np.int64(1),
            effort.neighbours,
            scratch,
        )
        other, _ = vector_bits(
            pair[2 + 2 * fixed], pair[3 + 2 * fixed], scratch.predictors[fixed, pair[fixed]], lengths
        )
        total = cost + effort.lambdas.differences * (header + other)
        if total >= best:
            break
        best = np.float64(total)
        pair[2 + 2 * side], pair[3 + 2 * side] = row, column
        side = fixed
    return best


@inner_kernel
def list_explicit(search, y, x, log_size, node_bits, scratch):
    """Fill `scratch.explicit` and `scratch.explicit_costs` with the explicit motions to try.

    They are the best vector of each list and, if `search.effort.both`, the best pair.

    Args:
        search: `search_records.Search`.
        node_bits: uint8 (NODE_SYMBOLS,), code lengths of the node's symbols.
        scratch: record of BLOCK_SEARCH_SCRATCH, which holds the target and the candidates.
    """
    _search_lists(search, y, x, log_size, node_bits, scratch)
    first = np.int64(least(scratch.vector_costs[0], ENTRIES))
    second = np.int64(least(scratch.vector_costs[1], ENTRIES))
    for side in range(LISTS):
        motion, entry = scratch.explicit[side], first if side == 0 else second
        for k in range(MOTION):
            motion[k] = 0
        motion[side], motion[1 - side] = entry, -1
        for k in range(2):
            motion[2 + 2 * side + k] = scratch.vectors[side, entry, k]
        scratch.explicit_costs[side] = scratch.vector_costs[side, entry]
    scratch.explicit_costs[2] = HUGE_NODE_COST
    if search.effort.both:
        times = search.frame.times
        if times[0, first] == times[1, second]:
            second = 1 - second
        if scratch.vector_costs[1, second] < HUGE_NODE_COST:
            scratch.explicit_costs[2] = _search_pair(search, y, x, log_size, first, second, node_bits, scratch)


@inline_kernel
def motion_bits(motion, log_size, tables, scratch):
    """Return the bits of the vectors of an explicit motion.

    Args:
        motion: int64 (MOTION,); tables: `adaptation.FrameLengths`.
        scratch: record of BLOCK_SEARCH_SCRATCH, which holds the predictors.
    """
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
