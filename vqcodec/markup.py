"""Results as HTML, for notebooks: tables, pictures and curves. All text is escaped."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_MOST_LISTED = 12
_WIDTH, _HEIGHT = 480, 140  # of a curve
_COLOURS = ("#28548f", "#b4502a", "#3d7d3d")


def table(title: str, rows: Mapping[str, Any]) -> str:
    """Return a table of names and values: numbers, texts, and mappings and lists of them; None is left out."""
    lines = [
        f'<tr><th style="text-align:left">{escape(name.replace("_", " "))}</th>'
        f'<td style="text-align:left">{_cell(value)}</td></tr>'
        for name, value in rows.items()
        if value is not None and value not in ("", [], {}, ())
    ]
    return f'<table><caption style="text-align:left"><b>{escape(title)}</b></caption>{"".join(lines)}</table>'


def picture(png: bytes, text: str) -> str:
    """Return a picture, of the bytes of a PNG file, with a text in its place for those who do not see it."""
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{_base64(png)}">'


def player(wav: bytes) -> str:
    """Return controls that play a sound, of the bytes of a WAV file."""
    return f'<audio controls src="data:audio/wav;base64,{_base64(wav)}"></audio>'


def curves(title: str, unit: str, values: Mapping[str, Sequence[float | None]]) -> str:
    """Return curves by name over the same places; infinite values and None leave a gap."""
    finite = [value for row in values.values() for value in row if value is not None and math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    span = (high - low) or 1.0
    drawn = []
    for (name, row), colour in zip(values.items(), _COLOURS, strict=False):
        step = _WIDTH / max(1, len(row) - 1)
        pieces = [
            " ".join(f"{step * place:.1f},{_HEIGHT * (1 - (value - low) / span):.1f}" for place, value in piece)
            for piece in _pieces(row)
        ]
        drawn += [f'<polyline fill="none" stroke="{colour}" points="{points}"/>' for points in pieces]
        drawn.append(f'<text x="{_WIDTH + 8}" y="{16 * len(drawn)}" fill="{colour}">{escape(name)}</text>')
    caption = f"{title}, {low:.2f} to {high:.2f} {unit}"
    return (
        f'<figure style="margin:0"><figcaption>{escape(caption)}</figcaption>'
        f'<svg width="{_WIDTH + 80}" height="{_HEIGHT + 4}" viewBox="0 -2 {_WIDTH + 80} {_HEIGHT + 4}">'
        f"{''.join(drawn)}</svg></figure>"
    )


def _pieces(row: Iterable[float | None]) -> list[list[tuple[int, float]]]:
    """Return runs of finite values with their places."""
    pieces: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(row):
        if value is None or not math.isfinite(value):
            pieces.append([])
        else:
            pieces[-1].append((place, value))
    return [piece for piece in pieces if piece]


def _cell(value: Any) -> str:
    return escape(_text(value))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(inner)}" for name, inner in value.items() if inner is not None)
    if isinstance(value, (list, tuple)):
        shown = "; ".join(map(_text, value[:_MOST_LISTED]))
        return shown if len(value) <= _MOST_LISTED else f"{shown}; and {len(value) - _MOST_LISTED} more"
    return str(value)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
