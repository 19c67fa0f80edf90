"""The engine's header of a stream of fixed rate: its length, and how it is cut into packets (FORMAT.md, 15.1)."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError, LimitError
from vqcodec.limits import MAX_SPEECH_SAMPLES

MAX_PACKET_SAMPLES = 1 << 19  # a minute: what a damaged header can make a decoder reserve


@dataclass(frozen=True)
class FixedHeader:
    """What a decoder knows of a stream before its packets.

    Attributes:
        unit: samples of a unit (a frame, or a cycle of adaptation); not stored, as the engine says it.
        samples: of the signal, 0 or more.
        packet_units: units of a packet (fewer in the last one).
    """

    unit: int
    samples: int
    packet_units: int

    def to_bytes(self) -> bytes:
        """Samples, then units of a packet."""
        return put_varint(self.samples) + put_varint(self.packet_units)

    @classmethod
    def from_bytes(cls, data: bytes, unit: int) -> FixedHeader:
        """Parse a header.

        Raises:
            CorruptFileError: it is cut off, too long or says what cannot be.
            LimitError: more samples than allowed.
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
        """Packets of the whole signal."""
        return -(-self.samples // self.packet_samples)

    def units_of(self, packet: int) -> int:
        """Units of packet number `packet`; the last one of the stream may be filled up."""
        return min(self.packet_units, -(-self.samples // self.unit) - packet * self.packet_units)

    def starts(self) -> list[int]:
        """First sample of each packet."""
        return [packet * self.packet_samples for packet in range(self.packets)]
