"""Contact sheets: many small pictures or curves in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqcodec.report_page.embedding import picture_uri

_GAP = 1  # samples between tiles
_BACKGROUND = 255


@dataclass(frozen=True)
class Figure:
    """A figure of an atlas: a picture, or curves as paths of an SVG.

    Attributes:
        title, caption: what stands above and below it.
        width, height: of the picture in the page, or of the drawing's coordinates.
        picture: its URI; empty for a drawing.
        paths: of the drawing. stroke, opacity: of its lines.
    """

    title: str
    caption: str
    width: int
    height: int
    picture: str = ""
    paths: Sequence[str] = ()
    stroke: float = 1.0
    opacity: float = 1.0


def sheet(title: str, caption: str, tiles: NDArray[np.uint8], columns: int, enlarged: int = 1) -> Figure:
    """Return tiles in rows.

    Args:
        tiles: uint8 (tiles, height, width, 1 or 3), in the order of reading.
        columns: tiles in a row.
        enlarged: how many pixels of the page a sample takes on each side.
    """
    count, height, width, channels = tiles.shape
    rows = -(-count // columns)
    whole = np.full(
        (rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, channels), _BACKGROUND, dtype=np.uint8
    )
    for number, tile in enumerate(tiles):
        top = _GAP + number // columns * (height + _GAP)
        left = _GAP + number % columns * (width + _GAP)
        whole[top : top + height, left : left + width] = tile
    return Figure(title, caption, whole.shape[1] * enlarged, whole.shape[0] * enlarged, picture_uri(whole))


def signed_tiles(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return signed tiles, float (tiles, height, width), as pictures: 0 is grey, and each tile uses the whole range."""
    largest = np.maximum(np.abs(values).max(axis=(1, 2), keepdims=True), 1e-9)
    return np.clip(np.round(128 + 127 * values / largest), 0, 255).astype(np.uint8)[..., None]


def curves(title: str, caption: str, rows: NDArray[np.float64], columns: int) -> Figure:
    """Return curves side by side, each in a cell of its own, which it fills.

    Args:
        rows: float (curves, samples).
        columns: cells in a row.
    """
    width, height = 60, 30
    paths = []
    for number, row in enumerate(rows):
        top, left = number // columns * height, number % columns * width
        x = left + 3 + (width - 6) * np.arange(len(row)) / max(1, len(row) - 1)
        y = top + height / 2 - (height / 2 - 2) * row / (float(np.abs(row).max()) or 1.0)
        paths.append(_path(x, y))
    return Figure(title, caption, columns * width, -(-len(rows) // columns) * height, paths=paths, stroke=0.8)


def overlaid(title: str, caption: str, rows: NDArray[np.float64], low: float, high: float) -> Figure:
    """Return curves over each other, float (curves, samples), between two values."""
    width, height = 320, 160
    x = width * np.arange(rows.shape[1]) / (rows.shape[1] - 1)
    y = height * (1 - (np.clip(rows, low, high) - low) / (high - low))
    return Figure(title, caption, width, height, paths=[_path(x, row) for row in y], stroke=0.8, opacity=0.45)


def _path(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return "M" + "L".join(f"{across:.1f} {down:.1f}" for across, down in zip(x, y))
