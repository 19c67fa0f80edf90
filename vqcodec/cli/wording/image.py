"""Reports on pictures as lines for people to read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from vqcodec.cli.wording.common import STDOUT_NAME, decibels, measure_texts
from vqcodec.reports.image import Comparison, DecodeReport, EncodeReport, FileInfo, VerifyReport

CHANNELS = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGB and alpha"}
PLANES = {"y": "Y", "cb": "Cb", "cr": "Cr"}


def encode_line(report: EncodeReport) -> str:
    """Return input, output, size, rate, ratio, PSNR, SSIMULACRA2 if it was asked for, codebook and time."""
    score = f", SSIMULACRA2 {report.parameters['ssimulacra2']:.2f}" if "ssimulacra2" in report.parameters else ""
    return (
        f"{report.input} -> {report.output or STDOUT_NAME}: {report.output_bytes:,} bytes, "
        f"{report.bpp:.3f} bpp, {report.ratio:.1f}:1, PSNR {decibels(report.psnr_db)}{score}, "
        f"codebook {report.codebook.name}, {report.seconds:.2f} s"
    )


def encode_total(reports: Sequence[EncodeReport]) -> str:
    """Return rate and ratio of all pictures of a batch together, and the mean PSNR of those that lost something."""
    size = sum(report.output_bytes for report in reports)
    pixels = sum(report.width * report.height for report in reports)
    samples = sum(report.width * report.height * report.channels for report in reports)
    lossy = [report.psnr_db for report in reports if math.isfinite(report.psnr_db)]
    exact = len(reports) - len(lossy)
    psnr = [f"mean PSNR {decibels(sum(lossy) / len(lossy))}"] if lossy else []
    parts = [f"{size * 8 / pixels:.3f} bpp", f"{samples / size:.1f}:1", *psnr, *([f"{exact} exact"] if exact else [])]
    return ", ".join(parts)


def decode_line(report: DecodeReport) -> str:
    """Return input, output, format, size and time."""
    return (
        f"{report.input} -> {report.output or STDOUT_NAME}: {report.format} {report.width}x{report.height} "
        f"{CHANNELS[report.channels]}, {report.output_bytes:,} bytes, {report.seconds:.2f} s"
    )


def facts(report: FileInfo) -> Mapping[str, str]:
    """Return what `info` says about pictures only."""
    return {
        "size": f"{report.input_bytes:,} bytes, {report.bpp:.3f} bpp",
        "picture": f"{report.width}x{report.height} {CHANNELS[report.channels]}",
        "metadata": ", ".join(f"{kind} {size:,} bytes" for kind, size in report.metadata.items()) or "none",
    }


def verify_facts(report: VerifyReport) -> str:
    """Return what was checked."""
    return f"{report.width}x{report.height} {report.engine}"


def comparison_lines(report: Comparison) -> list[str]:
    """Return every measure, the most common first."""
    planes = ", ".join(f"{PLANES.get(name, name)} {decibels(value)}" for name, value in report.plane_psnr_db.items())
    return [
        f"{report.reference} <> {report.test}: {report.width}x{report.height} {CHANNELS[report.channels]}",
        f"  PSNR         {decibels(report.psnr_db)} (MSE {report.mse:.4f})",
        f"  by plane     {planes}",
        *(f"  {name:<12} {text}" for name, text in measure_texts(report).items()),
        f"  SSIM         {report.ssim:.6f} ({decibels(report.ssim_db)})",
        *(["  identical"] if report.identical else []),
    ]
