"""The product quantizer (split VQ): consecutive parts of the vector have a codebook each.

Sources: Sabin and Gray 1984, "Product code vector quantizers for waveform and voice coding"; Jegou, Douze and Schmid
2011, "Product quantization for nearest neighbor search".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from vqcodec.vq.search import SearchIndex
from vqcodec.vq.structures.parts import (
    CompositeQuantizer,
    checked_indices,
    checked_part,
    checked_vectors,
    integers_of,
    no_rate,
    numbered_tables,
)


class ProductQuantizer(CompositeQuantizer):
    """Codewords for consecutive parts of a vector.

    Args:
        parts: the codewords of each part, (size, dimension of the part); 1 to 16 parts. Integers stay integers.

    Attributes:
        parts: copies of the codewords of each part.

    Raises:
        ValueError: the arguments are not as described.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, parts: Sequence[npt.ArrayLike]) -> None:
        if not 1 <= len(parts) <= 16:
            raise ValueError(f"{len(parts)} parts; 1 to 16 are wanted")
        self.parts = tuple(checked_part("parts", part) for part in parts)
        self.sizes = tuple(len(part) for part in self.parts)
        self._ends = np.cumsum([part.shape[1] for part in self.parts])
        self._searches = [SearchIndex(part) for part in self.parts]

    @property
    def dimension(self) -> int:
        return int(self._ends[-1])

    def encode(
        self, vectors: npt.ArrayLike, *, lambda_: float = 0.0, threads: int | None = None
    ) -> npt.NDArray[np.int32]:
        """Return the nearest codeword of each part, int32 (n, parts): exact; see `Quantizer.encode`."""
        no_rate(lambda_)
        pieces = np.split(checked_vectors(vectors, self.dimension), self._ends[:-1], axis=1)
        found = [
            search.nearest(np.ascontiguousarray(piece), threads=threads)[0]
            for search, piece in zip(self._searches, pieces)
        ]
        return np.stack(found, axis=1)

    def decode(self, indices: npt.ArrayLike) -> npt.NDArray:
        """Return the codewords of the parts, put together; see `Quantizer.decode`."""
        checked = checked_indices(indices, self.sizes)
        return np.concatenate([part[checked[:, number]] for number, part in enumerate(self.parts)], axis=1)

    def rounded(self) -> Self:
        """The quantizer with its numbers rounded to integers."""
        return type(self)([np.rint(part).astype(np.int32) for part in self.parts])

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """Return `part0`, `part1` and so on; see `Quantizer.to_arrays`."""
        return integers_of({f"part{number}": part for number, part in enumerate(self.parts)})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray]) -> Self:
        """Return the quantizer that `to_arrays` stored; see `Quantizer.from_arrays`."""
        return cls(numbered_tables(arrays, "part"))
