"""Search of how a superblock of a predicted frame is cut: every node is tried whole and in quarters.

The search works on the frame itself. What the frame holds of a node coded whole is saved before the quarters are tried,
and is put back if they cost more. Nodes are visited depth first, with one open node of each size.
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import BLOCK_FIELDS, UNIT
from vqcodec.blocks.search.partition_search import HUGE_NODE_COST
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.mc.contexts import CUT, node_context
from vqcodec.video.mc.layout import ENTRIES, GRID, GRID_LOG, LISTS, MOTION_FIELDS, NODE_SIZES, ROOT, ROOT_LOG
from vqcodec.video.mc.motion.application import clear_block
from vqcodec.video.mc.motion.reconstruction import update_guides
from vqcodec.video.mc.search.block_search import search_block
from vqcodec.video.mc.search.search_records import BLOCK_SEARCH_SCRATCH
from vqcodec.video.mc.syntax.partitions import lies_inside

_HALF = ROOT // 2

NODE_SCRATCH = record_type(
    luma_samples=(np.int16, (NODE_SIZES, ROOT, ROOT)),
    luma_levels=(np.int16, (NODE_SIZES, ROOT, ROOT)),
    luma_blocks=(np.uint8, (NODE_SIZES, BLOCK_FIELDS, ROOT // UNIT, ROOT // UNIT)),
    chroma_samples=(np.int16, (NODE_SIZES, 2, _HALF, _HALF)),
    chroma_levels=(np.int16, (NODE_SIZES, 2, _HALF, _HALF)),
    chroma_blocks=(np.uint8, (NODE_SIZES, 2, BLOCK_FIELDS, _HALF // UNIT, _HALF // UNIT)),
    motion=(np.int16, (NODE_SIZES, MOTION_FIELDS, ROOT // GRID, ROOT // GRID)),
    nodes=(np.int64, (NODE_SIZES, 3)),
    costs=(np.float64, (NODE_SIZES, 2)),
    block=BLOCK_SEARCH_SCRATCH,
)
"""Working arrays of the search, with one entry for each size of node; each thread has its own.

Attributes:
    luma_samples to motion: what the frame holds of the open node of each size, coded whole.
    nodes: y, x and next child of the open nodes; a next child of -1 means that the node was not tried yet.
    costs: cost coded whole, and cost of the quarters so far.
