"""What kernels have to tell the user: one line each, said once a process."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_told: set[str] = set()
_listener: Callable[[str], None] | None = None


def tell(text: str) -> None:
    """Tell the user `text`, unless that was done before: through the listener, or as a Python warning."""
    if text in _told:
        return
    _told.add(text)
    if _listener is None:
        warnings.warn(text, RuntimeWarning, stacklevel=3)
    else:
        _listener(text)


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, hand notices to `listener`."""
    global _listener
    before = _listener
    _listener = listener
    try:
        yield
    finally:
        _listener = before
