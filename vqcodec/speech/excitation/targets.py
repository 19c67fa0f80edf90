"""What the search of a subframe starts from: impulse response, target, and the criteria beside an adaptive vector."""

from __future__ import annotations

import math

from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.speech.excitation.adaptive_codebook import build_adaptive_vector, dot, filter_backward, filter_vector
from vqcodec.speech.excitation.gains import energy_level
from vqcodec.speech.excitation.shapes import estimate_energies
from vqcodec.speech.excitation.trellis_state import SHARP_ENERGIES


@inner_kernel
def prepare_response(lpc, weighting, room):
    """Fill `room` with the impulse response of W(z)/A(z) and its Gram matrix H'H (first row: the autocorrelation)."""
    length = room.length
    order = lpc.size - 1
    taps = weighting.size
    ringing = room.vector
    response = room.response[:length]
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
        room.response32[n] = value
    fill_gram(response, room.gram, room.diagonal[:length])


@inner_kernel
def fill_gram(response, gram, diagonal):
    """Fill the corner of `gram` with H'H of the lower triangular Toeplitz matrix H of `response`, and its diagonal.

    With r the response backwards, row i is that below shifted to the left, plus r[i] r.
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
def prepare_target(signal, position, lpc, weighting, memory, room):
    """Fill room.target with the weighted target at `position` of `signal`, and room.backward with H'x.

    `signal` is preceded by as many samples as `memory` (past synthetic speech) holds.
    """
    length = room.length
    order = lpc.size - 1
    kept = memory.size
    error = room.error
    ringing = room.vector
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
        room.target[n] = value
    filter_backward(room.response[:length], room.target[:length], room.backward[:length])


@inner_kernel
def prepare_branch(history, lag, adaptive, tables, room):
    """Fill room with what a choice of adaptive vector (0 none) makes of the search for a fixed one; return its level.

    room.inner gets xx, xy, yy; room.orthogonal and room.shadow the criteria of `pulses.search_pulses`.
    """
    length = room.length
    inner = room.inner
    response = room.response[:length]
    vector = room.adaptive[:length]
    filtered = room.adaptive_filtered[:length]
    inner[0] = dot(room.target, room.target, length)
    inner[1] = 0.0
    inner[3] = 0.0
    if adaptive == 0:
        for n in range(length):
            room.orthogonal[n] = room.backward[n]
            room.shadow[n] = 0.0
        return 0.0
    build_adaptive_vector(history, tables.lags[lag], tables.interpolators, vector)
    filter_vector(response, vector, filtered)
    filter_backward(response, filtered, room.shadow[:length])
    inner[1] = dot(room.backward, vector, length)
    inner[3] = max(dot(filtered, filtered, length), 1e-9)
    ratio = inner[1] / inner[3]
    norm = 1.0 / math.sqrt(inner[3])
    for n in range(length):
        room.orthogonal[n] = room.backward[n] - ratio * room.shadow[n]
        room.shadow[n] *= norm
    return energy_level(dot(vector, vector, length), length)


@inner_kernel
def sharpen(tables, repeat, room, lists):
    """Turn the criteria into those of vectors that repeat themselves at `repeat` samples, softer each time.

    With S the repetition, Hc becomes HSc: the response is filtered, what was filtered backward is filtered by S'.
    """
    length = room.length
    factor = tables.sharpening[0]
    for n in range(length):
        room.sharp_response[n] = room.response[n]
        room.sharp_backward[n] = room.backward[n]
    for n in range(repeat, length):
        room.sharp_response[n] += factor * room.sharp_response[n - repeat]
    for n in range(length - 1 - repeat, -1, -1):
        room.sharp_backward[n] += factor * room.sharp_backward[n + repeat]
        room.orthogonal[n] += factor * room.orthogonal[n + repeat]
        room.shadow[n] += factor * room.shadow[n + repeat]
    fill_gram(room.sharp_response[:length], room.sharp_gram, room.sharp_diagonal[:length])
    if tables.books.size > 1:
        estimate_energies(tables.shape_lags, room.sharp_gram[0], lists.shapes[SHARP_ENERGIES])


@inline_kernel
def repeated_energy(vector, repeat, factor, room):
    """Return the energy of `vector` when it repeats itself at `repeat` samples."""
    length = room.size
    total = 0.0
    for n in range(length):
        room[n] = vector[n]
        if n >= repeat:
            room[n] += factor * room[n - repeat]
        total += room[n] * room[n]
    return total


@inner_kernel
def exact_energy(gram, vector, products):
    """Return c'Pc of a vector whose length is a multiple of 4; `products`, float64 (n,), is filled with Pc."""
    length = vector.size
    for n in range(length):
        products[n] = 0.0
    for k in range(0, length, 4):
        a, b, c, d = vector[k], vector[k + 1], vector[k + 2], vector[k + 3]
        row0, row1, row2, row3 = gram[k], gram[k + 1], gram[k + 2], gram[k + 3]
        for n in range(length):
            products[n] = (((products[n] + a * row0[n]) + b * row1[n]) + c * row2[n]) + d * row3[n]
    return dot(vector, products, length)
