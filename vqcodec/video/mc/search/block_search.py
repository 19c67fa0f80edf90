"""Search of the best way to code one block of a predicted frame: candidates, explicit motion, no motion."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SUPERBLOCK_LOG, Block
from vqcodec.blocks.search.leaf_search import search_leaf
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
from vqcodec.video.mc.motion.candidates import list_candidates
from vqcodec.video.mc.motion.reconstruction import note_motion, update_guides
from vqcodec.video.mc.search.explicit_search import list_explicit, motion_bits
from vqcodec.video.mc.search.motion_search import hadamard_difference, predict_from_phases
from vqcodec.video.mc.search.residual_search import code_block
from vqcodec.video.mc.search.search_records import EXPLICIT_TRIALS, HUGE, least

MERGE_MARGIN = 1.25  # candidates with a greater Hadamard cost, beside the best, are not tried with a residual
EXPLICIT_MARGIN = 1.15


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


@inner_kernel
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


@inner_kernel
def search_intra_block(plane, source, y, x, log_size, tables, settings, scratch):
    """Code a square without motion, as the block engine does; return its cost."""
    return search_leaf(plane, source, Block(y, x, log_size, log_size), tables, settings, scratch)


@inner_kernel
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


@inner_kernel
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
        (its cost, whether it need not be cut); of a block that is to be cut at once (HUGE, False).
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
    lowest = scratch.candidate_costs[least(scratch.candidate_costs, CANDIDATES)]
    smallest = lowest
    if log_size > settings.smallest and lowest > 16 * settings.cut_from * size * size:
        return HUGE, False
    good = lowest < 16 * settings.good_below * size * size
    any_coded = False
    for turn in range(settings.merges + 1):
        number = skip if turn == 0 else np.int64(least(scratch.candidate_costs, CANDIDATES))
        if turn > 0 and scratch.candidate_costs[number] > MERGE_MARGIN * lowest:
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
    easy = good or (kind == SKIPPED and not any_coded)
    explicit = np.int64(-1)
    if settings.explicit > 0 and not (easy and settings.stop_search) and log_size <= SUPERBLOCK_LOG:
        list_explicit(frame, phases, y, x, log_size, node_bits, tables, settings, scratch)
        for _turn in range(settings.explicit):
            number = np.int64(least(scratch.explicit_costs, EXPLICIT_TRIALS))
            smallest = min(smallest, scratch.explicit_costs[number])
            if scratch.explicit_costs[number] > EXPLICIT_MARGIN * smallest + 2 * settings.weight:
                break
            scratch.explicit_costs[number] = HUGE
            motion = scratch.explicit[number]
            symbol = FIRST_EXPLICIT + 2 * choice_of_references(motion[0], motion[1])
            bits = motion_bits(motion, log_size, tables, scratch)
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
