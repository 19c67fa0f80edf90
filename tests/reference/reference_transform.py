"""Engine image/transform of the reference decoder: section 9 of FORMAT.md; header, tiles, colour and alpha.

The parts are in modules of their own: _tables (9.1, 9.2), _plane (9.4), _syntax (9.4 to 9.7, 9.9, 9.15), _residual (9.8
to 9.12), _prediction (9.13, 9.14), _restoration (9.16), _memory (9.18), _values, _copies (9.20), _palettes (9.21)
and _mixed (9.22). 9.19 is in reference_alpha_chances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import reference_alpha_chances
from reference_block import append_alpha, doubled
from reference_codebook import memory_items
from reference_decoder import (
    ENGINES,
    BitReader,
    Codebook,
    CodebookMissing,
    Limit,
    Reader,
    Unsupported,
    require,
)
from reference_transform_copies import Copies
from reference_transform_memory import References, be_guided_by_places, planes_for
from reference_transform_mixed import Mixed
from reference_transform_plane import Plane, Samples, be_guided, clip
from reference_transform_restoration import restored
from reference_transform_syntax import PlaneDecoder
from reference_transform_tables import Model, model_of
from reference_transform_values import Values

FULL, HALF, RESERVED, NO_CHROMA = range(4)
EXTENDED = RESERVED  # in the second parameter byte: there is a third
EXACT_ALPHA, ALPHA_DIFFERENCE, ALPHA_BY_CHANCES, ALPHA_BESIDE = 0x7F, 0x7E, 0x7D, 0x7C


@dataclass
class Parameters:
    """9.1: the two parameter bytes."""

    step_index: int
    modulated: bool
    chroma_step: int
    chroma: int
    restoration: bool
    remembering: bool
    copying: bool = False
    shaped: bool = False  # whether the step grows with the frequency
    palettes: bool = False
    mixed: bool = False  # whether chances are mixed


@dataclass
class Header:
    """9.1: the stream header; `alpha` is None where there is none or it is kept exactly (`alpha_kind` says how)."""

    width: int
    height: int
    channels: int
    parameters: Parameters
    alpha: Parameters | None = None
    items: list[int] = field(default_factory=list)
    alpha_kind: int = EXACT_ALPHA


def decode(header: bytes, packets: list[bytes], codebook: Codebook) -> list[list[list[int]]]:
    """The picture: rows of pixels, each a list of 1 to 4 samples."""
    if header == b"":
        require(len(packets) == 1)
        reader = Reader(packets[0])
        shape = read_header(reader)
        packets = [reader.rest()]
    else:
        reader = Reader(header)
        shape = read_header(reader)
        require(reader.at_end())
    model = model_of(codebook)
    check_filter(shape.parameters, model)
    memory = [item(codebook, model, number, shape.parameters) for number in shape.items]
    tiles = tile_rectangles(shape.height, shape.width)
    require(len(packets) == len(tiles))
    has_alpha = shape.channels in (2, 4)
    payloads = [cut_packet(packet) if has_alpha else (packet, b"") for packet in packets]
    for (payload, _), tile in zip(payloads, tiles, strict=True):
        require(8 * len(payload) >= superblocks(tile, shape.parameters))
    planes = [blank(*size) for size in plane_sizes(shape)]
    for (payload, _), tile in zip(payloads, tiles, strict=True):
        for number, part in enumerate(decode_tile(payload, tile, shape.parameters, model, memory)):
            shift = 1 if number > 0 and shape.parameters.chroma == HALF else 0
            put(part, planes[number], tile.top >> shift, tile.left >> shift)
    pixels = joined(planes, shape)
    if has_alpha:
        known = None
        if shape.alpha_kind in (ALPHA_DIFFERENCE, ALPHA_BESIDE):
            known = known_alpha(codebook, model, shape)
        add_alpha(pixels, [payload for _, payload in payloads], tiles, shape, model, codebook, known)
    return pixels


# 9.1 Stream header


def read_header(reader: Reader) -> Header:
    width, height, channels = reader.varint() + 1, reader.varint() + 1, reader.number(1) + 1
    require(channels <= 4)
    require(width <= 65535 and height <= 65535 and width * height <= 2**28, Limit)
    header = Header(width, height, channels, read_parameters(reader.number(1), reader))
    if header.parameters.chroma == EXTENDED:
        read_third_byte(header.parameters, reader)
    require((header.parameters.chroma == NO_CHROMA) == (channels < 3))
    if header.parameters.remembering:
        require(width <= 1280 and height <= 1280)
        first = reader.varint()
        header.items = [first // 3] + [reader.varint() for _ in range(first % 3)]
    if channels in (2, 4):
        first = reader.number(1)
        kinds = [EXACT_ALPHA, ALPHA_BY_CHANCES] + ([ALPHA_DIFFERENCE, ALPHA_BESIDE] if header.items else [])
        if first in kinds:
            header.alpha_kind = first
        else:
            header.alpha = read_parameters(first, reader)
            require(header.alpha.chroma == NO_CHROMA and not header.alpha.remembering)
            require(not header.alpha.copying)
    return header


def read_parameters(first: int, reader: Reader) -> Parameters:
    second = reader.number(1)
    require(first < 128 or second < 128, Unsupported)
    chroma, restoration = second // 16 % 4, second // 64 % 2 == 1
    modulated, copying = first // 64 % 2 == 1, first >= 128
    return Parameters(first % 64, modulated, second % 16 - 8, chroma, restoration, second >= 128, copying)


def read_third_byte(parameters: Parameters, reader: Reader) -> None:
    third = reader.number(1)
    require(1 <= third // 4 <= 7 and third % 4 != RESERVED, Unsupported)
    parameters.chroma, parameters.shaped = third % 4, third // 4 % 2 == 1
    parameters.palettes, parameters.mixed = third // 8 % 2 == 1, third // 16 == 1
    require(parameters.modulated or not parameters.shaped, Unsupported)


def item(codebook: Codebook, model: Model, number: int, parameters: Parameters) -> list[Samples]:
    """9.18: the planes of an item of the codebook's memory, for a picture with these parameters."""
    require(memory_items(codebook) != [] and model.remembering != [], CodebookMissing)
    require(len(needed(codebook, number)) <= 32, CodebookMissing)
    reader = Reader(item_bytes(codebook, number))
    header = read_header(reader)
    require(max(header.width, header.height) <= 1280, CodebookMissing)
    packet = reader.rest()
    payload = cut_packet(packet)[0] if header.channels in (2, 4) else packet
    tile = Tile(0, 0, header.height, header.width)
    memory = [item(codebook, model, other, header.parameters) for other in header.items]
    planes = decode_tile(payload, tile, header.parameters, model, memory)
    sizes_of_planes = [plane_size(tile, plane, header.parameters) for plane in range(len(planes))]
    cut = [[row[:width] for row in plane[:height]] for plane, (height, width) in zip(planes, sizes_of_planes)]
    return planes_for(cut, parameters.chroma != NO_CHROMA, parameters.chroma == HALF)


