"""What the search of a subframe starts from: impulse response, target, and the criteria beside an adaptive vector.

`scratch` is a record of `trellis_state.SUBFRAME_SCRATCH`, or any object with the fields that a function uses.
"""

from __future__ import annotations

import math

from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.speech.excitation.adaptive_codebook import build_adaptive_vector, dot, filter_backward, filter_vector
from vqcodec.speech.excitation.gains import energy_level
from vqcodec.speech.excitation.shapes import SHARP_ENERGIES, estimate_energies


@inner_kernel
def prepare_response(lpc, weighting, scratch):
    """Fill `scratch` with the impulse response h of W(z)/A(z) and with its Gram matrix H'H.

    Row 0 of the Gram matrix is the autocorrelation of h.

    Args:
        lpc: float64 (order + 1,), A(z).
        weighting: float64 (taps,), W(z).
        scratch: its response, response32, gram and diagonal are filled.
    """
    length = scratch.length
    order = lpc.size - 1
    taps = weighting.size
    ringing = scratch.vector
    response = scratch.response[:length]
    for n in range(length):
        value = 1.0 if n == 0 else 0.0
        for i in range(1, min(order, n) + 1):
            value -= lpc[i] * ringing[n - i]
        ringing[n] = value
    for n in range(length):
        value = 0.0
        for i in range(min(taps - 1, n) + 1):
            value += weighting[i] * ringing[n - i]
        response[n] = value
        scratch.response32[n] = value
    fill_gram(response, scratch.gram, scratch.diagonal[:length])


@inner_kernel
def fill_gram(response, gram, diagonal):
    """Fill the corner of `gram` with H'H, and `diagonal` with its diagonal.

    H is the lower triangular Toeplitz matrix of `response`. Let r be the response backwards. Then row i of H'H is the
    row below, shifted to the left by one, plus r[i] r.

    Args:
        response: float64 (n,).
        gram: float64 (n or more, n or more).
        diagonal: float64 (n,).
    """
    length = response.size
    backwards = diagonal
    for n in range(length):
        backwards[n] = response[length - 1 - n]
    last = length - 1
    for j in range(length):
        gram[last, j] = backwards[last] * backwards[j]
    for i in range(last - 1, -1, -1):
        weight = backwards[i]
        row = gram[i]
        below = gram[i + 1]
        for j in range(last):
            row[j] = below[j + 1] + weight * backwards[j]
        row[last] = weight * backwards[last]
    for n in range(length):
        diagonal[n] = gram[n, n]


@inner_kernel
def prepare_target(signal, position, lpc, weighting, memory, scratch):
    """Fill scratch.target with the weighted target x of a subframe, and scratch.backward with H'x.

    Args:
        signal: float64, as many samples as `memory` has, then those of the group.
        position: the subframe's first sample, counted from the start of the group.
        lpc: float64 (order + 1,), A(z).
        weighting: float64 (taps,), W(z).
        memory: float64 (kept,), past synthetic speech, the most recent sample last.
        scratch: its response must be filled.
    """
    length = scratch.length
    order = lpc.size - 1
    kept = memory.size
    error = scratch.error
    ringing = scratch.vector
    for i in range(kept):
        error[i] = signal[position + i] - memory[i]
    for n in range(length):
        value = 0.0
        for i in range(1, order + 1):
            value -= lpc[i] * (ringing[n - i] if i <= n else memory[kept + n - i])
        ringing[n] = value
        error[kept + n] = signal[position + kept + n] - value
    for n in range(length):
        value = 0.0
        for i in range(weighting.size):
            value += weighting[i] * error[kept + n - i]
        scratch.target[n] = value
    filter_backward(scratch.response[:length], scratch.target[:length], scratch.backward[:length])


