"""Rate-distortion plots as SVG, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def plot_curves(
    path: Path, title: str, curves: Sequence[dict[str, Any]], labels: dict[str, str], quality: str, axis: str
) -> bool:
    """Draw one line a codec: mean rate (bpp, logarithmic) against mean quality.

    Args:
        curves: rows of `rate_distortion.mean_curves`.
        labels: for each codec's name, what the legend says.
        quality: the key of the rows to draw, in dB.

    Returns:
        False if matplotlib is not installed, and nothing has been drawn.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("Agg")
    from matplotlib import pyplot

    with mpl.rc_context({"svg.hashsalt": "vqcodec", "svg.fonttype": "none", "font.size": 10, "axes.spines.top": False}):
        figure, axes = pyplot.subplots(figsize=(7, 4.6), layout="constrained")
        for name, label in labels.items():
            rows = sorted((row for row in curves if row["codec"] == name), key=lambda row: row["bpp"])
            vqcodec = name.startswith("vqcodec")
            axes.plot(
                [row["bpp"] for row in rows],
                [row[quality] for row in rows],
                ".-" if vqcodec else ".--",
                linewidth=2.2 if vqcodec else 1.2,
                label=label,
            )
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda rate, _: f"{rate:g}"))
        axes.set(title=title, xlabel="bits per pixel (whole files)", ylabel=axis)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
    return True
