"""Gains: joint vector quantization of both gains, the fixed one relative to a level predicted from the past.

The predicted level (dB of a codevector of unit rms) is a linear function of the last two fixed gains, of the energy of
the last excitation and of that of the adaptive vector, plus a bias by type of excitation (after the moving-average
prediction of G.729; here its inputs are the decoder's own signals). Gains are pairs (adaptive, fixed relative).
"""

from __future__ import annotations

import math

import numpy as np

from vqcodec.kernels.jit import inline_kernel, inner_kernel

JOINT, FIXED, ADAPTIVE = range(3)  # tables of gains: both codebooks, the fixed one alone, the adaptive one alone
GAIN_TABLES = 3
GAIN_SCALE = 1 << 14  # stored gains are integers in this unit
LEVEL_SCALE = 1 << 8  # stored biases: 1/256 dB
WEIGHT_SCALE = 1 << 14  # stored weights of the predictor
LEVEL_INPUTS = 4
INITIAL_LEVEL = 10.0  # dB, of a clean state
SILENT_DECAY = 3.0  # dB by which the remembered level falls in a subframe without fixed codebook
MAX_LEVEL = 90.0  # dB; honest streams stay below, damaged ones are held
GAIN_CLASSES = 4  # of the previous subframe: no adaptive codebook, weak, medium, strong
LAG_CONTEXTS = 3  # previous subframe without, with a weak, with a strong adaptive codebook
_CLASS_EDGES = (0.45, 0.8)
_LAG_EDGE = 0.6


def gain_classes(adaptive_gains: np.ndarray) -> np.ndarray:
    """Return the context 1..3 that each adaptive gain (integers in units of 1 / GAIN_SCALE) gives what follows."""
    edges = [round(edge * GAIN_SCALE) for edge in _CLASS_EDGES]
    return 1 + np.searchsorted(edges, adaptive_gains, side="right").astype(np.int64)


def lag_contexts(adaptive_gains: np.ndarray) -> np.ndarray:
    """Return the context 1..2 that each adaptive gain (integers) gives the next lag."""
    return 1 + (adaptive_gains >= round(_LAG_EDGE * GAIN_SCALE)).astype(np.int64)


@inline_kernel
def gain_table(adaptive, fixed):
    """Return which table of gains a subframe uses, -1 without any excitation; both arguments are flags."""
    if adaptive:
        return JOINT if fixed else ADAPTIVE
    return FIXED if fixed else -1


@inline_kernel
def predict_level(weights, bias, levels, adaptive_level):
    """Return the predicted level in dB; `weights` is float64 (LEVEL_INPUTS,), `levels` from `remember_levels`."""
    level = weights[0] * levels[0] + weights[1] * levels[1] + weights[2] * levels[2] + weights[3] * adaptive_level
    return min(max(level + bias, -MAX_LEVEL), MAX_LEVEL)


@inline_kernel
def level_gain(level):
    """Return the amplitude of `level` in dB."""
    return 10.0 ** (level / 20.0)


@inline_kernel
def energy_level(energy, length):
    """Return the level in dB of `energy` spread over `length` samples, 0 for silence."""
    return 10.0 * math.log10(energy / length + 1.0)


@inline_kernel
def remember_levels(levels, fixed_gain, excitation_energy, length):
    """Update `levels`, float64 (3,): the last two fixed levels and the excitation's, in dB, after a subframe."""
    levels[1] = levels[0]
    if fixed_gain > 1.0:
        levels[0] = 20.0 * math.log10(fixed_gain)
    elif fixed_gain > 0.0:
        levels[0] = 0.0
    else:
        levels[0] = max(levels[0] - SILENT_DECAY, 0.0)
    levels[2] = energy_level(excitation_energy, length)


@inner_kernel
def search_gains(pairs, costs, amplitude, inner, weight, lambda_, energy_weight, room):
    """Return (index, cost): the pair of gains of least cost.

    Args:
        pairs: float64 (entries, 2), adaptive gain and fixed gain relative to `amplitude`.
        costs: float64 (entries,), bits.
        inner: float64 (6,): the inner products xx, xy, xz, yy, zz, yz of target x, filtered adaptive vector y and
            filtered fixed vector z.
        weight: of the squared error; `lambda_` of a bit.
        energy_weight: of the squared difference of the norms of target and reconstruction, relative to the error's.
        room: float64, at least entries long, to work in.

    Returns:
        Index of the entry, and weight * distortion + lambda_ * bits.
    """
    entries = pairs.shape[0]
    xx, xy, xz, yy, zz, yz = inner[0], inner[1], inner[2], inner[3], inner[4], inner[5]
    for q in range(entries):
        adaptive = pairs[q, 0]
        fixed = pairs[q, 1] * amplitude
        squares = adaptive * (adaptive * yy + 2.0 * fixed * yz) + fixed * fixed * zz
        products = adaptive * xy + fixed * xz
        error = (1.0 + energy_weight) * (xx + squares) - 2.0 * products
        error -= 2.0 * energy_weight * math.sqrt(max(xx * squares, 0.0))
        room[q] = weight * error + lambda_ * costs[q]
    best = 0
    for q in range(1, entries):
        if room[q] < room[best]:
            best = q
    return best, room[best]
