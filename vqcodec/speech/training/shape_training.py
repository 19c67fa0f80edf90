"""Design of the trained fixed codebooks by a closed-loop generalized Lloyd algorithm.

The filtered codevector, with its own gain g and sign, approximates the target x of a subframe. The best codevector c of
a cell solves (sum w g^2 H'H) c = sum w g H'x.

Source: G. Davidson and A. Gersho, "Complexity reduction methods for vector excitation coding", ICASSP 1986.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.carriers.kept import Kept
from vqcodec.kernels.jit import allocating_kernel
from vqcodec.speech.excitation.adaptive_codebook import dot
from vqcodec.speech.excitation.shapes import autocorrelations
from vqcodec.speech.excitation.targets import exact_energy, fill_gram

DoubleArray = npt.NDArray[np.float64]
SingleArray = npt.NDArray[np.float32]

_GROUP = 4  # shards whose sums are made together: the sums are as large as the data of some minutes
_RIDGE = 1e-3
_FEWEST = 3  # subframes; a cell with fewer is given up
_SPLIT_NOISE = 0.3


class ShapeTargets(NamedTuple):
    """What codevectors are designed for, one entry a subframe.

    Attributes:
        responses, residuals: float32 (subframes, n), see `replay.Observations`.
        weights: float64 (subframes,), of squared errors.
    """

    responses: SingleArray
    residuals: SingleArray
    weights: DoubleArray


def train_shapes(
    shapes: DoubleArray,
    subframes: Kept,
    take: Callable[..., ShapeTargets],
    common: tuple[Any, ...],
    rounds: int,
    rng: np.random.Generator,
) -> DoubleArray:
    """Return codevectors improved for the given subframes, float64 (entries, n), of unit rms.

    Args:
        shapes: float64 (entries, n), to start from.
        subframes: what is kept of them.
        take: returns the targets in a value that is kept; called with it and `common`.
        rounds: of the algorithm.
        rng: for the codevectors that replace empty cells.
    """
    groups = [subframes.handles[first : first + _GROUP] for first in range(0, len(subframes.handles), _GROUP)]
    for _ in range(rounds):
        transposed = np.ascontiguousarray(shapes.T, dtype=np.float32)
        tables = transposed, autocorrelations(shapes), np.ascontiguousarray(shapes)
        sums = (np.zeros((*shapes.shape, shapes.shape[1])), np.zeros(shapes.shape), np.zeros(len(shapes)))
        for part in subframes.carrier.map(_collect_group, groups, tables, take, common):
            for mine, theirs in zip(sums, part):
                np.add(mine, theirs, out=mine)
        shapes = _refit(shapes, *sums, rng)
    return shapes


def _collect_group(
    values: tuple[Any, ...],
    tables: tuple[SingleArray, SingleArray, DoubleArray],
    take: Callable[..., ShapeTargets],
    common: tuple[Any, ...],
) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """Return the normal equations of the cells, and how many subframes each has, over several values that are kept."""
    entries, length = tables[2].shape
    sums = np.zeros((entries, length, length)), np.zeros((entries, length)), np.zeros(entries)
    for value in values:
        _collect(*tables, *take(value, *common), *sums)
    return sums


def _refit(
    shapes: DoubleArray, grams: DoubleArray, moments: DoubleArray, counts: DoubleArray, rng: np.random.Generator
) -> DoubleArray:
    """Return the centroids; a cell with few subframes starts anew beside the most frequent one."""
    length = shapes.shape[1]
    fitted = shapes.copy()
    kept = counts >= _FEWEST
    ridge = _RIDGE * np.trace(grams[kept], axis1=1, axis2=2)[:, None, None] / length * np.eye(length)
    fitted[kept] = np.linalg.solve(grams[kept] + ridge, moments[kept][:, :, None])[:, :, 0]
    popular = counts.copy()
    for entry in np.flatnonzero(~kept):
        crowded = int(popular.argmax())
        fitted[entry] = shapes[crowded] + _SPLIT_NOISE * rng.standard_normal(length)
        popular[crowded] /= 2
    rms = np.sqrt((fitted**2).mean(axis=1, keepdims=True))
    return np.where(rms > 1e-9, fitted / np.maximum(rms, 1e-9), shapes)


@allocating_kernel
def _collect(transposed, lags, shapes, responses, residuals, weights, grams, moments, counts):
    """Add the normal equations of some subframes to those of their cells.

    Args:
        transposed, lags: see `model.Tables`.
        shapes: float64 (entries, n).
        responses, residuals, weights: see `ShapeTargets`.
        grams: float64 (entries, n, n).
        moments: float64 (entries, n).
        counts: float64 (entries,).
    """
    length, entries = transposed.shape
    gram = np.empty((length, length))
    diagonal = np.empty(length)
    response = np.empty(length)
    residual = np.empty(length)
    products = np.empty(length)
    match = np.empty(entries, np.float32)
    energies = np.empty(entries, np.float32)
    for t in range(weights.size):
        match[:] = 0.0
        energies[:] = 0.0
        for n in range(length):
            response[n] = responses[t, n]
            residual[n] = residuals[t, n]
        for k in range(length):
            reach = np.float32(0.0)
            for n in range(length - k):
                reach += responses[t, n] * responses[t, n + k]
            row = transposed[k]
            lag_row = lags[k]
            level = residuals[t, k]
            for e in range(entries):
                match[e] += level * row[e]
                energies[e] += reach * lag_row[e]
        for e in range(entries):
            energies[e] = match[e] * match[e] / max(energies[e], np.float32(1e-9))
        fill_gram(response, gram, diagonal)
        best = 0
        best_merit = -1.0
        best_gain = 0.0
        for _ in range(4):  # the estimates ignore the end of the subframe, so the best few are compared exactly
            e = np.argmax(energies)
            energies[e] = -1.0
            correlation = dot(residual, shapes[e], length)
            energy = max(exact_energy(gram, shapes[e], products), 1e-9)
            if correlation * correlation / energy > best_merit:
                best_merit = correlation * correlation / energy
                best = e
                best_gain = correlation / energy
        counts[best] += 1.0
        for i in range(length):
            moments[best, i] += weights[t] * best_gain * residual[i]
            scale = weights[t] * best_gain * best_gain
            for j in range(length):
                grams[best, i, j] += scale * gram[i, j]
