"""Bits (2.2) and section 7 of FORMAT.md, plainly: canonical Huffman codes."""

from __future__ import annotations

from reference_elements import Corrupt, require


class BitReader:
    """2.2, 7.5"""

    def __init__(self, data: bytes, position: int = 0):
        self.data = data
        self.position = position  # in bits

    def bit(self) -> int:
        require(self.position < 8 * len(self.data))
        byte = self.data[self.position // 8]
        value = byte >> (7 - self.position % 8) & 1
        self.position += 1
        return value

    def bits(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = 2 * value + self.bit()
        return value


class HuffmanCode:
    """7.1 to 7.4: a code from its lengths."""

    def __init__(self, lengths: list[int]):
        require(all(0 <= length <= 16 for length in lengths))
        self.lengths = lengths
        used = [symbol for symbol, length in enumerate(lengths) if length > 0]
        self.alone = used[0] if len(used) == 1 else None
        if self.alone is not None:
            require(lengths[self.alone] == 1)
        else:
            require(sum(2 ** (16 - lengths[symbol]) for symbol in used) == 2**16)
        self.count = [lengths.count(length) for length in range(17)]
        self.symbols = sorted(used, key=lambda symbol: (lengths[symbol], symbol))

    def read(self, reader: BitReader) -> int:
        """7.4"""
        if self.alone is not None:
            reader.bit()
            return self.alone
        code = first = index = 0
        for length in range(1, 17):
            code = 2 * code + reader.bit()
            if code - first < self.count[length]:
                return self.symbols[index + code - first]
            index += self.count[length]
            first = 2 * (first + self.count[length])
        raise Corrupt


def canonical_codes(lengths: list[int]) -> dict[int, str]:
    """7.2: the codes as text of 0 and 1, by symbol."""
    codes = {}
    code = 0
    for length in range(1, 17):
        code = 2 * code
        for symbol, wanted in enumerate(lengths):
            if wanted == length:
                codes[symbol] = format(code, f"0{length}b")
                code += 1
    return codes
