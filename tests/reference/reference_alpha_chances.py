"""Alpha by chances of the reference decoder: section 9.19 of FORMAT.md."""

from __future__ import annotations

from reference_decoder import Codebook, CodebookMissing, require

ALONE, BESIDE = "alpha_chances", "alpha_chances_beside"
SIZES = {ALONE: 2058, BESIDE: 3092}
NEIGHBOURS = [(0, -1), (-1, 0), (-1, 1), (-1, -1), (-2, 0), (0, -2), (-1, 2), (-1, -2), (-2, -1), (-2, 1)]
KNOWN = [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)]

Rows = list[list[int]]


class Decisions:
    """The range decoder: one value after another."""

    def __init__(self, data: bytes):
        self.data = data
        self.position = 0
        self.code = 0
        self.width = 2**32 - 1
        for _ in range(4):
            self.append()

    def append(self) -> None:
        byte = self.data[self.position] if self.position < len(self.data) else 0
        self.position += 1
        self.code = self.code * 256 + byte

    def next(self, chance: int) -> int:
        bound = self.width // 65536 * chance
        value = int(self.code < bound)
        if value:
            self.width = bound
        else:
            self.code -= bound
            self.width -= bound
        while self.width < 2**24:
            self.append()
            self.width *= 256
        return value


def chances_of(codebook: Codebook, name: str) -> list[int]:
    """Of the value 1, in 1/65536."""
    require(name in codebook.arrays, CodebookMissing)
    codes = codebook.arrays[name].elements
    require(len(codes) == SIZES[name] and all(code // 8 % 16 <= 11 for code in codes), CodebookMissing)
    unlikely = [(8 + code % 8) << (11 - code // 8 % 16) for code in codes]
    return [65536 - chance if code >= 128 else chance for code, chance in zip(codes, unlikely, strict=True)]


def decode(data: bytes, width: int, height: int, codebook: Codebook, known: Rows | None = None) -> Rows:
    """The alpha of a tile; `known` is that of the item, of its size, or None."""
    chances = chances_of(codebook, ALONE if known is None else BESIDE)
    decisions = Decisions(data)
    plane: Rows = []

    def at(y: int, x: int) -> int:
        return plane[y][x] if y >= 0 and 0 <= x < len(plane[y]) else 0

    def known_at(y: int, x: int) -> int:
        return known[min(max(y, 0), height - 1)][min(max(x, 0), width - 1)]

    def decide(context: int) -> int:
        return decisions.next(chances[context])

    def sample(y: int, x: int) -> int:
        near = [at(y + v, x + u) for v, u in NEIGHBOURS]
        bits = [a >= 128 for a in (near if known is None else near[:6])]
        if known is not None:
            bits += [known_at(y + v, x + u) >= 128 for v, u in KNOWN]
        half = decide(sum(bit << number for number, bit in enumerate(bits)))
        ends = 5 * half + sum(0 < a < 255 for a in near[:4])
        if known is None:
            first, last = 1024, 1034
        else:
            first, last, ends = 2048, 2068, 2 * ends + (0 < known_at(y, x) < 255)
        if not decide(first + ends):
            return 255 * half
        level = min(max((near[0] + near[1] + 1) // 2 - 128 * half, 0), 127) // 32
        node = 1
        for _ in range(7):
            node = 2 * node + decide(last + (4 * half + level) * 128 + node)
        return 128 * half + node - 128

    for y in range(height):
        plane.append([])
        for x in range(width):
            plane[y].append(sample(y, x))
    require(decisions.position >= len(data))
    return plane
