"""Pictures to `.vqc` files and back: the engine chosen by the codebook, the container around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from vqcodec import limits, metrics
from vqcodec.blocks.effort import DEFAULT_EFFORT
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook, resolve_codebook, shipped_parent
from vqcodec.container import CodebookReference, MediaFile, Stream, dump_media, load_media
from vqcodec.errors import UnsupportedError, UsageError
from vqcodec.image.crop import Crop
from vqcodec.image.engines import engine_for
from vqcodec.image.partial import load_packets
from vqcodec.image.pixels import Picture
from vqcodec.media.reaching import reach_psnr, reach_size
from vqcodec.media.registry import default_codebook

DEFAULT_QUALITY = 75.0


@dataclass(frozen=True)
class EncodedPicture:
    """An encoded picture.

    Attributes:
        data: the `.vqc` file.
        psnr_db: PSNR over all colour samples (alpha left out) of what the decoder will give.
        reconstruction: uint8 (height, width, channels), what the decoder will give.
        parameters: what was chosen: quality, effort.
        bits_by_part: where the file's bits went; they sum to 8 times its size.
    """

    data: bytes
    psnr_db: float
    reconstruction: np.ndarray
    parameters: dict[str, object] = field(default_factory=dict)
    bits_by_part: dict[str, int] = field(default_factory=dict)


def encode_image(
    samples: np.ndarray,
    *,
    codebook: Codebook | str | None = None,
    quality: float | None = None,
    target_psnr: float | None = None,
    target_size: int | None = None,
    effort: int = DEFAULT_EFFORT,
    embed_codebook: bool = False,
    threads: int | None = None,
    **options: Any,
) -> bytes:
    """Encode an array as a `.vqc` file.

    Args:
        samples: uint8, (height, width) grey or (height, width, channels): 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and
            alpha.
        codebook: a codebook, the name or path of one, or None for the default.
        quality: 0 to 100; 75 unless a target is given. `target_psnr` (dB) and `target_size` (bytes) stand in its place.
        effort: 0 (quick) to 9 (small).
        embed_codebook: make the file decodable without the codebook at hand.
        threads: how many to use; all processors unless given. The bytes do not depend on it.
        options: of the codebook's engine; see `vqcodec.image.transform.engine.encode`.

    Raises:
        UsageError: samples that are no picture, options out of range or exclusive of one another.
        CodebookError: the codebook is not found, or cannot code this picture.
        LimitError: the picture is too large.
    """
    samples = _checked_samples(samples)
    book = codebook if isinstance(codebook, Codebook) else load_codebook(codebook or default_codebook("image"))
    return encode_picture(
        Picture(samples),
        codebook=book,
        quality=quality,
        target_psnr=target_psnr,
        target_size=target_size,
        effort=effort,
        embed_codebook=embed_codebook,
        threads=threads,
        **options,
    ).data


def decode_image(data: bytes, *, codebook: Codebook | None = None, threads: int | None = None) -> np.ndarray:
    """The samples of a `.vqc` picture: uint8 (height, width, channels).

    Raises:
        CorruptFileError, UnsupportedError: the file is damaged, or of a later version.
        CodebookError: its codebook is not found, or `codebook` is not the one it needs.
    """
    return decode_picture(data, codebook=codebook, threads=threads).samples


def encode_picture(
    picture: Picture,
    *,
    codebook: Codebook,
    quality: float | None = None,
    target_psnr: float | None = None,
    target_size: int | None = None,
    effort: int = DEFAULT_EFFORT,
    embed_codebook: bool = False,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
    **options: Any,
) -> EncodedPicture:
    """Encode a picture with its metadata; arguments and errors as `encode_image`.

    Args:
        progress: called with the share of the work done, 0 to 1.
    """
    if sum(wish is not None for wish in (quality, target_psnr, target_size)) > 1:
        raise UsageError("quality, target PSNR and target size exclude one another: give one of them")
    limits.check_picture_size(picture.width, picture.height)
    at_quality = partial(
        _encode_at,
        picture,
        codebook,
        effort=effort,
        reference=_reference(codebook, embed_codebook),
        threads=threads,
        options=options,
    )
    if target_psnr is not None:
        chosen, result = reach_psnr(at_quality, lambda encoded: encoded.psnr_db, target_psnr)
    elif target_size is not None:
        chosen, result = reach_size(at_quality, lambda encoded: len(encoded.data), target_size)
        if len(result.data) > target_size:
            raise UsageError(
                f"the picture takes {len(result.data)} bytes even at quality 0; {target_size} cannot be reached"
            )
    else:
        chosen = DEFAULT_QUALITY if quality is None else quality
        if not 0 <= chosen <= 100:
            raise UsageError(f"quality {chosen:g} is out of range: choose 0 to 100")
        result = at_quality(chosen)
    if progress:
        progress(1.0)
    result.parameters.update(quality=round(chosen, 3), effort=effort)
    return result


def decode_picture(
    data: bytes, *, codebook: Codebook | None = None, threads: int | None = None, crop: Crop | None = None
) -> Picture:
    """Decode a `.vqc` picture, or the part `crop` of it, with its metadata; errors as `decode_image`.

    Raises:
        UsageError: `crop` does not lie within the picture.
    """
    return _decode(load_media(data), codebook, threads, crop)


def decode_picture_part(
    file: BinaryIO, crop: Crop, *, codebook: Codebook | None = None, threads: int | None = None
) -> Picture:
    """As `decode_picture`, from a seekable file, of which no more is read than the part needs if it has an index."""

    def needed(engine: str, header: bytes) -> Sequence[int]:
        return engine_for(engine).needed_packets(header, crop)

    return _decode(load_packets(file, needed), codebook, threads, crop)


def describe(data: bytes) -> dict[str, object]:
    """What a `.vqc` picture's headers say, without its codebook: engine, width, height, channels, parameters."""
    stream = _picture_stream(load_media(data))
    engine = engine_for(stream.engine)
    header, _ = _header_and_packets(stream, engine)
    return {"engine": stream.engine, **engine.describe(header)}


