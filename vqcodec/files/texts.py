"""Texts of sound and video files: the titles that are kept, and texts of several values, such as two artists.

A text is text by title. Several values of one title stand in it one after the other, with `BETWEEN` between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

TITLES = (
    "title", "artist", "albumartist", "performer", "composer", "conductor", "lyricist", "album", "discsubtitle",
    "tracknumber", "tracktotal", "discnumber", "disctotal", "date", "originaldate", "genre", "language", "publisher",
    "isrc", "comment", "description", "copyright", "license", "creation_time",
)  # fmt: skip
"""What is kept. The name of the program that wrote a file is not, since it says nothing about what it holds."""

BETWEEN = "\0"
_MOST_BYTES = 1 << 16  # of a text; a longer one is no text for people
_ALIASES = {
    "album_artist": "albumartist", "album artist": "albumartist", "track": "tracknumber", "totaltracks": "tracktotal",
    "disc": "discnumber", "totaldiscs": "disctotal", "organization": "publisher", "label": "publisher",
}  # fmt: skip
"""What else files call them."""


def title_of(name: str) -> str | None:
    """Return the title that a name in a file stands for; None if it is not kept."""
    title = _ALIASES.get(name.lower(), name.lower())
    return title if title in TITLES else None


def collected(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return texts by title of names and values in the order of a file; what is not kept or empty is left out."""
    texts: dict[str, list[str]] = {}
    for name, value in found:
        title, text = title_of(name), value.replace(BETWEEN, " ")
        if title is None or not text.strip() or text in texts.get(title, ()):
            continue
        if len(BETWEEN.join([*texts.get(title, ()), text]).encode("utf-8", "replace")) <= _MOST_BYTES:
            texts.setdefault(title, []).append(text)
    return in_order({title: BETWEEN.join(values) for title, values in texts.items()})


def in_order(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts whose titles are in TITLES, in that order."""
    return {title: texts[title] for title in TITLES if title in texts}


def values_of(text: str) -> list[str]:
    """Return the values of a text."""
    return [value for value in text.split(BETWEEN) if value]


def in_one(text: str) -> str:
    """Return a text for where only one value has a place: several are joined."""
    return "; ".join(values_of(text))


def all_in_one(texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts by title, each `in_one`."""
    return {title: in_one(text) for title, text in texts.items()}
