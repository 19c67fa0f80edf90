"""What the two speech engines of fixed rate share in the reference decoder: sections 15.1 and 14.7 of FORMAT.md."""

from __future__ import annotations

from reference_decoder import BitReader, Limit, Reader, require


def cut_packets(header: bytes, packets: list[bytes], unit: int, unit_bytes: int) -> tuple[int, list[int]]:
    """The number of samples, and the units of each packet."""
    reader = Reader(header)
    samples, packet_units = reader.varint(), reader.varint()
    require(reader.at_end())
    require(1 <= packet_units <= 2**19 // unit)
    require(samples <= 2**32, Limit)
    units = -(-samples // unit)
    counts = [min(packet_units, units - first) for first in range(0, units, packet_units)]
    require(len(counts) == len(packets))
    require(all(len(packet) == count * unit_bytes for packet, count in zip(packets, counts)))
    return samples, counts


def take_fields(bits: BitReader, widths: list[int]) -> list[int]:
    """Numbers of the given widths, one after another."""
    return [bits.bits(width) for width in widths]


def to_pcm(speech: list[float]) -> list[int]:
    """Rounded, halves to even, and clipped to 16 bits."""
    return [max(-32768, min(32767, round(sample))) for sample in speech]
