"""Files of pictures in and out: what `vqcodec.api` calls when a source is a picture, or a `.vqc` file of one."""

from __future__ import annotations

import io
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from vqcodec.api.codebooks import codebook_use
from vqcodec.api.media import Side
from vqcodec.api.previews.shown import preview_of
from vqcodec.codebook.codebook import Codebook
from vqcodec.container import load_media
from vqcodec.errors import UsageError
from vqcodec.files.endpoints import Destination, Source, name_of, naming, read_all, seekable, write_all
from vqcodec.image import count_bits, describe
from vqcodec.image.background import flattened
from vqcodec.image.codec import MEDIUM, decode_picture, decode_picture_part, encode_picture
from vqcodec.image.crop import Crop
from vqcodec.image.metadata import without_place
from vqcodec.image.pixels import FORMATS, Picture, read_picture, write_picture
from vqcodec.media.decoding import DecodeOptions
from vqcodec.media.digests import digest_of, in_hexadecimal
from vqcodec.media.encoding import EncodeOptions
from vqcodec.media.progress import part_of_work
from vqcodec.reports.base import CodebookUse
from vqcodec.reports.image import Comparison, DecodeReport, EncodeReport, FileInfo, VerifyReport

_DECODED = 0.6  # part of the time of `decode` until all is decoded; PNG takes the rest


def encode(
    source: Source, destination: Destination | None, name: str, codebook: Codebook | None, asked: EncodeOptions
) -> EncodeReport:
    """Encode a picture; arguments and errors as `vqcodec.api.encode`."""
    started = time.perf_counter()
    data = read_all(source, name)
    picture = picture_to_encode(data, name, asked)
    with naming(name):
        encoded = encode_picture(
            picture,
            codebook=codebook,
            target=asked.target,
            work=asked.work,
            embed_codebook=asked.embed_codebook,
            keep_hidden=bool(asked.keep_hidden),
            progress=asked.progress,
            options=asked.engine,
        )
    if destination is not None:
        write_all(encoded.data, destination, overwrite=asked.overwrite)
    size, book = len(encoded.data), encoded.codebook
    return EncodeReport(
        input=name,
        output=None if destination is None else name_of(destination),
        input_bytes=len(data),
        output_bytes=size,
        width=picture.width,
        height=picture.height,
        channels=picture.channels,
        bpp=size * 8 / (picture.width * picture.height),
        ratio=picture.samples.size / size,
        psnr_db=float(encoded.psnr_db),
        seconds=time.perf_counter() - started,
        engine=book.engine,
        codebook=CodebookUse(book.name, book.identity, asked.embed_codebook, True),
        parameters=dict(encoded.parameters),
        bits=dict(encoded.bits_by_part),
        decoded_sha256=in_hexadecimal([digest_of(encoded.reconstruction)]),
        changed=tuple(picture.notes),
        notes=(*picture.notes, *encoded.notes),
        data=encoded.data if destination is None else None,
        preview=preview_of(encoded.data if destination is None else destination, MEDIUM, codebook),
    )


def picture_to_encode(data: bytes, name: str, asked: EncodeOptions) -> Picture:
    """Return the picture in a file, with the metadata that shall be kept; errors as `read_picture`."""
    picture = read_picture(data, name)
    if asked.strip_metadata:
        return replace(picture, metadata={})
    return replace(picture, metadata=without_place(picture.metadata)) if asked.strip_gps else picture


def decode(
    source: Source, destination: Destination | None, name: str, codebook: Codebook | None, asked: DecodeOptions
) -> DecodeReport:
    """Decode a `.vqc` file of a picture; arguments and errors as `vqcodec.api.decode`."""
    started = time.perf_counter()
    pillow_format = _pillow_format(asked.format, destination)
    with naming(name):
        picture, size = _decode_part(source, name, codebook, asked)
        encoded = io.BytesIO()
        if asked.background is not None:
            picture = replace(picture, samples=flattened(picture.samples, asked.background))
        notes = write_picture(picture, encoded, pillow_format, quality=asked.output_quality)
    written = encoded.getvalue()
    if destination is not None:
        write_all(written, destination, overwrite=asked.overwrite)
    if asked.progress:
        asked.progress(1.0)
    return DecodeReport(
        input=name,
        output=None if destination is None else name_of(destination),
        input_bytes=size,
        output_bytes=len(written),
        width=picture.width,
        height=picture.height,
        channels=picture.channels,
        format=pillow_format,
        crop=asked.crop,
        notes=tuple(notes),
        seconds=time.perf_counter() - started,
        data=written if destination is None else None,
    )


