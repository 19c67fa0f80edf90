"""Checks of a codebook's arrays before they enter a model: type, shape and range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.signal.restoration import check_coefficients
from vqcodec.blocks.signal.restoration_kernels import CLASSES, TAPS
from vqcodec.blocks.steps import MAX_STEP_INDEX
from vqcodec.errors import CodebookError


class ModelArrays:
    """A codebook's arrays by name, checked when they are taken.

    `take` returns copies, because a codebook's arrays are read-only, which is another type for numba.

    Args:
        arrays: by name.
        engine: the name of the engine in messages.
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]], engine: str) -> None:
        self._arrays = arrays
        self._engine = engine

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def take(self, name: str, dtype: type, shape: tuple[int | None, ...]) -> npt.NDArray[Any]:
        """Return array `name`, of this type and shape (None stands for any size above 0).

        Raises:
            CodebookError: it is missing, or has another type or shape.
        """
        if name not in self._arrays:
            raise CodebookError(f"codebook: array '{name}' of {self._engine} is missing; train it anew")
        array = self._arrays[name]
        fits = array.dtype == dtype and array.ndim == len(shape)
        if not fits or any(n == 0 or (want is not None and n != want) for n, want in zip(array.shape, shape)):
            raise CodebookError(
                f"codebook: array '{name}' is {array.dtype}{list(array.shape)}, which this version cannot use"
            )
        return np.array(array, order="C")

    def take_rungs(self) -> npt.NDArray[np.uint8]:
        """Return the step indices of the ladder, uint8 (rungs,).

        Raises:
            CodebookError: they are missing, not ascending, or out of range.
        """
        rungs = self.take("rungs", np.uint8, (None,))
        if rungs.max() > MAX_STEP_INDEX or np.any(np.diff(rungs.astype(int)) <= 0):
            raise CodebookError(f"codebook: 'rungs' must be ascending step indices below {MAX_STEP_INDEX + 1}")
        return rungs

    def take_restoration(self, of: tuple[int, ...]) -> npt.NDArray[np.int16] | None:
        """Return the restoration filters, int16 (*of, CLASSES, TAPS); None if there are none.

        Raises:
            CodebookError: they have another type or shape, or a coefficient is out of range.
        """
        if "restoration" not in self:
            return None
        restoration = self.take("restoration", np.int16, (*of, CLASSES, TAPS))
        for coefficients in restoration.reshape(-1, CLASSES, TAPS):
            check_coefficients(coefficients)
        return restoration


def check_rows(rows: npt.NDArray[Any], count: int, name: str) -> None:
    """Raise CodebookError if the map `name` refers to a table beyond the `count` tables that exist."""
    if int(rows.max()) >= count:
        raise CodebookError(f"codebook: '{name}' refers to table {rows.max()} of {count}")