def count_bits(data: bytes, *, codebook: Codebook | None = None) -> dict[str, int]:
    """Where the bits of a `.vqc` picture went, by part; they sum to 8 times its size. Errors as `decode_image`."""
    media = load_media(data)
    stream = _picture_stream(media)
    book = _codebook_of(media, codebook)
    engine = engine_for(stream.engine)
    return _with_container(engine.count_bits(*_header_and_packets(stream, engine), book), media, len(data))


def _encode_at(
    picture: Picture,
    codebook: Codebook,
    quality: float,
    *,
    effort: int,
    reference: CodebookReference,
    threads: int | None,
    options: Mapping[str, object],
) -> EncodedPicture:
    engine = engine_for(codebook.engine)
    encoded = engine.encode(picture.samples, codebook, quality, effort, threads, options)
    stream = Stream(0, "image", codebook.engine, encoded.header, encoded.packets)
    media = MediaFile("image", codebook.engine, reference, [stream], dict(picture.metadata))
    data = dump_media(media)
    psnr = metrics.psnr_rgb(picture.samples, encoded.reconstruction)
    parts = _with_container(encoded.bits_by_part, media, len(data))
    return EncodedPicture(data, psnr, encoded.reconstruction, {}, parts)


def _reference(codebook: Codebook, embed: bool) -> CodebookReference:
    """How the file names its codebook, or holds it: as the difference from a shipped one where that is smaller."""
    if not embed:
        return CodebookReference.shared(codebook)
    return CodebookReference.embedding(codebook, shipped_parent(codebook))


def _with_container(parts: Mapping[str, int], media: MediaFile, size: int) -> dict[str, int]:
    """Bits by part of a file of `size` bytes, when those of the stream are `parts`."""
    parts = dict(parts)
    if media.metadata:
        parts["metadata"] = 8 * sum(map(len, media.metadata.values()))
    if media.codebook.embedded is not None:
        parts["codebook"] = 8 * len(media.codebook.embedded)
    parts["container"] = 8 * size - sum(parts.values())
    return parts


def _decode(media: MediaFile, codebook: Codebook | None, threads: int | None, crop: Crop | None) -> Picture:
    stream = _picture_stream(media)
    book = _codebook_of(media, codebook)
    engine = engine_for(stream.engine)
    header, packets = _header_and_packets(stream, engine)
    return Picture(engine.decode(header, packets, book, threads, crop), dict(media.metadata))


def _codebook_of(media: MediaFile, codebook: Codebook | None) -> Codebook:
    """The codebook that the file needs: `codebook` if it is that one, or else the one found by its hash."""
    reference = media.codebook
    book = codebook or resolve_codebook(reference.identity_prefix, name=reference.name, embedded=reference.embedded)
    media.check_codebook(book)
    return book


def _picture_stream(media: MediaFile) -> Stream:
    if media.medium != "image":
        raise UnsupportedError(f"this is a {media.medium} file, not a picture")
    if len(media.streams) != 1:
        raise UnsupportedError(f"a picture of {len(media.streams)} streams; this version decodes those of one")
    return media.streams[0]


def _header_and_packets(stream: Stream, engine) -> tuple[bytes, list[bytes]]:
    """Header and packets of a stream; in the compact form the one follows the other."""
    if stream.header or len(stream.packets) != 1:
        return stream.header, list(stream.packets)
    header, packet = engine.split(stream.packets[0])
    return header, [packet]


def _checked_samples(samples: np.ndarray) -> np.ndarray:
    array = np.asarray(samples)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.dtype != np.uint8 or array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        raise UsageError(f"samples must be uint8 of shape (h, w) or (h, w, 1 to 4), not {array.dtype} {array.shape}")
    return np.require(array, requirements=["C", "W"])  # read-only arrays would have every kernel compiled again
