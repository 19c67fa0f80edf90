"""Reports as lines for people to read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vqcodec.reports import CodebookUse, Comparison, DecodeReport, EncodeReport, FileInfo, VerifyReport


CHANNELS = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGB and alpha"}
PLANES = {"y": "Y", "cb": "Cb", "cr": "Cr"}
STDOUT_NAME = "<stdout>"


def decibels(value: float) -> str:
    """As in "31.42 dB", "exact" where there is no error at all."""
    return f"{value:.2f} dB" if math.isfinite(value) else "exact"


def encode_line(report: EncodeReport) -> str:
    """Input, output, size, rate, ratio, PSNR and time."""
    return (
        f"{report.input} -> {report.output or STDOUT_NAME}: {report.output_bytes:,} bytes, "
        f"{report.bpp:.3f} bpp, {report.ratio:.1f}:1, PSNR {decibels(report.psnr_db)}, {report.seconds:.2f} s"
    )


def encode_total(reports: Sequence[EncodeReport]) -> str:
    """Sums over a batch; rate and ratio of all files together, PSNR as the mean over the files."""
    size = sum(report.output_bytes for report in reports)
    pixels = sum(report.width * report.height for report in reports)
    samples = sum(report.width * report.height * report.channels for report in reports)
    psnr = sum(report.psnr_db for report in reports) / len(reports)
    return (
        f"{len(reports)} files: {size:,} bytes, {size * 8 / pixels:.3f} bpp, {samples / size:.1f}:1, "
        f"mean PSNR {decibels(psnr)}"
    )


def decode_line(report: DecodeReport) -> str:
    """Input, output, format, size and time."""
    return (
        f"{report.input} -> {report.output or STDOUT_NAME}: {report.format} {report.width}x{report.height} "
        f"{CHANNELS[report.channels]}, {report.output_bytes:,} bytes, {report.seconds:.2f} s"
    )


def decode_total(reports: Sequence[DecodeReport]) -> str:
    """Sums over a batch."""
    size = sum(report.output_bytes for report in reports)
    return f"{len(reports)} files: {size:,} bytes"


def codebook_line(codebook: CodebookUse) -> str:
    """Name, leading digits of the identity, and whether it is at hand."""
    where = "embedded" if codebook.embedded else "at hand" if codebook.found else "not at hand"
    return f"{codebook.name or 'unnamed'} ({codebook.identity[:16]}, {where})"


def info_lines(report: FileInfo) -> list[str]:
    """One fact a line."""
    facts = {
        "size": f"{report.input_bytes:,} bytes, {report.bpp:.3f} bpp",
        "picture": f"{report.width}x{report.height} {CHANNELS[report.channels]}",
        "engine": report.engine,
        "codebook": codebook_line(report.codebook),
        "metadata": ", ".join(f"{kind} {size:,} bytes" for kind, size in report.metadata.items()) or "none",
    }
    facts.update({key.replace("_", " "): str(value) for key, value in report.parameters.items()})
    return [report.input, *(f"  {key:<12} {value}" for key, value in facts.items()), *_bits_lines(report)]


def _bits_lines(report: FileInfo) -> list[str]:
    """A table of where the bits went, the greatest part first, if they were counted."""
    if report.bits is None:
        return []
    whole = 8 * report.input_bytes
    parts = sorted(report.bits.items(), key=lambda part: -part[1])
    width = max(12, *(len(name) for name, _ in parts))
    rows = [*parts, ("in all", whole)]
    return ["  bits", *(f"    {name:<{width}} {bits:>12,} {bits / whole:>7.2%}" for name, bits in rows)]


def verify_line(report: VerifyReport) -> str:
    """That the file is whole."""
    return (
        f"{report.input}: whole; {report.width}x{report.height} {report.engine}, "
        f"codebook {codebook_line(report.codebook)}, {report.seconds:.2f} s"
    )


def comparison_lines(report: Comparison) -> list[str]:
    """Every measure, the most asked for first."""
    planes = ", ".join(f"{PLANES.get(name, name)} {decibels(value)}" for name, value in report.plane_psnr_db.items())
    return [
        f"{report.reference} <> {report.test}: {report.width}x{report.height} {CHANNELS[report.channels]}",
        f"  PSNR         {decibels(report.psnr_db)} (MSE {report.mse:.4f})",
        f"  by plane     {planes}",
        f"  YCbCr 6:1:1  {decibels(report.psnr_611_db)}",
        f"  SSIM         {report.ssim:.6f} ({decibels(report.ssim_db)})",
        *(["  identical"] if report.identical else []),
    ]
