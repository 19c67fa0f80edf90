"""Alpha planes beside colour: exactly, or by the block engine at a quality of their own.

Alpha is coded tile by tile like the colour it belongs to, in the same packets, so that a part of the picture can be
decoded alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vqcodec.blocks.decoding.decoder import decode_planes
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import PARAMETER_BYTES, CodingParameters
from vqcodec.blocks.picture_planes import tile_rectangles
from vqcodec.blocks.search.encoder import encode_planes
from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError
from vqcodec.image import alpha as exact
from vqcodec.image.transform.quality import ladder_position

_EXACT = b"\x7f"  # alpha's own parameters never begin so, since it is never tuned for SSIM


@dataclass(frozen=True)
class EncodedAlpha:
    """Header, payload of each tile, and what decoding gives."""

    header: bytes
    payloads: list[bytes]
    reconstruction: np.ndarray


def encode(plane: np.ndarray, model: Model, quality: float, effort: int, threads: int | None) -> EncodedAlpha:
    """Code an alpha plane, uint8 (height, width); exactly at quality 100, or where that takes no more bytes."""
    kept = [exact.encode(np.ascontiguousarray(tile.of(plane))) for tile in tile_rectangles(plane.shape)]
    if quality < 100:
        index, _ = ladder_position(quality)
        parameters = CodingParameters(index, subsampling="grey", effort=effort)
        coded = encode_planes([plane], model, parameters, threads)
        if sum(map(len, coded.payloads)) < sum(map(len, kept)):
            return EncodedAlpha(coded.parameters.to_bytes(), coded.payloads, coded.reconstruction[0])
    return EncodedAlpha(_EXACT, kept, plane)


def decode(
    header: bytes,
    payloads: list[bytes],
    height: int,
    width: int,
    model: Model,
    threads: int | None,
    numbers: Sequence[int],
) -> np.ndarray:
    """The alpha plane, uint8 (height, width); what lies outside the tiles of these `numbers` is 0.

    Raises:
        CorruptFileError: the header or a payload is damaged.
    """
    if header != _EXACT:
        parameters = CodingParameters.from_bytes(header)
        if parameters.subsampling != "grey":
            raise CorruptFileError("the alpha plane's parameters are not those of a single plane")
        return decode_planes(payloads, [(height, width)], model, parameters, threads, numbers)[0]
    tiles = tile_rectangles((height, width))
    if len(payloads) != len(tiles):
        raise CorruptFileError(f"alpha has {len(payloads)} tiles, but {width}x{height} pixels make {len(tiles)}")
    plane = np.zeros((height, width), np.uint8)
    for number in numbers:
        tile = tiles[number]
        tile.of(plane)[:] = exact.decode(payloads[number], tile.height, tile.width)
    return plane


def header_size(data: bytes) -> int:
    """Bytes of the alpha header that `data` begins with."""
    return len(_EXACT) if data[:1] == _EXACT else PARAMETER_BYTES


def join(colour: list[bytes], payloads: list[bytes]) -> list[bytes]:
    """Packets of tiles: length of the colour payload, colour payload, alpha payload."""
    return [put_varint(len(first)) + first + second for first, second in zip(colour, payloads)]


def split(packets: list[bytes], numbers: Sequence[int]) -> tuple[list[bytes], list[bytes]]:
    """Colour and alpha payloads of such packets; of packets with other than these `numbers` both are empty.

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
