"""The textbook picture coder: block vector quantization with Huffman-coded indices (engine `image/block`).

Stream header: the picture's shape (`vqcodec.image.shape`). Packet: the code bits of the layers one after
another, zero bits up to a whole byte, then, if the picture has one, the alpha plane.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from vqcodec import user_limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.entropy import bits
from vqcodec.errors import CodebookError, CorruptFileError
from vqcodec.image import alpha
from vqcodec.image.block.descriptor import BLOCK
from vqcodec.image.block.indices import decode_indices, encode_indices, most_bits, select_indices
from vqcodec.image.block.layers import Layer, layers_of, planes_of, reconstruct_planes, samples_of, vectors_of
from vqcodec.image.block.layers import at_stages as at_stages
from vqcodec.image.crop import Crop
from vqcodec.image.engines import Encoded
from vqcodec.image.shape import Shape
from vqcodec.media.progress import Progress, part_of_work

_LAMBDA_AT_ZERO = 40.0  # squared error per sample that a bit is worth at quality 0


def lambda_of(quality: float, layer: Layer) -> float:
    """Squared error that a bit is worth at `quality` (0 to 100): 0, the nearest codeword, at 100."""
    return _LAMBDA_AT_ZERO * layer.quantizer.dimension * ((100.0 - quality) / 100.0) ** 2


_PASSES = (0, 0, 0, 1, 1, 1, 1, 1, 2, 3)  # by effort


def encode(
    samples: np.ndarray,
    codebook: Codebook,
    quality: float,
    effort: int,
    threads: int | None = None,
    options: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> Encoded:
    """Encode a picture, uint8 (height, width, 1 to 4 channels).

    Args:
        quality: 0 to 100; how little distortion may be traded for rate.
        effort: 0 to 9; passes of the rate-distortion choice: 0, 1 (from 3 on), 2 (8) or 3 (9).
        threads: of the search for the nearest codewords, at quality 100; otherwise one thread does the work.
        options: this engine has none.
        progress: called with the part that is done.

    Raises:
        CodebookError: the codebook is not for this engine, or cannot code colour (or grey).
        UsageError: an option was given.
    """
    BLOCK.check_encode_options(options or {})
    layers = layers_of(codebook)
    height, width, channels = samples.shape
    colour_channels = channels - (channels + 1) % 2
    planes = planes_of(samples[:, :, :colour_channels])
    passes = _PASSES[effort]
    used = _layers_for(planes, layers, codebook.name)
    blocks = [math.prod(layer.grid(height, width)) for layer in used]
    capacity = sum(map(most_bits, blocks, used))
    buffer = np.zeros(capacity // 8 + 1 + bits.PADDING, np.uint8)
    position, run_bits, decoded = 0, 0, []
    for number, layer in enumerate(used):
        vectors = vectors_of(planes, layer)
        part = part_of_work(progress, *(sum(blocks[:end]) / sum(blocks) for end in (number, number + 1)))
        indices = select_indices(vectors, layer, lambda_of(quality, layer), passes, threads, part)
        position, spent = encode_indices(indices, vectors, layer, buffer, position)
        run_bits += spent
        decoded += reconstruct_planes(indices, layer, height, width)
    payload = buffer[: (position + 7) // 8].tobytes()
    parts = {"indices": position - run_bits, "runs": run_bits, "padding": -position % 8}
    reconstruction = samples_of(decoded)
    if colour_channels < channels:
        plane = np.ascontiguousarray(samples[:, :, -1])
        coded = alpha.encode(plane)
        parts["alpha"] = 8 * len(coded)
        payload += coded
        reconstruction = np.concatenate([reconstruction, plane[:, :, None]], axis=2)
    header = Shape(width, height, channels).to_bytes()
    parts["header"] = 8 * len(header)
    return Encoded(header, [payload], reconstruction, parts, _notes(height * width, len(payload)))


def _notes(pixels: int, size: int) -> list[str]:
    """What is to be said of a picture that is coded in this number of bytes: whether decoders refuse it."""
    ratio = user_limits.pixels_per_byte(pixels, size)
    if ratio <= user_limits.Limits().pixels_per_byte:
        return []
    return [
        "so large a picture in so few bytes is refused by decoders, as if it were forged, unless they are told: "
        f"decode with --limit pixels_per_byte={math.ceil(ratio)}"
    ]


def ways(samples: np.ndarray, options: Mapping[str, object], psnr_db: float) -> list[Mapping[str, object]]:
    """Options with which a PSNR may be reached in the fewest bytes: there is one way."""
    del samples, psnr_db
    return [options]


def decode(
    header: bytes,
    packets: list[bytes],
    codebook: Codebook,
    threads: int | None = None,
    crop: Crop | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """The picture of a stream, or the part `crop` of it: uint8 (height, width, channels).

    Raises:
        CorruptFileError: the packet is too short or too long for the picture.
        CodebookError: the codebook is not for this engine, or cannot code colour (or grey).
        LimitError: the picture has more pixels for each byte of the packet than `user_limits` allows.
        UsageError: `crop` does not lie within the picture.
    """
    del threads, progress
    shape = _shape_of(header)
    if crop is not None:
        crop.check_within(shape.width, shape.height)
    chosen, end, _ = _read_layers(shape, packets, codebook)
    planes: list[np.ndarray] = []
    for layer, indices in chosen:
        planes += reconstruct_planes(indices, layer, shape.height, shape.width)
    samples = samples_of(planes)
    if shape.has_alpha:
        plane = alpha.decode(packets[0][(end + 7) // 8 :], shape.height, shape.width)
        samples = np.concatenate([samples, plane[:, :, None]], axis=2)
    return samples if crop is None else np.ascontiguousarray(crop.of(samples))


def _shape_of(header: bytes) -> Shape:
    """The shape that a stream header says, which is all it says."""
    shape, used = Shape.from_bytes(header)
    if used != len(header):
        raise CorruptFileError(f"the picture's header is {len(header)} bytes long instead of {used}")
    return shape


def needed_packets(header: bytes, crop: Crop) -> Sequence[int]:
    """Numbers of the packets that `decode` looks at: there is one, and indices hang on those before them."""
    del header, crop
    return [0]


def count_bits(header: bytes, packets: list[bytes], codebook: Codebook) -> dict[str, int]:
    """Where the bits of header and packet went, by the parts that `encode` names; errors as `decode`."""
    shape = _shape_of(header)
    _, end, run_bits = _read_layers(shape, packets, codebook)
    parts = {"indices": end - run_bits, "runs": run_bits, "padding": -end % 8}
    if shape.has_alpha:
        parts["alpha"] = 8 * (len(packets[0]) - (end + 7) // 8)
    parts["header"] = 8 * len(header)
    return parts


def split(data: bytes) -> tuple[bytes, bytes]:
    """Stream header and packet of a compact file, in which they follow each other."""
    _, used = Shape.from_bytes(data)
    return data[:used], data[used:]


def describe(header: bytes) -> dict[str, object]:
    """What a stream header says."""
    shape = _shape_of(header)
    return {"width": shape.width, "height": shape.height, "channels": shape.channels}


def _read_layers(
    shape: Shape, packets: list[bytes], codebook: Codebook
) -> tuple[list[tuple[Layer, np.ndarray]], int, int]:
    """Each layer with its indices, int32 (rows, columns); the bit of the packet that they end at; the bits of runs."""
    if len(packets) != 1:
        raise CorruptFileError(f"an image/block picture has one packet, not {len(packets)}")
    payload = packets[0]
    layers = _layers_for([None] * shape.colour_channels, layers_of(codebook), codebook.name)
    _refuse_too_little_data(shape, layers, len(payload))
    user_limits.current().check_data(shape.width * shape.height, len(payload), "picture")
    buffer = bits.padded(payload)
    position, run_bits, chosen = 0, 0, []
    for layer in layers:
        rows, columns = layer.grid(shape.height, shape.width)
        indices, position, spent = decode_indices(buffer, position, rows, columns, layer)
        run_bits += spent
        if position > 8 * len(payload):
            raise CorruptFileError("the picture's data ends before the picture is complete")
        chosen.append((layer, indices))
    rest = len(payload) - (position + 7) // 8
    if rest and not shape.has_alpha:
        raise CorruptFileError(f"{rest} bytes follow the end of the picture's data")
    return chosen, position, run_bits


def _layers_for(planes: list, layers: list[Layer], name: str) -> list[Layer]:
    """The layers that code these planes: all of them, or only luma's for a grey picture."""
    joint = len(layers) == 1 and len(layers[0].planes) == 3
    if len(planes) == 1:
        if joint:
            raise CodebookError(f"codebook {name} codes colour pictures only; choose another with codebook=")
        return layers[:1]
    if not joint and len(layers) == 1:
        raise CodebookError(f"codebook {name} codes grey pictures only; choose another with codebook=")
    return layers


def _refuse_too_little_data(shape: Shape, layers: list[Layer], size: int) -> None:
    """Refuse a picture whose rows cannot all be in `size` bytes: each takes a bit or more in each layer."""
    rows = sum(layer.grid(shape.height, shape.width)[0] for layer in layers)
    if rows > 8 * size:
        raise CorruptFileError(f"{size} bytes cannot hold a picture of {shape.width}x{shape.height} pixels")
