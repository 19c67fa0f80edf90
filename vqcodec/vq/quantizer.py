"""What every codebook structure can do.

A quantizer maps vectors to indices and indices to vectors. `FlatQuantizer` (`flat.py`) is one without structure: a list
of codewords; `vqcodec.vq.structures` has the others.

**How to add a codebook structure**:

1. Write a module in `vq/structures/` with a class that inherits from `Quantizer` and defines all that stands below. If
   it has several tables, `CompositeQuantizer` (`structures/parts.py`) does a part of that. mypy compares signatures.
2. Choose `index_shape`. A structure with one number for each vector has `()`, one with four stages or with four parts
   of the vector has `(4,)`. Indices are always an array of integers, (n, *index_shape).
3. If the first numbers of an index already give a coarse vector (stages of a multistage quantizer, levels of a tree),
   give `decode` an optional keyword `stages`: how many of them to use. All of them is the default.
4. If the structure remembers earlier vectors (finite-state, predictive), the rows of one call to `encode` or `decode`
   follow each other in time, and every call starts from the same state. So a call can be decoded on its own.
5. Look for the nearest codewords of flat parts with `SearchIndex`. A search that keeps several candidates from stage
   to stage stays inside the structure's `encode`.
6. Name the arrays of `to_arrays` for what they hold (`codewords`, `gains`, `matrix`). An engine puts the name of a
   layer in front, as in `luma.codewords`.
7. Export the class in `vqcodec/vq/__init__.py`, and add its design to `STRUCTURES` in `structures/design.py`.
   `tests/unit/test_quantizer.py` then tests what holds for all structures.

An engine that takes any structure uses no more than `Quantizer`. One that needs more, such as the squared errors of all
codewords for a choice in contexts, says which structure it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt


class Quantizer(Protocol):
    """A map from vectors to indices and back, with what is needed to store it in a codebook."""

    @property
    def dimension(self) -> int:
        """Components of a vector."""

    @property
    def size(self) -> int:
        """Number of different vectors that `decode` can return: of a product code, the product of the sizes."""

    @property
    def index_shape(self) -> tuple[int, ...]:
        """Shape of the index of one vector: `()` if it is one number."""

    def encode(
        self, vectors: npt.ArrayLike, *, lambda_: float = 0.0, threads: int | None = None
    ) -> npt.NDArray[np.integer]:
        """Choose the index of each vector.

        Args:
            vectors: (n, dimension), numbers.
            lambda_: squared error (of a whole vector) that one bit is worth, 0 or more. Above 0, the choice minimises
                squared error + lambda_ * `rate_bits`; it needs code lengths.
            threads: how many threads to use; None: as many as there are CPUs. The result does not depend on it.

        Returns:
            Integers (n, *index_shape).

        Raises:
            ValueError: a shape or value is not as described.
        """

    def decode(self, indices: npt.ArrayLike) -> npt.NDArray:
        """Return the vectors of indices.

        Args:
            indices: integers (n, *index_shape).

        Returns:
            (n, dimension), in the type of the codewords.

        Raises:
            ValueError: the shape is wrong, or an index is out of range.
        """

    def rate_bits(self, indices: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the bits that the index of each vector takes: its code length, or those of an index of fixed length.

        Args:
            indices: integers (n, *index_shape).

        Returns:
            float64 (n,).

        Raises:
            ValueError: as for `decode`.
        """

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """Return the quantizer as integer arrays, by name, as a codebook (`vqcodec.Codebook`) holds them.

        Raises:
            ValueError: the quantizer holds numbers that are no integers.
        """

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray]) -> Self:
        """Return the quantizer that `to_arrays` stored; other arrays are ignored.

        Raises:
            KeyError: an array is missing.
            ValueError: the arrays do not fit together.
        """
