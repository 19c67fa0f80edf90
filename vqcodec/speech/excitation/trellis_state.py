"""The memory of the excitation search: surviving paths, candidates, decisions, and scratch arrays.

These are records whose arrays have the longer of the two bands' lengths (`vqcodec.kernels.records` says why). Kernels
cut the arrays to the length of their band before they pass them on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.records import new_record, record_type
from vqcodec.speech.bands import BANDS, Band
from vqcodec.speech.excitation.adaptive_codebook import history_length, lag_grid, nearest_steps
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
"""The state at the end of a surviving path.

`history` is the past excitation. `memory` is past synthetic speech, as long as the weighting filter. `levels` are those
of `gains.remember_levels`. `type` is the type of the subframe before; at the start of a packet it is one above the last
type. `lag` is the lag index used last.
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
"""A choice for one subframe: its symbols, the cost of the path that ends with it, and the survivor it follows."""

SUBFRAME_SCRATCH = record_type(
    length=(np.int64, ()),
    past=(np.int64, ()),
    kept=(np.int64, ()),
    frame_subframes=(np.int64, ()),
    nearest_lags=(np.int64, _LAGS),
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
"""Scratch of the search of one subframe.

The first five fields are fixed by the band: `length` of a subframe, `past` and `kept` samples of a survivor's history
and memory, `frame_subframes`, and `nearest_lags` (see `adaptive_codebook.nearest_steps`).
"""


class Search(NamedTuple):
    """How hard to search, and how packets are cut.

    Attributes:
        survivors: paths kept from subframe to subframe, 1 or more.
        lag_candidates: pitch lags that each path tries in full.
        sweeps: most sweeps of pulse exchanges.
        exact: 1 to compare the trained codevectors by their exact filtered energies, 0 by estimates.
        energy_weight: weight of the difference of norms beside the squared error, see `Tradeoff`.
        packet_frames: frames of a packet; contexts start anew with each packet.
    """

    survivors: int
    lag_candidates: int
    sweeps: int
    exact: int
    energy_weight: float
    packet_frames: int


class Tradeoff(NamedTuple):
    """What errors and bits cost in a subframe.

    The cost of a choice is weight * (|x - r|^2 + energy_weight * (|x| - |r|)^2) + lambda_ * bits, where x is the
    weighted target and r its reconstruction.
    """

    weight: float
    lambda_: float
    energy_weight: float


class GroupInput(NamedTuple):
    """What is searched for: a group's signal, its filters, and how its errors count.

    Attributes:
        signal: float64 (kept + samples,), high-passed, with `SUBFRAME_SCRATCH.kept` samples before the first.
        lpc: float64 (subframes, order + 1), quantized and interpolated.
        filters: float64 (subframes, taps), the weighting filters W(z).
        weights: float64 (subframes,), of the squared errors.
        lambdas: float64 (frames,), distortion that a bit is worth.
        silent: uint8 (frames,), 1 where nothing may be sent.
    """

    signal: DoubleArray
    lpc: DoubleArray
    filters: DoubleArray
    weights: DoubleArray
    lambdas: DoubleArray
    silent: npt.NDArray[np.uint8]


class Symbols(NamedTuple):
    """The symbols of the excitation, one entry a subframe.

    Attributes:
        type: int16.
        lag: int16, an index; where it is not used, the one from before.
        gain: int16.
        shape: int32, twice the entry in all books plus the sign (1: minus).
        pulses: int8 (subframes, n).
    """

    type: npt.NDArray[np.int16]
    lag: npt.NDArray[np.int16]
    gain: npt.NDArray[np.int16]
    shape: npt.NDArray[np.int32]
    pulses: npt.NDArray[np.int8]


class Trellis(NamedTuple):
    """Paths through the subframes of a group.

    Attributes:
        survivors: array of SURVIVOR, the paths kept so far; at first entry 0 holds the state to start from.
        following: array of SURVIVOR, scratch: their successors while they are made.
        leaders: array of DECISION, the best candidates of a subframe, by ascending cost.
        paths: array of DECISION (subframes, survivors), filled with the leaders of every subframe.
    """

    survivors: Any
    following: Any
    leaders: Any
    paths: Any


class Lists(NamedTuple):
    """Scratch whose size depends on the table set and on the effort.

    Attributes:
        shapes: float32 (4, entries), by trained codevector; rows `shapes.ENERGIES`, SHARP_ENERGIES, MATCH, HIDDEN.
        best_shapes: int64 (books,), the best entry of each.
        gain_costs: float64 (most entries of a table of gains,).
        lags: int64 (lag candidates + 1,), indices.
        lag_merits: float64 (lag candidates + 1,).
    """

    shapes: SingleArray
    best_shapes: IntArray
    gain_costs: DoubleArray
    lags: IntArray
    lag_merits: DoubleArray


def new_trellis(subframes: int, survivors: int) -> Trellis:
    """Return a trellis for `subframes` with the clean state as its only path."""
    clean = np.zeros(survivors, SURVIVOR)
    clean["levels"] = INITIAL_LEVEL
    return Trellis(clean, clean.copy(), np.zeros(survivors, DECISION), np.zeros((subframes, survivors), DECISION))


def new_symbols(subframes: int, band: Band) -> Symbols:
    """Return symbols that stand for silence."""
    small = [np.zeros(subframes, dtype=np.int16) for _ in range(3)]
    return Symbols._make([*small, np.zeros(subframes, np.int32), np.zeros((subframes, band.subframe), np.int8)])


def new_scratch(band: Band) -> Any:
    """Return a record of `SUBFRAME_SCRATCH` for `band`."""
    scratch = new_record(SUBFRAME_SCRATCH)
    scratch.length = band.subframe
    scratch.past = history_length(band)
    scratch.kept = band.weighting_order
    scratch.frame_subframes = band.subframes
    nearest = nearest_steps(lag_grid(band))
    scratch.nearest_lags[: len(nearest)] = nearest
    return scratch


def new_lists(tables: Tables, lag_candidates: int) -> Lists:
    """Return lists for `tables`."""
    return Lists(
        shapes=np.zeros((4, len(tables.shapes)), dtype=np.float32),
        best_shapes=np.zeros(max(1, tables.books.size - 1), dtype=np.int64),
        gain_costs=np.zeros(tables.gains.shape[1]),
        lags=np.zeros(lag_candidates + 1, dtype=np.int64),
        lag_merits=np.zeros(lag_candidates + 1),
    )
