"""Engine speech/celp-fixed of the reference decoder: section 15 of FORMAT.md, with what it takes from 14."""

from __future__ import annotations

import math

from reference_decoder import BitReader, Codebook
from reference_fixed_rate import cut_packets, take_fields, to_pcm

LSF_BITS = [3, 4, 4, 4, 4, 3, 3, 3, 3, 3]
LAGS = [
    *(240 + 3 * k for k in range(56)),  # 20 to 33 3/4
    *(408 + 4 * k for k in range(129)),  # 34 to 76 2/3
    *(924 + 12 * k for k in range(71)),  # 77 to 147
]  # in 1/12 sample


def decode(header: bytes, packets: list[bytes], codebook: Codebook) -> list[int]:
    """The samples, 16-bit PCM."""
    samples, frames = cut_packets(header, packets, 240, 18)
    speech = [
        sample for packet, count in zip(packets, frames) for sample in decode_packet(BitReader(packet), count, codebook)
    ]
    return to_pcm(speech)[:samples]


# 15.2


def read_frame(bits: BitReader) -> tuple[int, list[int], list[list[int]]]:
    """Level, LSFs, and lag, adaptive gain, codeword, sign and magnitude of four subframes."""
    (level,) = take_fields(bits, [6])
    lsf = take_fields(bits, LSF_BITS)
    return level, lsf, [take_fields(bits, [6 if subframe % 2 else 8, 5, 9, 1, 4]) for subframe in range(4)]


# 15.4


def decode_packet(bits: BitReader, count: int, codebook: Codebook) -> list[float]:
    arrays = {name: array.elements for name, array in codebook.arrays.items()}
    frames = [read_frame(bits) for _ in range(count)]
    vectors = [
        ordered([arrays["lsf"][16 * i + index] for i, index in enumerate(lsf)], arrays["gap"][0])
        for _, lsf, _ in frames
    ]
    vectors.insert(0, vectors[0])
    excitation: list[float] = []
    speech: list[float] = []
    predictors = []
    lag = 0
    for f, (level, _, subframes) in enumerate(frames):
        for s, (lag_field, gain, codeword, sign, magnitude) in enumerate(subframes):
            t = (s + 0.5) / 4
            a = predictor([((1 - t) * v + t * w) * math.pi / 32768 for v, w in zip(vectors[f], vectors[f + 1])])
            lag = lag_field + min(max(lag - 32, 0), 192) if s % 2 else lag_field
            g_a = arrays["adaptive_gains"][gain] / 16384
            g_f = (arrays["levels"][level] / 1024) * (arrays["magnitudes"][magnitude] / 16384)
            g_f = -g_f if sign else g_f
            start = 2 * (511 - codeword)
            c = arrays["sequence"][start : start + 60]
            v = adaptive_vector(excitation, LAGS[lag])
            x = [max(-131072.0, min(131072.0, g_a * v[n] + g_f * c[n])) for n in range(60)]
            excitation += x
            for n in range(60):
                value = x[n]
                for i in range(1, 11):
                    value -= a[i] * (speech[-i] if len(speech) >= i else 0.0)
                speech.append(value)
            predictors.append(a)
    return post_filtered(speech, predictors, arrays["post_filter"][0])


# 14.5


def ordered(vector: list[int], gap: int) -> list[int]:
    least = gap
    for i in range(10):
        vector[i] = max(vector[i], least)
        least = vector[i] + gap
    most = 32768 - gap
    for i in range(9, -1, -1):
        vector[i] = min(vector[i], most)
        most = vector[i] - gap
    return vector


def product(a: list[float], b: list[float]) -> list[float]:
    result = [0.0] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return result


def predictor(frequencies: list[float]) -> list[float]:
    p, q = [1.0], [1.0]
    for i, w in enumerate(frequencies):
        factor = [1.0, -2 * math.cos(w), 1.0]
        if i % 2 == 0:
            p = product(p, factor)
        else:
            q = product(q, factor)
    p, q = product(p, [1.0, 1.0]), product(q, [1.0, -1.0])
    return [(x + y) / 2 for x, y in zip(p, q)][:11]


# 14.6


def taps(fraction: int) -> list[float]:
    values = []
    for i in range(20):
        d = i - 9 - fraction / 12
        sinc = 1.0 if d == 0 else math.sin(math.pi * 0.93 * d) / (math.pi * 0.93 * d)
        values.append(sinc * math.cos(math.pi * d / 21) ** 2 if abs(d) < 10.5 else 0.0)
    return [round(32768 * value / sum(values)) / 32768 for value in values]


TAPS = [taps(fraction) for fraction in range(12)]


def adaptive_vector(past: list[float], lag: int) -> list[float]:
    whole, fraction = divmod(lag, 12)
    vector: list[float] = []
    for n in range(60):
        total = 0.0
        for i in range(20):
            k = n - whole - i + 9
            if k >= 0:
                total += TAPS[fraction][i] * vector[k]
            elif -k <= len(past):
                total += TAPS[fraction][i] * past[k]
        vector.append(total)
    return vector


# 14.7


def post_filtered(speech: list[float], predictors: list[list[float]], strength: int) -> list[float]:
    if strength == 0:
        return speech
    d = 0.75 + 0.025 * strength
    y: list[float] = []
    output = []
    gain = 1.0
    for subframe, a in enumerate(predictors):
        places = range(60 * subframe, 60 * subframe + 60)
        for n in places:
            value = speech[n]
            for i in range(1, 11):
                if n >= i:
                    value += a[i] * (0.75**i * speech[n - i] - d**i * y[n - i])
            y.append(value)
        energies = [sum(signal[n] ** 2 for n in places) + 0.001 for signal in (speech, y)]
        wanted = math.sqrt(energies[0] / energies[1])
        for n in places:
            gain += 0.05 * (wanted - gain)
            output.append(gain * y[n])
    return output
