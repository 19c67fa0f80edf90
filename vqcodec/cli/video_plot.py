"""A plot of the measures of a video's frames. It needs matplotlib."""

from __future__ import annotations

import io
import os

from vqcodec.errors import UsageError
from vqcodec.metrics.squared_error import EXACT_PLANE_DB
from vqcodec.reports.video import VideoComparison

FORMATS = (".svg", ".png", ".pdf")


def drawing(comparison: VideoComparison, path: str) -> bytes:
    """Return a plot of the PSNR of Y, U and V by frame.

    Args:
        comparison: the measures.
        path: its extension names the format, one of FORMATS.

    Raises:
        UsageError: matplotlib is not installed, or the extension is not one of FORMATS.
    """
    extension = os.path.splitext(path)[1].lower()
    if extension not in FORMATS:
        raise UsageError(f"{path}: a drawing is {', '.join(FORMATS)}; choose one of them")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("a drawing needs matplotlib: pip install matplotlib") from None
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
    written = io.BytesIO()
    figure.savefig(written, format=extension[1:])
    return written.getvalue()
