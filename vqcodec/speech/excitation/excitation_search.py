"""The search of a group's excitation, as the encoder and the training call it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.speech.bands import Band
from vqcodec.speech.excitation.model import Costs, Tables
from vqcodec.speech.excitation.trellis import search_excitation, trace_back
from vqcodec.speech.excitation.trellis_state import (
    GroupInput,
    Search,
    Symbols,
    new_lists,
    new_scratch,
    new_symbols,
    new_trellis,
)
from vqcodec.speech.signal.weighting import Weighting

DoubleArray = npt.NDArray[np.float64]


def search_group(
    signal: DoubleArray,
    lpc: DoubleArray,
    weighting: Weighting,
    silent: npt.NDArray[np.uint8],
    lambdas: DoubleArray,
    band: Band,
    tables: Tables,
    costs: Costs,
    search: Search,
) -> Symbols:
    """Return the excitation of a group that starts from a clean state.

    Args:
        signal: float64 (subframes * band.subframe,), high-passed.
        lpc: float64 (subframes, order + 1), quantized and interpolated.
        weighting: of the same subframes.
        silent: uint8 (frames,), 1 where nothing may be sent (see `silence`).
        lambdas: float64 (frames,), distortion that a bit is worth.
        band: narrowband or wideband.
        tables, costs: of the table set.
        search: how to search.
    """
    preceded = np.concatenate([np.zeros(band.weighting_order), signal])
    group = GroupInput(preceded, lpc, weighting.filters, weighting.weights, lambdas, silent)
    trellis = new_trellis(len(lpc), search.survivors)
    search_excitation(
        group, tables, costs, search, trellis, new_scratch(band), new_lists(tables, search.lag_candidates)
    )
    symbols = new_symbols(len(lpc), band)
    trace_back(trellis.paths, symbols)
    return symbols
