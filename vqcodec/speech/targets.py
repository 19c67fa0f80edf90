"""What the search of a subframe starts from: impulse response, target, and the criteria beside an adaptive vector."""

from __future__ import annotations

import math

from vqcodec.jit import inline_kernel, inner_kernel, merged_kernel
from vqcodec.speech.adaptive_codebook import build_adaptive_vector, dot, filter_backward, filter_vector
from vqcodec.speech.gains import energy_level
from vqcodec.speech.shapes import estimate_energies


@inner_kernel
def prepare_response(lpc, weighting, room):
    """Fill `room` with the impulse response of W(z)/A(z), its Gram matrix H'H and its autocorrelation."""
    length = room.response.size
    order = lpc.size - 1
    taps = weighting.size
    ringing = room.vector
    for n in range(length):
        value = 1.0 if n == 0 else 0.0
        for i in range(1, min(order, n) + 1):
            value -= lpc[i] * ringing[n - i]
        ringing[n] = value
    for n in range(length):
        value = 0.0
        for i in range(min(taps - 1, n) + 1):
            value += weighting[i] * ringing[n - i]
        room.response[n] = value
        room.response32[n] = value
    fill_gram(room.response, room.gram, room.diagonal)
    correlate(room.response, room.response_lags)


@inner_kernel
def fill_gram(response, gram, diagonal):
    """Fill `gram` (n, n) with H'H of the lower triangular Toeplitz matrix H of `response`, and its diagonal."""
    length = response.size
    for k in range(length):
        value = 0.0
        for j in range(length - 1, k - 1, -1):
            value += response[length - 1 - j] * response[length - 1 - j + k]
            gram[j - k, j] = value
            gram[j, j - k] = value
    for n in range(length):
        diagonal[n] = gram[n, n]


@inner_kernel
def prepare_target(signal, position, lpc, weighting, memory, room):
    """Fill room.target with the weighted target at `position` of `signal`, and room.backward with H'x.

    `signal` is preceded by as many samples as `memory` (past synthetic speech) holds.
    """
    length = room.target.size
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
    filter_backward(room.response, room.target, room.backward)


@inner_kernel
def prepare_branch(history, lag, adaptive, tables, room):
    """Fill room with what a choice of adaptive vector (0 none) makes of the search for a fixed one; return its level.

    room.inner gets xx, xy, yy; room.orthogonal and room.shadow the criteria of `pulses.search_pulses`.
    """
    length = room.target.size
    inner = room.inner
    inner[0] = dot(room.target, room.target, length)
    inner[1] = 0.0
    inner[3] = 0.0
    if adaptive == 0:
        for n in range(length):
            room.orthogonal[n] = room.backward[n]
            room.shadow[n] = 0.0
        return 0.0
    build_adaptive_vector(history, tables.lags[lag], tables.interpolators, room.adaptive)
    filter_vector(room.response, room.adaptive, room.adaptive_filtered)
    filter_backward(room.response, room.adaptive_filtered, room.shadow)
    inner[1] = dot(room.backward, room.adaptive, length)
    inner[3] = max(dot(room.adaptive_filtered, room.adaptive_filtered, length), 1e-9)
    ratio = inner[1] / inner[3]
    norm = 1.0 / math.sqrt(inner[3])
    for n in range(length):
        room.orthogonal[n] = room.backward[n] - ratio * room.shadow[n]
        room.shadow[n] *= norm
    return energy_level(dot(room.adaptive, room.adaptive, length), length)


@merged_kernel
def sharpen(tables, repeat, room):
    """Turn the criteria into those of vectors that repeat themselves at `repeat` samples, softer each time.

    With S the repetition, Hc becomes HSc: the response is filtered, what was filtered backward is filtered by S'.
    """
    length = room.response.size
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
    fill_gram(room.sharp_response, room.sharp_gram, room.sharp_diagonal)
    if tables.books.size > 1:
        correlate(room.sharp_response, room.sharp_lags)
        estimate_energies(tables.shape_lags, room.sharp_lags, room.sharp_energies)


@inner_kernel
def correlate(response, lags):
    """Fill `lags` (float32) with the autocorrelation of `response` (float64)."""
    length = response.size
    for k in range(length):
        value = 0.0
        for n in range(length - k):
            value += response[n] * response[n + k]
        lags[k] = value


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
def exact_energy(gram, vector):
    """Return c'Pc."""
    length = vector.size
    total = 0.0
    for n in range(length):
        total += vector[n] * dot(gram[n], vector, length)
    return total
