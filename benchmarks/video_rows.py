"""The tables of video: rows from the results of `benchmarks.video` and `benchmarks.spatiotemporal`."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from benchmarks.table_rows import Results, Rows, codec_labels, percent, table

_CIF = 352 * 288  # luma samples of the frame that speeds are given for
_USUAL_DB = (32.0, 40.0)
_REFERENCES = {"x264-medium": "x264 medium", "x264-veryslow": "x264 veryslow", "x265-veryslow": "x265 veryslow"}
_OLD_VQ = ("cinepak", "roq", "svq1")
_QUALITIES = {"psnr_y": "luma", "psnr_611": "6:1:1"}


def _differences(results: Results) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(row["quality"], row["reference"], row["codec"]): row for row in results["bd_rate"]}


def _mean(row: dict[str, Any] | None) -> str:
    """The mean difference, with the number of clips that it is over."""
    return "–" if row is None else f"{percent(row['mean'])} ({len(row['clips'])})"


@table("video", "video")
def _comparison(results: Results) -> Rows:
    """BD-rate of every codec against three references, luma and 6:1:1; in brackets the number of clips."""
    columns = [(quality, reference) for reference in _REFERENCES for quality in _QUALITIES]
    rows = _differences(results)
    yield (
        f"BD-rate, {len(results['clips'])} clips",
        *(f"{_QUALITIES[quality]} vs {_REFERENCES[reference]}" for quality, reference in columns),
    )
    for codec, label in codec_labels(results).items():
        yield (label, *(_mean(rows.get((quality, reference, codec))) for quality, reference in columns))


def _by_clip(reference: str) -> Callable[[Results], Rows]:
    """BD-rate of luma against one reference, clip by clip."""

    def rows(results: Results) -> Rows:
        names = [clip["clip"] for clip in results["clips"]]
        differences = _differences(results)
        yield f"luma BD-rate vs {_REFERENCES[reference]}", *names
        for codec, label in codec_labels(results).items():
            row = differences.get(("psnr_y", reference, codec))
            if row:
                yield (label, *(percent(row["clips"].get(name)) for name in names))

    return rows


for _reference in _REFERENCES:
    table(f"video-clips-{_reference}", "video")(_by_clip(_reference))


@table("video-vq", "video")
def _old_vq(results: Results) -> Rows:
    """What vector quantization of video used to be, against what it can be: bits at equal luma PSNR."""
    rows = _differences(results)
    columns = ("mpeg4", "x264-medium")
    yield "vector quantization", "luma vs MPEG-4 ASP", "luma vs x264 medium"
    for codec, label in codec_labels(results).items():
        if codec in _OLD_VQ or codec.startswith("vqcodec"):
            yield (label, *(_mean(rows.get(("psnr_y", reference, codec))) for reference in columns))


@table("video-speed", "video")
def _speed(results: Results) -> Rows:
    """CIF frames a second of processor time: the median over the clips larger than QCIF, at usual qualities."""
    scale = {clip["clip"]: clip["width"] * clip["height"] / _CIF for clip in results["clips"]}
    yield "CIF frames a second of one core", "encode", "decode"
    for codec, label in codec_labels(results).items():
        points = [
            point
            for point in results["points"]
            if point["codec"] == codec
            and _USUAL_DB[0] <= point["psnr_y"] <= _USUAL_DB[1]
            and scale[point["clip"]] > 0.5
        ]
        if points:
            speeds = [
                statistics.median(point[f"{way}_fps"] * scale[point["clip"]] for point in points)
                for way in ("encode", "decode")
            ]
            yield (label, *(f"{speed:.3g}" if speed < 100 else f"{speed:.0f}" for speed in speeds))


_SCREEN_REFERENCES = {"x264-veryslow": "x264 veryslow", "svt-av1-screen": "SVT-AV1"}


@table("video-screen", "video-screen")
def _screen(results: Results) -> Rows:
    """BD-rate of luma against both references on clips of screens, clip by clip, and in the mean."""
    names = [clip["clip"] for clip in results["clips"]]
    yield "luma BD-rate", *(name.replace("_", " ") for name in names), "mean"
    for row in results["bd_rate"]:
        label = f"{codec_labels(results)[row['codec']]} vs {_SCREEN_REFERENCES[row['reference']]}"
        yield label, *(percent(row["clips"].get(name)) for name in names), percent(row["mean"])


@table("video-screen-cases", "video-screen")
def _screen_cases(results: Results) -> Rows:
    """What speed and interruptions cost."""
    yield "at equal luma PSNR", "codec", "times the bytes"
    for row in results["cases"]:
        yield row["case"], row["codec"], f"{row['times']:.2f}"


@table("spatiotemporal", "spatiotemporal")
def _spatiotemporal(results: Results) -> Rows:
    """BD-rate of each way of coding against 2-D VQ, luma and 6:1:1, by clip and in the mean."""
    labels = results["labels"]
    yield (f"BD-rate, {results['frames']} frames", *(labels[row["way"]] for row in results["mean"]))
    clips = list(dict.fromkeys(row["clip"] for row in results["bd_rate"]))
    for clip in clips:
        yield clip, *(percent(row["psnr_y"]) for row in results["bd_rate"] if row["clip"] == clip)
    yield "mean, luma", *(percent(row["psnr_y"]) for row in results["mean"])
    yield "mean, 6:1:1", *(percent(row["psnr_611"]) for row in results["mean"])


@table("spatiotemporal-speed", "spatiotemporal")
def _spatiotemporal_speed(results: Results) -> Rows:
    """Frames a second of processor time on one thread, medians over clips and qualities."""
    yield "one thread", "encode, frames/s", "decode, frames/s"
    for row in results["speed"]:
        yield results["labels"][row["way"]], f"{row['encode_fps']:.0f}", f"{row['decode_fps']:.0f}"


@table("video-side-by-side", "video-side-by-side")
def _side_by_side(results: Results) -> Rows:
    """What the pictures beside one another cost and reach."""
    yield "whole clip", "codec", "bytes", "kbit/s", "luma PSNR (dB)", "luma PSNR of the frame shown (dB)"
    for row in results["rows"]:
        yield (
            row["clip"],
            row["codec"],
            row["bytes"],
            f"{row['kbps']:.1f}",
            f"{row['psnr_y']:.2f}",
            f"{row['frame_psnr_y']:.2f}",
        )


@table("memory-video", "memory-video")
def _memory_video(results: Results) -> Rows:
    """Codebooks with a memory beside the shipped one, on clips that they have not seen."""
    yield (
        "clips",
        "frames",
        "luma, against `video`",
        "6:1:1",
        "saved a clip (bytes)",
        "codebook (bytes)",
        "pays from (clips)",
    )
    for chosen in results["sets"].values():
        for row in chosen["lengths"]:
            yield (
                chosen["label"],
                row["frames"],
                *(percent(row["bd_rate"][name]["mean"]) for name in _QUALITIES),
                f"{row['saved_bytes']:,} of {row['shipped_bytes']:,}",
                f"{row['codebook_bytes']:,}",
                "–" if row["pays_from_files"] is None else f"{row['pays_from_files']:,}",
            )
