"""Parts of lines that reports on all media share."""

from __future__ import annotations

import math

from vqcodec.reports.base import CodebookUse, Report, labelled_values

STDOUT_NAME = "<stdout>"


def decibels(value: float | None) -> str:
    """As in "8.31 dB", "exact" where there is no error at all, "silent" where there is no signal."""
    if value is None:
        return "silent"
    return f"{value:.2f} dB" if math.isfinite(value) else "exact"


def seconds(value: float) -> str:
    """As in "7.34 s", "1:02:07" from a minute on."""
    if value < 60:
        return f"{value:.2f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def codebook_line(codebook: CodebookUse) -> str:
    """Return name, first digits of the identity, and whether it is at hand."""
    where = "embedded" if codebook.embedded else "at hand" if codebook.found else "not at hand"
    return f"{codebook.name or 'unnamed'} ({codebook.identity[:16]}, {where})"


def measure_texts(report: Report) -> dict[str, str]:
    """Return the text of each measure that has a `reports.base.Label`, by that label.

    Measures that are None are left out.
    """
    texts = {}
    for label, value in labelled_values(report):
        if value is not None:
            number = f"{value:.2f} dB" if label.decibels else f"{value:.{label.digits}f}"
            texts[label.text] = number if math.isfinite(value) else "exact"
    return texts
