"""Engine speech/ld-celp of the reference decoder: section 16 of FORMAT.md, with what it takes from 14 and 15."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from reference_decoder import BitReader, Codebook
from reference_fixed_rate import cut_packets, take_fields, to_pcm


def decode(header: bytes, packets: list[bytes], codebook: Codebook) -> list[int]:
    """The samples, 16-bit PCM."""
    samples, cycles = cut_packets(header, packets, 20, 5)
    speech = [
        sample for packet, count in zip(packets, cycles) for sample in decode_packet(BitReader(packet), count, codebook)
    ]
    return to_pcm(speech)[:samples]


# 16.4


@dataclass
class Adaptation:
    p: int
    L: int
    N: int
    c: float
    b: float
    e: float
    q: float = 3 / 4
    sums: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sums = [0.0] * (self.p + 1)

    def window(self, j: int) -> float:
        value = math.sin(self.c * (j + 1)) if j < self.N else self.b * self.q ** ((j - self.N) / (2 * self.L))
        return round(32768 * value) / 32768

    def predictor(self, past: list[float], before: float) -> list[float]:
        """From `past`, before which everything is `before`."""
        size = self.N + self.L + self.p
        newest = past[: -size - 1 : -1]
        newest += [before] * (size - len(newest))
        y = [self.window(j) * u for j, u in enumerate(newest)]
        r = []
        for i in range(self.p + 1):
            self.sums[i] = self.q * self.sums[i] + sum(y[j] * y[j + i] for j in range(self.N, self.N + self.L))
            r.append(self.sums[i] + sum(y[j] * y[j + i] for j in range(self.N)))
        r[0] = r[0] * 257 / 256 + 1
        a = [1.0]
        error = r[0]
        for m in range(1, self.p + 1):
            k = -(r[m] + sum(a[j] * r[m - j] for j in range(1, m))) / error
            a = [1.0, *(a[j] + k * a[m - j] for j in range(1, m)), k]
            error *= 1 - k * k
        return [value * self.e**i for i, value in enumerate(a)]


# 16.2, 16.3, 16.5


def decode_packet(bits: BitReader, cycles: int, codebook: Codebook) -> list[float]:
    shapes, magnitudes = codebook.arrays["shapes"].elements, codebook.arrays["magnitudes"].elements
    of_speech = Adaptation(50, 20, 35, 0.047783, 0.98892, 253 / 256)
    of_levels = Adaptation(10, 4, 20, 0.092468, 0.93274, 29 / 32)
    a, g = [1.0] + [0.0] * 50, [1.0, -1.0] + [0.0] * 9
    speech: list[float] = []
    levels: list[float] = []
    for cycle in range(cycles):
        if cycle:
            a, g = of_speech.predictor(speech, 0.0), of_levels.predictor(levels, -30.0)
        for _ in range(4):
            shape, sign, magnitude = take_fields(bits, [7, 1, 2])
            level = 50 - sum(g[i] * (levels[-i] if i <= len(levels) else -30.0) for i in range(1, 11))
            gain = 10 ** (max(-12.0, min(78.0, level)) / 20) * (magnitudes[magnitude] / 16384)
            gain = -gain if sign else gain
            x = [held(gain * value / 4096) for value in shapes[5 * shape : 5 * shape + 5]]
            made: list[float] = []
            for n in range(5):
                past = speech + made
                made.append(x[n] - sum(a[i] * past[-i] for i in range(1, min(50, len(past)) + 1)))
            speech += [held(value) for value in made]
            levels.append(10 * math.log10(max(sum(value**2 for value in x) / 5, 10**-1.2)) - 50)
    return speech


def held(value: float) -> float:
    return max(-131072.0, min(131072.0, value))
