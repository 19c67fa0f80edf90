"""The trained tables of the engine, as a codebook holds them.

Intra frames are coded with a picture model (`blocks.model.tables.Model`). Predicted frames have code lengths for every
context of every pool (`contexts.POOLS`), by class of frame and rung of the quantizer's ladder. Contexts with similar
statistics share a table. Every group starts with these tables; `adaptation` changes them as it is coded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.model.initial import initial_model, lengths_from_bits
from vqcodec.blocks.model.model_arrays import ModelArrays, check_rows
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.signal.restoration_kernels import CLASSES, TAPS
from vqcodec.blocks.syntax.contexts import OFFSET_CELLS, PATTERN_SYMBOLS
from vqcodec.entropy.tables import TableSet
from vqcodec.errors import CodebookError
from vqcodec.video.mc.contexts import (
    CUT,
    FIRST_EXPLICIT,
    FIRST_MERGE,
    FIRST_SKIP,
    INTRA_BLOCK,
    NODE_SYMBOLS,
    POOLS,
    SHAPE_SYMBOLS,
    VECTOR_CLASSES,
    VECTOR_SYMBOLS,
)

PREDICTED_CLASSES = 3  # key frames, middle frames, and frames from which nothing is predicted
KEY_CLASS = 0
MEMORY_CLASS = PREDICTED_CLASSES  # first frames that are predicted from memory
PLANE_TYPES = 2
_INTRA, _MEMORY = "intra_", "memory_"  # what names of arrays begin with
_INITIAL_OFFSET = -5  # 1/64 step


class MemoryTables(NamedTuple):
    """Code lengths for frames that are predicted from memory.

    Attributes:
        rows: by pool, uint16 (rungs, contexts), the table of each context.
        lengths: by pool, uint8 (tables, symbols), code lengths in bits.
    """

    rows: Mapping[str, npt.NDArray[np.uint16]]
    lengths: Mapping[str, npt.NDArray[np.uint8]]


class VideoModel:
    """All tables of the engine; immutable.

    Args:
        intra: model of intra frames, and of blocks without motion in predicted frames.
        rungs: uint8, ascending: the step indices at which tables were trained.
        rows: by pool, uint16 (PREDICTED_CLASSES, rungs, contexts), the table of each context.
        lengths: by pool, uint8 (tables, symbols), code lengths in bits.
        offset_sets: uint8 (PREDICTED_CLASSES, rungs), which reconstruction offsets are used.
        offsets: int8 (sets, PLANE_TYPES, OFFSET_CELLS, 256, 4), in 1/64 step.
        restoration: int16 (PREDICTED_CLASSES, rungs, PLANE_TYPES, classes, taps), the restoration filter of predicted
            frames; None for no filter.
        memory: tables of frames of MEMORY_CLASS; None to code these with the tables of key frames. In all else they are
            like key frames.
    """

    def __init__(
        self,
        intra: Model,
        rungs: npt.NDArray[np.uint8],
        rows: Mapping[str, npt.NDArray[np.uint16]],
        lengths: Mapping[str, npt.NDArray[np.uint8]],
        offset_sets: npt.NDArray[np.uint8],
        offsets: npt.NDArray[np.int8],
        restoration: npt.NDArray[np.int16] | None = None,
        memory: MemoryTables | None = None,
    ) -> None:
        self.intra = intra
        self.rungs = rungs
        self.rows = dict(rows)
        self.lengths = dict(lengths)
        self.offset_sets = offset_sets
        self.offsets = offsets
        self.memory = memory
        none = np.zeros((PREDICTED_CLASSES, 0, PLANE_TYPES, CLASSES, TAPS), dtype=np.int16)
        self.restoration = none if restoration is None else restoration

    @property
    def restores(self) -> bool:
        """Whether the model has a restoration filter for predicted frames."""
        return self.restoration.size > 0

    def restoration_of(self, frame_class: int, step_index: int) -> npt.NDArray[np.int16]:
        """Return the restoration filter of a class of frames, int16 (PLANE_TYPES, classes, taps)."""
        return self.restoration[_like(frame_class), self.rung_of(step_index)]

    def rung_of(self, step_index: int) -> int:
        """Return the number of the rung nearest to `step_index`; the finer of two that are equally near."""
        return int(np.argmin(np.abs(self.rungs.astype(np.int64) - step_index)))

    def prior(self, pool: str, frame_class: int, rung: int) -> npt.NDArray[np.uint8]:
        """Return the trained code lengths of every context of a pool, uint8 (contexts, symbols)."""
        if frame_class == MEMORY_CLASS and self.memory is not None:
            return self.memory.lengths[pool][self.memory.rows[pool][rung]]
        return self.lengths[pool][self.rows[pool][_like(frame_class), rung]]

    def offsets_of(self, frame_class: int, rung: int) -> npt.NDArray[np.int8]:
        """Return the reconstruction offsets, int8 (PLANE_TYPES, OFFSET_CELLS, 256, 4)."""
        return self.offsets[self.offset_sets[_like(frame_class), rung]]

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the model as named integer arrays, for a codebook."""
        arrays: dict[str, npt.NDArray[Any]] = {_INTRA + name: array for name, array in self.intra.to_arrays().items()}
        arrays["rungs"] = self.rungs
        for pool in POOLS:
            arrays[f"{pool.name}_rows"] = self.rows[pool.name]
            arrays[f"{pool.name}_lengths"] = self.lengths[pool.name]
        arrays["offset_sets"] = self.offset_sets
        arrays["offsets"] = self.offsets
        if self.restores:
            arrays["restoration"] = self.restoration
        if self.memory is not None:
            for pool in POOLS:
                arrays[f"{_MEMORY}{pool.name}_rows"] = self.memory.rows[pool.name]
                arrays[f"{_MEMORY}{pool.name}_lengths"] = self.memory.lengths[pool.name]
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> VideoModel:
        """Return the model held in a codebook's arrays, after checking them.

        Raises:
            CodebookError: an array is missing, or its shape, type or range is wrong.
            CorruptFileError: code lengths are not a complete prefix code.
        """
        intra = Model.from_arrays({k.removeprefix(_INTRA): a for k, a in arrays.items() if k.startswith(_INTRA)})
        held = ModelArrays(arrays, "engine video/mc")
        rungs = held.take_rungs()
        rows, lengths = _take_tables(held, "", (PREDICTED_CLASSES, len(rungs)))
        memory = None
        if f"{_MEMORY}{POOLS[0].name}_rows" in arrays:
            memory = MemoryTables(*_take_tables(held, _MEMORY, (len(rungs),)))
        sets = held.take("offset_sets", np.uint8, (PREDICTED_CLASSES, len(rungs)))
        offsets = held.take("offsets", np.int8, (None, PLANE_TYPES, OFFSET_CELLS, PATTERN_SYMBOLS, 4))
        check_rows(sets, len(offsets), "offset_sets")
        restoration = held.take_restoration((PREDICTED_CLASSES, len(rungs), PLANE_TYPES))
        return cls(intra, rungs, rows, lengths, sets, offsets, restoration, memory)


