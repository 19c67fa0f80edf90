"""What the search of excitations keeps in memory: survivors, the best candidates of a subframe, the paths, and room.

Records whose arrays have the greater of the two bands' lengths: see `blocks.records` for why. Kernels cut them to the
band's where they pass them on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.records import new_record, record_type
from vqcodec.speech.bands import BANDS, Band
from vqcodec.speech.excitation.adaptive_codebook import history_length
from vqcodec.speech.excitation.gains import GAIN_CLASSES, GAIN_TABLES, INITIAL_LEVEL
from vqcodec.speech.excitation.model import Tables
from vqcodec.speech.excitation.pulse_enumeration import MAX_PULSES

DoubleArray = npt.NDArray[np.float64]
SingleArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

_LENGTH = max(band.subframe for band in BANDS.values())
_HISTORY = max(history_length(band) for band in BANDS.values())
_KEPT = max(band.weighting_order for band in BANDS.values())
_LAGS = max(band.lag_max for band in BANDS.values()) + 1

SURVIVOR = record_type(
    history=(np.float64, _HISTORY),
    memory=(np.float64, _KEPT),
    levels=(np.float64, 3),
    cost=(np.float64, ()),
    type=(np.int64, ()),
    lag=(np.int64, ()),
    gain_class=(np.int64, ()),
    lag_context=(np.int64, ()),
)
"""State at the end of a surviving path.

`history` is the past excitation, `memory` past synthetic speech, as long as the weighting filter, `levels` those of
`gains.remember_levels`; `type` is that of the subframe before (one above the last type at the start of a packet), `lag`
the index last used.
"""

DECISION = record_type(
    cost=(np.float64, ()),
    parent=(np.int64, ()),
    type=(np.int64, ()),
    lag=(np.int64, ()),
    gain=(np.int64, ()),
    shape=(np.int64, ()),
    pulses=(np.int8, _LENGTH),
)
"""What may be decided in a subframe, the cost of the path with it, and the survivor (`parent`) that it follows."""

ROOM = record_type(
    length=(np.int64, ()),
    past=(np.int64, ()),
    kept=(np.int64, ()),
    response=(np.float64, _LENGTH),
    response32=(np.float32, _LENGTH),
    gram=(np.float64, (_LENGTH, _LENGTH)),
    diagonal=(np.float64, _LENGTH),
    sharp_response=(np.float64, _LENGTH),
    sharp_backward=(np.float64, _LENGTH),
    sharp_gram=(np.float64, (_LENGTH, _LENGTH)),
    sharp_diagonal=(np.float64, _LENGTH),
    target=(np.float64, _LENGTH),
    backward=(np.float64, _LENGTH),
    lag_scores=(np.float64, _LAGS),
    ringing=(np.float64, _LAGS + _LENGTH),
    vector=(np.float64, _LENGTH),
    filtered=(np.float64, _LENGTH),
    adaptive=(np.float64, _LENGTH),
    adaptive_filtered=(np.float64, _LENGTH),
    inner=(np.float64, 6),
    orthogonal=(np.float64, _LENGTH),
    shadow=(np.float64, _LENGTH),
    fixed=(np.float64, _LENGTH),
    pulses=(np.int64, _LENGTH),
    cross=(np.float64, _LENGTH),
    trial=(np.float64, _LENGTH),
    places=(np.int64, MAX_PULSES),
    found=(np.int8, (MAX_PULSES, _LENGTH)),
    pulse_sums=(np.float64, (MAX_PULSES, 3)),
    least_gain_bits=(np.float64, (GAIN_TABLES, GAIN_CLASSES)),
    error=(np.float64, _LENGTH + _KEPT),
    excitation=(np.float64, _LENGTH),
)
"""Room to work in. `length` is that of a subframe, `past` and `kept` those of a survivor's history and memory."""

ENERGIES, SHARP_ENERGIES, MATCH, HIDDEN = range(4)  # rows of Lists.shapes


class Search(NamedTuple):
    """How the search is done.

    Attributes:
        lambda_: distortion that a bit is worth.
        survivors: paths kept from subframe to subframe.
        lag_candidates: pitch lags tried in full by each.
        sweeps: of exchanges of pulses.
        exact: whether the trained codevectors are compared by their exact filtered energies.
        energy_weight: of the difference of norms beside the squared error.
        packet_subframes: subframes between which contexts start anew; frame_subframes: of a frame.
    """

    lambda_: float
    survivors: int
    lag_candidates: int
    sweeps: int
    exact: int
    energy_weight: float
    packet_subframes: int
    frame_subframes: int


class Symbols(NamedTuple):
    """The excitation's decisions, one entry a subframe.

    Attributes:
        type: int16; lag: int16, index, kept from before where unused; gain: int16; shape: int32, twice the entry in all
            books plus the sign; pulses: int8 (subframes, n).
    """

    type: npt.NDArray[np.int16]
    lag: npt.NDArray[np.int16]
    gain: npt.NDArray[np.int16]
    shape: npt.NDArray[np.int32]
    pulses: npt.NDArray[np.int8]


class Lists(NamedTuple):
    """Room to work in whose size depends on the codebook and on the effort.

    Attributes:
        shapes: float32 (4, entries), by trained codevector: energies and inner products.
        best_shapes: (books,), the best of each.
        gain_costs: (most entries of a table of gains,).
        lags: (lag candidates + 1,), indices; lag_merits: likewise.
    """

    shapes: SingleArray
    best_shapes: IntArray
    gain_costs: DoubleArray
    lags: IntArray
    lag_merits: DoubleArray


def new_survivors(count: int) -> Any:
    """Return `count` survivors in the clean state, an array of `SURVIVOR`."""
    survivors = np.zeros(count, SURVIVOR)
    survivors["levels"] = INITIAL_LEVEL
    return survivors


def new_decisions(*shape: int) -> Any:
    """Return room for decisions, an array of `DECISION`."""
    return np.zeros(shape, DECISION)


def new_symbols(subframes: int, band: Band) -> Symbols:
    """Return symbols that stand for silence."""
    small = [np.zeros(subframes, dtype=np.int16) for _ in range(3)]
    return Symbols._make([*small, np.zeros(subframes, np.int32), np.zeros((subframes, band.subframe), np.int8)])


def new_room(band: Band) -> Any:
    """Return a record of `ROOM`."""
    room = new_record(ROOM)
    room.length = band.subframe
    room.past = history_length(band)
    room.kept = band.weighting_order
    return room


def new_lists(tables: Tables, lag_candidates: int) -> Lists:
    """Return lists for `tables`."""
    return Lists(
        shapes=np.zeros((4, len(tables.shapes)), dtype=np.float32),
        best_shapes=np.zeros(max(1, tables.books.size - 1), dtype=np.int64),
        gain_costs=np.zeros(tables.gains.shape[1]),
        lags=np.zeros(lag_candidates + 1, dtype=np.int64),
        lag_merits=np.zeros(lag_candidates + 1),
    )
