"""The default picture coder: the block engine on colour planes, alpha and tiles (engine `image/transform`).

Stream header: the picture's shape (`vqcodec.image.shape`), then the coding parameters of the colour planes
(`vqcodec.blocks.parameters`), then, with alpha, those of the alpha plane or 0x7F for alpha kept exactly. One
packet a tile: the block engine's payload; with alpha preceded by its length as a varint and followed by that of alpha.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from vqcodec.blocks.decoding.decoder import count_plane_bits, decode_planes
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import DEFAULT_CHROMA_STEP, PARAMETER_BYTES, CodingParameters
from vqcodec.blocks.picture_planes import tile_rectangles
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CorruptFileError, UnsupportedError
from vqcodec.image.crop import Crop
from vqcodec.image.engines import Encoded
from vqcodec.image.shape import Shape
from vqcodec.image.transform import alpha
from vqcodec.image.transform.chroma import ChromaCoding, chroma_coding, sizes_to_try
from vqcodec.image.transform.descriptor import TRANSFORM
from vqcodec.image.transform.planes import CHROMA_REACH, plane_shapes, planes_of, sample_type, samples_of
from vqcodec.image.transform.quality import ladder_position
from vqcodec.media.progress import Progress

ENGINE = TRANSFORM.name
_NO_CHROMA = ChromaCoding("grey", DEFAULT_CHROMA_STEP)


@dataclass(frozen=True)
class TransformOptions:
    """The values of the encode options that the descriptor declares.

    Attributes:
        tune: "ssim", to spend bits where the eye looks, or "psnr".
        chroma: "444", "420", or "auto" to choose by the picture and the quality.
        alpha_quality: 0 to 100; 100 keeps alpha exactly.
    """

    tune: str
    chroma: str
    alpha_quality: float


@lru_cache(maxsize=8)
def model_of(codebook: Codebook) -> Model:
    """The trained model that a codebook holds.

    Raises:
        CodebookError: the codebook is for another engine, or is not usable.
    """
    codebook.require_engine(ENGINE)
    return Model.from_arrays(codebook.arrays)


def encode(
    samples: np.ndarray,
    codebook: Codebook,
    quality: float,
    effort: int,
    threads: int | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Encoded:
    """Encode a picture, uint8 (height, width, 1 to 4 channels).

    Args:
        quality: 0 to 100.
        effort: 0 to 9.
        threads: how many to use; the bytes do not depend on it.
        options: encode options of the descriptor, by name.
        progress: told of the colours; alpha comes at the end.

    Raises:
        CodebookError: the codebook is not for this engine.
        UsageError: an option is unknown or out of range.
    """
    chosen = TransformOptions(**TRANSFORM.check_encode_options(options or {}))
    model = model_of(codebook)
    shape = Shape(samples.shape[1], samples.shape[0], samples.shape[2])
    colour = np.ascontiguousarray(samples[:, :, : shape.colour_channels])
    chroma = _NO_CHROMA
    if shape.colour_channels == 3:
        chroma = chroma_coding(colour, quality, chosen.tune, chosen.chroma)
    parameters = _parameters(quality, effort, chosen.tune, chroma)
    from vqcodec.blocks.search.encoder import encode_planes  # which decoding does without

    planes = planes_of(colour, chroma.subsampling, chroma.sharp)
    coded = encode_planes(planes, model, parameters, threads, progress)
    header = shape.to_bytes() + coded.parameters.to_bytes()
    packets, bits, reconstruction = coded.payloads, dict(coded.bits), samples_of(coded.reconstruction)
    if shape.has_alpha:
        plane = np.ascontiguousarray(samples[:, :, -1])
        kept = alpha.encode(plane, model, chosen.alpha_quality, effort, threads)
        header += kept.header
        packets = alpha.join(packets, kept.payloads)
        bits["alpha"] = 8 * (sum(map(len, packets)) - sum(map(len, coded.payloads)))
        reconstruction = np.concatenate([reconstruction, kept.reconstruction[:, :, None]], axis=2)
    bits["header"] = 8 * len(header)
    return Encoded(header, packets, reconstruction, bits)


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
    shape, parameters, alpha_header = _parse(header)
    part = crop or Crop(0, 0, shape.width, shape.height)
    tiles = needed_packets(header, part)
    _check_packet_count(packets, shape)
    model = model_of(codebook)
    if shape.has_alpha:
        packets, alpha_payloads = alpha.split(packets, tiles)
    shapes = plane_shapes(shape.height, shape.width, shape.colour_channels, parameters.subsampling)
    kind = sample_type(shape.colour_channels)
    samples = samples_of(decode_planes(packets, shapes, model, parameters, threads, tiles, kind, progress), part)
    if not shape.has_alpha:
        return samples
    plane = alpha.decode(alpha_header, alpha_payloads, shape.height, shape.width, model, threads, tiles)
    return np.concatenate([samples, part.of(plane)[:, :, None]], axis=2)


def needed_packets(header: bytes, crop: Crop) -> Sequence[int]:
    """Numbers of the packets that `decode` looks at for `crop`: the tiles that it, with a border, lies on.

    Raises:
        UsageError: `crop` does not lie within the picture.
    """
    shape, _, _ = _parse(header)
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
    shape, parameters, _ = _parse(header)
    _check_packet_count(packets, shape)
    colour = alpha.split(packets, range(len(packets)))[0] if shape.has_alpha else packets
    shapes = plane_shapes(shape.height, shape.width, shape.colour_channels, parameters.subsampling)
    bits = count_plane_bits(colour, shapes, model_of(codebook), parameters)
    if shape.has_alpha:
        bits["alpha"] = 8 * (sum(map(len, packets)) - sum(map(len, colour)))
    bits["header"] = 8 * len(header)
    return bits


def split(data: bytes) -> tuple[bytes, bytes]:
    """Stream header and packet of a compact file, in which they follow each other."""
    shape, used = Shape.from_bytes(data)
    used += PARAMETER_BYTES
    if shape.has_alpha:
        used += alpha.header_size(data[used:])
    return data[:used], data[used:]


def describe(header: bytes) -> dict[str, object]:
    """What a stream header says."""
    shape, parameters, _ = _parse(header)
    return {
        "width": shape.width,
        "height": shape.height,
        "channels": shape.channels,
        "step_index": parameters.step_index,
        "tune": parameters.tune,
        "chroma": parameters.subsampling,
    }


def _parameters(quality: float, effort: int, tune: str, chroma: ChromaCoding) -> CodingParameters:
    index, lambda_scale = ladder_position(quality)
    return CodingParameters(
        index,
        chroma_step=chroma.step,
        tune=tune,
        subsampling=chroma.subsampling,
        effort=effort,
        lambda_scale=lambda_scale,
    )


def _check_packet_count(packets: list[bytes], shape: Shape) -> None:
    tiles = len(tile_rectangles((shape.height, shape.width)))
    if len(packets) != tiles:
        raise CorruptFileError(
            f"{len(packets)} packets, but a picture of {shape.width}x{shape.height} pixels has {tiles} tiles"
        )


def _parse(header: bytes) -> tuple[Shape, CodingParameters, bytes]:
    """Shape, parameters and what is left for alpha of a whole stream header."""
    shape, used = Shape.from_bytes(header)
    parameters = CodingParameters.from_bytes(header[used : used + PARAMETER_BYTES])
    if parameters.subsampling == "422":
        raise UnsupportedError("chroma 4:2:2 is not used in pictures by this version of the format")
    if (parameters.subsampling == "grey") != (shape.colour_channels == 1):
        raise CorruptFileError("the picture's header contradicts itself: channels and subsampling do not fit")
    rest = header[used + PARAMETER_BYTES :]
    if len(rest) != (alpha.header_size(rest) if shape.has_alpha else 0):
        raise CorruptFileError("the picture's header has the wrong length")
    return shape, parameters, rest
