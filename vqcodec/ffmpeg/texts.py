"""Texts of video files, such as their title, in FFmpeg's format `ffmetadata`.

Source: FFmpeg's documentation of formats, section "Metadata".
"""

from __future__ import annotations

from collections.abc import Mapping

TITLES = (
    "title", "artist", "album", "date", "genre", "comment", "copyright", "license", "description", "creation_time",
)  # fmt: skip
"""FFmpeg's names of the texts that are kept. The name of the program that wrote a file is not among them."""

_HEAD = ";FFMETADATA1"
_SPECIAL = "\\=;#\n"


def parse_texts(told: str) -> dict[str, str]:
    """Return the texts of a file by title, from `ffmetadata`; without those of streams and chapters."""
    texts: dict[str, str] = {}
    for key, value in _entries(told):
        title = key.lower()
        if title in TITLES and value.strip():
            texts.setdefault(title, value)
    return texts


def ffmetadata(texts: Mapping[str, str]) -> str:
    """Return texts as `ffmetadata`; only those whose titles are in TITLES."""
    rows = [f"{title}={_escaped(texts[title])}\n" for title in TITLES if title in texts]
    return f"{_HEAD}\n{''.join(rows)}"


def _entries(told: str) -> list[tuple[str, str]]:
    """Return the keys and values up to the first section; a character after a backslash has no special meaning."""
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
    """Return `text` as a value. It ends before a character of code 0, as in C.

    After a backslash at the end comes a space, since FFmpeg would treat the end of the line as escaped.
    """
    whole = text.partition("\0")[0].replace("\r\n", "\n")
    if whole.endswith("\\"):
        whole += " "
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in whole)
