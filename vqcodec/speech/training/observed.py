"""What the training of a table set takes from shards of recordings: the subframes as they were encoded, and sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.speech.bands import Band
from vqcodec.speech.excitation.excitation_search import search_group
from vqcodec.speech.excitation.gains import ADAPTIVE, FIXED, JOINT
from vqcodec.speech.excitation.model import Costs, Excitation, Tables
from vqcodec.speech.excitation.trellis_state import Search, Symbols
from vqcodec.speech.signal.silence import find_silence
from vqcodec.speech.signal.weighting import Weighting
from vqcodec.speech.training.gain_training import (
    GainTargets,
    Levels,
    LevelTargets,
    gain_targets,
    predicted_amplitudes,
)
from vqcodec.speech.training.replay import Contexts, Observations, contexts_of, observe
from vqcodec.speech.training.shape_training import ShapeTargets
from vqcodec.speech.training.statistics import Counts

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Material(NamedTuple):
    """A signal to train on.

    Attributes:
        signal: float64 (subframes * band.subframe,), high-passed.
        lpc: float64 (subframes, order + 1), quantized and interpolated.
        weighting: of the subframes.
    """

    signal: DoubleArray
    lpc: DoubleArray
    weighting: Weighting


class Encoding(NamedTuple):
    """How recordings are encoded in a round.

    Attributes:
        band: narrowband or wideband.
        excitation: of the table set; tables: of it.
        costs: of its symbols.
        search: how hard to search.
        lambda_: distortion that a bit is worth.
    """

    band: Band
    excitation: Excitation
    tables: Tables
    costs: Costs
    search: Search
    lambda_: float


class Totals(NamedTuple):
    """Sums over recordings as they were encoded.

    Attributes:
        counts: of the symbols.
        subframes: their number; kinds: int64 (kinds,), those with each kind of fixed vector; refitting: likewise, those
            that a book is refitted to.
        error: weighted.
    """

    counts: Counts
    subframes: int
    kinds: IntArray
    refitting: IntArray
    error: float

    def plus(self, other: Totals) -> Totals:
        """Return the sums over both."""
        return Totals(
            self.counts.plus(other.counts),
            self.subframes + other.subframes,
            self.kinds + other.kinds,
            self.refitting + other.refitting,
            self.error + other.error,
        )


class Observed(NamedTuple):
    """The subframes of recordings, one entry for each, one recording after another.

    Attributes:
        types, contexts: int64, the types and the gain classes.
        kinds: number of kinds of fixed vector.
        repeated: bool, whether the fixed vector repeats itself.
        adaptive_gains, fixed_gains, weights: float64.
        observations: see `replay.Observations`.
    """

    types: IntArray
    contexts: IntArray
    kinds: int
    repeated: npt.NDArray[np.bool_]
    adaptive_gains: DoubleArray
    fixed_gains: DoubleArray
    weights: DoubleArray
    observations: Observations

    @classmethod
    def of(
        cls, encoded: Sequence[tuple[Symbols, Contexts, Observations]], weights: Sequence[DoubleArray], tables: Tables
    ) -> Observed:
        """Return the subframes of recordings, joined."""
        types, lag, gain = (np.concatenate(parts).astype(np.int64) for parts in zip(*(item[0][:3] for item in encoded)))
        observations = Observations._make(np.concatenate(parts) for parts in zip(*(item[2] for item in encoded)))
        adaptive, fixed = types // tables.kinds > 0, types % tables.kinds > 0
        table = np.select([adaptive & fixed, fixed, adaptive], [JOINT, FIXED, ADAPTIVE], 0)
        chosen = np.where((adaptive | fixed)[:, None], tables.gains[table, gain], 0)
        inputs = observations.level_inputs
        level = (inputs * tables.level_weights[types // tables.kinds]).sum(axis=1) + tables.level_bias[types]
        return cls(
            types=types,
            contexts=np.concatenate([item[1].gain for item in encoded]),
            kinds=int(tables.kinds),
            repeated=adaptive & (tables.lags[lag] < 12 * tables.transposed.shape[0]),
            adaptive_gains=chosen[:, 0],
            fixed_gains=chosen[:, 1] * 10 ** (level / 20),
            weights=np.concatenate(weights),
            observations=observations,
        )

    def error(self, energy_weight: float) -> float:
        """Return the weighted error of all subframes."""
        xx, xy, xz, yy, zz, yz = self.observations.inner.T
        a, f = self.adaptive_gains, self.fixed_gains
        squares = np.maximum(a * a * yy + f * f * zz + 2 * a * f * yz, 0)
        error = xx - 2 * (a * xy + f * xz) + squares
        error += energy_weight * (np.sqrt(xx) - np.sqrt(squares)) ** 2
        return float((self.weights * error).sum())

    def with_fixed_vector(self) -> npt.NDArray[np.bool_]:
        """Return which subframes have a fixed vector."""
        return self.types % self.kinds > 0

    def of_book(self, book: int, sharpened: bool) -> npt.NDArray[np.bool_]:
        """Return the subframes to which a book is refitted; `sharpened` codevectors that repeat do not count."""
        used = self.types % self.kinds == book + 1
        return used & ~self.repeated if sharpened else used


def encode_all(materials: Sequence[Material], how: Encoding) -> tuple[Totals, Observed]:
    """Encode recordings; return sums over them, and their subframes."""
    band, tables = how.band, how.tables
    counts, encoded = Counts.empty(how.excitation, tables.lags.size), []
    for material in materials:
        lambdas = np.full(len(material.lpc) // band.subframes, how.lambda_)
        silent = find_silence(material.signal, material.weighting, band, lambdas)
        symbols = search_group(*material, silent, lambdas, band, tables, how.costs, how.search)
        contexts = contexts_of(symbols, tables, band, how.search.packet_frames)
        counts.add(symbols, contexts, silent, tables, band)
        encoded.append((symbols, contexts, observe(*material, band, tables, symbols)))
    observed = Observed.of(encoded, [material.weighting.weights for material in materials], tables)
    sharpened, kinds = bool(how.excitation.sharpening), observed.kinds
    refitting = observed.types[~observed.repeated] if sharpened else observed.types
    totals = Totals(
        counts,
        len(observed.types),
        np.bincount(observed.types % kinds, minlength=kinds),
        np.bincount(refitting % kinds, minlength=kinds),
        observed.error(how.search.energy_weight),
    )
    return totals, observed


def sums_alone(materials: Sequence[Material], how: Encoding) -> Totals:
    """Encode recordings; return sums over them."""
    return encode_all(materials, how)[0]


def level_targets(observed: Observed) -> LevelTargets:
    """Return what the level prediction is fitted to."""
    seen = observed.observations
    return LevelTargets(
        seen.level_inputs, seen.inner, observed.weights, observed.types, observed.adaptive_gains, observed.fixed_gains
    )


def keep_gain_targets(observed: Observed, levels: Levels) -> tuple[int, dict[int, GainTargets]]:
    """Return the number of subframes, and what each table of gains is designed for."""
    seen, kinds, types = observed.observations, observed.kinds, observed.types
    amplitudes = predicted_amplitudes(seen.level_inputs, types, kinds, levels)
    adaptive, fixed = types // kinds > 0, types % kinds > 0
    users = {JOINT: adaptive & fixed, FIXED: ~adaptive & fixed, ADAPTIVE: adaptive & ~fixed}
    return len(types), {
        table: gain_targets(seen.inner[used], amplitudes[used], observed.weights[used], observed.contexts[used])
        for table, used in users.items()
    }


def targets_with_fixed_vector(observed: Observed) -> ShapeTargets:
    """Return what a new book is designed for: all subframes with a fixed vector."""
    return _shape_targets(observed, observed.with_fixed_vector())


def targets_of_book(observed: Observed, book: int, sharpened: bool) -> ShapeTargets:
    """Return what a book is refitted to."""
    return _shape_targets(observed, observed.of_book(book, sharpened))


def _shape_targets(observed: Observed, used: npt.NDArray[np.bool_]) -> ShapeTargets:
    seen = observed.observations
    return ShapeTargets(seen.responses[used], seen.residuals[used], observed.weights[used])


def fixed_vectors(part: tuple[Observed, IntArray]) -> npt.NDArray[np.float32]:
    """Return fixed vectors by their numbers among those of all subframes that have one."""
    observed, numbers = part
    return observed.observations.vectors[np.flatnonzero(observed.with_fixed_vector())[numbers]]
