"""What a training found out, for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SHOWN = 5  # items of a memory
_SHOWN_FILES = 3
_SHOWN_LINES = 12  # of uses, and of curves
_BARS = "▁▂▃▄▅▆▇█"
_MOST_BARS = 40
_LEAST_RANGE = 0.02


def training_lines(record: Mapping[str, Any]) -> Iterator[str]:
    """Give lines on what a codebook brings, what of it is used, how it converged, and what was not trained on.

    Args:
        record: as docs/json.md describes it.
    """
    yield from _held_out_lines(record["held_out"])
    if "memory" in record:
        yield from memory_lines(record["memory"])
    yield from _shortened([_use_line(use) for use in record["usage"]])
    yield from _shortened([_curve_line(curve) for curve in record["convergence"]])
    corpus = record["corpus"]
    unread = len(corpus["left_out"])
    missing = [f"{unread:,} file{'s' * (unread != 1)} that cannot be read"] * bool(unread) + [
        re.sub(r"\((\w+)\)", lambda name: f"(--{name[1].replace('_', '-')})", clause) for clause in corpus["not_used"]
    ]
    for clause in missing:
        yield f"  not used: {clause}"


def _held_out_lines(held_out: Mapping[str, Any]) -> Iterator[str]:
    files = held_out["files"]
    if not files:
        yield "  held out: no files, so what the codebook brings is not known (--hold-out N keeps some to measure on)"
        return
    more = f" and {len(files) - _SHOWN_FILES:,} more" if len(files) > _SHOWN_FILES else ""
    yield f"  held out: {', '.join(files[:_SHOWN_FILES])}{more}"
    count, than = held_out["count"], held_out["compared_with"]
    origin = " (the training started from nothing)" if held_out["started_from"] == "nothing" else ""
    if held_out["saved_share"] is not None:
        share, gain = held_out["saved_share"], held_out["gain_db"]
        yield (
            f"    {_files(count)} {'takes' if count == 1 else 'take'} {100 * abs(share):.1f} % "
            f"{'less' if share >= 0 else 'more'} than with {than} at equal {held_out['measure']}"
            + (f", or {'has' if count == 1 else 'have'} {gain:+.2f} dB in equal bytes" if gain is not None else "")
            + origin
        )
    elif held_out["gain_db"] is not None:
        yield (
            f"    {_files(count)}: {held_out['gain_db']:+.2f} dB of {held_out['measure']} against {than}, "
            f"in equal bytes{origin}"
        )
    elif held_out["after"]:
        points = "; ".join(f"{point['bytes']:,} bytes at {point['decibels']:.2f} dB" for point in held_out["after"])
        compared = "" if than is None else f"; nothing to compare with {than} at"
        yield f"    {_files(count)}: {points} ({held_out['measure']}){compared}{origin}"
    for failure in held_out["not_measured"][:1]:
        yield f"    {_files(len(held_out['not_measured']))} could not be measured; first: {failure['reason']}"


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"


def _use_line(use: Mapping[str, Any]) -> str:
    perplexity = "" if use["perplexity"] is None else f", perplexity {use['perplexity']:.1f}"
    return f"  used: {use['used']:,} of {use['of']:,} {use['what']}{perplexity}"


def _curve_line(curve: Mapping[str, Any]) -> str:
    values = curve["values"]
    return f"  {curve['what']}: {values[0]:.5g} {bars(values)} {values[-1]:.5g} {curve['unit']}"


def _shortened(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:_SHOWN_LINES]
    if len(lines) > _SHOWN_LINES:
        yield f"    and {len(lines) - _SHOWN_LINES} more; --json lists them"


def bars(values: Sequence[float]) -> str:
    """Return a plot of some values on one line, from the least to the greatest; of many, some taken evenly.

    Values that differ by less than _LEAST_RANGE of the greatest do not fill its height.
    """
    count = min(len(values), _MOST_BARS)
    shown = [values[number * (len(values) - 1) // max(1, count - 1)] for number in range(count)]
    low, high = min(shown), max(shown)
    height = max(high - low, _LEAST_RANGE * abs(high)) or 1.0
    return "".join(_BARS[round((value - low) / height * (len(_BARS) - 1))] for value in shown)


def memory_lines(memory: Mapping[str, Any] | None) -> Iterator[str]:
    """Give lines on what a codebook remembers, and when that pays.

    Args:
        memory: as docs/json.md describes it; None if there is none, because no piece of the media pays.
    """
    if memory is None:
        yield "  memory: none; no picture saves the others more than it takes"
        return
    items = memory["items"]
    yield f"  memory: {len(items)} picture{'s' * (len(items) != 1)} of the corpus in {memory['bytes']:,} bytes"
    for item in items[:_SHOWN]:
        yield (
            f"    {item['file']}: {item['bytes']:,} bytes; saves {item['saves_bytes']:,} in {memory['files']:,} files"
        )
    if len(items) > _SHOWN:
        yield f"    and {len(items) - _SHOWN} more; --json lists them"
    held_out = memory["held_out"]
    if held_out["count"]:
        yield (
            f"  {held_out['count']} pictures that were left out for a test take"
            f" {100 * held_out['saved_share']:.1f} % less with such a memory, at quality {memory['quality']:g}"
        )
    pays = memory["pays_from_files"]
    yield (
        f"  the codebook takes {memory['codebook_bytes']:,} bytes beside the one that it was trained from; "
        + ("it does not pay" if pays is None else f"it pays from about {pays:,} files like these on")
    )
