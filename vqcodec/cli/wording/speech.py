"""Reports on speech as lines for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vqcodec.cli.wording.common import STDOUT_NAME, decibels, measure_texts, seconds
from vqcodec.reports.speech import (
    SpeechComparison,
    SpeechDecodeReport,
    SpeechEncodeReport,
    SpeechInfo,
    SpeechVerifyReport,
)


def channels(count: int) -> str:
    """As in "mono"."""
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")


def encode_line(report: SpeechEncodeReport) -> str:
    """Return input, output, size, duration, rates, ratio, SNR and time."""
    return (
        f"{report.input} -> {report.output or STDOUT_NAME}: {report.output_bytes:,} bytes, "
        f"{seconds(report.duration_s)} {channels(report.streams)} at {report.codec_rate / 1000:g} kHz, "
        f"{report.kbps:.2f} kbit/s (speech {report.payload_kbps:.2f}), {report.ratio:.1f}:1, "
        f"weighted segmental SNR {decibels(report.weighted_segmental_snr_db)}, {report.seconds:.2f} s"
    )


def encode_total(reports: Sequence[SpeechEncodeReport]) -> str:
    """Return length, rate and ratio of all recordings of a batch together."""
    size = sum(report.output_bytes for report in reports)
    duration = sum(report.duration_s for report in reports)
    uncompressed = sum(report.ratio * report.output_bytes for report in reports)
    return f"{seconds(duration)}, {size * 8 / duration / 1000:.2f} kbit/s, {uncompressed / size:.1f}:1"


def decode_line(report: SpeechDecodeReport) -> str:
    """Return input, output, format, duration, rate, size and time."""
    return (
        f"{report.input} -> {report.output or STDOUT_NAME}: {report.format} {seconds(report.duration_s)} "
        f"{channels(report.channels)} at {report.sample_rate / 1000:g} kHz, {report.output_bytes:,} bytes, "
        f"{report.seconds:.2f} s"
    )


def facts(report: SpeechInfo) -> Mapping[str, str]:
    """Return what `info` says about speech only."""
    return {
        "size": f"{report.input_bytes:,} bytes, {report.kbps:.2f} kbit/s (speech {report.payload_kbps:.2f})",
        "speech": (
            f"{seconds(report.duration_s)}, {report.samples:,} samples at {report.sample_rate:,} Hz, "
            f"{channels(report.channels)}"
        ),
        "coded at": f"{report.codec_rate:,} Hz, {report.packets} packets",
        "texts": ", ".join(f"{title}: {text}" for title, text in report.metadata.items()) or "none",
    }


def verify_facts(report: SpeechVerifyReport) -> str:
    """Return what was checked."""
    return f"{seconds(report.duration_s)} {channels(report.channels)} {report.engine}"


def comparison_lines(report: SpeechComparison) -> list[str]:
    """Return the rate, then every measure, models of hearing first."""
    scores = {
        "PESQ": " ".join(
            f"{value:.2f} ({band})"
            for band, value in (("narrowband", report.pesq_nb), ("wideband", report.pesq_wb))
            if value is not None
        ),
        **measure_texts(report),
    }
    ratios = {
        "SQNR": decibels(report.sqnr_db),
        "segmental": decibels(report.segmental_snr_db),
        "weighted": f"{decibels(report.weighted_segmental_snr_db)} (segmental SNR under the weighting filter)",
    }
    envelope = (
        ""
        if report.lsf_distortion_db is None
        else f"{report.lsf_distortion_db:.2f} dB log-spectral distortion of speech, "
        f"{report.lsf_above_2_db:.1%} above 2 dB, {report.lsf_above_4_db:.1%} above 4 dB"
    )
    rate = "" if report.kbps is None else f"{report.kbps:.2f} kbit/s (speech {report.payload_kbps:.2f})"
    coding = {"rate": rate, "LSFs": envelope}
    delay = f", {report.delay_samples:+} samples of delay removed" if report.delay_samples else ""
    return [
        f"{report.reference} <> {report.test}: {seconds(report.duration_s)} at {report.sample_rate} Hz{delay}",
        *(f"  {name:<12} {text}" for name, text in {**coding, **scores, **ratios}.items() if text),
        *(["  identical"] if report.identical else []),
    ]
