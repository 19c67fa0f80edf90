"""Reports as lines for people to read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vqcodec.cli.wording import speech as speech_wording
from vqcodec.cli.wording import video as video_wording
from vqcodec.cli.wording.engines import engine_in_words
from vqcodec.cli.wording.measures import measure_texts
from vqcodec.reports import (
    AnyComparison,
    AnyDecodeReport,
    AnyEncodeReport,
    AnyInfo,
    AnyVerifyReport,
    CodebookUse,
    EncodeReport,
    FileInfo,
    SpeechComparison,
    SpeechDecodeReport,
    SpeechEncodeReport,
    SpeechInfo,
    SpeechVerifyReport,
    VideoComparison,
    VideoDecodeReport,
    VideoEncodeReport,
    VideoInfo,
    VideoVerifyReport,
)

CHANNELS = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGB and alpha"}
PLANES = {"y": "Y", "cb": "Cb", "cr": "Cr"}
STDOUT_NAME = speech_wording.STDOUT_NAME


def decibels(value: float) -> str:
    """As in "31.42 dB", "exact" where there is no error at all."""
    return f"{value:.2f} dB" if math.isfinite(value) else "exact"


def encode_line(report: AnyEncodeReport) -> str:
    """Return input, output, size, rate, ratio, PSNR and time."""
    if isinstance(report, SpeechEncodeReport):
        return speech_wording.encode_line(report)
    if isinstance(report, VideoEncodeReport):
        return video_wording.encode_line(report)
    return (
        f"{report.input} -> {report.output or STDOUT_NAME}: {report.output_bytes:,} bytes, "
        f"{report.bpp:.3f} bpp, {report.ratio:.1f}:1, PSNR {decibels(report.psnr_db)}, {report.seconds:.2f} s"
    )


def encode_total(reports: Sequence[AnyEncodeReport]) -> str:
    """Return the sums over a batch: rate and ratio of all files together, PSNR as the mean over the files."""
    speech = [report for report in reports if isinstance(report, SpeechEncodeReport)]
    videos = [report for report in reports if isinstance(report, VideoEncodeReport)]
    pictures = [report for report in reports if isinstance(report, EncodeReport)]
    if len(speech) == len(reports):
        return speech_wording.encode_total(speech)
    if len(videos) == len(reports):
        return video_wording.encode_total(videos)
    size = sum(report.output_bytes for report in reports)
    if len(pictures) < len(reports):
        return f"{len(reports)} files: {size:,} bytes"
    pixels = sum(report.width * report.height for report in pictures)
    samples = sum(report.width * report.height * report.channels for report in pictures)
    psnr = sum(report.psnr_db for report in pictures) / len(pictures)
    return (
        f"{len(reports)} files: {size:,} bytes, {size * 8 / pixels:.3f} bpp, {samples / size:.1f}:1, "
        f"mean PSNR {decibels(psnr)}"
    )


def decode_line(report: AnyDecodeReport) -> str:
    """Return input, output, format, size and time."""
    if isinstance(report, SpeechDecodeReport):
        return speech_wording.decode_line(report)
    if isinstance(report, VideoDecodeReport):
        return video_wording.decode_line(report)
    return (
        f"{report.input} -> {report.output or STDOUT_NAME}: {report.format} {report.width}x{report.height} "
        f"{CHANNELS[report.channels]}, {report.output_bytes:,} bytes, {report.seconds:.2f} s"
    )


def decode_total(reports: Sequence[AnyDecodeReport]) -> str:
    """Return the sums over a batch."""
    size = sum(report.output_bytes for report in reports)
    return f"{len(reports)} files: {size:,} bytes"


def codebook_line(codebook: CodebookUse) -> str:
    """Return name, first digits of the identity, and whether it is at hand."""
    where = "embedded" if codebook.embedded else "at hand" if codebook.found else "not at hand"
    return f"{codebook.name or 'unnamed'} ({codebook.identity[:16]}, {where})"


def info_lines(report: AnyInfo) -> list[str]:
    """Return one fact per line."""
    if isinstance(report, VideoInfo):
        facts = dict(video_wording.facts(report))
    else:
        facts = dict(speech_wording.facts(report) if isinstance(report, SpeechInfo) else _picture_facts(report))
    facts.update({"engine": engine_in_words(report.engine), "codebook": codebook_line(report.codebook)})
    if not isinstance(report, VideoInfo):
        facts.update({key.replace("_", " "): str(value) for key, value in report.parameters.items()})
    lines = [report.input, *(f"  {key:<12} {value}" for key, value in facts.items()), *_bits_lines(report)]
    if isinstance(report, VideoInfo) and report.frame_bits is not None:
        lines += video_wording.frame_lines(report.frame_bits)
    return lines


def _picture_facts(report: FileInfo) -> dict[str, str]:
    return {
        "size": f"{report.input_bytes:,} bytes, {report.bpp:.3f} bpp",
        "picture": f"{report.width}x{report.height} {CHANNELS[report.channels]}",
        "metadata": ", ".join(f"{kind} {size:,} bytes" for kind, size in report.metadata.items()) or "none",
    }


def _bits_lines(report: AnyInfo) -> list[str]:
    """Return a table of the bits by part, the largest first, for speech also in kbit/s; empty if not counted."""
    if report.bits is None:
        return []
    whole = 8 * report.input_bytes
    parts = sorted(report.bits.items(), key=lambda part: -part[1])
    width = max(12, *(len(name) for name, _ in parts))
    rows = [*parts, ("in all", whole)]
    lines = [f"    {name:<{width}} {bits:>12,} {bits / whole:>7.2%}" for name, bits in rows]
    if isinstance(report, SpeechInfo):
        lines = [f"{line} {bits / report.duration_s / 1000:>7.3f} kbit/s" for line, (_, bits) in zip(lines, rows)]
    return ["  bits", *lines]


def verify_line(report: AnyVerifyReport) -> str:
    """Return a line that says that the file is whole."""
    if isinstance(report, SpeechVerifyReport):
        what = speech_wording.verify_facts(report)
    elif isinstance(report, VideoVerifyReport):
        what = video_wording.verify_facts(report)
    else:
        what = f"{report.width}x{report.height} {report.engine}"
    return f"{report.input}: whole; {what}, codebook {codebook_line(report.codebook)}, {report.seconds:.2f} s"


def comparison_lines(report: AnyComparison) -> list[str]:
    """Return every measure, the most common first."""
    if isinstance(report, SpeechComparison):
        return speech_wording.comparison_lines(report)
    if isinstance(report, VideoComparison):
        return video_wording.comparison_lines(report)
    planes = ", ".join(f"{PLANES.get(name, name)} {decibels(value)}" for name, value in report.plane_psnr_db.items())
    return [
        f"{report.reference} <> {report.test}: {report.width}x{report.height} {CHANNELS[report.channels]}",
        f"  PSNR         {decibels(report.psnr_db)} (MSE {report.mse:.4f})",
        f"  by plane     {planes}",
        *(f"  {name:<12} {text}" for name, text in measure_texts(report).items()),
        f"  SSIM         {report.ssim:.6f} ({decibels(report.ssim_db)})",
        *(["  identical"] if report.identical else []),
    ]
