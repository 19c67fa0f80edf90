"""Reader of the chunked form, for pipes and files. It holds one packet at a time in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from vqcodec.codebook import file as codebook_file
from vqcodec.container import chunks
from vqcodec.container.chunks import Chunk, Damage
from vqcodec.container.index import IndexCheck, Packet, parse_end, parse_packet_head
from vqcodec.container.media import MAX_CODEBOOKS, MAX_METADATA, MAX_STREAMS, CodebookReference
from vqcodec.container.metadata import KINDS, metadata_in, short_text
from vqcodec.container.registry import MEDIUM_OF_NUMBER, medium_of
from vqcodec.container.varint import get_varint
from vqcodec.errors import CorruptFileError, LimitError, UnsupportedError
from vqcodec.names import at, is_codebook_name, is_engine_name, printable


@dataclass(frozen=True)
class StreamDeclaration:
    """A declared stream. Its packets are read one by one."""

    number: int
    medium: str
    engine: str
    codebook: int
    header: bytes


class ChunkReader:
    """A chunked file: its declarations, then its packets in the order of the file.

    The constructor reads up to the first packet, so that `streams` and `codebooks` are complete. Iterate to get each
    `Packet`. Metadata may stand anywhere, so `metadata` is complete only after the last packet. So are the headers of
    streams that have a tail.

    Args:
        file: a binary file open for reading, at the beginning of the media file.
        salvage: whether to pass over damage, note it in `damage`, and return all intact packets.
        source: the name of the file in errors.

    Attributes:
        medium: of the first stream.
        codebooks: the references by number.
        streams: the declarations by number, in the order of the file.
        metadata: by key: `icc`, `exif`, `xmp`, `text:TITLE`.
        complete: whether the end of the file was reached and no packet is missing.

    Raises:
        UnreadableInputError: not a chunked vqcodec file.
        UnsupportedError: a later major version, or an unknown critical chunk.
        CorruptFileError: truncated, damaged or inconsistent.
        LimitError: a size or number is beyond the limits.
    """

    def __init__(self, file: BinaryIO, *, salvage: bool = False, source: str = ""):
        self.codebooks: dict[int, CodebookReference] = {}
        self.streams: dict[int, StreamDeclaration] = {}
        self.metadata: dict[str, bytes] = {}
        self.complete = False
        self._salvage = salvage
        self._source = source
        self._source_chunks = chunks.ChunkSource(file, salvage=salvage, source=source)
        self._iterator = iter(self._source_chunks)
        self._next: dict[int, tuple[int, int]] = {}
        self._tails: set[int] = set()
        self._packets = 0
        self._index = IndexCheck()
        self._indexed = False
        self._ended = False
        self._first = self._advance()
        if not self.streams:
            raise CorruptFileError(f"{at(source)}no stream is declared")
        first_medium = next(iter(self.streams.values())).medium
        if self._source_chunks.medium not in (None, first_medium):
            raise CorruptFileError(
                f"{at(source)}the head says {self._source_chunks.medium}, the first stream {first_medium}"
            )
        self.medium = first_medium

    @property
    def damage(self) -> list[Damage]:
        """The bytes that salvage has passed over so far."""
        return self._source_chunks.damage

    def __iter__(self) -> Iterator[Packet]:
        while self._first is not None:
            packet, self._first = self._first, None
            yield packet
            self._first = self._advance()

    def _advance(self) -> Packet | None:
        """Read chunks up to the next packet and return it; None at the end of the file."""
        while not self._ended:
            chunk = next(self._iterator, None)
            if chunk is None:
                self._truncated()
                return None
            try:
                packet = self._take(chunk)
            except (CorruptFileError, LimitError) as error:
                if not self._salvage:
                    raise
                self.damage.append(Damage(chunk.offset, chunk.end, str(error)))
                continue
            if packet is not None:
                return packet
        return None

    def _truncated(self) -> None:
        self._ended = True
        if not self._salvage:
            raise CorruptFileError(f"{at(self._source)}the file is cut off: it has no end chunk")

    def _take(self, chunk: Chunk) -> Packet | None:
        where = f"{at(self._source)}chunk {chunk.kind.decode('ascii')} at byte {chunk.offset}"
        if self._indexed and chunk.kind != chunks.END and not self._salvage:
            raise CorruptFileError(f"{where}: only the end may follow the index")
        if chunk.kind == chunks.PACKET:
            return self._take_packet(chunk, where)
        if chunk.kind == chunks.STREAM:
            self._take_stream(chunk.payload, where)
        elif chunk.kind == chunks.TAIL:
            self._take_tail(chunk.payload, where)
        elif chunk.kind in (chunks.CODEBOOK_REFERENCE, chunks.CODEBOOK_EMBEDDED):
            self._take_codebook(chunk, where)
        elif chunk.kind in KINDS:
            self._take_metadata(chunk, where)
        elif chunk.kind == chunks.INDEX:
            self._indexed = True
            self._index.index(chunk.offset, chunk.payload)
        elif chunk.kind == chunks.END:
            self._take_end(chunk.payload, where)
        elif chunk.kind == chunks.ITEM:
            raise UnsupportedError(f"{where}: packs of items need a newer version of vqcodec")
        elif not chunk.ancillary:
            raise UnsupportedError(f"{where}: not known here, and needed; use a newer version of vqcodec")
        return None

    def _take_codebook(self, chunk: Chunk, where: str) -> None:
        number, position = get_varint(chunk.payload, 0, where)
        if number >= MAX_CODEBOOKS:
            raise LimitError(f"{where}: codebook number {number}; at most {MAX_CODEBOOKS - 1} is allowed")
        if number in self.codebooks:
            raise CorruptFileError(f"{where}: codebook number {number} a second time")
        body = chunk.payload[position:]
        if chunk.kind == chunks.CODEBOOK_EMBEDDED:
            header = codebook_file.read_header(body[: codebook_file.MAX_HEADER_BYTES], where)
            self.codebooks[number] = CodebookReference(header.digest, header.name, body)
            return
        name, rest = short_text(body, where)
        if not is_codebook_name(name):
            raise CorruptFileError(f"{where}: '{printable(name)}' cannot be the name of a codebook")
        if len(rest) != 32:
            raise CorruptFileError(f"{where}: {len(rest)} bytes where the 32 of a SHA-256 should be")
        self.codebooks[number] = CodebookReference(rest, name)

    def _take_stream(self, payload: bytes, where: str) -> None:
        number, position = get_varint(payload, 0, where)
        if number >= MAX_STREAMS:
            raise LimitError(f"{where}: stream number {number}; at most {MAX_STREAMS - 1} is allowed")
        if number in self.streams:
            raise CorruptFileError(f"{where}: stream {number} is declared a second time")
        medium_number = payload[position : position + 1]
        codebook, position = get_varint(payload, position + 1, where)
        engine, header = short_text(payload[position:], where)
        if not is_engine_name(engine):
            raise CorruptFileError(f"{where}: '{printable(engine)}' cannot be the name of an engine")
        medium = MEDIUM_OF_NUMBER.get(medium_number[0])
        if medium is None:
            raise UnsupportedError(f"{where}: unknown medium {medium_number[0]}; use a newer version of vqcodec")
        if medium != medium_of(engine):
            raise CorruptFileError(f"{where}: a stream of medium {medium} with the engine {engine}")
        self.streams[number] = StreamDeclaration(number, medium, engine, codebook, header)
        self._next[number] = (0, 0)

    def _take_tail(self, payload: bytes, where: str) -> None:
        number, position = get_varint(payload, 0, where)
        self.complete_stream(number, payload[position:], where)

    def complete_stream(self, number: int, header: bytes, where: str = "") -> None:
        """Give a declared stream the header in its tail.

        Raises:
            CorruptFileError: the stream is not declared, or has a tail already.
        """
        if number not in self.streams:
            raise CorruptFileError(f"{at(where)}the tail of stream {number}, which is not declared before it")
        if number in self._tails:
            raise CorruptFileError(f"{at(where)}stream {number} has a second tail")
        self._tails.add(number)
        self.streams[number] = replace(self.streams[number], header=header)

    def _take_packet(self, chunk: Chunk, where: str) -> Packet:
        stream, number, start, position = parse_packet_head(chunk.payload, where)
        if stream not in self.streams:
            raise CorruptFileError(f"{where}: a packet of stream {stream}, which is not declared before it")
        if self.streams[stream].codebook not in self.codebooks and not self._salvage:
            raise CorruptFileError(f"{where}: the codebook of stream {stream} is not named before its first packet")
        if stream in self._tails and not self._salvage:
            raise CorruptFileError(f"{where}: a packet of stream {stream} after its tail")
        expected, least = self._next[stream]
        if number < expected or start < least or (number != expected and not self._salvage):
            raise CorruptFileError(
                f"{where}: packet {number} of stream {stream} from {start} on, where packet {expected} is due"
            )
        self._next[stream] = (number + 1, start + 1)
        self._packets += 1
        if not self._salvage:
            self._index.packet(stream, start, chunk.offset, chunk.end - chunk.offset)
        return Packet(stream, number, start, chunk.payload[position:])

    def _take_metadata(self, chunk: Chunk, where: str) -> None:
        key, value = metadata_in(chunk.kind, chunk.payload, where)
        if key in self.metadata:
            raise CorruptFileError(f"{where}: metadata '{printable(key)}' a second time")
        if len(self.metadata) >= MAX_METADATA:
            raise LimitError(f"{where}: more than {MAX_METADATA} pieces of metadata")
        self.metadata[key] = value

    def _take_end(self, payload: bytes, where: str) -> None:
        packets, index_offset = parse_end(payload, where)
        if packets != self._packets and not self._salvage:
            raise CorruptFileError(f"{where}: {self._packets} packets where the file says {packets}")
        if not self._salvage:
            self._index.end(index_offset, where)
        for declaration in self.streams.values():
            if declaration.codebook not in self.codebooks:
                raise CorruptFileError(f"{where}: the codebook of stream {declaration.number} is missing")
        if not self._source_chunks.at_end():
            raise CorruptFileError(f"{where}: the file goes on after its end chunk")
        self._ended = True
        self.complete = packets == self._packets
