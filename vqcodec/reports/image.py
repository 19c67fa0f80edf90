"""The results of the functions of `vqcodec.api` for pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from vqcodec.reports.base import NOT_IN_JSON, CodebookUse, Label, Preview, Record, Report, raw_data


class PictureReport(Report):
    """A report on pictures."""

    MEDIUM = "image"


@dataclass(frozen=True)
class EncodeReport(PictureReport):
    """One encoded file.

    Attributes:
        input: name of the source.
        output: name of the destination, or None if the bytes are in `data`.
        input_bytes, output_bytes: sizes of the files.
        width, height: pixels.
        channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
        bpp: bits of the output file for each pixel.
        ratio: size of the uncompressed samples (one byte each), divided by the size of the output file.
        psnr_db: PSNR in dB of the decoded picture over the colour channels, with transparency of what is seen of them;
            infinite if it is exact.
        seconds: wall time from opening the source to closing the destination.
        engine: such as `image/block`.
        codebook: the codebook it was coded with.
        parameters: the final parameters, such as the quality that reaches a target.
        bits: the bits of the file by part; their sum is 8 times its size.
        decoded_sha256: SHA-256 of the samples that the decoder will give, row by row, in hexadecimal.
        changed: those of the notes that say what reading has changed or left out.
        notes: changes made in reading, and choices that you may want to change, one clause each.
        data: the encoded bytes, if no destination was given.
        preview: shows the file in notebooks; None if it is neither at a path nor at hand.
    """

    input: str
    output: str | None
    input_bytes: int
    output_bytes: int
    width: int
    height: int
    channels: int
    bpp: float
    ratio: float
    psnr_db: float
    seconds: float
    engine: str
    codebook: CodebookUse
    parameters: Mapping[str, Any]
    bits: Mapping[str, int]
    decoded_sha256: str
    changed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    data: bytes | None = raw_data()
    preview: Preview | None = field(default=None, repr=False, compare=False, metadata=NOT_IN_JSON)


@dataclass(frozen=True)
class DecodeReport(PictureReport):
    """One decoded file. Fields that are not described here are as in `EncodeReport`.

    Attributes:
        width, height: pixels of the output.
        format: picture format of the output.
        crop: x, y, width and height of the decoded part; None for the whole picture.
        notes: what the format cannot hold, one clause each.
    """

    input: str
    output: str | None
    input_bytes: int
    output_bytes: int
    width: int
    height: int
    channels: int
    format: str
    seconds: float
    crop: tuple[int, int, int, int] | None = None
    notes: tuple[str, ...] = ()
    data: bytes | None = raw_data()


@dataclass(frozen=True)
class FileInfo(PictureReport, Record):
    """The facts in a file. They can be read as attributes and as a mapping.

    Attributes:
        input: name of the source.
        input_bytes: size of the file.
        medium: `image`.
        engine: such as `image/block`.
        width, height, channels, bpp: as in `EncodeReport`.
        codebook: the codebook it was coded with, and whether it is available.
        metadata: number of bytes of each kind of metadata (`icc`, `exif`, `xmp`, `cicp`, `density`, `text:TITLE`).
        parameters: the other facts in the engine's header.
        bits: the bits of the file by part, whose sum is 8 times its size; None if not asked for.
        preview: shows the file in notebooks; None if it is neither at a path nor at hand.
    """

    input: str
    input_bytes: int
    medium: str
    engine: str
    width: int
    height: int
    channels: int
    bpp: float
    codebook: CodebookUse
    metadata: Mapping[str, int]
    parameters: Mapping[str, Any]
    bits: Mapping[str, int] | None = None
    preview: Preview | None = field(default=None, repr=False, compare=False, metadata=NOT_IN_JSON)


@dataclass(frozen=True)
class VerifyReport(PictureReport):
    """A file that passed every check. A file that does not pass raises an error instead.

    Attributes:
        input: name of the source.
        input_bytes: size of the file.
        engine, width, height: as in `FileInfo`.
        codebook: the codebook it was coded with.
        checks: the checks, in their order.
        seconds: wall time.
        decoded_sha256: as in `EncodeReport`, of the samples that were decoded.
    """

    input: str
    input_bytes: int
    engine: str
    width: int
    height: int
    codebook: CodebookUse
    checks: tuple[str, ...]
    seconds: float
    decoded_sha256: str


@dataclass(frozen=True)
class Comparison(PictureReport):
    """The difference between a test picture and its reference.

    To add a measure, add a field here, with a `Label` if it is to be printed, and the measure to `metrics.pictures`.

    Attributes:
        reference, test: names of the sources.
        width, height: pixels.
        channels: the channels compared. If one picture is in colour, a grey one counts as colour; if one has alpha, one
            without counts as opaque.
        mse: mean squared error over the colour channels. If there is transparency, this and all measures but the one of
            the plane `alpha` are of what is seen: over black and over white together.
        psnr_db: the same in dB against a peak of 255; infinite if they are equal.
        plane_psnr_db: PSNR by plane: `grey`, or `red`, `green`, `blue`, `y`, `cb`, `cr`; and `alpha`.
        psnr_611_db: (6 PSNR_Y + PSNR_Cb + PSNR_Cr) / 8; for a grey picture its PSNR.
        ssim: mean structural similarity of luma, 1 for equal pictures.
        ssim_db: -10 log10(1 - SSIM).
        identical: whether all samples, alpha included, are equal.
    """

    reference: str
    test: str
    width: int
    height: int
    channels: int
    mse: float
    psnr_db: float
    plane_psnr_db: Mapping[str, float]
    psnr_611_db: Annotated[float, Label("YCbCr 6:1:1", decibels=True)]
    ssim: float
    ssim_db: float
    identical: bool
