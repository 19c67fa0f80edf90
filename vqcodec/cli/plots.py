"""Drawings: the measures of a video's frames, and what a training found out. They need matplotlib."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vqcodec.errors import UsageError
from vqcodec.metrics.squared_error import EXACT_PLANE_DB
from vqcodec.reports.video import VideoComparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".svg", ".png", ".pdf")
_COLUMNS, _WIDTH, _HEIGHT = 2, 5.0, 3.4  # of the drawings of a training; inches of each


def check_drawing(path: str) -> None:
    """Refuse a drawing that cannot be made.

    Args:
        path: its extension names the format, one of FORMATS.

    Raises:
        UsageError: matplotlib is not installed, or the extension is not one of FORMATS.
    """
    if _extension(path) not in FORMATS:
        raise UsageError(f"{path}: a drawing is {', '.join(FORMATS)}; choose one of them")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise UsageError("a drawing needs matplotlib: pip install matplotlib") from None


def video_drawing(comparison: VideoComparison, path: str) -> bytes:
    """Return a plot of the PSNR of Y, U and V by frame; arguments and errors as `check_drawing`."""
    check_drawing(path)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    numbers = range(comparison.frames)
    for plane in ("y", "u", "v"):
        values = [min(getattr(frame, f"psnr_{plane}_db"), EXACT_PLANE_DB) for frame in comparison.by_frame]
        axes.plot(numbers, values, label=plane.upper(), linewidth=1)
    axes.set_xlabel("frame")
    axes.set_ylabel("PSNR, dB")
    axes.set_title(f"{os.path.basename(comparison.test)}: 6:1:1 {comparison.mean.psnr_611_db:.2f} dB")
    axes.legend()
    axes.grid(alpha=0.3)
    return _file(figure, path)


def training_drawing(record: Mapping[str, Any], path: str) -> bytes:
    """Return plots of a training: what the codebook brings on held-out files, and how each objective went.

    The same record gives the same bytes.

    Args:
        record: as docs/json.md describes it. path: as of `check_drawing`, whose errors are raised.
    """
    check_drawing(path)
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    curves: dict[str, list[Mapping[str, Any]]] = {}  # by unit
    for curve in record["convergence"]:
        curves.setdefault(curve["unit"], []).append(curve)
    held_out = record["held_out"]
    count = max(1, len(curves) + bool(held_out["after"]))
    rows = -(-count // _COLUMNS)
    figure = Figure(figsize=(_COLUMNS * _WIDTH, rows * _HEIGHT), layout="constrained")
    figure.suptitle(f"{record['name']} ({record['engine']})")
    places = iter(figure.subplots(rows, _COLUMNS, squeeze=False).ravel())
    if held_out["after"]:
        axes = next(places)
        for points, label in ((held_out["before"], held_out["compared_with"]), (held_out["after"], record["name"])):
            if points:
                axes.plot(*zip(*((p["bytes"], p["decibels"]) for p in points)), "o-", label=label)
        axes.set_xlabel("bytes of the files that were held out")
        axes.set_ylabel(f"{held_out['measure']}, dB")
        axes.legend()
    for unit, of_unit in curves.items():
        axes = next(places)
        for curve in of_unit:
            axes.plot(range(1, len(curve["values"]) + 1), curve["values"], ".-", label=curve["what"])
        axes.set_xlabel("round or iteration")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel(unit, fontsize="small")
        axes.legend(fontsize="x-small")
    for axes in places:
        axes.set_axis_off()
    return _file(figure, path)


def _extension(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _file(figure: Figure, path: str) -> bytes:
    """Return a figure as the bytes of a file; they do not depend on the time."""
    import matplotlib

    written = io.BytesIO()
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(_extension(path))
    with matplotlib.rc_context({"svg.hashsalt": "vqcodec"}):
        figure.savefig(written, format=_extension(path)[1:], metadata=undated)
    return written.getvalue()
