"""Tables to start training from: code lengths from rough formulas."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import PLANE_MODES, PLANE_TYPES
from vqcodec.blocks.model.plane_tables import PlaneTables
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.syntax.contexts import (
    ALL_CONTEXTS,
    ELEMENTS,
    FIRST_MODE,
    FLAG_SYMBOLS,
    MODE_SYMBOLS,
    OFFSET_CELLS,
    PATTERN_SYMBOLS,
)
from vqcodec.entropy.huffman import code_lengths
from vqcodec.entropy.tables import TableSet

_COUNT_SCALE = 1 << 24
_INITIAL_OFFSET = -5  # 1/64 step: coefficients are more often below than above their level


def lengths_from_bits(bits: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Return Huffman code lengths for symbols of estimated costs: uint8, of the shape of `bits` (contexts, symbols)."""
    return code_lengths(np.maximum(np.rint(_COUNT_SCALE * 2.0**-bits), 1).astype(np.int64))


def _popcount(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.sum([(values >> k) & 1 for k in range(8)], axis=0)


def initial_model(rungs: npt.ArrayLike) -> Model:
    """Return a model with tables from formulas. They are the same on every rung and in every context of an element."""
    steps = np.asarray(rungs, dtype=np.uint8)
    symbols = np.arange(FLAG_SYMBOLS)
    bits = {
        "partition": np.where(symbols < 4, 1.5 + 0.5 * symbols, 12.0),
        "choice": np.where(symbols < 8, 2.5 + 0.5 * (symbols >> 1) - 1.0 * (symbols == 7), 5.0),
        "step": 2 + np.abs(symbols - 7) * 0.8,
        "transform": np.where(symbols < 3, 1.5, 12.0),
        "mask": 1 + 1.2 * _popcount(symbols),
    }
    flags = lengths_from_bits(np.stack([bits[element.name] for element in ELEMENTS if element.name in bits]))
    modes = lengths_from_bits(np.where(np.arange(MODE_SYMBOLS) < PLANE_MODES, 5.1, 16.0)[None])
    magnitudes = np.arange(PATTERN_SYMBOLS)
    patterns = lengths_from_bits(2 + 1.3 * np.sum([(magnitudes >> 2 * k) & 3 for k in range(4)], axis=0)[None])
    rows = np.zeros((len(steps), ALL_CONTEXTS), dtype=np.uint16)
    for number, element in enumerate(ELEMENTS):
        if element.first < FIRST_MODE:
            rows[:, element.first : element.first + element.contexts] = number
    tables = PlaneTables(
        rows=rows,
        pools={"flags": TableSet(flags), "modes": TableSet(modes), "patterns": TableSet(patterns)},
        offset_sets=np.zeros(len(steps), dtype=np.uint8),
        offsets=np.full((1, OFFSET_CELLS, PATTERN_SYMBOLS, 4), _INITIAL_OFFSET, dtype=np.int8),
    )
    return Model(steps, (tables,) * len(PLANE_TYPES))
