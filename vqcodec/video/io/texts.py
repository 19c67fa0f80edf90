"""Texts of video files, such as their title, as FFmpeg's `ffmetadata` has them.

Source: FFmpeg's documentation of formats, section "Metadata".
"""

from __future__ import annotations

from collections.abc import Mapping

TITLES = (
    "title", "artist", "album", "date", "genre", "comment", "copyright", "license", "description", "creation_time",
)  # fmt: skip
"""Texts that are kept, by FFmpeg's names; not the name of the program that wrote a file, which says nothing of it."""

_HEAD = ";FFMETADATA1"
_SPECIAL = "\\=;#\n"


def parse_texts(told: str) -> dict[str, str]:
    """The texts of a whole file in `ffmetadata`, as far as they are kept; those of streams and chapters are not."""
    texts: dict[str, str] = {}
    for key, value in _entries(told):
        title = key.lower()
        if title in TITLES and value.strip():
            texts.setdefault(title, value)
    return texts


def ffmetadata(texts: Mapping[str, str]) -> str:
    """The other way round; texts under titles that are not kept are left out."""
    rows = [f"{title}={_escaped(texts[title])}\n" for title in TITLES if title in texts]
    return f"{_HEAD}\n{''.join(rows)}"


def _entries(told: str) -> list[tuple[str, str]]:
    """Keys and values up to the first section; a backslash takes the next character as it is."""
    found: list[tuple[str, str]] = []
    key: str | None = None
    part: list[str] = []
    characters = iter(told)
    for character in characters:
        if character == "\\":
            part.append(next(characters, ""))
        elif character == "=" and key is None:
            key, part = "".join(part), []
        elif character == "\n":
            if key is not None:
                found.append((key, "".join(part)))
            key, part = None, []
        elif character == "[" and key is None and not part:
            break
        else:
            part.append(character)
    return found


def _escaped(text: str) -> str:
    """`text` as a value: a C string, so that it ends before a character of code 0.

    Behind a backslash at its end stands a space, since FFmpeg takes the end of that line for escaped.
    """
    whole = text.partition("\0")[0].replace("\r\n", "\n")
    if whole.endswith("\\"):
        whole += " "
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in whole)
