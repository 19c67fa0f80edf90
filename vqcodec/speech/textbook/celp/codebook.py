"""The codebook of fixed-rate CELP, as stored and as the kernels use it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError
from vqcodec.speech.excitation.adaptive_codebook import interpolators, lag_grid
from vqcodec.speech.filters.strengths import MAX_POST_FILTER
from vqcodec.speech.textbook.celp.frame import BAND, GAIN_BITS, LEVEL_BITS, LSF_BITS, MAGNITUDE_BITS, ORDER
from vqcodec.speech.textbook.celp.synthesis import SEQUENCE, Tables

ENGINE = "speech/celp-fixed"
GAIN_UNIT = 16384
LEVEL_UNIT = 1024
MAX_GAP = 2048  # so that ten LSFs and their gaps fit below pi

_KINDS: dict[str, tuple[type, tuple[int, ...]]] = {
    "lsf": (np.int16, (ORDER, 1 << max(LSF_BITS))),
    "gap": (np.int16, (1,)),
    "sequence": (np.int8, (SEQUENCE,)),
    "adaptive_gains": (np.int32, (1 << GAIN_BITS,)),
    "magnitudes": (np.int32, (1 << MAGNITUDE_BITS,)),
    "levels": (np.int32, (1 << LEVEL_BITS,)),
    "post_filter": (np.uint8, (1,)),
}


def standard_levels() -> npt.NDArray[np.float64]:
    """Return the levels of frames in sample steps, float64 (64,): 0, then up to full scale in steps of 1.5 dB."""
    return np.concatenate([[0.0], 0.5 * 2 ** (np.arange(1, 1 << LEVEL_BITS) / 4)])


def to_codebook(tables: Tables, name: str, provenance: Mapping[str, Any]) -> Codebook:
    """Return the codebook of `tables`."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "lsf": tables.lsf,
        "gap": np.array([tables.gap]),
        "sequence": tables.sequence,
        "adaptive_gains": np.rint(tables.adaptive_gains * GAIN_UNIT),
        "magnitudes": np.rint(tables.magnitudes * GAIN_UNIT),
        "levels": np.rint(tables.levels * LEVEL_UNIT),
        "post_filter": np.array([tables.post_filter]),
    }
    return Codebook(ENGINE, name, {key: array.astype(_KINDS[key][0]) for key, array in arrays.items()}, provenance)


@lru_cache(maxsize=4)
def tables_of(codebook: Codebook) -> Tables:
    """Return the tables of `codebook`, checked.

    Raises:
        CodebookError: its arrays do not fit the engine.
    """
    arrays = {key: codebook[key] for key in _KINDS}
    sound = (
        all((array.dtype, array.shape) == _KINDS[key] for key, array in arrays.items())
        and arrays["lsf"].min() >= 0
        and 1 <= arrays["gap"][0] <= MAX_GAP
        and np.abs(arrays["sequence"].astype(np.int64)).max() <= 1
        and arrays["magnitudes"].min() >= 0
        and arrays["levels"].min() >= 0
        and arrays["post_filter"][0] <= MAX_POST_FILTER
    )
    if not sound:
        raise CodebookError(f"codebook '{codebook.name}': its arrays do not fit the engine; it is damaged")
    return make_tables(
        lsf=arrays["lsf"].astype(np.int64),
        gap=int(arrays["gap"][0]),
        sequence=arrays["sequence"].astype(np.float64),
        adaptive_gains=arrays["adaptive_gains"] / GAIN_UNIT,
        magnitudes=arrays["magnitudes"] / GAIN_UNIT,
        levels=arrays["levels"] / LEVEL_UNIT,
        post_filter=int(arrays["post_filter"][0]),
    )


def make_tables(**trained: Any) -> Tables:
    """Return the kernels' tables: those `trained`, by name, and those that the format fixes."""
    return Tables(lags=lag_grid(BAND), interpolators=interpolators(), **trained)
