"""Samples without a header: what must be said of them, as text such as `8000:s16le:2`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vqcodec import limits
from vqcodec.media.options import Option

ENCODINGS = (
    "s8", "u8", "s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "f32le", "f32be", "f64le", "f64be",
    "mulaw", "alaw", "gsm",
)  # fmt: skip
"""How samples may be stored: signed, unsigned and floating point with bits and byte order; G.711; GSM 6.10."""


@dataclass(frozen=True)
class RawSound:
    """What samples without a header are.

    Attributes:
        rate: Hz.
        encoding: one of ENCODINGS.
        channels: at least 1; the samples of the channels alternate.
    """

    rate: int
    encoding: str
    channels: int = 1


class RawOption(Option):
    """What samples without a header are, as text."""

    @property
    def range(self) -> str:
        """The form, with an example."""
        return f"RATE:FORMAT or RATE:FORMAT:CHANNELS, such as 8000:s16le or 8000:mulaw:2, of {', '.join(ENCODINGS)}"

    def check(self, value: Any) -> RawSound:
        """Return what the text means."""
        if isinstance(value, RawSound):
            return value
        parts = value.split(":") if isinstance(value, str) else []
        numbers = [part for part in (*parts[:1], *parts[2:]) if part.isascii() and part.isdecimal() and len(part) < 8]
        if len(parts) not in (2, 3) or len(numbers) != len(parts) - 1 or parts[1].lower() not in ENCODINGS:
            raise self._refuse(value, "does not say what samples are")
        rate, channels = int(parts[0]), int(parts[2]) if len(parts) == 3 else 1
        within = limits.MIN_AUDIO_RATE <= rate <= limits.MAX_AUDIO_RATE
        if not within or not 1 <= channels <= limits.MAX_AUDIO_CHANNELS:
            raise self._refuse(value, "is out of range")
        return RawSound(rate, parts[1].lower(), channels)
