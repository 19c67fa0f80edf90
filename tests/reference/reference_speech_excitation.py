"""Sections 14.4 and 14.6 of FORMAT.md, plainly: pulses, and the excitation of a subframe."""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import Any

from reference_decoder import BitReader, require

# 14.4 Pulses


@functools.cache
def vectors(n: int, k: int) -> int:
    """V(n, k)"""
    if k == 0:
        return 1
    if n == 0:
        return 0
    return vectors(n - 1, k) + vectors(n - 1, k - 1) + vectors(n, k - 1)


def truncated(reader: BitReader, m: int) -> int:
    """A number below m."""
    w = m.bit_length() - 1
    u = 2 ** (w + 1) - m
    x = reader.bits(w)
    return 2 * x + reader.bit() - u if x >= u else x


def read_pulses(reader: BitReader, n: int, k: int) -> list[int]:
    total = vectors(n, k)
    if total < 2**62:
        return vector_of_number(truncated(reader, total), n, k)
    first = truncated(reader, k + 1)
    left = read_pulses(reader, n // 2, first)
    return left + read_pulses(reader, n - n // 2, k - first)


def vector_of_number(x: int, n: int, k: int) -> list[int]:
    vector = []
    for position in range(n):
        m = n - position - 1
        if x < vectors(m, k):
            vector.append(0)
            continue
        x -= vectors(m, k)
        j = 1
        while j < k and x >= 2 * vectors(m, k - j):
            x -= 2 * vectors(m, k - j)
            j += 1
        negative = x >= vectors(m, k - j)
        if negative:
            x -= vectors(m, k - j)
        vector.append(-j if negative else j)
        k -= j
    require(k == 0)
    return vector


# 14.6 Excitation


def interpolator(r: int) -> list[float]:
    """h_r"""
    q = []
    for i in range(20):
        d = i - 9 - r / 12
        x = 0.93 * d
        sinc = math.sin(math.pi * x) / (math.pi * x) if x else 1.0
        q.append(sinc * math.cos(math.pi * d / 21) ** 2 if abs(d) < 10.5 else 0.0)
    total = sum(q)
    return [round(Fraction(32768 * value / total)) / 32768 for value in q]


INTERPOLATORS = [interpolator(r) for r in range(12)]


class Excitation:
    """The state of a group, and its subframes one after another."""

    def __init__(self, tables: Any):
        self.tables = tables
        self.past = [0.0] * (tables.band.longest + 32)
        self.levels = [10.0, 10.0, 10.0]

    def adaptive(self, lag: int) -> list[float]:
        t, r = divmod(lag, 12)
        size = self.tables.band.subframe
        line = self.past + [0.0] * size
        start = len(self.past)
        for n in range(size):
            line[start + n] = sum(
                INTERPOLATORS[r][i] * (line[start + n - t - i + 9] if n - t - i + 9 < n else 0.0) for i in range(20)
            )
        return line[start:]

    def fixed(self, sent: Any, adaptive: int, kind: int) -> list[float]:
        tables = self.tables
        size = tables.band.subframe
        if kind <= len(tables.books):
            entry = [-value if sent.minus else value for value in tables.books[kind - 1][sent.entry]]
            vector = unit(entry)
        else:
            vector = [float(value) for value in sent.pulses]
        repeat = (tables.lags[sent.lag] + 6) // 12
        if adaptive and repeat < size and tables.sharpening:
            for n in range(repeat, size):
                vector[n] += tables.sharpening * vector[n - repeat]
        return unit(vector)

    def subframe(self, sent: Any) -> list[float]:
        tables = self.tables
        adaptive, kind = divmod(sent.type, tables.kinds)
        size = tables.band.subframe
        table = 1 if not adaptive else (0 if kind > 0 else 2)
        first, second = tables.gains[table][sent.gain] if sent.type else (0, 0)
        v = self.adaptive(tables.lags[sent.lag]) if adaptive else [0.0] * size
        c = self.fixed(sent, adaptive, kind) if kind else [0.0] * size
        l1, l2, u = self.levels
        gain = 0.0
        if kind:
            e = 10 * math.log10(1 + sum(x * x for x in v) / size) if adaptive else 0.0
            w = [weight / 16384 for weight in tables.level_weights[adaptive]]
            level = w[0] * l1 + w[1] * l2 + w[2] * u + w[3] * e + tables.level_bias[sent.type] / 256
            gain = second / 16384 * 2 ** (sent.rise / 2) * 10 ** (min(90.0, max(-90.0, level)) / 20)
        first_gain = first / 16384 if adaptive else 0.0
        x = [min(131072.0, max(-131072.0, first_gain * a + gain * b)) for a, b in zip(v, c)]
        now = 20 * math.log10(max(gain, 1.0)) if kind and gain > 0 else max(l1 - 3, 0.0)
        self.levels = [now, l1, 10 * math.log10(1 + sum(value * value for value in x) / size)]
        self.past = (self.past + x)[size:]
        return x


def unit(vector: list[float]) -> list[float]:
    """Scaled to an rms of 1."""
    energy = sum(value * value for value in vector)
    norm = math.sqrt(len(vector) / max(energy, 1e-9))
    return [value * norm for value in vector]