def info(source: Source, name: str, codebook: Codebook | None = None, *, bits: bool = False) -> FileInfo:
    """Return what a `.vqc` file of a picture says of itself; arguments and errors as `vqcodec.api.info`."""
    data = read_all(source, name)
    with naming(name):
        media = load_media(data, codebook=codebook)
        described: dict[str, Any] = describe(data, codebook)
        counted = count_bits(data, codebook=codebook) if bits else None
    engine, width, height, channels = (described.pop(key) for key in ("engine", "width", "height", "channels"))
    return FileInfo(
        input=name,
        input_bytes=len(data),
        medium=media.medium,
        engine=engine,
        width=width,
        height=height,
        channels=channels,
        bpp=len(data) * 8 / (width * height),
        codebook=codebook_use(media.codebook),
        metadata={kind: len(block) for kind, block in media.metadata.items()},
        parameters=described,
        bits=counted,
        preview=preview_of(source, MEDIUM, codebook),
    )


def verify(source: Source, name: str, codebook: Codebook | None, threads: int | None) -> VerifyReport:
    """Check a `.vqc` file of a picture in full; arguments and errors as `vqcodec.api.verify`."""
    started = time.perf_counter()
    data = read_all(source, name)
    about = info(data, name, codebook)
    used = about.codebook
    with naming(name):
        decoded = decode_picture(data, codebook=codebook, threads=threads)
    if codebook is not None:
        used = CodebookUse(codebook.name, codebook.identity, used.embedded, True)
    return VerifyReport(
        input=name,
        input_bytes=len(data),
        engine=about.engine,
        width=about.width,
        height=about.height,
        codebook=used,
        checks=("structure", "checksums", "codebook", "decoding"),
        seconds=time.perf_counter() - started,
        decoded_sha256=in_hexadecimal([digest_of(decoded.samples)]),
    )


def compare(reference: Side, test: Side, codebook: Codebook | None, threads: int | None) -> Comparison:
    """Compare two pictures; arguments and errors as `vqcodec.api.compare`."""
    first, second = (_picture_of(side, codebook, threads) for side in (reference, test))
    from vqcodec.api.comparison.image import measure

    return measure(first, second, reference.name, test.name)


def _pillow_format(format: str | None, destination: Destination | None) -> str:
    """Return Pillow's name of the format to write: the format asked for, or else that of the destination's extension.

    Without a path it is PNG.
    """
    if format is not None:
        extension = "." + format.lower().removeprefix(".")
        if extension not in FORMATS:
            raise UsageError(f"format {format!r} is unknown; choose one of {_format_names()}")
        return FORMATS[extension]
    if not isinstance(destination, (str, os.PathLike)):
        return FORMATS[".png"]
    extension = Path(destination).suffix.lower()
    if extension not in FORMATS:
        raise UsageError(
            f"{name_of(destination)}: the extension names no picture format; say one with format=: {_format_names()}"
        )
    return FORMATS[extension]


def _format_names() -> str:
    return ", ".join(sorted(extension.removeprefix(".") for extension in FORMATS))


def _decode_part(source: Source, name: str, codebook: Codebook | None, asked: DecodeOptions) -> tuple[Picture, int]:
    """Return the picture in a `.vqc` file, or the part that is asked for, and the size of the file in bytes."""
    how: dict[str, Any] = {
        "threads": asked.threads,
        "stages": asked.stages,
        "progress": part_of_work(asked.progress, 0.0, _DECODED),
    }
    if asked.crop is None:
        data = read_all(source, name)
        return decode_picture(data, codebook=codebook, **how), len(data)
    with seekable(source, name) as file:
        size = file.seek(0, os.SEEK_END)
        return decode_picture_part(file, Crop(*asked.crop), codebook=codebook, **how), size


def _picture_of(side: Side, codebook: Codebook | None, threads: int | None) -> Picture:
    """Return the picture in a picture file or in a `.vqc` file."""
    data = read_all(side.source, side.name)
    if not side.coded:
        return read_picture(data, side.name)
    with naming(side.name):
        return decode_picture(data, codebook=codebook, threads=threads)
