"""What the functions of `vqcodec.api` return: plain, frozen records that turn into JSON as they stand.

Nothing here imports numpy, so that the command line can name these types without paying for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

_NOT_IN_JSON = "not_in_json"


class Report:
    """Base of the records: conversion to a dictionary that `json.dumps` takes."""

    def as_dict(self) -> dict[str, Any]:
        """The fields in order; infinite decibels (no error at all) become None, raw data is left out."""
        return {
            item.name: _plain(getattr(self, item.name))
            for item in fields(self)  # type: ignore[arg-type]
            if not item.metadata.get(_NOT_IN_JSON)
        }


def _plain(value: Any) -> Any:
    if isinstance(value, Report):
        return value.as_dict()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def raw_data() -> Any:
    """A field for the bytes themselves, which JSON leaves out."""
    return field(default=None, repr=False, compare=False, metadata={_NOT_IN_JSON: True})


@dataclass(frozen=True)
class CodebookUse(Report):
    """The codebook that a file was coded with.

    Attributes:
        name: the name it was published under, or None where the file does not say.
        identity: SHA-256 of its canonical bytes in hexadecimal; where only the file is at hand, the leading
            digits that the file holds.
        embedded: whether the file carries the codebook within itself.
        found: whether it is at hand, embedded or in the library, so that the file can be decoded here.
    """

    name: str | None
    identity: str
    embedded: bool
    found: bool


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


class Record(Report, Mapping[str, Any]):
    """A report that is readable as a mapping too."""

    def __getitem__(self, key: str) -> Any:
        if key not in set(self):
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return (item.name for item in fields(self))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(fields(self))  # type: ignore[arg-type]


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


@dataclass(frozen=True)
class SpeechEncodeReport(Report):
    """One encoded recording; fields that are not described here are as in `EncodeReport`.

    Attributes:
        sample_rate: Hz, samples: of a channel, channels: of the source. duration_s: seconds that it lasts.
        codec_rate: Hz, at which the engine works. streams: channels that were coded.
        kbps: kbit/s of the whole file. payload_kbps: of the coded speech, without the container.
        ratio: uncompressed samples (16 bits each) to the output file.
        sqnr_db, segmental_snr_db, weighted_segmental_snr_db: of what the decoder will give, at the codec's rate;
            None for silence. Below 16 kbit/s they say little of how it sounds.
    """

    input: str
    output: str | None
    input_bytes: int
    output_bytes: int
    sample_rate: int
    channels: int
    samples: int
    duration_s: float
    codec_rate: int
    streams: int
    kbps: float
    payload_kbps: float
    ratio: float
    sqnr_db: float | None
    segmental_snr_db: float | None
    weighted_segmental_snr_db: float | None
    seconds: float
    engine: str
    codebook: CodebookUse
    parameters: Mapping[str, Any]
    bits: Mapping[str, int]
    notes: tuple[str, ...] = ()
    data: bytes | None = raw_data()


@dataclass(frozen=True)
class LostPacket(Report):
    """A packet that a damaged file has lost, and that was concealed: its channel and number, and the seconds."""

    stream: int
    packet: int
    start_s: float
    end_s: float


@dataclass(frozen=True)
class SpeechDecodeReport(Report):
    """One decoded recording.

    Attributes:
        sample_rate: Hz, samples: of a channel, channels: of what was written. duration_s: seconds that it lasts.
        start_s: where in the recording it begins.
        format: sound format written.
        lost: packets that were lost and concealed, if the file was salvaged. notes: what else was passed over.
    """

    input: str
    output: str | None
    input_bytes: int
    output_bytes: int
    sample_rate: int
    channels: int
    samples: int
    duration_s: float
    format: str
    seconds: float
    start_s: float = 0.0
    lost: tuple[LostPacket, ...] = ()
    notes: tuple[str, ...] = ()
    data: bytes | None = raw_data()


@dataclass(frozen=True)
class SpeechInfo(Record):
    """What a file of speech says of itself; fields that are not described here are as in `FileInfo`.

    Attributes:
        sample_rate, samples, channels, duration_s, codec_rate, kbps, payload_kbps: as in `SpeechEncodeReport`.
        packets: of a channel.
        metadata: the texts kept, by title.
    """

    input: str
    input_bytes: int
    medium: str
    engine: str
    sample_rate: int
    channels: int
    samples: int
    duration_s: float
    codec_rate: int
    kbps: float
    payload_kbps: float
    packets: int
    codebook: CodebookUse
    metadata: Mapping[str, str]
    parameters: Mapping[str, Any]
    bits: Mapping[str, int] | None = None


@dataclass(frozen=True)
class SpeechVerifyReport(Report):
    """A file of speech that passed every check; the fields are as in `VerifyReport` and `SpeechInfo`."""

    input: str
    input_bytes: int
    engine: str
    sample_rate: int
    channels: int
    duration_s: float
    codebook: CodebookUse
    checks: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class SpeechComparison(Report):
    """How far a test recording is from its reference, after aligning them.

    Attributes:
        reference, test: names of the sources.
        sample_rate: Hz, at which they were compared. duration_s: seconds compared.
        delay_samples: by how much the test was later.
        kbps, payload_kbps: kbit/s of a test that is a `.vqc` file, whole and without the container; else None.
        lsf_distortion_db, lsf_above_2_db, lsf_above_4_db: log-spectral distortion of the LSF vectors of a `.vqc` file
            of one channel against the recording that it was encoded from: mean over speech, and the shares of vectors
            above 2 dB and above 4 dB; else None.
        sqnr_db, segmental_snr_db, weighted_segmental_snr_db: ratios of the waveforms, infinite if they are equal,
            None if the reference is silent. Below 16 kbit/s they say little of how speech sounds.
        pesq_nb, pesq_wb, stoi, visqol: models of hearing; None where a package is not installed, the sampling rate
            is too low, or no speech is found.
        identical: whether every sample is the same.
        notes: what was left out, and why.
    """

    reference: str
    test: str
    sample_rate: int
    duration_s: float
    delay_samples: int
    sqnr_db: float | None
    segmental_snr_db: float | None
    weighted_segmental_snr_db: float | None
    pesq_nb: float | None
    pesq_wb: float | None
    stoi: float | None
    visqol: float | None
    identical: bool
    kbps: float | None = None
    payload_kbps: float | None = None
    lsf_distortion_db: float | None = None
    lsf_above_2_db: float | None = None
    lsf_above_4_db: float | None = None
    notes: tuple[str, ...] = ()
