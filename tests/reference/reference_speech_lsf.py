"""Section 14.5 of FORMAT.md, plainly: line spectral frequencies, sent and reconstructed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from reference_decoder import BitReader, Codebook, HuffmanCode


@dataclass
class Sent:
    """An LSF vector as it is sent."""

    header: int
    indices: list[int] = field(default_factory=list)


class LsfCodebook:
    """14.2: the arrays of LSF codebook `number`."""

    def __init__(self, codebook: Codebook, number: int):
        arrays = {
            name.split("/", 1)[1]: array for name, array in codebook.arrays.items() if name.startswith(f"lsf{number}/")
        }
        self.start = arrays["start"].elements
        self.order = len(self.start)
        self.gap = arrays["gap"].elements[0]
        self.offsets = arrays["offsets"].elements
        self.predictors = arrays["predictors"].elements
        self.codewords = arrays["codewords"].elements
        self.largest = arrays["codewords"].shape[2]
        self.classes = arrays["offsets"].shape[0]
        self.stages = len(arrays["sizes"].elements)
        self.positions = arrays["positions"].elements
        self.headers = self.classes * (self.stages + 1) + len(self.positions)
        width = arrays["header_lengths"].shape[1]
        lengths = arrays["header_lengths"].elements
        self.header_codes = [HuffmanCode(lengths[row * width : (row + 1) * width]) for row in range(self.headers + 1)]
        lengths = arrays["index_lengths"].elements
        self.index_codes = [
            HuffmanCode(lengths[row * self.largest : (row + 1) * self.largest])
            for row in range(self.classes * self.stages)
        ]

    def read(self, reader: BitReader, context: int) -> Sent:
        sent = Sent(self.header_codes[context].read(reader))
        if self.is_class(sent):
            number, depth = divmod(sent.header, self.stages + 1)
            for stage in range(depth):
                sent.indices.append(self.index_codes[self.stages * number + stage].read(reader))
        return sent

    def is_class(self, sent: Sent) -> bool:
        return sent.header < self.classes * (self.stages + 1)

    def reconstruct(self, sent: Sent, previous: list[int]) -> list[int]:
        number = sent.header // (self.stages + 1)
        p = self.order
        vector = []
        for i in range(p):
            row = self.predictors[(number * p + i) * p : (number * p + i + 1) * p]
            predicted = sum(a * b for a, b in zip(row, previous))
            value = self.offsets[number * p + i] + (predicted + 4096) // 8192
            for stage, index in enumerate(sent.indices):
                value += self.codewords[((number * self.stages + stage) * self.largest + index) * p + i]
            vector.append(value)
        for i in range(p):
            vector[i] = max(vector[i], (vector[i - 1] if i else 0) + self.gap)
        for i in reversed(range(p)):
            vector[i] = min(vector[i], (vector[i + 1] if i + 1 < p else 32768) - self.gap)
        return vector


def group_vectors(packets: list[list[Any]], book: LsfCodebook) -> list[list[int]]:
    """The vectors of a group, by number: frame f lies between f and f + 1."""
    previous = book.start
    last_sent = book.start
    vectors: dict[int, list[int]] = {}
    number = 0
    for packet in packets:
        sent = [(n, vector) for frame in packet for n, vector in sorted(frame.vectors.items())]
        for place, (n, vector) in enumerate(sent):
            if book.is_class(vector):
                vectors[n] = previous = book.reconstruct(vector, previous)
            else:
                following = [later for _, later in sent[place:] if book.is_class(later)]
                vectors[n] = previous
                if following:
                    after = book.reconstruct(following[0], previous)
                    q = book.positions[vector.header - book.classes * (book.stages + 1)]
                    vectors[n] = [a + ((b - a) * q + 8192) // 16384 for a, b in zip(previous, after)]
        there = [n for n, _ in sent]
        first = number + 1 if number else 0
        for n in range(first, number + len(packet) + 1):
            if n not in vectors:
                later = [m for m in there if m > n]
                earlier = [m for m in there if m < n]
                vectors[n] = vectors[later[0]] if later else (vectors[earlier[-1]] if earlier else last_sent)
        number += len(packet)
        last_sent = vectors[there[-1]] if there else last_sent
    return [vectors[n] for n in range(number + 1)]


def predictor(frequencies: list[float]) -> list[float]:
    """A(z) of line spectral frequencies in radians: [1, a1, a2, ...]."""
    halves = []
    for first in (0, 1):
        polynomial = [1.0]
        for w in frequencies[first::2]:
            polynomial = multiply(polynomial, [1.0, -2 * math.cos(w), 1.0])
        halves.append(multiply(polynomial, [1.0, 1.0] if first == 0 else [1.0, -1.0]))
    return [(a + b) / 2 for a, b in zip(*halves)][: len(frequencies) + 1]


def multiply(a: list[float], b: list[float]) -> list[float]:
    product = [0.0] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] += x * y
    return product
