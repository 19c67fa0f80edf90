"""Training of one table set of the excitation, at the lambda that it is made for: encode, collect, refit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.carriers.carrier import Carrier
from vqcodec.carriers.kept import Kept
from vqcodec.speech.bands import Band
from vqcodec.speech.excitation.gains import ADAPTIVE, FIXED, GAIN_SCALE, JOINT, WEIGHT_SCALE
from vqcodec.speech.excitation.model import SHARPENING_SCALE, Excitation
from vqcodec.speech.excitation.shapes import SHAPE_SCALE
from vqcodec.speech.excitation.trellis_state import Search
from vqcodec.speech.training import gain_training
from vqcodec.speech.training.observed import (
    Encoding,
    Material,
    Observed,
    Totals,
    encode_all,
    fixed_vectors,
    keep_gain_targets,
    level_targets,
    sums_alone,
    targets_of_book,
    targets_with_fixed_vector,
)
from vqcodec.speech.training.shape_training import train_shapes
from vqcodec.speech.training.statistics import Counts, flat_counts

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


class Round(NamedTuple):
    """The figures of a round of training.

    Attributes:
        number: of the round, from 0 on.
        rate: bit/s of the excitation.
        cost: distortion + lambda * bits, for a subframe.
        counts: of the symbols.
    """

    number: int
    rate: float
    cost: float
    counts: Counts


@dataclass
class TrainedSet:
    """A table set, and the counts from which its code lengths follow."""

    excitation: Excitation
    counts: Counts


def train_set(
    materials: Kept,
    take: Callable[..., Sequence[Material]],
    band: Band,
    design: SetDesign,
    *,
    start: TrainedSet | None = None,
    seed: int = 0,
    packet_frames: int = 50,
    progress: Callable[[Round], None] | None = None,
) -> TrainedSet:
    """Return a table set trained on recordings; the same whatever carries them.

    Args:
        materials: what is kept of the recordings.
        take: returns the materials in a value that is kept.
        band: narrowband or wideband.
        design: of the table set.
        start: a table set for another lambda to start from; None to start from pulses alone.
        seed: of the first codevectors.
        packet_frames: frames of a packet; contexts start anew with each packet.
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
        tables = excitation.tables(band)
        search = Search(
            survivors=1 if fresh and number == 0 else design.survivors,
            lag_candidates=2,
            sweeps=1,
            exact=0,
            energy_weight=design.energy_weight,
            packet_frames=packet_frames,
        )
        costs = counts.ideal_costs(tables, excitation.fixed_bits(band))
        how = Encoding(band, excitation, tables, costs, search, design.lambda_)
        last = number == design.rounds - 1
        if last:
            totals, observed = reduce(Totals.plus, materials.map(_sums_of, take, how)), None
        else:
            totals, observed = _encoded(materials, take, how)
        counts = totals.counts
        if progress is not None:
            progress(_figures(number, totals, how))
        if observed is not None:
            excitation, counts = _refit(excitation, counts, totals, observed, design, rng, fresh and number == 0)
    return TrainedSet(excitation, counts)


def _sums_of(value: Any, take: Callable[..., Sequence[Material]], how: Encoding) -> Totals:
    return sums_alone(take(value), how)


def _encode_kept(value: Any, take: Callable[..., Sequence[Material]], how: Encoding) -> tuple[Totals, Observed]:
    return encode_all(take(value), how)


def _encoded(materials: Kept, take: Callable[..., Sequence[Material]], how: Encoding) -> tuple[Totals, Kept]:
    """Encode all recordings; return sums over them, and what is kept of their subframes."""
    found = list(materials.carrier.keep(_encode_kept, materials.handles, take, how))
    rows = tuple(totals.subframes for totals, _ in found)
    kept = Kept(materials.carrier, rows, tuple(handle for _, handle in found))
    return reduce(Totals.plus, (totals for totals, _ in found)), kept


