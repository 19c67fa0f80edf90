"""Where the bits of a tile went: decoding that also notes what each block took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.decoding.decoder import decode_tile
from vqcodec.blocks.decoding.plane_decoding import decode_leaf
from vqcodec.blocks.layout import SUPERBLOCK_LOG, UNIT_LOG, Plane
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.picture_planes import References, Shape
from vqcodec.blocks.syntax.partitions import (
    PLACES,
    leaf_count,
    leaf_of,
    next_node,
    node_corner,
    parse_cut,
    parse_step,
)
from vqcodec.entropy.range_coder import PRICE_UNIT
from vqcodec.kernels.jit import inline_kernel, kernel


@inline_kernel
def _bits_read(position, scratch):
    """Return how many bits have been read: up to `position`, and of values."""
    return position + scratch.values.mixing.spent.sum() // PRICE_UNIT


@kernel
def trace_plane(plane, buffer, position, end, base_step, modulated, tables, part_bits, scratch, spent):
    """Read and reconstruct a whole plane as `plane_decoding.decode_plane` does, and note the bits of each block.

    This walk is one of its own, so that decoding notes nothing.

    Args:
        plane, buffer, position, end, base_step, modulated, tables, part_bits, scratch: as for `decode_plane`.
        spent: int32 (rows, columns) by unit, zeroed. The unit at the first corner of a block gets the bits of the
            block, and those since the block before: of changes of step, and of the nodes that the block lies in.

    Returns:
        The new position, as `decode_plane` does.
    """
    rows, columns = plane.steps.shape
    for superblock in range(rows * columns):
        row, column = superblock // columns, superblock % columns
        before = _bits_read(position, scratch)
        if modulated:
            position = parse_step(plane, buffer, position, row, column, base_step, tables, part_bits, scratch.values)
        place, log_size = np.int64(0), np.int64(SUPERBLOCK_LOG)
        while place < PLACES:
            y, x = node_corner(row << SUPERBLOCK_LOG, column << SUPERBLOCK_LOG, place)
            cut, position = parse_cut(plane, buffer, position, y, x, log_size, tables, part_bits, scratch.values)
            for part in range(leaf_count(cut)):
                block = leaf_of(y, x, log_size, cut, part)
                position = decode_leaf(plane, buffer, position, block, tables, part_bits, scratch)
                after = _bits_read(position, scratch)
                spent[block.y >> UNIT_LOG, block.x >> UNIT_LOG] = after - before
                before = after
            place, log_size = next_node(place, log_size, cut)
        if position > end:
            break
    return position


class TracedPlane(NamedTuple):
    """A decoded plane, and `spent` as `trace_plane` fills it."""

    plane: Plane
    spent: npt.NDArray[np.int32]


def trace_tile(
    payload: bytes,
    shapes: Sequence[Shape],
    model: Model,
    parameters: CodingParameters,
    references: References = (),
) -> list[TracedPlane]:
    """Return the planes of a tile with the bits of their blocks; arguments and errors as in `decoder.decode_tile`.

    The bits of all blocks are those of the payload, but for the bits that fill its last byte.
    """
    maps: list[npt.NDArray[np.int32]] = []

    def read(plane: Plane, *arguments: Any) -> int:
        maps.append(np.zeros(plane.blocks.shape[1:], dtype=np.int32))
        return int(trace_plane(plane, *arguments, maps[-1]))

    tile = decode_tile(payload, shapes, model, parameters, references, read, counting=True)
    return [TracedPlane(plane, spent) for plane, spent in zip(tile.planes, maps)]
