"""Section 14.7 of FORMAT.md, plainly: synthesis, post-filter, equalizer and pitch filter."""

from __future__ import annotations

import cmath
import itertools
import math
from typing import Any


class Speaker:
    """14.7"""

    def __init__(self, order: int, post_filter: int):
        self.speech = [0.0] * order
        self.filtered = [0.0] * order
        self.post_filter = post_filter
        self.gain = 1.0

    def speak(self, predictor: list[float], excited: list[float]) -> list[float]:
        order = len(predictor) - 1
        start = len(self.speech)
        for x in excited:
            self.speech.append(x - sum(predictor[i] * self.speech[-i] for i in range(1, order + 1)))
        plain = self.speech[start:]
        if self.post_filter == 0:
            self.speech = self.speech[-order:]
            return plain
        d = 0.75 + 0.025 * self.post_filter
        for n in range(start, len(self.speech)):
            value = self.speech[n]
            for i in range(1, order + 1):
                value += predictor[i] * (0.75**i * self.speech[n - i] - d**i * self.filtered[-i])
            self.filtered.append(value)
        filtered = self.filtered[-len(plain) :]
        wanted = math.sqrt((sum(s * s for s in plain) + 0.001) / (sum(y * y for y in filtered) + 0.001))
        output = []
        for y in filtered:
            self.gain += 0.05 * (wanted - self.gain)
            output.append(self.gain * y)
        self.speech, self.filtered = self.speech[-order:], self.filtered[-order:]
        return output


class Equalizer:
    """14.7"""

    def __init__(self, tables: Any):
        self.tables = tables
        self.filters: dict[int, list[float]] = {}
        self.past = [0.0] * 23
        self.before = 0

    def frame(self, speech: list[float], entry: int) -> list[float]:
        if len(self.tables.equalizer) == 1:
            return speech
        samples = self.past + speech
        output = self.filtered(samples, entry)
        if entry != self.before:
            fade = self.tables.band.subframe
            old = self.filtered(samples, self.before)
            for n in range(fade):
                share = (n + 0.5) / fade
                output[n] = share * output[n] + (1 - share) * old[n]
        self.past, self.before = samples[-23:], entry
        return output

    def filtered(self, samples: list[float], entry: int) -> list[float]:
        if entry not in self.filters:
            self.filters[entry] = minimum_phase(self.response(self.tables.equalizer[entry]))
        taps = self.filters[entry]
        return [sum(tap * samples[n - i] for i, tap in enumerate(taps)) for n in range(23, len(samples))]

    def response(self, gains: list[float]) -> list[float]:
        """L(k)"""
        edges = self.tables.band.edges
        middles = [(low + high) / 2 for low, high in itertools.pairwise(edges)]
        x = [0.0, edges[0] - (middles[0] - edges[0]), *middles, self.tables.band.rate / 2]
        y = [0.0, 0.0, *gains, gains[-1]]
        response = []
        for k in range(257):
            frequency = k * self.tables.band.rate / 512
            j = max(i for i in range(len(x) - 1) if x[i] <= frequency)
            value = y[j] + (y[j + 1] - y[j]) * (frequency - x[j]) / (x[j + 1] - x[j])
            response.append(value * math.log(10) / 20)
        return response


def minimum_phase(response: list[float]) -> list[float]:
    even = response + response[-2:0:-1]
    turn = [cmath.exp(2j * math.pi * n / 512) for n in range(512)]
    c = [sum(even[k] * turn[k * n % 512] for k in range(512)).real / 512 for n in range(257)]
    c = [2 * value if 0 < n < 256 else value for n, value in enumerate(c)]
    spectrum = [cmath.exp(sum(c[n] * turn[-k * n % 512] for n in range(257))) for k in range(512)]
    taps = []
    for i in range(24):
        tap = sum(spectrum[k] * turn[k * i % 512] for k in range(512)).real / 512
        fade = math.cos(math.pi * (i - 12) / 26) ** 2 if i >= 12 else 1.0
        taps.append(round(tap * fade * 2**20) / 2**20)
    return taps


