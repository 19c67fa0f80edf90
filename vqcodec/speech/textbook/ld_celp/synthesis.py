"""Synthesis of low-delay CELP: everything but the codevectors follows from the speech decoded so far.

One routine for encoder, decoder and training. A cycle is 20 samples, four vectors of 5; before each but the first of a
packet the predictors of the speech and of the excitation's level are adapted (FORMAT.md, 16.3 to 16.5).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inner_kernel, kernel
from vqcodec.speech.excitation.synthesis import MAX_EXCITATION, synthesize
from vqcodec.speech.textbook.ld_celp.hybrid_window import Adaptation, adapt

DoubleArray = npt.NDArray[np.float64]

VECTOR = 5  # samples
CYCLE_VECTORS = 4
CYCLE = VECTOR * CYCLE_VECTORS
SHAPES, MAGNITUDES = 128, 4
FIELDS = 3  # of a vector: shape, sign, magnitude

SPEECH = Adaptation(50, CYCLE, 35, 0.047783, 0.98892, 3 / 4, 253 / 256, 1.0)
LEVELS = Adaptation(10, CYCLE_VECTORS, 20, 0.092468, 0.93274, 3 / 4, 29 / 32, 1.0)
SPEECH_REACH = SPEECH.sine + SPEECH.block + SPEECH.order
LEVELS_REACH = LEVELS.sine + LEVELS.block + LEVELS.order

MEAN_LEVEL = 50.0  # dB of a squared sample step: levels are predicted as differences from it
LEAST_LEVEL, MOST_LEVEL = -12.0, 78.0
FIRST_LEVEL = 20.0  # of all vectors before a packet: too quiet for a click, loud enough to rise from

_SPEECH_FACTORS = (SPEECH.sine, SPEECH.block, SPEECH.decay, SPEECH.noise, SPEECH.expansion)
_LEVELS_FACTORS = (LEVELS.sine, LEVELS.block, LEVELS.decay, LEVELS.noise, LEVELS.expansion)


class Tables(NamedTuple):
    """What is fixed: shapes float64 (128, 5), magnitudes float64 (4,), and the windows of both adaptations."""

    shapes: DoubleArray
    magnitudes: DoubleArray
    speech_window: DoubleArray
    levels_window: DoubleArray


class State(NamedTuple):
    """What changes within a packet.

    Attributes:
        speech: float64 (SPEECH_REACH + samples,), decoded so far, behind zeros.
        levels: float64 (LEVELS_REACH + vectors,), of the excitation, dB less MEAN_LEVEL.
        memory: float64 (50,), the last samples of speech.
        excitation, output: float64 (5,).
        predictor, sums, correlations, scratch: float64 (51,); windowed: float64 (SPEECH_REACH,), of the speech.
        level_predictor, level_sums, level_correlations, level_scratch: float64 (11,); level_windowed: float64
            (LEVELS_REACH,), of the levels.
    """

    speech: DoubleArray
    levels: DoubleArray
    memory: DoubleArray
    excitation: DoubleArray
    output: DoubleArray
    predictor: DoubleArray
    sums: DoubleArray
    correlations: DoubleArray
    scratch: DoubleArray
    windowed: DoubleArray
    level_predictor: DoubleArray
    level_sums: DoubleArray
    level_correlations: DoubleArray
    level_scratch: DoubleArray
    level_windowed: DoubleArray


def clean_state(cycles: int) -> State:
    """Return the state at the start of a packet of `cycles` cycles."""
    speech_sized = [np.zeros(SPEECH.order + 1) for _ in range(4)]
    level_sized = [np.zeros(LEVELS.order + 1) for _ in range(4)]
    speech_sized[0][0] = level_sized[0][0] = 1.0
    level_sized[0][1] = -1.0  # until there is something to adapt to, the last level is the prediction
    return State(
        speech=np.zeros(SPEECH_REACH + cycles * CYCLE),
        levels=np.full(LEVELS_REACH + cycles * CYCLE_VECTORS, FIRST_LEVEL - MEAN_LEVEL),
        memory=np.zeros(SPEECH.order),
        excitation=np.zeros(VECTOR),
        output=np.zeros(VECTOR),
        predictor=speech_sized[0],
        sums=speech_sized[1],
        correlations=speech_sized[2],
        scratch=speech_sized[3],
        windowed=np.zeros(SPEECH_REACH),
        level_predictor=level_sized[0],
        level_sums=level_sized[1],
        level_correlations=level_sized[2],
        level_scratch=level_sized[3],
        level_windowed=np.zeros(LEVELS_REACH),
    )


@inner_kernel
def start_cycle(cycle, tables, state):
    """Adapt both predictors to what has been decoded before `cycle`."""
    if cycle == 0:
        return
    sine, block, decay, noise, expansion = _SPEECH_FACTORS
    adapt(
        state.speech, SPEECH_REACH + cycle * CYCLE, tables.speech_window, sine, block, decay, noise, expansion,
        state.sums, state.windowed, state.correlations, state.predictor, state.scratch,
    )  # fmt: skip
    sine, block, decay, noise, expansion = _LEVELS_FACTORS
    adapt(
        state.levels, LEVELS_REACH + cycle * CYCLE_VECTORS, tables.levels_window, sine, block, decay, noise, expansion,
        state.level_sums, state.level_windowed, state.level_correlations, state.level_predictor, state.level_scratch,
    )  # fmt: skip


@inner_kernel
def predict_gain(vector, state):
    """Return the excitation's rms that is predicted for `vector`, counted from the start of the packet."""
    level = MEAN_LEVEL
    for i in range(1, state.level_predictor.size):
        level -= state.level_predictor[i] * state.levels[LEVELS_REACH + vector - i]
    return 10.0 ** (min(max(level, LEAST_LEVEL), MOST_LEVEL) / 20.0)


@inner_kernel
def run_vector(vector, gain, shape, sign, magnitude, tables, state):
    """Synthesize `vector` from its indices, `gain` being what `predict_gain` gave; the state moves on."""
    factor = gain * tables.magnitudes[magnitude]
    if sign == 1:
        factor = -factor
    energy = 0.0
    for n in range(VECTOR):
        value = factor * tables.shapes[shape, n]
        state.excitation[n] = min(max(value, -MAX_EXCITATION), MAX_EXCITATION)
        energy += state.excitation[n] * state.excitation[n]
    synthesize(state.predictor, state.excitation, state.memory, state.output)
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
    """Fill state.speech from `indices`, int64 (cycles, CYCLE_VECTORS * FIELDS), of a whole packet."""
    for cycle in range(indices.shape[0]):
        start_cycle(cycle, tables, state)
        for k in range(CYCLE_VECTORS):
            vector = cycle * CYCLE_VECTORS + k
            gain = predict_gain(vector, state)
            run_vector(
                vector, gain, indices[cycle, FIELDS * k], indices[cycle, FIELDS * k + 1],
                indices[cycle, FIELDS * k + 2], tables, state,
            )  # fmt: skip
