"""Design of the trained fixed codebooks by a closed-loop generalized Lloyd algorithm.

The filtered codevector, with its own gain g and sign, approximates the target x of a subframe. The best codevector c of
a cell solves (sum w g^2 H'H) c = sum w g H'x.

Source: G. Davidson and A. Gersho, "Complexity reduction methods for vector excitation coding", ICASSP 1986.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel
from vqcodec.speech.excitation.adaptive_codebook import dot
from vqcodec.speech.excitation.shapes import autocorrelations
from vqcodec.speech.excitation.targets import exact_energy, fill_gram
from vqcodec.threads import map_shards

DoubleArray = npt.NDArray[np.float64]
SingleArray = npt.NDArray[np.float32]

_SHARDS = 8
_RIDGE = 1e-3
_FEWEST = 3  # subframes; a cell with fewer is given up
_SPLIT_NOISE = 0.3


def train_shapes(
    shapes: DoubleArray,
    responses: SingleArray,
    residuals: SingleArray,
    weights: DoubleArray,
    rounds: int,
    rng: np.random.Generator,
    threads: int | None = None,
) -> DoubleArray:
    """Return codevectors improved for the given subframes, float64 (entries, n), of unit rms.

    Args:
        shapes: float64 (entries, n), to start from.
        responses, residuals: float32 (subframes, n), see `replay.Observations`.
        weights: float64 (subframes,), of squared errors.
        rounds: of the algorithm.
        rng: for the codevectors that replace empty cells.
        threads: None for all; the result does not depend on it.
    """
    entries, length = shapes.shape
    shards = np.array_split(np.arange(len(weights)), _SHARDS)
    for _ in range(rounds):
        lags = autocorrelations(shapes)
        transposed = np.ascontiguousarray(shapes.T, dtype=np.float32)

        def collect(
            shard: npt.NDArray[np.int64],
            tables: tuple[SingleArray, SingleArray, DoubleArray] = (transposed, lags, np.ascontiguousarray(shapes)),
        ) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
            sums = np.zeros((entries, length, length)), np.zeros((entries, length)), np.zeros(entries)
            _collect(*tables, responses[shard], residuals[shard], weights[shard], *sums)
            return sums

        grams, moments, counts = (sum(parts) for parts in zip(*map_shards(collect, shards, threads)))
        shapes = _refit(shapes, grams, moments, counts, rng)
    return shapes


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
        responses, residuals, weights: of the subframes, see `train_shapes`.
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
