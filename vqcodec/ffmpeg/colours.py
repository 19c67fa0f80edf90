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
PLACES = ((0.0, 0.5), (0.5, 0.5), (0.0, 0.0), (0.5, 0.0), (0.0, 1.0), (0.5, 1.0))
"""Of SITINGS: where chroma is between two samples of luma, across and down."""

HIGH_DYNAMIC_RANGE = {TRANSFERS["smpte2084"]: "PQ", TRANSFERS["arib-std-b67"]: "HLG"}
"""Names of transfers for people."""

_WIDE_PRIMARIES = tuple(
    PRIMARIES[name] for name in ("bt2020", "smpte431", "smpte432")
)  # of colours that sRGB does not have
_LARGE = (1280, 576)  # if a picture is wider or higher than this, players take an unknown matrix for BT.709
_FROM_MATRIX = {1: 1, 4: 4, 5: 5, 6: 6, 7: 7, 9: 9, 10: 9, 12: 9, 13: 9}  # what ffmpeg can convert, exactly or nearly
_PIXELS = re.compile(r": Video: .*?, (?P<name>[a-z]\w+)(?:\((?P<colour>[^)]*)\))?(?:,|$)")
_RGB = re.compile(r"rgb|bgr|gbr|argb|abgr|pal8|0rgb|0bgr|x2rgb|x2bgr|xyz|bayer")
_HALF = re.compile(r"yuvj?a?420|nv12|nv21|p01")
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


def names_of(matrix: int, primaries: int, transfer: int, siting: int) -> dict[str, str]:
    """Return the names of what samples mean, for people; what has no name is its number."""
    numbers = {"matrix": matrix, "primaries": primaries, "transfer": transfer, "siting": siting}
    tables = {"matrix": MATRICES, "primaries": PRIMARIES, "transfer": TRANSFERS, "siting": SITINGS}
    names = {}
    for what, number in numbers.items():
        usual = "unspecified" if what != "siting" and number == UNSPECIFIED else str(number)
        names[what] = next((name for name, own in tables[what].items() if own == number), usual)
    return names


def declaring(matrix: int, primaries: int, transfer: int, siting: int | None = None) -> list[str]:
    """Return the filter of ffmpeg that says what samples mean, without a change to them; none if nothing is known.

    Args:
        matrix, primaries, transfer: numbers of H.273. siting: a number of SITINGS; None to leave it as it is.
    """
    words = {
        "colorspace": matrix if matrix in MATRICES.values() else UNSPECIFIED,
        "color_primaries": primaries if primaries in PRIMARIES.values() else UNSPECIFIED,
        "color_trc": transfer if transfer in TRANSFERS.values() else UNSPECIFIED,
    }
    known = [f"{word}={number}" for word, number in words.items() if number != UNSPECIFIED]
    known += [f"chroma_location={name}" for name, number in SITINGS.items() if number == siting]
    return [f"setparams={':'.join(known)}"] if known else []


def matrix_used(matrix: int, width: int, height: int) -> int:
    """Return the matrix by which frames are converted; one that is unknown goes by the size, in pixels."""
    large = width >= _LARGE[0] or height > _LARGE[1]
    return _FROM_MATRIX.get(matrix, MATRICES["bt709" if large else "smpte170m"])


def is_beyond_srgb(primaries: int, transfer: int) -> bool:
    """Return whether colours are beyond sRGB, so that they look wrong where they are not marked as such."""
    return transfer in HIGH_DYNAMIC_RANGE or primaries in _WIDE_PRIMARIES


def making_rgb(width: int, height: int, matrix: int, primaries: int, transfer: int, siting: int) -> list[str]:
    """Return the filters of ffmpeg that turn YCbCr into red, green and blue; a matrix that is unknown goes by the size.

    Colours beyond sRGB are marked as such, others are not: programs show pictures without marks as sRGB.
    """
    names = {number: name for name, number in MATRICES.items()}
    by = names[matrix_used(matrix, width, height)].replace("bt2020nc", "bt2020")
    marks = declaring(UNSPECIFIED, primaries, transfer) if is_beyond_srgb(primaries, transfer) else []
    across, down = (round(256 * place) for place in PLACES[siting])  # as the filter counts
    scale = f"scale=in_color_matrix={by}:out_range=pc:in_h_chr_pos={across}:in_v_chr_pos={down}"
    return [*marks, f"{scale}:flags=bicubic+accurate_rnd+full_chroma_int", "format=rgb24"]


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
