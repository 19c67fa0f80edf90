"""The speech engine: from signal to packets and back, for both bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError, CorruptFileError, UsageError
from vqcodec.media.target import DEFAULTS
from vqcodec.speech.celp.group_coding import packet_frames_of, parse_packet, synthesize_group
from vqcodec.speech.celp.header import SpeechHeader
from vqcodec.speech.celp.packet_syntax import PARTS
from vqcodec.speech.celp.speech_codebook import SpeechCodebook, SpeechTableSet
from vqcodec.speech.celp.symbols import GroupSymbols
from vqcodec.speech.engines import EncodedSpeech, Progress, Samples, Settings
from vqcodec.speech.pcm import to_pcm
from vqcodec.threads import map_shards


def encode(
    signal: npt.ArrayLike, codebook: Codebook, settings: Settings | None = None, progress: Progress | None = None
) -> EncodedSpeech:
    """Encode a recording.

    Args:
        signal: (n,), in the range of 16-bit samples, at the sampling rate of the codebook's band.
        codebook: of a speech engine.
        settings: what to encode for, and how hard to work.
        progress: called with the share that is done, 0 to 1.

    Raises:
        UsageError: the signal is not one row of finite numbers.
        CodebookError: the codebook is not for speech, or damaged.
    """
    from vqcodec.speech.celp.encoder import Encoder, sum_bits  # which decoding does without

    settings = settings or Settings()
    defaults = DEFAULTS["speech"]
    effort = defaults.effort if settings.effort is None else settings.effort
    encoder = Encoder(signal, SpeechCodebook.of(codebook), effort, settings.threads, progress)
    if settings.bitrate is not None:
        coded = encoder.encode_rate(settings.bitrate)
    elif settings.size is not None:
        coded = encoder.encode_size(settings.size)
    else:
        coded = encoder.encode_quality(defaults.quality if settings.quality is None else settings.quality)
    parsed = SpeechHeader.from_bytes(coded.header)
    packets = [packet for group in coded.groups for packet in group.packets]
    return EncodedSpeech(
        header=coded.header,
        packets=packets,
        starts=parsed.starts(),
        reconstruction=decode(coded.header, packets, codebook, threads=settings.threads),
        bits=_named_bits(coded.header, sum_bits(coded.groups)),
        quality=encoder.quality_of(coded.lambda_) if packets else None,
    )


def decode(
    header: bytes,
    packets: Sequence[bytes | None],
    codebook: Codebook,
    *,
    first: int = 0,
    count: int | None = None,
    threads: int | None = None,
) -> Samples:
    """Decode `count` samples of a stream from sample `first` on, int16 (count,).

    They are the same samples as in decoding the whole stream: every group that holds some of them is decoded from its
    start. Only the packets of these groups are read (see `needed_packets`).

    Args:
        header: of the stream.
        packets: of the stream, in order; None for a missing packet, which is concealed.
        codebook: of the stream.
        first: number of the first sample.
        count: number of samples; None for the rest.
        threads: None for all; the samples do not depend on it.

    Raises:
        CorruptFileError: the header or a packet is damaged, or there are too few packets.
        CodebookError: the codebook is not for the stream.
        UsageError: the stream has no such samples.
    """
    parsed, table_set = open_stream(header, codebook)
    count = parsed.samples - first if count is None else count
    if first < 0 or count < 0 or first + count > parsed.samples:
        raise UsageError(f"samples {first} to {first + count} are not in 0..{parsed.samples}")
    needed = needed_packets(header, first, count)
    if len(packets) < needed.stop:
        raise CorruptFileError(f"{len(packets)} packets of speech; {parsed.packets} are expected")
    group_packets = parsed.group_packets

    def decode_group(group: int) -> Samples:
        start = group * group_packets
        return _decode_group(parsed, packets[start : start + group_packets], start, table_set)

    groups = range(needed.start // group_packets, -(-needed.stop // group_packets))
    decoded = map_shards(decode_group, groups, threads)
    speech = np.concatenate([np.zeros(0, np.int16), *decoded])
    begin = first - needed.start * parsed.packet_samples
    return speech[begin : begin + count]


def needed_packets(header: bytes, first: int, count: int) -> range:
    """Return the numbers of the packets that decoding `count` samples from sample `first` on needs: whole groups."""
    parsed = SpeechHeader.from_bytes(header)
    group = parsed.group_packets * parsed.packet_samples
    start = first // group * parsed.group_packets
    stop = -(-(first + count) // group) * parsed.group_packets
    return range(start, min(stop, parsed.packets)) if count > 0 else range(0)


def count_bits(header: bytes, packets: Sequence[bytes | None], codebook: Codebook) -> dict[str, int]:
    """Return the bits of a stream by part; missing packets (None) count nothing.

    Raises:
        CorruptFileError: the header or a packet is damaged, or there are too many packets.
    """
    parsed, table_set = open_stream(header, codebook)
    bits = np.zeros(len(PARTS) + 1, dtype=np.int64)
    if len(packets) > parsed.packets:
        raise CorruptFileError(f"{len(packets)} packets of speech; {parsed.packets} are expected")
    for start in range(0, len(packets), parsed.group_packets):
        parse_group(parsed, packets[start : start + parsed.group_packets], start, table_set, bits)
    return _named_bits(header, bits)


def describe(header: bytes) -> dict[str, Any]:
    """Return the fields of a header by name, for people.

    Raises:
        CorruptFileError: it is damaged.
    """
    parsed = SpeechHeader.from_bytes(header)
    return {
        "samples": parsed.samples,
        "packet_samples": parsed.packet_samples,
        "group_samples": parsed.group_packets * parsed.packet_samples,
        "band": parsed.band.name,
        "table_set": parsed.table_set,
        "packet_frames": parsed.packet_frames,
        "group_packets": parsed.group_packets,
        "post_filter": parsed.filters.formant,
        "pitch_filter": parsed.filters.pitch,
    }


def open_stream(header: bytes, codebook: Codebook) -> tuple[SpeechHeader, SpeechTableSet]:
    """Return the header and its table set.

    Raises:
        CorruptFileError: the header is damaged.
        CodebookError: the codebook is not for the stream.
    """
    book = SpeechCodebook.of(codebook)
    parsed = SpeechHeader.from_bytes(header)
    if parsed.band != book.band:
        raise CodebookError(f"the stream is for {parsed.band.engine}, the codebook for {book.band.engine}")
    if parsed.table_set >= len(book.sets):
        raise CorruptFileError(f"table set {parsed.table_set} is not in the codebook, which has {len(book.sets)}")
    table_set = book.sets[parsed.table_set]
    return parsed, table_set.rising if parsed.rises else table_set


def parse_group(
    header: SpeechHeader,
    packets: Sequence[bytes | None],
    start: int,
    table_set: SpeechTableSet,
    bits: npt.NDArray[np.int64] | None = None,
) -> GroupSymbols:
    """Parse the packets of a group that are there.

    Args:
        header: of the stream.
        packets: of the group; None for a missing packet.
        start: number of the group's first packet.
        table_set: of the stream.
        bits: int64 (parts + 1,), increased by the bits of each part; None if nobody wants them.

    Raises:
        CorruptFileError: a packet is damaged.
    """
    bits = np.zeros(len(PARTS) + 1, dtype=np.int64) if bits is None else bits
    frames = min(header.group_frames, header.frames - start * header.packet_frames)
    symbols = GroupSymbols.empty(frames, table_set)
    for number, (first, count) in enumerate(packet_frames_of(frames, header.packet_frames)[: len(packets)]):
        data = packets[number]
        if data is not None:
            parse_packet(data, first, count, symbols, table_set, bits, f"packet {start + number}")
    return symbols


def _decode_group(
    header: SpeechHeader, packets: Sequence[bytes | None], start: int, table_set: SpeechTableSet
) -> Samples:
    """Return the samples of a group, int16; arguments as in `parse_group`."""
    symbols = parse_group(header, packets, start, table_set)
    lost = [data is None for data in packets]
    return to_pcm(synthesize_group(symbols, table_set, header.packet_frames, header.filters, lost))


def _named_bits(header: bytes, bits: npt.NDArray[np.int64]) -> dict[str, int]:
    """Return the bits of a stream by name of their part."""
    named = {part: int(count) for part, count in zip(PARTS, bits)}
    return named | {"header": 8 * len(header), "padding": int(bits[-1])}
