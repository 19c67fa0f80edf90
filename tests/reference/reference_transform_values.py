"""Engine image/transform of the reference decoder: values behind the Huffman codes (FORMAT.md, 9.20 and 9.21)."""

from __future__ import annotations

from dataclasses import dataclass

from reference_alpha_chances import Decisions
from reference_decoder import BitReader, require

LEVELS = 1021  # of a palette, in quarters of a sample


@dataclass
class Chance:
    """Of the value 1 in a context, in 1/65536: two estimates, and the number of values seen."""

    quick: int = 32768
    slow: int = 32768
    seen: int = 0

    def adapt(self, value: int) -> None:
        target = 65536 * value
        self.quick += moved(target - self.quick, min(self.seen + 1, 4))
        self.slow += moved(target - self.slow, min(self.seen + 1, 7))
        self.seen = min(self.seen + 1, 7)


def moved(distance: int, shift: int) -> int:
    """Towards zero."""
    return distance >> shift if distance >= 0 else -(-distance >> shift)


class Values:
    """What tells the copies and the palettes of a tile."""

    def __init__(self, bits: BitReader, payload: bytes):
        zeros = 0
        while bits.bits(1) == 0:
            zeros += 1
            require(zeros <= 24)
        length = (1 << zeros + 7) + bits.bits(zeros + 7) - 128
        require(length <= len(payload))
        self.start = len(payload) - length
        self.data = payload[self.start :]
        self.decisions = Decisions(self.data)
        self.chances = {context: Chance(first, first, 3) for context, first in first_chances().items()}
        self.trees: dict[tuple[int, int], Chance] = {}
        self.followers: dict[tuple[int, int], list[int]] = {}

    def value(self, context: int) -> int:
        return self.read(self.chances.setdefault(context, Chance()))

    def read(self, chance: Chance) -> int:
        value = self.decisions.next((chance.quick + chance.slow) >> 1)
        chance.adapt(value)
        return value

    def even(self) -> int:
        return self.decisions.next(32768)

    def level(self, plane: int, key: int) -> int:
        """9.21: a colour, in quarters of a sample."""
        followers = self.followers.setdefault((plane, key), [])
        group = 0 if plane == 0 and key == 0 else plane + 1
        found = None
        for number, follower in enumerate(followers):
            if self.value(1410 + 2 * group + number):
                found = follower
                break
        if found is None:
            node = 1
            for _ in range(10):
                node = 2 * node + self.read(self.trees.setdefault((plane, node), Chance()))
            found = min(node - 1024, LEVELS - 1)
        if found != (followers or [None])[0]:
            self.followers[plane, key] = [found, *followers][:2]
        return found

    def close(self) -> None:
        require(self.decisions.position >= len(self.data))


def first_chances() -> dict[int, int]:
    """9.21: those that are not 32768."""
    chances = {}
    for context in range(84):
        chances[398 + context] = (4600, 23000, 52000)[context // 7 % 3]
    for kind in range(3):
        for pattern in range(128):
            alike = sum(pattern >> bit & 1 for bit in (0, 1, 2, 5))
            chances[514 + 128 * kind + pattern] = (16000, 39000, 27000, 57500, 65200)[alike]
    for context in range(192):
        alike = (context >> 3 & 1) + (context >> 4 & 1)
        chances[898 + context] = ((35000, 49000, 42000)[alike], 30000, 20000)[context // 64]
    return chances
