"""The numbers of media and engines in the container (FORMAT.md, sections 2.4 and 2.5)."""

from __future__ import annotations

from vqcodec.media.registry import engines, find_engine

MEDIA = {"image": 1, "speech": 2, "video": 3}
MEDIUM_OF_NUMBER = {number: medium for medium, number in MEDIA.items()}


def number_of(engine: str) -> int | None:
    """Return the number by which the compact form names an engine; None if it cannot hold it."""
    found = find_engine(engine)
    return None if found is None else found.number


def engine_numbered(number: int) -> str | None:
    """Return the name of the engine of that number in the compact form; None if there is none."""
    return next((engine.name for engine in engines() if engine.number == number), None)


def medium_of(engine: str) -> str:
    """Return the medium that an engine's name says: what comes before the slash."""
    return engine.partition("/")[0]
