"""The results of the functions of `vqcodec.api` for video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vqcodec.markup import curves
from vqcodec.reports.base import NOT_IN_JSON, CodebookUse, Preview, Record, Report, raw_data


class VideoReport(Report):
    """A report on video."""

    MEDIUM = "video"


@dataclass(frozen=True)
class VideoEncodeReport(VideoReport):
    """One encoded video. Fields that are not described here are as in `EncodeReport`.

    Attributes:
        width, height: pixels.
        frame_rate: frames a second, as a fraction; the mean if it varies.
        frames: number of frames.
        duration_s: length in seconds.
        groups: number of groups of frames; each group can be decoded alone.
        kinds: number of frames by kind, such as I, P and B1.
        kbps: kbit/s of the whole file.
        video_kbps, sound_kbps: kbit/s of the coded frames, and of the coded sound.
        ratio: size of the uncompressed samples (one byte each, 4:2:0), divided by the size of the coded frames.
        psnr_y_db, psnr_u_db, psnr_v_db: means over the frames of the planes' PSNR in dB; infinite if all are exact.
        psnr_611_db: (6 Y + U + V) / 8 of them.
        sound: channels, codec_rate and duration_s of the sound in the file; None if it has no sound.
        decoded_sha256: SHA-256 of the frames that the decoder will give, the planes Y, U and V of each row by row, in
            hexadecimal; with sound, see `vqcodec.media.digests`.
        changed: those of the notes that say what reading has changed or left out.
        interrupted: whether encoding was ended early and the frames so far were kept.
        preview: shows the file in notebooks; None if it is neither at a path nor at hand.
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
    decoded_sha256: str
    sound: Mapping[str, Any] | None = None
    changed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    interrupted: bool = False
    data: bytes | None = raw_data()
    preview: Preview | None = field(default=None, repr=False, compare=False, metadata=NOT_IN_JSON)


@dataclass(frozen=True)
class LostFrames(Report):
    """Lost frames of a damaged file: from `first` up to, but not including, `end`."""

    first: int
    end: int


@dataclass(frozen=True)
class VideoDecodeReport(VideoReport):
    """One decoded video.

    Attributes:
        width, height, frame_rate, frames, duration_s: of the output.
        first_frame: number of its first frame in the video.
        format: video format of the output.
        sound: whether the output has sound.
        lost: lost frames that others replace, if the file was salvaged.
        notes: other facts for the user.
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
    """The bits of one frame: its number, its kind, and its bits by part."""

    frame: int
    kind: str
    bits: Mapping[str, int]


@dataclass(frozen=True)
class VideoInfo(VideoReport, Record):
    """The facts in a file of video. Fields that are not described here are as in `VideoEncodeReport`.

    Attributes:
        sample_aspect: ratio of a sample's width to its height, as a fraction; None if not known.
        full_range: whether luma spans 0 to 255.
        matrix, primaries, transfer: the YCbCr matrix, the primaries and the transfer characteristics, as in ITU-T
            H.273; 2 means unspecified.
        siting: where chroma is among the samples of luma, as in ITU-T H.273: 0 left, 1 midway, 2 top left, 3 top.
        colour: names of matrix, primaries, transfer and siting.
        variable_rate: whether each frame has its own time.
        metadata: the texts in the file, by title.
        bits: the bits of the file by part, whose sum is 8 times its size; None if not asked for.
        frame_bits: the bits of each frame by part; None if not asked for.
        preview: shows the file in notebooks; None if it is neither at a path nor at hand.
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
    primaries: int
    transfer: int
    siting: int
    colour: Mapping[str, str]
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
    preview: Preview | None = field(default=None, repr=False, compare=False, metadata=NOT_IN_JSON)


@dataclass(frozen=True)
class VideoVerifyReport(VideoReport):
    """A file of video that passed every check. The fields are as in `VerifyReport`, `VideoInfo` and
    `VideoEncodeReport`."""

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
    decoded_sha256: str


@dataclass(frozen=True)
class VideoMeasures(Report):
    """Measures of one frame, or their means over all frames.

    Attributes:
        frame: its number; None for means.
        psnr_y_db, psnr_u_db, psnr_v_db: in dB, infinite if equal.
        psnr_611_db: (6 Y + U + V) / 8.
        ssim_y, ssim_u, ssim_v: structural similarity, 1 if equal.
        ssim_611: (6 Y + U + V) / 8.
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
class VideoComparison(VideoReport):
    """The difference between a test video and its reference, frame by frame, both from their first frame.

    Attributes:
        reference, test: names of the sources.
        width, height: pixels.
        frames: number of frames compared.
        mean: the means over the frames. A plane without error counts 100 dB, unless all frames are equal.
        by_frame: the measures of each frame.
        identical: whether all samples are equal, and both have the same number of frames.
        notes: parts that were left out, and why.
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

    def _more_html(self) -> str:
        """Return the PSNR of luma and chroma, frame by frame."""
        planes = ("y", "u", "v")
        rows = {plane.upper(): [getattr(one, f"psnr_{plane}_db") for one in self.by_frame] for plane in planes}
        return curves("PSNR by frame", "dB", rows)
