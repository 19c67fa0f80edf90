"""Alpha planes of the transform engine: coded exactly, or by the block engine at their own quality.

Exactly they are coded by prediction, or, if the codebook has such, by chances fitted to a corpus. Both ways an item of
a memory may help.

Alpha is coded tile by tile like the colour, and in the same packets, so that a part of the picture can be decoded
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vqcodec.blocks.decoding.decoder import decode_planes
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import PARAMETER_BYTES, CodingParameters
from vqcodec.blocks.picture_planes import tile_rectangles
from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CodebookError, CorruptFileError
from vqcodec.image import alpha as exact
from vqcodec.image.alpha.chances import Chances
from vqcodec.image.transform.quality import ladder_position

_EXACT = b"\x7f"  # parameters of a coded alpha plane never begin with it, since alpha is never tuned for SSIM
_DIFFERENCE = b"\x7e"  # likewise; only in pictures that are predicted from memory
_BY_CHANCES = b"\x7d"
_BESIDE = b"\x7c"  # by chances beside the alpha of an item; only in pictures that are predicted from memory
_ALONE, _REMEMBERING = (_EXACT, _BY_CHANCES), (_DIFFERENCE, _BESIDE)


@dataclass(frozen=True)
class EncodedAlpha:
    """A coded alpha plane: its header, the payload of each tile, and the plane exactly as decoding returns it."""

    header: bytes
    payloads: list[bytes]
    reconstruction: np.ndarray


def encode(
    plane: np.ndarray,
    model: Model,
    quality: float,
    effort: int,
    threads: int | None,
    chances: Chances | None = None,
) -> EncodedAlpha:
    """Code an alpha plane. It is coded exactly at quality 100, or if that takes no more bytes.

    Args:
        plane: uint8 (height, width).
        model: the tables of the block engine.
        quality: 0 to 100.
        effort: 0 to 9.
        threads: None for all CPUs.
        chances: of the codebook; None if it has none.
    """
    return _encoded(plane.tobytes(), *plane.shape, model, quality, effort, threads, chances)


def encode_beside(plane: np.ndarray, known: np.ndarray, chances: Chances | None) -> EncodedAlpha:
    """Code an alpha plane of one tile exactly, with the help of the alpha plane of an item of a memory.

    Args:
        plane: uint8 (height, width).
        known: uint8, of any size.
        chances: of the codebook; None if it has none.
    """
    known = fitted_to(known, *plane.shape)
    difference = EncodedAlpha(_DIFFERENCE, [exact.encode(np.ascontiguousarray(plane - known))], plane)  # modulo 256
    if chances is None or chances.beside is None:
        return difference
    return min(difference, EncodedAlpha(_BESIDE, [chances.encode(plane, known)], plane), key=size_of)


def size_of(coded: EncodedAlpha) -> int:
    """Return the bytes of a coded plane's payloads."""
    return sum(map(len, coded.payloads))


def fitted_to(known: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return an alpha plane cut to a size; beyond its edges its samples are repeated."""
    rows = np.minimum(np.arange(height), known.shape[0] - 1)
    columns = np.minimum(np.arange(width), known.shape[1] - 1)
    return known[np.ix_(rows, columns)]


@lru_cache(maxsize=1)  # a target tries several qualities of the colours, and alpha does not depend on them
def _encoded(
    samples: bytes,
    height: int,
    width: int,
    model: Model,
    quality: float,
    effort: int,
    threads: int | None,
    chances: Chances | None,
) -> EncodedAlpha:
    plane = np.frombuffer(samples, np.uint8).reshape(height, width)
    tiles = [np.ascontiguousarray(tile.of(plane)) for tile in tile_rectangles(plane.shape)]
    kept = EncodedAlpha(_EXACT, [exact.encode(tile) for tile in tiles], plane)
    if chances is not None:
        kept = min(kept, EncodedAlpha(_BY_CHANCES, [chances.encode(tile) for tile in tiles], plane), key=size_of)
    if quality < 100:
        from vqcodec.blocks.search.encoder import encode_planes  # which decoding does without

        index, _ = ladder_position(quality)
        parameters = CodingParameters(index, subsampling="grey", effort=effort)
        coded = encode_planes([plane], model, parameters, threads)
        if sum(map(len, coded.payloads)) < size_of(kept):
            return EncodedAlpha(coded.parameters.to_bytes(), coded.payloads, coded.reconstruction[0])
    return kept


def decode(
    header: bytes,
    payloads: list[bytes],
    height: int,
    width: int,
    model: Model,
    threads: int | None,
    numbers: Sequence[int],
    known: np.ndarray | None = None,
    chances: Chances | None = None,
) -> np.ndarray:
    """Return the alpha plane, uint8 (height, width).

    Args:
        header, payloads: as in `EncodedAlpha`.
        numbers: the tiles to decode; the others are 0.
        known: the alpha plane of the first item of a memory that the picture is predicted from; None for opaque.
        chances: of the codebook; None if it has none.

    Raises:
        CorruptFileError: the header or a payload is damaged.
        CodebookError: the plane was coded by chances, and there are none.
    """
    if header not in _ALONE + _REMEMBERING:
        parameters, _ = CodingParameters.from_bytes(header)
        if parameters.subsampling != "grey" or parameters.remembering or parameters.copying:
            raise CorruptFileError("the alpha plane's parameters are not those of a single plane")
        return decode_planes(payloads, [(height, width)], model, parameters, threads, numbers)[0]
    tiles = tile_rectangles((height, width))
    if len(payloads) != len(tiles):
        raise CorruptFileError(f"alpha has {len(payloads)} tiles, but {width}x{height} pixels make {len(tiles)}")
    base = None
    if header in _REMEMBERING:
        base = fitted_to(np.full((1, 1), 255, np.uint8) if known is None else known, height, width)
    if header in (_BY_CHANCES, _BESIDE) and chances is None:
        raise CodebookError("codebook: it has no chances for the alpha of the picture; it is another codebook")
    plane = np.zeros((height, width), np.uint8)
    for number in numbers:
        tile, payload = tiles[number], payloads[number]
        if chances is not None and header in (_BY_CHANCES, _BESIDE):
            tile.of(plane)[:] = chances.decode(payload, tile.height, tile.width, base)
        else:
            tile.of(plane)[:] = exact.decode(payload, tile.height, tile.width)
    if base is not None and header == _DIFFERENCE:
        plane += base  # modulo 256
    return plane


def header_size(data: bytes, remembering: bool) -> int:
    """Return the number of bytes of the alpha header at the beginning of `data`.

    Args:
        remembering: whether the picture is predicted from memory.
    """
    short = data[:1] in (_ALONE + _REMEMBERING if remembering else _ALONE)
    return 1 if short else PARAMETER_BYTES


def join(colour: list[bytes], payloads: list[bytes]) -> list[bytes]:
    """Return the packets of tiles: the length of the colour payload, the colour payload, the alpha payload."""
    return [put_varint(len(first)) + first + second for first, second in zip(colour, payloads)]


def split(packets: list[bytes], numbers: Sequence[int]) -> tuple[list[bytes], list[bytes]]:
    """Return the colour and alpha payloads of packets that `join` made. Both are empty for packets not in `numbers`.

    Raises:
        CorruptFileError: a packet is shorter than it says.
    """
    colour, payloads = [b""] * len(packets), [b""] * len(packets)
    for number in numbers:
        packet = packets[number]
        length, start = get_varint(packet, 0)
        if length > len(packet) - start:
            raise CorruptFileError("a tile's packet is shorter than its colour payload")
        colour[number] = packet[start : start + length]
        payloads[number] = packet[start + length :]
    return colour, payloads
