"""The numbers of media and engines in the container (FORMAT.md, sections 2.4 and 2.5)."""

from __future__ import annotations

MEDIA = {"image": 1, "speech": 2, "video": 3}
MEDIUM_OF_NUMBER = {number: medium for medium, number in MEDIA.items()}

ENGINES = {
    "image/block": 1,
    "image/transform": 2,
    "speech/celp-nb": 3,
    "speech/celp-wb": 4,
    "video/mc": 5,
    "video/st3d": 6,
    "speech/celp-fixed": 7,
    "speech/ld-celp": 8,
}
"""The engines that the compact form can name; the chunked form names any engine in full."""

ENGINE_OF_NUMBER = {number: engine for engine, number in ENGINES.items()}


def medium_of(engine: str) -> str:
    """The medium that an engine's name says: what comes before the slash."""
    return engine.partition("/")[0]
