"""Line spectral frequencies: from a predictor to LSFs and back, their sensitivity, and their interpolation.

The LSFs of A(z) of even order p are angles in (0, pi). Those with even numbers 0, 2, ... belong to the zeros of
P(z) = A(z) + z^-(p+1) A(1/z), those with odd numbers to the zeros of Q(z) = A(z) - z^-(p+1) A(1/z). They interlace if
and only if A(z) is of minimum phase. Frequencies are in radians a sample throughout.

Source: F. Itakura, "Line spectrum representation of linear predictive coefficients for speech signals", JASA 1975;
P. Kabal and R. P. Ramachandran, "The computation of line spectral frequencies using Chebyshev polynomials", IEEE
Trans. ASSP 1986.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel, inline_kernel

MAX_ORDER = 32
SD_PER_WEIGHTED_ERROR = 38.5  # dB^2: squared spectral distortion of a squared error of 1, weighted by `sensitivity`

_GRID_STEPS = 600
_FINE_GRID_STEPS = 9600
_BISECTIONS = 30
_IMPULSE_RESPONSE = 80  # samples of the impulse response of 1/A that a sensitivity takes into account
_BANDWIDTH_EXPANSION = 0.98  # of a predictor whose zeros are too close to be separated

DoubleArray = npt.NDArray[np.float64]


def lpc_to_lsf(predictors: npt.ArrayLike) -> DoubleArray:
    """Return the LSFs of minimum-phase predictors, float64 (frames, order), radians, ascending in (0, pi).

    If a predictor is not of minimum phase, or has formants of less than 1 Hz bandwidth, the zeros cannot be separated
    even on the finest grid. Then the bandwidth of the predictor is expanded until they can.

    Args:
        predictors: (frames, order + 1), where coefficient 0 is 1; the order is even and at most 32.
    """
    coefficients = np.ascontiguousarray(predictors, dtype=np.float64)
    frequencies = np.empty((len(coefficients), coefficients.shape[1] - 1))
    _find_frequencies(coefficients, frequencies)
    return frequencies


def lsf_to_lpc(frequencies: npt.ArrayLike) -> DoubleArray:
    """Return the predictors A(z), float64 (frames, order + 1), of LSFs (frames, order) that ascend in (0, pi)."""
    lsf = np.ascontiguousarray(frequencies, dtype=np.float64)
    predictors = np.empty((len(lsf), lsf.shape[1] + 1))
    _build_predictors(lsf, predictors)
    return predictors


def sensitivity(frequencies: npt.ArrayLike) -> DoubleArray:
    """Return the weights of squared LSF errors, float64 (frames, order), positive.

    SD_PER_WEIGHTED_ERROR times the sum of the weighted squared errors is the squared log-spectral distortion in dB^2.
    To second order, that distortion is a quadratic form of the change of the LSFs, and its matrix is diagonal. Weight i
    is the energy of the impulse response of (dA/dlsf_i)/A.

    Args:
        frequencies: LSFs (frames, order), ascending in (0, pi).

    Source: W. R. Gardner and B. D. Rao, "Theoretical analysis of the high-rate vector quantization of LPC
        parameters", IEEE Trans. Speech and Audio Processing 1995.
    """
    lsf = np.ascontiguousarray(frequencies, dtype=np.float64)
    weights = np.empty_like(lsf)
    _measure_sensitivity(lsf, lsf_to_lpc(lsf), weights)
    return weights


def interpolate_lpc(boundaries: npt.ArrayLike, subframes: int) -> DoubleArray:
    """Return the predictors of the subframes between frame boundaries, float64 (frames * subframes, order + 1).

    Encoder and decoder use the same routine. Subframe s of S between boundaries f and f + 1 has the LSFs
    (1 - t) lsf[f] + t lsf[f+1], where t = (s + 1/2) / S.

    Args:
        boundaries: LSFs (frames + 1, order) at the frame boundaries, ascending in (0, pi).
        subframes: of a frame, S.
    """
    lsf = np.ascontiguousarray(boundaries, dtype=np.float64)
    predictors = np.empty(((len(lsf) - 1) * subframes, lsf.shape[1] + 1))
    _build_interpolated(lsf, subframes, predictors)
    return predictors


@inline_kernel
def _chebyshev(coefficients, degree, x):
    """Return the sum of coefficients[degree - k] cos(k angle) at x = cos(angle); the term k = 0 is halved.

    Source: C. W. Clenshaw, "A note on the summation of Chebyshev series", 1955.
    """
    previous = 0.0
    current = 0.0
    for i in range(degree):
        following = 2.0 * x * current - previous + coefficients[i]
        previous = current
        current = following
    return x * current - previous + 0.5 * coefficients[degree]


@inline_kernel
def _search_roots(symmetric, antisymmetric, half, steps, frequencies):
    """Fill `frequencies` with the ascending roots, in turn of one polynomial and of the other; return their number."""
    found = 0
    low = 0.0
    polynomial = symmetric
    value_low = _chebyshev(polynomial, half, 1.0)
    for step in range(1, steps + 1):
        high = math.pi * step / steps
        value_high = _chebyshev(polynomial, half, math.cos(high))
        while value_low * value_high <= 0.0:
            left = low
            right = high
            value_left = value_low
            for _ in range(_BISECTIONS):
                middle = 0.5 * (left + right)
                value = _chebyshev(polynomial, half, math.cos(middle))
                if value_left * value <= 0.0:
                    right = middle
                else:
                    left = middle
                    value_left = value
            low = 0.5 * (left + right)
            frequencies[found] = low
            found += 1
            if found == 2 * half:
                return found
            polynomial = antisymmetric if found % 2 == 1 else symmetric
            value_low = _chebyshev(polynomial, half, math.cos(low))
            value_high = _chebyshev(polynomial, half, math.cos(high))
        low = high
        value_low = value_high
    return found


@allocating_kernel
def _find_frequencies(predictors, frequencies):
    """Fill `frequencies` (frames, order) with the LSFs of `predictors` (frames, order + 1)."""
    order = frequencies.shape[1]
    half = order // 2
    symmetric = np.empty(half + 1)
    antisymmetric = np.empty(half + 1)
    widened = np.empty(order + 1)
    for frame in range(predictors.shape[0]):
        for i in range(order + 1):
            widened[i] = predictors[frame, i]
        steps = _GRID_STEPS
        while True:
            symmetric[0] = 1.0  # P(z) / (1 + z^-1) and Q(z) / (1 - z^-1): the trivial zeros taken out
            antisymmetric[0] = 1.0
            for i in range(half):
                symmetric[i + 1] = widened[i + 1] + widened[order - i] - symmetric[i]
                antisymmetric[i + 1] = widened[i + 1] - widened[order - i] + antisymmetric[i]
            if _search_roots(symmetric, antisymmetric, half, steps, frequencies[frame]) == order:
                break
            if steps == _GRID_STEPS:
                steps = _FINE_GRID_STEPS
            else:
                steps = _GRID_STEPS
                factor = 1.0
                for i in range(1, order + 1):
                    factor *= _BANDWIDTH_EXPANSION
                    widened[i] *= factor


@inline_kernel
def build_predictor(frequencies, predictor):
    """Fill `predictor` (order + 1,) with A(z) of the LSFs `frequencies` (order,)."""
    order = frequencies.shape[0]
    symmetric = np.zeros(MAX_ORDER + 2)
    antisymmetric = np.zeros(MAX_ORDER + 2)
    symmetric[0] = 1.0
    antisymmetric[0] = 1.0
    for pair in range(order // 2):
        even = -2.0 * math.cos(frequencies[2 * pair])
        odd = -2.0 * math.cos(frequencies[2 * pair + 1])
        for i in range(2 * pair + 2, 1, -1):
            symmetric[i] += even * symmetric[i - 1] + symmetric[i - 2]
            antisymmetric[i] += odd * antisymmetric[i - 1] + antisymmetric[i - 2]
        symmetric[1] += even
        antisymmetric[1] += odd
    predictor[0] = 1.0
    for i in range(1, order + 1):
        predictor[i] = 0.5 * (symmetric[i] + symmetric[i - 1] + antisymmetric[i] - antisymmetric[i - 1])


@allocating_kernel
def _build_predictors(frequencies, predictors):
    """Fill `predictors` (frames, order + 1) with A(z) of the LSFs `frequencies` (frames, order)."""
    for frame in range(frequencies.shape[0]):
        build_predictor(frequencies[frame], predictors[frame])


@allocating_kernel
def _build_interpolated(boundaries, subframes, predictors):
    """Fill `predictors` (frames * subframes, order + 1) from LSFs at `boundaries` (frames + 1, order)."""
    order = boundaries.shape[1]
    between = np.empty(order)
    for frame in range(boundaries.shape[0] - 1):
        for subframe in range(subframes):
            position = (subframe + 0.5) / subframes
            for i in range(order):
                between[i] = (1.0 - position) * boundaries[frame, i] + position * boundaries[frame + 1, i]
            build_predictor(between, predictors[frame * subframes + subframe])


@allocating_kernel
def _measure_sensitivity(frequencies, predictors, weights):
    """Fill `weights` (frames, order) with the energies of (dA/dlsf_i)/A; `predictors` are A(z) of `frequencies`."""
    order = frequencies.shape[1]
    derivative = np.zeros(_IMPULSE_RESPONSE)
    product = np.empty(MAX_ORDER + 2)
    response = np.empty(_IMPULSE_RESPONSE)
    for frame in range(frequencies.shape[0]):
        lsf = frequencies[frame]
        predictor = predictors[frame]
        for k in range(order):
            product[:] = 0.0
            product[0] = 1.0
            degree = 0
            for j in range(k % 2, order, 2):  # the factors of the polynomial of k, without its own
                if j != k:
                    factor = -2.0 * math.cos(lsf[j])
                    degree += 2
                    for i in range(degree, 1, -1):
                        product[i] += factor * product[i - 1] + product[i - 2]
                    product[1] += factor
            sine = math.sin(lsf[k])
            sign = 1.0 if k % 2 == 0 else -1.0
            derivative[1] = sine * product[0]
            for i in range(2, order + 1):
                derivative[i] = sine * (product[i - 1] + sign * product[i - 2])
            energy = 0.0
            for n in range(_IMPULSE_RESPONSE):
                value = derivative[n]
                for j in range(1, min(order, n) + 1):
                    value -= predictor[j] * response[n - j]
                response[n] = value
                energy += value * value
            weights[frame, k] = energy
