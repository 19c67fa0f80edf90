"""Texts of sound and video files, such as their title, as the container keeps them."""

from __future__ import annotations

from collections.abc import Mapping

_PREFIX = "text:"


def metadata_of(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Return texts by title as metadata of the container; characters that cannot be encoded are replaced."""
    return {_PREFIX + title: text.encode("utf-8", "replace") for title, text in texts.items()}


def texts_of(metadata: Mapping[str, bytes]) -> dict[str, str]:
    """Return the texts, by title, that are in the metadata of the container."""
    return {
        key.removeprefix(_PREFIX): text.decode("utf-8", "replace")
        for key, text in metadata.items()
        if key.startswith(_PREFIX)
    }
