"""Lattice quantizers: all points of a regular lattice within a box are codewords, and arithmetic finds the nearest one.

Source: Conway and Sloane 1982, "Fast quantizing and decoding algorithms for lattice quantizers and codes".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from vqcodec.vq.quantizer import Quantizer
from vqcodec.vq.structures.parts import checked_vectors, no_rate

Lattice = Literal["Z", "D4", "E8"]
LATTICES: dict[str, int] = {"Z": 1, "D4": 4, "E8": 8}
"""Lattices by name, with their dimension (Z: of any)."""

SECOND_MOMENTS: dict[str, float] = {"Z": 1 / 12, "D4": 0.076603, "E8": 929 / 12960}
"""Normalized second moment of a cell: the mean squared error per dimension of a cell of volume 1."""


class LatticeQuantizer(Quantizer):
    """Points of a lattice, scaled.

    Z are all vectors of whole numbers; D4 those of four whole numbers with an even sum; E8 those of eight numbers, all
    whole or all whole plus a half, with an even sum. The index of a vector holds the doubled coordinates of its point.

    Args:
        lattice: "Z", "D4" or "E8".
        step: edge of the unit that the coordinates count, above 0.
        bound: coordinates lie within +-bound, 1 to 16,000. Vectors beyond are drawn into the box.
        dimension: of Z; 4 of D4 and 8 of E8, whatever is given.

    Raises:
        ValueError: the arguments are not as described.
    """

    def __init__(self, lattice: Lattice, step: float, *, bound: int = 127, dimension: int = 1) -> None:
        if lattice not in LATTICES:
            raise ValueError(f"lattice={lattice!r}; one of {', '.join(LATTICES)} is wanted")
        if not 0 < step <= 1e6:
            raise ValueError(f"step={step}; a number in 0..1e6 is wanted, and not 0")
        if not 1 <= bound <= 16_000:
            raise ValueError(f"bound={bound}; 1 to 16000 is wanted")
        if not 1 <= dimension <= 4096:
            raise ValueError(f"dimension={dimension}; 1 to 4096 is wanted")
        self.lattice = lattice
        self.step = step
        self.bound = bound
        self._dimension = dimension if lattice == "Z" else LATTICES[lattice]

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def size(self) -> int:
        whole = (2 * self.bound + 1) ** self.dimension
        if self.lattice == "Z":
            return whole
        even = (whole + 1) // 2
        return even if self.lattice == "D4" else even + (2 * self.bound) ** self.dimension // 2

    @property
    def index_shape(self) -> tuple[int, ...]:
        return (self.dimension,)

    def encode(
        self, vectors: npt.ArrayLike, *, lambda_: float = 0.0, threads: int | None = None
    ) -> npt.NDArray[np.int16]:
        """Return the doubled coordinates of the nearest point, int16 (n, dimension); see `Quantizer.encode`."""
        del threads
        no_rate(lambda_)
        scaled = checked_vectors(vectors, self.dimension).astype(np.float64) / self.step
        inside = np.clip(scaled, -self.bound, self.bound)
        if self.lattice == "Z":
            return (2 * np.rint(inside)).astype(np.int16)
        points = _nearest_even(inside, self.bound)
        if self.lattice == "E8":
            between = np.clip(scaled, 0.5 - self.bound, self.bound - 0.5)
            shifted = _nearest_even(between - 0.5, self.bound, high=self.bound - 1) + 0.5
            nearer = np.square(scaled - shifted).sum(axis=1) < np.square(scaled - points).sum(axis=1)
            points = np.where(nearer[:, np.newaxis], shifted, points)
        return (2 * points).astype(np.int16)

    def decode(self, indices: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the points of indices, float32 (n, dimension); see `Quantizer.decode`."""
        return (self._checked(indices) * (self.step / 2)).astype(np.float32)

    def rate_bits(self, indices: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return log2 of the number of points, rounded up, for each index."""
        return np.full(len(self._checked(indices)), float((self.size - 1).bit_length()))

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """Return `lattice`: its number in `LATTICES`, the dimension, the bound and 2^16 times the step.

        Raises:
            ValueError: the step times 2^16 is no whole number.
        """
        step = self.step * (1 << 16)
        if step != int(step):
            raise ValueError(f"step={self.step}; a codebook holds integers, so a multiple of 2^-16 is wanted")
        number = list(LATTICES).index(self.lattice)
        return {"lattice": np.array([number, self.dimension, self.bound, int(step)], np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray]) -> Self:
        """Return the quantizer that `to_arrays` stored; see `Quantizer.from_arrays`."""
        fields = np.asarray(arrays["lattice"])
        if fields.shape != (4,) or not 0 <= int(fields[0]) < len(LATTICES):
            raise ValueError("lattice: number, dimension, bound and step are wanted")
        number, dimension, bound, step = (int(field) for field in fields)
        lattice: Lattice = ("Z", "D4", "E8")[number]
        return cls(lattice, step / (1 << 16), bound=bound, dimension=dimension)

    def _checked(self, indices: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Doubled coordinates, int64 (n, dimension), of points of the lattice.

        Raises:
            ValueError: they are not.
        """
        checked = np.asarray(indices)
        if checked.ndim != 2 or checked.shape[1] != self.dimension or (checked.size and checked.dtype.kind not in "iu"):
            raise ValueError(f"indices are {checked.dtype} {checked.shape}; (n, {self.dimension}) integers are wanted")
        doubled = checked.astype(np.int64)
        odd = doubled & 1
        halves = odd.all(axis=1) if self.lattice == "E8" else np.zeros(len(doubled), bool)
        whole = ~odd.any(axis=1)
        even = (doubled.sum(axis=1) % 4 == 0) | (self.lattice == "Z")
        if np.any(np.abs(doubled) > 2 * self.bound) or not np.all((whole | halves) & even):
            raise ValueError(f"indices are not points of {self.lattice} within +-{self.bound}")
        return doubled


def _nearest_even(vectors: npt.NDArray[np.float64], bound: int, high: int | None = None) -> npt.NDArray[np.float64]:
    """The nearest vectors of whole numbers with an even sum, within -bound..high (None: bound).

    All components are rounded. Where the sum is odd, the component whose rounding cost most is rounded the other way.
    """
    top = bound if high is None else high
    points = np.rint(vectors)
    errors = vectors - points
    outward = np.where(errors >= 0, 1.0, -1.0)
    blocked = (points + outward > top) | (points + outward < -bound)
    other = np.where(blocked, -outward, outward)
    costs = np.square(errors - other) - np.square(errors)
    rows = np.flatnonzero(points.sum(axis=1) % 2 != 0)
    columns = costs[rows].argmin(axis=1)
    points[rows, columns] += other[rows, columns]
    return points