@inner_kernel
def prepare_branch(history, lag, adaptive, tables, scratch):
    """Fill `scratch` with the criteria for a fixed vector beside an adaptive vector; return that vector's level in dB.

    `scratch.inner` gets xx, xy, yy (see `gains.search_gains`), `scratch.orthogonal` and `scratch.shadow` the target and
    the shadow of `pulses.Criterion`.

    Args:
        history: float64 (past,), the past excitation.
        lag: index of the pitch lag.
        adaptive: 0 for no adaptive vector; then the level is 0.
        tables: model.Tables.
        scratch: its response, target and backward must be filled.
    """
    length = scratch.length
    inner = scratch.inner
    response = scratch.response[:length]
    vector = scratch.adaptive[:length]
    filtered = scratch.adaptive_filtered[:length]
    inner[0] = dot(scratch.target, scratch.target, length)
    inner[1] = 0.0
    inner[3] = 0.0
    if adaptive == 0:
        for n in range(length):
            scratch.orthogonal[n] = scratch.backward[n]
            scratch.shadow[n] = 0.0
        return 0.0
    build_adaptive_vector(history, tables.lags[lag], tables.interpolators, vector)
    filter_vector(response, vector, filtered)
    filter_backward(response, filtered, scratch.shadow[:length])
    inner[1] = dot(scratch.backward, vector, length)
    inner[3] = max(dot(filtered, filtered, length), 1e-9)
    ratio = inner[1] / inner[3]
    norm = 1.0 / math.sqrt(inner[3])
    for n in range(length):
        scratch.orthogonal[n] = scratch.backward[n] - ratio * scratch.shadow[n]
        scratch.shadow[n] *= norm
    return energy_level(dot(vector, vector, length), length)


@inner_kernel
def sharpen(tables, repeat, scratch, lists):
    """Turn the criteria into those of vectors that repeat themselves after `repeat` samples, softer each time.

    Let S be the repetition. Then Hc becomes HSc: the response is filtered by S, and what was filtered backward is
    filtered by S'.
    """
    length = scratch.length
    factor = tables.sharpening[0]
    for n in range(length):
        scratch.sharp_response[n] = scratch.response[n]
        scratch.sharp_backward[n] = scratch.backward[n]
    for n in range(repeat, length):
        scratch.sharp_response[n] += factor * scratch.sharp_response[n - repeat]
    for n in range(length - 1 - repeat, -1, -1):
        scratch.sharp_backward[n] += factor * scratch.sharp_backward[n + repeat]
        scratch.orthogonal[n] += factor * scratch.orthogonal[n + repeat]
        scratch.shadow[n] += factor * scratch.shadow[n + repeat]
    fill_gram(scratch.sharp_response[:length], scratch.sharp_gram, scratch.sharp_diagonal[:length])
    if tables.books.size > 1:
        estimate_energies(tables.shape_lags, scratch.sharp_gram[0], lists.shapes[SHARP_ENERGIES])


@inline_kernel
def repeated_energy(vector, repeat, factor, scratch):
    """Return the energy of the vector that repeats `vector` after `repeat` samples, `factor` times as strong.

    `scratch` is float64 (n,) for vectors of n samples.
    """
    length = scratch.size
    total = 0.0
    for n in range(length):
        scratch[n] = vector[n]
        if n >= repeat:
            scratch[n] += factor * scratch[n - repeat]
        total += scratch[n] * scratch[n]
    return total


@inner_kernel
def exact_energy(gram, vector, products):
    """Return c'Pc of a vector c whose length n is a multiple of 4; fill `products`, float64 (n,), with Pc."""
    length = vector.size
    for n in range(length):
        products[n] = 0.0
    for k in range(0, length, 4):
        a, b, c, d = vector[k], vector[k + 1], vector[k + 2], vector[k + 3]
        row0, row1, row2, row3 = gram[k], gram[k + 1], gram[k + 2], gram[k + 3]
        for n in range(length):
            products[n] = (((products[n] + a * row0[n]) + b * row1[n]) + c * row2[n]) + d * row3[n]
    return dot(vector, products, length)