def _take_tables(
    held: ModelArrays, prefix: str, shape: tuple[int, ...]
) -> tuple[dict[str, npt.NDArray[np.uint16]], dict[str, npt.NDArray[np.uint8]]]:
    """Return rows and lengths of all pools, checked.

    Args:
        prefix: of the names of the arrays.
        shape: of the rows, without the axis of contexts.
    """
    rows, lengths = {}, {}
    for pool in POOLS:
        name = f"{prefix}{pool.name}"
        table = held.take(f"{name}_lengths", np.uint8, (None, pool.symbols))
        TableSet(table, f"codebook: '{name}_lengths'")
        if table.min() == 0:
            raise CodebookError(f"codebook: '{name}_lengths' leaves a symbol without a code")
        lengths[pool.name] = table
        rows[pool.name] = held.take(f"{name}_rows", np.uint16, (*shape, pool.contexts))
        check_rows(rows[pool.name], len(table), f"{name}_rows")
    return rows, lengths


def _like(frame_class: int) -> int:
    """Return the class whose arrays a class of frames uses."""
    return KEY_CLASS if frame_class == MEMORY_CLASS else frame_class


def initial_video_model(intra: Model, rungs: npt.ArrayLike) -> VideoModel:
    """Return a model to start training from: its tables follow formulas and are the same in all contexts of a pool.

    Args:
        intra: model of intra frames.
        rungs: ascending step indices.
    """
    steps = np.asarray(rungs, dtype=np.uint8)
    shared = initial_model(steps).planes[0].pools
    masks = shared["flags"].lengths[_MASK_ELEMENT][None]
    bits = {"nodes": _node_bits(), "shapes": _shape_bits(), "vectors": _vector_bits()}
    lengths = {name: lengths_from_bits(row[None]) for name, row in bits.items()}
    for plane in ("luma", "chroma"):
        lengths[f"{plane}_masks"] = masks
        lengths[f"{plane}_patterns"] = shared["patterns"].lengths
    rows = {p.name: np.zeros((PREDICTED_CLASSES, len(steps), p.contexts), dtype=np.uint16) for p in POOLS}
    offsets = np.full((1, PLANE_TYPES, OFFSET_CELLS, PATTERN_SYMBOLS, 4), _INITIAL_OFFSET, dtype=np.int8)
    return VideoModel(intra, steps, rows, lengths, np.zeros((PREDICTED_CLASSES, len(steps)), dtype=np.uint8), offsets)


_MASK_ELEMENT = 4  # the row of masks among the initial flags of the block engine


def _node_bits() -> npt.NDArray[np.float64]:
    bits = np.full(NODE_SYMBOLS, 14.0)
    bits[CUT] = 1.5
    bits[FIRST_SKIP:FIRST_MERGE] = [1.5, 3, 4, 5, 6]
    bits[FIRST_MERGE:FIRST_EXPLICIT] = [3, 4, 5, 6, 7]
    bits[FIRST_EXPLICIT:INTRA_BLOCK] = [6, 5, 7, 6, 6, 5, 7, 6, 6, 5, 7, 7, 7, 7, 7, 7]
    bits[INTRA_BLOCK] = 6
    return bits


def _shape_bits() -> npt.NDArray[np.float64]:
    symbols = np.arange(SHAPE_SYMBOLS)
    luma, chroma = symbols >> 2, symbols & 3
    bits = np.full(SHAPE_SYMBOLS, 4.5)
    bits[luma == 0] = 3.0
    bits[luma == 1] = 1.0
    bits += np.array([0.5, 3.0, 3.0, 3.0])[chroma]
    return bits


def _vector_bits() -> npt.NDArray[np.float64]:
    symbols = np.arange(VECTOR_SYMBOLS)
    classes = symbols % VECTOR_CLASSES + symbols // VECTOR_CLASSES % VECTOR_CLASSES
    return 2.0 + 0.5 * classes.astype(np.float64)
