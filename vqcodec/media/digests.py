"""The digest of decoded samples: by it two decodings, or a decoding and what the encoder saw, are known to be equal.

A picture is one part: its samples, row by row. Each channel of speech is a part: its samples at the codec's rate, 16
bits each, the low byte first. Of video the frames are the first part (the planes Y, U and V of each), and the channels
of its sound are the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class SampleDigest:
    """SHA-256 of the samples of one part, which come in pieces."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, samples: NDArray[Any]) -> None:
        """Take the next samples: uint8 or int16, of any shape."""
        self._hash.update(samples.astype(samples.dtype.newbyteorder("<"), copy=False).tobytes())

    def add_all(self, planes: Iterable[NDArray[Any]]) -> None:
        """Take the planes of the next frame."""
        for plane in planes:
            self.add(plane)

    def value(self) -> bytes:
        """Return the SHA-256 of what has come."""
        return self._hash.digest()


def digest_of(samples: NDArray[np.uint8] | NDArray[np.int16]) -> bytes:
    """Return the SHA-256 of a part."""
    digest = SampleDigest()
    digest.add(samples)
    return digest.value()


def digest_of_channels(blocks: Iterable[NDArray[np.signedinteger[Any]]], channels: int) -> list[bytes]:
    """Return the SHA-256 of each channel of a sound that comes in blocks of integers, (samples, channels)."""
    digests = [SampleDigest() for _ in range(channels)]
    for block in blocks:
        for number, digest in enumerate(digests):
            digest.add(block[:, number])
    return [digest.value() for digest in digests]


def in_hexadecimal(parts: Sequence[bytes]) -> str:
    """Return the digest of what has these parts: that of an only part; else the SHA-256 of their SHA-256s in order."""
    return (parts[0] if len(parts) == 1 else hashlib.sha256(b"".join(parts)).digest()).hex()
