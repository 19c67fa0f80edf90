"""vqcodec beside codecs that cannot be run here, by the points that their authors published for Kodak's 24 pictures.

The points are in benchmarks/published/kodak.json, each codec with its source: rates in bits per pixel and RGB PSNR in
dB. Some are of every picture, at several settings; of the others there are only means over the 24, under the name
`mean`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rate_distortion import bd_rates
from benchmarks.stored_points import Point

PUBLISHED = Path(__file__).parent / "published" / "kodak.json"
MEAN = "mean"
_QUALITY = "psnr_rgb"


def compared(points: Sequence[Point], codec: str, published: Path = PUBLISHED) -> list[dict[str, Any]]:
    """BD-rate in percent of a codec against every published one, at equal RGB PSNR.

    Args:
        points: of the codec, and perhaps of others: every picture at every setting.
        codec: its name in the points.

    Returns:
        A row a published codec: its `label`; `mean_curve`, on the curves of mean PSNR over mean rate; `of_pictures`,
        with the `mean`, `best` and `worst` of the pictures one by one, or None where only means are published; and
        `from_db` and `to_db`, what both mean curves reach. No rows for a codec that is not in the points.
    """
    document = json.loads(published.read_text("utf-8"))
    own = _with_means([point for point in points if point["codec"] == codec])
    rows = []
    for described in document["codecs"] if own else ():
        theirs = _with_means([point for point in document["points"] if point["codec"] == described["codec"]])
        of_means = bd_rates(_of_means([*own, *theirs]), described["codec"], _QUALITY)
        of_pictures = bd_rates(_of_pictures([*own, *theirs]), described["codec"], _QUALITY)
        spans = [[point[_QUALITY] for point in _of_means(curve)] for curve in (own, theirs)]
        rows.append(
            {
                "label": described["label"],
                "mean_curve": of_means[codec]["mean"],
                "of_pictures": of_pictures.get(codec),
                "from_db": max(map(min, spans)),
                "to_db": min(map(max, spans)),
            }
        )
    return rows


def _with_means(points: Sequence[Point]) -> list[Point]:
    """The points of one codec, and where they are of single pictures their means over the pictures by setting."""
    by_setting: dict[float, list[Point]] = {}
    for point in _of_pictures(points):
        by_setting.setdefault(point["setting"], []).append(point)
    means = [
        {"codec": group[0]["codec"], "picture": MEAN}
        | {key: float(np.mean([point[key] for point in group])) for key in ("bpp", _QUALITY)}
        for group in by_setting.values()
    ]
    return [*points, *means]


def _of_means(points: Sequence[Point]) -> list[Point]:
    return [point for point in points if point["picture"] == MEAN]


def _of_pictures(points: Sequence[Point]) -> list[Point]:
    return [point for point in points if point["picture"] != MEAN]
