"""Gains: joint vector quantization of both gains, the fixed one relative to a level predicted from the past.

The predicted level is in dB of a codevector of unit rms. It is a linear function of the last two fixed gains, the
energy of the last excitation and the energy of the adaptive vector, plus a bias by type of excitation. Gains are pairs
(adaptive gain, fixed gain relative to the predicted level).

Source: after the moving-average prediction of ITU-T G.729; here its inputs are the decoder's own signals.
"""

from __future__ import annotations

import math

import numpy as np

from vqcodec.kernels.jit import inline_kernel, inner_kernel

JOINT, FIXED, ADAPTIVE = range(3)  # tables of gains: for both vectors, the fixed one alone, the adaptive one alone
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
RISE_BITS = 4  # of a rise, sent after the loudest entry of the fixed gains in streams that have rises
RISES = (1 << RISE_BITS) - 1  # number of rises above 0
_CLASS_EDGES = (0.45, 0.8)
_LAG_EDGE = 0.6


def gain_classes(adaptive_gains: np.ndarray) -> np.ndarray:
    """Return the gain class, 1 to 3, that each adaptive gain gives the next subframe.

    `adaptive_gains` are integers in units of 1 / GAIN_SCALE, of any shape; the classes are int64 of that shape.
    """
    edges = [round(edge * GAIN_SCALE) for edge in _CLASS_EDGES]
    return 1 + np.searchsorted(edges, adaptive_gains, side="right").astype(np.int64)


def lag_contexts(adaptive_gains: np.ndarray) -> np.ndarray:
    """Return the context, 1 or 2, that each adaptive gain gives the next lag; types as in `gain_classes`."""
    return 1 + (adaptive_gains >= round(_LAG_EDGE * GAIN_SCALE)).astype(np.int64)


def rise_factors() -> np.ndarray:
    """Return the factors of the loudest fixed gain that the rises 1 to RISES stand for, float64 (RISES,).

    The level is predicted from the past. After silence it is so low that the loudest entry does not reach the level of
    loud speech. A rise reaches it at once.
    """
    return 2.0 ** (np.arange(1, RISES + 1) / 2)


@inline_kernel
def gain_table(adaptive, fixed):
    """Return the number of the table of gains that a subframe uses, -1 for none.

    `adaptive` and `fixed` say whether the subframe has such a vector.
    """
    if adaptive:
        return JOINT if fixed else ADAPTIVE
    return FIXED if fixed else -1


@inline_kernel
def predict_level(weights, bias, levels, adaptive_level):
    """Return the predicted level in dB, within -MAX_LEVEL..MAX_LEVEL.

    Args:
        weights: float64 (LEVEL_INPUTS,).
        bias: dB.
        levels: float64 (3,), from `remember_levels`.
        adaptive_level: dB, of the adaptive vector; 0 without one.
    """
    level = weights[0] * levels[0] + weights[1] * levels[1] + weights[2] * levels[2] + weights[3] * adaptive_level
    return min(max(level + bias, -MAX_LEVEL), MAX_LEVEL)


@inline_kernel
def level_gain(level):
    """Return the amplitude that `level`, in dB, stands for."""
    return 10.0 ** (level / 20.0)


@inline_kernel
def energy_level(energy, length):
    """Return the level in dB of `energy` spread over `length` samples, 0 for silence."""
    return 10.0 * math.log10(energy / length + 1.0)


@inline_kernel
def remember_levels(levels, fixed_gain, excitation_energy, length):
    """Update `levels` after a subframe.

    `levels` is float64 (3,), in dB: the last fixed level, the one before, and the level of the last excitation.
    """
    levels[1] = levels[0]
    if fixed_gain > 1.0:
        levels[0] = 20.0 * math.log10(fixed_gain)
    elif fixed_gain > 0.0:
        levels[0] = 0.0
    else:
        levels[0] = max(levels[0] - SILENT_DECAY, 0.0)
    levels[2] = energy_level(excitation_energy, length)


@inner_kernel
def search_gains(pairs, costs, amplitude, inner, tradeoff, scratch):
    """Return (index, cost): the pair of gains of least cost.

    Args:
        pairs: float64 (entries, 2), adaptive gain and fixed gain relative to `amplitude`.
        costs: float64 (entries,), bits.
        inner: float64 (6,), the inner products xx, xy, xz, yy, zz, yz of target x, filtered adaptive vector y and
            filtered fixed vector z.
        tradeoff: trellis_state.Tradeoff, what errors and bits cost.
        scratch: float64 (entries or more,).
    """
    entries = pairs.shape[0]
    weight, lambda_, energy_weight = tradeoff.weight, tradeoff.lambda_, tradeoff.energy_weight
    xx, xy, xz, yy, zz, yz = inner[0], inner[1], inner[2], inner[3], inner[4], inner[5]
    for q in range(entries):
        adaptive = pairs[q, 0]
        fixed = pairs[q, 1] * amplitude
        squares = adaptive * (adaptive * yy + 2.0 * fixed * yz) + fixed * fixed * zz
        products = adaptive * xy + fixed * xz
        error = (1.0 + energy_weight) * (xx + squares) - 2.0 * products
        error -= 2.0 * energy_weight * math.sqrt(max(xx * squares, 0.0))
        scratch[q] = weight * error + lambda_ * costs[q]
    best = 0
    for q in range(1, entries):
        if scratch[q] < scratch[best]:
            best = q
    return best, scratch[best]
