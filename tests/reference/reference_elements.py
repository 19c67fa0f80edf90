"""Sections 1.4 and 2 of FORMAT.md: errors and common elements, plainly."""

from __future__ import annotations

import hashlib

# 1.4 Errors


class FormatError(Exception):
    """Base of the error classes."""


class Unreadable(FormatError):
    pass


class Corrupt(FormatError):
    pass


class Unsupported(FormatError):
    pass


class CodebookMissing(FormatError):
    pass


class Limit(FormatError):
    pass


def require(condition: bool, error: type[FormatError] = Corrupt) -> None:
    if not condition:
        raise error


# 2 Common elements


class Reader:
    """Bytes that are taken from the front; taking more than there are is Corrupt."""

    def __init__(self, data: bytes):
        self.data = data
        self.position = 0

    def take(self, count: int) -> bytes:
        require(self.position + count <= len(self.data))
        self.position += count
        return self.data[self.position - count : self.position]

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.position)

    def at_end(self) -> bool:
        return self.position == len(self.data)

    def number(self, width: int) -> int:
        """2.1"""
        value = 0
        for index, byte in enumerate(self.take(width)):
            value += byte * 256**index
        return value

    def varint(self) -> int:
        """2.3"""
        value = 0
        for index in range(9):
            byte = self.take(1)[0]
            value += (byte % 128) * 128**index
            if byte < 128:
                require(byte != 0 or index == 0)
                return value
        raise Corrupt

    def signed_varint(self) -> int:
        """2.3"""
        value = self.varint()
        return value // 2 if value % 2 == 0 else -(value + 1) // 2

    def short_text(self) -> bytes:
        return self.take(self.number(1))


# 2.4, 2.5, 2.6

MEDIA = {1: "image", 2: "speech", 3: "video"}
ENGINE_NUMBERS = {
    1: "image/block",
    2: "image/transform",
    3: "speech/celp-nb",
    4: "speech/celp-wb",
    5: "video/mc",
    6: "video/st3d",
    7: "speech/celp-fixed",
    8: "speech/ld-celp",
}
SMALL, CAPITAL, DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"


def spelt(name: str, first: str, others: str, most: int) -> bool:
    return 1 <= len(name) <= most and name[0] in first and all(letter in others for letter in name)


def codebook_name(raw: bytes) -> str:
    name = raw.decode("latin-1")
    require(spelt(name, SMALL + CAPITAL + DIGITS, SMALL + CAPITAL + DIGITS + "._+-", 64))
    return name


def array_name(raw: bytes) -> str:
    name = raw.decode("latin-1")
    require(spelt(name, SMALL, SMALL + DIGITS + "_./-", 64))
    return name


def engine_name(raw: bytes) -> str:
    name = raw.decode("latin-1")
    parts = name.split("/")
    require(len(parts) == 2)
    require(spelt(parts[0], SMALL, SMALL + DIGITS, 16))
    require(spelt(parts[1], SMALL + DIGITS, SMALL + DIGITS + "-", 31))
    return name


def crc32(data: bytes) -> int:
    """2.7"""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder // 2 ^ (0xEDB88320 if remainder % 2 else 0)
    return remainder ^ 0xFFFFFFFF


def sha256(data: bytes) -> bytes:
    """2.8"""
    return hashlib.sha256(data).digest()


# 4.1, 6.3


def check_magic(data: bytes, magic: bytes) -> None:
    if data[:8] != magic:
        cut_off = magic.startswith(data[:8])
        changed_in_transfer = data[:4] == magic[:4]
        raise Corrupt if cut_off or changed_in_transfer else Unreadable
