"""All packets of a short recording folded into the one packet of the compact form (FORMAT.md, section 13.3).

From `LEAST_CHECKED_PACKETS` on, each packet has a check of its own, so that damage costs one of them. Fewer packets
have none, as a few bytes matter there. The checksum of the file still detects damage.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Sequence
from dataclasses import dataclass

from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError
from vqcodec.speech.stream import StreamHeader

MAX_FOLDED_PACKETS = 64  # about a minute; a longer recording gets an index
LEAST_CHECKED_PACKETS = 5  # above four seconds

_CHECKED = 254  # first byte if the packets have checks; no stream header begins with it
_CHECK_BYTES = 2


@dataclass(frozen=True)
class Folded:
    """What was folded.

    Attributes:
        header: of the stream.
        packets: in order; None for one that salvage found damaged or cut off.
        checked: whether the packets have checks. If not, damaged ones may be among them.
        damage: what is damaged, in a few words each.
    """

    header: StreamHeader
    packets: Sequence[bytes | None]
    checked: bool
    damage: Sequence[str] = ()


def fold(header: bytes, packets: Sequence[bytes]) -> bytes:
    """Return the bytes of a stream header and all packets as one packet."""
    if len(packets) < LEAST_CHECKED_PACKETS:
        lengths = [put_varint(len(packet)) for packet in packets[:-1]] + [b""]
        return header + put_varint(len(packets)) + b"".join(map(bytes.__add__, lengths, packets))
    head = bytes([_CHECKED]) + header + put_varint(len(packets))
    head += b"".join(put_varint(len(packet)) for packet in packets)
    return b"".join(part + _check(part) for part in (head, *packets))


def unfold(data: bytes, codec_rate: int) -> Folded:
    """Return what `fold` has folded; `codec_rate` is the engine's, in Hz.

    Raises:
        CorruptFileError: `data` is damaged, cut off, or too long.
        LimitError: as `StreamHeader.from_bytes`.
    """
    folded, surplus = (_unfold_checked if data[:1] == bytes([_CHECKED]) else _unfold_unchecked)(data, codec_rate)
    if folded.damage:
        raise CorruptFileError(f"damaged: {folded.damage[0]}")
    if surplus:
        raise CorruptFileError(f"{surplus} bytes after the last packet")
    return folded


def unfold_damaged(data: bytes, codec_rate: int) -> Folded:
    """Return what is whole; arguments as `unfold`, but `data` goes to the end of the file, checksum included.

    Raises:
        CorruptFileError: the part before the packets is damaged.
        LimitError: as `StreamHeader.from_bytes`.
    """
    if data[:1] == bytes([_CHECKED]):
        return _unfold_checked(data, codec_rate)[0]
    whole, _ = _unfold_unchecked(data[:-4], codec_rate)
    return _unfold_unchecked(data, codec_rate)[0] if whole.damage else whole


def _unfold_checked(data: bytes, codec_rate: int) -> tuple[Folded, int]:
    """Return what has right checks, and how many bytes follow the last packet."""
    header, used = StreamHeader.from_bytes(data[1:], codec_rate)
    count, position = get_varint(data, 1 + used)
    lengths = []
    for _ in range(count):  # ends with the data, however large the count
        length, position = get_varint(data, position)
        lengths.append(length)
    if data[position : position + _CHECK_BYTES] != _check(data[:position]):
        raise CorruptFileError("the part before the packets is damaged")
    position += _CHECK_BYTES
    packets: list[bytes | None] = []
    damage = []
    for number, length in enumerate(lengths):
        packet = data[position : position + length]
        position += length + _CHECK_BYTES
        right = data[position - _CHECK_BYTES : position] == _check(packet)
        packets.append(packet if right else None)
        if not right:
            damage.append(f"packet {number}" if position <= len(data) else f"packet {number}, which is cut off")
    return Folded(header, packets, True, damage), max(0, len(data) - position)


def _unfold_unchecked(data: bytes, codec_rate: int) -> tuple[Folded, int]:
    """Return what is there, and how many bytes follow the last packet."""
    header, used = StreamHeader.from_bytes(data, codec_rate)
    count, position = get_varint(data, used)
    packets: list[bytes | None] = []
    while len(packets) + 1 < count:
        try:
            length, following = get_varint(data, position)
        except CorruptFileError:
            length, following = len(data), position
        if length > len(data) - following:
            return Folded(header, packets, False, [f"packet {len(packets)}, which is cut off"]), 0
        position = following + length
        packets.append(data[following:position])
    if not count:
        return Folded(header, packets, False), len(data) - position
    return Folded(header, [*packets, data[position:]], False), 0


def _check(data: bytes) -> bytes:
    """Return the CRC-16 of `data`: 0x1021, the most significant bit first, beginning with all ones."""
    return crc_hqx(data, 0xFFFF).to_bytes(_CHECK_BYTES, "little")
