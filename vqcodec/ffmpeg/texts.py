"""Texts of video files, such as their title, in FFmpeg's format `ffmetadata`.

Source: FFmpeg's documentation of formats, section "Metadata".
"""

from __future__ import annotations

from collections.abc import Mapping

from vqcodec.files.texts import collected, in_one, in_order

_OWN_NAMES = {"tracknumber": "track", "discnumber": "disc", "albumartist": "album_artist"}
"""FFmpeg's names of the texts that it calls otherwise."""

_HEAD = ";FFMETADATA1"
_SPECIAL = "\\=;#\n"


def parse_texts(told: str) -> dict[str, str]:
    """Return the texts of a file by title, from `ffmetadata`; without those of streams and chapters."""
    return collected(_entries(told))


def ffmetadata(texts: Mapping[str, str]) -> str:
    """Return texts as `ffmetadata`, by title in the order of TITLES; several values are joined."""
    rows = [f"{_OWN_NAMES.get(title, title)}={_escaped(in_one(text))}\n" for title, text in in_order(texts).items()]
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
    """Return `text` as a value.

    After a backslash at the end comes a space, since FFmpeg would treat the end of the line as escaped.
    """
    whole = text.replace("\r\n", "\n")
    if whole.endswith("\\"):
        whole += " "
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in whole)
