"""Points of earlier runs, kept in a JSON file, so that peers are measured once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Point = dict[str, Any]


class StoredPoints:
    """Points by key, in the file at `path`; None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        stored = path is not None and path.is_file()
        self._points: dict[str, Point] = json.loads(path.read_text("utf-8")) if stored and path else {}

    def recall(self, identity: str, key: str, measure: Callable[[], Point]) -> Point:
        """The point of `identity` and `key` as it is stored, or else measured; without an identity always measured."""
        if not identity or self._path is None:
            return measure()
        key = f"{identity} {key}"
        if key not in self._points:
            self._points[key] = measure()
        return self._points[key]

    def save(self) -> None:
        """Write the file, if there is a place for it."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_suffix(".tmp")
            temporary.write_text(json.dumps(self._points), "utf-8")
            temporary.replace(self._path)
