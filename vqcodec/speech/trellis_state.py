"""What the search of excitations keeps in memory: survivors, the best candidates of a subframe, the paths, and room."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.speech.adaptive_codebook import history_length
from vqcodec.speech.bands import Band
from vqcodec.speech.gains import INITIAL_LEVEL
from vqcodec.speech.model import Tables

DoubleArray = npt.NDArray[np.float64]
SingleArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]


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


class Survivors(NamedTuple):
    """State at the end of each surviving path; the first axis is the survivor."""

    history: DoubleArray  # past excitation
    memory: DoubleArray  # past synthetic speech, as long as the weighting filter
    levels: DoubleArray  # see gains.remember_levels
    cost: DoubleArray
    type: IntArray  # of the subframe before; one above the last type at the start of a packet
    lag: IntArray  # index last used
    gain_class: IntArray
    lag_context: IntArray


class Leaders(NamedTuple):
    """The best candidates of a subframe so far, ascending in cost; the first axis is their rank."""

    cost: DoubleArray
    parent: IntArray
    type: IntArray
    lag: IntArray
    gain: IntArray
    shape: IntArray
    pulses: npt.NDArray[np.int8]


class Paths(NamedTuple):
    """Decisions by subframe and survivor, and the survivor that each came from."""

    parent: npt.NDArray[np.int16]
    type: npt.NDArray[np.int16]
    lag: npt.NDArray[np.int16]
    gain: npt.NDArray[np.int16]
    shape: npt.NDArray[np.int32]
    pulses: npt.NDArray[np.int8]


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


class Room(NamedTuple):
    """Arrays to work in, allocated once."""

    response: DoubleArray
    response32: SingleArray
    response_lags: SingleArray
    gram: DoubleArray
    diagonal: DoubleArray
    sharp_response: DoubleArray
    sharp_backward: DoubleArray
    sharp_gram: DoubleArray
    sharp_diagonal: DoubleArray
    sharp_lags: SingleArray
    sharp_energies: SingleArray
    energies: SingleArray
    sums: SingleArray
    match: SingleArray
    hidden: SingleArray
    best_shapes: IntArray
    target: DoubleArray
    backward: DoubleArray
    lag_scores: DoubleArray
    lag_list: IntArray
    lag_merits: DoubleArray
    vector: DoubleArray
    filtered: DoubleArray
    adaptive: DoubleArray
    adaptive_filtered: DoubleArray
    inner: DoubleArray
    orthogonal: DoubleArray
    shadow: DoubleArray
    fixed: DoubleArray
    pulses: IntArray
    cross: DoubleArray
    trial: DoubleArray
    both_signs: DoubleArray
    places: IntArray
    found: npt.NDArray[np.int8]
    pulse_sums: DoubleArray
    gain_costs: DoubleArray
    error: DoubleArray
    excitation: DoubleArray


def new_survivors(count: int, band: Band, default_lag: int, start_type: int) -> Survivors:
    """Return the clean state."""
    return Survivors(
        history=np.zeros((count, history_length(band))),
        memory=np.zeros((count, band.weighting_order)),
        levels=np.full((count, 3), INITIAL_LEVEL),
        cost=np.zeros(count),
        type=np.full(count, start_type, dtype=np.int64),
        lag=np.full(count, default_lag, dtype=np.int64),
        gain_class=np.zeros(count, dtype=np.int64),
        lag_context=np.zeros(count, dtype=np.int64),
    )


def new_leaders(count: int, band: Band) -> Leaders:
    """Return room for the `count` best candidates."""
    whole = [np.zeros(count, dtype=np.int64) for _ in range(5)]
    pulses = np.zeros((count, band.subframe), dtype=np.int8)
    return Leaders._make([np.zeros(count), *whole, pulses])


def new_paths(subframes: int, count: int, band: Band) -> Paths:
    """Return room for the paths of `count` survivors."""
    small = [np.zeros((subframes, count), dtype=np.int16) for _ in range(4)]
    shape = np.zeros((subframes, count), dtype=np.int32)
    pulses = np.zeros((subframes, count, band.subframe), dtype=np.int8)
    return Paths._make([*small, shape, pulses])


def new_symbols(subframes: int, band: Band) -> Symbols:
    """Return symbols that stand for silence."""
    small = [np.zeros(subframes, dtype=np.int16) for _ in range(3)]
    return Symbols._make([*small, np.zeros(subframes, np.int32), np.zeros((subframes, band.subframe), np.int8)])


def new_room(band: Band, tables: Tables, lag_candidates: int) -> Room:
    """Return the arrays to work in for `tables`."""
    n = band.subframe
    entries = len(tables.shapes)
    counts = tables.pulse_counts.size
    most = int(tables.pulse_counts.max(initial=1))

    def doubles(*shape: int) -> DoubleArray:
        return np.zeros(shape)

    def singles(*shape: int) -> SingleArray:
        return np.zeros(shape, dtype=np.float32)

    def whole(*shape: int) -> IntArray:
        return np.zeros(shape, dtype=np.int64)

    return Room(
        response=doubles(n),
        response32=singles(n),
        response_lags=singles(n),
        gram=doubles(n, n),
        diagonal=doubles(n),
        sharp_response=doubles(n),
        sharp_backward=doubles(n),
        sharp_gram=doubles(n, n),
        sharp_diagonal=doubles(n),
        sharp_lags=singles(n),
        sharp_energies=singles(entries),
        energies=singles(entries),
        sums=singles(64),
        match=singles(entries),
        hidden=singles(entries),
        best_shapes=whole(max(1, tables.books.size - 1)),
        target=doubles(n),
        backward=doubles(n),
        lag_scores=doubles(band.lag_max + 1),
        lag_list=whole(lag_candidates + 1),
        lag_merits=doubles(lag_candidates + 1),
        vector=doubles(n),
        filtered=doubles(n),
        adaptive=doubles(n),
        adaptive_filtered=doubles(n),
        inner=doubles(6),
        orthogonal=doubles(n),
        shadow=doubles(n),
        fixed=doubles(n),
        pulses=whole(n),
        cross=doubles(n),
        trial=doubles(n),
        both_signs=doubles(2 * n),
        places=whole(most),
        found=np.zeros((max(1, counts), n), dtype=np.int8),
        pulse_sums=doubles(max(1, counts), 3),
        gain_costs=doubles(tables.gains.shape[1]),
        error=doubles(n + band.weighting_order),
        excitation=doubles(n),
    )
