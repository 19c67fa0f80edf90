"""The engine's header of a stream of fixed rate: its length, and the length of its packets (FORMAT.md, 15.1)."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError, LimitError
from vqcodec.limits import MAX_SPEECH_SAMPLES

MAX_PACKET_SAMPLES = 1 << 19  # a minute: limits the memory that a damaged header can make a decoder reserve


@dataclass(frozen=True)
class FixedHeader:
    """What the decoder needs to know before the packets.

    Attributes:
        unit: samples of a unit (a frame, or a cycle of adaptation); the engine fixes it, so it is not stored.
        samples: length of the signal, 0 or more.
        packet_units: units of a packet; the last packet may have fewer.
    """

    unit: int
    samples: int
    packet_units: int

    def to_bytes(self) -> bytes:
        """Return the header's bytes: samples, then units of a packet."""
        return put_varint(self.samples) + put_varint(self.packet_units)

    @classmethod
    def from_bytes(cls, data: bytes, unit: int) -> FixedHeader:
        """Read back what `to_bytes` gave.

        Raises:
            CorruptFileError: the header is cut off, too long, or has a value out of range.
            LimitError: there are more samples than allowed.
        """
        samples, position = get_varint(data, 0)
        packet_units, position = get_varint(data, position)
        if position != len(data):
            raise CorruptFileError(f"the speech header has {len(data) - position} bytes too many")
        if not 1 <= packet_units <= MAX_PACKET_SAMPLES // unit:
            raise CorruptFileError(f"packets of {packet_units} times {unit} samples are not possible")
        if samples > MAX_SPEECH_SAMPLES:
            raise LimitError(f"{samples} samples of speech; at most {MAX_SPEECH_SAMPLES} are allowed")
        return cls(unit, samples, packet_units)

    @property
    def packet_samples(self) -> int:
        """Samples of a whole packet."""
        return self.packet_units * self.unit

    @property
    def packets(self) -> int:
        """Number of packets of the whole signal."""
        return -(-self.samples // self.packet_samples)

    def units_of(self, packet: int) -> int:
        """Return the number of units of packet number `packet`; the encoder fills up the last one of the stream."""
        return min(self.packet_units, -(-self.samples // self.unit) - packet * self.packet_units)

    def starts(self) -> list[int]:
        """Return the first sample of each packet."""
        return [packet * self.packet_samples for packet in range(self.packets)]
