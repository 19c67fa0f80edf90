"""Files of speech: streams and packets into a `.vqc` file, and out of it, even in part or damaged."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import BinaryIO, Protocol

from vqcodec import limits
from vqcodec.container import ChunkReader, ChunkWriter, CodebookReference, MediaFile, Stream, dump_media, load_media
from vqcodec.container.chunks import MAGIC, Damage
from vqcodec.container.compact import HEAD_BYTES
from vqcodec.container.index import IndexedPackets, IndexEntry, read_index, tails_behind
from vqcodec.container.media import CompactSeal
from vqcodec.container.reader import StreamDeclaration
from vqcodec.errors import CorruptFileError, LimitError, UnsupportedError
from vqcodec.media.engine import SpeechEngine
from vqcodec.speech.engines import engine_for
from vqcodec.speech.folding import MAX_FOLDED_PACKETS, fold, unfold, unfold_damaged
from vqcodec.speech.placement import FoundPackets
from vqcodec.speech.stream import StreamHeader

MEDIUM = "speech"


@dataclass(frozen=True)
class CodedStream:
    """One channel, coded.

    Attributes:
        header: of the stream.
        packets: in order.
        starts: first sample of each packet, at the codec's rate.
    """

    header: StreamHeader
    packets: Sequence[bytes]
    starts: Sequence[int]


@dataclass(frozen=True)
class StoredStream:
    """One channel as it was found in a file.

    Attributes:
        header: of the stream.
        packets: by number; None for packets that salvage did not find. A file that was cut off has fewer.
    """

    header: StreamHeader
    packets: Sequence[bytes | None]


@dataclass(frozen=True)
class SpeechFile:
    """A file of speech that has been read.

    Attributes:
        engine: that coded it.
        media: what the container holds: codebook reference, metadata and streams; their packets may be left out.
        streams: one for each channel, in the order of their numbers.
        size: bytes of the file.
        compact: whether it has the compact form.
        salvaged: whether damaged parts were skipped. If not, the parts that were read have no damage.
        damage: the parts that salvage skipped, a clause for each.
        seal: the checksum that salvage has still to check, once the codebook is known; None if the packets have checks.
        length: samples of a channel at the codec's rate, if salvage leaves out the end; None if the header tells.
    """

    engine: SpeechEngine
    media: MediaFile
    streams: Sequence[StoredStream]
    size: int
    compact: bool
    salvaged: bool = False
    damage: Sequence[str] = field(default=())
    seal: CompactSeal | None = None
    length: int | None = None


def dump_speech(
    streams: Sequence[CodedStream],
    engine: str,
    reference: CodebookReference,
    metadata: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return the file of one or more coded channels.

    A short recording of one channel without metadata, coded with a shared codebook, takes the compact form, with all
    its packets folded into one (see `folding`). Any other file has a chunk for each packet; packets of several
    channels alternate.

    Args:
        streams: one for each channel.
        engine: name of the engine that coded them all.
        reference: to the codebook that they were coded with.
        metadata: as the container keeps it.

    Raises:
        LimitError: more channels than a file can have.
    """
    sample_rate = engine_for(engine).sample_rate
    if len(streams) > limits.MAX_AUDIO_CHANNELS:
        raise LimitError(f"{len(streams)} channels; at most {limits.MAX_AUDIO_CHANNELS} are allowed")
    first = streams[0]
    if len(streams) == 1 and not metadata and reference.embedded is None and len(first.packets) <= MAX_FOLDED_PACKETS:
        stream = Stream(0, MEDIUM, engine, b"", [fold(first.header.to_bytes(sample_rate), first.packets)])
        return dump_media(MediaFile(MEDIUM, engine, reference, [stream]))
    buffer = io.BytesIO()
    with ChunkWriter(buffer, MEDIUM) as writer:
        writer.codebook(reference)
        for number, coded in enumerate(streams):
            writer.stream(number, MEDIUM, engine, coded.header.to_bytes(sample_rate))
        for key in sorted(metadata or {}):
            writer.metadata(key, (metadata or {})[key])
        in_time = sorted(
            (start, number, packet)
            for number, coded in enumerate(streams)
            for start, packet in zip(coded.starts, coded.packets, strict=True)
        )
        for start, number, packet in in_time:
            writer.packet(number, packet, start)
    return buffer.getvalue()


