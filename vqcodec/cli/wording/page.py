"""Lines about pages."""

from __future__ import annotations

from vqcodec.reports.page import InputReport

_MEDIA = {"image": "picture", "speech": "speech", "video": "video"}


def input_line(shown: InputReport) -> str:
    """Return the line about an input that a page shows."""
    codecs = ", ".join(dict.fromkeys(coding.codec for coding in shown.codings))
    count = len(shown.codings)
    return f"{shown.input}: {_MEDIA[shown.medium]}, {count} coding{'' if count == 1 else 's'} ({codecs})"
