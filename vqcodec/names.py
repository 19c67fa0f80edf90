"""Names of codebooks, engines and arrays: what they may be, and how to show one that came from a file.

Names are plain ASCII so that they can be file names on every system, typed in every shell and printed on
every terminal. Text out of a file that is not (or not yet) known to be such a name goes through `printable`.
"""

from __future__ import annotations

import re

_CODEBOOK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_ENGINE_NAME = re.compile(r"[a-z][a-z0-9]{0,15}/[a-z0-9][a-z0-9-]{0,30}")
_ARRAY_NAME = re.compile(r"[a-z][a-z0-9_./-]{0,63}")


def is_codebook_name(text: str) -> bool:
    """Whether `text` may name a codebook: 1 to 64 of `A-Z a-z 0-9 . _ + -`, the first a letter or digit."""
    return _CODEBOOK_NAME.fullmatch(text) is not None


def is_engine_name(text: str) -> bool:
    """Whether `text` has the form of an engine's name: medium/engine, as in `image/block`."""
    return _ENGINE_NAME.fullmatch(text) is not None


def is_array_name(text: str) -> bool:
    """Whether `text` may name an array: 1 to 64 of `a-z 0-9 _ . / -`, the first a letter."""
    return _ARRAY_NAME.fullmatch(text) is not None


def printable(text: str | bytes, most: int = 80) -> str:
    """`text` in at most `most` characters, safe for a terminal: what is not printable is escaped."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: most + 1])
    return shown if len(shown) <= most else shown[: most - 3] + "..."


def at(source: str) -> str:
    """The beginning of an error's message: `source` and a colon, or nothing when it has no name."""
    return f"{source}: " if source else ""
