"""The gain-shape quantizer: a vector is a gain times a unit vector, and each has a codebook.

For unit vectors s, the error |x - g s|^2 is least for the s of greatest x . s, whatever g > 0 is, and then for the g
nearest to x . s. So two short searches find the best pair.

Source: Sabin and Gray 1984, "Product code vector quantizers for waveform and voice coding".
"""

from __future__ import annotations

from collections.abc import Mapping
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
)

SHAPE_BITS = 14
"""Integer shapes are unit vectors times 2 to this power."""


class GainShapeQuantizer(CompositeQuantizer):
    """Gains times shapes.

    Args:
        gains: (gains, 1), 0 or more.
        shapes: (shapes, dimension), unit vectors. If gains and shapes are integers, shapes are unit vectors times 2^14,
            and the product is rounded to integers.

    Attributes:
        gains, shapes: copies of them.

    Raises:
        ValueError: the arguments are not as described.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, gains: npt.ArrayLike, shapes: npt.ArrayLike) -> None:
        self.gains = checked_part("gains", gains)
        self.shapes = checked_part("shapes", shapes)
        if self.gains.shape[1] != 1 or self.gains.min() < 0:
            raise ValueError("gains are wanted as (gains, 1), 0 or more")
        if (self.gains.dtype == np.int32) != (self.shapes.dtype == np.int32):
            raise ValueError("gains and shapes are wanted both as integers or both as floating-point numbers")
        self._whole = self.gains.dtype == np.int32
        self._unit = self.shapes.astype(np.float32) / (np.float32(1 << SHAPE_BITS) if self._whole else np.float32(1))
        if not np.allclose(np.linalg.norm(self._unit, axis=1), 1.0, atol=1e-2):
            raise ValueError("shapes are wanted as unit vectors")
        self.sizes = (len(self.gains), len(self.shapes))

    @property
    def dimension(self) -> int:
        return int(self.shapes.shape[1])

    def encode(
        self, vectors: npt.ArrayLike, *, lambda_: float = 0.0, threads: int | None = None
    ) -> npt.NDArray[np.int32]:
        """Return the gain and the shape of each vector, int32 (n, 2); see `Quantizer.encode`."""
        no_rate(lambda_)
        data = checked_vectors(vectors, self.dimension)
        lengths = np.maximum(np.linalg.norm(data, axis=1, keepdims=True), np.float32(1e-20))
        shapes = SearchIndex(self._unit).nearest(data / lengths, threads=threads)[0]
        projections = np.einsum("nd,nd->n", data, self._unit[shapes])[:, np.newaxis]
        gains = SearchIndex(self.gains).nearest(np.maximum(projections, 0), threads=threads)[0]
        return np.stack([gains, shapes], axis=1)

    def decode(self, indices: npt.ArrayLike) -> npt.NDArray:
        """Return the products of gains and shapes; see `Quantizer.decode`."""
        checked = checked_indices(indices, self.sizes)
        gains, shapes = self.gains[checked[:, 0]], self.shapes[checked[:, 1]]
        if not self._whole:
            return gains * shapes
        products = gains.astype(np.int64) * shapes
        return ((products + (1 << (SHAPE_BITS - 1))) >> SHAPE_BITS).astype(np.int32)

    def rounded(self) -> Self:
        """The quantizer with gains rounded to integers, and shapes to 1 / 2^14."""
        if self._whole:
            return self
        return type(self)(
            np.rint(self.gains).astype(np.int32), np.rint(self.shapes * (1 << SHAPE_BITS)).astype(np.int32)
        )

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """Return `gains` and `shapes`; see `Quantizer.to_arrays`."""
        return integers_of({"gains": self.gains, "shapes": self.shapes})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray]) -> Self:
        """Return the quantizer that `to_arrays` stored; see `Quantizer.from_arrays`."""
        return cls(arrays["gains"], arrays["shapes"])
