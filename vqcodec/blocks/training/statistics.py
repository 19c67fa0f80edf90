"""Statistics of coded planes for training: counts of symbols, and distances of coefficients from their levels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.decoding.reconstruction import gather_block_references, load_motion, predict_block
from vqcodec.blocks.layout import CODED, DONE, MODE, SUPERBLOCK_LOG, TRANSFORM, UNIT_LOG, Block
from vqcodec.blocks.model.tables import SearchTables
from vqcodec.blocks.search.encoder import SearchedPlane
from vqcodec.blocks.search.leaf_search import LEAF_SCRATCH, flatten_spectrum, load_residual, transform_block
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.blocks.syntax.coefficients import pattern_context
from vqcodec.blocks.syntax.contexts import (
    COUNT_SIZE,
    OFFSET_CELLS,
    PATTERN_SYMBOLS,
    coefficient_form,
    mark_done,
    offset_cell,
)
from vqcodec.blocks.syntax.partitions import PLACES, leaf_count, leaf_of, next_node, node_corner, recorded_cut
from vqcodec.blocks.syntax.significance import BORDER, COEFFICIENT_STATE, load_significance, tree_depth
from vqcodec.blocks.syntax.tokens import count_tokens
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.kernels.records import new_record

OFFSET_SCALE = 256  # offsets are summed as integers, so that the order of summation does not matter


class PlaneStatistics(NamedTuple):
    """Sums over coded planes of one type at one rung.

    Attributes:
        counts: int64 (COUNT_SIZE,), occurrences of each symbol in each context (see `contexts.COUNT_STARTS`).
        offset_sums: int64 (OFFSET_CELLS, 256, 4), |coefficient| / step - magnitude in 1/OFFSET_SCALE.
        offset_counts: int64 (OFFSET_CELLS, 256), number of groups in these sums.
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
def list_leaves(plane, leaves):
    """Fill `leaves` (int32 (units, 4): the fields of `layout.Block`) in coding order; return their number."""
    rows, columns = plane.steps.shape
    count = 0
    for superblock in range(rows * columns):
        top, left = superblock // columns << SUPERBLOCK_LOG, superblock % columns << SUPERBLOCK_LOG
        place, log_size = np.int64(0), np.int64(SUPERBLOCK_LOG)
        while place < PLACES:
            y, x = node_corner(top, left, place)
            cut = recorded_cut(plane, y, x, log_size)
            for part in range(leaf_count(cut)):
                block = leaf_of(y, x, log_size, cut, part)
                leaves[count, 0], leaves[count, 1] = block.y, block.x
                leaves[count, 2], leaves[count, 3] = block.log_width, block.log_height
                count += 1
            place, log_size = next_node(place, log_size, cut)
    return count


@inline_kernel
def listed_leaf(leaves, number):
    """Return leaf `number` of the list that `list_leaves` filled, as a `layout.Block`."""
    return Block(
        np.int64(leaves[number, 0]),
        np.int64(leaves[number, 1]),
        np.int64(leaves[number, 2]),
        np.int64(leaves[number, 3]),
    )


@inner_kernel
def collect_levels(levels, values, block, form, step, state, offset_sums, offset_counts):
    """Add the distances of a block's coefficients from their levels to the sums.

    Args:
        levels: int16 (rows, columns), of the plane; block: `layout.Block`.
        values: float32 (32, 32), the block's coefficients.
        form: see `contexts.coefficient_form`.
        step: float32, in samples.
        state: record of COEFFICIENT_STATE.
        offset_sums, offset_counts: as in `PlaneStatistics`.
    """
    y, x, log_width, log_height = block
    load_significance(levels, block, state)
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


@inner_kernel
def _collect_block(plane, source, block, tables, state, scratch, offset_sums, offset_counts):
    """Transform a block again as it was coded, and add the distances of its coefficients from their levels."""
    y, x, log_width, log_height = block
    mode = np.int64(plane.blocks[MODE, y >> UNIT_LOG, x >> UNIT_LOG])
    gather_block_references(plane, block, scratch.block)
    load_motion(plane, block, scratch.block)
    predict_block(plane, block, mode, scratch.block)
    load_residual(source, block, scratch.block.prediction, scratch.residual)
    transform = np.int64(plane.blocks[TRANSFORM, y >> UNIT_LOG, x >> UNIT_LOG])
    transform_block(log_width, log_height, mode, transform, tables, scratch)
    step = STEP_SIZES[plane.steps[y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG]]
    form = coefficient_form(log_width, log_height, mode, transform, plane.memory.shape[0])
    values = scratch.quantizer.values
    flatten_spectrum(plane.matrix, log_width, log_height, values)
    collect_levels(plane.levels, values, block, form, step, state, offset_sums, offset_counts)


@kernel
def collect_offsets(plane, source, leaves, tables, state, scratch, offset_sums, offset_counts):
    """Add the coefficient statistics of a coded plane.

    Blocks are taken in coding order, so that the samples available to each are those that its coder had.

    Args:
        plane: `layout.Plane`, coded; source: int16 in 1/16, of its size.
        leaves: int32 (leaves, 4), as `list_leaves` fills them.
        tables: `model.SearchTables`, with which the plane was coded.
        state, scratch: records of COEFFICIENT_STATE and LEAF_SCRATCH.
        offset_sums, offset_counts: as in `PlaneStatistics`.
    """
    plane.blocks[DONE, :, :] = 0
    for number in range(leaves.shape[0]):
        block = listed_leaf(leaves, number)
        if plane.blocks[CODED, block.y >> UNIT_LOG, block.x >> UNIT_LOG]:
            _collect_block(plane, source, block, tables, state, scratch, offset_sums, offset_counts)
        mark_done(plane.blocks, block)


class Collector:
    """Collects the statistics of searched planes. Each thread needs its own collector, because it holds scratch."""

    def __init__(self) -> None:
        self._state = new_record(COEFFICIENT_STATE)
        self._scratch = new_record(LEAF_SCRATCH)

    def collect(self, searched: SearchedPlane, tables: SearchTables, statistics: PlaneStatistics) -> None:
        """Add the statistics of `searched` to `statistics`; `tables` are those that it was coded with."""
        count_tokens(searched.tokens, statistics.counts)
        units = searched.plane.blocks[0].size
        leaves = np.zeros((units, 4), dtype=np.int32)
        count = list_leaves(searched.plane, leaves)
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
