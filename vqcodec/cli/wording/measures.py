"""The measures of a comparison that are printed on a line of their own (those with a `reports.base.Label`)."""

from __future__ import annotations

import math

from vqcodec.reports import Report
from vqcodec.reports.base import labelled_values


def measure_texts(report: Report) -> dict[str, str]:
    """Return the text of each labelled measure by its label; measures that are None are left out."""
    texts = {}
    for label, value in labelled_values(report):
        if value is not None:
            number = f"{value:.2f} dB" if label.decibels else f"{value:.{label.digits}f}"
            texts[label.text] = number if math.isfinite(value) else "exact"
    return texts
