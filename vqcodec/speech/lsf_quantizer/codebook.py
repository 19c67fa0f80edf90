"""The codebook of the LSF quantizer: predictors, stages and code lengths, all integers.

A frame's LSF vector is coded by a header symbol and stage indices. There are two sorts of header symbols. One gives a
class (a predictor with stages of its own) and a depth (how many of the stages are added to the prediction). The other
says that the vector lies between its neighbours; then no stage indices follow. Frequencies are integers in UNITs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.huffman import check_lengths
from vqcodec.entropy.tables import TableSet
from vqcodec.errors import CodebookError

UNIT = math.pi / (1 << 15)  # radians; LSFs lie in 1..32767
PREDICTOR_BITS = 13  # fractional bits of predictor coefficients
POSITION_BITS = 14  # fractional bits of interpolation positions
MAX_CLASSES = 8
MAX_STAGES = 12
MAX_ENTRIES = 256

_HEADER_SUBJECT, _INDEX_SUBJECT = "LSF header lengths", "LSF index lengths"  # what error messages call them
_NAMES = ("start", "gap", "offsets", "predictors", "sizes", "codewords", "positions", "header_lengths", "index_lengths")


@dataclass(frozen=True)
class LsfCodebook:
    """The tables of the LSF quantizer; immutable, checked when it is made.

    Header symbol class * (stages + 1) + depth codes a vector from the one before. The last len(positions) symbols code
    a vector between its neighbours. The context of a header symbol is the header symbol of the vector before, or
    `first_context`.

    Attributes:
        start: int16 (order,), the vector that stands before the first one of a group.
        gap: int16 (1,), least distance of neighbouring LSFs, and of the outer LSFs from 0 and pi.
        offsets: int32 (classes, order).
        predictors: int16 (classes, order, order), 13 fractional bits: the prediction of a class is its offset plus
            its matrix times the vector before.
        sizes: int16 (stages,), entries of each stage, 2..256.
        codewords: int16 (classes, stages, max(sizes), order), zero beyond a stage's size.
        positions: int16 (interpolations,), 14 fractional bits, place of a vector between its neighbours.
        header_lengths: uint8 (headers + 1, headers), code lengths by context.
        index_lengths: uint8 (classes * stages, max(sizes)), code lengths of indices; row class * stages + stage.

    Raises:
        CodebookError: the arrays do not fit together.
        CorruptFileError: the lengths are no codes.
    """

    start: npt.NDArray[np.int16]
    gap: npt.NDArray[np.int16]
    offsets: npt.NDArray[np.int32]
    predictors: npt.NDArray[np.int16]
    sizes: npt.NDArray[np.int16]
    codewords: npt.NDArray[np.int16]
    positions: npt.NDArray[np.int16]
    header_lengths: npt.NDArray[np.uint8]
    index_lengths: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        _check(self)

    @property
    def order(self) -> int:
        """Number of frequencies of a vector."""
        return self.start.shape[0]

    @property
    def classes(self) -> int:
        """Number of predictors to choose from."""
        return self.offsets.shape[0]

    @property
    def stages(self) -> int:
        """The greatest depth."""
        return self.sizes.shape[0]

    @property
    def coded_headers(self) -> int:
        """Number of header symbols with a class and a depth; the symbols after them are interpolations."""
        return self.classes * (self.stages + 1)

    @property
    def headers(self) -> int:
        """Size of the header alphabet."""
        return self.coded_headers + self.positions.shape[0]

    @property
    def first_context(self) -> int:
        """Context of the first header symbol of a packet."""
        return self.headers

    @cached_property
    def header_tables(self) -> TableSet:
        """Codes of header symbols; their contexts are given above."""
        return TableSet(self.header_lengths, _HEADER_SUBJECT)

    @cached_property
    def index_tables(self) -> TableSet:
        """Codes of stage indices; the context is class * stages + stage."""
        return TableSet(self.index_lengths, _INDEX_SUBJECT)

    def depths(self) -> npt.NDArray[np.uint8]:
        """Return how many stage indices follow each header symbol, uint8 (headers,)."""
        depths = np.zeros(self.headers, np.uint8)
        depths[: self.coded_headers] = np.arange(self.coded_headers) % (self.stages + 1)
        return depths

    def to_arrays(self, prefix: str = "lsf") -> dict[str, np.ndarray]:
        """Return the arrays by name, as a `Codebook` stores them."""
        return {f"{prefix}/{name}": getattr(self, name) for name in _NAMES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str = "lsf") -> LsfCodebook:
        """Read back what `to_arrays` gave.

        Raises:
            CodebookError: an array is missing, or they do not fit together.
            CorruptFileError: the lengths are no codes.
        """
        missing = [name for name in _NAMES if f"{prefix}/{name}" not in arrays]
        if missing:
            raise CodebookError(f"LSF codebook '{prefix}' has no array '{missing[0]}'; use a whole codebook")
        return cls(**{name: arrays[f"{prefix}/{name}"] for name in _NAMES})


def _check(book: LsfCodebook) -> None:
    """Raise an error unless the arrays of `book` have the right types, shapes and ranges, as `LsfCodebook` says."""
    types = {"offsets": np.int32, "header_lengths": np.uint8, "index_lengths": np.uint8}
    for name in _NAMES:
        if getattr(book, name).dtype != types.get(name, np.int16):
            raise CodebookError(f"LSF codebook: '{name}' has elements {getattr(book, name).dtype}; it is damaged")
    if book.start.ndim != 1 or book.offsets.ndim != 2 or book.sizes.ndim != 1 or book.positions.ndim != 1:
        raise CodebookError("LSF codebook: arrays of the wrong number of axes; it is damaged")
    order, classes, stages, entries = book.order, book.classes, book.stages, int(book.sizes.max(initial=0))
    shapes = {
        "gap": (1,),
        "offsets": (classes, order),
        "predictors": (classes, order, order),
        "codewords": (classes, stages, entries, order),
        "header_lengths": (book.headers + 1, book.headers),
        "index_lengths": (classes * stages, entries),
    }
    for name, shape in shapes.items():
        if getattr(book, name).shape != shape:
            raise CodebookError(f"LSF codebook: '{name}' has shape {getattr(book, name).shape}, not {shape}")
    if classes > MAX_CLASSES or stages > MAX_STAGES or book.headers > 256:
        raise CodebookError(f"LSF codebook: {classes} classes of {stages} stages; it is damaged")
    if book.sizes.min() < 2 or entries > MAX_ENTRIES:
        raise CodebookError(f"LSF codebook: stages of {book.sizes.min()}..{entries} entries; 2..256 are allowed")
    if not 1 <= int(book.gap[0]) * (order + 1) < 1 << 15:
        raise CodebookError(f"LSF codebook: a gap of {book.gap[0]} leaves no room for {order} frequencies")
    if book.positions.min() < 0 or book.positions.max() > 1 << POSITION_BITS:
        raise CodebookError("LSF codebook: a position of interpolation beyond the neighbours; it is damaged")
    if (np.diff(book.start.astype(np.int32), prepend=0, append=1 << 15) < book.gap[0]).any():
        raise CodebookError("LSF codebook: the start is not in order; it is damaged")
    check_lengths(book.header_lengths, _HEADER_SUBJECT)
    for row, lengths in enumerate(book.index_lengths):
        if lengths[book.sizes[row % stages] :].any():
            raise CodebookError("LSF codebook: a code for an entry that does not exist; it is damaged")
    check_lengths(book.index_lengths, _INDEX_SUBJECT)