def item_bytes(codebook: Codebook, number: int) -> bytes:
    items = memory_items(codebook)
    require(number < len(items))
    return items[number]


def needed(codebook: Codebook, number: int) -> set[int]:
    """9.18: an item, and all that it is predicted from, itself or through others."""
    found = {number}
    for other in read_header(Reader(item_bytes(codebook, number))).items:
        require(other < number, CodebookMissing)
        found |= needed(codebook, other)
    return found


def item_alpha(codebook: Codebook, model: Model, number: int) -> list[list[int]]:
    """9.18: alpha of an item; one opaque sample stands for all of them if it has none."""
    reader = Reader(item_bytes(codebook, number))
    header = read_header(reader)
    if header.channels not in (2, 4):
        return [[255]]
    pixels: list[list[list[int]]] = [[[] for _ in range(header.width)] for _ in range(header.height)]
    payload = cut_packet(reader.rest())[1]
    known = None
    if header.alpha_kind in (ALPHA_DIFFERENCE, ALPHA_BESIDE):
        known = known_alpha(codebook, model, header)
    add_alpha(pixels, [payload], [Tile(0, 0, header.height, header.width)], header, model, codebook, known)
    return [[pixel[0] for pixel in row] for row in pixels]


def known_alpha(codebook: Codebook, model: Model, header: Header) -> list[list[int]]:
    """9.18: alpha of the first reference, of the picture's size."""
    plane = item_alpha(codebook, model, header.items[0])
    rows, columns = len(plane) - 1, len(plane[0]) - 1
    return [[plane[min(y, rows)][min(x, columns)] for x in range(header.width)] for y in range(header.height)]


