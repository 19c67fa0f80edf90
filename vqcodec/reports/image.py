"""What the functions of `vqcodec.api` return on pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vqcodec.reports.base import CodebookUse, Record, Report, raw_data


@dataclass(frozen=True)
class EncodeReport(Report):
    """One encoded file.

    Attributes:
        input: name of the source.
        output: name of the destination, or None when the bytes are in `data`.
        input_bytes, output_bytes: sizes of the files as they are.
        width, height: pixels. channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
        bpp: bits of the output file for each pixel.
        ratio: uncompressed samples (one byte each) to the output file.
        psnr_db: PSNR in dB of what the decoder will give, over the colour channels; infinite if exact.
        seconds: wall time from opening the source to the closed destination.
        engine: such as `image/block`. codebook: what it was coded with.
        parameters: what was settled on, such as the quality that reaches a target.
        bits: where the bits of the file went, by part; they sum to 8 times its size.
        notes: what was changed in reading, one clause each.
        data: the encoded bytes, when no destination was given.
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
    notes: tuple[str, ...] = ()
    data: bytes | None = raw_data()


@dataclass(frozen=True)
class DecodeReport(Report):
    """One decoded file; the fields as in `EncodeReport`.

    Attributes:
        width, height: pixels of what was written.
        format: picture format written.
        crop: x, y, width and height of the part that was decoded; None for the whole picture.
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
    data: bytes | None = raw_data()


@dataclass(frozen=True)
class FileInfo(Record):
    """What a file says of itself; readable as attributes and as a mapping.

    Attributes:
        input: name of the source. input_bytes: size of the file.
        medium: `image`. engine: such as `image/block`.
        width, height, channels, bpp: as in `EncodeReport`.
        codebook: what the file was coded with, and whether it is at hand.
        metadata: bytes of each kind of metadata kept (`icc`, `exif`, `xmp`).
        parameters: what else the engine's header says.
        bits: where the bits of the file went, by part, which sum to 8 times its size; None if not asked for.
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


@dataclass(frozen=True)
class VerifyReport(Report):
    """A file that passed every check; a file that does not pass raises instead.

    Attributes:
        input: name of the source. input_bytes: size of the file. engine, width, height: as in `FileInfo`.
        codebook: what the file was coded with. checks: what was checked, in order. seconds: wall time.
    """

    input: str
    input_bytes: int
    engine: str
    width: int
    height: int
    codebook: CodebookUse
    checks: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Comparison(Report):
    """How far a test picture is from its reference.

    Attributes:
        reference, test: names of the sources.
        width, height: pixels. channels: those compared, after grey beside colour was taken as colour, and a
            picture without alpha beside one with it as opaque.
        mse: mean squared error over the colour channels.
        psnr_db: the same in dB against a peak of 255; infinite if they are equal.
        plane_psnr_db: PSNR by plane: `grey`, or `red`, `green`, `blue`, `y`, `cb`, `cr`; and `alpha`.
        psnr_611_db: (6 PSNR_Y + PSNR_Cb + PSNR_Cr) / 8; of a grey picture its PSNR.
        ssim: mean structural similarity of luma, 1 for equal pictures.
        ssim_db: -10 log10(1 - SSIM).
        identical: whether every sample, alpha included, is the same.
    """

    reference: str
    test: str
    width: int
    height: int
    channels: int
    mse: float
    psnr_db: float
    plane_psnr_db: Mapping[str, float]
    psnr_611_db: float
    ssim: float
    ssim_db: float
    identical: bool
