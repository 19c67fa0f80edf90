"""The speech engine: signal to packets and back, for both bands."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.errors import CodebookError, CorruptFileError, UsageError
from vqcodec.jit import map_shards
from vqcodec.speech import rate_control
from vqcodec.speech.effort import DEFAULT_EFFORT, EFFORTS, MAX_EFFORT
from vqcodec.speech.group_coding import (
    GroupSymbols,
    packet_frames_of,
    parse_packet,
    search_symbols,
    synthesize_group,
    write_packets,
)
from vqcodec.speech.header import SpeechHeader
from vqcodec.speech.packet_syntax import PARTS
from vqcodec.speech.recording import Recording
from vqcodec.speech.speech_codebook import SpeechCodebook, TableSet
from vqcodec.speech.trellis_state import Search
from vqcodec.vq.codebook import Codebook

Progress = Callable[[float], None]
Samples = npt.NDArray[np.int16]

DEFAULT_QUALITY = 50.0
_COARSEST, _FINEST = 1.5, 0.5  # lambda of quality 0 and 100, relative to the first and the last table set
_LSF_SHARE = 0.5  # how far the LSF quantizer follows lambda away from the table set's own
_QUICK_GROUPS = 6  # that the first passes of rate control look at


@dataclass(frozen=True)
class SpeechOptions:
    """What to encode for; at most one of quality, bitrate and size, else DEFAULT_QUALITY.

    Attributes:
        quality: 0 to 100.
        bitrate: kbit/s of header and packets, on average over the recording.
        size: most bytes of header and packets.
        effort: of the search, 0 to 9.
        threads: to use; None for all. The result does not depend on them.
    """

    quality: float | None = None
    bitrate: float | None = None
    size: int | None = None
    effort: int = DEFAULT_EFFORT
    threads: int | None = None

    def __post_init__(self) -> None:
        if sum(aim is not None for aim in (self.quality, self.bitrate, self.size)) > 1:
            raise UsageError("quality, bitrate and size exclude one another; give one of them")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise UsageError(f"quality {self.quality:g} is not in 0..100")
        if self.bitrate is not None and not self.bitrate > 0:
            raise UsageError(f"a bitrate of {self.bitrate:g} kbit/s is not possible; it must be positive")
        if not 0 <= self.effort <= MAX_EFFORT:
            raise UsageError(f"effort {self.effort} is not in 0..{MAX_EFFORT}")


@dataclass(frozen=True)
class EncodedSpeech:
    """An encoded recording.

    Attributes:
        header: the engine's header.
        packets: in order; starts: first sample of each.
        reconstruction: int16 (n,), what decoding gives.
        bits: of header and packets by part; they sum to 8 times their bytes.
    """

    header: bytes
    packets: list[bytes]
    starts: list[int]
    reconstruction: Samples
    bits: dict[str, int]

    @property
    def size(self) -> int:
        """Bytes of header and packets."""
        return len(self.header) + sum(map(len, self.packets))


def encode(
    signal: npt.ArrayLike, codebook: Codebook, options: SpeechOptions | None = None, progress: Progress | None = None
) -> EncodedSpeech:
    """Encode a recording.

    Args:
        signal: (n,), in the range of 16-bit samples, at the sampling rate of the codebook's band.
        codebook: of a speech engine.
        options: what for, and how.
        progress: called with the share that is done, 0 to 1.

    Raises:
        UsageError: the signal is not one row of finite numbers.
        CodebookError: the codebook is not for speech, or damaged.
    """
    return _Encoder(signal, SpeechCodebook.of(codebook), options or SpeechOptions(), progress).run()


def decode(
    header: bytes,
    packets: Sequence[bytes | None],
    codebook: Codebook,
    *,
    first: int = 0,
    count: int | None = None,
    threads: int | None = None,
) -> Samples:
    """Decode samples `first` to `first + count` (None: to the end) of a stream, int16.

    The same samples as in decoding all: every group they touch is decoded from its start. Only the packets of
    these groups are looked at (see `needed_packets`).

    Args:
        packets: all of the stream; None where one is missing, which is concealed.

    Raises:
        CorruptFileError: the header or a packet is damaged, or packets are too few.
        UsageError: there are no such samples.
    """
    book = SpeechCodebook.of(codebook)
    parsed, table_set = _open(header, book)
    count = parsed.samples - first if count is None else count
    if first < 0 or count < 0 or first + count > parsed.samples:
        raise UsageError(f"samples {first} to {first + count} are not in 0..{parsed.samples}")
    needed = needed_packets(header, codebook, first, count)
    if len(packets) < needed.stop:
        raise CorruptFileError(f"{len(packets)} packets of speech; {parsed.packets(book.band)} are expected")
    group_packets = parsed.group_packets

    def decode_group(group: int) -> Samples:
        start = group * group_packets
        return _decode_group(parsed, packets[start : start + group_packets], start, table_set)

    groups = range(needed.start // group_packets, -(-needed.stop // group_packets))
    decoded = map_shards(decode_group, groups, threads)
    speech = np.concatenate([np.zeros(0, np.int16), *decoded])
    begin = first - needed.start * parsed.packet_frames * book.band.frame
    return speech[begin : begin + count]


def needed_packets(header: bytes, codebook: Codebook, first: int, count: int) -> range:
    """Return the numbers of the packets that decoding samples `first` to `first + count` looks at: whole groups."""
    book = SpeechCodebook.of(codebook)
    parsed = SpeechHeader.from_bytes(header)
    group = parsed.group_frames() * book.band.frame
    start = first // group * parsed.group_packets
    stop = -(-(first + count) // group) * parsed.group_packets
    return range(start, min(stop, parsed.packets(book.band))) if count > 0 else range(0)


def count_bits(header: bytes, packets: Sequence[bytes | None], codebook: Codebook) -> dict[str, int]:
    """Return where the bits of a stream went, by part; missing packets (None) count nothing.

    Raises:
        CorruptFileError: the header or a packet is damaged, or there are too many packets.
    """
    book = SpeechCodebook.of(codebook)
    parsed, table_set = _open(header, book)
    bits = np.zeros(len(PARTS) + 1, dtype=np.int64)
    if len(packets) > parsed.packets(book.band):
        raise CorruptFileError(f"{len(packets)} packets of speech; {parsed.packets(book.band)} are expected")
    for start in range(0, len(packets), parsed.group_packets):
        _parse_group(parsed, packets[start : start + parsed.group_packets], start, table_set, bits)
    return _named_bits(header, bits)


def describe(header: bytes) -> dict[str, Any]:
    """Return what a header says, for people.

    Raises:
        CorruptFileError: it is damaged.
    """
    parsed = SpeechHeader.from_bytes(header)
    return {
        "samples": parsed.samples,
        "packet_samples": 0,
        "table_set": parsed.table_set,
        "packet_frames": parsed.packet_frames,
        "group_packets": parsed.group_packets,
        "post_filter": parsed.post_filter,
    }


def _open(header: bytes, book: SpeechCodebook) -> tuple[SpeechHeader, TableSet]:
    """Return the header and its table set."""
    parsed = SpeechHeader.from_bytes(header)
    if parsed.table_set >= len(book.sets):
        raise CorruptFileError(f"table set {parsed.table_set} is not in the codebook, which has {len(book.sets)}")
    return parsed, book.sets[parsed.table_set]


def _parse_group(
    header: SpeechHeader, packets: Sequence[bytes | None], start: int, table_set: TableSet, bits: npt.NDArray[np.int64]
) -> GroupSymbols:
    """Parse the packets of a group that are there; `start` is the number of its first one."""
    frames = min(header.group_frames(), header.frames(table_set.band) - start * header.packet_frames)
    symbols = GroupSymbols.empty(frames, table_set)
    for number, (first, count) in enumerate(packet_frames_of(frames, header.packet_frames)[: len(packets)]):
        data = packets[number]
        if data is not None:
            parse_packet(data, first, count, symbols, table_set, bits, f"packet {start + number}")
    return symbols


def _decode_group(
    header: SpeechHeader, packets: Sequence[bytes | None], start: int, table_set: TableSet
) -> Samples:
    symbols = _parse_group(header, packets, start, table_set, np.zeros(len(PARTS) + 1, dtype=np.int64))
    return _to_pcm(synthesize_group(symbols, table_set, header.packet_frames, [data is None for data in packets]))


def _to_pcm(speech: npt.NDArray[np.float64]) -> Samples:
    """Round to 16 bits, halves to even, and clip."""
    return np.clip(np.rint(speech), -32768, 32767).astype(np.int16)


def _named_bits(header: bytes, bits: npt.NDArray[np.int64]) -> dict[str, int]:
    named = {part: int(count) for part, count in zip(PARTS, bits)}
    return named | {"header": 8 * len(header), "padding": int(bits[-1])}


class _Encoder:
    """One recording on its way to packets."""

    def __init__(
        self, signal: npt.ArrayLike, book: SpeechCodebook, options: SpeechOptions, progress: Progress | None
    ) -> None:
        self._book = book
        self._options = options
        self._layout = SpeechHeader(len(np.atleast_1d(np.asarray(signal))), 0)
        self._recording = Recording(signal, book.band, self._layout.group_frames())
        self._report = progress
        self._lock = Lock()
        self._share = (0.0, 1.0)  # of the whole, that the present pass begins and ends with
        self._best: tuple[float, EncodedSpeech] | None = None

    def run(self) -> EncodedSpeech:
        """Encode as the options say."""
        options = self._options
        if options.bitrate is None and options.size is None or not self._recording.groups:
            quality = DEFAULT_QUALITY if options.quality is None else options.quality
            coarsest, finest = self._book.sets[0].aims.lambda_ * _COARSEST, self._book.sets[-1].aims.lambda_ * _FINEST
            lambda_ = coarsest * (finest / coarsest) ** (quality / 100)
            return self._encode(lambda_, self._book.nearest(lambda_))
        if options.size is not None:
            return self._encode_to_size(options.size)
        assert options.bitrate is not None
        return self._encode_at_rate(options.bitrate * 125 * self._recording.seconds)

    def _encode_at_rate(self, wanted: float) -> EncodedSpeech:
        """Encode in about `wanted` bytes."""
        lambda_ = self._quick_lambda(wanted)
        table_set = self._book.nearest(lambda_)
        tried: dict[float, EncodedSpeech] = {}

        def measure(one: float) -> float:
            done = self._share[1]
            self._share = (done, done + (1 - done) * 0.6)
            tried[one] = self._encode(one, table_set)
            return tried[one].size

        rate_control.find_lambda(measure, wanted, lambda_, rate_control.MAX_PASSES, rate_control.TOLERANCE)
        return min(tried.values(), key=lambda encoded: abs(math.log(max(encoded.size, 1) / wanted)))

    def _encode_to_size(self, size: int) -> EncodedSpeech:
        """Encode in at most `size` bytes, if that can be.

        Raises:
            UsageError: it cannot.
        """
        wanted = float(size)
        for _ in range(rate_control.MAX_PASSES):
            encoded = self._encode_at_rate(max(wanted, 1.0))
            if encoded.size <= size:
                return encoded
            wanted -= 1.02 * (encoded.size - size) + 0.5
            if wanted < 1:
                break
        raise UsageError(f"the recording cannot be coded in {size} bytes; allow more")

    def _quick_lambda(self, wanted: float) -> float:
        """Return the lambda that a quick search needs for `wanted` bytes, on some of the groups if they are many."""
        groups = self._recording.groups
        chosen = sorted({groups * k // _QUICK_GROUPS for k in range(_QUICK_GROUPS)}) if groups > 2 * _QUICK_GROUPS else range(groups)
        share = len(chosen) / groups
        self._share = (0.0, 0.0)
        rate = wanted * 8 / max(self._recording.seconds, 1e-9)
        nearest = min(self._book.sets, key=lambda one: abs(math.log(one.aims.rate / rate)))
        start = nearest.aims.lambda_ * (nearest.aims.rate / rate) ** 1.8

        def measure(lambda_: float) -> float:
            table_set = self._book.sets[self._book.nearest(lambda_)]
            parts = map_shards(lambda n: self._code_group(n, lambda_, table_set, 1)[0], chosen, self._options.threads)
            return sum(len(packet) for part in parts for packet in part)

        start = min(max(start, rate_control.LEAST_LAMBDA), rate_control.MOST_LAMBDA)
        return rate_control.find_lambda(measure, wanted * share, start, rate_control.MAX_QUICK_PASSES, 0.02)[0]

    def _encode(self, lambda_: float, number: int) -> EncodedSpeech:
        """Encode all groups at `lambda_` with table set `number`."""
        table_set = self._book.sets[number]
        groups = self._recording.groups
        done = 0

        def code(group: int) -> tuple[list[bytes], npt.NDArray[np.int64], Samples]:
            nonlocal done
            coded = self._code_group(group, lambda_, table_set, self._options.effort)
            speech = _to_pcm(synthesize_group(coded[2], table_set, self._layout.packet_frames))
            with self._lock:
                done += 1
                if self._report is not None:
                    begin, end = self._share
                    self._report(begin + (end - begin) * done / groups)
            return coded[0], coded[1], speech

        coded = map_shards(code, range(groups), self._options.threads)
        header = SpeechHeader(self._layout.samples, number, post_filter=table_set.aims.post_filter).to_bytes()
        packets = [packet for part in coded for packet in part[0]]
        bits = sum((part[1] for part in coded), np.zeros(len(PARTS) + 1, dtype=np.int64))
        speech = np.concatenate([np.zeros(0, np.int16), *[part[2] for part in coded]])[: self._layout.samples]
        return EncodedSpeech(header, packets, self._layout.starts(self._book.band), speech, _named_bits(header, bits))

    def _code_group(
        self, group: int, lambda_: float, table_set: TableSet, effort_number: int
    ) -> tuple[list[bytes], npt.NDArray[np.int64], GroupSymbols]:
        """Return packets, bits and symbols of a group."""
        effort = EFFORTS[effort_number]
        band = table_set.band
        search = Search(
            lambda_=lambda_,
            survivors=effort.survivors,
            lag_candidates=effort.lag_candidates,
            sweeps=effort.sweeps,
            filters=1,
            exact=int(effort.exact),
            energy_weight=table_set.aims.energy_weight,
            packet_subframes=self._layout.packet_frames * band.subframes,
            frame_subframes=band.subframes,
        )
        relative = lambda_ / table_set.aims.lambda_
        lsf_lambda = table_set.aims.lsf_lambda * (1 - _LSF_SHARE + _LSF_SHARE * relative)
        symbols = search_symbols(self._recording.group(group), table_set, search, lsf_lambda, effort.lsf)
        return *write_packets(symbols, table_set, self._layout.packet_frames), symbols
