"""Names of items: relative paths that are safe to make files of on any system (FORMAT.md, section 20.5)."""

from __future__ import annotations

import unicodedata

from vqcodec.errors import UsageError
from vqcodec.names import printable

MAX_NAME_BYTES = 1_024
_REFUSED = "\\:"


def item_name(text: str) -> str:
    """Return the name of an item as packs hold it: in normalisation form C.

    Raises:
        UsageError: it cannot be the name of an item.
    """
    name = unicodedata.normalize("NFC", text) if isinstance(text, str) else ""
    fault = fault_of(name)
    if fault:
        raise UsageError(f"'{printable(str(text))}' cannot be the name of an item: {fault}")
    return name


def fault_of(name: str) -> str:
    """Return why a text cannot be the name of an item; "" if it can."""
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return "it is not Unicode"
    if not 1 <= size <= MAX_NAME_BYTES:
        return f"it has {size} bytes, and 1 to {MAX_NAME_BYTES} are allowed"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "a part of the path is empty, . or .."
    if any(character in _REFUSED or unicodedata.category(character) == "Cc" for character in name):
        return "it has a backslash, a colon or a control character"
    return "" if unicodedata.is_normalized("NFC", name) else "it is not in normalisation form C"
