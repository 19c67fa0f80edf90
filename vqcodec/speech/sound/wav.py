"""The header of a WAV file: what it says of the samples, and where it cannot be believed.

A program that writes into a pipe does not know the length. It leaves 0, or the greatest number, or one that is too
large. So a declared length is a hint: what follows it decides.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, BinaryIO

_EXTENSIBLE = 0xFFFE
_BLOCK_CODED = (0x02, 0x11, 0x31, 0x32)  # ADPCM of Microsoft, ADPCM of IMA, GSM 6.10, its variant of Microsoft
ENDLESS = (1 << 31) - (1 << 16)  # bytes; a header with more was written before the length was known
_MOST_CHUNKS = 1000


@dataclass(frozen=True)
class WavHeader:
    """What a header says.

    Attributes:
        code: the number of the way samples are stored, such as 1 for PCM; of the extensible form, the one within.
        rate: Hz.
        channels: number of channels.
        bits: of a sample.
        mask: the loudspeaker of each channel, as bits; None if there is none.
        block: bytes of a sample of all channels, or of a block of coded samples.
        size_at: where the size of the samples stands.
        declared: bytes of samples, as declared.
        available: bytes from the first sample to the end of the file.
        length: samples of a channel that are in use, where they are coded in blocks and a fact chunk tells; else None.
        unknown: whether the length was not known when the header was written.
    """

    code: int
    rate: int
    channels: int
    bits: int
    mask: int | None
    block: int
    size_at: int
    declared: int
    available: int
    length: int | None
    unknown: bool

    @property
    def missing(self) -> int:
        """Whole blocks that the file lacks, since it is cut off."""
        known = not self.unknown and self.declared < ENDLESS
        return max(0, self.declared - self.available) // max(1, self.block) if known else 0


def read_header(file: BinaryIO, size: int) -> WavHeader | None:
    """Return the header of a file of `size` bytes; None if it is no WAV file of the usual structure."""
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return None
    form: bytes = b""
    fact: int | None = None
    for _ in range(_MOST_CHUNKS):
        start = file.tell()
        chunk = file.read(8)
        if len(chunk) < 8:
            return None
        length = int.from_bytes(chunk[4:], "little")
        if chunk[:4] == b"data":
            break
        if chunk[:4] == b"fmt ":
            form = file.read(min(length, 40))
        elif chunk[:4] == b"fact" and length >= 4:
            fact = int.from_bytes(file.read(4), "little")
        file.seek(start + 8 + length + length % 2)
    else:
        return None
    if len(form) < 16:
        return None
    code, channels, block, bits = (int.from_bytes(form[at : at + 2], "little") for at in (0, 2, 12, 14))
    extensible = code == _EXTENSIBLE and len(form) == 40
    code = int.from_bytes(form[24:26], "little") if extensible else code
    available = max(0, size - start - 8)
    unknown = head[:4] == b"RIFF" and (length >= ENDLESS or (length == 0 and _holds_samples(file, available)))
    return WavHeader(
        code=code,
        rate=int.from_bytes(form[4:8], "little"),
        channels=channels,
        bits=bits,
        mask=int.from_bytes(form[20:24], "little") if extensible else None,
        block=block,
        size_at=start + 4,
        declared=length,
        available=available,
        length=fact if code in _BLOCK_CODED else None,
        unknown=unknown,
    )


def _holds_samples(file: BinaryIO, available: int) -> bool:
    """Whether samples and no other chunk follow; `file` stands behind the header."""
    chunk = file.read(8)
    if len(chunk) < 8:
        return False
    return not (chunk[:4].isalnum() and int.from_bytes(chunk[4:], "little") <= available - 8)


class WithLength(io.RawIOBase):
    """A WAV file whose samples reach to its end, whatever the header says."""

    def __init__(self, file: BinaryIO, header: WavHeader) -> None:
        super().__init__()
        self._file = file
        self._patches = {4: b"\xff\xff\xff\xff", header.size_at: b"\xff\xff\xff\xff"}

    def seekable(self) -> bool:
        """True."""
        return True

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as from the file, with other lengths."""
        start = self._file.tell()
        view = memoryview(buffer).cast("B")
        data = self._file.read(len(view))
        view[: len(data)] = data
        for at, patch in self._patches.items():
            for position, byte in enumerate(patch, at - start):
                if 0 <= position < len(data):
                    view[position] = byte
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Seek as in the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position in the file."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
