"""Search of the partition of a superblock: each node is tried as a leaf, in halves and in quarters.

The search works on the plane itself. Each alternative overwrites samples, levels and maps of its node. The cheapest one
is saved and put back. Nodes are visited depth first with an explicit stack of one entry for each size, because cached
kernels must not call themselves.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import (
    BLOCK_FIELDS,
    CODED,
    DONE,
    LEAF,
    LEFT_RIGHT,
    MODE,
    PALETTE,
    QUARTERS,
    SUPERBLOCK,
    SUPERBLOCK_LOG,
    UNIT,
    UNIT_LOG,
    UPPER_LOWER,
)
from vqcodec.blocks.search.leaf_search import LEAF_SCRATCH, search_leaf
from vqcodec.blocks.search.repeats import LEADS, LEVELS
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.blocks.syntax.partitions import crosses_edge, leaf_count, leaf_of, node_context
from vqcodec.entropy.tables import bits_of
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.kernels.records import record_type

SIZES = SUPERBLOCK_LOG - UNIT_LOG + 1
HUGE_NODE_COST = 1e30  # above the cost of any node, which are float64
_CHEAP_PALETTE = 24.0  # bits; a block with such a palette is not cut where blocks without coefficients are not


PARTITION_SCRATCH = record_type(
    samples=(np.int16, (SIZES, SUPERBLOCK, SUPERBLOCK)),
    levels=(np.int16, (SIZES, SUPERBLOCK, SUPERBLOCK)),
    blocks=(np.uint8, (SIZES, BLOCK_FIELDS, SUPERBLOCK // UNIT, SUPERBLOCK // UNIT)),
    motion=(np.int64, (SIZES, SUPERBLOCK // UNIT, SUPERBLOCK // UNIT)),
    nodes=(np.int32, (SIZES, 3)),
    costs=(np.float64, (SIZES, 2)),
    leaf=LEAF_SCRATCH,
)
"""Working arrays of the partition search, with one entry for each size (log2 - 2); each thread has a set.

Attributes:
    samples, levels: the best alternative of the open node of each size.
    blocks, motion: its maps.
    nodes: y, x and next child of the open nodes; the child is -1 until the node itself has been tried.
    costs: best cost so far, and cost of the quarters so far, in squared samples.
    leaf: scratch of the leaf search.
"""


@inline_kernel
def _copy(source, target):
    """Copy `source` to `target`."""
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            target[i, j] = source[i, j]


@inner_kernel
def save_node(plane, y, x, log_size, scratch):
    """Save the plane's state of a node as its best alternative."""
    k, size = log_size - UNIT_LOG, 1 << log_size
    v, u, units = y >> UNIT_LOG, x >> UNIT_LOG, size >> UNIT_LOG
    _copy(plane.samples[y : y + size, x : x + size], scratch.samples[k, :size, :size])
    _copy(plane.levels[y : y + size, x : x + size], scratch.levels[k, :size, :size])
    for field in range(BLOCK_FIELDS):
        _copy(plane.blocks[field, v : v + units, u : u + units], scratch.blocks[k, field, :units, :units])
    if plane.motion.shape[0] > 0:
        _copy(plane.motion[v : v + units, u : u + units], scratch.motion[k, :units, :units])


@inner_kernel
def restore_node(plane, y, x, log_size, scratch):
    """Put the best alternative of a node back into the plane."""
    k, size = log_size - UNIT_LOG, 1 << log_size
    v, u, units = y >> UNIT_LOG, x >> UNIT_LOG, size >> UNIT_LOG
    _copy(scratch.samples[k, :size, :size], plane.samples[y : y + size, x : x + size])
    _copy(scratch.levels[k, :size, :size], plane.levels[y : y + size, x : x + size])
    for field in range(BLOCK_FIELDS):
        _copy(scratch.blocks[k, field, :units, :units], plane.blocks[field, v : v + units, u : u + units])
    if plane.motion.shape[0] > 0:
        _copy(scratch.motion[k, :units, :units], plane.motion[v : v + units, u : u + units])


@inline_kernel
def clear_done(blocks, y, x, log_size):
    """Mark the units of a node as not decoded."""
    for i in range(y >> UNIT_LOG, (y + (1 << log_size)) >> UNIT_LOG):
        for j in range(x >> UNIT_LOG, (x + (1 << log_size)) >> UNIT_LOG):
            if i < blocks.shape[1] and j < blocks.shape[2]:
                blocks[DONE, i, j] = 0


