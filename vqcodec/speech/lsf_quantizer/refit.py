"""Refitting an LSF codebook to what was encoded with it: all stages and the predictor of a class jointly.

If the symbols and the preceding vectors are given, a reconstructed vector is linear in the offset, the predictor and
the codewords of its class. So the values of least weighted distortion solve normal equations. There is one system for
each class and frequency. Its unknowns are an offset, `order` predictor coefficients and all entries of the stages.
Interpolated vectors pull at the vector that ends their span, in proportion to their position. A small ridge keeps rare
entries where they are.

Source: W.-Y. Chan, S. Gupta and A. Gersho, "Enhanced multistage vector quantization by joint codebook design", IEEE
Trans. Communications 1992.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, kernel
from vqcodec.speech.lsf_quantizer.codebook import POSITION_BITS, PREDICTOR_BITS, UNIT, LsfCodebook
from vqcodec.speech.lsf_quantizer.decoding import LsfIndices
from vqcodec.threads import map_shards

DoubleArray = npt.NDArray[np.floating]

_RIDGE = 3.0  # weight of leaving an unknown as it is, in vectors of mean weight
_PREDICTOR_VARIANCE = 0.03  # radians squared, of an LSF: scales the ridge of predictor coefficients
_TINY = 1e-9


class LsfModel(NamedTuple):
    """The real numbers behind an LsfCodebook; frequencies in radians.

    Attributes:
        start: (order,), the vector before a group.
        centres: (classes, order); the prediction after a vector v is centre + predictor (v - start).
        predictors: (classes, order, order).
        codewords: (classes, stages, max(sizes), order).
        positions: (interpolations,), 0..1.
    """

    start: DoubleArray
    centres: DoubleArray
    predictors: DoubleArray
    codewords: DoubleArray
    positions: DoubleArray


class Encoded(NamedTuple):
    """A recording as it was encoded.

    Attributes:
        lsf: float64 (vectors, order), radians.
        weights: float64 (vectors, order), of their squared errors.
        lsf_q: float64 (vectors, order), radians, the quantized vectors.
        indices: their symbols.
    """

    lsf: DoubleArray
    weights: DoubleArray
    lsf_q: DoubleArray
    indices: LsfIndices


class _Equations(NamedTuple):
    """The normal equations of the change of a class's unknowns.

    Attributes:
        firsts: int64 (stages + 1,), first unknown of each stage.
        gram: float64 (order, unknowns, unknowns), of which only the upper triangle is summed up.
        moment: float64 (order, unknowns), the correlation of the unknowns with the error.
    """

    firsts: npt.NDArray[np.int64]
    gram: DoubleArray
    moment: DoubleArray


def model_of(codebook: LsfCodebook) -> LsfModel:
    """Return the real numbers that `codebook` stands for."""
    start = codebook.start * UNIT
    predictors = codebook.predictors / (1 << PREDICTOR_BITS)
    centres = codebook.offsets * UNIT + (predictors * start).sum(axis=2)
    return LsfModel(start, centres, predictors, codebook.codewords * UNIT, codebook.positions / (1 << POSITION_BITS))


def to_codebook(
    model: LsfModel,
    sizes: npt.NDArray[np.int16],
    gap_rad: float,
    header_lengths: npt.NDArray[np.uint8],
    index_lengths: npt.NDArray[np.uint8],
) -> LsfCodebook:
    """Return the codebook of a model, in integers, with the given sizes and code lengths."""
    predictors = _fixed_point(model.predictors * (1 << PREDICTOR_BITS), np.int16)
    offsets = model.centres - (predictors * model.start).sum(axis=2) / (1 << PREDICTOR_BITS)
    return LsfCodebook(
        start=_fixed_point(model.start / UNIT, np.int16),
        gap=_fixed_point(np.array([gap_rad / UNIT]), np.int16),
        offsets=_fixed_point(offsets / UNIT, np.int32),
        predictors=predictors,
        sizes=sizes,
        codewords=_fixed_point(model.codewords / UNIT, np.int16),
        positions=_fixed_point(np.clip(model.positions, 0, 1) * (1 << POSITION_BITS), np.int16),
        header_lengths=header_lengths,
        index_lengths=index_lengths,
    )


def _fixed_point(values: DoubleArray, dtype: type[np.signedinteger]) -> npt.NDArray:
    """Return `values` rounded to integers of `dtype`, and clipped to their range."""
    bounds = np.iinfo(dtype)
    return np.clip(np.rint(values), bounds.min, bounds.max).astype(dtype)


class Refit:
    """Fits the model of least weighted distortion to recordings that were encoded with a codebook, one after another.

    Args:
        codebook: with which they were encoded.
        threads: each class is fitted on a thread of its own; the result does not depend on their number.
    """

    def __init__(self, codebook: LsfCodebook, threads: int | None = None) -> None:
        self._codebook = codebook
        self._threads = threads
        self._model = model_of(codebook)
        firsts = 1 + codebook.order + np.concatenate([[0], np.cumsum(codebook.sizes, dtype=np.int64)])
        order, unknowns = codebook.order, int(firsts[-1])
        self._classes = [
            _Equations(firsts, np.zeros((order, unknowns, unknowns)), np.zeros((order, unknowns)))
            for _ in range(codebook.classes)
        ]
        self._counts = [0] * codebook.classes
        self._positions = np.zeros((2, len(self._model.positions)))

    def add(self, recordings: Sequence[Encoded]) -> None:
        """Add recordings."""
        coded, model = self._codebook.coded_headers, self._model

        def add_to(kind: int) -> None:
            for recording in recordings:
                self._counts[kind] += _accumulate(
                    kind, coded, recording, model.start, model.positions, self._classes[kind]
                )

        map_shards(add_to, range(self._codebook.classes), self._threads)
        for recording in recordings:
            _accumulate_positions(coded, recording, model.start, *self._positions)

    def model(self) -> LsfModel:
        """Return the model for all that was added. Nothing can be added after that."""
        order, stages, sizes = self._codebook.order, self._codebook.stages, self._codebook.sizes
        model, (products, squares) = self._model, self._positions
        centres, predictors, codewords = model.centres.copy(), model.predictors.copy(), model.codewords.copy()

        def move(kind: int) -> None:
            firsts, change = self._classes[kind].firsts, self._solved(kind)
            centres[kind] += change[:, 0]
            predictors[kind] += change[:, 1 : 1 + order]
            for stage in range(stages):
                codewords[kind, stage, : sizes[stage]] += change[:, firsts[stage] : firsts[stage + 1]].T

        map_shards(move, range(self._codebook.classes), self._threads)
        positions = np.where(squares > 0, products / np.maximum(squares, _TINY), model.positions)
        return LsfModel(model.start, centres, predictors, codewords, positions)

    def _solved(self, kind: int) -> DoubleArray:
        """Return the changes, float64 (order, unknowns), of the unknowns of class `kind`.

        The entries of stage s begin with unknown firsts[s].
        """
        _, gram, moment = self._classes[kind]
        order, unknowns = moment.shape
        for i in range(order):
            ridge = np.full(unknowns, _RIDGE * gram[i, 0, 0] / max(1, self._counts[kind]) + _TINY)
            ridge[1 : 1 + order] *= _PREDICTOR_VARIANCE
            gram[i].flat[:: unknowns + 1] += ridge
            _solve(gram[i], moment[i])
        return moment


@allocating_kernel
def _accumulate(kind, coded, encoded, start, positions, equations):
    """Add the vectors of class `kind` to the normal equations; return the number of vectors added.

    Args:
        kind: the class.
        coded: number of header symbols that are no interpolations.
        encoded: Encoded.
        start: float64 (order,), the vector before the first one.
        positions: float64 (interpolations,).
        equations: _Equations.
    """
    lsf, weights, lsf_q = encoded.lsf, encoded.weights, encoded.lsf_q
    headers, stages = encoded.indices.headers, encoded.indices.stages
    gram, moment = equations.gram, equations.moment
    order = lsf.shape[1]
    depth_limit = stages.shape[1]
    terms = np.arange(1 + order + depth_limit)
    values = np.ones(1 + order + depth_limit)
    previous = start
    last = -1
    count = 0
    for n in range(lsf.shape[0]):
        if headers[n] >= coded:
            continue
        if headers[n] // (depth_limit + 1) == kind:
            count += 1
            used = 1 + order + headers[n] % (depth_limit + 1)
            for i in range(order):
                values[1 + i] = previous[i] - start[i]
            for stage in range(used - 1 - order):
                terms[1 + order + stage] = equations.firsts[stage] + stages[n, stage]
            for i in range(order):
                total = weights[n, i]
                wrong = total * (lsf[n, i] - lsf_q[n, i])
                for between in range(last + 1, n):
                    position = positions[headers[between] - coded]
                    scaled = weights[between, i] * position
                    total += scaled * position
                    wrong += scaled * (lsf[between, i] - lsf_q[between, i])
                for a in range(used):
                    moment[i, terms[a]] += wrong * values[a]
                    scaled = total * values[a]
                    for b in range(a, used):
                        gram[i, terms[a], terms[b]] += scaled * values[b]
        previous = lsf_q[n]
        last = n
    return count


@kernel
def _accumulate_positions(coded, encoded, start, products, squares):
    """Add the interpolated vectors to `products` and `squares`, by interpolation.

    A vector x between p and q, of weight w, adds w (x - p)(q - p) to `products` and w (q - p)^2 to `squares`. The other
    arguments are those of `_accumulate`.
    """
    lsf, weights, lsf_q, headers = encoded.lsf, encoded.weights, encoded.lsf_q, encoded.indices.headers
    previous = start
    last = -1
    for n in range(lsf.shape[0]):
        if headers[n] >= coded:
            continue
        for between in range(last + 1, n):
            number = headers[between] - coded
            for i in range(lsf.shape[1]):
                way = lsf_q[n, i] - previous[i]
                products[number] += weights[between, i] * (lsf[between, i] - previous[i]) * way
                squares[number] += weights[between, i] * way * way
        previous = lsf_q[n]
        last = n


@kernel
def _solve(matrix, vector):
    """Solve matrix x = vector in place, by Gaussian elimination without pivots (symmetric, positive definite).

    Only the upper triangle of `matrix`, float64 (n, n), is read; it is overwritten. `vector`, float64 (n,), becomes x.
    LAPACK would give other sums with every build and number of threads.
    """
    size = vector.shape[0]
    for k in range(size):
        pivot = matrix[k]
        for i in range(k + 1, size):
            factor = pivot[i] / pivot[k]
            if factor != 0.0:
                row = matrix[i]
                for j in range(i, size):
                    row[j] -= factor * pivot[j]
                vector[i] -= factor * vector[k]
    for k in range(size - 1, -1, -1):
        total = vector[k]
        for j in range(k + 1, size):
            total -= matrix[k, j] * vector[j]
        vector[k] = total / matrix[k, k]
