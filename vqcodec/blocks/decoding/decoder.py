"""Decoding of planes: exact, with bounded time and memory for any bytes, tiles in parallel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from vqcodec.blocks.decoding.picture_filter import restore_plane
from vqcodec.blocks.decoding.plane_decoding import decode_plane
from vqcodec.blocks.decoding.reconstruction import BLOCK_SCRATCH
from vqcodec.blocks.layout import SUPERBLOCK, Plane, superblock_count
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.picture_planes import (
    Rectangle,
    References,
    Samples,
    Shape,
    open_plane,
    plane_rectangle,
    plane_type,
    rounded,
    tables_type,
    tile_rectangles,
)
from vqcodec.blocks.syntax.parts import add_bits, add_mixed, bits_by_part, new_part_bits, values_part
from vqcodec.blocks.syntax.values import FINE, NOT_DECODED, TOO_LONG, close_values, open_values
from vqcodec.entropy.bits import PADDING
from vqcodec.entropy.bits import padded as padded_bits
from vqcodec.errors import CodebookError, CorruptFileError
from vqcodec.kernels.records import new_record
from vqcodec.limits import check_picture_size
from vqcodec.threads import default_threads, map_shards

_BATCHES = 2  # tiles that each thread decodes before the progress is told


class DecodedTile(NamedTuple):
    """The planes of a tile, and the bits of its payload by part (see `EncodedPlanes.bits`)."""

    planes: list[Plane]
    bits: dict[str, int]


def decode_tile(
    payload: bytes,
    shapes: Sequence[Shape],
    model: Model,
    parameters: CodingParameters,
    references: References = (),
    read_plane: Callable[..., int] = decode_plane,
    counting: bool = False,
) -> DecodedTile:
    """Return a decoded tile.

    Args:
        payload: its coded data.
        shapes: (height, width) of each of its planes.
        model: the tables it was coded with.
        references: what it is predicted from, if `parameters.remembering`.
        read_plane: reads and reconstructs a plane as `decode_plane` does.
        counting: whether to count the bits of values of the range coder by part; else they count as padding.

    Raises:
        CorruptFileError: the payload is too short, or bytes are left over.
    """
    buffer = padded_bits(payload)
    end = 8 * (buffer.size - PADDING)
    rung = model.rung_of(parameters.step_index)
    scratch = new_record(BLOCK_SCRATCH)
    scratch.values.counting[0] = counting
    part_bits = new_part_bits(parameters.remembering)
    planes: list[Plane] = []
    position = start = kind = 0
    if parameters.has_values:
        start, end = open_values(buffer, scratch)
        position = start
    for index, shape in enumerate(shapes):
        kind = plane_type(index, parameters.subsampling)
        plane = open_plane(index, shape, planes, parameters, references)
        position = read_plane(
            plane,
            buffer,
            position,
            end,
            parameters.plane_step(index),
            parameters.modulated and kind == 0,
            model.decoder_tables(tables_type(index, parameters), rung, parameters.mixed),
            part_bits[kind],
            scratch,
        )
        if position > end:
            raise CorruptFileError(f"picture data: truncated or damaged, {len(payload)} bytes do not make a tile")
        planes.append(plane)
    fault = close_values(scratch) if parameters.has_values else FINE
    if fault == NOT_DECODED:
        raise CorruptFileError("picture data: damaged, a block is copied from samples that are not decoded before it")
    if fault == TOO_LONG:
        raise CorruptFileError("picture data: damaged, bytes are left over after the values of a tile")
    if end - position >= 8:
        raise CorruptFileError(f"picture data: damaged, {(end - position) // 8} bytes are left over after a tile")
    values = start + 8 * len(payload) - end
    flags = add_mixed(part_bits, scratch.values.mixing.spent)
    bits = bits_by_part(part_bits, kind + 1, end - position)
    add_bits(bits, {values_part(parameters.copying, parameters.palettes): values - flags})
    return DecodedTile(planes, bits)


def decode_planes(
    payloads: Sequence[bytes],
    shapes: Sequence[Shape],
    model: Model,
    parameters: CodingParameters,
    threads: int | None = None,
    tiles: Sequence[int] | None = None,
    dtype: type[np.uint8] | type[np.int16] = np.uint8,
    progress: Callable[[float], None] | None = None,
    references: References = (),
) -> list[Samples]:
    """Return the planes that `encode_planes` coded.

    Args:
        payloads: one for each tile, in raster order.
        shapes: (height, width) of each plane.
        model, parameters: as for `encode_planes`.
        threads: None for all CPUs.
        tiles: numbers of the tiles to decode; the rest of the planes is black. None for all.
        dtype: np.uint8 for rounded samples, np.int16 for samples in 1/16.
        progress: called with the part of the tiles that is done, in the calling thread.
        references: planes of the pictures that the picture is predicted from, if `parameters.remembering`.

    Raises:
        LimitError: the picture is larger than `vqcodec.limits` allow.
        CorruptFileError: the number of payloads is wrong, or a payload is damaged.
        CodebookError: the picture needs a restoration filter, and the model has none.
    """
    tiles = range(len(payloads)) if tiles is None else tiles
    parts_by_tile = _checked_tiles(payloads, shapes, model, parameters, tiles)
    planes: list[Any] = [np.zeros(shape, dtype=dtype) for shape in shapes]

    def decode_one(number: int) -> None:
        parts = parts_by_tile[number]
        decoded = decode_tile(payloads[number], [(p.height, p.width) for p in parts], model, parameters, references)
        for index, (part, plane) in enumerate(zip(parts, decoded.planes)):
            samples = plane.samples
            if parameters.restoration:
                samples = restore_plane(plane, index, model, parameters)
            inside = samples[: part.height, : part.width]
            part.of(planes[index])[:] = rounded(inside) if dtype == np.uint8 else inside

    at_once = len(tiles) if progress is None else _BATCHES * (threads or default_threads())
    for start in range(0, len(tiles), max(at_once, 1)):
        batch = tiles[start : start + at_once]
        map_shards(decode_one, batch, threads)
        if progress is not None:
            progress((start + len(batch)) / len(tiles))
    return planes


def count_plane_bits(
    payloads: Sequence[bytes],
    shapes: Sequence[Shape],
    model: Model,
    parameters: CodingParameters,
    threads: int | None = None,
    references: References = (),
) -> dict[str, int]:
    """Return the bits of all payloads by part, as `EncodedPlanes.bits`; arguments and errors as in `decode_planes`."""
    tiles = range(len(payloads))
    parts_by_tile = _checked_tiles(payloads, shapes, model, parameters, tiles)

    def count_one(number: int) -> dict[str, int]:
        parts = parts_by_tile[number]
        shapes_of_tile = [(part.height, part.width) for part in parts]
        return decode_tile(payloads[number], shapes_of_tile, model, parameters, references, counting=True).bits

    total: dict[str, int] = {}
    for bits in map_shards(count_one, tiles, threads):
        add_bits(total, bits)
    return total


def _checked_tiles(
    payloads: Sequence[bytes],
    shapes: Sequence[Shape],
    model: Model,
    parameters: CodingParameters,
    numbers: Sequence[int],
) -> dict[int, list[Rectangle]]:
    """Return the parts of the planes that belong to the tiles `numbers`; raise errors as `decode_planes` does."""
    if parameters.restoration and not model.restores:
        raise CodebookError("picture data: filtered by a codebook with a filter, and this one has none")
    luma = shapes[0]
    check_picture_size(luma[1], luma[0])
    tiles = tile_rectangles(luma)
    if len(payloads) != len(tiles):
        raise CorruptFileError(f"picture data: {len(payloads)} tiles, but {luma[1]}x{luma[0]} pixels make {len(tiles)}")
    parts_by_tile = {}
    for number in numbers:
        tile, planes = tiles[number], range(len(shapes))
        parts_by_tile[number] = [plane_rectangle(tile, luma, index, parameters.subsampling) for index in planes]
        shapes_of_tile = [(part.height, part.width) for part in parts_by_tile[number]]
        refuse_too_little_data(payloads[number], shapes_of_tile, parameters)
    return parts_by_tile


def refuse_too_little_data(payload: bytes, shapes: Sequence[Shape], parameters: CodingParameters) -> None:
    """Raise CorruptFileError if the payload is too short for a tile's superblocks: each takes at least one bit.

    With mixed chances they may take next to nothing. If blocks may be copied or have palettes, superblocks that reach
    beyond the plane may take no bit.

    Args:
        shapes: (height, width) of each of its planes.
    """
    if parameters.mixed:
        return
    count = (lambda size: size // SUPERBLOCK) if parameters.has_values else superblock_count
    least = sum(count(height) * count(width) for height, width in shapes)
    if 8 * len(payload) < least:
        raise CorruptFileError(
            f"picture data: {len(payload)} bytes cannot hold a tile of {shapes[0][1]}x{shapes[0][0]} pixels; truncated"
        )
