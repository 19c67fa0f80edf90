"""Search of the best way to code one block of a predicted frame: a candidate's motion, explicit motion, or none."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SUPERBLOCK_LOG, Block
from vqcodec.blocks.search.leaf_search import search_leaf
from vqcodec.blocks.search.partition_search import HUGE_NODE_COST
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.video.mc.contexts import (
    CANDIDATES,
    FIRST_EXPLICIT,
    FIRST_MERGE,
    FIRST_SKIP,
    INTRA_BLOCK,
    choice_of_references,
    node_context,
)
from vqcodec.video.mc.layout import EXPLICIT, INTRA, MERGED, MOTION, SKIPPED
from vqcodec.video.mc.motion.application import apply_motion, clear_block
from vqcodec.video.mc.motion.candidates import list_candidates, same_motion
from vqcodec.video.mc.motion.reconstruction import note_motion, update_guides
from vqcodec.video.mc.search.explicit_search import list_explicit, motion_bits
from vqcodec.video.mc.search.motion_search import hadamard_difference, predict_from_phases
from vqcodec.video.mc.search.residual_search import code_block
from vqcodec.video.mc.search.search_records import EXPLICIT_TRIALS, least

MERGE_MARGIN = 1.25  # candidates are tried with a residual up to this many times the least Hadamard cost
EXPLICIT_MARGIN = 1.15  # explicit motions likewise


@inline_kernel
def _squared_difference(target, prediction, size):
    """Return the sum of the squared differences of two blocks, in squared samples."""
    total = np.int64(0)
    for i in range(size):
        a, b = target[i], prediction[i]
        line = np.int32(0)
        for j in range(size):
            d = np.int32(a[j]) - np.int32(b[j])
            line += np.int32(d * d) >> 4
        total += line
    return total / 16.0


@inner_kernel
def _rank_candidates(search, y, x, log_size, node_bits, scratch):
    """Fill `scratch.candidate_costs`: costs of the candidates with a residual, by Hadamard differences.

    The cost of a candidate that repeats an earlier one is HUGE_NODE_COST.

    Returns:
        The number of the candidate that is best without a residual.
    """
    lambdas = search.effort.lambdas
    size = 1 << log_size
    best, best_number = HUGE_NODE_COST, np.int64(0)
    prediction = scratch.residual.prediction
    for number in range(CANDIDATES):
        motion = scratch.candidates[number]
        scratch.candidate_costs[number] = HUGE_NODE_COST
        known = False
        for i in range(number):
            known = known or same_motion(scratch.candidates[i], motion)
        if known:
            continue
        predict_from_phases(search.phases, search.frame.slots, y, x, size, motion, prediction)
        cost = _squared_difference(scratch.target, prediction, size)
        cost += lambdas.samples * node_bits[FIRST_SKIP + number]
        if cost < best:
            best, best_number = cost, np.int64(number)
        difference = hadamard_difference(scratch.target, prediction, np.int64(0), np.int64(0), size, scratch.rows)
        scratch.candidate_costs[number] = difference + lambdas.differences * node_bits[FIRST_MERGE + number]
    return best_number


@inner_kernel
def _search_square(plane, source, y, x, log_size, tables, effort, scratch):
    """Code a square without motion, as the block engine does; return its cost."""
    return search_leaf(plane, source, Block(y, x, log_size, log_size), tables, effort, scratch)


@inner_kernel
def _try_intra(search, intra, y, x, log_size, node_bits, limit, scratch):
    """Code the block without motion, in place; return its cost, or HUGE_NODE_COST once it is known to reach `limit`."""
    frame, sources, effort = search.frame, search.sources, search.effort
    clear_block(frame, y, x, log_size)
    leaf = scratch.residual.leaf
    cost = np.float64(effort.lambdas.samples * node_bits[INTRA_BLOCK])
    cost += _search_square(frame.luma, sources.luma, y, x, log_size, intra[0], effort.intra, leaf)
    if cost >= limit:
        return HUGE_NODE_COST
    update_guides(frame, y, x, log_size)
    for number in range(2):
        plane = frame.blue if number == 0 else frame.red
        source = sources.blue if number == 0 else sources.red
        cost += _search_square(plane, source, y >> 1, x >> 1, log_size - 1, intra[1], effort.chroma_intra, leaf)
    return cost


@inner_kernel
def search_block(search, intra, y, x, log_size, scratch):
    """Find the best way to code the block at (y, x) without cutting it; fill the planes and the motion map.

    Args:
        search: `search_records.Search`.
        intra: search tables of the picture model for luma and chroma.
        scratch: record of BLOCK_SEARCH_SCRATCH.

    Returns:
        (cost, whether the block need not be cut). If it is to be cut at once, (HUGE_NODE_COST, False).
    """
    frame, tables, effort = search.frame, search.tables, search.effort
    size = np.int64(1) << log_size
    lambda_ = np.float64(effort.lambdas.samples)
    prediction = scratch.residual.prediction
    for i in range(size):
        source, target = search.sources.luma[y + i, x : x + size], scratch.target[i]
        for j in range(size):
            target[j] = source[j]
    node_bits = tables.nodes[node_context(frame.motion, frame.colocated, y, x, log_size)]
    list_candidates(frame, y, x, size, scratch.vector, scratch.candidates)
    skip = _rank_candidates(search, y, x, log_size, node_bits, scratch)
    best, kind, shape = HUGE_NODE_COST, np.int64(SKIPPED), np.int64(0)
    best_number, chosen, trial = skip, np.int64(0), np.int64(1)
    lowest = scratch.candidate_costs[least(scratch.candidate_costs, CANDIDATES)]
    smallest = lowest
    if log_size > effort.smallest and lowest > 16 * effort.cut_from * size * size:
        return HUGE_NODE_COST, False
    good = lowest < 16 * effort.good_below * size * size
    any_coded = False
    for turn in range(effort.merges + 1):
        number = skip if turn == 0 else np.int64(least(scratch.candidate_costs, CANDIDATES))
        if turn > 0 and scratch.candidate_costs[number] > MERGE_MARGIN * lowest:
            break
        scratch.candidate_costs[number] = HUGE_NODE_COST
        motion = scratch.candidates[number]
        predict_from_phases(search.phases, frame.slots, y, x, size, motion, prediction)
        coded_shape, distortion, bits, uncoded = code_block(
            search, y, x, log_size, motion, np.int64(0), trial, scratch.residual
        )
        cost = np.float64(uncoded) + lambda_ * node_bits[FIRST_SKIP + number]
        if cost < best:
            best, kind, shape, best_number = cost, np.int64(SKIPPED), np.int64(0), number
        if coded_shape != 0:
            any_coded = True
            cost = np.float64(distortion) + lambda_ * (np.float64(bits) + node_bits[FIRST_MERGE + number])
            if cost < best:
                best, kind, shape, best_number = cost, np.int64(MERGED), coded_shape, number
                chosen, trial = trial, 1 - trial
    easy = good or (kind == SKIPPED and not any_coded)
    explicit = np.int64(-1)
    if effort.explicit > 0 and not (easy and effort.stop_search) and log_size <= SUPERBLOCK_LOG:
        list_explicit(search, y, x, log_size, node_bits, scratch)
        for _turn in range(effort.explicit):
            number = np.int64(least(scratch.explicit_costs, EXPLICIT_TRIALS))
            smallest = min(smallest, scratch.explicit_costs[number])
            if scratch.explicit_costs[number] > EXPLICIT_MARGIN * smallest + 2 * effort.lambdas.differences:
                break
            scratch.explicit_costs[number] = HUGE_NODE_COST
            motion = scratch.explicit[number]
            symbol = FIRST_EXPLICIT + 2 * choice_of_references(motion[0], motion[1])
            vector_bits = motion_bits(motion, log_size, tables, scratch)
            predict_from_phases(search.phases, frame.slots, y, x, size, motion, prediction)
            coded_shape, distortion, bits, uncoded = code_block(
                search, y, x, log_size, motion, np.int64(1), trial, scratch.residual
            )
            cost = np.float64(uncoded) + lambda_ * (vector_bits + node_bits[symbol])
            if cost < best:
                best, kind, shape, explicit = cost, np.int64(EXPLICIT), np.int64(0), number
            if coded_shape != 0:
                cost = np.float64(distortion)
                cost += lambda_ * (np.float64(bits) + vector_bits + node_bits[symbol + 1])
                if cost < best:
                    best, kind, shape, explicit = cost, np.int64(EXPLICIT), coded_shape, number
                    chosen, trial = trial, 1 - trial
    for k in range(MOTION):
        scratch.best[k] = scratch.candidates[best_number, k] if explicit < 0 else scratch.explicit[explicit, k]
    worth = smallest > 16 * effort.intra_from * size * size
    if shape != 0 and worth and log_size <= SUPERBLOCK_LOG:
        cost = _try_intra(search, intra, y, x, log_size, node_bits, best, scratch)
        if cost < best:
            for k in range(MOTION):
                scratch.best[k] = -1 if k < 2 else 0
            note_motion(frame.motion, y, x, log_size, np.int64(INTRA), scratch.best, np.int64(0))
            return cost, False
    apply_motion(frame, y, x, log_size, kind, shape, tables, chosen, scratch)
    return best, easy
