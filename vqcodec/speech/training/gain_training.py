"""Design of the gain codebooks and of the level prediction, from the inner products observed along encoded paths."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
_RIDGE = 3.0  # of the predictor's normal equations, in subframes
_CHUNK = 4096  # subframes compared with all entries at once
_LEAST_SHARE = 0.3  # of the gain sent; a best gain below that share is not trusted


def fit_levels(
    inputs: DoubleArray,
    inner: DoubleArray,
    weights: DoubleArray,
    symbols: IntArray,
    adaptive_gains: DoubleArray,
    fixed_gains: DoubleArray,
    kinds: int,
    before: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (weights, biases) of the level prediction by weighted least squares, as integers.

    Args:
        inputs: float64 (subframes, LEVEL_INPUTS), see `replay.Observations`.
        inner: float64 (subframes, 6), see `replay.Observations`.
        weights: float64 (subframes,), of squared errors.
        symbols: int64 (subframes,), types.
        adaptive_gains, fixed_gains: float64 (subframes,), as sent.
        kinds: number of kinds of fixed vector.
        before: (weights, biases) that stay where there are too few subframes.
    """
    level_weights, level_bias = before[0].copy(), before[1].copy()
    best = (inner[:, 2] - adaptive_gains * inner[:, 5]) / np.maximum(inner[:, 4], 1e-12)
    best = np.maximum(best, _LEAST_SHARE * fixed_gains)
    for adaptive in range(2):
        chosen = np.flatnonzero((symbols // kinds == adaptive) & (symbols % kinds > 0) & (fixed_gains > 0))
        if len(chosen) < 50:
            continue
        columns = np.zeros((len(chosen), LEVEL_INPUTS + kinds))
        columns[:, :LEVEL_INPUTS] = inputs[chosen]
        columns[:, LEVEL_INPUTS - 1] *= adaptive > 0
        kind = symbols[chosen] % kinds
        columns[np.arange(len(chosen)), LEVEL_INPUTS + kind] = 1
        level = 20 * np.log10(best[chosen] + 1e-3)
        importance = weights[chosen] * inner[chosen, 4] * best[chosen] ** 2
        importance = np.sqrt(importance) / np.sqrt(importance).mean() + 0.05
        weighed = columns * importance[:, None]
        gram = weighed.T @ columns + np.eye(LEVEL_INPUTS + kinds) * _RIDGE
        solution = np.linalg.solve(gram, weighed.T @ level)
        level_weights[adaptive] = np.rint(solution[:LEVEL_INPUTS] * WEIGHT_SCALE)
        seen = np.bincount(kind, minlength=kinds) >= 5
        biases = np.where(seen, solution[LEVEL_INPUTS:], solution[LEVEL_INPUTS:][seen].mean())
        level_bias[adaptive * kinds : (adaptive + 1) * kinds] = np.rint(biases * LEVEL_SCALE)
    return level_weights, level_bias


def predicted_amplitudes(
    inputs: DoubleArray, symbols: IntArray, kinds: int, levels: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
) -> DoubleArray:
    """Return the predicted amplitude of each subframe, float64 (subframes,); its fixed gain is relative to that.

    `levels` are (weights, biases) as `fit_levels` returns them; the other arguments are those of `fit_levels`.
    """
    level = (inputs * (levels[0] / WEIGHT_SCALE)[symbols // kinds]).sum(axis=1) + (levels[1] / LEVEL_SCALE)[symbols]
    return 10 ** (np.clip(level, -MAX_LEVEL, MAX_LEVEL) / 20)


def train_gains(
    table: int,
    pairs: npt.NDArray[np.int32],
    inner: DoubleArray,
    amplitudes: DoubleArray,
    weights: DoubleArray,
    contexts: IntArray,
    lambda_: float,
    energy_weight: float,
    rounds: int,
) -> tuple[npt.NDArray[np.int32], DoubleArray]:
    """Improve a table of gains by entropy-constrained vector quantization; return (pairs, counts).

    Args:
        table: JOINT, FIXED or ADAPTIVE.
        pairs: int32 (entries, 2), to start from.
        inner: float64 (subframes, 6), of the subframes that use this table.
        amplitudes, weights: float64 (subframes,), of these subframes.
        contexts: int64 (subframes,), gain classes.
        lambda_, energy_weight: see `trellis_state.Tradeoff`.
        rounds: of the algorithm.

    Returns:
        The pairs, int32 (entries, 2), and the counts, float64 (GAIN_CLASSES, entries): how often each pair was best.
    """
    gains = pairs / GAIN_SCALE
    powers = np.array([0, 0, 1, 0, 2, 1])  # of the amplitude in xx, xy, xz, yy, zz, yz
    products = inner * amplitudes[:, None] ** powers
    counts = np.ones((GAIN_CLASSES, len(gains)))
    for number in range(rounds + 1):
        pooled = counts.sum(axis=0) + 0.3
        shares = counts + 2 * pooled / pooled.sum()
        bits = -np.log2(shares / shares.sum(axis=1, keepdims=True))
        nearest = _assign(gains, products, weights, contexts, lambda_ * bits, energy_weight)
        counts = np.zeros((GAIN_CLASSES, len(gains)))
        np.add.at(counts, (contexts, nearest), 1)
        if number < rounds:
            gains = _centroids(table, gains, products, weights, nearest, energy_weight)
    return np.rint(gains * GAIN_SCALE).astype(np.int32), counts


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


def _centroids(
    table: int, gains: DoubleArray, products: DoubleArray, weights: DoubleArray, nearest: IntArray, energy: float
) -> DoubleArray:
    """Return the best pair of every cell, float64 (entries, 2).

    The difference of norms is linearized at the present pair.
    """
    adaptive, fixed = gains[nearest, 0], gains[nearest, 1]
    xx, xy, xz, yy, zz, yz = products.T
    towards = adaptive * yy + fixed * yz, fixed * zz + adaptive * yz
    squares = np.maximum(adaptive * towards[0] + fixed * towards[1], 1e-12)
    pull = energy * np.sqrt(xx / squares)

    def sums(values: DoubleArray) -> DoubleArray:
        return np.bincount(nearest, weights * values, minlength=len(gains)).astype(np.float64)

    moment = sums(xy + pull * towards[0]), sums(xz + pull * towards[1])
    gram = (1 + energy) * sums(yy), (1 + energy) * sums(zz), (1 + energy) * sums(yz)
    fitted = gains.copy()
    used = np.bincount(nearest, minlength=len(gains)) >= _FEWEST
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
