"""What encodes one channel while it comes, whatever the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.speech.bands import Band
from vqcodec.speech.live.recording import LiveRecording, Part

Samples = npt.NDArray[np.int16]


class LivePacket(NamedTuple):
    """A packet: its first sample, and its bytes."""

    start: int
    data: bytes


class LiveEncoder(ABC):
    """Encodes one channel while it comes. The packets do not depend on the sizes of the pieces.

    A subclass sets the attributes that are described here.

    Args:
        band: sampling rate and frames.
        packet_frames: frames of a packet.
        group_packets: packets of a group, which are coded together.

    Attributes:
        header: of the engine, with 0 for the length (FORMAT.md, section 13.2).
        packet_samples: samples of a packet; the last one may have fewer.
        bits: of the packets so far, by part.
    """

    header: bytes

    def __init__(self, band: Band, packet_frames: int, group_packets: int) -> None:
        self._recording = LiveRecording(band, packet_frames * group_packets)
        self.packet_samples = packet_frames * band.frame
        self._group_packets = group_packets
        self.bits: Counter[str] = Counter()

    @property
    def length(self) -> int:
        """Samples that have come."""
        return self._recording.length

    def push(self, samples: Samples) -> list[LivePacket]:
        """Take samples, int16 (n,), at the engine's rate; return the packets that are ready, perhaps none."""
        return self._coded(self._recording.push(samples))

    def finish(self) -> list[LivePacket]:
        """Return the packets that are left. No samples may follow."""
        return self._coded(self._recording.finish())

    @abstractmethod
    def _code(self, parts: Sequence[Part]) -> list[list[bytes]]:
        """Return the packets of each group; note their bits."""

    def _coded(self, parts: Sequence[Part]) -> list[LivePacket]:
        packets = []
        for part, coded in zip(parts, self._code(parts) if parts else [], strict=True):
            first = part.number * self._group_packets
            packets += [LivePacket((first + place) * self.packet_samples, data) for place, data in enumerate(coded)]
        return packets
