"""Sections 13.2 to 13.4 of FORMAT.md, plainly: the stream header, and the packets of the compact form."""

from __future__ import annotations

from dataclasses import dataclass

from reference_elements import Reader, require

# 13.2 Stream header

RATES = [0, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 192000]


@dataclass
class StreamHeader:
    rate: int
    surplus: int
    engine_header: bytes


def stream_header(reader: Reader, codec_rate: int) -> StreamHeader:
    number = reader.number(1)
    require(number <= 12 or number == 255)
    rate = reader.varint() if number == 255 else RATES[number]
    surplus = reader.varint() if number != 0 else 0
    return StreamHeader(rate or codec_rate, surplus, reader.take(reader.varint()))


def source_length(header: StreamHeader, samples: int, codec_rate: int) -> int:
    require(header.surplus <= -(-header.rate // codec_rate))
    length = -(-samples * header.rate // codec_rate) - header.surplus
    require(length >= 1)
    return length


# 13.3 The compact form

CHECKED = 254


def unfold(data: bytes, codec_rate: int) -> tuple[StreamHeader, list[bytes]]:
    """13.3: the stream header and the packets of a file in the compact form."""
    if data[:1] == bytes([CHECKED]):
        header, packets = unfold_checked(data, codec_rate)
        require(None not in packets and len(data) == checked_length(data, codec_rate))
        return header, [packet for packet in packets if packet is not None]
    reader = Reader(data)
    header = stream_header(reader, codec_rate)
    count = reader.varint()
    packets = [reader.take(reader.varint()) for _ in range(count - 1)]
    return header, [*packets, reader.rest()] if count else []


def unfold_checked(data: bytes, codec_rate: int) -> tuple[StreamHeader, list[bytes | None]]:
    """13.3, 13.4: packets whose checks are wrong, or that are cut off, are None."""
    reader, header, lengths = checked_head(data, codec_rate)
    packets: list[bytes | None] = []
    for length in lengths:
        whole = reader.position + length + 2 <= len(data)
        packet = reader.take(length) if whole else b""
        packets.append(packet if whole and reader.number(2) == crc16(packet) else None)
        if not whole:
            reader.position = len(data)
    return header, packets


def checked_head(data: bytes, codec_rate: int) -> tuple[Reader, StreamHeader, list[int]]:
    reader = Reader(data)
    reader.take(1)
    header = stream_header(reader, codec_rate)
    lengths = [reader.varint() for _ in range(reader.varint())]
    head = data[: reader.position]
    require(reader.number(2) == crc16(head))
    return reader, header, lengths


def checked_length(data: bytes, codec_rate: int) -> int:
    reader, _, lengths = checked_head(data, codec_rate)
    return reader.position + sum(lengths) + 2 * len(lengths)


def crc16(data: bytes) -> int:
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1) ^ (0x11021 if value & 0x8000 else 0)
    return value