@inline_kernel
def _open_node(scratch, log_size, y, x):
    """Start the search of the node of this size at (y, x)."""
    k = log_size - UNIT_LOG
    scratch.nodes[k, 0], scratch.nodes[k, 1], scratch.nodes[k, 2] = y, x, -1
    scratch.costs[k, 0], scratch.costs[k, 1] = HUGE_NODE_COST, 0.0


@inline_kernel
def _least_bits(log_size):
    """Return the fewest bits of a square node: one for its partition, if it can be cut, and one for a mode."""
    return 2 if log_size > UNIT_LOG else 1


@inner_kernel
def _load_leads(leads, v, u, scratch):
    """Fill `scratch.leads` with those of a superblock."""
    for level in range(LEVELS):
        for i in range(min(SUPERBLOCK // UNIT, leads.shape[1] - v)):
            for j in range(min(SUPERBLOCK // UNIT, leads.shape[2] - u)):
                for number in range(LEADS):
                    scratch.leads[level, i, j, number] = leads[level, v + i, u + j, number]


@kernel
def search_superblock(plane, source, leads, y, x, tables, settings, scratch):
    """Find the partition of the superblock at (y, x) and the coding of its blocks, and leave both in the plane.

    Args:
        plane: `layout.Plane`; the superblocks that this one depends on are coded already.
        source: int16 in 1/16, of the plane's size.
        leads: int64, as `repeats.plane_leads` gives them, in planes that copy; else of size 0.
        tables: `model.SearchTables`.
        settings: `effort.SearchSettings`.
        scratch: record of PARTITION_SCRATCH.

    Returns:
        The cost, float64: squared error + lambda * bits, in squared samples.
    """
    step = STEP_SIZES[plane.steps[y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG]]
    lambda_ = np.float64(settings.leaf.lambda_factor * step * step)
    nodes, costs = scratch.nodes, scratch.costs
    if leads.shape[0] > 0:
        _load_leads(leads, y >> UNIT_LOG, x >> UNIT_LOG, scratch.leaf)
    log_size = np.int64(SUPERBLOCK_LOG)
    _open_node(scratch, log_size, y, x)
    while True:
        k = log_size - UNIT_LOG
        top, left, child = np.int64(nodes[k, 0]), np.int64(nodes[k, 1]), np.int64(nodes[k, 2])
        half = 1 << log_size >> 1
        if child < 0:
            child = np.int64(0)
            if log_size <= settings.largest and not crosses_edge(plane.samples, top, left, log_size):
                row = tables.rows[node_context(plane, top, left, log_size)]
                coded = True
                for cut in (LEAF, UPPER_LOWER, LEFT_RIGHT):
                    clear_done(plane.blocks, top, left, log_size)
                    cost = lambda_ * bits_of(tables.flags[row, cut]) if log_size > UNIT_LOG else 0.0
                    for part in range(leaf_count(cut)):
                        if cost + lambda_ >= costs[k, 0]:
                            cost = HUGE_NODE_COST
                        else:
                            block = leaf_of(top, left, log_size, cut, part)
                            leaf_settings = settings.leaf if cut == LEAF else settings.half
                            cost += search_leaf(plane, source, block, tables, leaf_settings, scratch.leaf)
                    if cost < costs[k, 0]:
                        costs[k, 0] = cost
                        save_node(plane, top, left, log_size, scratch)
                    if cut == LEAF:
                        v, u = top >> UNIT_LOG, left >> UNIT_LOG
                        coded = plane.blocks[CODED, v, u] != 0
                        coded = coded or (plane.blocks[MODE, v, u] == PALETTE and cost > lambda_ * _CHEAP_PALETTE)
                    if log_size == UNIT_LOG or not settings.halves or not coded:
                        break
                costs[k, 1] = lambda_ * bits_of(tables.flags[row, QUARTERS])
                if log_size <= settings.smallest or not (coded or settings.cut_uncoded):
                    child = np.int64(4)
                    costs[k, 1] = HUGE_NODE_COST
                clear_done(plane.blocks, top, left, log_size)
        # Each symbol of the missing quarters takes at least one bit
        if costs[k, 1] + (4 - child) * _least_bits(log_size - 1) * lambda_ >= costs[k, 0] or child == 4:
            if child == 4 and costs[k, 1] < costs[k, 0]:
                costs[k, 0] = costs[k, 1]
            else:
                restore_node(plane, top, left, log_size, scratch)
            if log_size == SUPERBLOCK_LOG:
                return costs[k, 0]
            log_size += 1
            costs[k + 1, 1] += costs[k, 0]
            continue
        nodes[k, 2] = child + 1
        top, left = top + half * (child >> 1), left + half * (child & 1)
        if top < plane.samples.shape[0] and left < plane.samples.shape[1]:
            log_size -= 1
            _open_node(scratch, log_size, top, left)
