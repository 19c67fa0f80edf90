"""Pictures to `.vqc` files and back: the engine chosen by the codebook, the container around it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO, Unpack

import numpy as np

from vqcodec import limits, metrics, user_limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import chosen_codebook, load_codebook
from vqcodec.container import CodebookReference, MediaFile, Stream, dump_media, load_media
from vqcodec.container.wrapping import codebook_bits, codebook_of, metadata_bits, reference_to, with_container
from vqcodec.errors import UnsupportedError, UsageError
from vqcodec.image.crop import Crop
from vqcodec.image.engines import Coder, at_stages, engine_for
from vqcodec.image.hidden import without_hidden_colours
from vqcodec.image.partial import load_packets
from vqcodec.image.pixels import Picture
from vqcodec.image.targets import EncodedPicture, Passes, encode_for
from vqcodec.media import decoding
from vqcodec.media.encoding import EncodeOptions
from vqcodec.media.keywords import ImageKeywords
from vqcodec.media.progress import Progress
from vqcodec.media.registry import default_codebook, engines, require_medium
from vqcodec.media.target import THREADS, Target, Work

MEDIUM = "image"
LARGE_PICTURE = 16_000_000
"""Pixels from which on a picture is encoded at LARGE_PICTURE_EFFORT when nobody says."""
LARGE_PICTURE_EFFORT = 3


def encode_image(samples: np.ndarray, **asked: Unpack[ImageKeywords]) -> bytes:
    """Encode an array as a `.vqc` file.

    Args:
        samples: uint8, (height, width) grey or (height, width, channels): 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and
            alpha.

    Options, all by name:
        codebook: a codebook, or the name or path of one; without it `photo` or `graphic`, whichever fits the picture.
        quality: 0 to 100; higher means better and larger. 75 if no target is given.
        target_psnr: dB to reach over all colour samples (with transparency, of what is seen of them), above 0 and up to
            100, in about the fewest bytes.
        target_ssimulacra2: SSIMULACRA2 to reach (with transparency, the lower one over black and over white), above 0
            and up to 100; needs `vqcodec[ssimulacra2]`.
        target_size: most bytes of the file. Give at most one of quality and the targets.
        effort: 0 (quickest) to 9 (smallest files); if it is not given, 7, and 3 from 16 megapixels on.
        embed_codebook: store the codebook in the file, so that the file decodes anywhere.
        threads: how many to use; one a CPU if it is not given. The bytes are the same for any number.
        keep_hidden: whether to keep the colours of fully transparent pixels; None for no: what costs least takes their
            place.
        tune: (engine `image/transform`) `visual` (the default) for what people see, `ssim` for SSIM of luma, or `psnr`.
        chroma: (engine `image/transform`) `444`, `420`, or `auto` to choose by the picture and the quality.
        alpha_quality: (engine `image/transform`) 0 to 100; 100 keeps transparency exactly.

    Raises:
        UsageError: the samples are no picture; an option is unknown, out of range or in conflict with another; the
            target cannot be reached.
        CodebookError: the codebook is not found, or cannot code this picture.
        LimitError: the picture is too large.

    Warns:
        UserWarning: the target leaves room beyond the best or the lowest quality, or a large picture is encoded with
            less effort than usual.
    """
    options = EncodeOptions.of_function("encode_image", MEDIUM, ImageKeywords.__optional_keys__, asked)
    encoded = encode_picture(
        Picture(_checked_samples(samples)),
        codebook=chosen_codebook(options.codebook),
        target=options.target,
        work=options.work,
        embed_codebook=options.embed_codebook,
        keep_hidden=bool(options.keep_hidden),
        options=options.engine,
    )
    for note in encoded.notes:
        warnings.warn(note, stacklevel=2)
    return encoded.data


def decode_image(
    data: bytes, *, codebook: Codebook | str | os.PathLike[str] | None = None, threads: int | None = None
) -> np.ndarray:
    """Return the samples of a `.vqc` picture: uint8, (height, width) if it is grey, else (height, width, channels).

    Args:
        data: the bytes of the file.
        codebook: a codebook, or the name or path of one; without it the file's own is looked for.
        threads: how many to use; None for one a CPU.

    Raises:
        CorruptFileError, UnsupportedError: the file is damaged, or of a later version.
        CodebookError: its codebook is not found, or `codebook` is not the one it needs.
        UsageError: an argument is of the wrong type or out of range.
    """
    given = {"codebook": codebook, "threads": threads}
    book = chosen_codebook(decoding.CODEBOOK.value_in(given))
    samples = decode_picture(decoding.DATA.check(data), codebook=book, threads=THREADS.value_in(given)).samples
    return samples[:, :, 0] if samples.shape[2] == 1 else samples


def encode_picture(
    picture: Picture,
    *,
    codebook: Codebook | None = None,
    target: Target | None = None,
    work: Work | None = None,
    embed_codebook: bool = False,
    keep_hidden: bool = False,
    progress: Progress | None = None,
    options: Mapping[str, Any] | None = None,
) -> EncodedPicture:
    """Encode a picture with its metadata; errors as `encode_image`.

    Args:
        codebook: None for the shipped one that fits the picture.
        target, work: what to encode for, and how hard to work; None for the defaults.
        keep_hidden: whether to code the colours under alpha 0 as they are.
        progress: called as the work goes on, and with 1 at the end. For a target, the work that is left is a guess.
        options: of the codebook's engine, by name.
    """
    target, work = target or Target(), work or Work()
    target.check_medium(MEDIUM)
    if codebook is not None:
        require_medium(codebook, MEDIUM)
    limits.check_picture_size(picture.width, picture.height)
    user_limits.current().check("pixels", picture.width * picture.height, "picture")
    effort, effort_note = _effort_for(picture, work)
    if not keep_hidden:
        picture = replace(picture, samples=without_hidden_colours(picture.samples))
    codebook = codebook or _fitting_codebook(picture.samples)
    encode = partial(
        _encode_at,
        picture,
        codebook,
        effort=effort,
        reference=reference_to(codebook, embed=embed_codebook),
        threads=work.threads,
        progress=Passes(progress, several=not target.is_quality),
    )
    options = options or {}
    if target.is_quality:
        chosen = target.quality_for(MEDIUM)
        result = encode(options, chosen)
    else:
        ways = partial(engine_for(codebook.engine).ways, picture.samples, options)
        chosen, result = encode_for(target, encode, options, ways, picture.samples)
    if progress:
        progress(1.0)
    result.parameters.update(quality=round(chosen, 3), effort=effort)
    if result.ssimulacra2 is not None:
        result.parameters.update(ssimulacra2=round(result.ssimulacra2, 2))
    result.notes.extend(effort_note)
    return result


def decode_picture(
    data: bytes,
    *,
    codebook: Codebook | None = None,
    threads: int | None = None,
    crop: Crop | None = None,
    stages: int | None = None,
    progress: Progress | None = None,
) -> Picture:
    """Decode a `.vqc` picture with its metadata, or its part `crop`, by the first `stages` stages of indices or by all.

    Errors as `decode_image`; UsageError also if `crop` does not lie within it, or the codebook has not so many stages.
    """
    return _decode(load_media(data, codebook=codebook), codebook, threads, crop, stages, progress)


def decode_picture_part(
    file: BinaryIO,
    crop: Crop,
    *,
    codebook: Codebook | None = None,
    threads: int | None = None,
    stages: int | None = None,
    progress: Progress | None = None,
) -> Picture:
    """Decode as `decode_picture`, from a seekable file. If it has an index, only what the part needs is read."""

    def needed(engine: str, header: bytes) -> Sequence[int]:
        return engine_for(engine).needed_packets(header, crop)

    return _decode(load_packets(file, needed, codebook), codebook, threads, crop, stages, progress)


def describe(data: bytes, codebook: Codebook | None = None) -> dict[str, object]:
    """Return what the headers of a `.vqc` picture say: engine, width, height, channels, parameters.

    Args:
        codebook: to read a file of the short form with; None to look for it.
    """
    stream = picture_stream(load_media(data, codebook=codebook))
    engine = engine_for(stream.engine)
    header, _ = header_and_packets(stream, engine)
    return {"engine": stream.engine, **engine.describe(header)}


def count_bits(data: bytes, *, codebook: Codebook | None = None) -> dict[str, int]:
    """Return where the bits of a `.vqc` picture went; they sum to 8 times its size. Errors as `decode_image`."""
    media = load_media(data, codebook=codebook)
    stream = picture_stream(media)
    engine = engine_for(stream.engine)
    header, packets = header_and_packets(stream, engine)
    _check_limits(engine.describe(header), None)
    parts = engine.count_bits(header, packets, codebook_of(media, codebook))
    return _whole_bits(parts, media, len(data))


def _fitting_codebook(samples: np.ndarray) -> Codebook:
    fitting = engines(MEDIUM)[0].fitting
    return load_codebook(fitting(samples) if fitting else default_codebook(MEDIUM))


def _effort_for(picture: Picture, work: Work) -> tuple[int, list[str]]:
    """Return the effort that is asked for, or the default for a picture of that size, with a note if it is less."""
    usual = work.effort_for(MEDIUM)
    if work.effort is not None or picture.width * picture.height < LARGE_PICTURE:
        return usual, []
    note = f"encoded at effort {LARGE_PICTURE_EFFORT}, because it is large; effort {usual} makes it smaller"
    return LARGE_PICTURE_EFFORT, [note]


def _encode_at(
    picture: Picture,
    codebook: Codebook,
    options: Mapping[str, object],
    quality: float,
    *,
    effort: int,
    reference: CodebookReference,
    threads: int | None,
    progress: Passes,
) -> EncodedPicture:
    engine = engine_for(codebook.engine)
    encoded = engine.encode(picture.samples, codebook, quality, effort, threads, options, progress.of_next())
    stream = Stream(0, MEDIUM, codebook.engine, encoded.header, encoded.packets)
    media = MediaFile(MEDIUM, codebook.engine, reference, [stream], dict(picture.metadata))
    data = dump_media(media)
    psnr = metrics.psnr_seen(picture.samples, encoded.reconstruction)
    parts = _whole_bits(encoded.bits_by_part, media, len(data))
    return EncodedPicture(data, psnr, encoded.reconstruction, codebook, {}, parts, list(encoded.notes))


def _whole_bits(parts: Mapping[str, int], media: MediaFile, size: int) -> dict[str, int]:
    """Return the bits by part of a file of `size` bytes whose stream has the bits `parts`."""
    others = {"metadata": metadata_bits(media.metadata), "codebook": codebook_bits(media.codebook)}
    return with_container(parts, others, size)


def _decode(
    media: MediaFile,
    codebook: Codebook | None,
    threads: int | None,
    crop: Crop | None,
    stages: int | None,
    progress: Progress | None,
) -> Picture:
    stream = picture_stream(media)
    engine = engine_for(stream.engine)
    book = at_stages(engine, codebook_of(media, codebook), stages)
    header, packets = header_and_packets(stream, engine)
    _check_limits(engine.describe(header), crop)
    return Picture(engine.decode(header, packets, book, threads, crop, progress), dict(media.metadata))


def _check_limits(said: Mapping[str, Any], crop: Crop | None) -> None:
    """Raise LimitError if a picture of which its header says `said`, or its part `crop`, is beyond a limit set."""
    area = int(said["width"]) * int(said["height"])
    user_limits.current().check("pixels", area, "picture")
    decoded = crop.width * crop.height if crop else area
    user_limits.current().check("output_bytes", decoded * int(said["channels"]), "picture")


def picture_stream(media: MediaFile) -> Stream:
    """Return the one stream of a picture's file; UnsupportedError if it is of another medium, or has several."""
    if media.medium != MEDIUM:
        raise UnsupportedError(f"this is a {media.medium} file, not a picture")
    if len(media.streams) != 1:
        raise UnsupportedError(f"a picture of {len(media.streams)} streams; this version decodes those of one")
    return media.streams[0]


def header_and_packets(stream: Stream, engine: Coder) -> tuple[bytes, list[bytes]]:
    """Return the header and the packets of a stream; in the compact form they follow each other."""
    if stream.header or len(stream.packets) != 1:
        return stream.header, list(stream.packets)
    header, packet = engine.split(stream.packets[0])
    return header, [packet]


def _checked_samples(samples: np.ndarray) -> np.ndarray:
    try:
        array = np.asarray(samples)
    except ValueError:  # rows of different lengths
        raise UsageError("samples must be an array, all of its rows of one length") from None
    if array.ndim == 2:
        array = array[:, :, None]
    if array.dtype != np.uint8 or array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        raise UsageError(f"samples must be uint8 of shape (h, w) or (h, w, 1 to 4), not {array.dtype} {array.shape}")
    return np.require(array, requirements=["C", "W"])  # read-only arrays would have every kernel compiled again
