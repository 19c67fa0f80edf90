"""The default picture coder: the block engine on colour planes, alpha and tiles (engine `image/transform`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from vqcodec.blocks.decoding.decoder import count_plane_bits
from vqcodec.blocks.layout import SAMPLE_BITS
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.picture_planes import TILE_MAX, References, tile_rectangles
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.memory import Memory
from vqcodec.errors import CodebookError, CorruptFileError
from vqcodec.image.alpha.chances import Chances
from vqcodec.image.crop import Crop
from vqcodec.image.engines import Encoded, PlaneBlocks
from vqcodec.image.shape import Shape
from vqcodec.image.transform import alpha
from vqcodec.image.transform.chroma import sizes_to_try
from vqcodec.image.transform.coding import ChosenReferences, TransformOptions, decode_picture, encode_picture
from vqcodec.image.transform.descriptor import TRANSFORM
from vqcodec.image.transform.header import Header, parse
from vqcodec.image.transform.memory import looks
from vqcodec.image.transform.memory.choice import ItemChooser
from vqcodec.image.transform.memory.store import ItemStore, store_of
from vqcodec.image.transform.planes import CHROMA_REACH, plane_shapes, planes_of, samples_of
from vqcodec.media.progress import Progress

ENGINE = TRANSFORM.name


@lru_cache(maxsize=8)
def model_of(codebook: Codebook) -> Model:
    """The trained model that a codebook holds.

    Raises:
        CodebookError: the codebook is for another engine, or is not usable.
    """
    codebook.require_engine(ENGINE)
    return Model.from_arrays(codebook.arrays)


@lru_cache(maxsize=8)
def memory_of(codebook: Codebook) -> ItemStore | None:
    """The items that a codebook remembers; None if it has no memory. Errors as `model_of`."""
    return store_of(Memory.from_arrays(codebook.arrays), model_of(codebook), chances_of(codebook))


@lru_cache(maxsize=8)
def chances_of(codebook: Codebook) -> Chances | None:
    """The chances that a codebook has for alpha; None if it has none.

    Raises:
        CodebookError: they are not usable.
    """
    return Chances.from_arrays(codebook.arrays)


@lru_cache(maxsize=8)
def chooser_of(codebook: Codebook, subsampling: str) -> ItemChooser:
    """What chooses among the items of a codebook that has a memory, for pictures of this subsampling."""
    store = memory_of(codebook)
    if store is None:
        raise CodebookError(f"codebook {codebook.name} has no memory")
    return ItemChooser(store, subsampling, looks.from_arrays(codebook.arrays, len(store)))


def _references_of(header: Header, codebook: Codebook) -> References:
    """The planes that a picture is predicted from.

    Raises:
        CodebookError: the codebook has no memory, or an item of it is damaged.
        CorruptFileError: the codebook has no such item.
    """
    if not header.items:
        return ()
    store = memory_of(codebook)
    if store is None:
        raise CodebookError(
            f"the picture is predicted from a memory, and codebook {codebook.name} has none; it is another codebook"
        )
    return store.references(header.items, header.parameters.subsampling)


def encode(
    samples: np.ndarray,
    codebook: Codebook,
    quality: float,
    effort: int,
    threads: int | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    without_items: Collection[int] = (),
) -> Encoded:
    """Encode a picture, uint8 (height, width, 1 to 4 channels).

    Args:
        quality: 0 to 100.
        effort: 0 to 9.
        threads: how many to use; the bytes do not depend on it.
        options: encode options of the descriptor, by name.
        progress: told of the colours; alpha comes at the end.
        without_items: numbers of items of the codebook's memory that the picture must not be predicted from.

    Raises:
        CodebookError: the codebook is not for this engine.
        UsageError: an option is unknown or out of range.
    """
    chosen = TransformOptions(**TRANSFORM.check_encode_options(options or {}))
    store = memory_of(codebook)
    choose = None
    if store is not None and max(samples.shape[:2]) <= TILE_MAX:
        choose = partial(_choose_items, codebook, store, without_items)
    chances = chances_of(codebook) if samples.shape[2] in (2, 4) else None
    return encode_picture(samples, model_of(codebook), quality, effort, chosen, threads, progress, choose, chances)


def _choose_items(
    codebook: Codebook,
    store: ItemStore,
    without: Collection[int],
    colour: np.ndarray,
    parameters: CodingParameters,
) -> ChosenReferences:
    """Return the items that a picture is predicted from; arguments as in `coding.ChooseReferences`."""
    grey = colour.shape[2] == 1
    planes = planes_of(colour, "grey" if grey else "444")
    fine = [plane.astype(np.int16) << SAMPLE_BITS if grey else plane for plane in planes]
    step = float(STEP_SIZES[parameters.step_index])
    items, share = chooser_of(codebook, "grey" if grey else "444").choose(fine, step, without)
    alpha_plane = store[items[0]].alpha if items else None
    return ChosenReferences(tuple(items), store.references(items, parameters.subsampling), alpha_plane, share)


def ways(samples: np.ndarray, options: Mapping[str, Any], psnr_db: float) -> list[Mapping[str, Any]]:
    """Options with which a PSNR may be reached in the fewest bytes: one for each size of chroma that is worth a try.

    Errors as `encode`.
    """
    chosen = TransformOptions(**TRANSFORM.check_encode_options(options))
    if chosen.chroma != "auto" or samples.shape[2] < 3:
        return [options]
    colour = np.ascontiguousarray(samples[:, :, :3])
    return [{**options, "chroma": size} for size in sizes_to_try(colour, psnr_db)]


def decode(
    header: bytes,
    packets: list[bytes],
    codebook: Codebook,
    threads: int | None = None,
    crop: Crop | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """The picture of a stream, or the part `crop` of it: uint8 (height, width, channels).

    Of a part no more tiles are decoded than it needs, and its samples are those of the whole picture.

    Raises:
        CorruptFileError: header or packets are damaged.
        CodebookError: the codebook is not for this engine.
        UsageError: `crop` does not lie within the picture.
    """
    parsed = parse(header)
    part = crop or Crop(0, 0, parsed.shape.width, parsed.shape.height)
    tiles = needed_packets(header, part)
    _check_packet_count(packets, parsed.shape)
    store = memory_of(codebook) if parsed.items else None
    planes = decode_picture(
        parsed,
        packets,
        model_of(codebook),
        threads,
        tiles,
        progress,
        references=_references_of(parsed, codebook),
        known_alpha=store[parsed.items[0]].alpha if store else None,
        chances=chances_of(codebook) if parsed.shape.has_alpha else None,
    )
    samples = samples_of(planes.colour, part)
    if planes.alpha is None:
        return samples
    return np.concatenate([samples, part.of(planes.alpha)[:, :, None]], axis=2)


def needed_packets(header: bytes, crop: Crop) -> Sequence[int]:
    """Numbers of the packets that `decode` looks at for `crop`: the tiles that it, with a border, lies on.

    Raises:
        UsageError: `crop` does not lie within the picture.
    """
    shape = parse(header).shape
    crop.check_within(shape.width, shape.height)
    return [
        number
        for number, tile in enumerate(tile_rectangles((shape.height, shape.width)))
        if tile.top < crop.y + crop.height + CHROMA_REACH
        and tile.left < crop.x + crop.width + CHROMA_REACH
        and tile.top + tile.height > crop.y - CHROMA_REACH
        and tile.left + tile.width > crop.x - CHROMA_REACH
    ]


def count_bits(header: bytes, packets: list[bytes], codebook: Codebook) -> dict[str, int]:
    """Where the bits of header and packets went, by the parts that `encode` names; errors as `decode`.

    Alpha is one part, and not decoded.
    """
    parsed = parse(header)
    shape, parameters = parsed.shape, parsed.parameters
    _check_packet_count(packets, shape)
    colour = alpha.split(packets, range(len(packets)))[0] if shape.has_alpha else packets
    shapes = plane_shapes(shape.height, shape.width, shape.colour_channels, parameters.subsampling)
    references = _references_of(parsed, codebook)
    bits = count_plane_bits(colour, shapes, model_of(codebook), parameters, None, references)
    if shape.has_alpha:
        bits["alpha"] = 8 * (sum(map(len, packets)) - sum(map(len, colour)))
    bits["header"] = 8 * len(header)
    return bits


def inspect(header: bytes, packets: list[bytes], codebook: Codebook) -> list[PlaneBlocks]:
    """The blocks of each colour plane, with the bits that each took; errors as `decode`."""
    from vqcodec.image.transform.inspection import blocks_of  # which decoding does without

    parsed = parse(header)
    _check_packet_count(packets, parsed.shape)
    colour = alpha.split(packets, range(len(packets)))[0] if parsed.shape.has_alpha else packets
    return blocks_of(parsed, colour, model_of(codebook), _references_of(parsed, codebook))


def split(data: bytes) -> tuple[bytes, bytes]:
    """Stream header and packet of a compact file, in which they follow each other."""
    _, used = Header.from_bytes(data)
    return data[:used], data[used:]


def shared_bytes(header: bytes) -> int:
    """How many first bytes of a stream header many pictures may share: all but the items that it is predicted from."""
    parsed = parse(header)
    return len(parsed.shape.to_bytes() + parsed.parameters.to_bytes()) if parsed.items else len(header)


def describe(header: bytes) -> dict[str, object]:
    """What a stream header says."""
    shape, parameters, items, _ = parse(header)
    said: dict[str, object] = {
        "width": shape.width,
        "height": shape.height,
        "channels": shape.channels,
        "step_index": parameters.step_index,
        "tune": parameters.tune,
        "chroma": parameters.subsampling,
    }
    if items:
        said["memory_items"] = list(items)
    return said


def _check_packet_count(packets: list[bytes], shape: Shape) -> None:
    tiles = len(tile_rectangles((shape.height, shape.width)))
    if len(packets) != tiles:
        raise CorruptFileError(
            f"{len(packets)} packets, but a picture of {shape.width}x{shape.height} pixels has {tiles} tiles"
        )
