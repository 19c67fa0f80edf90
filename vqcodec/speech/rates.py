"""Rates: the band that suits one, when one counts as reached, and what to say of one that is good for nothing."""

from __future__ import annotations

from collections.abc import Sequence

WIDEBAND_SOURCE_RATE = 12_000  # Hz: below, a source has hardly anything above 4 kHz
WIDEBAND_KBPS = 4.0  # of a channel; below, bits for the upper half of the band are better spent on the lower

_NEAR_SHARE, _NEAR_BYTES = 0.05, 4  # a rate is reached if it misses by this share, or by these bytes a channel
_LEAST_QUALITY = -10.0  # coarser encodings lose words (docs/experiments-speech.md, Rates out of reach)


def band_for(source_rate: int, kbps: float | None) -> str:
    """Return the name of the band that suits a sound: the only rule for all ways to ask for a rate.

    Args:
        source_rate: of the sound, in Hz.
        kbps: of each channel: the rate that is asked for, or that follows from a size. None for a quality, which takes
            at least about `WIDEBAND_KBPS` in wideband.
    """
    return "nb" if source_rate < WIDEBAND_SOURCE_RATE or (kbps is not None and kbps < WIDEBAND_KBPS) else "wb"


def kbps_of(size: float, seconds: float) -> float:
    """Return the rate of `size` bytes in kbit/s."""
    return size * 8 / seconds / 1000


def rate_tolerance(kbps: float, seconds: float, streams: int) -> float:
    """Return by how many kbit/s a rate may be missed and count as reached.

    Args:
        kbps: of all channels together, as it was asked for.
        seconds: length of the sound.
        streams: channels coded.
    """
    return max(kbps * _NEAR_SHARE, kbps_of(_NEAR_BYTES * streams, seconds))


def size_tolerance(size: int, streams: int) -> float:
    """Return how many bytes of a size may be left when it counts as used up; `streams` as of `rate_tolerance`."""
    return max(size * _NEAR_SHARE, _NEAR_BYTES * streams)


def low_rate_notes(kbps: float, qualities: Sequence[float | None]) -> list[str]:
    """Return a note if a rate is too low for speech.

    Args:
        kbps: of all channels together.
        qualities: of the channels (see `engines.EncodedSpeech`).
    """
    if all(quality is None or quality >= _LEAST_QUALITY for quality in qualities):
        return []
    return [
        f"{kbps:.2g} kbit/s is too little for this sound: it is coded coarser than at quality 0, and speech is hard to"
        " understand; allow more"
    ]