def read_speech(file: BinaryIO, *, salvage: bool = False, sparing: bool = False) -> SpeechFile:
    """Read a file of speech.

    Args:
        file: binary and seekable.
        salvage: whether to skip damaged parts; packets that are lost become None.
        sparing: whether to read each packet only when it is used, if the file has an index.

    Raises:
        UnreadableInputError, UnsupportedError, CorruptFileError, LimitError: see `vqcodec.errors`. Without `salvage`,
            any damage in the parts that are read is an error.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    chunked = file.read(len(MAGIC)) == MAGIC
    file.seek(0)
    if not chunked:
        return (_salvage_compact if salvage else _read_compact)(file.read(), size)
    if sparing and not salvage:
        entries = read_index(file)
        tails = tails_behind(file, entries) if entries else None
        if entries and tails is not None:
            file.seek(0)
            return _read_indexed(file, entries, tails, size)
        file.seek(0)
    return _read_chunks(file, size, salvage)


def _read_compact(data: bytes, size: int) -> SpeechFile:
    media = load_media(data)
    engine = _engine_of(media.engine)
    folded = unfold(media.streams[0].packets[0], engine.sample_rate)
    return SpeechFile(engine, media, [StoredStream(folded.header, folded.packets)], size, compact=True)


def _salvage_compact(data: bytes, size: int) -> SpeechFile:
    media = load_media(data)
    engine = _engine_of(media.engine)
    folded = unfold_damaged(data[HEAD_BYTES:], engine.sample_rate)
    seal = None if folded.checked else media.seal
    stream = StoredStream(folded.header, folded.packets)
    whole = replace(media, seal=None)  # of a file that is cut off it would be wrong
    return SpeechFile(engine, whole, [stream], size, True, salvaged=True, damage=folded.damage, seal=seal)


def _read_indexed(file: BinaryIO, entries: Sequence[IndexEntry], tails: Mapping[int, bytes], size: int) -> SpeechFile:
    reader = ChunkReader(file)
    for number, header in tails.items():
        reader.complete_stream(number, header)
    lock = Lock()  # of the file, in which all streams seek
    packets = {
        number: IndexedPackets(file, [entry for entry in entries if entry.stream == number], lock)
        for number in reader.streams
    }
    return assemble_speech(reader, packets, size)


def _read_chunks(file: BinaryIO, size: int, salvage: bool) -> SpeechFile:
    reader = ChunkReader(file, salvage=salvage)
    packets: dict[int, FoundPackets] = {}
    for packet in reader:
        if packet.number > limits.MAX_SPEECH_SAMPLES:
            raise LimitError(f"packet number {packet.number} is beyond the limits")
        packets.setdefault(packet.stream, FoundPackets()).put(packet.number, packet.payload)
    return assemble_speech(reader, packets, size, salvage)


class Declared(Protocol):
    """The declarations that a reader found, or those of its speech streams."""

    @property
    def streams(self) -> Mapping[int, StreamDeclaration]:
        """By number."""

    @property
    def codebooks(self) -> Mapping[int, CodebookReference]:
        """By number."""

    @property
    def metadata(self) -> Mapping[str, bytes]:
        """By key."""

    @property
    def damage(self) -> Sequence[Damage]:
        """The damaged parts that were skipped."""


def assemble_speech(
    reader: Declared, packets: Mapping[int, Sequence[bytes | None]], size: int, salvaged: bool = False
) -> SpeechFile:
    """Return the file with the declarations of `reader` and the packets that were found.

    Args:
        reader: the declarations.
        packets: of each stream, by its number.
        size: bytes of the file.
        salvaged: whether damaged parts were skipped.

    Raises:
        CorruptFileError: the codebook reference is missing, or a stream header is damaged.
        UnsupportedError: an engine is unknown, or the channels are coded in different ways.
        LimitError: there are more channels than a file can have.
    """
    declared = [reader.streams[number] for number in sorted(reader.streams)]
    engine = _engine_of(declared[0].engine)
    if any((stream.engine, stream.codebook) != (declared[0].engine, declared[0].codebook) for stream in declared):
        raise UnsupportedError("its channels are coded in different ways; a newer version of vqcodec is needed")
    if len(declared) > limits.MAX_AUDIO_CHANNELS:
        raise LimitError(f"{len(declared)} channels; at most {limits.MAX_AUDIO_CHANNELS} are allowed")
    reference = reader.codebooks.get(declared[0].codebook)
    if reference is None:
        raise CorruptFileError("the part that says which codebook is needed is missing or damaged")
    streams = []
    for stream in declared:
        header, used = StreamHeader.from_bytes(stream.header, engine.sample_rate)
        if used != len(stream.header):
            raise CorruptFileError(f"the header of stream {stream.number} has the wrong length")
        streams.append(StoredStream(header, packets.get(stream.number, [])))
    empty = [Stream(stream.number, stream.medium, stream.engine, stream.header, []) for stream in declared]
    media = MediaFile(MEDIUM, engine.name, reference, empty, dict(reader.metadata))
    damage = [f"bytes {part.start} to {part.end}: {part.reason}" for part in reader.damage]
    return SpeechFile(engine, media, streams, size, compact=False, salvaged=salvaged, damage=damage)


def _engine_of(name: str) -> SpeechEngine:
    medium = name.partition("/")[0]
    if medium != MEDIUM:
        raise UnsupportedError(f"this is a file of medium {medium}, not of {MEDIUM}")
    return engine_for(name)
