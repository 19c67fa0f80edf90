"""Deterministic annealing: soft cells that harden as a temperature falls, and split where they must.

At temperature T a vector x belongs to codeword k with probability p_k exp(-|x - y_k|^2 / T), normalized over k. The
codewords are the means under these probabilities, the masses p_k their sums: so the free energy is least. A codeword is
stable as long as T exceeds twice the largest eigenvalue of its cell's covariance. Below that critical temperature it
splits in two: a phase transition.

Source: Rose 1998, "Deterministic annealing for clustering, compression, classification, regression, and related
optimization problems" (mass-constrained).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel
from vqcodec.threads import map_shards
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.design.online import errors_to_columns
from vqcodec.vq.design.result import DesignResult, DoubleArray, Iteration, Progress
from vqcodec.vq.design.starts import FloatArray, checked_training_sequence

_SHARD = 16_384
_NEGLIGIBLE = 16.0  # exponents below the greatest from which a probability counts as 0: 1e-7
_SETTLED = 1e-4  # relative change of the free energy at which a temperature is done
_MOST_ROUNDS = 40  # at one temperature
_APART = 0.05  # distance of the halves of a split codeword from their mean, in standard deviations
_PARTED = 1.0  # distance of two codewords, in standard deviations of a cell, from which they are two
_COLD = 0.05  # temperature, relative to the distortion per dimension, at which the cells are as good as hard


class Transition(NamedTuple):
    """A phase transition: codewords that split at one temperature.

    Attributes:
        temperature: in units of the squared error of a whole vector.
        size: number of codewords after it.
        rate_bits: mutual information of vectors and codewords before it, in bits per vector.
        distortion: mean squared error per vector before it.
    """

    temperature: float
    size: int
    rate_bits: float
    distortion: float


@dataclass(frozen=True, eq=False)
class AnnealingResult(DesignResult):
    """A codebook designed by deterministic annealing.

    Attributes:
        transitions: the phase transitions, at falling temperatures.
    """

    transitions: tuple[Transition, ...] = ()


@allocating_kernel
def _associate(vectors, columns, masses, temperature, directions, sums, weights, moments, figures):
    """Add up what the soft cells of vectors hold.

    Args:
        vectors: float32 (n, dimension).
        columns: float32 (dimension, size).
        masses: float64 (size,), above 0.
        temperature: above 0.
        directions: float64 (size, dimension), unit vectors.
        sums: float64 (size, dimension): sum of p x is added.
        weights: float64 (size,): sum of p is added.
        moments: float64 (size, dimension): sum of p (x - y) ((x - y) . direction) is added, a step of the power method.
        figures: float64 (3,): the sums of p |x - y|^2, of p ln(p / mass), and of the free energy are added.
    """
    dimension, size = columns.shape
    errors = np.empty(size, np.float32)
    shares = np.empty(size)
    logs = np.empty(size)
    for k in range(size):
        logs[k] = math.log(masses[k])
    for i in range(vectors.shape[0]):
        errors_to_columns(vectors[i], columns, errors)
        greatest = -np.inf
        for k in range(size):
            shares[k] = logs[k] - errors[k] / temperature
            greatest = max(greatest, shares[k])
        total = 0.0
        for k in range(size):
            below = greatest - shares[k]
            shares[k] = math.exp(-below) if below < _NEGLIGIBLE else 0.0
            total += shares[k]
        partition_log = greatest + math.log(total)
        figures[2] -= temperature * partition_log
        for k in range(size):
            if shares[k] == 0.0:
                continue
            share = shares[k] / total
            weights[k] += share
            figures[0] += share * errors[k]
            figures[1] += share * (-errors[k] / temperature - partition_log)
            along = 0.0
            for d in range(dimension):
                sums[k, d] += share * vectors[i, d]
                along += (np.float64(vectors[i, d]) - columns[d, k]) * directions[k, d]
            for d in range(dimension):
                moments[k, d] += share * along * (np.float64(vectors[i, d]) - columns[d, k])


class _SoftCells(NamedTuple):
    """Sums of `_associate` over the whole training sequence, and the figures per vector."""

    sums: DoubleArray
    weights: DoubleArray
    moments: DoubleArray
    distortion: float
    rate_bits: float
    free_energy: float


class _Annealing:
    """Codewords, masses and directions at a falling temperature."""

    def __init__(self, data: FloatArray, size: int, seed: int, threads: int | None, progress: Progress | None) -> None:
        self.data = data
        self.size = size
        self.threads = threads
        self.progress = progress
        self.history: list[Iteration] = []
        self.transitions: list[Transition] = []
        self.generator = np.random.default_rng(seed)
        self.codewords = data.mean(axis=0, dtype=np.float64, keepdims=True)
        self.masses = np.ones(1)
        deviations = data.std(axis=0, dtype=np.float64)
        self.directions = _unit(deviations[np.newaxis] + self.generator.normal(scale=1e-3 * deviations.max() + 1e-30))
        self.scale = float(deviations @ deviations)

    def cells(self, temperature: float) -> _SoftCells:
        """The soft cells of the codewords at a temperature."""
        columns = np.ascontiguousarray(self.codewords.T, dtype=np.float32)

        def add_up(first: int) -> tuple[DoubleArray, ...]:
            shape = self.codewords.shape
            added = np.zeros(shape), np.zeros(len(columns.T)), np.zeros(shape), np.zeros(3)
            rows = self.data[first : first + _SHARD]
            _associate(rows, columns, self.masses, temperature, self.directions, *added)
            return added

        parts = map_shards(add_up, range(0, len(self.data), _SHARD), self.threads)
        sums, weights, moments, figures = (sum(column[1:], start=column[0]) for column in zip(*parts))
        distortion, nats, energy = figures / len(self.data)
        return _SoftCells(sums, weights, moments, float(distortion), float(nats / math.log(2)), float(energy))

    def settle(self, temperature: float) -> tuple[_SoftCells, DoubleArray]:
        """Iterate at one temperature until the free energy settles; the cells, and their largest variances."""
        previous = np.inf
        for _ in range(_MOST_ROUNDS):
            cells = self.cells(temperature)
            weights = np.maximum(cells.weights, 1e-12)[:, np.newaxis]
            variances = (self.directions * cells.moments).sum(axis=1) / weights[:, 0]
            self.directions = _unit(np.where(variances[:, np.newaxis] > 0, cells.moments, self.directions))
            self.codewords = np.where(cells.weights[:, np.newaxis] > 1e-9, cells.sums / weights, self.codewords)
            self.masses = np.maximum(cells.weights, 1e-9) / len(self.data)
            if previous - cells.free_energy <= _SETTLED * (abs(cells.free_energy) + cells.distortion):
                break
            previous = cells.free_energy
        entry = Iteration(
            len(self.codewords), len(self.history) + 1, cells.distortion, cells.rate_bits, cells.free_energy
        )
        self.record(entry)
        return cells, variances

    def record(self, entry: Iteration) -> None:
        """Keep an entry of the history, and tell of it."""
        self.history.append(entry)
        if self.progress is not None:
            self.progress(entry)

    def split(self, temperature: float, cells: _SoftCells, variances: DoubleArray) -> None:
        """Split the codewords whose critical temperature is above this one, the most critical first.

        Halves that have not parted yet share one cell, so what is critical is that cell: they wait.
        """
        parted = self.gaps() > _PARTED**2 * variances
        critical = np.flatnonzero((2 * variances > temperature) & parted)
        order = critical[np.argsort(-variances[critical], kind="stable")][: self.size - len(self.codewords)]
        if not order.size:
            return
        offsets = _APART * np.sqrt(variances[order])[:, np.newaxis] * self.directions[order]
        halves = self.codewords[order] - offsets
        self.codewords[order] += offsets
        self.codewords = np.concatenate([self.codewords, halves])
        self.masses[order] /= 2
        self.masses = np.concatenate([self.masses, self.masses[order]])
        noise = self.generator.normal(scale=0.1, size=halves.shape)
        self.directions = _unit(np.concatenate([self.directions, self.directions[order] + noise]))
        self.transitions.append(Transition(temperature, len(self.codewords), cells.rate_bits, cells.distortion))

    def gaps(self) -> DoubleArray:
        """Squared distance of each codeword to the nearest other one, float64 (size,); inf for a single one."""
        gaps = np.full(len(self.codewords), np.inf)
        for k in range(1, len(self.codewords)):
            errors = np.square(self.codewords[:k] - self.codewords[k]).sum(axis=1)
            gaps[k] = errors.min()
            gaps[:k] = np.minimum(gaps[:k], errors)
        return gaps


def deterministic_annealing(
    training_sequence: npt.ArrayLike,
    size: int,
    *,
    cooling: float = 0.9,
    threshold: float = 1e-4,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> AnnealingResult:
    """Design `size` codewords by deterministic annealing; the result hardly depends on chance.

    It begins with one codeword above the first critical temperature. Each temperature is `cooling` times the one
    before. When the cells are as good as hard, Lloyd iterations end the design. Each of some hundred rounds compares
    all vectors with all codewords: this method takes by far the longest.

    Args:
        cooling: 0..1, neither of them; nearer to 1 is slower and ends lower.
        threshold: as for `lbg`, of the iterations at the end.

    Returns:
        The codebook with its phase transitions. If fewer than `size` codewords came to be, because the training
        sequence has fewer distinct vectors, the cells of greatest distortion are split. In the history of annealing,
        `cost` is the free energy, and `rate_bits` the mutual information.

    The other arguments and errors are those of `design`.
    """
    begin = time.perf_counter()
    data = checked_training_sequence(training_sequence, size)
    if not 0 < cooling < 1:
        raise ValueError(f"cooling={cooling}; a number in 0..1 is wanted, and neither of them")
    annealing = _Annealing(data, size, seed, threads, progress)
    temperature = 2.2 * annealing.scale
    coldest = 1e-9 * annealing.scale
    while temperature > coldest:
        cells, variances = annealing.settle(temperature)
        if len(annealing.codewords) < size:
            annealing.split(temperature, cells, variances)
        elif temperature < _COLD * cells.distortion / data.shape[1]:
            break
        temperature *= cooling
    codewords = annealing.codewords
    filled = np.concatenate([codewords, np.repeat(codewords[:1], size - len(codewords), axis=0)])
    settled = lbg(data, size, start=filled, threshold=threshold, threads=threads, progress=annealing.record)
    found = settled.codewords, settled.counts, settled.indices, settled.distortion, tuple(annealing.history)
    return AnnealingResult(*found, time.perf_counter() - begin, tuple(annealing.transitions))


def _unit(rows: DoubleArray) -> DoubleArray:
    """The rows with length 1; the first axis where a row is 0."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    first = np.zeros_like(rows)
    first[:, 0] = 1.0
    return np.where(lengths > 0, rows / np.where(lengths > 0, lengths, 1.0), first)
