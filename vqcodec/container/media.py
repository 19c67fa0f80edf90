"""The logical media file. It is the same in both physical forms."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.container.registry import MEDIA, medium_of
from vqcodec.errors import CodebookError, CorruptFileError, UsageError
from vqcodec.names import at, is_codebook_name, is_engine_name, printable

MAX_STREAMS = 256
MAX_CODEBOOKS = 256
MAX_METADATA = 1_024


USUAL_HEADERS = "usual_headers"
"""Name of the array of a codebook that holds what stream headers usually begin with (FORMAT.md, section 3.7)."""

_MOST_HEADER_BYTES = 32


def usual_headers_of(codebook: Codebook) -> tuple[bytes, ...]:
    """Return what the stream headers of a codebook's files usually begin with: two headers or none.

    They are equal but for their last two bytes, and the low 6 bits of the first of these are 0.

    Raises:
        CodebookError: the array has another type, shape or content.
    """
    array = codebook.arrays.get(USUAL_HEADERS)
    if array is None:
        return ()
    if array.dtype != np.uint8 or array.ndim != 2 or len(array) != 2 or not 3 <= array.shape[1] <= _MOST_HEADER_BYTES:
        raise CodebookError(
            f"codebook '{codebook.name}': '{USUAL_HEADERS}' has another type or shape than uint8 [2, ~]"
        )
    if np.any(array[0, :-2] != array[1, :-2]) or np.any(array[:, -2] & 0xBF):
        raise CodebookError(f"codebook '{codebook.name}': '{USUAL_HEADERS}' are no two headers of one shape")
    return tuple(row.tobytes() for row in array)


@functools.lru_cache(maxsize=4)
def _packed(codebook: Codebook, parent: Codebook | None) -> bytes:
    """The codebook's file. Packing takes a second, and a batch embeds one codebook in many files."""
    return codebook.to_bytes(parent)


@dataclass(frozen=True)
class CodebookReference:
    """The codebook that a stream was coded with.

    Attributes:
        identity_prefix: 32 bytes of the SHA-256; only 4 if read from the compact form.
        name: None if read from the compact form.
        embedded: a `.vqcb` file, if the media file holds the codebook itself.
        usual_headers: what stream headers usually begin with, if the codebook knows (see `usual_headers_of`).
    """

    identity_prefix: bytes
    name: str | None = None
    embedded: bytes | None = None
    usual_headers: tuple[bytes, ...] = field(default=(), compare=False)

    @classmethod
    def shared(cls, codebook: Codebook) -> CodebookReference:
        """Return a reference to a codebook that the decoder must find.

        Raises:
            CodebookError: its usual headers are not usable.
        """
        return cls(codebook.digest, codebook.name, usual_headers=usual_headers_of(codebook))

    @classmethod
    def embedding(cls, codebook: Codebook, parent: Codebook | None = None) -> CodebookReference:
        """Return the codebook itself, or its difference from `parent` if that is smaller."""
        return cls(codebook.digest, codebook.name, _packed(codebook, parent))


@dataclass(frozen=True)
class Stream:
    """One stream: the header and the packets of its engine. The container does not look into them.

    The compact form does not tell where the header ends: a stream read from it has an empty header and one packet that
    begins with the header. So an engine of single packets parses its header from `header + packets[0]`.

    Attributes:
        starts: first sample, frame or tile of each packet; None means 0, 1, 2, ...
        codebook: 0 for the file's codebook; n for further_codebooks[n - 1].
    """

    number: int
    medium: str
    engine: str
    header: bytes
    packets: Sequence[bytes]
    starts: Sequence[int] | None = None
    codebook: int = 0


@dataclass(frozen=True)
class CompactSeal:
    """The checksum of a compact file. The full hash of the codebook completes it.

    Attributes:
        partial: CRC-32 of all bytes before the checksum.
        expected: the checksum in the file.
    """

    partial: int
    expected: int

    def matches(self, codebook: Codebook) -> bool:
        """Return whether the file is whole, and coded with `codebook`."""
        return zlib.crc32(codebook.digest, self.partial) == self.expected


@dataclass(frozen=True)
class MediaFile:
    """A media file.

    Attributes:
        medium, engine: of the first stream.
        codebook: codebook number 0.
        metadata: by key: "icc", "exif", "xmp", "cicp", "density", "text:TITLE" (UTF-8).
        further_codebooks: codebooks number 1 and up.
        seal: only if read from the compact form.
    """

    medium: str
    engine: str
    codebook: CodebookReference
    streams: Sequence[Stream]
    metadata: dict[str, bytes] = field(default_factory=dict)
    further_codebooks: Sequence[CodebookReference] = ()
    seal: CompactSeal | None = field(default=None, compare=False)

    def stream(self, number: int) -> Stream:
        """Return the stream of this number.

        Raises:
            UsageError: the file has no such stream.
        """
        for stream in self.streams:
            if stream.number == number:
                return stream
        raise UsageError(f"the file has no stream {number}")

    def check_codebook(self, codebook: Codebook, source: str = "", number: int = 0) -> None:
        """Check that `codebook` is codebook `number` of the file. This also checks a compact file for damage.

        Raises:
            CodebookError: it is another codebook, or a stream that uses it has another engine.
            CorruptFileError: the checksum of a compact file is wrong: it is damaged, or the hash of another codebook
            has the
                same first bytes.
        """
        reference = (self.codebook, *self.further_codebooks)[number]
        wanted = reference.identity_prefix
        if not codebook.digest.startswith(wanted):
            called = f" '{printable(reference.name)}'" if reference.name else ""
            raise CodebookError(
                f"{at(source)}needs the codebook{called} {wanted.hex()}, not '{codebook.name}' {codebook.identity}"
            )
        if self.seal is not None and not self.seal.matches(codebook):
            raise CorruptFileError(
                f"{at(source)}the checksum is wrong: the file is damaged, "
                f"or codebook '{codebook.name}' is not the one it was coded with"
            )
        for stream in self.streams:
            if stream.codebook == number and stream.engine != codebook.engine:
                raise CodebookError(
                    f"{at(source)}coded by {stream.engine}, but codebook '{codebook.name}' is for {codebook.engine}"
                )


def check_stream(number: int, medium: str, engine: str) -> None:
    """Check that a stream to be written can be read again.

    Raises:
        UsageError: the number, the medium or the engine's name is impossible.
    """
    if not 0 <= number < MAX_STREAMS:
        raise UsageError(f"stream number {number}; 0 to {MAX_STREAMS - 1} are allowed")
    if medium not in MEDIA or not is_engine_name(engine) or medium_of(engine) != medium:
        raise UsageError(f"no stream can be of medium '{printable(medium)}' and engine '{printable(engine)}'")


def check_reference(reference: CodebookReference) -> None:
    """Check that a reference to be written can be read again.

    Raises:
        UsageError: the identity is not whole, or the name is missing or impossible.
    """
    if len(reference.identity_prefix) != 32:
        raise UsageError(
            f"a reference to a codebook needs 32 bytes of its SHA-256, not {len(reference.identity_prefix)}"
        )
    if reference.name is None or not is_codebook_name(reference.name):
        raise UsageError(f"a reference to a codebook needs its name, not '{printable(reference.name or '')}'")
