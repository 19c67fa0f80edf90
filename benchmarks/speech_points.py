"""Measuring speech codecs on clips: points of rate and quality, cached for the peers, and their comparison.

A point is a dictionary that goes into the JSON as it is: `clip`, `sex`, `band`, `codec`, `setting`, `payload_kbps`
(the codec's own bits), `file_kbps` (whole files), `pesq` (NB or WB by band), `stoi`, `visqol`.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speech_data import Clip, Samples
from benchmarks.speech_peers import SpeechCodec
from benchmarks.stored_points import Point, StoredPoints
from vqcodec.metrics import perceptual
from vqcodec.metrics.speech import aligned, delay

QUALITIES = {"pesq": "PESQ", "stoi": "STOI", "visqol": "ViSQOL"}
GROUPS = ("all", "men", "women")
DELAY_CLIPS = 7


class PointCache(StoredPoints):
    """Points from earlier runs, kept by codec, setting and samples."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path)
        self._delays: dict[tuple[str, str, str], int] = {}

    def points(self, codec: SpeechCodec, clips: Sequence[Clip], setting: str) -> list[Point]:
        """A point for each clip: the stored one, or a new measurement; without an identity always a new one."""
        return [self._point(codec, clips, clip, setting) for clip in clips]

    def _point(self, codec: SpeechCodec, clips: Sequence[Clip], clip: Clip, setting: str) -> Point:
        digest = hashlib.sha256(clip.samples.tobytes()).hexdigest()[:32]
        point = self.recall(
            codec.identity,
            f"{codec.band} @ {setting} / {digest}",
            lambda: measure(codec, clip, setting, self._delay(codec, clips, setting)),
        )
        return point | {"clip": clip.name, "sex": clip.sex}

    def _delay(self, codec: SpeechCodec, clips: Sequence[Clip], setting: str) -> int:
        """The delay at the setting if that is a codec of its own, else at the last one, where it is clearest."""
        setting = setting if codec.modes else codec.ladder[-1]
        key = (codec.name, codec.band, setting)
        if key not in self._delays:
            self._delays[key] = typical_delay(codec, clips[:: max(1, len(clips) // DELAY_CLIPS)], setting)
        return self._delays[key]


def typical_delay(codec: SpeechCodec, clips: Sequence[Clip], setting: str) -> int:
    """A codec's delay in samples: the median over some clips.

    Coders that do not match the waveform give no clear peak on a single clip, and a codec has one delay only.
    """
    return round(
        statistics.median(
            delay(clip.samples, codec.decode(codec.encode(clip.samples, setting), setting), clip.sample_rate)
            for clip in clips
        )
    )


def measure(codec: SpeechCodec, clip: Clip, setting: str, late: int) -> Point:
    """Encode and decode one clip at one setting; `late` is the codec's delay in samples."""
    data = codec.encode(clip.samples, setting)
    decoded = codec.decode(data, setting)
    reference, test = aligned(clip.samples, _padded(decoded, clip.samples.size + late), late)
    rate = clip.sample_rate
    return {
        "clip": clip.name,
        "sex": clip.sex,
        "band": codec.band,
        "codec": codec.name,
        "setting": setting,
        "payload_kbps": round(codec.payload_bits(data, setting, clip.samples.size) / clip.seconds / 1000, 4),
        "file_kbps": round(8 * len(data) / clip.seconds / 1000, 4),
        "pesq": _rounded(perceptual.pesq(reference, test, rate, codec.band)),
        "stoi": _rounded(perceptual.stoi(reference, test, rate)),
        "visqol": _rounded(perceptual.visqol(reference, test, rate)),
    }


def mean_rows(points: Iterable[Point]) -> list[dict[str, Any]]:
    """One row a codec, setting and group (all, men, women): mean rates and qualities, and the worst PESQ.

    Rates are means over the clips, each counting alike, as the qualities are.
    """
    groups: dict[tuple[str, str, str, str], list[Point]] = {}
    for point in points:
        for group in ("all", point["sex"]):
            if group:
                groups.setdefault((point["band"], point["codec"], point["setting"], group), []).append(point)
    return [
        dict(zip(("band", "codec", "setting", "group"), key, strict=True)) | _means(group)
        for key, group in groups.items()
    ]


def rate_at(rows: Sequence[dict[str, Any]], quality: str, wanted: float) -> float | None:
    """The payload rate in kbit/s at which a codec reaches a quality, between its measured points.

    The logarithm of the rate is interpolated linearly over the quality; None outside the measured range.

    Args:
        rows: of one codec and group.
    """
    curve = _rising(rows, quality)
    if len(curve) < 2 or not curve[0][1] <= wanted <= curve[-1][1]:
        return None
    rates, values = zip(*curve)
    return float(np.exp(np.interp(wanted, values, np.log(rates))))


def quality_at(rows: Sequence[dict[str, Any]], quality: str, kbps: float) -> float | None:
    """The quality that a codec has at a payload rate, interpolated likewise; None outside the measured range."""
    curve = _rising(rows, quality)
    if len(curve) < 2 or not curve[0][0] <= kbps <= curve[-1][0]:
        return None
    rates, values = zip(*curve)
    return float(np.interp(np.log(kbps), np.log(rates), values))


def bits_needed(rows: Sequence[dict[str, Any]], candidate: str, group: str = "all") -> list[dict[str, Any]]:
    """For each point of each peer: what the candidate needs of its bits at equal quality, in percent.

    Returns:
        Rows of `band`, `codec`, `setting`, `payload_kbps`, the peer's qualities, and `pesq_percent`,
        `stoi_percent`, `visqol_percent`; None where the candidate was not measured at such a quality.
    """
    mine = [row for row in rows if row["codec"] == candidate and row["group"] == group]
    return [
        {key: row[key] for key in ("band", "codec", "setting", "payload_kbps", *QUALITIES)}
        | {f"{quality}_percent": _percent(mine, row, quality) for quality in QUALITIES}
        for row in rows
        if row["group"] == group and not row["codec"].startswith("vqcodec")
    ]


def _percent(mine: Sequence[dict[str, Any]], row: dict[str, Any], quality: str) -> float | None:
    same_band = [own for own in mine if own["band"] == row["band"]]
    needed = None if row[quality] is None else rate_at(same_band, quality, row[quality])
    return None if needed is None else round(100 * needed / row["payload_kbps"], 1)


def _rising(rows: Sequence[dict[str, Any]], quality: str) -> list[tuple[float, float]]:
    """Rate and quality by rising rate; points that are no better than a cheaper one are left out."""
    curve: list[tuple[float, float]] = []
    for row in sorted(rows, key=lambda row: row["payload_kbps"]):
        if row[quality] is not None and (not curve or row[quality] > curve[-1][1]):
            curve.append((row["payload_kbps"], row[quality]))
    return curve


def _means(group: Sequence[Point]) -> dict[str, Any]:
    def mean(key: str) -> float | None:
        values = [point[key] for point in group if point[key] is not None]
        return round(float(np.mean(values)), 4) if values else None

    scores = [point["pesq"] for point in group if point["pesq"] is not None]
    return {
        "clips": len(group),
        **{key: mean(key) for key in ("payload_kbps", "file_kbps", *QUALITIES)},
        "pesq_min": min(scores, default=None),
    }


def _padded(samples: Samples, length: int) -> Samples:
    """A decoder that ends early has given silence."""
    return np.pad(samples, (0, max(0, length - samples.size)))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
