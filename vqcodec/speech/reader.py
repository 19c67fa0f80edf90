"""Speech decoded: whole to an array, or piece by piece from an open `.vqc` file."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO, Self, cast, overload

import numpy as np
from numpy.typing import NDArray

from vqcodec import user_limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import beside, chosen_codebook
from vqcodec.container import ChunkReader
from vqcodec.container.wrapping import codebook_of
from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.files.endpoints import Source, name_of, naming, seekable
from vqcodec.files.sniffing import with_head
from vqcodec.files.streams import read_some
from vqcodec.media import decoding
from vqcodec.media.target import THREADS
from vqcodec.speech.decoding import Decoding, Lost, Progress, SoundShape, check_start, output_rate
from vqcodec.speech.files import SpeechFile, assemble_speech, read_speech
from vqcodec.speech.pcm import to_pcm
from vqcodec.speech.sound.resampling import Resampler


class Arrival:
    """Decodes a file of speech while it arrives, from its beginning on, once.

    A group is decoded when the next one has begun, since the last one may be shorter.

    Args:
        stream: of a file in the chunked form.
        codebook: that is asked for; None for the file's own.
        rate, start_s, duration_s, threads: as of `Decoding`.

    Attributes:
        metadata: of what has arrived before the first packet.
        rate: Hz. channels: number of channels.
        length: samples of a channel, over all `blocks`; None as long as it is not known.
        size: bytes that have arrived.
        lost, damage: nothing, as in `Decoding`.

    Raises:
        CorruptFileError, UnsupportedError, CodebookError: as `read_speech` and `codebook_of`.
    """

    lost: Sequence[Lost] = ()
    damage: Sequence[str] = ()

    def __init__(
        self,
        stream: BinaryIO,
        codebook: Codebook | None,
        *,
        rate: int | str = "source",
        start_s: float = 0.0,
        duration_s: float | None = None,
        threads: int | None = None,
    ) -> None:
        self._incoming = _Incoming(stream)
        self._chunks = ChunkReader(cast(BinaryIO, self._incoming))
        speech = self._file()
        self._codebook, self._threads = codebook_of(speech.media, codebook), threads
        self._engine = speech.engine
        self._headers = [stream.header for stream in speech.streams]
        described = speech.engine.coder.describe(self._headers[0].engine_header)
        self._packet = int(described["packet_samples"])
        self._group = int(described.get("group_samples", self._packet)) // self._packet  # packets
        self.metadata = speech.media.metadata
        self.rate = output_rate(rate, self._headers[0].source_rate, speech.engine.sample_rate)
        self.channels = len(speech.streams)
        self._start_s, self._first = start_s, int(start_s * self.rate)
        self._wanted = None if duration_s is None else max(1, round(duration_s * self.rate))
        self._samples = int(described["samples"]) or None  # of a channel, at the codec's rate
        self.length = None if self._samples is None else self._length_of(speech)
        self._begun = False

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return self._incoming.size

    def blocks(self, progress: Progress | None = None) -> Iterator[NDArray[np.int16]]:
        """Yield the samples, int16 (samples, channels) at a time, as they arrive.

        Raises:
            UsageError: it is called a second time, or the part begins beyond the end.
            CorruptFileError: the file is damaged or cut off. The samples before have been given.
            LimitError: the part is beyond a limit that is set.
        """
        del progress  # nobody knows how much is to come
        if self._begun:
            raise UsageError("what arrives on a stream can be read once")
        self._begun = True
        given = 0
        for block in self._cut(self._resampled()):
            given += len(block)
            user_limits.current().check("seconds", given / self.rate, "sound")
            user_limits.current().check("output_bytes", 2 * given * self.channels, "sound")
            yield block
        self.length = given

    def _cut(self, blocks: Iterator[NDArray[np.float64]]) -> Iterator[NDArray[np.int16]]:
        """Yield the part that is wanted of the whole sound, float64 (samples, channels)."""
        surplus, due = self._first, self._wanted
        for ready in blocks:
            part = ready[surplus:][:due]
            surplus -= min(surplus, len(ready))
            due = None if due is None else due - len(part)
            if len(part):
                yield to_pcm(part)
            if due == 0:
                return

    def _resampled(self) -> Iterator[NDArray[np.float64]]:
        """Yield the whole sound at the output's rate, float64 (samples, channels)."""
        resamplers = [Resampler(self._engine.sample_rate, self.rate) for _ in self._headers]
        for group in self._groups():
            columns = zip(resamplers, group, strict=True)
            yield np.stack([one.push(column.astype(np.float64)) for one, column in columns], axis=1)
        whole = SoundShape.of(self._file()).length_at(self.rate)
        check_start(self._start_s, self.rate, whole)
        yield np.stack([one.finish(whole) for one in resamplers], axis=1)

    def _groups(self) -> Iterator[list[NDArray[np.int16]]]:
        """Yield the channels of each group, each int16 (samples,), at the codec's rate."""
        waiting: list[list[bytes]] = [[] for _ in self._headers]
        numbers = {number: place for place, number in enumerate(sorted(self._chunks.streams))}
        done = 0
        for packet in self._chunks:
            waiting[numbers[packet.stream]].append(packet.payload)
            if all(len(packets) > self._group for packets in waiting):
                yield self._decoded(waiting, done, self._group * self._packet)
                done += self._group * self._packet
                waiting = [packets[self._group :] for packets in waiting]
        rest = SoundShape.of(self._file()).codec_length - done
        if any(len(packets) != -(-rest // self._packet) for packets in waiting):
            raise CorruptFileError("the number of packets is not that of the samples")
        if rest:
            yield self._decoded(waiting, done, rest)

    def _decoded(self, packets: Sequence[Sequence[bytes]], first: int, count: int) -> list[NDArray[np.int16]]:
        """Return `count` samples of each channel from sample `first` on, of packets with which a group begins.

        Groups do not depend on one another, so those before have been forgotten.
        """
        if self._samples is not None and first + count > self._samples:
            raise CorruptFileError("it has more packets than samples")
        decoded = []
        for header, own in zip(self._headers, packets, strict=True):
            whole = header if self._samples is not None else header.closed(first + count)
            later = _Later(first // self._packet, own)
            decode = self._engine.coder.decode
            part = {"first": first, "count": count, "threads": self._threads}
            decoded.append(decode(whole.engine_header, later, self._codebook, **part))
        return decoded

    def _file(self) -> SpeechFile:
        """Return what is known of the file, without its packets."""
        return assemble_speech(self._chunks, {}, self._incoming.size)

    def _length_of(self, speech: SpeechFile) -> int:
        """Return the length of the part, in samples at the output's rate."""
        whole = SoundShape.of(speech).length_at(self.rate)
        check_start(self._start_s, self.rate, whole)
        return min(whole - self._first, whole if self._wanted is None else self._wanted)


class _Later(Sequence[bytes | None]):
    """The packets of a stream of which the first ones have been forgotten."""

    def __init__(self, forgotten: int, packets: Sequence[bytes]) -> None:
        self._forgotten, self._packets = forgotten, packets

    def __len__(self) -> int:
        return self._forgotten + len(self._packets)

    @overload
    def __getitem__(self, number: int) -> bytes | None: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[bytes | None]: ...
    def __getitem__(self, number: int | slice) -> bytes | Sequence[bytes | None] | None:
        places = range(len(self))[number]
        return self._at(places) if isinstance(places, int) else [self._at(place) for place in places]

    def _at(self, number: int) -> bytes | None:
        return None if number < self._forgotten else self._packets[number - self._forgotten]


class _Incoming:
    """A stream of which `read` gives what is there, and counts it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = 0

    def read(self, size: int) -> bytes:
        data = read_some(self._stream, size)
        self.size += len(data)
        return data


class SpeechReader:
    """An open file of speech. Each iteration goes through it from its beginning; close it, or use it in a `with` block.

    What arrives on a stream that cannot seek is decoded as it comes, once.

    Attributes:
        rate: Hz, of the samples that it gives.
        channels: number of channels.
        length: samples of a channel in all; None if it is not known, since the file still arrives.
    """

    def __init__(self, resources: ExitStack, decoded: Decoding | Arrival) -> None:
        self._resources = resources
        self._decoded = decoded
        self.rate, self.channels, self.length = decoded.rate, decoded.channels, decoded.length

    def __iter__(self) -> Iterator[NDArray[np.int16]]:
        """Yield blocks of samples, int16 (samples, channels), of at most some tens of seconds each."""
        return self._decoded.blocks()

    def close(self) -> None:
        """Close the file."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_speech(
    source: Source,
    *,
    codebook: Codebook | str | os.PathLike[str] | None = None,
    rate: int | str | None = "source",
    start: float | str | None = None,
    duration: float | str | None = None,
    threads: int | None = None,
) -> SpeechReader:
    """Open a `.vqc` file of speech, whole or in part, to decode it piece by piece.

    Of a long file only what is asked for is read, and memory holds one piece at a time.

    Args:
        source: a path, bytes or a binary file; a stream that cannot seek is decoded while it arrives.
        codebook, rate, start, duration, threads: as of `decode_speech`.

    Raises:
        UnreadableInputError: the file cannot be opened.
        CorruptFileError, UnsupportedError: it is damaged, or of a later version; iterating may raise this too.
        CodebookError: its codebook is not found, or `codebook` is not the one it needs.
        UsageError: an argument is of the wrong type or out of range, or the part begins beyond the end.
    """
    given = {"codebook": codebook, "rate": rate, "start": start, "duration": duration, "threads": threads}
    name = name_of(source)
    with ExitStack() as resources, naming(name), beside(source):
        decoded: Decoding | Arrival
        if is_arriving(source):
            source, _ = with_head(source, name)
        if is_arriving(source):  # of a short file all has been read
            book = chosen_codebook(decoding.CODEBOOK.value_in(given))
            decoded = Arrival(cast(BinaryIO, source), book, **_part_in(given))
        else:
            decoded = _decoding_of(resources.enter_context(seekable(source, name)), given, sparing=True)
        return SpeechReader(resources.pop_all(), decoded)


def is_arriving(source: Source) -> bool:
    """Return whether a source is a stream that cannot seek."""
    return hasattr(source, "read") and not (hasattr(source, "seekable") and source.seekable())


def decode_speech(
    data: bytes,
    *,
    codebook: Codebook | str | os.PathLike[str] | None = None,
    rate: int | str | None = "source",
    start: float | str | None = None,
    duration: float | str | None = None,
    threads: int | None = None,
) -> tuple[NDArray[np.int16], int]:
    """Return the samples of a `.vqc` file of speech, int16 (samples,) or (samples, channels), and their sampling rate.

    Args:
        data: the bytes of the file.
        codebook: a codebook, or the name or path of one; without it the file's own is looked for.
        rate: `source` for that of what was encoded, `codec` for that of the codec, or 1000 to 768000 Hz.
        start: second to begin with, or text such as `1:05`; None for the beginning.
        duration: seconds to decode, above 0, or text as for `start`; None for all.
        threads: how many to use; None for one a CPU.

    Raises:
        CorruptFileError, UnsupportedError: the file is damaged, or of a later version.
        CodebookError: its codebook is not found, or `codebook` is not the one it needs.
        UsageError: an argument is of the wrong type or out of range, or the part begins beyond the end.
    """
    given = {"codebook": codebook, "rate": rate, "start": start, "duration": duration, "threads": threads}
    decoded = _decoding_of(io.BytesIO(decoding.DATA.check(data)), given)
    samples = np.concatenate(list(decoded.blocks()))
    return (samples[:, 0] if samples.shape[1] == 1 else samples), decoded.rate


def _decoding_of(file: BinaryIO, given: Mapping[str, Any], *, sparing: bool = False) -> Decoding:
    """Return the decoding of a file as it is asked for; arguments and errors as of `open_speech` and `read_speech`."""
    book, part = chosen_codebook(decoding.CODEBOOK.value_in(given)), _part_in(given)
    speech = read_speech(file, sparing=sparing)
    return Decoding(speech, codebook_of(speech.media, book), **part)


def _part_in(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is asked for as arguments of `Decoding`."""
    return {
        "rate": decoding.RATE.value_in(given) or "source",
        "start_s": decoding.START.value_in(given) or 0.0,
        "duration_s": decoding.DURATION.value_in(given),
        "threads": THREADS.value_in(given),
    }
