"""The codebook of low-delay CELP: 128 shapes of 5 samples and 4 magnitudes, as stored and as the kernels use them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError
from vqcodec.speech.textbook.ld_celp.synthesis import LEVELS, MAGNITUDES, SHAPES, SPEECH, VECTOR, Tables

ENGINE = "speech/ld-celp"
SHAPE_UNIT = 4096
MAGNITUDE_UNIT = 16384

DoubleArray = npt.NDArray[np.float64]


def to_codebook(shapes: DoubleArray, magnitudes: DoubleArray, name: str, provenance: Mapping[str, Any]) -> Codebook:
    """Return the codebook of `shapes`, float64 (128, 5), and `magnitudes`, float64 (4,)."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "shapes": np.clip(np.rint(shapes * SHAPE_UNIT), -32768, 32767).astype(np.int16),
        "magnitudes": np.rint(magnitudes * MAGNITUDE_UNIT).astype(np.int32),
    }
    return Codebook(ENGINE, name, arrays, provenance)


@lru_cache(maxsize=4)
def tables_of(codebook: Codebook) -> Tables:
    """Return the tables of `codebook`, checked.

    Raises:
        CodebookError: its arrays do not fit the engine.
    """
    shapes, magnitudes = codebook["shapes"], codebook["magnitudes"]
    sound = (shapes.dtype, shapes.shape) == (np.int16, (SHAPES, VECTOR))
    sound = sound and (magnitudes.dtype, magnitudes.shape) == (np.int32, (MAGNITUDES,)) and magnitudes.min() >= 0
    if not sound:
        raise CodebookError(
            f"codebook '{codebook.name}': its shapes or magnitudes do not fit the engine; it is damaged"
        )
    return make_tables(shapes / SHAPE_UNIT, magnitudes / MAGNITUDE_UNIT)


def make_tables(shapes: DoubleArray, magnitudes: DoubleArray) -> Tables:
    """Return the kernels' tables of `shapes`, float64 (128, 5), and `magnitudes`, float64 (4,)."""
    return Tables(np.ascontiguousarray(shapes), np.ascontiguousarray(magnitudes), SPEECH.window, LEVELS.window)
