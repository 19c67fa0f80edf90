"""What the functions of `vqcodec.api` return on video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vqcodec.reports.base import CodebookUse, Record, Report, raw_data


@dataclass(frozen=True)
class VideoEncodeReport(Report):
    """One encoded video; fields that are not described here are as in `EncodeReport`.

    Attributes:
        width, height: pixels. frame_rate: frames a second, as a fraction; the mean where it varies.
        frames: how many. duration_s: seconds that they last. groups: that decode on their own.
        kinds: frames by kind, such as I, P and B1.
        kbps: kbit/s of the whole file. video_kbps, sound_kbps: of the coded frames, and of the coded sound.
        ratio: uncompressed samples (one byte each, 4:2:0) to the coded frames.
        psnr_y_db, psnr_u_db, psnr_v_db: means over the frames of the planes' PSNR in dB; infinite if all are exact.
        psnr_611_db: (6 Y + U + V) / 8 of them.
        sound: channels, codec_rate and duration_s of the sound in the file; None without.
        interrupted: whether it was ended early and the frames so far were kept.
    """

    input: str
    output: str | None
    input_bytes: int | None
    output_bytes: int
    width: int
    height: int
    frame_rate: str
    frames: int
    duration_s: float
    groups: int
    kinds: Mapping[str, int]
    kbps: float
    video_kbps: float
    sound_kbps: float
    ratio: float
    psnr_y_db: float
    psnr_u_db: float
    psnr_v_db: float
    psnr_611_db: float
    seconds: float
    engine: str
    codebook: CodebookUse
    parameters: Mapping[str, Any]
    bits: Mapping[str, int]
    sound: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    interrupted: bool = False
    data: bytes | None = raw_data()


@dataclass(frozen=True)
class LostFrames(Report):
    """Frames that a damaged file has lost: from `first` up to `end`, which is not included."""

    first: int
    end: int


@dataclass(frozen=True)
class VideoDecodeReport(Report):
    """One decoded video.

    Attributes:
        width, height, frame_rate, frames, duration_s: of what was written. first_frame: where in the video it begins.
        format: that was written. sound: whether sound was written with it.
        lost: frames in whose place others stand, if the file was salvaged. notes: what else there is to say.
    """

    input: str
    output: str | None
    input_bytes: int
    output_bytes: int
    width: int
    height: int
    frame_rate: str
    frames: int
    duration_s: float
    format: str
    seconds: float
    first_frame: int = 0
    sound: bool = False
    lost: tuple[LostFrames, ...] = ()
    notes: tuple[str, ...] = ()
    data: bytes | None = raw_data()


@dataclass(frozen=True)
class FrameBits(Report):
    """Where the bits of one frame went: its number, its kind, and the bits by part."""

    frame: int
    kind: str
    bits: Mapping[str, int]


@dataclass(frozen=True)
class VideoInfo(Record):
    """What a file of video says of itself; fields that are not described here are as in `VideoEncodeReport`.

    Attributes:
        sample_aspect: width of a sample to its height, as a fraction; None if not known.
        full_range: whether luma goes from 0 to 255. matrix: how YCbCr was made, as in ITU-T H.273 (2: not told).
        variable_rate: whether each frame has a time of its own.
        metadata: the texts kept, by title.
        bits: where the bits of the file went, by part, which sum to 8 times its size; None if not asked for.
        frame_bits: likewise of each frame.
    """

    input: str
    input_bytes: int
    medium: str
    engine: str
    width: int
    height: int
    frame_rate: str
    variable_rate: bool
    sample_aspect: str | None
    full_range: bool
    matrix: int
    frames: int
    duration_s: float
    groups: int
    kbps: float
    video_kbps: float
    codebook: CodebookUse
    sound: Mapping[str, Any] | None
    metadata: Mapping[str, str]
    bits: Mapping[str, int] | None = None
    frame_bits: tuple[FrameBits, ...] | None = None


@dataclass(frozen=True)
class VideoVerifyReport(Report):
    """A file of video that passed every check; the fields are as in `VerifyReport` and `VideoInfo`."""

    input: str
    input_bytes: int
    engine: str
    width: int
    height: int
    frames: int
    duration_s: float
    codebook: CodebookUse
    checks: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class VideoMeasures(Report):
    """Measures of one frame, or their means over all.

    Attributes:
        frame: its number; None for means.
        psnr_y_db, psnr_u_db, psnr_v_db: in dB, infinite if equal. psnr_611_db: (6 Y + U + V) / 8.
        ssim_y, ssim_u, ssim_v: structural similarity, 1 if equal. ssim_611: weighted likewise.
    """

    frame: int | None
    psnr_y_db: float
    psnr_u_db: float
    psnr_v_db: float
    psnr_611_db: float
    ssim_y: float
    ssim_u: float
    ssim_v: float
    ssim_611: float


@dataclass(frozen=True)
class VideoComparison(Report):
    """How far a test video is from its reference, frame by frame from the first of each on.

    Attributes:
        reference, test: names of the sources. width, height: pixels. frames: how many were compared.
        mean: the means over the frames, in which a plane without error counts 100 dB unless all are. by_frame: each.
        identical: whether every sample is the same, and both have as many frames.
        notes: what was left out, and why.
    """

    reference: str
    test: str
    width: int
    height: int
    frames: int
    mean: VideoMeasures
    by_frame: tuple[VideoMeasures, ...]
    identical: bool
    notes: tuple[str, ...] = ()
