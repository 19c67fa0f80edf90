"""Alpha kept exactly, in the reference decoder: part 3 of 8.3, and 8.6 of FORMAT.md, step by step."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from reference_decoder import BitReader, Corrupt, HuffmanCode, Reader, require

Plane = list[list[int]]
"""Samples by row and column."""

MARK = 1
PLACES = ((0, -1), (-1, 0), (-1, -1), (-1, 1), (-2, 0), (0, -2), (-2, 1), (-2, -1), (-1, -2), (-1, 2))
KNOWN_WEIGHTS = {1: (0, 0), 2: (64, 0), 3: (64, -64), 4: (32, 0)}
RUN_SYMBOLS, VALUE_SYMBOLS = 34, 13
ACTIVITIES = (1, 2, 3, 5, 8, 14)
UNKNOWN = -1


def exact_alpha(packed: bytes, width: int, height: int) -> Plane:
    """8.3: the samples of an alpha plane."""
    if packed[:1] == bytes([MARK]):
        return PredictedPlane(packed, width, height).decode()
    inflater = zlib.decompressobj()
    try:
        differences = inflater.decompress(packed, width * height + 1)
    except zlib.error:
        raise Corrupt from None
    require(len(differences) == width * height and inflater.eof and not inflater.unused_data)
    above = [0] * width
    plane = []
    for y in range(height):
        above = [(above[x] + differences[y * width + x]) % 256 for x in range(width)]
        plane.append(above)
    return plane


@dataclass
class Context:
    """8.6: the tables of a context, None where they are missing, and its count of zeros."""

    runs: HuffmanCode | None
    values: HuffmanCode | None
    zeros: int = field(default=UNKNOWN)


class PredictedPlane:
    """8.6: a plane that is coded by prediction."""

    def __init__(self, packed: bytes, width: int, height: int):
        self.width, self.height = width, height
        reader = Reader(packed)
        require(reader.number(1) == MARK)
        self.across, self.down = reader.varint() - 1, reader.varint() - 1
        require(self.across < 2 * width and self.down < 2 * height)
        kind = reader.number(1)
        require(kind <= len(KNOWN_WEIGHTS))
        if kind == 0:
            others = [signed(reader.number(1)) for _ in PLACES[1:]]
        else:
            others = [*KNOWN_WEIGHTS[kind], 0, 0, 0, 0, 0, 0, 0]
        self.weights = [64 - sum(others), *others]
        self.levels = reader.number(1)
        require(1 <= self.levels <= 8)
        self.bits = BitReader(reader.rest())
        self.contexts = [
            Context(self.table(RUN_SYMBOLS, 6), self.table(VALUE_SYMBOLS, 4)) for _ in range(self.levels + 1)
        ]
        self.plane = [[0] * width for _ in range(height)]
        self.errors = [[0] * width for _ in range(height)]

    def table(self, alphabet: int, count_bits: int) -> HuffmanCode | None:
        count = self.bits.bits(count_bits)
        require(count <= alphabet)
        lengths = [self.bits.bits(4) for _ in range(count)]
        return HuffmanCode(lengths + [0] * (alphabet - count)) if any(lengths) else None

    def decode(self) -> Plane:
        for y in range(self.height):
            for x in range(self.width):
                prediction, context = self.predict(y, x)
                error = self.error(self.contexts[context])
                self.errors[y][x] = abs(error)
                self.plane[y][x] = (prediction + error) % 256
        require(all(context.zeros in (UNKNOWN, 0) for context in self.contexts))
        require(8 * len(self.bits.data) - self.bits.position < 8)
        return self.plane

    def error(self, context: Context) -> int:
        """8.6, steps 1 and 2."""
        if context.zeros == UNKNOWN:
            require(context.runs is not None)
            symbol = context.runs.read(self.bits)
            context.zeros = symbol if symbol < 8 else 2 ** (symbol - 5) + self.bits.bits(symbol - 5)
        if context.zeros > 0:
            context.zeros -= 1
            return 0
        context.zeros = UNKNOWN
        require(context.values is not None)
        value = context.values.read(self.bits)
        if value == VALUE_SYMBOLS - 1:
            value = self.bits.bits(8)
        return value // 2 + 1 if value % 2 == 0 else -(value + 1) // 2

    def predict(self, y: int, x: int) -> tuple[int, int]:
        """The prediction of a sample, and the number of its context."""
        neighbours = [self.neighbour(y, x, down, across) for down, across in PLACES]
        image = self.image(y, x)
        if image is not None:
            return image, self.levels
        total = sum(weight * sample for weight, sample in zip(self.weights, neighbours, strict=True))
        prediction = neighbours[0] if y == 0 else min(max((total + 32) >> 6, 0), 255)
        activity = 2 * self.at(self.errors, y, x - 1) + 2 * self.at(self.errors, y - 1, x)
        activity += self.at(self.errors, y - 1, x - 1) + self.at(self.errors, y - 1, x + 1)
        level = 1 + sum(activity >= bound for bound in ACTIVITIES)
        if activity == 0 and len(set(neighbours)) == 1:
            level = 0
        return prediction, min(level, self.levels - 1)

    def neighbour(self, y: int, x: int, down: int, across: int) -> int:
        if y == 0:
            return self.plane[0][x - 1] if x > 0 else 0
        row, column = max(y + down, 0), min(x + across, self.width - 1)
        if column < 0:
            return self.plane[y - 1 if down == 0 else row][0]
        return self.plane[row][column]

    def image(self, y: int, x: int) -> int | None:
        """The mirror image that predicts a sample, if one does."""
        a = self.plane
        below, beside = self.down - y, self.across - x
        steps = (1, 2)
        if 0 <= below < y and all(self.at(a, y, x - step) == self.at(a, below, x - step) for step in steps):
            return a[below][x]
        steps = (0, 1)
        if 0 <= beside < x and all(self.at(a, y - 1, x + step) == self.at(a, y - 1, beside - step) for step in steps):
            return a[y][beside]
        return None

    def at(self, plane: Plane, y: int, x: int) -> int:
        """A sample, 0 outside the plane."""
        return plane[y][x] if 0 <= y < self.height and 0 <= x < self.width else 0


def signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte
