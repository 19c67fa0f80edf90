"""The tables of speech: rows from the results of `benchmarks.speech`."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.table_rows import Results, Rows, codec_labels, table

_GROUPS = ("all", "men", "women")


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _share(percent: float | None) -> str:
    return "–" if percent is None else f"{percent:.0f} %"


def _mean_share(percents: Iterable[float | None]) -> float | None:
    """The geometric mean of those that there are."""
    known = [percent for percent in percents if percent is not None]
    return statistics.geometric_mean(known) if known else None


def _comparison(band: str) -> Callable[[Results], Rows]:
    """Every point of every peer, and what the default codebook needs of its bits at equal quality."""

    def rows(results: Results) -> Rows:
        pesq = f"PESQ-{band.upper()}"
        yield (
            f"peers, mean of {results['clips']} clips",
            "kbit/s",
            pesq,
            "STOI",
            "ViSQOL",
            f"vqcodec's bits at equal {pesq}",
            "at equal STOI",
            "at equal ViSQOL",
        )
        labels = codec_labels(results)
        needed = {(row["codec"], row["setting"]): row for row in _default_rows(results["bits_needed"], band, "all")}
        for row in _peer_rows(results, band):
            shares = needed.get((row["codec"], row["setting"]), {})
            yield (
                f"{labels[row['codec']]} {row['setting']}",
                f"{row['payload_kbps']:.2f}",
                _number(row["pesq"], 2),
                _number(row["stoi"], 3),
                _number(row["visqol"], 2),
                *(_share(shares.get(f"{quality}_percent")) for quality in ("pesq", "stoi", "visqol")),
            )

    return rows


for _band in ("nb", "wb"):
    table(f"speech-{_band}", "speech")(_comparison(_band))


@table("speech-summary", "speech")
def _summary(results: Results) -> Rows:
    """By peer, the geometric mean over its points of what the default codebook needs of its bits."""
    yield (
        f"vqcodec's bits, mean of {results['clips']} clips",
        "peer's kbit/s",
        "at equal PESQ",
        "at equal STOI",
        "at equal ViSQOL",
    )
    labels = codec_labels(results)
    for band in ("nb", "wb"):
        rows = _default_rows(results["bits_needed"], band, "all")
        for codec in dict.fromkeys(row["codec"] for row in rows):
            own = [row for row in rows if row["codec"] == codec]
            shares = [_mean_share(row[f"{quality}_percent"] for row in own) for quality in ("pesq", "stoi", "visqol")]
            if any(share is not None for share in shares):
                rates = sorted(row["payload_kbps"] for row in own)
                yield (f"{labels[codec]} ({band})", f"{rates[0]:.1f}–{rates[-1]:.1f}", *map(_share, shares))


@table("speech-floors", "speech")
def _floors(results: Results) -> Rows:
    """What the default codebooks reach at round rates."""
    yield f"mean of {results['clips']} clips", "kbit/s", "PESQ", "STOI", "ViSQOL", "PESQ, men", "PESQ, women"
    for row in results["floors"]:
        if row["candidate"] == "vqcodec":
            yield (
                {"nb": "narrowband", "wb": "wideband"}[row["band"]],
                f"{row['kbps']:g}",
                _number(row["pesq"], 2),
                _number(row["stoi"], 3),
                _number(row["visqol"], 2),
                _number(row["pesq_men"], 2),
                _number(row["pesq_women"], 2),
            )


@table("speech-ladder", "speech")
def _ladder(results: Results) -> Rows:
    """The default codebooks by quality: rates and measures, men and women apart."""
    yield (
        "quality",
        "kbit/s (payload)",
        "kbit/s (file)",
        "PESQ",
        "worst clip",
        "STOI",
        "ViSQOL",
        "PESQ, men",
        "PESQ, women",
    )
    by_key = {(row["band"], row["codec"], row["setting"], row["group"]): row for row in results["mean"]}
    for (band, codec, setting, group), row in by_key.items():
        if codec == "vqcodec" and group == "all":
            men, women = (by_key.get((band, codec, setting, other), {}).get("pesq") for other in _GROUPS[1:])
            yield (
                f"{band} {setting}",
                f"{row['payload_kbps']:.2f}",
                f"{row['file_kbps']:.2f}",
                _number(row["pesq"], 2),
                _number(row["pesq_min"], 2),
                _number(row["stoi"], 3),
                _number(row["visqol"], 2),
                _number(men, 2),
                _number(women, 2),
            )


@table("speech-speed", "speech-speed")
def _speed(results: Results) -> Rows:
    """Real-time factors near 6 kbit/s (narrowband) and 12 kbit/s (wideband)."""
    labels = codec_labels(results)
    yield "codec", "setting", "encodes, x real time", "decodes, x real time"
    for row in results["speed"]:
        yield (
            f"{labels[row['codec']]} ({row['band']})",
            row["setting"],
            f"{row['encode_x_real_time']:.0f}",
            f"{row['decode_x_real_time']:.0f}",
        )


@table("speech-robustness", "speech-robustness")
def _robustness(results: Results) -> Rows:
    """Opus and the default codebook at the same rate, on sound that is not one voice in a quiet room."""
    yield f"{results['peer']} and vqcodec", "clips", *("kbit/s", "PESQ", "STOI", "ViSQOL") * 2
    rows = results["rows"]
    for peer, own in zip(rows[::2], rows[1::2], strict=True):
        figures = [
            _number(row[key], digits)
            for row in (peer, own)
            for key, digits in (("payload_kbps", 2), ("pesq", 2), ("stoi", 3), ("visqol", 2))
        ]
        yield peer["condition"], peer["clips"], *figures


@table("announcer", "announcer")
def _announcer(results: Results) -> Rows:
    """What a codebook trained on one announcer needs of the shipped one's bits, on prompts it has not heard."""
    yield (
        f"`speech-nb` on {results['clips']} clips ({results['clips_s']:.0f} s)",
        "kbit/s",
        "PESQ",
        "STOI",
        "ViSQOL",
        "announcer's bits at equal PESQ",
        "at equal STOI",
        "at equal ViSQOL",
    )
    for row in results["rates"]:
        yield (
            f"-q {row['setting']}",
            f"{row['payload_kbps']:.2f}",
            _number(row["pesq"], 2),
            _number(row["stoi"], 3),
            _number(row["visqol"], 2),
            *(_share(row[f"{quality}_percent"]) for quality in ("pesq", "stoi", "visqol")),
        )


def _peer_rows(results: Results, band: str) -> list[dict[str, Any]]:
    rows = [row for row in results["mean"] if row["band"] == band and row["group"] == "all"]
    return sorted((row for row in rows if not row["codec"].startswith("vqcodec")), key=lambda row: row["payload_kbps"])


def _default_rows(rows: list[dict[str, Any]], band: str, group: str) -> list[dict[str, Any]]:
    return [row for row in rows if (row["candidate"], row["band"], row["group"]) == ("vqcodec", band, group)]
