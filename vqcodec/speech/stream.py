"""The stream header, which holds the source's rate and length.

The stream header (FORMAT.md, section 13.2) begins with a byte for the source's sampling rate. If that is not the rate
of the codec, there follows how many samples too many a resampling of the decoded signal has. Then come the length of
the engine's header and that header.
"""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec import limits
from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError, LimitError
from vqcodec.speech.sound.resampling import resampled_length

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 192000)
"""Sampling rates in Hz that have a code, from 1 on; code 0 is the codec's own rate."""

OTHER_RATE = 255  # the rate follows as a varint


OPEN = put_varint(0)
"""With what an engine's header begins while the length is not known (FORMAT.md, section 13.2)."""


@dataclass(frozen=True)
class StreamHeader:
    """A stream of speech.

    Attributes:
        source_rate: Hz, sampling rate of the signal that was encoded.
        surplus: samples by which `resampled_length` of the engine's signal exceeds the source's length; 0 if the rates
            are equal.
        engine_header: the engine's own bytes.
    """

    source_rate: int
    surplus: int
    engine_header: bytes

    @classmethod
    def of(
        cls, source_rate: int, source_length: int, codec_rate: int, codec_length: int, engine: bytes
    ) -> StreamHeader:
        """Return the header for a source of `source_length` samples that the engine coded as `codec_length` samples.

        `engine` is the engine's header; rates are in Hz.
        """
        back = resampled_length(codec_length, codec_rate, source_rate)
        return cls(source_rate, back - source_length, engine)

    @property
    def is_open(self) -> bool:
        """Whether the length was not known when the header was written."""
        return self.engine_header.startswith(OPEN)

    def closed(self, codec_length: int, surplus: int = 0) -> StreamHeader:
        """Return the header with another length, in samples at the codec's rate; the engine's header begins with it.

        Raises:
            CorruptFileError: the engine's header is damaged.
        """
        _, position = get_varint(self.engine_header, 0)
        return StreamHeader(self.source_rate, surplus, put_varint(codec_length) + self.engine_header[position:])

    def source_length(self, codec_rate: int, codec_length: int) -> int:
        """Return the samples of the source, if the engine's signal has `codec_length` samples at `codec_rate`.

        Raises:
            CorruptFileError: the source would have no samples.
        """
        length = resampled_length(codec_length, codec_rate, self.source_rate) - self.surplus
        if length < 1:
            raise CorruptFileError("the stream's header contradicts itself: the sound would have no samples")
        return length

    def to_bytes(self, codec_rate: int) -> bytes:
        """Return the bytes of the header of a stream whose engine works at `codec_rate`, in Hz."""
        if self.source_rate == codec_rate:
            rate = bytes([0])
        elif self.source_rate in RATES:
            rate = bytes([1 + RATES.index(self.source_rate)]) + put_varint(self.surplus)
        else:
            rate = bytes([OTHER_RATE]) + put_varint(self.source_rate) + put_varint(self.surplus)
        return rate + put_varint(len(self.engine_header)) + self.engine_header

    @classmethod
    def from_bytes(cls, data: bytes, codec_rate: int) -> tuple[StreamHeader, int]:
        """Read back what `to_bytes` gave; return the header at the start of `data`, and the number of its bytes.

        Raises:
            CorruptFileError: `data` is too short, or the rate is unknown.
            LimitError: the rate is beyond the limits.
        """
        if not data:
            raise CorruptFileError("the stream's header is empty")
        rate, surplus, position = codec_rate, 0, 1
        if data[0] == OTHER_RATE:
            rate, position = get_varint(data, position)
        elif data[0] > len(RATES):
            raise CorruptFileError(f"sampling rate number {data[0]} is not possible")
        elif data[0]:
            rate = RATES[data[0] - 1]
        if not limits.MIN_AUDIO_RATE <= rate <= limits.MAX_AUDIO_RATE:
            raise LimitError(f"a sampling rate of {rate} Hz is beyond the limits")
        if data[0]:
            surplus, position = get_varint(data, position)
        if surplus > -(-rate // codec_rate):
            raise CorruptFileError(f"{surplus} samples too many are more than resampling gives")
        length, position = get_varint(data, position)
        if length > len(data) - position:
            raise CorruptFileError("the stream's header is incomplete")
        return cls(rate, surplus, bytes(data[position : position + length])), position + length
