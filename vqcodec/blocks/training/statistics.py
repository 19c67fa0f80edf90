"""What training collects from coded planes: how often each symbol occurs, and where coefficients really lie."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.decoding.reconstruction import gather_block_references, predict_block
from vqcodec.blocks.layout import (
    CODED,
    DONE,
    LEAF,
    MODE,
    QUARTERS,
    SUPERBLOCK_LOG,
    TRANSFORM,
    UNIT_LOG,
    UPPER_LOWER,
)
from vqcodec.blocks.model.tables import SearchTables
from vqcodec.blocks.search.encoder import SearchedPlane
from vqcodec.blocks.search.leaf_search import LEAF_SCRATCH, load_residual, transform_block
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.blocks.syntax.coefficients import BORDER, COEFFICIENT_STATE, load_significance, pattern_context, tree_depth
from vqcodec.blocks.syntax.contexts import COUNT_SIZE, OFFSET_CELLS, PATTERN_SYMBOLS, coefficient_form, offset_cell
from vqcodec.blocks.syntax.partitions import STACK, crosses_edge, partition_of
from vqcodec.blocks.syntax.tokens import count_tokens
from vqcodec.kernels.jit import inner_kernel, kernel
from vqcodec.kernels.records import new_record

OFFSET_SCALE = 256  # offsets are summed as integers, so that sums do not depend on their order


class PlaneStatistics(NamedTuple):
    """Sums over coded planes of one type at one rung.

    Attributes:
        counts: int64 (COUNT_SIZE,), occurrences of each symbol in each context (see `contexts.COUNT_STARTS`).
        offset_sums: int64 (OFFSET_CELLS, 256, 4), |coefficient| / step - magnitude in 1/OFFSET_SCALE.
        offset_counts: int64 (OFFSET_CELLS, 256), groups behind these sums.
    """

    counts: npt.NDArray[np.int64]
    offset_sums: npt.NDArray[np.int64]
    offset_counts: npt.NDArray[np.int64]

    def add(self, other: PlaneStatistics) -> None:
        """Add the sums of `other` in place."""
        for mine, theirs in zip(self, other):
            np.add(mine, theirs, out=mine)


def new_statistics() -> PlaneStatistics:
    """Return zeroed sums."""
    return PlaneStatistics(
        counts=np.zeros(COUNT_SIZE, dtype=np.int64),
        offset_sums=np.zeros((OFFSET_CELLS, PATTERN_SYMBOLS, 4), dtype=np.int64),
        offset_counts=np.zeros((OFFSET_CELLS, PATTERN_SYMBOLS), dtype=np.int64),
    )


@kernel
def list_leaves(plane, stack, leaves):
    """Fill `leaves` (int32 (units, 4): y, x, log2 width, log2 height) in coding order; return their number."""
    rows, columns = plane.steps.shape
    count = 0
    for superblock in range(rows * columns):
        stack[0, 0] = (superblock // columns) << SUPERBLOCK_LOG
        stack[0, 1] = (superblock % columns) << SUPERBLOCK_LOG
        stack[0, 2] = SUPERBLOCK_LOG
        depth = 1
        while depth > 0:
            depth -= 1
            y, x, log_size = np.int64(stack[depth, 0]), np.int64(stack[depth, 1]), np.int64(stack[depth, 2])
            if y >= plane.samples.shape[0] or x >= plane.samples.shape[1]:
                continue
            half = 1 << log_size >> 1
            cut = np.int64(LEAF)
            if crosses_edge(plane.samples, y, x, log_size):
                cut = np.int64(QUARTERS)
            elif log_size > UNIT_LOG:
                cut = np.int64(partition_of(plane.blocks, y, x, log_size))
            if cut == QUARTERS:
                for quarter in range(3, -1, -1):
                    stack[depth, 0] = y + half * (quarter >> 1)
                    stack[depth, 1] = x + half * (quarter & 1)
                    stack[depth, 2] = log_size - 1
                    depth += 1
                continue
            for part in range(1 if cut == LEAF else 2):
                down = half * part if cut == UPPER_LOWER else 0
                leaves[count, 0], leaves[count, 1] = y + down, x + half * part - down
                leaves[count, 2] = log_size - (cut > UPPER_LOWER)
                leaves[count, 3] = log_size - (cut == UPPER_LOWER)
                count += 1
    return count


@inner_kernel
def collect_levels(levels, values, y, x, log_width, log_height, form, step, state, offset_sums, offset_counts):
    """Add where the coefficients of the block at (y, x), coded as `levels`, lie.

    Args:
        values: float32 (32, 32), the block's coefficients.
        form: see `contexts.coefficient_form`; step: float32.
    """
    load_significance(levels, y, x, log_width, log_height, state)
    group_rows, group_columns = 1 << (log_height - 1), 1 << (log_width - 1)
    groups = state.significance[tree_depth(log_width, log_height)]
    for diagonal in range(group_rows + group_columns - 1):
        for gy in range(max(0, diagonal - group_columns + 1), min(group_rows, diagonal + 1)):
            gx = diagonal - gy
            if not groups[gy, gx]:
                continue
            context = pattern_context(state.magnitudes, groups, gy, gx, group_rows, group_columns, form)
            pattern = total = 0
            for k in range(4):
                magnitude = abs(np.int64(levels[y + 2 * gy + (k >> 1), x + 2 * gx + (k & 1)]))
                pattern = pattern * 4 + min(magnitude, 3)
                total += magnitude
            state.magnitudes[gy + BORDER, gx + BORDER] = total
            cell = offset_cell(context)
            offset_counts[cell, pattern] += 1
            for k in range(4):
                level = np.int64(levels[y + 2 * gy + (k >> 1), x + 2 * gx + (k & 1)])
                value = values[2 * gy + (k >> 1), 2 * gx + (k & 1)] / step
                if 0 < abs(level) <= 3:
                    excess = (value if level > 0 else -value) - np.float32(abs(level))
                    offset_sums[cell, pattern, k] += np.int64(np.rint(excess * OFFSET_SCALE))


@kernel
def collect_block(plane, source, y, x, log_width, log_height, tables, state, scratch, offset_sums, offset_counts):
    """Transform the block at (y, x) again as it was coded, and add where its coefficients lie."""
    mode = np.int64(plane.blocks[MODE, y >> UNIT_LOG, x >> UNIT_LOG])
    gather_block_references(plane, y, x, log_width, log_height, scratch.block)
    predict_block(plane, y, x, log_width, log_height, mode, scratch.block)
    load_residual(source, y, x, log_width, log_height, scratch.block.prediction, scratch.residual)
    transform = np.int64(plane.blocks[TRANSFORM, y >> UNIT_LOG, x >> UNIT_LOG])
    transform_block(log_width, log_height, mode, transform, tables, scratch)
    step = STEP_SIZES[plane.steps[y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG]]
    form = coefficient_form(log_width, log_height, mode, transform)
    values = scratch.quantizer.values
    collect_levels(plane.levels, values, y, x, log_width, log_height, form, step, state, offset_sums, offset_counts)


@kernel
def collect_offsets(plane, source, leaves, tables, state, scratch, offset_sums, offset_counts):
    """Add the coefficient statistics of a coded plane; block by block, availability as when it was coded."""
    plane.blocks[DONE, :, :] = 0
    for i in range(leaves.shape[0]):
        y, x = np.int64(leaves[i, 0]), np.int64(leaves[i, 1])
        log_width, log_height = np.int64(leaves[i, 2]), np.int64(leaves[i, 3])
        if plane.blocks[CODED, y >> UNIT_LOG, x >> UNIT_LOG]:
            collect_block(
                plane, source, y, x, log_width, log_height, tables, state, scratch, offset_sums, offset_counts
            )
        for v in range(y >> UNIT_LOG, (y + (1 << log_height)) >> UNIT_LOG):
            for u in range(x >> UNIT_LOG, (x + (1 << log_width)) >> UNIT_LOG):
                plane.blocks[DONE, v, u] = 1


class Collector:
    """Collects the statistics of searched planes with scratch of its own; one a thread."""

    def __init__(self) -> None:
        self._state = new_record(COEFFICIENT_STATE)
        self._scratch = new_record(LEAF_SCRATCH)
        self._stack = np.zeros((STACK, 3), dtype=np.int32)

    def collect(self, searched: SearchedPlane, tables: SearchTables, statistics: PlaneStatistics) -> None:
        """Add the statistics of `searched`, which was coded with `tables`, to `statistics`."""
        count_tokens(searched.tokens, statistics.counts)
        units = searched.plane.blocks[0].size
        leaves = np.zeros((units, 4), dtype=np.int32)
        count = list_leaves(searched.plane, self._stack, leaves)
        collect_offsets(
            searched.plane,
            searched.source,
            leaves[:count],
            tables,
            self._state,
            self._scratch,
            statistics.offset_sums,
            statistics.offset_counts,
        )
