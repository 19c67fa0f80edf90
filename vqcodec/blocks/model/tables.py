"""The trained tables of the block engine, as a codebook holds them and as kernels take them.

A model has two plane types (luma, chroma) and a ladder of rungs: the quantizer steps that it was trained at. A picture
uses the rung nearest to its step. All rungs and contexts of a plane type share pools of tables (code lengths) and of
reconstruction offsets. Small maps tell which table a context uses on a rung. Planes that are predicted from memory are
two more types, whose tables are those of luma and chroma with changes (`memory_tables`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import LUMA, PLANE_TYPES, REMEMBERING
from vqcodec.blocks.model.memory_tables import MemoryChanges
from vqcodec.blocks.model.model_arrays import ModelArrays
from vqcodec.blocks.model.plane_tables import MEMORY_POOLS, PlaneTables, no_motions
from vqcodec.blocks.signal.restoration_kernels import CLASSES, TAPS
from vqcodec.blocks.signal.secondary import MODE_GROUPS, forward_matrices
from vqcodec.blocks.syntax.flag_contexts import FLAG_BITS, MODE_BITS
from vqcodec.entropy.mixing import prior_chances
from vqcodec.entropy.tables import DecodeTables, EncodeTables
from vqcodec.errors import CodebookError

MAX_ALTERNATIVES = 8


class SearchTables(NamedTuple):
    """The tables of one rung of one plane type, as the encoder's kernels take them.

    Attributes:
        rows: int32 (ALL_CONTEXTS,), the table of each context in the pool of its alphabet.
        flags, modes, patterns, motions: uint8 (tables, symbols), what `entropy.tables.bits_of` turns into bits.
        offsets: int8 (OFFSET_CELLS, 256, 4), reconstruction offsets in 1/64 step.
        small_transforms, large_transforms: int8, see `secondary`; of size 0 for chroma.
        small_forward, large_forward: float32, their forward matrices.
    """

    rows: npt.NDArray[np.int32]
    flags: npt.NDArray[np.uint8]
    modes: npt.NDArray[np.uint8]
    patterns: npt.NDArray[np.uint8]
    motions: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int8]
    small_transforms: npt.NDArray[np.int8]
    large_transforms: npt.NDArray[np.int8]
    small_forward: npt.NDArray[np.float32]
    large_forward: npt.NDArray[np.float32]


class DecoderTables(NamedTuple):
    """The tables of one rung of one plane type, as the decoder's kernels take them.

    They are as in `SearchTables`, with decoding tables in place of lengths.

    Attributes:
        mask_counts, pattern_counts: int64 (tables, symbols), to which the reader adds the masks and patterns that it
            reads; of size 0 if the tables do not adapt.
        flag_chances, mode_chances: int32 (tables, nodes), what the code lengths of flags and modes say of their
            bits (see `mixing.prior_chances`).
        kind: LUMA or CHROMA.
        mixed: 1 if flags and modes are values of the range coder, by mixed chances.
    """

    rows: npt.NDArray[np.int32]
    flags: DecodeTables
    modes: DecodeTables
    patterns: DecodeTables
    motions: DecodeTables
    offsets: npt.NDArray[np.int8]
    small_transforms: npt.NDArray[np.int8]
    large_transforms: npt.NDArray[np.int8]
    mask_counts: npt.NDArray[np.int64]
    pattern_counts: npt.NDArray[np.int64]
    flag_chances: npt.NDArray[np.int32]
    mode_chances: npt.NDArray[np.int32]
    kind: int
    mixed: int


class PackTables(NamedTuple):
    """The codes of one rung of one plane type, as writers take them; the last three are as in `DecoderTables`."""

    rows: npt.NDArray[np.int32]
    flags: EncodeTables
    modes: EncodeTables
    patterns: EncodeTables
    motions: EncodeTables
    flag_chances: npt.NDArray[np.int32]
    mode_chances: npt.NDArray[np.int32]
    mixed: int


class Transforms(NamedTuple):
    """The trained non-separable transforms of luma (see `secondary`): int8, of size 0 if there are none."""

    small: npt.NDArray[np.int8]
    large: npt.NDArray[np.int8]


def no_transforms() -> Transforms:
    """Return the transforms of a model without any."""
    return Transforms(np.zeros((0, 0, 16, 16), dtype=np.int8), np.zeros((0, 0, 0, 64, 64), dtype=np.int8))


NO_CHANCES = np.zeros((1, 1), dtype=np.int32)
_NO_COUNTS = np.zeros((0, 0), dtype=np.int64)
_NO_FORWARD = tuple(forward_matrices(matrices) for matrices in no_transforms())


class Model:
    """All tables of an engine; immutable.

    Args:
        rungs: uint8 step indices, ascending.
        planes: the tables of each plane type.
        transforms: of luma; None for none.
        restoration: int16 (plane types, rungs, classes, taps), coefficients of the restoration filter; None for none.
        memory: what changes in planes that are predicted from memory; None if the model has no tables for them.
    """

    def __init__(
        self,
        rungs: npt.NDArray[np.uint8],
        planes: tuple[PlaneTables, ...],
        transforms: Transforms | None = None,
        restoration: npt.NDArray[np.int16] | None = None,
        memory: MemoryChanges | None = None,
    ) -> None:
        self.rungs = np.ascontiguousarray(rungs, dtype=np.uint8)
        self.planes = planes
        self.memory = memory
        self.transforms = transforms or no_transforms()
        none = np.zeros((len(PLANE_TYPES), 0, CLASSES, TAPS), dtype=np.int16)
        self.restoration = none if restoration is None else restoration
        self._plane = lru_cache(maxsize=None)(self._make_plane_tables)
        self._search = lru_cache(maxsize=None)(self._make_search_tables)
        self._chances = lru_cache(maxsize=None)(self._make_chances)
        self._decoder = lru_cache(maxsize=None)(self._make_decoder_tables)
        self._pack = lru_cache(maxsize=None)(self._make_pack_tables)

    def __reduce__(self) -> tuple[type[Model], tuple[Any, ...]]:
        """Pickle what it is made of, without the tables that are made as they are needed."""
        return Model, (self.rungs, self.planes, self.transforms, self.restoration, self.memory)

    @property
    def restores(self) -> bool:
        """Whether the model has a restoration filter."""
        return self.restoration.size > 0

    def rung_of(self, step_index: int) -> int:
        """Return the rung nearest to `step_index`, the finer one if two are equally near."""
        return int(np.argmin(np.abs(self.rungs.astype(np.int64) - step_index)))

    @property
    def remembers(self) -> bool:
        """Whether the model has tables for planes that are predicted from memory."""
        return self.memory is not None

    def plane_tables(self, plane_type: int) -> PlaneTables:
        """Return the tables of a plane type, which may be REMEMBERING more than LUMA or CHROMA.

        Raises:
            CodebookError: the model has no tables for planes that are predicted from memory.
        """
        return self._plane(plane_type)

    def _make_plane_tables(self, plane_type: int) -> PlaneTables:
        if plane_type < REMEMBERING:
            return self.planes[plane_type]
        if self.memory is None:
            raise CodebookError("codebook: it has no tables for pictures that are predicted from a memory")
        number = plane_type - REMEMBERING
        return self.memory.planes[number].changed(self.planes[number], self.memory.groups)

    def search_tables(self, plane_type: int, rung: int) -> SearchTables:
        """Return code lengths and offsets for the search.

        Raises:
            CodebookError: a transform cannot be inverted. Decoding needs no inverse.
        """
        return self._search(plane_type, rung)

    def decoder_tables(self, plane_type: int, rung: int, mixed: bool = False) -> DecoderTables:
        """Return decoding tables and offsets; `mixed` says whether flags are read by mixed chances."""
        return self._decoder(plane_type, rung, mixed)

    def pack_tables(self, plane_type: int, rung: int, mixed: bool = False) -> PackTables:
        """Return codes and lengths for writing; `mixed` says whether flags are written by mixed chances."""
        return self._pack(plane_type, rung, mixed)

    def _make_chances(self, plane_type: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return the prior chances of flags and of modes."""
        pools = self.plane_tables(plane_type).pools
        return prior_chances(pools["flags"].lengths, FLAG_BITS), prior_chances(pools["modes"].lengths, MODE_BITS)

    def _make_search_tables(self, plane_type: int, rung: int) -> SearchTables:
        plane = self.plane_tables(plane_type)
        forward = self._forward_transforms if plane_type % REMEMBERING == LUMA else _NO_FORWARD
        return SearchTables(
            rows=plane.rows[rung].astype(np.int32),
            flags=plane.pools["flags"].prices,
            modes=plane.pools["modes"].prices,
            patterns=plane.pools["patterns"].prices,
            motions=plane.pools.get("motions", no_motions()).prices,
            offsets=plane.offsets[plane.offset_sets[rung]],
            small_transforms=self._transforms_of(plane_type).small,
            large_transforms=self._transforms_of(plane_type).large,
            small_forward=forward[0],
            large_forward=forward[1],
        )

    @cached_property
    def _forward_transforms(self) -> tuple[npt.NDArray[np.float32], ...]:
        return tuple(forward_matrices(matrices) for matrices in self.transforms)

    def _transforms_of(self, plane_type: int) -> Transforms:
        return self.transforms if plane_type % REMEMBERING == LUMA else no_transforms()

    def _make_decoder_tables(self, plane_type: int, rung: int, mixed: bool) -> DecoderTables:
        plane = self.plane_tables(plane_type)
        flag_chances, mode_chances = self._chances(plane_type) if mixed else (NO_CHANCES, NO_CHANCES)
        return DecoderTables(
            rows=plane.rows[rung].astype(np.int32),
            flags=plane.pools["flags"].decoder,
            modes=plane.pools["modes"].decoder,
            patterns=plane.pools["patterns"].decoder,
            motions=plane.pools.get("motions", no_motions()).decoder,
            offsets=plane.offsets[plane.offset_sets[rung]],
            small_transforms=self._transforms_of(plane_type).small,
            large_transforms=self._transforms_of(plane_type).large,
            mask_counts=_NO_COUNTS,
            pattern_counts=_NO_COUNTS,
            flag_chances=flag_chances,
            mode_chances=mode_chances,
            kind=plane_type % REMEMBERING,
            mixed=int(mixed),
        )

    def _make_pack_tables(self, plane_type: int, rung: int, mixed: bool) -> PackTables:
        plane = self.plane_tables(plane_type)
        flags, modes, patterns, motions = (plane.pools.get(name, no_motions()).encoder for name in MEMORY_POOLS)
        chances = self._chances(plane_type) if mixed else (NO_CHANCES, NO_CHANCES)
        rows = plane.rows[rung].astype(np.int32)
        return PackTables(rows, flags, modes, patterns, motions, *chances, int(mixed))

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the model as named integer arrays, for a codebook."""
        arrays: dict[str, npt.NDArray[Any]] = {"rungs": self.rungs}
        for prefix, plane in zip(PLANE_TYPES, self.planes):
            arrays |= plane.to_arrays(prefix)
        if self.transforms.small.size:
            arrays["small_transforms"], arrays["large_transforms"] = self.transforms
        if self.restores:
            arrays["restoration"] = self.restoration
        if self.memory:
            arrays |= self.memory.to_arrays()
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Model:
        """Return the model held in a codebook's arrays, which are checked.

        Raises:
            CodebookError: an array is missing, or has another shape, type or range than the engine needs.
            CorruptFileError: code lengths are not a complete prefix code.
        """
        held = ModelArrays(arrays, "the block engine")
        rungs = held.take_rungs()
        planes = tuple(PlaneTables.from_arrays(held, prefix, len(rungs)) for prefix in PLANE_TYPES)
        transforms = None
        if "small_transforms" in held:
            small = held.take("small_transforms", np.int8, (MODE_GROUPS, None, 16, 16))
            large = held.take("large_transforms", np.int8, (2, MODE_GROUPS, small.shape[1], 64, 64))
            if small.shape[1] > MAX_ALTERNATIVES:
                raise CodebookError(
                    f"codebook: {small.shape[1]} transforms a mode; at most {MAX_ALTERNATIVES} are used"
                )
            transforms = Transforms(small, large)
        restoration = held.take_restoration((len(PLANE_TYPES), len(rungs)))
        return cls(rungs, planes, transforms, restoration, MemoryChanges.from_arrays(held, len(rungs)))
