"""Reports on video as lines for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vqcodec.cli.wording.common import STDOUT_NAME, decibels, seconds
from vqcodec.reports.video import (
    FrameBits,
    VideoComparison,
    VideoDecodeReport,
    VideoEncodeReport,
    VideoInfo,
    VideoMeasures,
    VideoVerifyReport,
)

CSV_COLUMNS = (
    "frame", "psnr_y_db", "psnr_u_db", "psnr_v_db", "psnr_611_db", "ssim_y", "ssim_u", "ssim_v", "ssim_611",
)  # fmt: skip


def rate(text: str) -> str:
    """As in "29.97 fps"."""
    above, _, below = text.partition("/")
    return f"{int(above) / int(below or 1):.5g} fps"


def encode_line(report: VideoEncodeReport) -> str:
    """Return input, output, size, frames, rates, ratio, PSNR and time."""
    sound = f" (sound {report.sound_kbps:.1f})" if report.sound else ""
    return (
        f"{report.input} -> {report.output or STDOUT_NAME}: {report.output_bytes:,} bytes, {_frames(report.frames)} "
        f"{report.width}x{report.height} in {report.groups} group{'s' * (report.groups != 1)}, "
        f"{report.kbps:.1f} kbit/s{sound}, {report.ratio:.1f}:1, PSNR Y {decibels(report.psnr_y_db)}, "
        f"6:1:1 {decibels(report.psnr_611_db)}, {report.seconds:.2f} s"
    )


def _frames(count: int) -> str:
    return f"{count} frame{'s' * (count != 1)}"


def encode_total(reports: Sequence[VideoEncodeReport]) -> str:
    """Return length and rate of all videos of a batch together."""
    size = sum(report.output_bytes for report in reports)
    frames = sum(report.frames for report in reports)
    duration = sum(report.duration_s for report in reports)
    return f"{_frames(frames)}, {size * 8 / duration / 1000:.1f} kbit/s"


def decode_line(report: VideoDecodeReport) -> str:
    """Return input, output, format, frames, size and time."""
    sound = ", with sound" if report.sound else ""
    return (
        f"{report.input} -> {report.output or STDOUT_NAME}: {report.format} {_frames(report.frames)} "
        f"{report.width}x{report.height} at {rate(report.frame_rate)}{sound}, {report.output_bytes:,} bytes, "
        f"{report.seconds:.2f} s"
    )


def facts(report: VideoInfo) -> Mapping[str, str]:
    """Return what `info` says about video only."""
    varying = ", varying" if report.variable_rate else ""
    shape = f", sample aspect {report.sample_aspect}" if report.sample_aspect not in (None, "1") else ""
    return {
        "size": f"{report.input_bytes:,} bytes, {report.kbps:.1f} kbit/s (picture {report.video_kbps:.1f})",
        "video": (
            f"{report.width}x{report.height}{shape}, {_frames(report.frames)}, {rate(report.frame_rate)}{varying}, "
            f"{seconds(report.duration_s)}"
        ),
        "groups": str(report.groups),
        "colour": (
            f"luma {'0 to 255' if report.full_range else '16 to 235'}, matrix {report.colour['matrix']}, "
            f"primaries {report.colour['primaries']}, transfer {report.colour['transfer']}, "
            f"chroma {report.colour['siting']}"
        ),
        "sound": "none" if report.sound is None else _sound(report.sound),
        "texts": ", ".join(f"{title}: {text}" for title, text in report.metadata.items()) or "none",
    }


def frame_lines(frames: Sequence[FrameBits]) -> list[str]:
    """Return a line per frame: its kind, its bits, and where they went."""
    rows = []
    for frame in frames:
        parts = sorted(frame.bits.items(), key=lambda part: -part[1])
        told = ", ".join(f"{name} {bits:,}" for name, bits in parts if bits)
        rows.append(f"    {frame.frame:>6} {frame.kind:<3} {sum(frame.bits.values()):>10,}  {told}")
    return ["  bits by frame", *rows]


def verify_facts(report: VideoVerifyReport) -> str:
    """Return what was checked."""
    return f"{report.frames} frames {report.width}x{report.height} {report.engine}"


def comparison_lines(report: VideoComparison) -> list[str]:
    """Return the means over the frames, and the worst frame."""
    mean = report.mean
    worst = min(report.by_frame, key=lambda frame: frame.psnr_611_db)
    return [
        f"{report.reference} <> {report.test}: {report.frames} frames {report.width}x{report.height}",
        f"  PSNR         Y {decibels(mean.psnr_y_db)}, U {decibels(mean.psnr_u_db)}, V {decibels(mean.psnr_v_db)}",
        f"  6:1:1        {decibels(mean.psnr_611_db)}; least {decibels(worst.psnr_611_db)}, frame {worst.frame}",
        f"  SSIM         Y {mean.ssim_y:.6f}, U {mean.ssim_u:.6f}, V {mean.ssim_v:.6f}; 6:1:1 {mean.ssim_611:.6f}",
        *(["  identical"] if report.identical else []),
    ]


def csv_text(report: VideoComparison) -> str:
    """Return a table with a row per frame, and one of means, whose frame is `mean`."""
    rows = [_csv_row(str(frame.frame), frame) for frame in report.by_frame]
    return "\n".join([",".join(CSV_COLUMNS), *rows, _csv_row("mean", report.mean)]) + "\n"


def _csv_row(name: str, measures: VideoMeasures) -> str:
    return ",".join([name, *(f"{getattr(measures, column):.6f}" for column in CSV_COLUMNS[1:])])


def _sound(sound: Mapping[str, Any]) -> str:
    count = sound["channels"]
    return (
        f"{sound['engine']}, {count} channel{'s' * (count != 1)}, {seconds(sound['duration_s'])}, "
        f"{sound['kbps']:.1f} kbit/s"
    )
