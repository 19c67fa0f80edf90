"""Decoding of a file of speech to samples, whole or in part, at any rate, piece by piece."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqcodec import user_limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.speech.files import SpeechFile, StoredStream
from vqcodec.speech.pcm import to_pcm
from vqcodec.speech.placement import place_packets
from vqcodec.speech.sound.resampling import Resampler, resampled_length

PIECE_S = 40  # seconds of all channels together that are decoded at a time; whole groups, so that each is decoded once
BLOCK = 1 << 16  # samples that are resampled at a time
RESAMPLER_REACH_S = 0.05  # seconds on either side; samples further away do not change a resampled sample

Progress = Callable[[float], None]
Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Lost:
    """A missing packet.

    Attributes:
        stream, packet: numbers of the stream and of the packet.
        start_s, end_s: seconds between which the speech is concealed.
    """

    stream: int
    packet: int
    start_s: float
    end_s: float


class Decoding:
    """Decodes a file of speech, or a part of it.

    Args:
        speech: from `read_speech`. If the file is indexed, only the packets that are needed are read.
        codebook: that the file needs.
        rate: of the samples: `source`, `codec`, or in Hz, within the limits.
        start_s: seconds, where the part to decode begins.
        duration_s: seconds, length of that part, above 0; None for the rest.
        threads: None for all; the samples do not depend on it.

    Attributes:
        rate: Hz.
        channels: number of channels.
        length: samples of a channel, over all `blocks`.
        size: bytes of the file.
        lost: packets that are missing and will be concealed, if the file was salvaged.
        damage: what salvage skipped or leaves out, a clause for each.

    Raises:
        UsageError: the part begins beyond the end.
        LimitError: the part is beyond a limit that is set.
        CorruptFileError: the headers of the streams are damaged or contradict one another; or packets are missing, and
            the file was not salvaged.
    """

    def __init__(
        self,
        speech: SpeechFile,
        codebook: Codebook,
        *,
        rate: int | str = "source",
        start_s: float = 0.0,
        duration_s: float | None = None,
        threads: int | None = None,
    ) -> None:
        self._speech = speech = placed(speech)
        self._codebook = codebook
        self._threads = threads
        self._codec_rate = speech.engine.sample_rate
        shape = SoundShape.of(speech)
        self._codec_length = shape.codec_length
        self._group = shape.group_length
        self.rate = output_rate(rate, shape.source_rate, self._codec_rate)
        whole = shape.length_at(self.rate)
        check_start(start_s, self.rate, whole)
        self._first = int(start_s * self.rate)
        wanted = whole if duration_s is None else max(1, round(duration_s * self.rate))
        self.length = min(wanted, whole - self._first)
        self.channels = len(speech.streams)
        user_limits.current().check("seconds", self.length / self.rate, "sound")
        user_limits.current().check("output_bytes", 2 * self.length * self.channels, "sound")
        self.lost = lost_packets(speech, shape)
        self.damage = speech.damage
        self.size = speech.size

    def blocks(self, progress: Progress | None = None) -> Iterator[Samples]:
        """Yield the samples, int16 (samples, channels) at a time, `length` in all."""
        given = 0
        for columns in zip(*(self._channel(stream) for stream in self._speech.streams), strict=True):
            block = np.stack(columns, axis=1)
            given += len(block)
            if progress is not None:
                progress(given / self.length)
            yield block

    def _channel(self, stream: StoredStream) -> Iterator[Samples]:
        """Yield one channel of the part, in pieces that have the same lengths for every channel."""
        first, surplus = self._aligned_start()
        due = self.length
        for ready in self._resampled(stream, first, surplus + due):
            part = ready[surplus:][:due]
            surplus -= min(surplus, ready.size)
            due -= part.size
            yield to_pcm(part)

    def _aligned_start(self) -> tuple[int, int]:
        """Return the codec's sample to begin with, and how many samples at the output's rate come before the part.

        The two rates have a sample at the same moment only now and then. If resampling begins at such a moment, far
        enough before the part, it gives the same samples as for the whole recording.
        """
        if self.rate == self._codec_rate:
            return self._first, 0
        moments = math.gcd(self.rate, self._codec_rate)  # such moments in a second
        moment = max(0, int((self._first / self.rate - RESAMPLER_REACH_S) * moments))
        return moment * self._codec_rate // moments, self._first - moment * self.rate // moments

    def _resampled(self, stream: StoredStream, first: int, count: int) -> Iterator[NDArray[np.float64]]:
        """Yield `count` or more samples at the output's rate, float64, from the codec's sample `first` on."""
        needed = first + resampled_length(count, self.rate, self._codec_rate)
        if self.rate != self._codec_rate:
            needed += round(RESAMPLER_REACH_S * self._codec_rate)
        end = min(self._codec_length, needed)
        resampler = Resampler(self._codec_rate, self.rate)
        block = max(1, BLOCK * self._codec_rate // self.rate)
        piece = self._group * max(1, PIECE_S * self._codec_rate // (self._group * self.channels))
        while first < end:
            stop = min(end, (first // piece + 1) * piece)
            decoded = self._decode(stream, first, stop - first)
            for begin in range(0, decoded.size, block):
                yield resampler.push(decoded[begin : begin + block].astype(np.float64))
            first = stop
        yield resampler.finish(count)

    def _decode(self, stream: StoredStream, first: int, count: int) -> Samples:
        """Return `count` samples of the codec from sample `first` on, int16 (count,)."""
        coder, header = self._speech.engine.coder, stream.header.engine_header
        return coder.decode(header, stream.packets, self._codebook, first=first, count=count, threads=self._threads)


@dataclass(frozen=True)
class SoundShape:
    """The rates and lengths of a file of speech, according to its headers.

    Attributes:
        codec_rate, codec_length: Hz and samples of the engine's signal.
        source_rate, source_length: Hz and samples of the signal that was encoded.
        packet_length, group_length: samples of a packet and of a group, at the codec's rate.
        description: the other fields of the engine's header, by name; the first channel's, as they may differ.
    """

    codec_rate: int
    codec_length: int
    source_rate: int
    source_length: int
    packet_length: int
    group_length: int
    description: dict[str, Any] = field(compare=False)

    @classmethod
    def of(cls, speech: SpeechFile) -> SoundShape:
        """Return the shape of a file, which is the same for all its channels.

        Raises:
            CorruptFileError: a header is damaged, or the channels have different shapes.
            LimitError: the file is longer than the limits allow.
        """
        shapes = [cls._of_stream(stream, speech) for stream in speech.streams]
        if any(shape != shapes[0] for shape in shapes[1:]):
            raise CorruptFileError("its channels differ in length or sampling rate")
        return shapes[0]

    @classmethod
    def _of_stream(cls, stream: StoredStream, speech: SpeechFile) -> SoundShape:
        rate, header = speech.engine.sample_rate, stream.header
        described = dict(speech.engine.coder.describe(header.engine_header))
        length, packet = int(described.pop("samples")), int(described.pop("packet_samples"))
        group = int(described.pop("group_samples", packet))
        source = header.source_length(rate, length)
        if speech.length is not None and speech.length < length:
            length, source = speech.length, resampled_length(speech.length, rate, header.source_rate)
        return cls(rate, length, header.source_rate, source, packet, group, described)

    @property
    def packets(self) -> int:
        """Number of packets of a channel."""
        return -(-self.codec_length // self.packet_length)

    def length_at(self, rate: int) -> int:
        """Return the samples of the whole recording at `rate`, in Hz; at the source's rate, the source's own length."""
        if rate == self.codec_rate:
            return self.codec_length
        if rate == self.source_rate:
            return self.source_length
        return resampled_length(self.codec_length, self.codec_rate, rate)


def placed(speech: SpeechFile) -> SpeechFile:
    """Return a file as it can be decoded: what is lost of a damaged one is bounded (see `placement.place_packets`).

    Raises:
        CorruptFileError, LimitError: as `SoundShape.of`.
    """
    if not speech.salvaged or speech.length is not None:
        return speech
    if is_endless(speech):
        speech = closed(speech)
    shape = SoundShape.of(speech)
    found = [stream.packets for stream in speech.streams]
    placement = place_packets(found, shape.codec_length, shape.packet_length, shape.group_length)
    streams = [StoredStream(stream.header, packets) for stream, packets in zip(speech.streams, placement.packets)]
    damage = [*speech.damage, *placement.damage]
    return replace(speech, streams=streams, length=placement.length, damage=damage)


def is_endless(speech: SpeechFile) -> bool:
    """Whether the tail is missing that gives the length of a salvaged file (FORMAT.md, section 13.2).

    Raises:
        CorruptFileError: a header is damaged.
    """
    if not speech.salvaged or not any(stream.header.is_open and stream.packets for stream in speech.streams):
        return False
    described = speech.engine.coder.describe(speech.streams[0].header.engine_header)
    return not described["samples"]  # else it is an engine whose headers begin with something else


def closed(speech: SpeechFile) -> SpeechFile:
    """Return a file that `is_endless` as long as the packets that are there."""
    described = speech.engine.coder.describe(speech.streams[0].header.engine_header)
    packets = max(len(stream.packets) for stream in speech.streams)
    length = packets * int(described["packet_samples"])
    streams = [StoredStream(stream.header.closed(length), stream.packets) for stream in speech.streams]
    return replace(speech, streams=streams, damage=[*speech.damage, "its length is not known; the packets decide"])


def lost_packets(speech: SpeechFile, shape: SoundShape) -> list[Lost]:
    """Return the packets of a salvaged file that are missing and will be concealed.

    Raises:
        CorruptFileError: packets are missing or too many, and the file was not salvaged.
    """
    seconds = shape.packet_length / shape.codec_rate
    if not speech.salvaged:
        have = [len(stream.packets) for stream in speech.streams]
        missing = sum(max(0, shape.packets - packets) for packets in have)
        if missing:
            raise CorruptFileError(f"{missing} packets are missing, the first at {min(have) * seconds:.1f} s")
        if max(have) > shape.packets:
            raise CorruptFileError(f"{max(have)} packets of speech, but its length makes {shape.packets}; damaged")
        return []
    duration = shape.codec_length / shape.codec_rate
    return [
        Lost(stream, number, number * seconds, min(duration, (number + 1) * seconds))
        for stream, stored in enumerate(speech.streams)
        for number, packet in enumerate(stored.packets)
        if packet is None
    ]


def check_start(start_s: float, rate: int, whole: int) -> None:
    """Raise UsageError if a part does not begin within `whole` samples at `rate`."""
    if not 0 <= start_s * rate < whole:
        raise UsageError(f"start {start_s:g} s is not within the recording, which lasts {whole / rate:.3f} s")


def output_rate(rate: int | str, source_rate: int, codec_rate: int) -> int:
    """Return the rate in Hz that is asked for as a number, `source` or `codec`."""
    if rate == "source":
        return source_rate
    if rate == "codec":
        return codec_rate
    return int(rate)
