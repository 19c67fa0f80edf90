"""Design of the gain codebooks and of the level prediction, from the inner products observed along encoded paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.carriers.kept import Kept
from vqcodec.speech.excitation.gains import (
    ADAPTIVE,
    FIXED,
    GAIN_CLASSES,
    GAIN_SCALE,
    JOINT,
    LEVEL_INPUTS,
    LEVEL_SCALE,
    MAX_LEVEL,
    WEIGHT_SCALE,
)

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MAX_ADAPTIVE_GAIN = 1.25
_LEAST_GAIN = 0.01
_FEWEST = 3
_FEWEST_LEVELS, _FEWEST_OF_A_KIND = 50, 5  # subframes to fit levels to
_RIDGE = 3.0  # of the predictor's normal equations, in subframes
_CHUNK = 4096  # subframes compared with all entries at once
_LEAST_SHARE = 0.3  # of the gain sent; a best gain below that share is not trusted


class LevelTargets(NamedTuple):
    """What the level prediction is fitted to, one entry a subframe.

    Attributes:
        inputs: float64 (subframes, LEVEL_INPUTS), see `replay.Observations`.
        inner: float64 (subframes, 6), see `replay.Observations`.
        weights: float64 (subframes,), of squared errors.
        types: int64 (subframes,).
        adaptive_gains, fixed_gains: float64 (subframes,), as sent.
    """

    inputs: DoubleArray
    inner: DoubleArray
    weights: DoubleArray
    types: IntArray
    adaptive_gains: DoubleArray
    fixed_gains: DoubleArray


Levels = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
"""Weights and biases of the level prediction, as integers."""


def fit_levels(subframes: Kept, take: Callable[[Any], LevelTargets], kinds: int, before: Levels) -> Levels:
    """Return the level prediction by weighted least squares.

    Args:
        subframes: what is kept of them.
        take: returns the targets in a value that is kept.
        kinds: number of kinds of fixed vector.
        before: stays where there are too few subframes.
    """
    level_weights, level_bias = before[0].copy(), before[1].copy()
    totals = sum(subframes.map(_importances, take, kinds), start=np.zeros((2, 2)))
    means = totals[:, 0] / np.maximum(totals[:, 1], 1)
    size = LEVEL_INPUTS + kinds
    sums = np.zeros((2, size, size)), np.zeros((2, size)), np.zeros((2, kinds), np.int64)
    for part in subframes.map(_level_equations, take, kinds, means):
        for mine, theirs in zip(sums, part):
            np.add(mine, theirs, out=mine)
    for adaptive, (gram, moment, seen) in enumerate(zip(*sums)):
        if totals[adaptive, 1] < _FEWEST_LEVELS:
            continue
        solution = np.linalg.solve(gram + np.eye(size) * _RIDGE, moment)
        level_weights[adaptive] = np.rint(solution[:LEVEL_INPUTS] * WEIGHT_SCALE)
        known = seen >= _FEWEST_OF_A_KIND
        biases = np.where(known, solution[LEVEL_INPUTS:], solution[LEVEL_INPUTS:][known].mean())
        level_bias[adaptive * kinds : (adaptive + 1) * kinds] = np.rint(biases * LEVEL_SCALE)
    return level_weights, level_bias


def _with_fixed_vector(targets: LevelTargets, kinds: int, adaptive: int) -> tuple[IntArray, DoubleArray, DoubleArray]:
    """Return the subframes with a fixed vector, with or without the adaptive codebook: their numbers, their best
    amplitudes, and how much these matter.
    """
    types, fixed_gains = targets.types, targets.fixed_gains
    chosen = np.flatnonzero((types // kinds == adaptive) & (types % kinds > 0) & (fixed_gains > 0))
    inner = targets.inner[chosen]
    best = (inner[:, 2] - targets.adaptive_gains[chosen] * inner[:, 5]) / np.maximum(inner[:, 4], 1e-12)
    best = np.maximum(best, _LEAST_SHARE * fixed_gains[chosen])
    return chosen, best, np.sqrt(targets.weights[chosen] * inner[:, 4] * best**2)


def _importances(value: Any, take: Callable[[Any], LevelTargets], kinds: int) -> DoubleArray:
    """Return the sum of the importances and the number of subframes, without and with the adaptive codebook, (2, 2)."""
    targets = take(value)
    found = (_with_fixed_vector(targets, kinds, adaptive)[2] for adaptive in range(2))
    return np.array([[importance.sum(), len(importance)] for importance in found])


def _level_equations(
    value: Any, take: Callable[[Any], LevelTargets], kinds: int, means: DoubleArray
) -> tuple[DoubleArray, DoubleArray, IntArray]:
    """Return the normal equations of the levels and the counts of the kinds, without and with the adaptive codebook."""
    targets = take(value)
    found = []
    for adaptive in range(2):
        chosen, best, importance = _with_fixed_vector(targets, kinds, adaptive)
        columns = np.zeros((len(chosen), LEVEL_INPUTS + kinds))
        columns[:, :LEVEL_INPUTS] = targets.inputs[chosen]
        columns[:, LEVEL_INPUTS - 1] *= adaptive > 0
        kind = targets.types[chosen] % kinds
        columns[np.arange(len(chosen)), LEVEL_INPUTS + kind] = 1
        weighed = columns * (importance / means[adaptive] + 0.05)[:, None]
        level = 20 * np.log10(best + 1e-3)
        found.append((weighed.T @ columns, weighed.T @ level, np.bincount(kind, minlength=kinds)))
    grams, moments, seen = (np.stack(column) for column in zip(*found))
    return grams, moments, seen


def predicted_amplitudes(inputs: DoubleArray, types: IntArray, kinds: int, levels: Levels) -> DoubleArray:
    """Return the predicted amplitude of each subframe, float64 (subframes,); its fixed gain is relative to that.

    Args:
        inputs, types: as in `LevelTargets`.
        kinds, levels: as `fit_levels` takes and returns them.
    """
    level = (inputs * (levels[0] / WEIGHT_SCALE)[types // kinds]).sum(axis=1) + (levels[1] / LEVEL_SCALE)[types]
    return 10 ** (np.clip(level, -MAX_LEVEL, MAX_LEVEL) / 20)


class GainTargets(NamedTuple):
    """What a table of gains is designed for, one entry for each subframe that uses it.

    Attributes:
        products: float64 (subframes, 6), inner products, of a fixed vector of the predicted amplitude.
        weights: float64 (subframes,), of squared errors.
        contexts: int64 (subframes,), gain classes.
    """

    products: DoubleArray
    weights: DoubleArray
    contexts: IntArray


def gain_targets(inner: DoubleArray, amplitudes: DoubleArray, weights: DoubleArray, contexts: IntArray) -> GainTargets:
    """Return the targets of subframes; `amplitudes` are those of `predicted_amplitudes`."""
    powers = np.array([0, 0, 1, 0, 2, 1])  # of the amplitude in xx, xy, xz, yy, zz, yz
    return GainTargets(inner * amplitudes[:, None] ** powers, weights, contexts)


class _GainTable(NamedTuple):
    """A table of gains in training: float64 (entries, 2); and how often each pair was best, (GAIN_CLASSES, entries)."""

    gains: DoubleArray
    counts: DoubleArray


def train_gains(
    subframes: Kept,
    tables: Mapping[int, npt.NDArray[np.int32]],
    lambda_: float,
    energy_weight: float,
    rounds: int,
) -> dict[int, tuple[npt.NDArray[np.int32], DoubleArray]]:
    """Improve tables of gains by entropy-constrained vector quantization.

    Args:
        subframes: for each shard, a mapping with the `GainTargets` of every table.
        tables: the pairs to start from, int32 (entries, 2), of JOINT, FIXED or ADAPTIVE.
        lambda_, energy_weight: see `trellis_state.Tradeoff`.
        rounds: of the algorithm.

    Returns:
        For each table the pairs, int32 (entries, 2), and how often each was best, float64 (GAIN_CLASSES, entries).
    """
    present = {
        table: _GainTable(pairs / GAIN_SCALE, np.ones((GAIN_CLASSES, len(pairs)))) for table, pairs in tables.items()
    }
    for number in range(rounds + 1):
        sums = {table: _GainSums.zeros(len(one.gains)) for table, one in present.items()}
        for part in subframes.map(_gain_sums, present, lambda_, energy_weight):
            for table, found in part.items():
                sums[table].add(found)
        for table, (gains, _) in present.items():
            moved = _centroids(table, gains, sums[table], energy_weight) if number < rounds else gains
            present[table] = _GainTable(moved, sums[table].counts)
    return {table: (np.rint(one.gains * GAIN_SCALE).astype(np.int32), one.counts) for table, one in present.items()}


class _GainSums(NamedTuple):
    """Sums over the subframes that chose each pair.

    Attributes:
        counts: float64 (GAIN_CLASSES, entries).
        moments: float64 (2, entries).
        grams: float64 (3, entries), of yy, zz and yz.
    """

    counts: DoubleArray
    moments: DoubleArray
    grams: DoubleArray

    @classmethod
    def zeros(cls, entries: int) -> _GainSums:
        """Return sums over nothing."""
        return cls(np.zeros((GAIN_CLASSES, entries)), np.zeros((2, entries)), np.zeros((3, entries)))

    def add(self, other: _GainSums) -> None:
        """Add the sums of `other` in place."""
        for mine, theirs in zip(self, other):
            np.add(mine, theirs, out=mine)


def _gain_sums(
    targets: Mapping[int, GainTargets], present: Mapping[int, _GainTable], lambda_: float, energy: float
) -> dict[int, _GainSums]:
    """Return the sums over subframes, each with its best pair. The difference of norms is linearized at that pair."""
    found = {}
    for table, (gains, counted) in present.items():
        products, weights, contexts = targets[table]
        pooled = counted.sum(axis=0) + 0.3
        shares = counted + 2 * pooled / pooled.sum()
        bits = -np.log2(shares / shares.sum(axis=1, keepdims=True))
        nearest = _assign(gains, products, weights, contexts, lambda_ * bits, energy)
        sums = found[table] = _GainSums.zeros(len(gains))
        np.add.at(sums.counts, (contexts, nearest), 1)
        adaptive, fixed = gains[nearest, 0], gains[nearest, 1]
        xx, xy, xz, yy, zz, yz = products.T
        towards = adaptive * yy + fixed * yz, fixed * zz + adaptive * yz
        squares = np.maximum(adaptive * towards[0] + fixed * towards[1], 1e-12)
        pull = energy * np.sqrt(xx / squares)
        columns = (xy + pull * towards[0], xz + pull * towards[1], yy, zz, yz)
        for row, values in zip((*sums.moments, *sums.grams), columns):
            row += np.bincount(nearest, weights * values, minlength=len(gains))
    return found


def _assign(
    gains: DoubleArray,
    products: DoubleArray,
    weights: DoubleArray,
    contexts: IntArray,
    costs: DoubleArray,
    energy: float,
) -> IntArray:
    """Return the entry of least cost for every subframe, int64 (subframes,)."""
    adaptive, fixed = gains[:, 0], gains[:, 1]
    linear = np.stack([adaptive, fixed])
    quadratic = np.stack([adaptive**2, fixed**2, 2 * adaptive * fixed])
    nearest = np.empty(len(weights), dtype=np.int64)
    for first in range(0, len(weights), _CHUNK):
        part = slice(first, first + _CHUNK)
        squares = np.maximum(products[part, 3:6] @ quadratic, 0)
        error = (1 + energy) * squares - 2 * products[part, 1:3] @ linear
        error -= 2 * energy * np.sqrt(products[part, :1] * squares)
        nearest[part] = (weights[part, None] * error + costs[contexts[part]]).argmin(axis=1)
    return nearest


def _centroids(table: int, gains: DoubleArray, sums: _GainSums, energy: float) -> DoubleArray:
    """Return the best pair of every cell, float64 (entries, 2)."""
    moment, gram = sums.moments, (1 + energy) * sums.grams
    fitted = gains.copy()
    used = sums.counts.sum(axis=0) >= _FEWEST
    with np.errstate(divide="ignore", invalid="ignore"):
        if table == JOINT:
            determinant = gram[0] * gram[1] - gram[2] ** 2
            sound = used & (determinant > 1e-9 * gram[0] * gram[1])
            solved = np.stack([moment[0] * gram[1] - moment[1] * gram[2], moment[1] * gram[0] - moment[0] * gram[2]], 1)
            fitted[sound] = (solved / determinant[:, None])[sound]
        elif table == FIXED:
            fitted[used, 1] = (moment[1] / gram[1])[used]
        else:
            fitted[used, 0] = (moment[0] / gram[0])[used]
    if table != FIXED:
        fitted[:, 0] = np.clip(fitted[:, 0], 0.0, MAX_ADAPTIVE_GAIN)
    if table != ADAPTIVE:
        fitted[:, 1] = np.maximum(fitted[:, 1], _LEAST_GAIN)
    return fitted
