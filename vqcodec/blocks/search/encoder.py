"""Encoding of planes: search, tokens, bits. The bytes do not depend on the number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.decoding.picture_filter import restore_plane
from vqcodec.blocks.effort import SearchSettings, search_settings
from vqcodec.blocks.layout import CHROMA, SAMPLE_BITS, SAMPLE_MAX, SUPERBLOCK, Plane, superblock_count
from vqcodec.blocks.model.tables import Model, PackTables, SearchTables
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.picture_planes import (
    References,
    Samples,
    open_plane,
    padded_source,
    plane_rectangle,
    plane_shape,
    plane_type,
    rounded,
    tables_type,
    tile_rectangles,
)
from vqcodec.blocks.search.leads import NO_LEADS, Leads, guiding_leads, plane_leads
from vqcodec.blocks.search.modulation import superblock_steps
from vqcodec.blocks.search.partition_search import PARTITION_SCRATCH, search_superblock
from vqcodec.blocks.steps import LAMBDA_FACTOR
from vqcodec.blocks.syntax.leaves import EMIT_STATE
from vqcodec.blocks.syntax.palettes import TOKENS_PER_SAMPLE
from vqcodec.blocks.syntax.partitions import MAX_TOKENS_PER_SAMPLE
from vqcodec.blocks.syntax.parts import add_bits, add_mixed, bits_by_part, new_part_bits, values_part
from vqcodec.blocks.syntax.tokens import MAX_TOKEN_BITS, emit_plane, pack_tokens
from vqcodec.blocks.syntax.value_writing import begin_writing, finish_writing, start_values, write_values
from vqcodec.blocks.syntax.values import VALUE_STATE
from vqcodec.entropy.bits import PADDING
from vqcodec.entropy.tables import UNWRITABLE, check_written
from vqcodec.errors import UsageError
from vqcodec.kernels.records import new_record
from vqcodec.threads import default_threads


@dataclass(frozen=True)
class EncodedPlanes:
    """The result of encoding.

    Attributes:
        payloads: coded data of each tile, in raster order.
        reconstruction: the planes exactly as decoding returns them, of the type of the planes that were coded.
        bits: the bits of all payloads by plane type and part ("luma mask"), with "padding" to whole bytes.
        parameters: as given to `encode_planes`, but without restoration if the filter does not reduce the error, and
            without mixed chances if they do not save bytes.
    """

    payloads: list[bytes]
    reconstruction: list[Samples]
    bits: dict[str, int]
    parameters: CodingParameters


class SearchedPlane(NamedTuple):
    """A plane after the search: its state, the padded original in 1/16, its tokens (uint32), its size unpadded."""

    plane: Plane
    source: npt.NDArray[np.int16]
    tokens: npt.NDArray[np.uint32]
    shape: tuple[int, int]


def _search_run(
    searched: tuple[Plane, npt.NDArray[np.int16], Leads, SearchTables, SearchSettings],
    scratch: np.record,
    items: Sequence[tuple[int, int]],
) -> None:
    """Search the superblocks `items` (row, column) one after another."""
    plane, source, leads, tables, settings = searched
    for row, column in items:
        search_superblock(plane, source, leads, row * SUPERBLOCK, column * SUPERBLOCK, tables, settings, scratch)


def diagonals(rows: int, columns: int) -> Iterator[list[tuple[int, int]]]:
    """Yield lists of superblocks (row, column) that can be searched at the same time.

    A superblock needs the one above it and the one to the right of that, so each row starts two superblocks later.
    """
    for diagonal in range(columns + 2 * (rows - 1)):
        pairs = [(row, diagonal - 2 * row) for row in range(rows)]
        yield [(row, column) for row, column in pairs if 0 <= column < columns]


def search_plane(
    plane: Plane,
    source: npt.NDArray[np.int16],
    tables: SearchTables,
    settings: SearchSettings,
    pool: ThreadPoolExecutor | None,
    scratches: Sequence[np.record],
    advance: Callable[[int], None] = lambda _: None,
    leads: Leads = NO_LEADS,
) -> None:
    """Search all superblocks of `plane`: in raster order, or with `pool` along diagonals. The result is the same.

    `advance` is called with the number of superblocks done since the call before; `leads` are for a plane that copies.
    """
    rows, columns = plane.steps.shape
    searched = (plane, source, leads, tables, settings)
    if pool is None or rows == 1 or columns < 4:
        for row in range(rows):
            _search_run(searched, scratches[0], [(row, column) for column in range(columns)])
            advance(columns)
        return
    workers = len(scratches)
    for items in diagonals(rows, columns):
        shares = [items[number::workers] for number in range(workers)]
        list(pool.map(_search_run, [searched] * workers, scratches, shares))
        advance(len(items))


def search_tile(
    sources: Sequence[Samples],
    model: Model,
    parameters: CodingParameters,
    pool: ThreadPoolExecutor | None,
    scratches: Sequence[np.record],
    advance: Callable[[int], None] = lambda _: None,
    references: References = (),
) -> list[SearchedPlane]:
    """Search the planes of one tile one after another; each may be predicted from those before it.

    `advance` is as for `search_plane`, `references` as for `encode_planes`.
    """
    lambda_factor = LAMBDA_FACTOR * parameters.lambda_scale
    rung = model.rung_of(parameters.step_index)
    searched: list[SearchedPlane] = []
    leads = plane_leads(padded_source(sources[0])) if parameters.copying else NO_LEADS
    for index, source in enumerate(sources):
        plane = open_plane(index, source.shape, [s.plane for s in searched], parameters, references)
        modulated = parameters.modulated and plane_type(index, parameters.subsampling) == 0
        tables = model.search_tables(tables_type(index, parameters), rung)
        original = padded_source(source)
        if modulated:
            plane.steps[:] = superblock_steps(original, parameters.plane_step(index), parameters.tune)
        settings = search_settings(
            parameters.effort, lambda_factor, plane_type(index, parameters.subsampling) == CHROMA
        )
        found = (
            leads
            if index == 0
            else guiding_leads(leads, parameters.subsampling, plane.blocks.shape[1], plane.blocks.shape[2])
        )
        search_plane(plane, original, tables, settings, pool, scratches, advance, found)
        most = TOKENS_PER_SAMPLE if parameters.palettes else MAX_TOKENS_PER_SAMPLE
        tokens = np.empty(most * original.size + 64, dtype=np.uint32)
        base = parameters.plane_step(index)
        count = emit_plane(plane, base, modulated, tables.small_transforms, new_record(EMIT_STATE), tokens)
        searched.append(SearchedPlane(plane, original, tokens[:count].copy(), (source.shape[0], source.shape[1])))
    return searched


_UNUSUAL = 2  # bytes that a header with mixed chances may cost where a container or a pack knows the usual ones


class _Way:
    """The tiles of a picture, packed in one of two ways: with mixed chances, or without."""

    def __init__(self, parameters: CodingParameters) -> None:
        self.parameters = parameters
        self.payloads: list[bytes] = []
        self.bits: dict[str, int] = {}

    def add(self, searched: Sequence[SearchedPlane], model: Model) -> None:
        """Pack a tile; errors as in `pack_tile`."""
        payload, bits = pack_tile(searched, model, self.parameters)
        self.payloads.append(payload)
        add_bits(self.bits, bits)


def pack_tile(
    searched: Sequence[SearchedPlane], model: Model, parameters: CodingParameters
) -> tuple[bytes, dict[str, int]]:
    """Return the payload of a tile, and its bits by plane type and part (see `EncodedPlanes.bits`).

    Raises:
        CodebookError: a symbol that the tile needs has no code.
    """
    rung, mixed = model.rung_of(parameters.step_index), parameters.mixed
    kinds = [plane_type(index, parameters.subsampling) for index in range(len(searched))]
    tables = [model.pack_tables(tables_type(index, parameters), rung, mixed) for index in range(len(searched))]
    most_bytes = sum(len(plane.tokens) for plane in searched) * MAX_TOKEN_BITS // 8 + 2 * PADDING + 1
    buffer = np.zeros(most_bytes, dtype=np.uint8)
    part_bits = new_part_bits(parameters.remembering)
    position = flags = 0
    values = b""
    if parameters.has_values:
        state = new_record(VALUE_STATE)
        values = _pack_values(searched, tables, kinds, state)
        position = start_values(len(values), buffer)
        flags = add_mixed(part_bits, state.mixing.spent)
    others = position + 8 * len(values) - flags
    for plane, own, kind in zip(searched, tables, kinds):
        position = pack_tokens(plane.tokens, own, buffer, position, part_bits[kind])
    check_written(position)
    bits = bits_by_part(part_bits, kinds[-1] + 1, -position % 8)
    add_bits(bits, {values_part(parameters.copying, parameters.palettes): others})
    return buffer[: (position + 7) // 8].tobytes() + values, bits


def _pack_values(
    searched: Sequence[SearchedPlane], tables: Sequence[PackTables], kinds: Sequence[int], state: np.record
) -> bytes:
    """Return the values of a tile, as bytes of the range coder; `state` is a record of VALUE_STATE, zeroed."""
    buffer = np.zeros(2 * MAX_TOKEN_BITS * sum(len(plane.tokens) for plane in searched) + 8, dtype=np.uint8)
    begin_writing(state)
    for plane, own, kind in zip(searched, tables, kinds):
        write_values(plane.tokens, own, kind, state, buffer)
    count = int(finish_writing(state, buffer))
    return buffer[: check_written(int(UNWRITABLE) if count < 0 else count)].tobytes()


def _smallest(ways: Sequence[_Way]) -> _Way:
    """Return the way with the fewest bytes, with its parameters and what they may cost a container."""

    def size(way: _Way) -> int:
        parameters = len(way.parameters.to_bytes()) + _UNUSUAL * way.parameters.mixed
        return parameters + sum(map(len, way.payloads))

    return min(ways, key=size)


def encode_planes(
    planes: Sequence[Samples],
    model: Model,
    parameters: CodingParameters,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
    references: References = (),
    observe: Callable[[Sequence[SearchedPlane], CodingParameters], object] = lambda _searched, _parameters: None,
) -> EncodedPlanes:
    """Code `planes` (luma first) with `model`.

    Args:
        planes: uint8 (height, width) each, or int16 in 1/16 (0 to 4080), which keeps the fractions of a colour
            conversion. The size of the first plane and `parameters.subsampling` give the sizes of the others.
        parameters: quantizer steps, tune, effort and so on.
        threads: None for all CPUs; the bytes do not depend on it.
        progress: called with the part of the superblocks that is done, in the calling thread.
        references: planes of the pictures to predict from, of this subsampling, if `parameters.remembering`. The
            picture is then one tile.
        observe: called with what the search of each tile has found, and the parameters.

    Raises:
        CodebookError: `model` decodes, but cannot encode these planes: a symbol without a code, a singular transform.
        UsageError: the planes' sizes do not fit the subsampling.
    """
    check_planes(planes, parameters)
    luma = planes[0].shape
    unfiltered = [np.empty(plane.shape, dtype=np.int16) for plane in planes]
    filtered = [np.empty(plane.shape, dtype=np.int16) for plane in planes]
    restoring = parameters.restoration and model.restores
    ways = [_Way(replace(parameters, mixed=mixed)) for mixed in ((False, True) if parameters.mixed else (False,))]
    gained = 0  # squared error that the filter removes, in squares of 1/16
    workers = threads or default_threads()
    scratches = [new_record(PARTITION_SCRATCH) for _ in range(workers)]
    pool = ThreadPoolExecutor(workers) if workers > 1 else None
    advance = _advance_to(progress, sum(superblock_count(p.shape[0]) * superblock_count(p.shape[1]) for p in planes))
    try:
        for tile in tile_rectangles((luma[0], luma[1])):
            parts = [plane_rectangle(tile, (luma[0], luma[1]), i, parameters.subsampling) for i in range(len(planes))]
            sources = [part.of(plane) for part, plane in zip(parts, planes)]
            searched = search_tile(sources, model, parameters, pool, scratches, advance, references)
            observe(searched, parameters)
            for way in ways:
                way.add(searched, model)
            for index, (part, plane) in enumerate(zip(parts, searched)):
                inside = np.s_[: part.height, : part.width]
                part.of(unfiltered[index])[:] = plane.plane.samples[inside]
                if restoring:
                    better = restore_plane(plane.plane, index, model, parameters, workers)
                    part.of(filtered[index])[:] = better[inside]
                    gained += _squared_error(sources[index], plane.plane.samples[inside])
                    gained -= _squared_error(sources[index], better[inside])
    finally:
        if pool is not None:
            pool.shutdown()
    restoring = restoring and gained > 0
    result = filtered if restoring else unfiltered
    converted = [rounded(plane) if planes[0].dtype == np.uint8 else plane for plane in result]
    way = _smallest(ways)
    return EncodedPlanes(way.payloads, converted, way.bits, replace(way.parameters, restoration=restoring))


def _advance_to(progress: Callable[[float], None] | None, total: int) -> Callable[[int], None]:
    """Return what counts superblocks up to about `total` (tiles cut some in two), and tells `progress`."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(min(done / total, 1.0))

    return advance


