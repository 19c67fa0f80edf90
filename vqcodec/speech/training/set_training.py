"""Training of one table set of the excitation, at the lambda that it is made for: encode, collect, refit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.speech.bands import Band
from vqcodec.speech.excitation.excitation_search import search_group
from vqcodec.speech.excitation.gains import ADAPTIVE, FIXED, GAIN_SCALE, JOINT, WEIGHT_SCALE
from vqcodec.speech.excitation.model import SHARPENING_SCALE, Excitation, Tables
from vqcodec.speech.excitation.shapes import SHAPE_SCALE
from vqcodec.speech.excitation.trellis_state import Search, Symbols
from vqcodec.speech.signal.silence import find_silence
from vqcodec.speech.signal.weighting import Weighting
from vqcodec.speech.training import gain_training
from vqcodec.speech.training.replay import Contexts, Observations, contexts_of, observe
from vqcodec.speech.training.shape_training import train_shapes
from vqcodec.speech.training.statistics import Counts, flat_counts
from vqcodec.threads import map_shards

DoubleArray = npt.NDArray[np.float64]

_INITIAL_WEIGHTS = ((0.5, 0.2, 0.2, 0.0), (0.3, 0.1, 0.2, 0.2))
_FIRST_PULSES = (1, 2, 3, 4, 6, 8, 10)  # pulse counts of the first round, which has no trained books yet
_SHAPE_NOISE = 0.3
_GAIN_ROUNDS = 8


@dataclass(frozen=True)
class SetDesign:
    """The design of a table set.

    Attributes:
        lambda_: distortion that a bit is worth, at which the set is trained.
        lsf_lambda: dB^2 that a bit of the LSF quantizer is worth.
        energy_weight: see `trellis_state.Tradeoff`.
        books: entries of each trained book.
        pulse_counts: numbers of pulses, ascending.
        gains: entries of each table of gains.
        sharpening: weight of the repetition of fixed vectors at short lags.
        rounds: of encoding and refitting.
        survivors: paths that the search keeps. The first round of a training from nothing keeps one.
        shape_rounds: rounds of `train_shapes` for a new book.
    """

    lambda_: float
    lsf_lambda: float
    energy_weight: float
    books: tuple[int, ...] = (64, 512)
    pulse_counts: tuple[int, ...] = (2, 3, 4, 6, 8, 10)
    gains: tuple[int, int, int] = (64, 24, 16)
    sharpening: float = 0.0
    rounds: int = 6
    survivors: int = 2
    shape_rounds: int = 12


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


class Round(NamedTuple):
    """The figures of a round of training.

    Attributes:
        number: of the round, from 0 on.
        rate: bit/s of the excitation.
        cost: distortion + lambda * bits, for a subframe.
    """

    number: int
    rate: float
    cost: float


@dataclass
class TrainedSet:
    """A table set, and the counts from which its code lengths follow."""

    excitation: Excitation
    counts: Counts


def train_set(
    materials: Sequence[Material],
    band: Band,
    design: SetDesign,
    *,
    start: TrainedSet | None = None,
    seed: int = 0,
    packet_frames: int = 50,
    threads: int | None = None,
    progress: Callable[[Round], None] | None = None,
) -> TrainedSet:
    """Return a table set trained on `materials`; the same whatever the number of threads.

    Args:
        materials: to train on.
        band: narrowband or wideband.
        design: of the table set.
        start: a table set for another lambda to start from; None to start from pulses alone.
        seed: of the first codevectors.
        packet_frames: frames of a packet; contexts start anew with each packet.
        threads: None for all; the result does not depend on it.
        progress: called after every round.
    """
    rng = np.random.default_rng(seed)
    fresh = start is None
    if start is None:
        excitation = _initial(design, band)
        counts = flat_counts(excitation, excitation.tables(band).lags.size)
    else:
        excitation, counts = adapt(start, design)
    for number in range(design.rounds):
        last = number == design.rounds - 1
        tables = excitation.tables(band)
        costs = counts.ideal_costs(tables, excitation.fixed_bits(band))
        search = Search(
            survivors=1 if fresh and number == 0 else design.survivors,
            lag_candidates=2,
            sweeps=1,
            exact=0,
            energy_weight=design.energy_weight,
            packet_frames=packet_frames,
        )

        def encode(material: Material) -> tuple[Symbols, Contexts, Observations, npt.NDArray[np.uint8]]:
            lambdas = np.full(len(material.lpc) // band.subframes, design.lambda_)
            silent = find_silence(material.signal, material.weighting, band, lambdas)
            symbols = search_group(*material, silent, lambdas, band, tables, costs, search)  # noqa: B023  (used at once)
            contexts = contexts_of(symbols, tables, band, packet_frames)  # noqa: B023
            return symbols, contexts, observe(*material, band, tables, symbols), silent  # noqa: B023

        encoded = map_shards(encode, materials, threads)
        counts = Counts.empty(excitation, tables.lags.size)
        for symbols, contexts, _, silent in encoded:
            counts.add(symbols, contexts, silent, tables, band)
        collected = _Collection.of(encoded, materials, tables)
        if progress is not None:
            progress(collected.figures(number, counts, tables, excitation.fixed_bits(band), design, band))
        if last:
            break
        excitation, counts = _refit(excitation, counts, collected, design, rng, fresh and number == 0, threads)
    return TrainedSet(excitation, counts)


def adapt(start: TrainedSet, design: SetDesign) -> tuple[Excitation, Counts]:
    """Return the excitation and counts of `start`, with its own books but the kinds and sizes of `design`."""
    old = start.excitation
    offset = 1 + len(old.shapes)
    nearest = [int(np.abs(old.pulse_counts.astype(int) - count).argmin()) for count in design.pulse_counts]
    kinds = [*range(offset), *[offset + place for place in nearest]]
    types = np.concatenate([np.array(kinds) + adaptive * old.kinds for adaptive in range(2)])
    gains = [_resized(table, size) for table, size in zip(old.gains, design.gains)]
    excitation = Excitation(
        old.shapes, np.array(design.pulse_counts, dtype=np.uint8), gains, old.level_weights, old.level_bias[types],
        round(design.sharpening * SHARPENING_SCALE),
    )  # fmt: skip
    counts = Counts.empty(excitation, start.counts.lags.shape[1])
    share = np.bincount(types, minlength=old.types)[types].astype(np.float64)  # types that share counts
    contexts = np.append(types, old.types)
    counts.first_type[:, :-1] = start.counts.first_type[np.ix_(contexts, types)] / share
    counts.first_type[:, -1] = start.counts.first_type[contexts, -1]
    counts.later_type += start.counts.later_type[np.ix_(contexts, types)] / share
    counts.lag_steps += start.counts.lag_steps
    counts.lags += start.counts.lags
    for table, before in zip(counts.gains, start.counts.gains):
        table += before[:, np.arange(table.shape[1]) % before.shape[1]]
    counts.shapes = [book.copy() for book in start.counts.shapes]
    return excitation, counts


def _resized(pairs: npt.NDArray[np.int32], size: int) -> npt.NDArray[np.int32]:
    """Return a table of gains of `size` entries: the first entries of `pairs`, or all of them and then variations."""
    copies = np.arange(size) // len(pairs)
    varied = pairs[np.arange(size) % len(pairs)] * (1 + 0.06 * copies[:, None])
    return np.rint(varied).astype(np.int32)


_Encoded = tuple[Symbols, Contexts, Observations, npt.NDArray[np.uint8]]


class _Collection(NamedTuple):
    """All that was observed in a round, one entry for each subframe of all signals, one signal after another."""

    type: npt.NDArray[np.int64]
    shape: npt.NDArray[np.int64]
    gain: npt.NDArray[np.int64]
    context: npt.NDArray[np.int64]
    repeated: npt.NDArray[np.bool_]
    adaptive_gains: DoubleArray
    fixed_gains: DoubleArray
    weights: DoubleArray
    observations: Observations

    @classmethod
    def of(cls, encoded: Sequence[_Encoded], materials: Sequence[Material], tables: Tables) -> _Collection:
        """Return what was observed in all signals, joined."""
        symbols = [np.concatenate(parts).astype(np.int64) for parts in zip(*(item[0][:4] for item in encoded))]
        kind, gain, lag, shape = symbols[0], symbols[2], symbols[1], symbols[3]
        observations = Observations._make(np.concatenate(parts) for parts in zip(*(item[2] for item in encoded)))
        adaptive, fixed = kind // tables.kinds > 0, kind % tables.kinds > 0
        table = np.select([adaptive & fixed, fixed, adaptive], [JOINT, FIXED, ADAPTIVE], 0)
        chosen = np.where((adaptive | fixed)[:, None], tables.gains[table, gain], 0)
        inputs = observations.level_inputs
        level = (inputs * tables.level_weights[kind // tables.kinds]).sum(axis=1) + tables.level_bias[kind]
        return cls(
            type=kind,
            shape=shape,
            gain=gain,
            context=np.concatenate([item[1].gain for item in encoded]),
            repeated=adaptive & (tables.lags[lag] < 12 * tables.transposed.shape[0]),
            adaptive_gains=chosen[:, 0],
            fixed_gains=chosen[:, 1] * 10 ** (level / 20),
            weights=np.concatenate([material.weighting.weights for material in materials]),
            observations=observations,
        )

    def figures(
        self, number: int, counts: Counts, tables: Tables, fixed_bits: DoubleArray, design: SetDesign, band: Band
    ) -> Round:
        """Return the figures of the round, with the codes that are ideal for it."""
        costs = counts.ideal_costs(tables, fixed_bits)
        bits = sum(
            (counted * cost).sum()
            for counted, cost in (
                (counts.first_type[:, : len(tables.level_bias)], costs.first_type),
                (counts.later_type, costs.later_type),
                (counts.lag_steps, costs.lag_steps),
                (counts.lags, costs.lags),
                *((table, costs.gains[n, :, : table.shape[1]]) for n, table in enumerate(counts.gains)),
                (np.concatenate([np.zeros(0), *[book[0] for book in counts.shapes]]), costs.shapes),
            )
        )
        bits += fixed_bits[self.type % tables.kinds].sum()
        xx, xy, xz, yy, zz, yz = self.observations.inner.T
        a, f = self.adaptive_gains, self.fixed_gains
        squares = np.maximum(a * a * yy + f * f * zz + 2 * a * f * yz, 0)
        error = xx - 2 * (a * xy + f * xz) + squares
        error += design.energy_weight * (np.sqrt(xx) - np.sqrt(squares)) ** 2
        subframes = len(self.type)
        rate = bits / subframes * band.sample_rate / band.subframe
        return Round(number, rate, float((self.weights * error).sum() + design.lambda_ * bits) / subframes)


def _initial(design: SetDesign, band: Band) -> Excitation:
    """Return the excitation of the first round: pulses alone, gains on a grid."""
    joint, fixed, adaptive = design.gains
    across = max(2, round(joint**0.5 * 0.8))
    grid = [(a, f) for a in np.linspace(0.1, 1.2, across) for f in 10 ** (np.linspace(-14, 16, joint // across) / 20)]
    pairs = [
        np.array(grid + [(0.5 + 0.01 * n, 1.0) for n in range(joint - len(grid))]),
        np.stack([np.zeros(fixed), 10 ** (np.linspace(-24, 24, fixed) / 20)], axis=1),
        np.stack([np.linspace(0.1, 1.2, adaptive), np.zeros(adaptive)], axis=1),
    ]
    pulses = _FIRST_PULSES if design.books else design.pulse_counts
    types = 2 * (1 + len(pulses))
    return Excitation(
        shapes=[],
        pulse_counts=np.array(pulses, dtype=np.uint8),
        gains=[np.rint(table * GAIN_SCALE).astype(np.int32) for table in pairs],
        level_weights=np.rint(np.array(_INITIAL_WEIGHTS) * WEIGHT_SCALE).astype(np.int32),
        level_bias=np.zeros(types, dtype=np.int32),
        sharpening=round(design.sharpening * SHARPENING_SCALE),
    )


def _refit(
    excitation: Excitation,
    counts: Counts,
    collected: _Collection,
    design: SetDesign,
    rng: np.random.Generator,
    first: bool,
    threads: int | None,
) -> tuple[Excitation, Counts]:
    """Return the excitation and the counts for the next round."""
    seen, kinds = collected.observations, excitation.kinds
    levels = gain_training.fit_levels(
        seen.level_inputs, seen.inner, collected.weights, collected.type, collected.adaptive_gains,
        collected.fixed_gains, kinds, (excitation.level_weights, excitation.level_bias),
    )  # fmt: skip
    amplitudes = gain_training.predicted_amplitudes(seen.level_inputs, collected.type, kinds, levels)
    adaptive, fixed = collected.type // kinds > 0, collected.type % kinds > 0
    gains = list(excitation.gains)
    for table, chosen in ((JOINT, adaptive & fixed), (FIXED, ~adaptive & fixed), (ADAPTIVE, adaptive & ~fixed)):
        if chosen.sum() >= 2 * len(gains[table]):
            gains[table], counts.gains[table] = gain_training.train_gains(
                table, gains[table], seen.inner[chosen], amplitudes[chosen], collected.weights[chosen],
                collected.context[chosen], design.lambda_, design.energy_weight, _GAIN_ROUNDS if first else 3,
            )  # fmt: skip
    fitted = Excitation(excitation.shapes, excitation.pulse_counts, gains, levels[0], levels[1], excitation.sharpening)
    if first and design.books:
        return _with_books(fitted, counts, collected, design, rng, threads)
    fitted.shapes = _refit_books(fitted, collected, rng, threads)
    return fitted, counts


def _with_books(
    excitation: Excitation,
    counts: Counts,
    collected: _Collection,
    design: SetDesign,
    rng: np.random.Generator,
    threads: int | None,
) -> tuple[Excitation, Counts]:
    """Return the excitation with trained books, made from the vectors of pulses, and its first counts."""
    chosen = np.flatnonzero(collected.type % excitation.kinds > 0)
    seen = collected.observations
    books = []
    for entries in design.books:
        start = seen.vectors[rng.choice(chosen, entries, replace=len(chosen) < entries)].astype(np.float64)
        start += _SHAPE_NOISE * rng.standard_normal(start.shape)
        start /= np.sqrt((start**2).mean(axis=1, keepdims=True))
        books.append(
            train_shapes(
                start, seen.responses[chosen], seen.residuals[chosen], collected.weights[chosen],
                design.shape_rounds, rng, threads,
            )
        )  # fmt: skip
    kinds = 1 + len(books) + len(design.pulse_counts)
    biases = np.zeros(2 * kinds, dtype=np.int32)
    for adaptive in range(2):
        old = excitation.level_bias[adaptive * excitation.kinds + 1 : (adaptive + 1) * excitation.kinds]
        biases[adaptive * kinds : (adaptive + 1) * kinds] = np.rint(old.mean())
    fitted = Excitation(
        [_stored(book) for book in books], np.array(design.pulse_counts, dtype=np.uint8), excitation.gains,
        excitation.level_weights, biases, excitation.sharpening,
    )  # fmt: skip
    fresh = Counts.empty(fitted, counts.lags.shape[1])
    fresh.first_type += 1
    fresh.later_type += 1
    for book in fresh.shapes:
        book += 1
    fresh.lag_steps, fresh.lags, fresh.gains = counts.lag_steps, counts.lags, counts.gains
    return fitted, fresh


def _refit_books(
    excitation: Excitation, collected: _Collection, rng: np.random.Generator, threads: int | None
) -> list[npt.NDArray[np.int16]]:
    """Return the books, each refitted to the subframes that use it; a book with few subframes stays as it is."""
    books = []
    seen = collected.observations
    for number, book in enumerate(excitation.shapes):
        used = collected.type % excitation.kinds == number + 1
        if excitation.sharpening:
            used &= ~collected.repeated
        chosen = np.flatnonzero(used)
        if len(chosen) < 5 * len(book):
            books.append(book)
            continue
        shapes = book.astype(np.float64) / SHAPE_SCALE
        books.append(
            _stored(
                train_shapes(
                    shapes, seen.responses[chosen], seen.residuals[chosen], collected.weights[chosen], 2, rng, threads
                )
            )
        )
    return books


def _stored(shapes: DoubleArray) -> npt.NDArray[np.int16]:
    """Return `shapes` in units of 1 / SHAPE_SCALE."""
    limit = np.iinfo(np.int16).max
    return np.clip(np.rint(shapes * SHAPE_SCALE), -limit, limit).astype(np.int16)
