"""The search of a group's excitation, as the encoder and the training call it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.speech.bands import Band
from vqcodec.speech.excitation.adaptive_codebook import nearest_steps
from vqcodec.speech.excitation.model import Costs, Tables
from vqcodec.speech.excitation.trellis import search_excitation, trace_back
from vqcodec.speech.excitation.trellis_state import (
    Search,
    Symbols,
    new_decisions,
    new_lists,
    new_room,
    new_survivors,
    new_symbols,
)
from vqcodec.speech.signal.weighting import Weighting

DoubleArray = npt.NDArray[np.float64]


def search_group(
    signal: DoubleArray,
    lpc: DoubleArray,
    weighting: Weighting,
    silent: npt.NDArray[np.uint8],
    band: Band,
    tables: Tables,
    costs: Costs,
    search: Search,
    lambdas: DoubleArray | None = None,
) -> Symbols:
    """Return the excitation of a group that starts from a clean state.

    Args:
        signal: float64 (subframes * band.subframe,), high-passed.
        lpc: float64 (subframes, order + 1), quantised and interpolated.
        weighting: of the same subframes.
        silent: uint8 (frames,), 1 where nothing may be sent (see `silence`).
        band: narrowband or wideband.
        tables, costs: of the table set.
        search: how to search.
        lambdas: float64 (frames,), of each frame in place of that of `search`; None for that one throughout.
    """
    subframes = len(lpc)
    if lambdas is None:
        lambdas = np.full(len(silent), search.lambda_)
    preceded = np.concatenate([np.zeros(band.weighting_order), signal])
    paths = new_decisions(subframes, search.survivors)
    search_excitation(
        preceded, lpc, weighting.filters, weighting.weights, lambdas, silent, tables, costs, search,
        nearest_steps(tables.lags), new_survivors(search.survivors), new_survivors(search.survivors),
        new_decisions(search.survivors), paths, new_room(band), new_lists(tables, search.lag_candidates),
    )  # fmt: skip
    symbols = new_symbols(subframes, band)
    trace_back(paths, symbols)
    return symbols
