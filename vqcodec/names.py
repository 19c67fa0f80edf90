"""Names of codebooks, engines and arrays: their rules, and safe printing of text from files.

Names are plain ASCII, so that they work as file names on every system, in every shell and on every terminal. Text from
a file that may not be such a name is printed through `printable`.
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
    """Whether `text` has the form of the name of an engine: medium/engine, such as `image/block`."""
    return _ENGINE_NAME.fullmatch(text) is not None


def is_array_name(text: str) -> bool:
    """Whether `text` may name an array: 1 to 64 of `a-z 0-9 _ . / -`, the first a letter."""
    return _ARRAY_NAME.fullmatch(text) is not None


def visible(text: str) -> str:
    """Return `text` with its unprintable characters, such as line ends and control codes, escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def printable(text: str | bytes, most: int = 80) -> str:
    """Return `text` in at most `most` characters, safe for a terminal: unprintable characters are escaped."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    shown = visible(text[: most + 1])
    return shown if len(shown) <= most else shown[: most - 3] + "..."


def shortened(text: str, most: int) -> str:
    """Return `text` in at most `most` characters, at least 8; its middle is left out if need be."""
    if len(text) <= most:
        return text
    begin = (most - 3) // 3
    return f"{text[:begin]}...{text[len(text) - (most - 3 - begin) :]}"


def at(source: str) -> str:
    """Return the beginning of an error message: `source` and a colon; "" if it has no name."""
    return f"{source}: " if source else ""
