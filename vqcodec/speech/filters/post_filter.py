"""The decoder's post-filter: it deepens the valleys between formants, where coding noise is heard at low rates.

The speech is filtered by A(z/LEAST) / A(z/d), where d grows with the strength. A gain that follows smoothly brings it
back to its level.

Source: J.-H. Chen and A. Gersho, "Adaptive postfiltering for quality enhancement of coded speech", IEEE Trans. Speech
and Audio Processing 1995; here without tilt and pitch sections.
"""

from __future__ import annotations

import math

from vqcodec.kernels.jit import inner_kernel, kernel

LEAST = 0.75  # bandwidth expansion of the numerator
STEP = 0.025  # each step of strength adds it to the bandwidth expansion of the denominator
FOLLOW = 0.05  # share of the way to the wanted gain that each sample takes
_LEAST_ENERGY = 1e-3


@inner_kernel
def post_filter(speech, lpc, strength, inputs, outputs, gain, filtered):
    """Fill `filtered` with the post-filtered `speech` of a subframe; bring the memories and `gain` up to date.

    Args:
        speech, filtered: float64 (n,).
        lpc: float64 (order + 1,), A(z) of the subframe.
        strength: 1 or more.
        inputs: float64 (order,), the last samples that went into the filter, the most recent last.
        outputs: float64 (order,), the last samples that came out of it, without the gain, the most recent last.
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
    """Fill `filtered` with the post-filtered `speech`, both float64 (subframes, n).

    `lpc` is float64 (subframes, order + 1). The other arguments are those of `post_filter`.
    """
    for subframe in range(speech.shape[0]):
        post_filter(speech[subframe], lpc[subframe], strength, inputs, outputs, gain, filtered[subframe])
