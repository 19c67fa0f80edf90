"""Pictures to stream headers and packets and back, with a model: what the engine and its memory both stand on.

There is one packet a tile: the block engine's payload; with alpha preceded by its length as a varint and followed by
the payload of alpha.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vqcodec.blocks.decoding.decoder import decode_planes
from vqcodec.blocks.layout import SAMPLE_BITS
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import DEFAULT_CHROMA_STEP, CodingParameters
from vqcodec.blocks.picture_planes import References, Samples
from vqcodec.blocks.steps import LAMBDA_FACTOR, STEP_SIZES
from vqcodec.image.alpha.chances import Chances
from vqcodec.image.engines import Encoded
from vqcodec.image.shape import Shape
from vqcodec.image.transform import alpha
from vqcodec.image.transform.chroma import ChromaCoding, chroma_coding
from vqcodec.image.transform.header import Header
from vqcodec.image.transform.planes import plane_shapes, planes_of, sample_type, samples_of
from vqcodec.image.transform.quality import ladder_position
from vqcodec.media.progress import Progress

if TYPE_CHECKING:
    from vqcodec.blocks.search.encoder import EncodedPlanes, SearchedPlane

# What is lost shows more than its squared error says
_LAMBDA_SCALES = {"visual": 0.85, "ssim": 1.0, "psnr": 1.0}
_NO_CHROMA = ChromaCoding("grey", DEFAULT_CHROMA_STEP)


@dataclass(frozen=True)
class TransformOptions:
    """The values of the encode options that the descriptor declares.

    Attributes:
        tune: "visual" or "ssim", to spend bits where the eye looks, or "psnr".
        chroma: "444", "420", or "auto" to choose by the picture and the quality.
        alpha_quality: 0 to 100; 100 keeps alpha exactly.
    """

    tune: str
    chroma: str
    alpha_quality: float


class ChosenReferences(NamedTuple):
    """Items of a memory that a picture may be predicted from.

    Attributes:
        items: their numbers.
        planes: of each.
        alpha: of the first; None if it has none.
        saved_share: of the bits of the picture, that they are estimated to save.
    """

    items: tuple[int, ...]
    planes: References
    alpha: np.ndarray | None
    saved_share: float = 0.0


_NONE_CHOSEN = ChosenReferences((), (), None)
_CLEAR_SHARE = 0.4  # saved by estimate; of 64 pictures that were to save more, none took fewer bits alone

_SMALL = 1 << 13  # samples; in such a picture the bytes that announce palettes may be more than they save

ChooseReferences = Callable[[np.ndarray, CodingParameters], ChosenReferences]
"""Chooses for the colours of a picture, uint8 (height, width, 1 or 3), and its parameters."""

Observe = Callable[["Sequence[SearchedPlane]", CodingParameters], object]


def encode_picture(
    samples: np.ndarray,
    model: Model,
    quality: float,
    effort: int,
    options: TransformOptions,
    threads: int | None = None,
    progress: Progress | None = None,
    choose: ChooseReferences | None = None,
    chances: Chances | None = None,
    observe: Observe = lambda _searched, _parameters: None,
) -> Encoded:
    """Encode a picture, uint8 (height, width, 1 to 4 channels); arguments and errors as in `engine.encode`.

    Args:
        choose: says which items of a memory the picture may be predicted from. Unless they clearly save much, it is
            coded without them as well, and what costs less is taken.
        chances: of the codebook, for alpha; None if it has none.
        observe: called with what each search of the colours has found, and its parameters.
    """
    shape = Shape(samples.shape[1], samples.shape[0], samples.shape[2])
    colour = np.ascontiguousarray(samples[:, :, : shape.colour_channels])
    chroma = _NO_CHROMA
    if shape.colour_channels == 3:
        chroma = chroma_coding(colour, quality, options.tune, options.chroma)
    parameters = _parameters(quality, effort, options.tune, chroma)
    from vqcodec.blocks.search.leads import is_drawn, picture_repeats  # which decoding does without

    planes = planes_of(colour, chroma.subsampling, chroma.sharp)
    chosen = _NONE_CHOSEN if choose is None else choose(colour, parameters)
    items, known = chosen.items, chosen.alpha
    drawn = effort > 0 and is_drawn(planes[0])
    if items:
        remembering = replace(parameters, remembering=True, palettes=drawn)
        coded = _encode_planes(planes, model, remembering, threads, progress, chosen.planes, observe)
    if not items or chosen.saved_share < _CLEAR_SHARE:
        parameters = replace(parameters, copying=drawn and picture_repeats(planes[0]), palettes=drawn)
        alone = _encode_planes(planes, model, parameters, threads, progress, (), observe)
        named = 8 * (1 + len(items))
        if not items or cost_of(planes, coded, parameters) + named >= cost_of(planes, alone, parameters):
            coded, items, known = alone, (), None
    alpha_header = b""
    packets, bits, reconstruction = coded.payloads, dict(coded.bits), samples_of(coded.reconstruction)
    if shape.has_alpha:
        plane = np.ascontiguousarray(samples[:, :, -1])
        kept = alpha.encode(plane, model, options.alpha_quality, effort, threads, chances)
        if known is not None:
            kept = min(kept, alpha.encode_beside(plane, known, chances), key=alpha.size_of)
        alpha_header = kept.header
        packets = alpha.join(packets, kept.payloads)
        bits["alpha"] = 8 * (sum(map(len, packets)) - sum(map(len, coded.payloads)))
        reconstruction = np.concatenate([reconstruction, kept.reconstruction[:, :, None]], axis=2)
    header = Header(shape, coded.parameters, items, alpha_header).to_bytes()
    bits["header"] = 8 * len(header)
    return Encoded(header, packets, reconstruction, bits)


def _encode_planes(
    planes: Sequence[Samples],
    model: Model,
    parameters: CodingParameters,
    threads: int | None,
    progress: Progress | None,
    references: References,
    observe: Observe,
) -> EncodedPlanes:
    """Encode planes; small ones without palettes as well, and what costs less is taken."""
    from vqcodec.blocks.search.encoder import encode_planes  # which decoding does without

    coded = encode_planes(planes, model, parameters, threads, progress, references, observe)
    if parameters.palettes and planes[0].size <= _SMALL:
        without = replace(parameters, palettes=False)
        plain = encode_planes(planes, model, without, threads, None, references, observe)
        if cost_of(planes, plain, parameters) <= cost_of(planes, coded, parameters) + 8:
            return plain
    return coded


@dataclass(frozen=True)
class DecodedPlanes:
    """The planes of a picture.

    Attributes:
        colour: [grey] or [Y, Cb, Cr], as `planes.samples_of` takes them.
        alpha: uint8 (height, width); None without alpha.
    """

    colour: list[Samples]
    alpha: np.ndarray | None


def decode_picture(
    header: Header,
    packets: list[bytes],
    model: Model,
    threads: int | None = None,
    tiles: Sequence[int] = (0,),
    progress: Progress | None = None,
    *,
    references: References = (),
    known_alpha: np.ndarray | None = None,
    chances: Chances | None = None,
    fine: bool = False,
) -> DecodedPlanes:
    """Return the planes of a picture; outside `tiles` (numbers) they are black. If `fine`, grey is int16 in 1/16, too.

    Args:
        references: planes of the items that it is predicted from, if its header names any.
        known_alpha: the alpha plane of the first of them; None for opaque.
        chances: of the codebook, for alpha; None if it has none.

    Raises:
        CorruptFileError: a packet is damaged.
        CodebookError: the picture needs a restoration filter or chances, and the codebook has none.
    """
    shape, parameters = header.shape, header.parameters
    payloads: list[bytes] = []
    if shape.has_alpha:
        packets, payloads = alpha.split(packets, tiles)
    shapes = plane_shapes(shape.height, shape.width, shape.colour_channels, parameters.subsampling)
    kind = np.int16 if fine else sample_type(shape.colour_channels)
    colour = decode_planes(packets, shapes, model, parameters, threads, tiles, kind, progress, references)
    if not shape.has_alpha:
        return DecodedPlanes(colour, None)
    plane = alpha.decode(header.alpha, payloads, shape.height, shape.width, model, threads, tiles, known_alpha, chances)
    return DecodedPlanes(colour, plane)


def cost_of(planes: Sequence[Samples], coded: EncodedPlanes, parameters: CodingParameters) -> float:
    """Return what coded planes cost, in bits: their own, and those that their squared error is worth."""
    bits = 8.0 * sum(map(len, coded.payloads))
    for index, (plane, other) in enumerate(zip(planes, coded.reconstruction)):
        unit = 1 if plane.dtype == np.uint8 else 1 << SAMPLE_BITS
        error = float(np.sum((plane.astype(np.float64) - other) ** 2)) / (unit * unit)
        step = float(STEP_SIZES[parameters.plane_step(index)])
        bits += error / (LAMBDA_FACTOR * parameters.lambda_scale * step * step)
    return bits


def _parameters(quality: float, effort: int, tune: str, chroma: ChromaCoding) -> CodingParameters:
    index, lambda_scale = ladder_position(quality)
    return CodingParameters(
        index,
        chroma_step=chroma.step,
        tune=tune,
        subsampling=chroma.subsampling,
        effort=effort,
        lambda_scale=lambda_scale * _LAMBDA_SCALES[tune],
        mixed=True,
    )
