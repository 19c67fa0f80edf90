"""Bytes packed by the smallest of a few methods, and unpacked within bounds (FORMAT.md, section 6.4)."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable

from vqcodec.errors import CorruptFileError, UnsupportedError
from vqcodec.names import at

STORED = 0
LZMA2 = 1
DEFLATE = 2

_DICTIONARY_BYTES = 1 << 22
_SMALLEST_DICTIONARY_BYTES = 1 << 12  # liblzma takes no smaller one
_LZMA_TUNINGS = ((3, 0, 0), (3, 0, 2), (1, 1, 1))  # lc, lp, pb: for bytes; the default; for 16-bit elements


def unpack(method: int, packed: memoryview, raw_bytes: int, source: str, what: str = "codebook") -> bytes | memoryview:
    """Decompress to exactly `raw_bytes` bytes, and never to more.

    Args:
        source, what: the file and what is packed there, for errors.

    Raises:
        UnsupportedError: an unknown method.
        CorruptFileError: not a stream of this method, or of another length.
    """
    try:
        if method == STORED:
            raw: bytes | memoryview = packed
            complete = True
        elif method == LZMA2:
            inflater = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_lzma_filters(_DICTIONARY_BYTES))
            raw = inflater.decompress(packed, max_length=raw_bytes + 1)
            complete = inflater.eof and not inflater.unused_data
        elif method == DEFLATE:
            deflated = zlib.decompressobj(-zlib.MAX_WBITS)
            raw = deflated.decompress(packed, raw_bytes + 1)
            complete = deflated.eof and not deflated.unused_data
        else:
            raise UnsupportedError(
                f"{at(source)}{what} packed by the unknown method {method}; a newer version is needed"
            )
    except (lzma.LZMAError, zlib.error):
        raise CorruptFileError(f"{at(source)}the packed {what} is damaged") from None
    if len(raw) != raw_bytes or not complete:
        raise CorruptFileError(f"{at(source)}the packed {what} does not unpack to the {raw_bytes} bytes it says")
    return raw


def pack(raw: bytes, allowed: Callable[[bytes], bool] = lambda _packed: True) -> tuple[int, bytes]:
    """Return the method and bytes of the smallest packing of `raw`; of equal ones the simplest method.

    Args:
        allowed: returns whether packed bytes may be used; the bytes as they are always may.
    """
    dictionary = min(_DICTIONARY_BYTES, max(_SMALLEST_DICTIONARY_BYTES, len(raw)))
    candidates = [(DEFLATE, deflated(raw))]
    candidates += [
        (LZMA2, lzma.compress(raw, lzma.FORMAT_RAW, filters=_lzma_filters(dictionary, *tuning)))
        for tuning in _LZMA_TUNINGS
    ]
    usable = [(STORED, raw), *(candidate for candidate in candidates if allowed(candidate[1]))]
    return min(usable, key=lambda candidate: len(candidate[1]))


def deflated(raw: bytes) -> bytes:
    """Return bytes packed by DEFLATE."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(raw) + packer.flush()


def _lzma_filters(dictionary: int, lc: int = 3, lp: int = 0, pb: int = 2) -> list[dict[str, int]]:
    """Return LZMA2 filters. The decoder needs only the size of the dictionary; the rest is in the stream."""
    return [
        {
            "id": lzma.FILTER_LZMA2,
            "preset": 9 | lzma.PRESET_EXTREME,
            "dict_size": dictionary,
            "lc": lc,
            "lp": lp,
            "pb": pb,
        }
    ]
