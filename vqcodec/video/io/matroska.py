"""Uncompressed frames with individual times as Matroska, to be piped to ffmpeg; y4m has only a constant rate.

The segment has an unknown size, as in live streams.

Source: RFC 9559 (Matroska) and RFC 8794 (EBML).
"""

from __future__ import annotations

from fractions import Fraction

from vqcodec.ffmpeg.colours import PLACES
from vqcodec.video.io.video_format import VideoFormat

_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
_NANOSECONDS = 10**9
_SCALE = 100_000  # unit of time, in nanoseconds
_PLACES = {0.0: 1, 0.5: 2}  # at a sample of luma, between two; a third place cannot be said

EBML, SEGMENT, INFO, TRACKS, CLUSTER = (
    bytes.fromhex(i) for i in ("1A45DFA3", "18538067", "1549A966", "1654AE6B", "1F43B675")
)


def head(format: VideoFormat) -> bytes:
    """Return the bytes before the frames."""
    aspect = format.aspect or Fraction(1)
    video = (
        _number("B0", format.width)
        + _number("BA", format.height)
        + _number("54B0", format.width * aspect.numerator)
        + _number("54BA", format.height * aspect.denominator)
        + _number("54B2", 3)  # the display size is a ratio, not pixels
        + _element("2EB524", b"I420")
        + _element("55B0", _colour(format))
    )
    track = (
        _number("D7", 1)
        + _number("73C5", 1)
        + _number("83", 1)
        + _element("86", b"V_UNCOMPRESSED")
        + _element("E0", video)
    )
    return (
        _element(EBML.hex(), _element("4282", b"matroska") + _number("4287", 4) + _number("4285", 2))
        + SEGMENT
        + _UNKNOWN_SIZE
        + _element(INFO.hex(), _number("2AD7B1", _SCALE) + _element("4D80", b"vqcodec") + _element("5741", b"vqcodec"))
        + _element(TRACKS.hex(), _element("AE", track))
    )


def _colour(format: VideoFormat) -> bytes:
    """Return the elements that say what the samples mean."""
    across, down = (_PLACES.get(place) for place in PLACES[format.siting])
    return (
        _number("55B1", format.matrix)
        + (_number("55B7", across) + _number("55B8", down) if across and down else b"")
        + _number("55B9", 2 if format.full_range else 1)
        + _number("55BA", format.transfer)
        + _number("55BB", format.primaries)
    )


def frame(planes: bytes, begin: Fraction, end: Fraction) -> bytes:
    """Return the bytes of a frame that is shown from `begin` to `end`, in seconds, in a cluster of its own.

    Args:
        planes: the samples of luma, blue and red, one after the other.
    """
    time, over = (round(moment * _NANOSECONDS / _SCALE) for moment in (begin, end))
    block = _element("A1", b"\x81\x00\x00\x00" + planes)
    return _element(CLUSTER.hex(), _number("E7", time) + _element("A0", block + _number("9B", over - time)))


def _element(identity: str, payload: bytes) -> bytes:
    """Return an element; `identity` is hexadecimal."""
    return bytes.fromhex(identity) + (len(payload) | 1 << 56).to_bytes(8, "big") + payload


def _number(identity: str, value: int) -> bytes:
    """Return an element that holds an unsigned integer."""
    return _element(identity, value.to_bytes(8, "big"))