"""


@inner_kernel
def _copy(source, top, left, target, at_top, at_left, rows, columns):
    """Copy the part of `source` at (top, left) to `target` at (at_top, at_left)."""
    for i in range(rows):
        for j in range(columns):
            target[at_top + i, at_left + j] = source[top + i, left + j]


@inner_kernel
def _exchange_plane(plane, y, x, size, samples, levels, blocks, save):
    """Save what `plane` holds of the square at (y, x) if `save`, else put it back."""
    units, top, left = size // UNIT, y // UNIT, x // UNIT
    zero = np.int64(0)
    if save:
        _copy(plane.samples, y, x, samples, zero, zero, size, size)
        _copy(plane.levels, y, x, levels, zero, zero, size, size)
    else:
        _copy(samples, zero, zero, plane.samples, y, x, size, size)
        _copy(levels, zero, zero, plane.levels, y, x, size, size)
    for field in range(BLOCK_FIELDS):
        if save:
            _copy(plane.blocks[field], top, left, blocks[field], zero, zero, units, units)
        else:
            _copy(blocks[field], zero, zero, plane.blocks[field], top, left, units, units)


@inner_kernel
def _exchange_node(frame, y, x, log_size, scratch, save):
    """Save what the frame holds of the node at (y, x) if `save`, else put it back."""
    k, size = log_size - GRID_LOG, np.int64(1) << log_size
    _exchange_plane(
        frame.luma, y, x, size, scratch.luma_samples[k], scratch.luma_levels[k], scratch.luma_blocks[k], save
    )
    for number in range(2):
        plane = frame.blue if number == 0 else frame.red
        _exchange_plane(
            plane,
            y >> 1,
            x >> 1,
            size >> 1,
            scratch.chroma_samples[k, number],
            scratch.chroma_levels[k, number],
            scratch.chroma_blocks[k, number],
            save,
        )
    units, zero = size >> GRID_LOG, np.int64(0)
    grid_row, grid_column = y >> GRID_LOG, x >> GRID_LOG
    for field in range(MOTION_FIELDS):
        motion, saved = frame.motion[field], scratch.motion[k, field]
        if save:
            _copy(motion, grid_row, grid_column, saved, zero, zero, units, units)
        else:
            _copy(saved, zero, zero, motion, grid_row, grid_column, units, units)
    if not save:
        update_guides(frame, y, x, log_size)


@inline_kernel
def _open_node(scratch, log_size, y, x):
    """Open the node at (y, x); its search starts from the vectors found for its parent."""
    k = log_size - GRID_LOG
    scratch.nodes[k, 0], scratch.nodes[k, 1], scratch.nodes[k, 2] = y, x, -1
    scratch.costs[k, 0], scratch.costs[k, 1] = HUGE_NODE_COST, 0.0
    for side in range(LISTS):
        for entry in range(ENTRIES):
            for i in range(3):
                above = scratch.block.found[k + 1, side, entry, i]
                scratch.block.found[k, side, entry, i] = above if log_size < ROOT_LOG else 0


@kernel
def search_root(search, intra, y, x, scratch):
    """Find the best way to code the superblock at (y, x); fill the planes and the motion map.

    Args:
        search: `search_records.Search`.
        intra: search tables of the picture model for luma and chroma.
        scratch: record of NODE_SCRATCH.

    Returns:
        The cost: squared error + lambda * bits.
    """
    frame, effort = search.frame, search.effort
    rows, columns = frame.luma.samples.shape
    nodes, costs = scratch.nodes, scratch.costs
    log_size = np.int64(ROOT_LOG)
    for side in range(LISTS):
        for entry in range(ENTRIES):
            scratch.block.found[NODE_SIZES, side, entry, 0] = 0
    _open_node(scratch, log_size, y, x)
    while True:
        k = log_size - GRID_LOG
        node_y, node_x, child = nodes[k, 0], nodes[k, 1], nodes[k, 2]
        half = np.int64(1) << log_size >> 1
        if child < 0:
            child = np.int64(0)
            if lies_inside(node_y, node_x, log_size, rows, columns):
                clear_block(frame, node_y, node_x, log_size)
                context = node_context(frame.motion, frame.colocated, node_y, node_x, log_size)
                cut_bits = search.tables.nodes[context, CUT]
                costs[k, 0], easy = search_block(search, intra, node_y, node_x, log_size, scratch.block)
                if log_size <= effort.smallest or (easy and effort.stop_cut):
                    child = np.int64(4)
                    costs[k, 1] = HUGE_NODE_COST
                else:
                    if costs[k, 0] < HUGE_NODE_COST:
                        _exchange_node(frame, node_y, node_x, log_size, scratch, True)
                    clear_block(frame, node_y, node_x, log_size)
                    costs[k, 1] = effort.lambdas.samples * cut_bits
        if child == 4 or costs[k, 1] >= costs[k, 0]:
            if costs[k, 1] >= costs[k, 0]:
                if child < 4 or costs[k, 1] < HUGE_NODE_COST:
                    _exchange_node(frame, node_y, node_x, log_size, scratch, False)
                cost = costs[k, 0]
            else:
                cost = costs[k, 1]
            if log_size == ROOT_LOG:
                return cost
            log_size += 1
            costs[log_size - GRID_LOG, 1] += cost
            continue
        nodes[k, 2] = child + 1
        below, right = node_y + half * (child >> 1), node_x + half * (child & 1)
        if below < rows and right < columns:
            log_size -= 1
            _open_node(scratch, log_size, below, right)