def pitch_filtered(speech: list[float], lags: list[int], band: Any, most: float) -> list[float]:
    """The speech of a group; `lags`, one a subframe, in twelfths of a sample; `most` is s."""
    length, total = band.subframe, len(speech)
    found = [period_of(speech, length * k + length // 2, lag, band) for k, lag in enumerate(lags)]
    shares = [most * min(max((correlation - 0.5) / 0.45, 0.0), 1.0) for correlation, _ in found]
    between = []
    for n, sample in enumerate(speech):
        k, place = divmod(n, length)
        way = (place - length // 2) / length
        other = min(max(k + (1 if way >= 0 else -1), 0), len(lags) - 1)
        share = shares[k] + abs(way) * (shares[other] - shares[k])
        period = found[k][1]
        beside = [speech[m] for m in (n - period, n + period) if 0 <= m < total]
        between.append(share * (sample - sum(beside) / len(beside)) if beside else 0.0)
    half = length // 2
    taps = low_pass(2000 / band.rate, half)
    output = []
    for n, sample in enumerate(speech):
        near = range(max(n - half, 0), min(n + half, total - 1) + 1)
        output.append(sample - sum(taps[half + n - m] * between[m] for m in near))
    return output


def period_of(speech: list[float], centre: int, lag: int, band: Any) -> tuple[float, int]:
    """The correlation and the period of the subframe around `centre`."""
    best, found = -1.0, (-1.0, band.shortest)
    for divisor in (1, 2, 3):
        middle = (lag + 6 * divisor) // (12 * divisor)
        for period in (middle - 1, middle, middle + 1):
            if period < band.shortest or len(speech) < band.frame + period:
                continue
            start = min(max(centre - band.frame // 2 + period // 2, period), len(speech) - band.frame)
            now, before = speech[start : start + band.frame], speech[start - period : start - period + band.frame]
            product = sum(a * b for a, b in zip(now, before))
            energies = (1 + sum(a * a for a in now)) * (1 + sum(b * b for b in before))
            correlation = product / math.sqrt(energies)
            if correlation + 0.02 * (divisor - 1) > best:
                best, found = correlation + 0.02 * (divisor - 1), (correlation, period)
    return found


def low_pass(width: float, half: int) -> list[float]:
    """h[-half] to h[half]"""
    taps = []
    for i in range(-half, half + 1):
        x = math.pi * width * i
        taps.append((math.sin(x) / x if i else 1.0) * (0.54 + 0.46 * math.cos(math.pi * i / half)))
    return [round(tap / sum(taps) * 2**20) / 2**20 for tap in taps]


def filled_up(
    speech: list[float], powers: list[float], predictors: list[list[float]], length: int, packet: int
) -> list[float]:
    """The speech of a group brought up to the noise floor; P and A(z) are those of packets of `packet` samples."""
    gains = []
    for start in range(0, len(speech), length):
        power, predictor = powers[start // packet], predictors[start // packet]
        errors = [
            sum(a * speech[n - i] for i, a in enumerate(predictor) if n - i >= 0) for n in range(start, start + length)
        ]
        gains.append(math.sqrt(max(power - sum(e * e for e in errors) / length, 0.0)) if power else 0.0)
    number, before = 0, [0.0] * (len(predictors[0]) - 1)
    output = []
    for n, sample in enumerate(speech):
        number = (1664525 * number + 1013904223) % 2**32
        k, place = divmod(n, length)
        way = (place - length // 2) / length
        other = min(max(k + (1 if way >= 0 else -1), 0), len(gains) - 1)
        gain = gains[k] + abs(way) * (gains[other] - gains[k])
        predictor = predictors[n // packet]
        noise = math.sqrt(3) * gain * (number / 2**31 - 1) - sum(a * w for a, w in zip(predictor[1:], before))
        before = [noise, *before[:-1]]
        output.append(sample + noise)
    return output
