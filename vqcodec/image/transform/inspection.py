"""The blocks of a picture of this engine: read from its packets, tile by tile, with the bits that each took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vqcodec.blocks.decoding.tracing import TracedPlane, trace_tile
from vqcodec.blocks.layout import CODED, LAST_ANGLE, LOG_HEIGHT, LOG_WIDTH, MEMORY, MODE, SUPERBLOCK_LOG, UNIT_LOG
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.picture_planes import Rectangle, References, plane_rectangle, tile_rectangles
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.blocks.syntax.motion import FLAVOUR_BITS, FRACTION_LOG, column_of, reference_of, row_of
from vqcodec.image.engines import PlaneBlocks
from vqcodec.image.transform.header import Header

MODES = ("planar", "DC", *(f"angle {number}" for number in range(2, LAST_ANGLE + 1)), "from luma", "from luma and Cb",
         "from Cb", "memory", "palette")  # fmt: skip
"""Names of the modes of `blocks.layout`, by number."""
_COPIED = "copied"  # mode MEMORY in planes that copy themselves


def blocks_of(header: Header, packets: Sequence[bytes], model: Model, references: References) -> list[PlaneBlocks]:
    """Return the blocks of the colour planes.

    Args:
        header: of the stream; packets: those of the colours, one a tile.
        model: the tables that they were coded with; references: the planes that they are predicted from.

    Raises:
        CorruptFileError: a packet is damaged.
    """
    parameters, luma = header.parameters, (header.shape.height, header.shape.width)
    tiles = tile_rectangles(luma)
    planes = ("grey",) if parameters.subsampling == "grey" else ("Y", "Cb", "Cr")

    def trace(number: int) -> list[dict[str, Any]]:
        parts = [plane_rectangle(tiles[number], luma, index, parameters.subsampling) for index in range(len(planes))]
        shapes = [(part.height, part.width) for part in parts]
        traced = trace_tile(packets[number], shapes, model, parameters, references)
        return [
            _blocks_in(plane, part, header, across(index)) for index, (plane, part) in enumerate(zip(traced, parts))
        ]

    def across(index: int) -> int:
        return 2 if index > 0 and parameters.subsampling == "420" else 1

    by_tile = [trace(number) for number in range(len(tiles))]
    modes = (*MODES[:MEMORY], _COPIED, *MODES[MEMORY + 1 :]) if parameters.copying else MODES
    return [
        PlaneBlocks(name, across(index), across(index), modes=modes, **_joined([tile[index] for tile in by_tile]))
        for index, name in enumerate(planes)
    ]


def _blocks_in(traced: TracedPlane, part: Rectangle, header: Header, subsampling: int) -> dict[str, Any]:
    """Return the arrays of `PlaneBlocks`, by name, of a plane of a tile.

    Args:
        part: the part of the whole plane that it is.
        subsampling: pixels of the picture to a sample of it, in a row.
    """
    plane, spent = traced
    units = np.indices(spent.shape)
    v, u = units[0], units[1]
    sides = np.int64(1) << plane.blocks[[LOG_HEIGHT, LOG_WIDTH]].astype(np.int64)
    height, width = sides[0], sides[1]
    # A block lies at a multiple of its own sides, so only its first unit does
    first = ((v << UNIT_LOG) % height == 0) & ((u << UNIT_LOG) % width == 0)
    y, x = v[first] << UNIT_LOG, u[first] << UNIT_LOG
    motion = plane.motion[first] if plane.motion.size else np.full(y.shape, -1, dtype=np.int64)
    place, moved = motion >> FLAVOUR_BITS, motion >= 0
    items = np.array([*header.items, -1], dtype=np.int32)
    unit = 1 if header.parameters.copying else (1 << FRACTION_LOG) * subsampling
    return {
        "top": (y + part.top).astype(np.int32),
        "left": (x + part.left).astype(np.int32),
        "height": height[first].astype(np.int32),
        "width": width[first].astype(np.int32),
        "mode": plane.blocks[MODE][first],
        "coded": plane.blocks[CODED][first] > 0,
        "bits": spent[first],
        "step": STEP_SIZES[plane.steps[y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG]],
        "item": np.where(moved, items[np.where(moved, reference_of(place), -1)], np.int32(-1)),
        "moved_down": np.where(moved, row_of(place) / unit, 0).astype(np.float32),
        "moved_right": np.where(moved, column_of(place) / unit, 0).astype(np.float32),
    }


def _joined(tiles: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the arrays of several tiles as those of one plane."""
    return {name: np.concatenate([tile[name] for tile in tiles]) for name in tiles[0]}
