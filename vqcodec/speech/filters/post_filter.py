"""The decoder's post-filter: valleys between formants are made deeper, where coding noise is heard (low rates).

The speech is filtered by A(z/LEAST) / A(z/d) and brought back to its level by a gain that follows smoothly (after
Chen and Gersho 1995, "Adaptive postfiltering for quality enhancement of coded speech", without its tilt and pitch
sections).
"""

from __future__ import annotations

import math

from vqcodec.kernels.jit import inner_kernel, kernel

LEAST = 0.75  # bandwidth expansion of the numerator
STEP = 0.025  # by which the denominator's is above it, for each step of strength
FOLLOW = 0.05  # of the way to the wanted gain, each sample
_LEAST_ENERGY = 1e-3


@inner_kernel
def post_filter(speech, lpc, strength, inputs, outputs, gain, filtered):
    """Fill `filtered` with the post-filtered `speech`, both float64 (n,); memories and `gain` move on.

    Args:
        lpc: float64 (order + 1,) of the subframe.
        strength: 1 or more.
        inputs, outputs: float64 (order,), the last samples before the post-filter and after it (without the gain),
            the most recent last.
        gain: float64 (1,), the present gain.
    """
    order = lpc.size - 1
    length = speech.size
    wide = LEAST + STEP * strength
    energy_in = 0.0
    energy_out = 0.0
    for n in range(length):
        value = speech[n]
        zero = 1.0
        pole = 1.0
        for i in range(1, order + 1):
            zero *= LEAST
            pole *= wide
            value += lpc[i] * zero * (speech[n - i] if i <= n else inputs[order + n - i])
            value -= lpc[i] * pole * (filtered[n - i] if i <= n else outputs[order + n - i])
        filtered[n] = value
        energy_in += speech[n] * speech[n]
        energy_out += value * value
    for i in range(order):
        inputs[i] = speech[length - order + i]
        outputs[i] = filtered[length - order + i]
    wanted = math.sqrt((energy_in + _LEAST_ENERGY) / (energy_out + _LEAST_ENERGY))
    for n in range(length):
        gain[0] += FOLLOW * (wanted - gain[0])
        filtered[n] *= gain[0]


@kernel
def post_filter_subframes(speech, lpc, strength, inputs, outputs, gain, filtered):
    """Fill `filtered` with `speech`, both float64 (subframes, n), each subframe by its row of `lpc`."""
    for subframe in range(speech.shape[0]):
        post_filter(speech[subframe], lpc[subframe], strength, inputs, outputs, gain, filtered[subframe])
