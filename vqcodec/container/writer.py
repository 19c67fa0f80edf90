"""Writer of the chunked form, for pipes and files. It never seeks, and holds only the index in memory."""

from __future__ import annotations

from array import array
from types import TracebackType
from typing import BinaryIO

from vqcodec.container import chunks
from vqcodec.container.index import end_payload, index_payload
from vqcodec.container.media import MAX_CODEBOOKS, MAX_METADATA, CodebookReference, check_reference, check_stream
from vqcodec.container.metadata import metadata_chunk
from vqcodec.container.registry import MEDIA
from vqcodec.container.varint import put_varint
from vqcodec.errors import UsageError
from vqcodec.names import printable


class ChunkWriter:
    """A chunked file, written piece by piece.

    Call `codebook` and `stream` first, then `packet` for each packet, `metadata` at any time, and `close` at the end. A
    stream whose header could not be complete at its beginning gets the whole one by `tail`, after its packets. A
    `with` block closes the writer, unless it ends with an error: then the file is visibly incomplete. The caller opens
    and closes the file itself.

    Args:
        file: a binary file open for writing.
        medium: `image`, `speech` or `video`: the medium of the first stream.
        index: whether to write an index of the packets (about 12 bytes for each), so that readers can seek.

    Raises:
        UsageError: the medium is unknown.
    """

    def __init__(self, file: BinaryIO, medium: str, *, index: bool = True):
        if medium not in MEDIA:
            raise UsageError(f"no medium is called '{printable(medium)}'")
        self._file = file
        self._medium = medium
        self._with_index = index
        self._offset = 0
        self._codebooks: set[int] = set()
        self._next: dict[int, tuple[int, int]] = {}  # by stream: next packet number, smallest next start
        self._tails: set[int] = set()
        self._metadata: set[str] = set()
        self._rows = array("Q")  # stream, start, offset, length of each packet
        self._closed = False
        self._put(chunks.head_bytes(medium))

    def __enter__(self) -> ChunkWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()

    def codebook(self, reference: CodebookReference, number: int = 0) -> None:
        """Declare the codebook of this number, or embed it.

        Raises:
            UsageError: the number is taken or too large, or the reference is incomplete.
        """
        check_reference(reference)
        if number in self._codebooks or not 0 <= number < MAX_CODEBOOKS:
            raise UsageError(f"codebook number {number} is taken or not in 0..{MAX_CODEBOOKS - 1}")
        self._codebooks.add(number)
        if reference.embedded is not None:
            self._chunk(chunks.CODEBOOK_EMBEDDED, put_varint(number) + reference.embedded)
        else:
            name = (reference.name or "").encode("ascii")
            payload = put_varint(number) + bytes([len(name)]) + name + reference.identity_prefix
            self._chunk(chunks.CODEBOOK_REFERENCE, payload)

    def stream(self, number: int, medium: str, engine: str, header: bytes, codebook: int = 0) -> None:
        """Declare a stream.

        Args:
            number: of the stream.
            medium, engine: of the stream.
            header: the engine's bytes.
            codebook: number of its codebook.

        Raises:
            UsageError: the number is taken, the codebook is not declared, or the first stream has another medium than
            the
                file.
        """
        check_stream(number, medium, engine)
        if number in self._next:
            raise UsageError(f"stream {number} is declared twice")
        if codebook not in self._codebooks:
            raise UsageError(f"stream {number} needs codebook number {codebook}, which has to be written first")
        if not self._next and medium != self._medium:
            raise UsageError(f"the first stream is of medium {medium}, the file of medium {self._medium}")
        self._next[number] = (0, 0)
        name = engine.encode("ascii")
        payload = put_varint(number) + bytes([MEDIA[medium]]) + put_varint(codebook) + bytes([len(name)]) + name
        self._chunk(chunks.STREAM, payload + header)

    def packet(self, stream: int, payload: bytes, start: int | None = None) -> None:
        """Write the next packet of a stream.

        Args:
            stream: number of a declared stream.
            payload: the engine's bytes.
            start: the first sample, frame or tile in it, larger than in the packet before; None: one more than there.

        Raises:
            UsageError: the stream is not declared, or `start` does not grow.
        """
        if stream not in self._next:
            raise UsageError(f"stream {stream} has to be declared before its packets")
        if stream in self._tails:
            raise UsageError(f"stream {stream} has its tail; no packet may follow")
        number, least = self._next[stream]
        start = least if start is None else start
        if start < least:
            raise UsageError(f"packet {number} of stream {stream} starts at {start}, before {least}")
        self._next[stream] = (number + 1, start + 1)
        offset = self._offset
        head = put_varint(stream) + put_varint(number) + put_varint(start)
        self._chunk(chunks.PACKET, head + payload)
        self._rows.extend((stream, start, offset, self._offset - offset))

    def tail(self, stream: int, header: bytes) -> None:
        """Write the header that takes the place of the one with which a stream was declared.

        Args:
            stream: number of a declared stream; it has no more packets.
            header: the engine's bytes.

        Raises:
            UsageError: the stream is not declared, or has a tail.
        """
        if stream not in self._next or stream in self._tails:
            raise UsageError(f"stream {stream} is not declared, or has a tail")
        self._tails.add(stream)
        self._chunk(chunks.TAIL, put_varint(stream) + header)

    def metadata(self, key: str, value: bytes) -> None:
        """Write metadata: `icc`, `exif`, `xmp`, or `text:TITLE` with a value in UTF-8.

        Raises:
            UsageError: the key is unknown or already used, there are too many keys, or the text is not UTF-8.
        """
        if key in self._metadata:
            raise UsageError(f"metadata '{printable(key)}' is given twice")
        if len(self._metadata) >= MAX_METADATA:
            raise UsageError(f"more than {MAX_METADATA} pieces of metadata")
        self._metadata.add(key)
        self._put(metadata_chunk(key, value))

    def close(self) -> None:
        """Write the index and the end. A second call does nothing.

        Raises:
            UsageError: no stream was declared.
        """
        if self._closed:
            return
        if not self._next:
            raise UsageError("a file needs at least one stream")
        self._closed = True
        packets = len(self._rows) // 4
        index_offset = 0
        if self._with_index and packets > 1:
            index_offset = self._offset
            self._chunk(chunks.INDEX, index_payload(self._rows))
        self._chunk(chunks.END, end_payload(packets, index_offset))

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._offset

    def _chunk(self, kind: bytes, payload: bytes) -> None:
        self._put(chunks.chunk_bytes(kind, payload))

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._offset += len(data)
