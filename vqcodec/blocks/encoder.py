"""Encoding of planes: search, tokens, bits. The same bytes whatever the number of threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.coefficients import new_coefficient_state
from vqcodec.blocks.effort import SearchSettings, search_settings
from vqcodec.blocks.layout import SUPERBLOCK, Plane
from vqcodec.blocks.model import Model, SearchTables
from vqcodec.blocks.modulation import superblock_steps
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.partition_search import PartitionScratch, new_partition_scratch, search_superblock
from vqcodec.blocks.picture_planes import (
    open_plane,
    padded,
    plane_rectangle,
    plane_shape,
    plane_type,
    tile_rectangles,
    to_bytes,
)
from vqcodec.blocks.steps import LAMBDA_FACTOR
from vqcodec.blocks.syntax import MAX_TOKENS_PER_SAMPLE, STACK
from vqcodec.blocks.tokens import MAX_TOKEN_BITS, PART_NAMES, emit_plane, new_part_bits, pack_tokens
from vqcodec.entropy.bits import PADDING
from vqcodec.errors import UsageError
from vqcodec.jit import default_threads


@dataclass(frozen=True)
class EncodedPlanes:
    """What encoding gives.

    Attributes:
        payloads: coded data of each tile, in raster order.
        reconstruction: uint8 planes, exactly what decoding will give.
        bits: where the bits of all payloads went, by plane type and part ("luma mask"), with "padding" to whole bytes.
    """

    payloads: list[bytes]
    reconstruction: list[npt.NDArray[np.uint8]]
    bits: dict[str, int]


class SearchedPlane(NamedTuple):
    """A plane after the search: its state, the padded original, its tokens (uint32)."""

    plane: Plane
    source: npt.NDArray[np.uint8]
    tokens: npt.NDArray[np.uint32]


def _search_run(
    searched: tuple[Plane, npt.NDArray[np.uint8], SearchTables, SearchSettings],
    scratch: PartitionScratch,
    items: Sequence[tuple[int, int]],
) -> None:
    """Search the superblocks `items` (row, column) one after another."""
    plane, source, tables, settings = searched
    for row, column in items:
        search_superblock(plane, source, row * SUPERBLOCK, column * SUPERBLOCK, tables, settings, scratch)


def _diagonals(rows: int, columns: int) -> Iterator[list[tuple[int, int]]]:
    """Yield the superblocks that can be searched at once: a row follows the one above two superblocks behind."""
    for diagonal in range(columns + 2 * (rows - 1)):
        pairs = [(row, diagonal - 2 * row) for row in range(rows)]
        yield [(row, column) for row, column in pairs if 0 <= column < columns]


def search_plane(
    plane: Plane,
    source: npt.NDArray[np.uint8],
    tables: SearchTables,
    settings: SearchSettings,
    pool: ThreadPoolExecutor | None,
    scratches: Sequence[PartitionScratch],
) -> None:
    """Search all superblocks of `plane`: in raster order, or with `pool` in a wavefront with the same result."""
    rows, columns = plane.steps.shape
    searched = (plane, source, tables, settings)
    if pool is None or rows == 1 or columns < 4:
        _search_run(searched, scratches[0], [(row, column) for row in range(rows) for column in range(columns)])
        return
    workers = len(scratches)
    for items in _diagonals(rows, columns):
        shares = [items[number::workers] for number in range(workers)]
        list(pool.map(_search_run, [searched] * workers, scratches, shares))


def search_tile(
    sources: Sequence[npt.NDArray[np.uint8]],
    model: Model,
    parameters: CodingParameters,
    pool: ThreadPoolExecutor | None,
    scratches: Sequence[PartitionScratch],
    settings: SearchSettings | None = None,
) -> list[SearchedPlane]:
    """Search the planes of one tile, one after another, each guided by those before."""
    settings = settings or search_settings(parameters.effort, LAMBDA_FACTOR * parameters.lambda_scale)
    rung = model.rung_of(parameters.step_index)
    searched: list[SearchedPlane] = []
    for index, source in enumerate(sources):
        plane = open_plane(index, source.shape, [s.plane for s in searched], parameters)
        modulated = parameters.modulated and plane_type(index, parameters.subsampling) == 0
        tables = model.search_tables(plane_type(index, parameters.subsampling), rung)
        original = padded(source)
        if modulated:
            plane.steps[:] = superblock_steps(original, parameters.plane_step(index))
        search_plane(plane, original, tables, settings, pool, scratches)
        tokens = np.empty(MAX_TOKENS_PER_SAMPLE * original.size + 64, dtype=np.uint32)
        stack = np.zeros((STACK, 3), dtype=np.int32)
        base = parameters.plane_step(index)
        count = emit_plane(plane, base, modulated, tables.small_transforms, new_coefficient_state(), stack, tokens)
        searched.append(SearchedPlane(plane, original, tokens[:count].copy()))
    return searched


def pack_tile(
    searched: Sequence[SearchedPlane], model: Model, parameters: CodingParameters
) -> tuple[bytes, dict[str, int]]:
    """Return the payload of a tile and where its bits went."""
    rung = model.rung_of(parameters.step_index)
    bits: dict[str, int] = {}
    room = sum(len(plane.tokens) for plane in searched) * MAX_TOKEN_BITS // 8 + PADDING + 1
    buffer = np.zeros(room, dtype=np.uint8)
    position = 0
    for index, plane in enumerate(searched):
        kind = plane_type(index, parameters.subsampling)
        parts = new_part_bits()
        position = pack_tokens(plane.tokens, model.pack_tables(kind, rung), buffer, position, parts)
        for name, count in zip(PART_NAMES, parts.tolist()):
            key = f"{('luma', 'chroma')[kind]} {name}"
            bits[key] = bits.get(key, 0) + count
    bits["padding"] = -position % 8
    return buffer[: (position + 7) // 8].tobytes(), bits


def encode_planes(
    planes: Sequence[npt.NDArray[np.uint8]],
    model: Model,
    parameters: CodingParameters,
    threads: int | None = None,
) -> EncodedPlanes:
    """Code `planes` (luma first) with `model`.

    Args:
        planes: uint8 (height, width) each; their sizes follow from the first and `parameters.subsampling`.
        threads: None for all CPUs; the bytes do not depend on it.

    Raises:
        UsageError: the planes' sizes do not fit the subsampling.
    """
    check_planes(planes, parameters)
    luma = planes[0].shape
    reconstruction = [np.empty(plane.shape, dtype=np.uint8) for plane in planes]
    payloads: list[bytes] = []
    bits: dict[str, int] = {}
    workers = threads or default_threads()
    scratches = [new_partition_scratch() for _ in range(workers)]
    pool = ThreadPoolExecutor(workers) if workers > 1 else None
    try:
        for tile in tile_rectangles((luma[0], luma[1])):
            parts = [plane_rectangle(tile, (luma[0], luma[1]), i, parameters.subsampling) for i in range(len(planes))]
            sources = [part.of(plane) for part, plane in zip(parts, planes)]
            searched = search_tile(sources, model, parameters, pool, scratches)
            payload, tile_bits = pack_tile(searched, model, parameters)
            payloads.append(payload)
            for name, count in tile_bits.items():
                bits[name] = bits.get(name, 0) + count
            for part, target, plane in zip(parts, reconstruction, searched):
                part.of(target)[:] = to_bytes(plane.plane, (part.height, part.width))
    finally:
        if pool is not None:
            pool.shutdown()
    return EncodedPlanes(payloads, reconstruction, bits)


def check_planes(planes: Sequence[npt.NDArray[np.uint8]], parameters: CodingParameters) -> None:
    """Raise UsageError unless `planes` are uint8 and have the sizes that the subsampling demands."""
    if not planes or any(plane.dtype != np.uint8 or plane.ndim != 2 or not plane.size for plane in planes):
        raise UsageError("planes to encode must be non-empty uint8 arrays of two dimensions")
    for index, plane in enumerate(planes):
        luma = (planes[0].shape[0], planes[0].shape[1])
        wanted = plane_shape(luma, index, parameters.subsampling)
        if plane.shape != wanted:
            raise UsageError(
                f"plane {index} is {plane.shape[1]}x{plane.shape[0]}; "
                f"with subsampling {parameters.subsampling} it must be {wanted[1]}x{wanted[0]}"
            )
