"""The search of low-delay CELP: for each vector, the shape and the gain of least weighted error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, inline_kernel, inner_kernel
from vqcodec.speech.excitation.targets import prepare_response, prepare_target
from vqcodec.speech.signal.weighting import Weighting
from vqcodec.speech.textbook.ld_celp.synthesis import (
    CYCLE,
    CYCLE_VECTORS,
    FIELDS,
    MAGNITUDE,
    MAGNITUDES,
    SHAPE,
    SHAPES,
    SIGN,
    SPEECH,
    VECTOR,
    Tables,
    clean_state,
    predict_gain,
    run_vector,
    start_cycle,
)
from vqcodec.speech.textbook.scratch import new_scratch

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Observed(NamedTuple):
    """What the training needs of the search.

    Attributes:
        backward: float64 (vectors, 5), H'x.
        responses: float64 (cycles, 5), h.
        gains: float64 (vectors,), as predicted.
        errors: float64 (vectors,), weighted squared errors that are left.
        energies: float64 (vectors,), of the target.
    """

    backward: DoubleArray
    responses: DoubleArray
    gains: DoubleArray
    errors: DoubleArray
    energies: DoubleArray


def search_packet(signal: DoubleArray, weighting: Weighting, tables: Tables) -> tuple[IntArray, Observed]:
    """Return the indices of a packet, int64 (cycles, CYCLE_VECTORS * FIELDS), and what the search observed.

    Args:
        signal: float64 (cycles * CYCLE,), high-passed.
        weighting: of the cycles.
        tables: of the codebook.
    """
    cycles = len(signal) // CYCLE
    vectors = cycles * CYCLE_VECTORS
    indices = np.zeros((cycles, CYCLE_VECTORS * FIELDS), np.int64)
    seen = Observed(
        np.zeros((vectors, VECTOR)), np.zeros((cycles, VECTOR)), np.zeros(vectors), np.zeros(vectors), np.zeros(vectors)
    )
    preceded = np.concatenate([np.zeros(SPEECH.order), signal])
    _search(
        preceded, weighting.filters, tables, clean_state(cycles), new_scratch(VECTOR, SPEECH.order), np.zeros(SHAPES),
        indices, seen,
    )  # fmt: skip
    return indices, seen


@inline_kernel
def _dot(a, b):
    """Return the inner product of two vectors."""
    total = 0.0
    for n in range(VECTOR):
        total += a[n] * b[n]
    return total


@inner_kernel
def _search_vector(gain, energies, tables, scratch):
    """Return (shape, sign, magnitude, merit): those of least error.

    The merit is the target's energy less that error.
    """
    best_shape, best_sign, best_magnitude = 0, 0, 0
    best = -np.inf
    for shape in range(SHAPES):
        correlation = _dot(scratch.backward, tables.shapes[shape])
        sign = 1 if correlation < 0.0 else 0
        for magnitude in range(MAGNITUDES):
            factor = gain * tables.magnitudes[magnitude]
            merit = factor * (2.0 * abs(correlation) - factor * energies[shape])
            if merit > best:
                best = merit
                best_shape, best_sign, best_magnitude = shape, sign, magnitude
    return best_shape, best_sign, best_magnitude, best


@allocating_kernel
def _search(signal, filters, tables, state, scratch, energies, indices, seen):
    """Fill `indices` and `seen`.

    `signal` begins with as many samples before the packet as state.memory has. The state is clean at first. `energies`,
    float64 (SHAPES,), is scratch.
    """
    for cycle in range(indices.shape[0]):
        start_cycle(cycle, tables, state)
        lpc = state.speech_predictor.coefficients
        prepare_response(lpc, filters[cycle], scratch)
        for shape in range(SHAPES):
            codeword = tables.shapes[shape]
            energies[shape] = 0.0
            for n in range(VECTOR):
                energies[shape] += codeword[n] * _dot(scratch.gram[n], codeword)
        seen.responses[cycle] = scratch.response
        for k in range(CYCLE_VECTORS):
            vector = cycle * CYCLE_VECTORS + k
            gain = predict_gain(vector, state)
            prepare_target(signal, vector * VECTOR, lpc, filters[cycle], state.memory, scratch)
            shape, sign, magnitude, merit = _search_vector(gain, energies, tables, scratch)
            fields = indices[cycle, FIELDS * k : FIELDS * (k + 1)]
            fields[SHAPE] = shape
            fields[SIGN] = sign
            fields[MAGNITUDE] = magnitude
            seen.backward[vector] = scratch.backward
            seen.gains[vector] = gain
            seen.energies[vector] = _dot(scratch.target, scratch.target)
            seen.errors[vector] = seen.energies[vector] - merit
            run_vector(vector, gain, shape, sign, magnitude, tables, state)
