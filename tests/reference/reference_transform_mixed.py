"""Engine image/transform of the reference decoder: symbols and escapes by mixed chances (FORMAT.md, 9.22)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reference_alpha_chances import Decisions

PARTITION, CHOICE, STEP, TRANSFORM, MASK, MODE, ESCAPE = range(7)
_FIRST_CONTEXTS = (0, 36, 316, 332, 346, 5386, 5710)


@dataclass
class Counter:
    """A chance of the value 1, in 1/2^22, and how many values it has seen."""

    chance: int
    seen: int = 4

    def count(self, value: int) -> None:
        self.chance += ((4194303 * value - self.chance) * rate(self.seen)) >> 16
        self.seen = min(self.seen + 1, 250)


def odds(q: int) -> int:
    return min(max(round(256 * math.log((2 * q + 1) / (8191 - 2 * q))), -2047), 2047)


def chance(x: int) -> int:
    return round(65536 / (1 + math.exp(-x / 256)))


def rate(n: int) -> int:
    return round(65536 / (n + 1.5))


class Mixed:
    """Reads what is coded by mixed chances, of all planes of a tile."""

    def __init__(self, decisions: Decisions):
        self.decisions = decisions
        self.counters: dict[tuple[object, ...], Counter] = {}
        self.weights: dict[tuple[object, int], list[int]] = {}

    def value(self, kind: object, part: int, fine: int, coarse: int, node: int, prior: int) -> int:
        counters = [
            self.counters.setdefault((kind, part, number, context, node), Counter(64 * prior))
            for number, context in enumerate((fine, coarse))
        ]
        weights = self.weights.setdefault((kind, part), [22938, 24576, 24576])
        logarithms = [odds(prior >> 4), *(odds(counter.chance >> 10) for counter in counters)]
        x = sum(w * o for w, o in zip(weights, logarithms, strict=True)) >> 16
        mixed = chance(min(max(x, -2047), 2047))
        value = self.decisions.next(mixed)
        error = 65536 * value - mixed
        for number, o in enumerate(logarithms):
            weights[number] = min(max(weights[number] + ((o * error + 16384) >> 15), -524288), 524288)
        for counter in counters:
            counter.count(value)
        return value

    def symbol(self, kind: object, context: int, coarse: int, lengths: Sequence[int]) -> int:
        part = max(number for number, first in enumerate(_FIRST_CONTEXTS) if context >= first)
        return self.walk(kind, part, context, coarse, lengths, 6 if part == MODE else 4)

    def walk(self, kind: object, part: int, fine: int, coarse: int, lengths: Sequence[int], bits: int) -> int:
        """A symbol of so many bits."""
        uses = [1 << 16 - length if length else 0 for length in lengths]
        uses += [0] * ((1 << bits) - len(uses))
        first, count, node = 0, 1 << bits, 1
        for _ in range(bits):
            count //= 2
            upper, total = sum(uses[first + count : first + 2 * count]), sum(uses[first : first + 2 * count])
            if upper == 0:
                value = 0
            elif upper == total:
                value = 1
            else:
                prior = min(max(((upper << 16) + (total >> 1)) // total, 1), 65535)
                value = self.value(kind, part, fine, coarse, node, prior)
            first += count * value
            node = 2 * node + value
        return first

    def zeros(self, kind: object, fine: int, coarse: int) -> int:
        """Those before the highest bit of an escape."""
        zeros = 0
        while zeros < 12 and self.value(kind, ESCAPE, fine, coarse, zeros, 32768) == 0:
            zeros += 1
        return zeros
