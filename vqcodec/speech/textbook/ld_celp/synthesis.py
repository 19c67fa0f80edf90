"""Synthesis of low-delay CELP: everything but the codevectors follows from the speech decoded so far.

Encoder, decoder and training use the same routines. A cycle is 20 samples, four vectors of 5. Before each cycle but the
first of a packet, the predictors of the speech and of the excitation's level are adapted (FORMAT.md, 16.3 to 16.5).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inner_kernel, kernel
from vqcodec.speech.excitation.synthesis import MAX_EXCITATION, synthesize
from vqcodec.speech.textbook.fields import Field, Layout
from vqcodec.speech.textbook.ld_celp.hybrid_window import Adaptation, Predictor, adapt, new_predictor

DoubleArray = npt.NDArray[np.float64]

VECTOR = 5  # samples
CYCLE_VECTORS = 4
CYCLE = VECTOR * CYCLE_VECTORS
SHAPES, MAGNITUDES = 128, 4
SHAPE, SIGN, MAGNITUDE = range(3)  # places of the fields of a vector
FIELDS = 3
LAYOUT = Layout([Field("shapes", 7), Field("gains", 1), Field("gains", 2)] * CYCLE_VECTORS)  # of a cycle

SPEECH = Adaptation(50, CYCLE, 35, 0.047783, 0.98892, 3 / 4, 253 / 256, 1.0)
LEVELS = Adaptation(10, CYCLE_VECTORS, 20, 0.092468, 0.93274, 3 / 4, 29 / 32, 1.0)
SPEECH_REACH, LEVELS_REACH = SPEECH.reach, LEVELS.reach

MEAN_LEVEL = 50.0  # dB of a squared sample step; predicted levels are differences from it
LEAST_LEVEL, MOST_LEVEL = -12.0, 78.0
FIRST_LEVEL = 20.0  # level of all vectors before a packet: too quiet for a click, loud enough to rise from


class Tables(NamedTuple):
    """The tables of a codebook, and the windows of both adaptations.

    Attributes:
        shapes: float64 (128, 5).
        magnitudes: float64 (4,).
        speech_window: float64 (SPEECH_REACH,).
        levels_window: float64 (LEVELS_REACH,).
    """

    shapes: DoubleArray
    magnitudes: DoubleArray
    speech_window: DoubleArray
    levels_window: DoubleArray


class State(NamedTuple):
    """The state of a coder within a packet.

    Attributes:
        speech: float64 (SPEECH_REACH + samples,), zeros, then the speech decoded so far.
        levels: float64 (LEVELS_REACH + vectors,), of the excitation, in dB less MEAN_LEVEL.
        memory: float64 (50,), the last samples of speech.
        excitation, output: float64 (5,), scratch.
        speech_predictor: of order 50.
        level_predictor: of order 10.
    """

    speech: DoubleArray
    levels: DoubleArray
    memory: DoubleArray
    excitation: DoubleArray
    output: DoubleArray
    speech_predictor: Predictor
    level_predictor: Predictor


def clean_state(cycles: int) -> State:
    """Return the state at the start of a packet of `cycles` cycles."""
    level_predictor = new_predictor(LEVELS)
    level_predictor.coefficients[1] = -1.0  # until the first adaptation, the last level is the prediction
    return State(
        speech=np.zeros(SPEECH_REACH + cycles * CYCLE),
        levels=np.full(LEVELS_REACH + cycles * CYCLE_VECTORS, FIRST_LEVEL - MEAN_LEVEL),
        memory=np.zeros(SPEECH.order),
        excitation=np.zeros(VECTOR),
        output=np.zeros(VECTOR),
        speech_predictor=new_predictor(SPEECH),
        level_predictor=level_predictor,
    )


@inner_kernel
def start_cycle(cycle, tables, state):
    """Adapt both predictors to what has been decoded before `cycle`."""
    if cycle == 0:
        return
    adapt(state.speech_predictor, state.speech, SPEECH_REACH + cycle * CYCLE, tables.speech_window, SPEECH)
    adapt(state.level_predictor, state.levels, LEVELS_REACH + cycle * CYCLE_VECTORS, tables.levels_window, LEVELS)


@inner_kernel
def predict_gain(vector, state):
    """Return the predicted rms of the excitation of vector number `vector` of the packet."""
    level = MEAN_LEVEL
    for i in range(1, state.level_predictor.coefficients.size):
        level -= state.level_predictor.coefficients[i] * state.levels[LEVELS_REACH + vector - i]
    return 10.0 ** (min(max(level, LEAST_LEVEL), MOST_LEVEL) / 20.0)


@inner_kernel
def run_vector(vector, gain, shape, sign, magnitude, tables, state):
    """Synthesize vector number `vector` from its indices, and bring `state` up to date.

    `gain` is that of `predict_gain`.
    """
    factor = gain * tables.magnitudes[magnitude]
    if sign == 1:
        factor = -factor
    energy = 0.0
    for n in range(VECTOR):
        value = factor * tables.shapes[shape, n]
        state.excitation[n] = min(max(value, -MAX_EXCITATION), MAX_EXCITATION)
        energy += state.excitation[n] * state.excitation[n]
    synthesize(state.speech_predictor.coefficients, state.excitation, state.memory, state.output)
    kept = state.memory.size - VECTOR
    start = SPEECH_REACH + vector * VECTOR
    for n in range(VECTOR):
        value = min(max(state.output[n], -MAX_EXCITATION), MAX_EXCITATION)
        state.memory[kept + n] = value
        state.speech[start + n] = value
    floor = 10.0 ** (LEAST_LEVEL / 10.0)
    state.levels[LEVELS_REACH + vector] = 10.0 * math.log10(max(energy / VECTOR, floor)) - MEAN_LEVEL


@kernel
def synthesize_cycles(indices, tables, state):
    """Fill state.speech from the indices of a whole packet, int64 (cycles, CYCLE_VECTORS * FIELDS)."""
    for cycle in range(indices.shape[0]):
        start_cycle(cycle, tables, state)
        for k in range(CYCLE_VECTORS):
            vector = cycle * CYCLE_VECTORS + k
            gain = predict_gain(vector, state)
            fields = indices[cycle, FIELDS * k : FIELDS * (k + 1)]
            run_vector(vector, gain, fields[SHAPE], fields[SIGN], fields[MAGNITUDE], tables, state)
