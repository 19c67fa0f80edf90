"""Tables that adapt within a group: encoder and decoder rebuild them from the frames coded so far.

The code of a context is made from two counts of symbols. The prior is the distribution that its trained code lengths
stand for, with a weight of PRIOR_SYMBOLS symbols. To it are added the symbols in the frames of the same class; older
frames weigh less. All counts are integers, in 1/COUNT_UNIT of a symbol. A context is rebuilt once its new symbols weigh
more than 1/REBUILD_SHARE of the whole.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.model.plane_tables import no_motions
from vqcodec.blocks.model.tables import NO_CHANCES, DecoderTables, SearchTables, no_transforms
from vqcodec.blocks.syntax.contexts import MODE_SYMBOLS
from vqcodec.blocks.syntax.flag_contexts import KINDS
from vqcodec.entropy.huffman import code_lengths
from vqcodec.entropy.tables import DecodeTables, EncodeTables, TableSet
from vqcodec.video.mc.contexts import (
    CHROMA_MASKS,
    CHROMA_PATTERNS,
    LUMA_MASKS,
    LUMA_PATTERNS,
    NODES,
    POOLS,
    SHAPES,
    VECTORS,
    coefficient_rows,
)
from vqcodec.video.mc.model.chances import NO_FRAME_CHANCES, FrameChances, frame_chances
from vqcodec.video.mc.model.tables import PREDICTED_CLASSES, VideoModel

PRIOR_SYMBOLS = 256
COUNT_UNIT = 256
PRIOR_SHIFT = 16  # a symbol of code length n counts 2^(16 - n); all symbols sum to PRIOR_SYMBOLS * COUNT_UNIT
DECAY_SHIFT = 6  # symbols lose 1/64 of their weight with each later frame of their class
REBUILD_SHARE = 16

ROWS = coefficient_rows()
_NO_MODES = np.zeros((1, MODE_SYMBOLS), dtype=np.uint8)
_NOT_COUNTED = np.zeros((0, 0), dtype=np.int64)
_NO_FORWARD = (np.zeros((0, 0, 16, 16), dtype=np.float32), np.zeros((0, 0, 0, 64, 64), dtype=np.float32))


class FrameCounts(NamedTuple):
    """The symbols of a frame, counted: int64 (contexts, symbols) by pool, in the order of `contexts.POOLS`."""

    nodes: npt.NDArray[np.int64]
    shapes: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.int64]
    luma_masks: npt.NDArray[np.int64]
    luma_patterns: npt.NDArray[np.int64]
    chroma_masks: npt.NDArray[np.int64]
    chroma_patterns: npt.NDArray[np.int64]


def new_counts() -> FrameCounts:
    """Return zeroed counts."""
    return FrameCounts(*(np.zeros((pool.contexts, pool.symbols), dtype=np.int64) for pool in POOLS))


class _ClassTables:
    """The present tables of one class of frames on one rung."""

    def __init__(self, model: VideoModel, frame_class: int, rung: int) -> None:
        self._of = model, frame_class, rung
        self.lengths = [np.ascontiguousarray(model.prior(pool.name, frame_class, rung)) for pool in POOLS]
        self.priors = [(1 << PRIOR_SHIFT) >> lengths.astype(np.int64) for lengths in self.lengths]
        self.running = new_counts()
        self.fresh = [np.zeros(pool.contexts, dtype=np.int64) for pool in POOLS]
        self.offsets = model.offsets_of(frame_class, rung)
        self._sets: list[TableSet | None] = [None] * len(POOLS)

    @cached_property
    def chances(self) -> FrameChances:
        """What the tables said before any frame."""
        return frame_chances(*self._of)

    def table_set(self, number: int) -> TableSet:
        """Return the present codes of a pool; later changes do not affect them."""
        made = self._sets[number]
        if made is None:
            made = self._sets[number] = TableSet(self.lengths[number])
        return made

    def add(self, counts: FrameCounts) -> None:
        """Add the symbols of a frame, and rebuild the contexts in which enough is new."""
        for number, found in enumerate(counts):
            running, fresh = self.running[number], self.fresh[number]
            running -= running >> DECAY_SHIFT
            running += found * COUNT_UNIT
            fresh += found.sum(axis=1) * COUNT_UNIT
            total = running.sum(axis=1) + PRIOR_SYMBOLS * COUNT_UNIT
            stale = np.flatnonzero(fresh * REBUILD_SHARE > total)
            if len(stale):
                self.lengths[number][stale] = code_lengths(self.priors[number][stale] + running[stale])
                fresh[stale] = 0
                self._sets[number] = None


class FrameLengths(NamedTuple):
    """Code lengths in bits, for the search in a frame.

    Attributes:
        nodes, shapes, vectors: uint8 (contexts, symbols).
        luma, chroma: for coefficients, as the kernels of the block engine take them.
    """

    nodes: npt.NDArray[np.uint8]
    shapes: npt.NDArray[np.uint8]
    vectors: npt.NDArray[np.uint8]
    luma: SearchTables
    chroma: SearchTables


class FrameCodes(NamedTuple):
    """Codes for writing a frame, by pool, in the order of `contexts.POOLS`; whether chances are mixed."""

    nodes: EncodeTables
    shapes: EncodeTables
    vectors: EncodeTables
    luma_masks: EncodeTables
    luma_patterns: EncodeTables
    chroma_masks: EncodeTables
    chroma_patterns: EncodeTables
    mixed: int


class CountedTables(NamedTuple):
    """Tables for reading one pool.

    Attributes:
        counts: int64 (contexts, symbols), to which the symbols read with them are added.
        chances: int32 (contexts, nodes), if chances are mixed: what is known of the bits of symbols before.
    """

    tables: DecodeTables
    counts: npt.NDArray[np.int64]
    chances: npt.NDArray[np.int32]


class FrameDecoding(NamedTuple):
    """Tables for reading a predicted frame.

    Attributes:
        nodes, shapes, vectors: count the symbols read with them.
        luma, chroma: for coefficients; these, too, count the symbols read with them.
        intra: tables of the picture model for luma and chroma of blocks without motion.
        frame_class: of the frame.
        mixed: 1 if chances are mixed. Then only patterns are counted.
    """

    nodes: CountedTables
    shapes: CountedTables
    vectors: CountedTables
    luma: DecoderTables
    chroma: DecoderTables
    intra: tuple[DecoderTables, DecoderTables]
    frame_class: int
    mixed: int


class Adaptation:
    """The tables of all classes of predicted frames, while a group is coded.

    Args:
        model: the trained tables.
        base_step_index: step of the group, which chooses the rung.
        memory: whether the group has a frame of class MEMORY_CLASS.
    """

    def __init__(self, model: VideoModel, base_step_index: int, memory: bool = False) -> None:
        rung = model.rung_of(base_step_index)
        self._classes = [_ClassTables(model, number, rung) for number in range(PREDICTED_CLASSES + memory)]

    def add(self, frame_class: int, counts: FrameCounts) -> None:
        """Add the symbols of a frame of class `frame_class` (0 to PREDICTED_CLASSES - 1)."""
        self._classes[frame_class].add(counts)

    def lengths(self, frame_class: int) -> FrameLengths:
        """Return code lengths for the search in a frame of the class; later changes do not affect them."""
        tables = self._classes[frame_class]
        lengths = [table.copy() for table in tables.lengths]

        def search(masks: int, patterns: int, plane_type: int) -> SearchTables:
            return SearchTables(
                ROWS,
                lengths[masks],
                _NO_MODES,
                lengths[patterns],
                no_motions().prices,
                tables.offsets[plane_type],
                *no_transforms(),
                *_NO_FORWARD,
            )

        return FrameLengths(
            lengths[NODES],
            lengths[SHAPES],
            lengths[VECTORS],
            search(LUMA_MASKS, LUMA_PATTERNS, 0),
            search(CHROMA_MASKS, CHROMA_PATTERNS, 1),
        )

    def codes(self, frame_class: int, mixed: bool) -> FrameCodes:
        """Return codes for writing a frame of the class."""
        tables = self._classes[frame_class]
        codes = {pool.name: tables.table_set(number).encoder for number, pool in enumerate(POOLS)}
        return FrameCodes(**codes, mixed=int(mixed))

    def chances(self, frame_class: int) -> FrameChances:
        """Return the prior chances of frames of the class, for mixed chances."""
        return self._classes[frame_class].chances

    def decoding(
        self,
        frame_class: int,
        counts: FrameCounts,
        intra: tuple[DecoderTables, DecoderTables],
        mixed: bool,
    ) -> FrameDecoding:
        """Return tables for reading a frame of the class.

        Args:
            counts: the symbols that are read are added here.
            intra: tables of the picture model for luma and chroma.
            mixed: whether chances are mixed.
        """
        tables = self._classes[frame_class]
        decoders = [tables.table_set(number).decoder for number in range(len(POOLS))]
        known = tables.chances if mixed else NO_FRAME_CHANCES

        def plane(masks: int, patterns: int, plane_type: int) -> DecoderTables:
            return DecoderTables(
                ROWS,
                decoders[masks],
                decoders[masks],
                decoders[patterns],
                no_motions().decoder,
                tables.offsets[plane_type],
                *no_transforms(),
                _NOT_COUNTED if mixed else counts[masks],
                counts[patterns],
                known.masks[plane_type],
                NO_CHANCES,
                kind=KINDS + 2 * frame_class + plane_type,
                mixed=int(mixed),
            )

        return FrameDecoding(
            CountedTables(decoders[NODES], counts.nodes, known.nodes),
            CountedTables(decoders[SHAPES], counts.shapes, known.shapes),
            CountedTables(decoders[VECTORS], counts.vectors, known.vectors),
            plane(LUMA_MASKS, LUMA_PATTERNS, 0),
            plane(CHROMA_MASKS, CHROMA_PATTERNS, 1),
            intra,
            frame_class,
            int(mixed),
        )