def check_filter(parameters: Parameters, model: Model) -> None:
    """9.2"""
    require(not parameters.restoration or model.restoration != [], CodebookMissing)


# 9.3 Tiles and packets


@dataclass
class Tile:
    """In samples of luma."""

    top: int
    left: int
    height: int
    width: int


def cuts(size: int) -> list[int]:
    """Where the tiles along a side begin, and where the last ends."""
    count = -(-size // 1280)
    length = 64 * -(-size // (64 * count))
    return [*range(0, size, length), size]


def tile_rectangles(height: int, width: int) -> list[Tile]:
    rows, columns = cuts(height), cuts(width)
    return [
        Tile(rows[i], columns[j], rows[i + 1] - rows[i], columns[j + 1] - columns[j])
        for i in range(len(rows) - 1)
        for j in range(len(columns) - 1)
    ]


def cut_packet(packet: bytes) -> tuple[bytes, bytes]:
    """The payloads of colour and alpha."""
    reader = Reader(packet)
    return reader.take(reader.varint()), reader.rest()


def plane_size(tile: Tile, number: int, parameters: Parameters) -> tuple[int, int]:
    """Height and width of the tile's part of a plane."""
    shift = 1 if number > 0 and parameters.chroma == HALF else 0
    return (tile.height + shift) >> shift, (tile.width + shift) >> shift


def superblocks(tile: Tile, parameters: Parameters) -> int:
    """The number of superblocks of all planes of a tile that take at least one bit."""
    sizes = [plane_size(tile, number, parameters) for number in range(plane_count(parameters))]
    if parameters.copying or parameters.palettes:
        return sum((height // 32) * (width // 32) for height, width in sizes)
    return sum(-(-height // 32) * -(-width // 32) for height, width in sizes)


def plane_count(parameters: Parameters) -> int:
    return 1 if parameters.chroma == NO_CHROMA else 3


def decode_tile(
    payload: bytes, tile: Tile, parameters: Parameters, model: Model, memory: Sequence[list[Samples]] = ()
) -> list[Samples]:
    """The planes of a tile, padded and filtered, in 1/16."""
    planes = tile_planes(payload, tile, parameters, model, memory)
    if not parameters.restoration:
        return [plane.samples for plane in planes]
    rung = model.rung_of(parameters.step_index)
    return [restored(plane, filter_weights(model, rung, number > 0)) for number, plane in enumerate(planes)]


def tile_planes(
    payload: bytes, tile: Tile, parameters: Parameters, model: Model, memory: Sequence[list[Samples]] = ()
) -> list[Plane]:
    """The planes of a tile, padded, not yet filtered."""
    require(parameters.mixed or 8 * len(payload) >= superblocks(tile, parameters))
    bits, end = BitReader(payload), len(payload)
    has_values = parameters.copying or parameters.palettes or parameters.mixed
    values = Values(bits, payload) if has_values else None
    planes = decode_planes(bits, tile, parameters, model, memory, values)
    if values is not None:
        values.close()
        end = values.start
    require(0 <= 8 * end - bits.position < 8)
    return planes


def decode_planes(
    bits: BitReader,
    tile: Tile,
    parameters: Parameters,
    model: Model,
    memory: Sequence[list[Samples]] = (),
    values: Values | None = None,
) -> list[Plane]:
    """The planes of a tile before the restoration filter."""
    rung = model.rung_of(parameters.step_index)
    chroma_index = clip(parameters.step_index + parameters.chroma_step, 0, 63)
    planes: list[Plane] = []
    mixed = Mixed(values.decisions) if values and parameters.mixed else None
    for number in range(plane_count(parameters)):
        size = plane_size(tile, number, parameters)
        plane = Plane(*size, chroma_index if number > 0 else parameters.step_index)
        plane.shaped = parameters.shaped
        if number > 0:
            be_guided(plane, planes, 1 if parameters.chroma == HALF else 0)
        tables = model.chroma if number > 0 else model.luma
        if memory:
            tables = model.remembering[min(number, 1)]
            plane.memory = References([planes_of_item[number] for planes_of_item in memory], plane)
        if number > 0 and (memory or parameters.copying):
            be_guided_by_places(plane, planes[0], 1 if parameters.chroma == HALF else 0)
        plane.copies = Copies(values) if values and parameters.copying else None
        plane.values = values if parameters.palettes else None
        plane.mixed = mixed
        PlaneDecoder(plane, bits, model, tables, rung, parameters.modulated and number == 0).decode()
        planes.append(plane)
    return planes


def filter_weights(model: Model, rung: int, is_chroma: bool) -> list[list[int]]:
    """9.16"""
    start = (is_chroma * len(model.rungs) + rung) * 120
    return model.restoration[start : start + 120]


# 9.17 Colour and alpha


def plane_sizes(shape: Header) -> list[tuple[int, int]]:
    """Height and width of each plane of colour."""
    whole = (shape.height, shape.width)
    half = ((shape.height + 1) // 2, (shape.width + 1) // 2)
    second = half if shape.parameters.chroma == HALF else whole
    return [whole] if shape.parameters.chroma == NO_CHROMA else [whole, second, second]


def blank(height: int, width: int) -> Samples:
    return [[0] * width for _ in range(height)]


def put(part: Samples, plane: Samples, top: int, left: int) -> None:
    """Put a tile's samples into their place; what is beyond the plane is padding."""
    for y in range(min(len(part), len(plane) - top)):
        for x in range(min(len(part[0]), len(plane[0]) - left)):
            plane[top + y][left + x] = part[y][x]


def joined(planes: list[Samples], shape: Header) -> list[list[list[int]]]:
    if len(planes) == 1:
        return [[[(sample + 8) >> 4] for sample in row] for row in planes[0]]
    if shape.parameters.chroma == HALF:
        planes[1:] = [doubled(plane, (shape.width, shape.height)) for plane in planes[1:]]
    return [[rgb(*sample) for sample in zip(*rows, strict=True)] for rows in zip(*planes, strict=True)]


def rgb(luma: int, cb: int, cr: int) -> list[int]:
    """From samples in 1/16."""
    u, v = cb - 2048, cr - 2048
    base = 65536 * luma + 524288
    sums = (base + 91881 * v, base - 22554 * u - 46802 * v, base + 116130 * u)
    return [clip(total >> 20, 0, 255) for total in sums]


def add_alpha(
    pixels: list[list[list[int]]],
    payloads: list[bytes],
    tiles: list[Tile],
    shape: Header,
    model: Model,
    codebook: Codebook,
    known: list[list[int]] | None,
) -> None:
    """9.3: the alpha plane, tile by tile; `known` is what helps from an item."""
    if shape.alpha is not None:
        check_filter(shape.alpha, model)
    for payload, tile in zip(payloads, tiles, strict=True):
        rows = [row[tile.left : tile.left + tile.width] for row in pixels[tile.top : tile.top + tile.height]]
        if shape.alpha_kind in (ALPHA_BY_CHANCES, ALPHA_BESIDE):
            part = reference_alpha_chances.decode(payload, tile.width, tile.height, codebook, known)
            for y, row in enumerate(rows):
                for x, pixel in enumerate(row):
                    pixel.append(part[y][x])
            continue
        if shape.alpha is None:
            append_alpha(rows, payload, tile.width, tile.height)
            if known is not None:
                for y, row in enumerate(rows):
                    for x, pixel in enumerate(row):
                        pixel[-1] = (pixel[-1] + known[y][x]) % 256
            continue
        (part,) = decode_tile(payload, tile, shape.alpha, model)
        for y, row in enumerate(rows):
            for x, pixel in enumerate(row):
                pixel.append((part[y][x] + 8) >> 4)


ENGINES["image/transform"] = decode
