"""Salvage of speech: which packets of a damaged file are used, and how much of what is lost is concealed.

A header may claim any length, and a packet any number, in a few bytes. So the speech that is concealed is bounded by
the speech that is intact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

CONCEALED_TIMES = 16  # most packets to conceal, as a multiple of those that are intact
CONCEALED_LEAST = 1 << 18  # samples of all channels together that may be concealed in any case


class FoundPackets(Sequence[bytes | None]):
    """The intact packets of a stream by number; None for those between that are lost. Lost ones take no memory."""

    def __init__(self) -> None:
        self._found: dict[int, bytes] = {}
        self._length = 0

    def put(self, number: int, packet: bytes) -> None:
        """Add a packet, whose number is above all others."""
        self._found[number] = packet
        self._length = number + 1

    def items(self) -> list[tuple[int, bytes]]:
        """Return numbers and bytes of the intact packets; the numbers rise."""
        return list(self._found.items())

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, number: int) -> bytes | None: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[bytes | None]: ...
    def __getitem__(self, number: int | slice) -> bytes | Sequence[bytes | None] | None:
        places = range(self._length)[number]
        return self._found.get(places) if isinstance(places, int) else [self._found.get(place) for place in places]


@dataclass(frozen=True)
class Placement:
    """What is used of a salvaged file.

    Attributes:
        packets: of each channel, by number; None for lost ones, up to the end of the last group.
        length: samples of a channel, at the codec's rate; fewer than the header claims if the end is left out.
        damage: what is left out, a clause for each.
    """

    packets: Sequence[Sequence[bytes | None]]
    length: int
    damage: Sequence[str]


def place_packets(
    found: Sequence[Sequence[bytes | None]], samples: int, packet_samples: int, group_samples: int
) -> Placement:
    """Return what is used of the packets of a damaged file.

    A packet is left out if too much would have to be concealed before it. So is the end of the sound if too much of it
    is missing.

    Args:
        found: of each channel.
        samples: of a channel, as the headers claim.
        packet_samples, group_samples: of a packet, and of a group, which is a whole number of packets.
    """
    intact_packets = [_intact(packets) for packets in found]
    intact = max(map(len, intact_packets))
    most = CONCEALED_TIMES * intact + CONCEALED_LEAST // len(found) // packet_samples
    damage: list[str] = []
    placed = [_placed(packets, most, channel, damage) for channel, packets in enumerate(intact_packets)]
    end = max(map(len, placed)) + most
    length = min(samples, -(-end * packet_samples // group_samples) * group_samples)
    if length < samples:
        damage.append(f"too much is missing at the end: {samples - length} samples of {samples} are left out")
    due = -(-length // packet_samples)
    return Placement([packets + [None] * (due - len(packets)) for packets in placed], length, damage)


def _intact(packets: Sequence[bytes | None]) -> list[tuple[int, bytes]]:
    """Return numbers and bytes of the packets that are there."""
    if isinstance(packets, FoundPackets):
        return packets.items()
    return [(number, packet) for number, packet in enumerate(packets) if packet is not None]


def _placed(intact: Sequence[tuple[int, bytes]], most: int, channel: int, damage: list[str]) -> list[bytes | None]:
    """Return the packets of a channel by number, at most `most` of them lost; note in `damage` what is left out."""
    placed: list[bytes | None] = []
    for number, packet in intact:
        lost = number - len(placed)
        if lost > most:
            damage.append(f"packet {number} of channel {channel + 1} is too far from those before it to be used")
            continue
        most -= lost
        placed += [*[None] * lost, packet]
    return placed
