"""Alpha planes without loss by the chances of a codebook, fitted to the planes of a corpus (FORMAT.md, 9.19).

The chances of all contexts are one array: of planes alone, or of planes beside a known one that is similar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.range_coder import CHANCE_BITS
from vqcodec.errors import CodebookError, CorruptFileError
from vqcodec.image.alpha.decisions import (
    ALONE,
    AROUND,
    BESIDE,
    HALVES_ALONE,
    HALVES_BESIDE,
    MARGIN,
    MOST_DECISIONS,
    SHARED,
    list_decisions,
    read_plane,
    write_decisions,
)

ALONE_ARRAY, BESIDE_ARRAY = "alpha_chances", "alpha_chances_beside"  # names in a codebook
_SIZES = {ALONE_ARRAY: ALONE, BESIDE_ARRAY: BESIDE}
_MANTISSA, _EXPONENT = 3, 4  # bits of a chance
_MOST_EXPONENT = 11
_LIKELY = 1 << (_MANTISSA + _EXPONENT)  # set if 1 is the likelier value
_FEW = 4  # samples of the template by which contexts are alike
_ALIKE = 2.0  # decisions that contexts that are alike count for
_NOTHING = np.zeros((0, 0), np.uint8)

Plane = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Chances:
    """Chances of the decisions about alpha planes, each a byte (see `chances_of`).

    Attributes:
        alone: uint8 (ALONE,), of planes alone.
        beside: uint8 (BESIDE,), of planes beside a known one; None if there are none.
    """

    alone: Codes
    beside: Codes | None = None

    def to_arrays(self) -> dict[str, Codes]:
        """Return the arrays of a codebook that hold them."""
        arrays = {ALONE_ARRAY: self.alone}
        return arrays if self.beside is None else {**arrays, BESIDE_ARRAY: self.beside}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Chances | None:
        """Return the chances that a codebook's arrays hold; None if they hold none.

        Raises:
            CodebookError: an array has another type or shape, or holds what is no chance.
        """
        held = {name: arrays[name] for name in _SIZES if name in arrays}
        for name, array in held.items():
            if array.dtype != np.uint8 or array.shape != (_SIZES[name],):
                raise CodebookError(f"codebook: array '{name}' must be a row of {_SIZES[name]} bytes")
            if int((array >> _MANTISSA & (1 << _EXPONENT) - 1).max()) > _MOST_EXPONENT:
                raise CodebookError(f"codebook: array '{name}' holds what is no chance")
        if ALONE_ARRAY not in held:
            return None
        return cls(held[ALONE_ARRAY], held.get(BESIDE_ARRAY))

    @cached_property
    def _of_alone(self) -> npt.NDArray[np.int32]:
        return chances_of(self.alone)

    @cached_property
    def _of_beside(self) -> npt.NDArray[np.int32]:
        if self.beside is None:
            raise CodebookError("codebook: it has no chances for alpha beside that of an item")
        return chances_of(self.beside)

    def encode(self, plane: Plane, known: Plane | None = None) -> bytes:
        """Return a plane, uint8 (height, width), coded.

        Args:
            known: a plane of its size that is like it; None for none.

        Raises:
            CodebookError: a plane is known, and there are no chances for that.
        """
        decisions = decisions_of(plane, known)
        buffer = np.zeros(2 * decisions.size + 8, np.uint8)
        count = write_decisions(decisions, self._of_alone if known is None else self._of_beside, buffer)
        return buffer[:count].tobytes()

    def decode(self, data: bytes, height: int, width: int, known: Plane | None = None) -> Plane:
        """Return the plane that `encode` coded.

        Raises:
            CodebookError: as for `encode`.
            CorruptFileError: there are bytes too many.
        """
        wide = np.zeros((height + MARGIN, width + 2 * MARGIN), np.uint8)
        chances = self._of_alone if known is None else self._of_beside
        read = read_plane(np.frombuffer(data, np.uint8), chances, _surrounded(known), wide)
        if read < len(data):
            raise CorruptFileError("alpha plane: bytes follow its end")
        return np.ascontiguousarray(wide[MARGIN:, MARGIN:-MARGIN])


def decisions_of(plane: Plane, known: Plane | None = None) -> npt.NDArray[np.int32]:
    """Return the decisions about a plane, int32, 2 * context + value each; arguments as for `Chances.encode`."""
    wide = np.pad(plane, ((MARGIN, 0), (MARGIN, MARGIN)))
    decisions = np.empty(MOST_DECISIONS * plane.size, np.int32)
    return decisions[: list_decisions(wide, _surrounded(known), decisions)]


def _surrounded(known: Plane | None) -> Plane:
    return _NOTHING if known is None else np.pad(known, AROUND, mode="edge")


def chances_of(codes: Codes) -> npt.NDArray[np.int32]:
    """Return the chances, in 1 / 2^CHANCE_BITS, of the value 1.

    The low three bits m and the next four e of a byte give the chance of the less likely value, (8 + m) << (11 - e).
    The highest bit is set if that value is 0.
    """
    wide = codes.astype(np.int32)
    mantissa, exponent = wide & (1 << _MANTISSA) - 1, wide >> _MANTISSA & (1 << _EXPONENT) - 1
    unlikely = ((1 << _MANTISSA) + mantissa) << (_MOST_EXPONENT - exponent)
    return np.where(wide & _LIKELY, (1 << CHANCE_BITS) - unlikely, unlikely).astype(np.int32)


def fitted(counts: npt.NDArray[np.int64]) -> Codes:
    """Return the chances that fit to decisions, as bytes.

    Args:
        counts: int64 (ALONE or BESIDE, 2), how often each value was decided in each context.
    """
    halves = HALVES_ALONE if len(counts) == ALONE else HALVES_BESIDE
    like = np.arange(halves) & (1 << _FEW) - 1
    if halves == HALVES_BESIDE:  # and the same sample of the known plane
        like = like << 1 | np.arange(halves) >> (SHARED) & 1
    alike = np.zeros((int(like.max()) + 1, 2))
    np.add.at(alike, like, counts[:halves])
    shares = np.full(len(counts), 0.5)
    shares[:halves] = ((alike[:, 1] + 0.5) / (alike.sum(axis=1) + 1))[like]
    weights = np.stack([_ALIKE * (1 - shares), _ALIKE * shares], axis=1) + counts
    possible = np.array([code for code in range(256) if code >> _MANTISSA & (1 << _EXPONENT) - 1 <= _MOST_EXPONENT])
    chance = chances_of(possible.astype(np.uint8)) / (1 << CHANCE_BITS)
    prices = -np.log2(np.stack([1 - chance, chance]))
    codes: Codes = possible[np.argmin(weights @ prices, axis=1)].astype(np.uint8)
    return codes


def bits_of(decisions: npt.NDArray[np.int32], codes: Codes) -> float:
    """Return the bits that decisions take by chances."""
    chance = chances_of(codes) / (1 << CHANCE_BITS)
    return float(-np.log2(np.stack([1 - chance, chance], axis=1)).reshape(-1)[decisions].sum())
