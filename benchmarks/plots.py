"""Rate-distortion plots as SVG, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def plot_curves(
    path: Path,
    title: str,
    curves: Sequence[dict[str, Any]],
    labels: dict[str, str],
    quality: str,
    axis: str,
    *,
    rate: str = "bpp",
    rate_axis: str = "bits per pixel (whole files)",
) -> bool:
    """Draw one line a codec: mean rate (logarithmic) against mean quality.

    Args:
        curves: rows such as those of `rate_distortion.mean_curves`; those without the quality are left out.
        labels: for each codec's name, what the legend says.
        quality, axis: the key of the rows to draw, and what its axis says.
        rate, rate_axis: likewise for the rate.

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
            drawn = (row for row in curves if row["codec"] == name and row[quality] is not None)
            rows = sorted(drawn, key=lambda row: row[rate])
            vqcodec = name.startswith("vqcodec")
            axes.plot(
                [row[rate] for row in rows],
                [row[quality] for row in rows],
                ".-" if vqcodec else ".--",
                linewidth=2.2 if vqcodec else 1.2,
                label=label,
            )
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda rate, _: f"{rate:g}"))
        axes.set(title=title, xlabel=rate_axis, ylabel=axis)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
    return True