def _squared_error(original: Samples, plane: npt.NDArray[np.int16]) -> int:
    """Return the squared error of `plane` (int16 in 1/16) against `original`, in squares of 1/16."""
    exact = original.astype(np.int32) << SAMPLE_BITS if original.dtype == np.uint8 else original.astype(np.int32)
    return int(np.sum((exact - plane) ** 2, dtype=np.int64))


def check_planes(planes: Sequence[Samples], parameters: CodingParameters) -> None:
    """Raise UsageError unless all `planes` are uint8, or int16 in 1/16, and their sizes fit the subsampling."""
    if not planes or any(plane.dtype != planes[0].dtype or plane.ndim != 2 or not plane.size for plane in planes):
        raise UsageError("planes to encode must be non-empty arrays of two dimensions and one type")
    if planes[0].dtype not in (np.uint8, np.int16):
        raise UsageError(f"planes to encode are {planes[0].dtype}; they must be uint8, or int16 in 1/16")
    if planes[0].dtype == np.int16 and any(plane.min() < 0 or plane.max() > SAMPLE_MAX for plane in planes):
        raise UsageError(f"planes to encode in 1/16 must lie within 0..{SAMPLE_MAX}")
    for index, plane in enumerate(planes):
        luma = (planes[0].shape[0], planes[0].shape[1])
        wanted = plane_shape(luma, index, parameters.subsampling)
        if plane.shape != wanted:
            raise UsageError(
                f"plane {index} is {plane.shape[1]}x{plane.shape[0]}; "
                f"with subsampling {parameters.subsampling} it must be {wanted[1]}x{wanted[0]}"
            )
