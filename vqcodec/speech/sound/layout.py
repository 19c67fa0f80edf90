"""Which loudspeaker each channel of a file is for, and its weight in a mix to one channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Layout = tuple[str, ...]
"""The loudspeaker of each channel, such as ("FL", "FR")."""

LFE = "LFE"

_MASK = (
    "FL", "FR", "FC", LFE, "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR",
)  # fmt: skip
"""Loudspeakers by the bits of a WAV file's channel mask, lowest first."""

_BY_COUNT: dict[int, Layout] = {
    1: ("FC",),
    2: ("FL", "FR"),
    3: ("FL", "FR", "FC"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", LFE, "BL", "BR"),
    7: ("FL", "FR", "FC", LFE, "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", LFE, "BL", "BR", "SL", "SR"),
}
"""As FLAC orders them (RFC 9639, section 9.1.3)."""

_OF_VORBIS: dict[int, Layout] = {
    **_BY_COUNT,
    3: ("FL", "FC", "FR"),
    5: ("FL", "FC", "FR", "BL", "BR"),
    6: ("FL", "FC", "FR", "BL", "BR", LFE),
    7: ("FL", "FC", "FR", "SL", "SR", "BC", LFE),
    8: ("FL", "FC", "FR", "SL", "SR", "BL", "BR", LFE),
}
"""As Vorbis and Opus order them (Vorbis I specification, section 4.3.9)."""

_ASSUMED = (6, 8)  # channels that players take for surround sound if a file does not say what they are

_FRONT, _CENTRE, _SURROUND = 0.5, 0.5 * 2**0.5, 0.25 * 2**0.5
_WEIGHTS = {"FL": _FRONT, "FR": _FRONT, "FC": _CENTRE, LFE: 0.0, "FLC": _FRONT, "FRC": _FRONT, "BC": _FRONT}


def layout_of_mask(mask: int, channels: int) -> Layout | None:
    """Return the layout for a WAV file's channel mask; None if it does not name each channel."""
    named = tuple(name for bit, name in enumerate(_MASK) if mask >> bit & 1)
    return named if len(named) == channels else None


def layout_of_format(format: str, channels: int) -> Layout | None:
    """Return the layout that a format of libsndfile's name `format` gives to so many channels; None if it is open."""
    if format == "FLAC":
        return _BY_COUNT.get(channels)
    if format == "OGG":
        return _OF_VORBIS.get(channels)
    return _BY_COUNT[channels] if channels in _ASSUMED else None


def weights_of(layout: Layout | None, channels: int) -> NDArray[np.float64]:
    """Return the weight of each channel in a mix to one, float64 (channels,).

    Three or more channels of a known layout have the weights of ITU-R BS.775: the mean of left and right, each with the
    centre and its surround channels at -3 dB; the low-frequency channel is left out. Any others have equal weights.
    """
    if layout is None or channels < 3:
        return np.full(channels, 1 / channels)
    return np.array([_WEIGHTS.get(name, _SURROUND) for name in layout])


def name_of_layout(layout: Sequence[str]) -> str:
    """Return the usual name, such as "5.1"."""
    low = layout.count(LFE)
    return f"{len(layout) - low}.{low}"
