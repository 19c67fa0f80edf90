"""The tables of pictures by what people see, and beside codecs that are known from publications alone."""

from __future__ import annotations

from typing import Any

from benchmarks import beyond
from benchmarks.image_seen import QUALITIES
from benchmarks.table_rows import Results, Rows, codec_labels, percent, table

_PSNR_TUNE = "vqcodec photo:tune=psnr"


def _with_extremes(row: dict[str, Any] | None) -> str:
    """The mean over the pictures, and in brackets the best and the worst of them."""
    return "–" if row is None else f"{percent(row['mean'])} ({percent(row['best'])} to {percent(row['worst'])})"


def _seen_against(results: Results, reference: str) -> Rows:
    """BD-rate of every other codec against the reference, in each measure."""
    labels = codec_labels(results)
    found = {(row["quality"], row["codec"]): row for row in results["bd_rate"] if row["reference"] == reference}
    measured = [quality for quality in QUALITIES if any(quality == key[0] for key in found)]
    heading = f"BD-rate against {labels.get(reference, reference)}, {results['pictures']}: mean (best to worst)"
    yield heading, *(QUALITIES[quality] for quality in measured)
    for codec, label in labels.items():
        if codec != reference:
            yield label, *(_with_extremes(found.get((quality, codec))) for quality in measured)


for _reference in ("avif", "avif-ssim"):
    table(f"image-seen-{_reference}", "image-seen")(lambda results, name=_reference: _seen_against(results, name))


@table("image-beyond", "image-colour")
def _beyond(results: Results) -> Rows:
    """What vqcodec takes more than codecs that are only known by published points."""
    yield (
        f"`{_PSNR_TUNE}` against, at equal RGB PSNR",
        "curve of the means",
        "mean of the pictures",
        "best",
        "worst",
        "RGB PSNR (dB)",
    )
    for row in beyond.compared(results["points"], _PSNR_TUNE):
        pictures = row["of_pictures"] or {}
        yield (
            row["label"],
            percent(row["mean_curve"]),
            *(percent(pictures.get(key)) for key in ("mean", "best", "worst")),
            f"{row['from_db']:.1f} to {row['to_db']:.1f}",
        )
