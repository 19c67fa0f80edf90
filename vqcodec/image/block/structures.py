"""The codebook structures of a layer: how a codebook stores them, and the codewords that they stand for.

Every index is one number, whatever the structure: that of a leaf, or those of the tables' codewords in mixed radix. So
indices are chosen among all codewords, in contexts, and coded as ever. A structure makes the codebook smaller, and lets
a decoder stop after the first stages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec import limits
from vqcodec.errors import LimitError, UsageError
from vqcodec.vq.design.result import Progress
from vqcodec.vq.flat import FlatQuantizer
from vqcodec.vq.structures.gain_shape import GainShapeQuantizer
from vqcodec.vq.structures.mean_removed import MeanRemovedQuantizer
from vqcodec.vq.structures.multistage import MultistageQuantizer
from vqcodec.vq.structures.parts import CompositeQuantizer
from vqcodec.vq.structures.product import ProductQuantizer
from vqcodec.vq.structures.tree import TreeQuantizer

STRUCTURES = {"flat": 0, "tree": 1, "multistage": 2, "product": 3, "gain-shape": 4, "mean-removed": 5, "classified": 6}
"""Structures by name, with their numbers in codebooks."""

_CLASSES: dict[int, Any] = {
    1: TreeQuantizer,
    2: MultistageQuantizer,
    3: ProductQuantizer,
    4: GainShapeQuantizer,
    5: MeanRemovedQuantizer,
}
_TYPES = ("uint8", "int16", "int32")
_STAGED = (TreeQuantizer, MultistageQuantizer)
_AT_A_TIME = 4096
_CENTRED = GainShapeQuantizer
"""Codes samples less 128: gains and shapes stand for what differs from grey."""


@dataclass(frozen=True, eq=False)
class StructuredCodewords:
    """The codewords of a structure.

    Attributes:
        quantizer: the structure, in integers.
        codewords: uint8 (size, dimension), all that it can decode, in the order of the indices.
    """

    quantizer: CompositeQuantizer | TreeQuantizer
    codewords: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, quantizer: CompositeQuantizer | TreeQuantizer) -> StructuredCodewords:
        """The codewords of a quantizer of whole samples.

        Raises:
            LimitError: there are too many.
        """
        if quantizer.size > limits.MAX_CODEWORDS:
            raise LimitError(f"{quantizer.size} codewords; at most {limits.MAX_CODEWORDS} are allowed")
        return cls(quantizer, _samples_of(quantizer))

    @property
    def stages(self) -> int:
        """How many stages an index has, or levels its tree; 1 if it cannot be cut short."""
        if isinstance(self.quantizer, TreeQuantizer):
            return max(1, self.quantizer.stages)
        return len(self.quantizer.sizes) if isinstance(self.quantizer, MultistageQuantizer) else 1

    def coarse(self, stages: int) -> npt.NDArray[np.uint8]:
        """What the first `stages` stages of each index give, uint8 (size, dimension)."""
        if not isinstance(self.quantizer, _STAGED) or stages >= self.stages:
            return self.codewords
        return _samples_of(self.quantizer, stages=stages)

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """The arrays of a layer that a codebook stores."""
        number = next(number for number, kind in _CLASSES.items() if isinstance(self.quantizer, kind))
        return {"structure": np.array([number], np.uint8), **self.quantizer.to_arrays()}


def structured_codewords(arrays: Mapping[str, npt.NDArray]) -> StructuredCodewords | None:
    """The structure that the arrays of a layer hold; None if they hold plain codewords.

    Raises:
        KeyError: an array is missing.
        ValueError: the arrays do not fit together.
        LimitError: there are too many codewords.
    """
    if "structure" not in arrays:
        return None
    stored = arrays["structure"]
    if stored.shape != (1,) or stored.dtype != np.uint8 or int(stored[0]) not in _CLASSES:
        raise ValueError("its structure is not known")
    quantizer = _CLASSES[int(stored[0])].from_arrays(arrays)
    for name in quantizer.to_arrays():
        if arrays[name].dtype.name not in _TYPES:
            raise ValueError(f"array {name} is {arrays[name].dtype}; one of {', '.join(_TYPES)} is wanted")
    return StructuredCodewords.of(quantizer)


def designed_structure(
    vectors: npt.NDArray[np.float32],
    size: int,
    structure: str,
    method: str,
    seed: int,
    threads: int | None,
    progress: Progress | None = None,
) -> StructuredCodewords | npt.NDArray[np.uint8]:
    """Design a structure on vectors of samples (n, dimension); of classes only the codewords, uint8 (size, dimension).

    Args: as of `vqcodec.vq.structures.design.design_structure`.

    Raises:
        UsageError: `size` does not suit the structure.
    """
    from vqcodec.vq.structures.design import design_structure  # training alone

    centre = 128 if structure == "gain-shape" else 0
    try:
        quantizer: Any = design_structure(
            vectors - centre, size, structure=structure, method=method, seed=seed, threads=threads, progress=progress
        )
    except ValueError as error:
        raise UsageError(f"structure {structure}: {error}") from None
    if isinstance(quantizer, FlatQuantizer):
        return np.clip(np.rint(quantizer.codewords), 0, 255).astype(np.uint8)
    return StructuredCodewords.of(quantizer.rounded())


def _samples_of(quantizer: CompositeQuantizer | TreeQuantizer, **how: int) -> npt.NDArray[np.uint8]:
    """The samples of all codewords, uint8 (size, dimension); `how` is for `decode`.

    A small file may hold the tables of many codewords, so they are computed some at a time.
    """
    centre = 128 if isinstance(quantizer, _CENTRED) else 0
    indices = np.arange(quantizer.size) if isinstance(quantizer, TreeQuantizer) else quantizer.every_index()
    samples = np.empty((quantizer.size, quantizer.dimension), np.uint8)
    for first in range(0, quantizer.size, _AT_A_TIME):
        rows = slice(first, first + _AT_A_TIME)
        decode: Any = quantizer.decode
        samples[rows] = np.clip(decode(indices[rows], **how) + centre, 0, 255)
    return samples
