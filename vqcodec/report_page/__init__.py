"""Pages of HTML that show what coding does to pictures, speech and video. They hold all that they show.

Map, lowest first:

    sections
    embedding
    charts
    codings: sections
    peers: embedding
    pictures: sections embedding charts codings peers
    ffmpeg_peers: codings
    sounds: embedding
    speech: sections embedding charts codings ffmpeg_peers sounds
    video: sections embedding charts codings ffmpeg_peers
    tiles: embedding
    atlas: tiles
    rendering: sections charts atlas
    building: sections charts pictures speech video atlas rendering
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["PageBuilder", "make_report"]

if TYPE_CHECKING:
    from vqcodec.report_page.building import PageBuilder, make_report


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'vqcodec.report_page' has no attribute {name!r}")
    from vqcodec.report_page import building

    return getattr(building, name)
