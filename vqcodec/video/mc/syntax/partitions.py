"""The partition of a predicted frame: its nodes in coding order.

A frame is cut into superblocks, which are coded in raster order. Each is a node of 64x64 luma samples. A node is a
block, or it is cut into quarters. Quarters are coded depth first: upper left, upper right, lower left, lower right.
Nodes outside the frame are not coded. A node that crosses the frame's edge is cut without a symbol.

Writer and reader walk through the nodes with the same functions: `next_node` gives the next one, and `cut_node` says
that it is cut. The writer knows this from the motion map, the reader from a symbol. The encoder's search has a walk of
its own (`search.node_search`), since it visits every node both whole and cut, and comes back to the parent with a cost.
"""

from __future__ import annotations

import numpy as np

from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.mc.layout import GRID_LOG, ROOT, ROOT_LOG

WALK = record_type(stack=(np.int32, (3 * (ROOT_LOG - GRID_LOG) + 1, 3)), depth=(np.int32, ()), root=(np.int32, ()))
"""A walk through the nodes of a frame.

Attributes:
    stack: y, x and log2 of the size of the nodes still to visit in this superblock; depth: their number.
    root: number of the next superblock.
"""


@inline_kernel
def start_walk(walk):
    """Begin with the first superblock of a frame; `walk` is a record of WALK."""
    walk.depth = 0
    walk.root = 0


@inner_kernel
def next_node(walk, rows, columns):
    """Return (y, x, log2 of the size) of the next node in coding order; a size of 0 means that there are no more.

    Args:
        rows, columns: of luma, in samples.
    """
    while walk.depth > 0:
        walk.depth -= 1
        node = walk.stack[walk.depth]
        if node[0] < rows and node[1] < columns:
            return np.int64(node[0]), np.int64(node[1]), np.int64(node[2])
    across = (columns + ROOT - 1) >> ROOT_LOG
    root = np.int64(walk.root)
    y, x = root // across * ROOT, root % across * ROOT
    if y >= rows:
        return np.int64(0), np.int64(0), np.int64(0)
    walk.root += 1
    return y, x, np.int64(ROOT_LOG)


@inner_kernel
def cut_node(walk, y, x, log_size):
    """Visit the quarters of the node at (y, x) next."""
    half = 1 << log_size >> 1
    for quarter in range(3, -1, -1):
        node = walk.stack[walk.depth]
        node[0], node[1], node[2] = y + half * (quarter >> 1), x + half * (quarter & 1), log_size - 1
        walk.depth += 1


@inline_kernel
def lies_inside(y, x, log_size, rows, columns):
    """Return whether the node at (y, x) lies within the frame as a whole."""
    return y + (1 << log_size) <= rows and x + (1 << log_size) <= columns