def _figures(number: int, totals: Totals, how: Encoding) -> Round:
    """Return the figures of the round, with the codes that are ideal for it."""
    counts, fixed_bits, band = totals.counts, how.excitation.fixed_bits(how.band), how.band
    costs = counts.ideal_costs(how.tables, fixed_bits)
    bits = sum(
        (counted * cost).sum()
        for counted, cost in (
            (counts.first_type[:, : len(how.tables.level_bias)], costs.first_type),
            (counts.later_type, costs.later_type),
            (counts.lag_steps, costs.lag_steps),
            (counts.lags, costs.lags),
            *((table, costs.gains[n, :, : table.shape[1]]) for n, table in enumerate(counts.gains)),
            (np.concatenate([np.zeros(0), *[book[0] for book in counts.shapes]]), costs.shapes),
        )
    )
    bits += (fixed_bits * totals.kinds).sum()
    rate = bits / totals.subframes * band.sample_rate / band.subframe
    return Round(number, rate, (totals.error + how.lambda_ * bits) / totals.subframes, counts)


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
    totals: Totals,
    observed: Kept,
    design: SetDesign,
    rng: np.random.Generator,
    first: bool,
) -> tuple[Excitation, Counts]:
    """Return the excitation and the counts for the next round."""
    kinds = excitation.kinds
    levels = gain_training.fit_levels(observed, level_targets, kinds, (excitation.level_weights, excitation.level_bias))
    targets = Kept.of(observed.carrier, keep_gain_targets, observed.handles, levels)
    gains = list(excitation.gains)
    users = [int(table.sum()) for table in counts.gains]
    starting = {table: gains[table] for table in (JOINT, FIXED, ADAPTIVE) if users[table] >= 2 * len(gains[table])}
    rounds = _GAIN_ROUNDS if first else 3
    trained = gain_training.train_gains(targets, starting, design.lambda_, design.energy_weight, rounds)
    for table, found in trained.items():
        gains[table], counts.gains[table] = found
    fitted = Excitation(excitation.shapes, excitation.pulse_counts, gains, levels[0], levels[1], excitation.sharpening)
    if first and design.books:
        return _with_books(fitted, counts, observed, design, rng)
    fitted.shapes = _refit_books(fitted, totals, observed, rng)
    return fitted, counts


def _with_books(
    excitation: Excitation, counts: Counts, observed: Kept, design: SetDesign, rng: np.random.Generator
) -> tuple[Excitation, Counts]:
    """Return the excitation with trained books, made from the vectors of pulses, and its first counts."""
    carrier, handles = observed.carrier, observed.handles
    rows = list(observed.map(_fixed_vector_count))
    books = []
    for entries in design.books:
        numbers = rng.choice(sum(rows), entries, replace=sum(rows) < entries)
        start = _drawn(carrier, handles, rows, numbers).astype(np.float64)
        start += _SHAPE_NOISE * rng.standard_normal(start.shape)
        start /= np.sqrt((start**2).mean(axis=1, keepdims=True))
        books.append(train_shapes(start, observed, targets_with_fixed_vector, (), design.shape_rounds, rng))
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


def _fixed_vector_count(observed: Observed) -> int:
    return int(np.count_nonzero(observed.with_fixed_vector()))


def _drawn(
    carrier: Carrier, handles: Sequence[Any], rows: Sequence[int], numbers: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Return the fixed vectors of these numbers, in their order; `rows` says how many each value has."""
    order = np.argsort(numbers, kind="stable")
    ends = np.cumsum(rows)
    cut = np.split(numbers[order], np.searchsorted(numbers[order], ends[:-1]))
    parts = [(handle, own - (end - count)) for handle, own, end, count in zip(handles, cut, ends, rows)]
    found = np.concatenate(list(carrier.map(fixed_vectors, parts)))
    drawn = np.empty_like(found)
    drawn[order] = found
    return drawn


def _refit_books(
    excitation: Excitation, totals: Totals, observed: Kept, rng: np.random.Generator
) -> list[npt.NDArray[np.int16]]:
    """Return the books, each refitted to the subframes that use it; a book with few subframes stays as it is."""
    books = []
    for number, book in enumerate(excitation.shapes):
        if totals.refitting[number + 1] < 5 * len(book):
            books.append(book)
            continue
        which = (number, bool(excitation.sharpening))
        shapes = book.astype(np.float64) / SHAPE_SCALE
        books.append(_stored(train_shapes(shapes, observed, targets_of_book, which, 2, rng)))
    return books


def _stored(shapes: DoubleArray) -> npt.NDArray[np.int16]:
    """Return `shapes` in units of 1 / SHAPE_SCALE."""
    limit = np.iinfo(np.int16).max
    return np.clip(np.rint(shapes * SHAPE_SCALE), -limit, limit).astype(np.int16)
