"""Decoding of planes: exact, bounded whatever the bytes, tiles in parallel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vqcodec.blocks.layout import Plane, superblock_count
from vqcodec.blocks.model import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.picture_filter import restore_plane
from vqcodec.blocks.picture_planes import (
    Rectangle,
    Samples,
    Shape,
    open_plane,
    plane_rectangle,
    plane_type,
    rounded,
    tile_rectangles,
)
from vqcodec.blocks.plane_decoding import decode_plane, new_decoder_scratch
from vqcodec.entropy.bits import PADDING
from vqcodec.entropy.bits import padded as padded_bits
from vqcodec.errors import CodebookError, CorruptFileError
from vqcodec.jit import map_shards
from vqcodec.limits import check_picture_size


def decode_tile(payload: bytes, shapes: Sequence[Shape], model: Model, parameters: CodingParameters) -> list[Plane]:
    """Return the decoded planes of one tile, of these shapes.

    Raises:
        CorruptFileError: the payload ends before the last plane does, or goes on after it.
    """
    buffer = padded_bits(payload)
    end = 8 * (buffer.size - PADDING)
    rung = model.rung_of(parameters.step_index)
    scratch = new_decoder_scratch()
    planes: list[Plane] = []
    position = 0
    for index, shape in enumerate(shapes):
        kind = plane_type(index, parameters.subsampling)
        plane = open_plane(index, shape, planes, parameters)
        position = decode_plane(
            plane,
            buffer,
            position,
            end,
            parameters.plane_step(index),
            parameters.modulated and kind == 0,
            model.decoder_tables(kind, rung),
            scratch,
        )
        if position > end:
            raise CorruptFileError(f"picture data: truncated or damaged, {len(payload)} bytes do not make a tile")
        planes.append(plane)
    if end - position >= 8:
        raise CorruptFileError(f"picture data: damaged, {(end - position) // 8} bytes are left over after a tile")
    return planes


def decode_planes(
    payloads: Sequence[bytes],
    shapes: Sequence[Shape],
    model: Model,
    parameters: CodingParameters,
    threads: int | None = None,
    tiles: Sequence[int] | None = None,
    dtype: type[np.uint8] | type[np.int16] = np.uint8,
) -> list[Samples]:
    """Return the planes that `encode_planes` coded.

    Args:
        payloads: one a tile, in raster order.
        shapes: (height, width) of every plane.
        tiles: numbers of the tiles to decode; the rest of the planes is left black. None for all.
        dtype: np.uint8 for rounded samples, np.int16 for samples in 1/16.

    Raises:
        LimitError: the picture is larger than `vqcodec.limits` allow.
        CorruptFileError: the number of payloads or the data of one are wrong.
        CodebookError: the picture needs a restoration filter that the model does not have.
    """
    if parameters.restoration and not model.restores:
        raise CodebookError("picture data: filtered by a codebook with a filter, and this one has none")
    luma = shapes[0]
    check_picture_size(luma[1], luma[0])
    rectangles = tile_rectangles(luma)
    if len(payloads) != len(rectangles):
        raise CorruptFileError(
            f"picture data: {len(payloads)} tiles, but {luma[1]}x{luma[0]} pixels make {len(rectangles)}"
        )
    numbers = range(len(rectangles)) if tiles is None else tiles
    for number in numbers:
        _refuse_too_little_data(payloads[number], rectangles[number], luma, parameters, len(shapes))
    planes: list[Any] = [np.zeros(shape, dtype=dtype) for shape in shapes]

    def decode_one(number: int) -> None:
        parts: list[Rectangle] = [
            plane_rectangle(rectangles[number], luma, i, parameters.subsampling) for i in range(len(shapes))
        ]
        decoded = decode_tile(payloads[number], [(p.height, p.width) for p in parts], model, parameters)
        for index, (part, plane) in enumerate(zip(parts, decoded)):
            samples = plane.samples
            if parameters.restoration:
                samples = restore_plane(plane, index, model, parameters)
            inside = samples[: part.height, : part.width]
            part.of(planes[index])[:] = rounded(inside) if dtype == np.uint8 else inside

    map_shards(decode_one, numbers, threads)
    return planes


def _refuse_too_little_data(
    payload: bytes, tile: Rectangle, luma: Shape, parameters: CodingParameters, planes: int
) -> None:
    """Raise CorruptFileError if a tile's superblocks cannot all be in its payload: each takes a bit or more."""
    parts = [plane_rectangle(tile, luma, index, parameters.subsampling) for index in range(planes)]
    least = sum(superblock_count(part.height) * superblock_count(part.width) for part in parts)
    if 8 * len(payload) < least:
        raise CorruptFileError(
            f"picture data: {len(payload)} bytes cannot hold a tile of {tile.width}x{tile.height} pixels; truncated"
        )
