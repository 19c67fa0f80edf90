"""What sample values mean, in the words of ffmpeg and the numbers of ITU-T H.273."""

from __future__ import annotations

import re
from typing import NamedTuple

UNSPECIFIED = 2
"""Of primaries, transfer and matrix."""

MATRICES = {
    "bt709": 1, "fcc": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "ycgco": 8, "bt2020nc": 9, "bt2020c": 10,
    "smpte2085": 11, "chroma-derived-nc": 12, "chroma-derived-c": 13, "ictcp": 14,
}  # fmt: skip
PRIMARIES = {
    "bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "film": 8, "bt2020": 9, "smpte428": 10,
    "smpte431": 11, "smpte432": 12, "ebu3213": 22,
}  # fmt: skip
TRANSFERS = {
    "bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "linear": 8, "log100": 9, "log316": 10,
    "iec61966-2-4": 11, "bt1361e": 12, "iec61966-2-1": 13, "bt2020-10": 14, "bt2020-12": 15, "smpte2084": 16,
    "smpte428": 17, "arib-std-b67": 18,
}  # fmt: skip
SITINGS = {"left": 0, "center": 1, "topleft": 2, "top": 3, "bottomleft": 4, "bottom": 5}

_PIXELS = re.compile(r": Video: .*?, (?P<name>[a-z]\w+)(?:\((?P<colour>[^)]*)\))?(?:,|$)")
_RGB = re.compile(r"rgb|bgr|gbr|argb|abgr|pal8|0rgb|0bgr|x2rgb|x2bgr|xyz|bayer")
_HALF = re.compile(r"yuvj?a?420|nv12|nv21|p01|p21")
_WIDE = re.compile(r"yuvj?a?422|yuyv|uyvy|yvyu|nv16|nv20|y21|p21")
_LOW = re.compile(r"yuvj?a?440")


class Told(NamedTuple):
    """What ffmpeg says of the samples of a stream.

    Attributes:
        pixels: ffmpeg's name of the format, such as `yuv420p10le`; empty if unknown.
        matrix, primaries, transfer: numbers of H.273; UNSPECIFIED if unknown.
        siting: of chroma, a number of SITINGS; None if unknown.
    """

    pixels: str = ""
    matrix: int = UNSPECIFIED
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    siting: int | None = None

    @property
    def is_rgb(self) -> bool:
        """Whether the samples are red, green and blue."""
        return _RGB.match(self.pixels) is not None

    @property
    def halved_siting(self) -> int | None:
        """Where chroma is after ffmpeg has halved it both ways; None if that is not known."""
        if _HALF.match(self.pixels):
            return self.siting
        return SITINGS["left" if _WIDE.match(self.pixels) else "top" if _LOW.match(self.pixels) else "center"]


def told_in(line: str) -> Told:
    """Return what ffmpeg says in its line on a stream of video, at the level `verbose`."""
    found = _PIXELS.search(line)
    if found is None:
        return Told()
    words = [word.strip() for word in (found["colour"] or "").split(",")]
    siting = next((SITINGS[word] for word in words if word in SITINGS), None)
    for word in words:
        names = word.split("/")
        if len(names) == 3 or names[0] in MATRICES:
            matrix, primaries, transfer = names if len(names) == 3 else 3 * names
            return Told(
                found["name"],
                MATRICES.get(matrix, UNSPECIFIED),
                PRIMARIES.get(primaries, UNSPECIFIED),
                TRANSFERS.get(transfer, UNSPECIFIED),
                siting,
            )
    return Told(found["name"], siting=siting)
